"""Figures that move: requests with variables in them, and the places that show what is answered.

Here they are filled with the service's numbers for the variables' first values. `page/src/learn/live.ts` asks the
service again when a reader moves a variable, and fills the same places: both read requests and places by these rules.

A request is a body with these in place of values:
    {"var": "z"}                 the variable, {"var": "z", "times": 0.1} a multiple of it, {"log": …} a logarithm
    {"of": "once.probabilities"} what an earlier request was answered
    {"fill": …, "count": 100}    a list of equal values
A place names a value as "once.probabilities.0.1": request, field of the response, indices.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.learn.answers import evaluated
from app.learn.html import Child, Html, h, join
from app.wire.json import encode_body
from xent_core.results import OUTPUTS

Values = Mapping[str, float]
Answers = dict[str, dict[str, Any]]


def resolved(template: Any, variables: Values, answers: Answers) -> Any:
    """A request's body, or a part of it."""
    match template:
        case {"var": name}:
            return variables[name] * template.get("times", 1)
        case {"log": part}:
            return math.log(resolved(part, variables, answers))
        case {"of": place}:
            return value_at(answers, place)
        case {"fill": part, "count": count}:
            return [resolved(part, variables, answers)] * count
        case dict():
            return {name: resolved(part, variables, answers) for name, part in template.items()}
        case list():
            return [resolved(part, variables, answers) for part in template]
        case _:
            return template


def value_at(answers: Answers, place: str) -> Any:
    found: Any = answers
    for part in place.split("."):
        found = found[int(part) if part.isdigit() else part]
    return found


def shown(value: float, digits: int) -> str:
    """The number as text, with a fixed number of decimals and a typographic minus sign."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


class Live:
    """Variables, the requests that they are in, and their answers for the variables' first values."""

    def __init__(self, variables: Values, requests: Mapping[str, dict[str, Any]]) -> None:
        self.variables = variables
        self.requests = {name: body | {"advice": "none"} for name, body in requests.items()}
        self.answers: Answers = {}
        for name, body in self.requests.items():
            result = evaluated(orjson.dumps(resolved(body, variables, self.answers)))
            fields: dict[str, Any] = {"per_sample": result.per_sample, "reduced": None}
            fields |= {each: getattr(result, each) for each in OUTPUTS if getattr(result, each) is not None}
            if result.reduced is not None:
                fields["reduced"] = {"value": result.reduced.value}
            self.answers[name] = json.loads(b"".join(encode_body(fields)))

    def at(self, place: str) -> Any:
        return value_at(self.answers, place)

    def number(self, place: str, digits: int = 4) -> Html:
        return h("span", shown(float(self.at(place)), digits), class_="num", data_place=place, data_digits=digits)

    def result(self, place: str, digits: int = 4) -> Html:
        """A number that screen readers say when it has changed: what the figure is about, and no other."""
        return h("output", shown(float(self.at(place)), digits), data_place=place, data_digits=digits)

    def bar(self, place: str, *, slip: bool = False) -> Html:
        """A bar as long as a probability."""
        filled = h("rect", width=f"{100 * self.at(place):.2f}%", height="100%", data_bar=place)
        return h("svg", filled, class_="bar slip" if slip else "bar", aria_hidden="true")

    def slider(self, variable: str, low: float, high: float, step: float, label: str, *, id_: str = "") -> Html:
        """A variable's slider with its value beside it."""
        value = self.variables[variable]
        slider = h(
            "input",
            type="range",
            name=variable,
            min=low,
            max=high,
            step=step,
            value=value,
            aria_label=label,
            id=id_ or None,
            autocomplete="off",
        )
        digits = decimals(step)
        return join(slider, h("output", shown(value, digits), data_variable=variable, data_digits=digits))

    def form(self, *children: Child, class_: str = "", trouble: Mapping[str, str] | None = None) -> Html:
        """What holds sliders and places."""
        told = h("p", class_="trouble", role="status", hidden=True)
        texts = {f"data_{name}": text for name, text in (trouble or {}).items()}
        return h(
            "form",
            *children,
            told,
            class_=f"live {class_}".strip(),
            data_requests=json.dumps(self.requests, separators=(",", ":")),
            **texts,
        )


def decimals(step: float) -> int:
    """How many decimals the multiples of a step have."""
    return max(0, -math.floor(math.log10(step) + 1e-9))


def grid(low: float, high: float, step: float) -> list[float]:
    """low, low + step … high, as decimals that are written short."""
    return [round(low + each * step, decimals(step)) for each in range(round((high - low) / step) + 1)]


def first_finite(values: Sequence[Any]) -> list[float]:
    """Numbers as JSON has them, infinities as floats."""
    return [float(str(each).replace("Infinity", "inf")) for each in values]
