"""Pictures as SVG text: bars, curves and points on two axes."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 44
TICKS = 5
# A tick stands at 1, 2 or 5 times a power of ten.
STEPS = (1, 2, 5, 10)


class Axes:
    """A picture with a range of x and of y. Whatever is drawn is cut to it."""

    def __init__(self, title: str, x: tuple[float, float], y: tuple[float, float], labels: tuple[str, str]) -> None:
        self.title = title
        self.x, self.y = _not_empty(*x), _not_empty(*y)
        self.labels = labels
        self.marks: list[str] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a point in the picture."""
        across = min(max((x - self.x[0]) / (self.x[1] - self.x[0]), 0), 1)
        up = min(max((y - self.y[0]) / (self.y[1] - self.y[0]), 0), 1)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def bar(self, start: float, stop: float, value: float, hint: str) -> None:
        left, top = self.at(start, value)
        right, bottom = self.at(stop, self.y[0])
        self.marks.append(
            f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" width="{max(right - left - 1, 0.5):.1f}" '
            f'height="{bottom - top:.1f}"><title>{escape(hint)}</title></rect>'
        )

    def curve(self, points: Sequence[tuple[float, float]], kind: str = "curve") -> None:
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))
        self.marks.append(f'<polyline class="{kind}" points="{text}"/>')

    def points(self, points: Sequence[tuple[float, float]], hints: Sequence[str] = ()) -> None:
        for index, point in enumerate(points):
            x, y = self.at(*point)
            hint = f"<title>{escape(hints[index])}</title>" if hints else ""
            self.marks.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="2.5">{hint}</circle>')

    def svg(self) -> str:
        ticks = [_x_tick(self.at(value, self.y[0])[0], value) for value in ticks_of(*self.x)]
        ticks += [_y_tick(self.at(self.x[0], value)[1], value) for value in ticks_of(*self.y)]
        middle = (LEFT + WIDTH - RIGHT) / 2
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(self.title)}">'
            f"{''.join(ticks)}{''.join(self.marks)}"
            f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(self.labels[0])}</text>'
            f'<text transform="translate(12 {(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)" text-anchor="middle">'
            f"{escape(self.labels[1])}</text></svg>"
        )


def _not_empty(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low, low + 1)


def ticks_of(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about five."""
    raw = (high - low) / TICKS
    power = 10.0 ** len(str(int(raw))) / 10 if raw >= 1 else 10.0 ** -_zeros(raw)
    step = next(factor * power for factor in STEPS if factor * power >= raw * 0.999)
    first = -int(-low // step) if low >= 0 else int(low // step)
    values = [round(step * (first + index), 12) for index in range(2 * TICKS + 2)]
    return [value for value in values if low - 1e-9 * step <= value <= high + 1e-9 * step]


def _zeros(value: float) -> int:
    """How many places to the right of the point its first digit is."""
    count = 0
    while value < 1 and count < 300:
        value, count = value * 10, count + 1
    return count


def _x_tick(x: float, value: float) -> str:
    y = HEIGHT - BOTTOM
    return (
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{y}"/>'
        f'<text x="{x:.1f}" y="{y + 16}" text-anchor="middle">{value:g}</text>'
    )


def _y_tick(y: float, value: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    )
