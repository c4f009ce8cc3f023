"""The pages of losses, warnings and errors, made from the catalogue, the checks and the codes of errors; their index;
and what is around every page.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.api.problem import CODES
from app.learn.answers import Answer, Fields, answer, written
from app.learn.html import Child, Html, h, join
from app.learn.lessons import LESSON_OF, LESSONS
from app.learn.lessons.parts import XS, troubles
from app.learn.live import Live, first_finite, shown
from app.learn.mistakes import Mistake, of_error, of_warning
from app.learn.plot import Axes, Curve, even_high, figure
from app.learn.texts import Texts, formula, frame
from xent_core.advice.checks import CHECKS, WARNINGS, Check
from xent_core.advice.recommend import equivalents_of_example
from xent_core.losses import CATALOGUE, LOSSES
from xent_core.losses.loss import Entry, Loss
from xent_core.results import LossWarning, Severity

FRAMEWORKS = {
    "tensorflow1": "TensorFlow 1",
    "tensorflow2": "TensorFlow 2",
    "keras": "Keras",
    "pytorch": "PyTorch",
    "optax": "Optax",
}
CHECK_OF: dict[str, Check] = {check.code: check for check in CHECKS}
SEVERITIES: tuple[Severity, ...] = ("certain", "likely", "hint")


@dataclass(frozen=True, slots=True)
class Slider:
    """How far a parameter's slider goes."""

    low: float
    high: float
    step: float
    first: float


SLIDERS = {
    "pos_weight": Slider(0.5, 20, 0.5, 3),
    "gamma": Slider(0, 5, 0.1, 2),
    "alpha": Slider(0.05, 1, 0.05, 1),
    "q": Slider(0.05, 1, 0.05, 0.5),
    "epsilon": Slider(-1, 5, 0.1, 2),
    "temperature": Slider(0.2, 5, 0.1, 1),
    "label_smoothing": Slider(0, 0.5, 0.01, 0),
}
"""The parameters that bend a curve; a loss has those that it takes."""

NAMES: tuple[str, ...] = ("", *LESSONS, *CATALOGUE, *WARNINGS, *CODES)
"""The last part of each page's address; "" is the index."""


def page(name: str, texts: Texts) -> str:
    """The document of a page."""
    title, content = _content(name, texts)
    main = join(
        h("main", h("article", content), id="lesson", tabindex="-1"),
        h("aside", h("nav", *_links(name, texts), aria_label=texts("learn.all_pages"))),
    )
    parts = {"root": "../" if name else "./", "title": join(f"xent: {title}"), "main": main}
    document = frame(texts.language)
    for part, text in parts.items():
        document = document.replace(f"{{{{{part}}}}}", text)
    return document


def _content(name: str, texts: Texts) -> tuple[str, Html]:
    if name in LESSONS:
        return _lesson(name, texts)
    if name in CATALOGUE:
        return _loss(CATALOGUE[name], texts)
    if name in WARNINGS:
        return _warning(name, texts)
    if name in CODES:
        return _error(name, texts)
    return texts("learn.index_title"), _index(texts)


def _opening(title: str, lede: Child, code: str = "", tag: Child = None) -> Html:
    above = h("p", h("code", code), tag, class_="above") if code else None
    return join(above, h("h1", title), h("p", lede, class_="lede") if lede else None)


# --- Lessons


def _lesson(name: str, texts: Texts) -> tuple[str, Html]:
    title = texts(f"lessons.{name}.title")
    names = list(LESSONS)
    at = names.index(name)
    before = names[at - 1] if at else None
    after = names[at + 1] if at + 1 < len(names) else None
    ends = [
        h("a", texts(f"learn.{key}", title=texts(f"lessons.{other}.title")), href=texts.address(other))
        if other
        else h("a", texts("learn.all_pages"), href=texts.address())
        for key, other in (("previous", before), ("next", after))
    ]
    return title, join(
        _opening(title, texts(f"lessons.{name}.lede")),
        LESSONS[name](texts),
        h("div", *ends, class_="next"),
    )


# --- Losses


def _loss(entry: Entry, texts: Texts) -> tuple[str, Html]:
    code = entry.loss_type
    title = texts(f"losses.{code}.title", entry.title)

    def told(field: str, english: str) -> str:
        return texts(f"losses.{code}.{field}", english)

    avoid = texts.get(f"losses.{code}.avoid_when")
    loss = LOSSES.get(code)
    kinds = ", ".join(entry.called_for_by)
    auto = texts("learn.called_for", kinds=kinds) if kinds else texts("learn.never_auto")
    calls = equivalents_of_example(entry)
    example = Mistake(entry.endpoint, written(entry.example))
    content = join(
        _opening(title, told("use_when", entry.use_when), code),
        h("h2", texts("learn.formula")),
        h("p", texts("learn.formula_note", x="x", y="y", p="p", sigma="σ"), class_="second"),
        h("div", formula(entry.latex, entry.formula), class_="card formulas"),
        h("h2", texts("learn.gradient")),
        h("div", formula(entry.gradient_latex, entry.gradient), class_="card formulas"),
        _curve(loss, entry, texts) if loss is not None else None,
        h("h2", texts("learn.avoid_when")),
        h("ul", *[h("li", *_linked(each, texts)) for each in avoid or entry.avoid_when], class_="plain"),
        h("h2", texts("learn.labels")),
        h("p", told("label_form", entry.label_form)),
        h("p", auto, class_="second"),
        h("h2", texts("learn.example")),
        h("div", _try(example, texts, "", "example"), class_="one"),
        h("h2", texts("learn.code")),
        h(
            "div",
            *[
                h("div", h("header", h("h3", label)), h("pre", calls[key], tabindex="0"), class_="card")
                for key, label in FRAMEWORKS.items()
                if key in calls
            ],
            class_="listings",
        ),
        h("h2", texts("learn.parameters")),
        _parameters(entry, texts),
        h("h2", texts("learn.stability")),
        h("p", told("stability", entry.stability)),
        _elsewhere(entry, texts),
        h("h2", texts("learn.sources")),
        h("ul", *[h("li", h("a", each.title, href=each.where)) for each in entry.sources], class_="plain"),
        _related(
            texts, [LESSON_OF.get(code)], h("li", h("a", texts("learn.catalogue_link"), href=f"../v1/losses/{code}"))
        ),
    )
    return title, content


def _curve(loss: Loss, entry: Entry, texts: Texts) -> Html:
    """The loss for both answers over a logit, with a slider for each parameter that bends it."""
    sliders = {name: slider for name, slider in SLIDERS.items() if loss.takes(name)}
    count = len(XS)
    request: Fields = {"loss_type": loss.name, "reduction": "none"}
    if loss.is_elementwise:
        request |= {"logits": XS + XS, "labels": [1] * count + [0] * count}
        labels = (texts("learn.curve_positive"), texts("learn.curve_negative"))
        axis, about = texts("learn.curve_x_elementwise"), texts("learn.curve_elementwise")
    else:
        rows = [[x, 0, 0] for x in XS]
        of_indices = [0] * count + [1] * count
        one_hot = [[1, 0, 0]] * count + [[0, 1, 0]] * count
        request |= {"logits": rows + rows, "labels": of_indices if loss.takes_class_indices else one_hot}
        labels = (texts("learn.curve_right"), texts("learn.curve_wrong"))
        axis, about = texts("learn.curve_x_softmax"), texts("learn.curve_softmax")
    variables = {name: float(entry.example.get(name, slider.first)) for name, slider in sliders.items()}
    live = Live(variables, {"curve": request | {name: {"var": name} for name in variables}})
    values = first_finite(live.at("curve.per_sample"))
    right, wrong = values[:count], values[count:]
    axes = Axes(XS, 0, even_high(right + wrong), axis)
    place = "curve.per_sample"
    moving = [Curve(labels[0], right, "right", place), Curve(labels[1], wrong, "slip", place, count)]
    still = [Curve("", right, "right", thin=True), Curve("", wrong, "slip", thin=True)] if sliders else []
    panel = None
    if sliders:
        rows_of_sliders = [
            h("div", h("label", h("code", name), for_=f"move-{name}"), _slider(live, name, slider), class_="line")
            for name, slider in sliders.items()
        ]
        panel = h("div", h("h3", texts("learn.try_parameters")), *rows_of_sliders, class_="card sliders")
    picture = figure(texts, axes, still + moving, caption=texts("learn.curve_before") if still else "")
    return join(
        h("h2", texts("learn.curve")),
        h("p", about, class_="second"),
        live.form(panel, picture, trouble=troubles(texts)),
    )


def _slider(live: Live, name: str, slider: Slider) -> Html:
    return live.slider(name, slider.low, slider.high, slider.step, name, id_=f"move-{name}")


def _parameters(entry: Entry, texts: Texts) -> Html:
    own = texts.get(f"losses.{entry.loss_type}.parameters") or {}
    rows = [
        h(
            "tr",
            h("th", h("code", each.name), scope="row"),
            h("td", own.get(each.name) or _parameter(each.name, each.meaning, texts)),
        )
        for each in entry.parameters
    ]
    head = h("tr", h("th", texts("learn.parameter"), scope="col"), h("th", texts("learn.meaning"), scope="col"))
    return _table(texts("learn.parameters"), head, rows)


def _parameter(name: str, meaning: str, texts: Texts) -> str:
    found = texts.get("parameters") or {}
    return str(found.get(name, meaning))


def _elsewhere(entry: Entry, texts: Texts) -> Html | None:
    if not entry.names_elsewhere:
        return None
    rows = []
    for each in entry.names_elsewhere:
        remarks = [
            texts("learn.only", when=each.when) if each.when else "",
            texts("learn.send", fields=each.send) if each.send else "",
            each.remark,
        ]
        rows.append(
            h(
                "tr",
                h("th", h("code", each.name), scope="row"),
                h("td", each.framework),
                h("td", h("code", each.reduction)),
                h("td", "; ".join(filter(None, remarks))),
            )
        )
    heads = [h("th", texts(f"learn.{key}"), scope="col") for key in ("name", "framework", "reduction", "remark")]
    return join(h("h2", texts("learn.elsewhere")), _table(texts("learn.elsewhere"), h("tr", *heads), rows))


def _table(label: str, head: Html, rows: Iterable[Html]) -> Html:
    """A table of words, whose rows become blocks where the page is narrow."""
    content = h("table", h("thead", head), h("tbody", *rows), class_="words")
    scroller = h("div", content, class_="table scroller", tabindex="0", role="region", aria_label=label)
    return h("div", scroller, class_="card")


# --- Warnings and errors


def _warning(code: str, texts: Texts) -> tuple[str, Html]:
    check = CHECK_OF.get(code)
    severity = check.severity if check else "certain"
    title = texts(f"warnings.{code}.title", _words(code))
    tag = h("span", texts(f"severity.{severity}"), class_=f"severity {severity}")
    fix = texts(f"learn.warnings.{code}.fix", check.fix if check else "")
    example = of_warning(code)
    content = join(
        _opening(title, texts(f"learn.warnings.{code}.why", WARNINGS[code]), code, tag),
        h("h2", texts("learn.when")),
        h("p", _sentence(texts(f"learn.warnings.{code}.when", WARNINGS[code]))),
        h("p", texts(f"learn.severity.{severity}"), texts("learn.between"), texts("learn.silence"), class_="second"),
        h("h2", texts("learn.what_to_do")),
        h("p", *_linked(fix, texts)),
        join(h("h2", texts("learn.mistake_and_fix")), _both(example, code, texts)) if example else None,
        _related(texts, [LESSON_OF.get(code)]),
    )
    return title, content


def _error(code: str, texts: Texts) -> tuple[str, Html]:
    title = texts(f"learn.errors.{code}.title", _words(code))
    about = texts(f"learn.errors.{code}.about", CODES[code])
    example = of_error(code)
    content = join(
        _opening(title, join(*_linked(about, texts)), code),
        join(h("h2", texts("learn.mistake_and_fix")), _both(example, code, texts)) if example else None,
    )
    return title, content


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _both(mistake: Mistake, code: str, texts: Texts) -> Html:
    sides = [h("div", h("h3", texts("learn.mistake"), class_="wrong"), _try(mistake, texts, code, "mistake"))]
    if mistake.fixed:
        right = Mistake(mistake.endpoint, mistake.fixed)
        sides.append(h("div", h("h3", texts("learn.fixed")), _try(right, texts, code, "fixed")))
    changed = _change(mistake)
    note = texts("learn.by_change", change=json.dumps(changed, ensure_ascii=False)) if changed else None
    return join(h("div", *sides, class_="two"), h("p", note, class_="note") if note else None)


def _change(mistake: Mistake) -> Fields:
    """The fields that the fix sets, where it sets but a few short ones."""
    if not mistake.fixed:
        return {}
    before, after = _fields(mistake.body), _fields(mistake.fixed)
    changed = {name: value for name, value in after.items() if before.get(name, before) != value}
    arrays = any(isinstance(value, list) for value in changed.values())
    return {} if arrays or before.keys() - after.keys() else changed


def _fields(body: str) -> Fields:
    try:
        fields: Fields = json.loads(body)
    except ValueError:
        return {}
    return fields


def _try(mistake: Mistake, texts: Texts, code: str, side: str) -> Html:
    """A request that can be edited and sent, and its answer: here as the service gives it at first."""
    label = texts("learn.request", endpoint=mistake.endpoint)
    lines = min(mistake.body.count("\n") + 1, 14)
    name = f"request-{side}"
    found = answer(mistake.endpoint, mistake.body)
    message = texts.get(f"warnings.{code}.text")
    return h(
        "form",
        h("label", label, for_=name),
        h(
            "textarea",
            "\n" + mistake.body,
            id=name,
            name="body",
            rows=lines,
            spellcheck="false",
            autocomplete="off",
            wrap="off",
        ),
        h("div", _outcome(found, texts), class_="outcome", role="status"),
        h("div", h("button", texts("learn.run"), class_="button quiet"), class_="foot"),
        class_="card try",
        data_endpoint=mistake.endpoint,
        data_loss=texts("learn.loss"),
        data_status=texts("learn.status"),
        data_code=code or None,
        data_message=message,
        data_lang=texts.language,
        **{f"data_{key}": text for key, text in troubles(texts).items()},
        **{f"data_{severity}": texts(f"severity.{severity}") for severity in SEVERITIES},
    )


def _outcome(found: Answer, texts: Texts) -> Html:
    """As `page/src/learn/try.ts` writes it."""
    if found.error is not None:
        error = found.error
        place = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in error["loc"][1:])[1:]
        return join(
            h("p", h("span", texts("learn.status")), h("b", str(found.status)), class_="result bad"),
            h(
                "p",
                h("a", h("code", error["code"]), href=texts.address(error["code"])),
                " ",
                f"{place} {error['message']}".strip(),
                class_="found slip",
            ),
        )
    value = "–" if found.reduced is None else shown(found.reduced.value, 4)
    warned = [
        h(
            "p",
            h("a", h("code", each.code), href=texts.address(each.code)),
            " ",
            h("span", texts(f"severity.{each.severity}"), class_=f"severity {each.severity}"),
            " ",
            message_of(each, texts),
            class_="found" if each.severity == "hint" else "found slip",
        )
        for each in found.warnings
    ]
    kind = "result bad" if any(each.severity != "hint" for each in found.warnings) else "result"
    return join(h("p", h("span", texts("learn.loss")), h("b", value), class_=kind), *warned)


def message_of(warning: LossWarning, texts: Texts) -> str:
    """A warning's message in the language of the page, with its figures; as the service writes it, where one lacks."""
    figures = {name: _figure(value) for name, value in warning.evidence.items()}
    message = texts(f"warnings.{warning.code}.text", warning.message, **figures)
    return warning.message if FIGURE.search(message) else message


FIGURE = re.compile(r"\{\w+\}")


def _figure(value: Any) -> str:
    """A figure of the evidence: whole numbers as they are, others with four digits."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}".replace("-", "−")
    return str(value)


# --- What leads from page to page


def _linked(text: str, texts: Texts) -> Iterable[Child]:
    """The text, with the losses that it names as links."""
    names = sorted((name for name in CATALOGUE if name in text), key=len, reverse=True)
    if not names:
        return [text]
    before, name, after = text.partition(names[0])
    link = h("a", h("code", name), href=texts.address(name))
    return [*_linked(before, texts), link, *_linked(after, texts)]


def _related(texts: Texts, names: Iterable[str | None], *more: Html) -> Html | None:
    lessons = [
        h("li", h("a", texts("learn.lesson_of", title=texts(f"lessons.{name}.title")), href=texts.address(name)))
        for name in names
        if name in LESSONS
    ]
    if not lessons and not more:
        return None
    return join(h("h2", texts("learn.related")), h("ul", *lessons, *more, class_="related"))


def _links(current: str, texts: Texts) -> list[Html]:
    """All pages, by their kinds."""
    kinds: Mapping[str, Mapping[str, Html]] = {
        "lessons": {name: Html(texts(f"lessons.{name}.title")) for name in LESSONS},
        "losses": {name: _broken(name) for name in CATALOGUE},
        "warnings": {name: _broken(name) for name in WARNINGS},
        "errors": {name: _broken(name) for name in CODES},
    }
    return [
        h(
            "details",
            h("summary", texts(f"learn.{kind}_h")),
            h("ul", *[_link(name, label, current, texts) for name, label in names.items()]),
            open=kind in ("lessons", "losses") or current in names,
        )
        for kind, names in kinds.items()
    ]


def _link(name: str, label: Html, current: str, texts: Texts) -> Html:
    here = "page" if name == current else None
    return h("li", h("a", label, href=_address(name, current, texts), aria_current=here))


def _address(name: str, current: str, texts: Texts) -> str:
    address = texts.address(name)
    return address if current else f"learn/{address}"


def _broken(code: str) -> Html:
    """A name that may be broken after an underscore."""
    return Html(code.replace("_", "_<wbr>"))


def _index(texts: Texts) -> Html:
    def card(name: str) -> Html:
        link = h("a", texts(f"lessons.{name}.title"), href=_address(name, "", texts))
        return h("li", h("h3", link), h("p", texts(f"lessons.{name}.lede")), class_="card")

    def listed(names: Iterable[tuple[str, str]]) -> Html:
        return h(
            "ul",
            *[
                h("li", h("a", h("code", _broken(name)), href=_address(name, "", texts)), h("span", title))
                for name, title in names
            ],
            class_="names",
        )

    severities = {code: CHECK_OF[code].severity if code in CHECK_OF else "certain" for code in WARNINGS}
    by_severity = [
        join(
            h("h3", h("span", texts(f"severity.{severity}"), class_=f"severity {severity}")),
            listed(
                (code, texts(f"warnings.{code}.title", _words(code)))
                for code, found in severities.items()
                if found == severity
            ),
        )
        for severity in SEVERITIES
    ]
    return join(
        _opening(texts("learn.index_title"), texts("learn.index_lede")),
        h("h2", texts("learn.lessons_h")),
        h("ol", *[card(name) for name in LESSONS], class_="lessons"),
        h("h2", texts("learn.losses_h")),
        listed((name, texts(f"losses.{name}.title", entry.title)) for name, entry in CATALOGUE.items()),
        h("h2", texts("learn.warnings_h")),
        *by_severity,
        h("h2", texts("learn.errors_h")),
        listed((code, texts(f"learn.errors.{code}.title", _words(code))) for code in CODES),
    )
