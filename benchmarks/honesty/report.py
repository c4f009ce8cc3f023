"""benchmarks/honesty.md."""

from collections import Counter
from collections.abc import Iterable

from benchmarks.honesty.batch import CONTRACT
from benchmarks.honesty.false_alarms import Sent, bound
from benchmarks.honesty.models import CLASSES, QUESTIONS
from benchmarks.honesty.programs import NOT_SHOWN
from benchmarks.honesty.recall import ROWS, Verdict, half

MOST_FORMS = 4


def report(sent: list[Sent], verdicts: list[Verdict]) -> str:
    return f"""# How honest the advice is

Made by `.venv-dev/bin/python -m benchmarks.honesty`. Every batch is one call of `xent_core.evaluate`. Seeds are fixed;
figures move a little with the versions of NumPy and scikit-learn.

## False alarms

{len(sent)} sound batches: the loss fits the labels, and the labels are the rows' own. Their logits are those of
{len(CLASSES) + len(QUESTIONS)} kinds of models, on held-out rows of data that scikit-learn ships: untrained (with
random weights), hardly trained and trained, one batch in five made overconfident by a factor.

{_kinds(sent)}

They come as float16, bfloat16, float32 and float64; labels as indices, one-hot, smoothed, mixed-up and rounded rows, as
yes/no and soft answers; with ignored labels, missing labels, samples of weight 0 and rows of zeros as padding (over
logits, 0 or NaN); with classes masked by −∞; of one sample and of many; unweighted, weighted by sample and by class;
under all reductions, named losses and `auto`. The mix of forms is not that of anybody's traffic: about half of the
batches are padded. So read the rates by form. Another draw of as many batches is there to choose thresholds on.

A false alarm is a warning, a refusal, the loss of the other family by `auto`, or its recommendation.
{_alarmed(sent)}

{_table(("sent as", "batches", "with a false alarm other than a hint", "rate", "95 % bound"), _by_padding(sent))}

By what was said; the bound is the rate that the sample leaves plausible at 95 % (one-sided, Clopper and Pearson; the
rule of three where nothing was said), among the batches where the check ran:

{_table(("said", "severity", "ran in", "said in", "rate", "95 % bound"), _by_code(sent))}

The forms that set off what is more than a hint:

{_table(("said", "batches", "form", "kinds of models"), _by_form(sent))}

## Recall

{len(verdicts)} faulty programs from published collections and reports, rebuilt from their descriptions. Each sends
{len(ROWS)} batches of {", ".join(map(str, ROWS[:-1]))} and {ROWS[-1]} held-out rows (images and sequences: an eighth of
that). A fault counts as named where more than half of the batches get a warning, a recommendation or an error
that names it. Halves are by a hash of the name: thresholds may be chosen on the first, and the second is what counts.
No threshold was chosen on the second half, but errors got hints after faults of both halves had been missed: for
errors it is no blind test.

{_table(("programs", "named", "recall", "95 % from", "mended ones with a false alarm"), _by_half(verdicts))}

Beside it, what is published of other tools. They read the program or watch its training, and their faults are others
(most are of training, which no batch shows), so these figures are no contest:

{_table(("tool", "figure", "source"), PUBLISHED)}

{_table(("program and source", "half", "named", "what was said"), _programs(verdicts))}

What one batch of logits and labels cannot show, and is not counted:

{_list(NOT_SHOWN)}

## What this does not prove

{_list(LIMITS)}
"""


PUBLISHED = (
    ("NeuraLint", "recall 70.5 %, precision 100 %", "its authors, 2022: 64 faults found in 34 real programs"),
    ("DeepFD", "52 % of programs diagnosed, 47 of 52 seen to be faulty", "its authors, 2022: 52 real programs"),
    ("UMLAUT", "27 % diagnosed, 50 of 52 seen to be faulty", "DeepFD's authors, 2022, on the same"),
    ("AUTOTRAINER", "19 % diagnosed, 12 of 52 seen to be faulty", "DeepFD's authors, 2022, on the same"),
    ("DeepLocalize", "13 % diagnosed, 36 of 52 seen to be faulty", "DeepFD's authors, 2022, on the same"),
    ("DEFault", "about 63 % diagnosed, 94 % seen to be faulty", "its authors (Jahan et al.), 2025: 52 real programs"),
    (
        "the best of DeepFD, DeepLocalize, NeuraLint and UMLAUT",
        "recall 0.33, precision 0.21",
        "a neutral re-test by Humbatova et al., 2025, with one known patch for each fault",
    ),
    ("DeepFD", "recall 0.55, precision 0.37", "the same re-test, with all patches that mend the fault as well"),
)

LIMITS = (
    "The sample and the programs are in this repository, so whoever changes a check can see them. Sets that are kept "
    "apart say more.",
    "Batches of one model share its held-out rows, in both draws, so they are less independent than the bounds assume.",
    "The models are small. Large networks have heads, scales and vocabularies that no package ships.",
    "Left out of the sample, since a warning would be right or arguable there: weights of 0 throughout, batches of "
    "padding only, a head whose weights start at 0 (all logits are 0), one weight for all samples that is meant as a "
    "loss weight, probabilities of exactly 0 for the true class.",
    "The faulty programs are rebuilt from descriptions, on small data. Of real faults in such collections only 18.5 % "
    "are realistic by all criteria of Jahangirova et al., 2024. Where the taxonomy names no program, its kind of fault "
    "is built.",
    "Whether an error's words name the cause is decided by patterns in programs.py, not by readers.",
    "Programs were chosen because logits and labels can show their fault. Recall is of these.",
)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _kinds(sent: list[Sent]) -> str:
    counts = Counter(batch.kind for batch in sent)
    return _list(
        f"{' '.join(str(kind.__doc__).split())} {counts[kind.__name__]} batches." for kind in (*CLASSES, *QUESTIONS)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _rates(said: int, batches: int) -> tuple[str, str]:
    return _percent(said / batches if batches else 0), _percent(bound(said, batches))


def _alarmed(sent: list[Sent]) -> str:
    alarmed = sum(batch.alarmed for batch in sent)
    return f"{alarmed} of the {len(sent)} batches got one that is more than a hint."


def _by_padding(sent: list[Sent]) -> Iterable[tuple[str, ...]]:
    batches, alarmed = Counter[str](), Counter[str]()
    for one in sent:
        _, padding, size, *_ = one.form.split("; ")
        name = f"{padding}, one sample" if size == "one sample" else padding
        batches[name] += 1
        alarmed[name] += one.alarmed
    for name in sorted(batches):
        yield name, str(batches[name]), str(alarmed[name]), *_rates(alarmed[name], batches[name])


def _by_code(sent: list[Sent]) -> Iterable[tuple[str, ...]]:
    ran = Counter(code for one in sent for code in one.checked)
    said = Counter(name for one in sent for name in one.said)
    severities = CONTRACT | {name: severity for one in sent for name, severity in one.said.items()}
    for name in sorted(ran | said, key=lambda name: (-said[name], name)):
        batches = ran[name] if name in ran else len(sent)
        code = f"`{name}`" if name in CONTRACT else name
        yield code, severities[name], str(batches), str(said[name]), *_rates(said[name], batches)


def _by_form(sent: list[Sent]) -> Iterable[tuple[str, ...]]:
    forms: dict[str, Counter[str]] = {}
    kinds: dict[tuple[str, str], set[str]] = {}
    for one in sent:
        labels, padding, size, named, *_ = one.form.split("; ")
        form = f"{labels}; {padding}; {size}; {named}"
        for name, severity in one.said.items():
            if severity != "hint":
                forms.setdefault(name, Counter())[form] += 1
                kinds.setdefault((name, form), set()).add(one.kind)
    for name, counted in sorted(forms.items(), key=lambda item: -item[1].total()):
        for form, batches in counted.most_common(MOST_FORMS):
            yield name, str(batches), form, str(len(kinds[name, form]))
        if len(counted) > MOST_FORMS:
            rest = counted.total() - sum(batches for _, batches in counted.most_common(MOST_FORMS))
            yield name, str(rest), f"{len(counted) - MOST_FORMS} other forms", ""


def _by_half(verdicts: list[Verdict]) -> Iterable[tuple[str, ...]]:
    for name in ("first", "second", "both"):
        some = [one for one in verdicts if name in ("both", half(one.program.name))]
        named = sum(one.recognised for one in some)
        lowest = 1 - bound(len(some) - named, len(some))
        alarmed = sum(bool(one.alarmed) for one in some)
        yield f"{name}, {len(some)}", str(named), f"{named / len(some):.2f}", f"{lowest:.2f}", str(alarmed)


def _programs(verdicts: list[Verdict]) -> Iterable[tuple[str, ...]]:
    for one in verdicts:
        said = "; ".join(one.said[:1] if ":" in one.said[0] else one.said)
        said += f"; **mended: {', '.join(one.alarmed)}**" if one.alarmed else ""
        named = "yes" if one.recognised else "**no**"
        yield f"{one.program.name.replace('_', ' ')}: {one.program.source}", half(one.program.name), named, said
