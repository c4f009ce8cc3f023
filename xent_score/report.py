"""The report: one HTML file with pictures and tables that needs nothing else, and no script."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from xent_score.drawing import Axes

MAX_ROWS = 25
MAX_CLASSES = 40
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --mark: #0b63b5; --ground: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9da7b1; --line: #3d444d; --mark: #6cb6ff; --ground: #0d1117 }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
td { overflow-wrap: anywhere }
td.number, th.number { text-align: right }
figure { margin: 0; break-inside: avoid } svg { width: 100%; height: auto }
svg text { font-size: 11px; fill: var(--soft) } .grid { stroke: var(--line); stroke-width: .5 }
.bar, .point { fill: var(--mark) } .point { fill-opacity: .45 }
.curve { fill: none; stroke: var(--mark); stroke-width: 2 }
.diagonal { fill: none; stroke: var(--soft); stroke-dasharray: 4 4 }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .25rem 1.5rem; margin: 0 }
.figures div { border-bottom: 1px solid var(--line) } dt { color: var(--soft); font-size: .85rem } dd { margin: 0 }
.soft { color: var(--soft) }
@media print { body { margin: 0; max-width: none } h2 { break-after: avoid } tr { break-inside: avoid } }
"""
FIGURES = (
    "mean", "standard_error", "perplexity", "bits", "accuracy", "top5_accuracy", "q50", "q90", "q99", "minimum",
    "maximum", "uniform", "prior", "mean_entropy", "label_entropy", "samples", "counted", "ignored", "zero_weight",
)  # fmt: skip


def score_report(summary: dict[str, Any], title: str) -> str:
    """The report of `xent score`. title: the data set."""
    figures = summary["summary"]
    parts = [
        _lead(summary),
        _reduced(summary["reduced"]),
        _figures(figures),
        _recommendation(summary["recommendation"]),
        _warnings(summary["warnings"]),
        _set_aside(summary["set_aside"]),
        _histogram(summary["histogram"]),
        _reliability(summary["calibration"]),
        _per_class(figures.get("per_class"), figures.get("prior")),
        _positions(summary["by_position"]),
        _rows("Hardest rows", "Those with the largest losses, in nats.", summary["hardest"]),
        _rows(
            "Doubtful labels",
            "The label's probability less the largest other one is least here: a label may be wrong, or the model is.",
            summary["doubtful"],
        ),
    ]
    return _page(f"xent score: {title}", parts)


def compare_report(summary: dict[str, Any], sample: Sequence[tuple[float, float]], title: str) -> str:
    """The report of `xent compare`. sample: pairs of losses of some rows. title: what was compared."""
    models = [
        [
            name,
            *(summary[name]["summary"].get(figure) for figure in ("mean", "standard_error", "accuracy", "perplexity")),
        ]
        for name in ("first", "second")
    ]
    parts = [
        _lead(summary),
        _table("Both models", ("model", "mean", "standard error", "accuracy", "perplexity"), models),
        _difference(summary["difference"]),
        _warnings(summary["first"]["warnings"]),
        _set_aside(summary["set_aside"]),
        _scatter(sample),
        _divergences(summary),
        _rows("Rows that differ most", "In the losses of both models, in nats.", summary["most_different"]),
    ]
    return _page(f"xent compare: {title}", parts)


def _page(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )


def text_of(value: Any) -> str:
    """A value for people, as HTML."""
    match value:
        case None:
            return "–"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.6g}"
        case _:
            return escape(str(value))


def _lead(summary: dict[str, Any]) -> str:
    return (
        f'<p class="soft">{summary["rows"]:,} rows of {summary["files"]:,} files, {escape(summary["loss_type"])}. '
        "Losses are in nats.</p>"
    )


def _reduced(reduced: dict[str, Any] | None) -> str:
    if reduced is None:
        return ""
    return (
        f"<p><strong>{escape(reduced['reduction'])}: {text_of(reduced['value'])}</strong> "
        f"({text_of(reduced['numerator'])} / {text_of(reduced['denominator'])})</p>"
    )


def _figures(figures: dict[str, Any]) -> str:
    items = "".join(
        f"<div><dt>{name.replace('_', ' ')}</dt><dd>{text_of(figures[name])}</dd></div>"
        for name in FIGURES
        if figures.get(name) is not None
    )
    return f'<h2>Summary</h2><dl class="figures">{items}</dl>'


def _recommendation(found: dict[str, Any]) -> str:
    reasons = " ".join(reason["message"] for reason in found["reasons"])
    calls = [[framework, call] for framework, call in (found["equivalents"] or {}).items()]
    return (
        f"<h2>Recommendation</h2><p><strong>{escape(found['loss_type'])}</strong>: {escape(reasons)}</p>"
        f"{_table('', ('framework', 'call'), calls)}"
    )


def _warnings(warnings: list[dict[str, Any]]) -> str:
    rows = [
        [each["code"], each["severity"], f"{each['blocks']} of {each['of_blocks']}", f"{each['message']} {each['fix']}"]
        for each in warnings
    ]
    return _table("Warnings", ("code", "severity", "blocks", "what was found first, and what to change"), rows)


def _set_aside(found: dict[str, Any]) -> str:
    rows = [[row["file"], row["row"], f"{row['argument']} {row['message']}"] for row in found["first"][:MAX_ROWS]]
    return _table(f"Rows that can't be computed: {found['rows']:,}", ("file", "row", "why"), rows)


def _histogram(histogram: dict[str, Any]) -> str:
    edges, counts = histogram["edges"], histogram["counts"]
    if not counts:
        return ""
    axes = Axes("Losses", (edges[0], edges[-1]), (0, max(counts)), ("loss (nats)", "samples"))
    for start, stop, count in zip(edges, edges[1:], counts, strict=False):
        axes.bar(start, stop, count, f"{start:.4g} to {stop:.4g}: {count:,}")
    return _figure("Losses", axes, "The last bar has all larger losses.")


def _reliability(calibration: dict[str, Any] | None) -> str:
    if calibration is None or calibration["expected_error"] is None:
        return ""
    axes = Axes("Reliability", (0, 1), (0, 1), ("confidence", "accuracy"))
    axes.curve([(0, 0), (1, 1)], "diagonal")
    bins = [
        (confidence, accuracy, count)
        for confidence, accuracy, count in zip(
            calibration["mean_confidence"], calibration["accuracy"], calibration["count"], strict=True
        )
        if count
    ]
    axes.curve([(confidence, accuracy) for confidence, accuracy, _ in bins])
    axes.points(
        [(x, y) for x, y, _ in bins], [f"{count:,}: confidence {x:.3f}, accuracy {y:.3f}" for x, y, count in bins]
    )
    return _figure(
        "Calibration",
        axes,
        f"Expected calibration error {text_of(calibration['expected_error'])}, Brier score "
        f"{text_of(calibration['brier_score'])}. Below the diagonal the model is overconfident.",
    )


def _per_class(per_class: dict[str, Any] | None, prior: float | None) -> str:
    if per_class is None:
        return ""
    means = [(index, mean) for index, mean in enumerate(per_class["mean"]) if per_class["count"][index]]
    finite = sorted((pair for pair in means if isinstance(pair[1], float)), key=lambda pair: -pair[1])[:MAX_CLASSES]
    if not finite:
        return ""
    axes = Axes("Mean loss of each class", (0, len(finite)), (0, finite[0][1]), ("classes, hardest first", "mean loss"))
    for place, (index, mean) in enumerate(finite):
        count, accuracy = per_class["count"][index], per_class["accuracy"][index]
        axes.bar(place, place + 1, mean, f"class {index}: {mean:.4g}, {count:,} samples, accuracy {accuracy:.3f}")
    rows = [[index, per_class["count"][index], mean, per_class["accuracy"][index]] for index, mean in finite[:MAX_ROWS]]
    shown = "" if len(finite) == len(means) else f"The {len(finite)} hardest of {len(means)} classes. "
    of_prior = "" if prior is None else f"The best constant prediction has a mean loss of {text_of(prior)}."
    table = _table("", ("class", "samples", "mean loss", "accuracy"), rows)
    return _figure("Classes", axes, shown + of_prior) + table


def _positions(means: list[float | str] | None) -> str:
    if means is None:
        return ""
    finite = [(index, mean) for index, mean in enumerate(means) if isinstance(mean, float)]
    highest = max((mean for _, mean in finite), default=0.0)
    axes = Axes("Mean loss by position", (0, len(means) - 1), (0, highest), ("position", "mean loss"))
    axes.curve(finite)
    return _figure("Positions", axes, "The mean loss at each position of the sequences.")


def _difference(difference: dict[str, Any] | None) -> str:
    if difference is None:
        return ""
    interval = difference["interval"]
    between = "" if interval is None else f", 95 % from {text_of(interval[0])} to {text_of(interval[1])}"
    rows = [
        ["mean difference, second less first", f"{text_of(difference['mean'])}{between}"],
        ["standard error, paired", text_of(difference["standard_error"])],
        ["p-value, two-sided paired t-test", text_of(difference["p_value"])],
        ["samples whose loss is lower in the second", f"{difference['share_better']:.2%}"],
        ["samples whose loss is higher in the second", f"{difference['share_worse']:.2%}"],
        ["ratio of perplexities", text_of(difference.get("perplexity_ratio"))],
    ]
    return _table("Difference", ("", ""), rows)


def _scatter(sample: Sequence[tuple[float, float]]) -> str:
    if not sample:
        return ""
    highest = max(max(pair) for pair in sample)
    axes = Axes("Losses of both models", (0, highest), (0, highest), ("first model's loss", "second model's loss"))
    axes.curve([(0, 0), (highest, highest)], "diagonal")
    axes.points(sample)
    return _figure(
        "Losses of both", axes, f"{len(sample):,} rows, evenly taken. Below the diagonal the second is better."
    )


def _divergences(summary: dict[str, Any]) -> str:
    if summary["divergence"] is None:
        return ""
    columns = ("mean", "standard_error", "q50", "q90", "q99", "q999", "maximum")
    rows = [[name.replace("_", " "), *(each[key] for key in columns)] for name, each in summary["divergence"].items()]
    table = _table("Divergence", ("", *(column.replace("_", " ") for column in columns)), rows)
    return (
        f"{table}<p>The same prediction in {summary['same_top1']:.2%} of rows, the same five largest logits in "
        f"{summary['same_top5']:.2%}.</p>"
    )


def _figure(title: str, axes: Axes, caption: str) -> str:
    return f'<h2>{escape(title)}</h2><figure>{axes.svg()}<figcaption class="soft">{caption}</figcaption></figure>'


def _rows(title: str, meaning: str, rows: list[dict[str, Any]]) -> str:
    shown = rows[:MAX_ROWS]
    if not shown:
        return ""
    names = [*dict.fromkeys(name for row in shown for name in row)]
    # What identifies a row comes first.
    names.sort(key=lambda name: KEYS.index(name) if name in KEYS else len(KEYS))
    table = _table(
        title, [name.replace("_", " ") for name in names], [[row.get(name) for name in names] for row in shown]
    )
    heading, rest = table.split("</h2>", 1)
    return f'{heading}</h2><p class="soft">{escape(meaning)}</p>{rest}'


KEYS = ("id", "file", "row", "position")


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return ""
    kinds = [' class="number"' if _is_number(value) else "" for value in rows[0]]
    heads = "".join(f'<th scope="col"{kind}>{escape(column)}</th>' for column, kind in zip(columns, kinds, strict=True))
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    return f"{heading}<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    kind = ' class="number"' if _is_number(value) else ""
    return f"<td{kind}>{text_of(value)}</td>"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
