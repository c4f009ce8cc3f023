"""Curves over a logit. The axes are HTML, so that their text keeps its size; the curves stretch between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.learn.html import Html, h
from app.learn.live import shown
from app.learn.texts import Texts

WIDTH, HEIGHT = 1000, 300


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over the grid.

    kind    "right", "slip" or "plain": its colour and dash
    place   where the answers of a Live have the values, if they move; `first` is the index of the first
    thin    drawn thin: what stood before a change
    """

    label: str
    values: Sequence[float]
    kind: str = "right"
    place: str = ""
    first: int = 0
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A point at a variable's value, and the loss there."""

    variable: str
    x: float
    place: str
    y: float
    kind: str = "right"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the picture covers; ticks are even."""

    x: Sequence[float]
    low: float
    high: float
    label: str

    def left(self, x: float) -> float:
        return (x - self.x[0]) / (self.x[-1] - self.x[0]) * WIDTH

    def top(self, y: float) -> float:
        """Far outside is as good as infinite: a path may hold no such number."""
        return min(max((self.high - y) / (self.high - self.low), -9), 9) * HEIGHT

    def path(self, values: Sequence[float]) -> str:
        points = [f"{self.left(x):.1f} {self.top(y):.1f}" for x, y in zip(self.x, values, strict=True)]
        return "M" + "L".join(points)


def even_high(values: Sequence[float]) -> float:
    """A round upper end of an axis from 0, whose quarters are round too."""
    most = max((value for value in values if math.isfinite(value)), default=1.0)
    power = 10.0 ** math.floor(math.log10(max(most, 1e-9)))
    return next(round(each * power, 9) for each in ROUND if each * power >= most * 0.999)


ROUND = (1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 4, 6, 8, 10)


def figure(texts: Texts, axes: Axes, curves: Sequence[Curve], dots: Sequence[Dot] = (), caption: str = "") -> Html:
    """The picture with its legend, and its numbers in a table."""
    step = (axes.high - axes.low) / 4
    ticks = [axes.low + step * each for each in range(5)]
    across = [axes.x[0] + (axes.x[-1] - axes.x[0]) * each / 4 for each in range(5)]
    digits = 0 if step >= 1 and step == int(step) else 1 if step >= 0.1 else 2
    lines = [h("line", x1=0, x2=WIDTH, y1=axes.top(tick), y2=axes.top(tick), class_="axis") for tick in ticks]
    zero = [h("line", x1=axes.left(0), x2=axes.left(0), y1=0, y2=HEIGHT, class_="axis zero")]
    drawn = [_path(axes, curve) for curve in curves]
    points = [_dot(axes, dot) for dot in dots]
    svg = h(
        "svg",
        *lines,
        *zero,
        *drawn,
        *points,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        aria_hidden="true",
        data_x0=axes.x[0],
        data_x1=axes.x[-1],
        data_low=axes.low,
        data_high=axes.high,
    )
    y_axis = h(
        "div", *[h("span", shown(tick, digits)) for tick in reversed(ticks)], class_="y-axis", aria_hidden="true"
    )
    x_axis = h("div", *[h("span", shown(x, 0)) for x in across], class_="x-axis", aria_hidden="true")
    legend = [h("span", h("i", class_=f"mark {each.kind}"), each.label) for each in curves if not each.thin]
    parts = [
        h("div", *legend, class_="legend"),
        h("div", y_axis, h("div", svg, class_="area"), x_axis, class_="plot"),
        h("p", axes.label, class_="x-label", aria_hidden="true"),
        _table(texts, axes, [curve for curve in curves if not curve.thin]),
    ]
    if caption:
        parts.append(h("figcaption", caption, class_="note"))
    return h("figure", *parts, class_="card curve")


def _path(axes: Axes, curve: Curve) -> Html:
    return h(
        "path",
        d=axes.path(curve.values),
        class_=f"line {curve.kind}" + (" thin" if curve.thin else ""),
        data_curve=curve.place or None,
        data_first=curve.first if curve.place else None,
        data_count=len(axes.x) if curve.place else None,
    )


def _dot(axes: Axes, dot: Dot) -> Html:
    """A line of no length with a round end: a circle in whatever way the picture is stretched."""
    at = f"M{axes.left(dot.x):.1f} {axes.top(dot.y):.1f}h0"
    return h("path", d=at, class_=f"dot {dot.kind}", data_dot=dot.place, data_at=dot.variable)


def _table(texts: Texts, axes: Axes, curves: Sequence[Curve]) -> Html:
    """The same as numbers, at every fourth of the way."""
    chosen = [round(each * (len(axes.x) - 1) / 8) for each in range(9)]
    head = h("tr", h("th", axes.label, scope="col"), *[h("th", each.label, scope="col", class_="r") for each in curves])
    rows = [
        h(
            "tr",
            h("th", shown(axes.x[at], 1), scope="row"),
            *[
                h(
                    "td",
                    shown(each.values[at], 4),
                    class_="r",
                    data_place=f"{each.place}.{each.first + at}" if each.place else None,
                    data_digits=4 if each.place else None,
                )
                for each in curves
            ],
        )
        for at in chosen
    ]
    table = h("table", h("thead", head), h("tbody", *rows))
    scroller = h("div", table, class_="scroller", tabindex="0", role="region", aria_label=texts("learn.curve_table"))
    return h("details", h("summary", texts("learn.curve_table")), scroller)
