"""What was measured, turn by turn, and what could not be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from benchmarks.service.load import Measurement
from benchmarks.service.memory import Growth, Peak
from benchmarks.service.servers import Server
from benchmarks.service.work import Form, Size


@dataclass
class Row:
    """One server at one body: its turns, and the reason where a turn failed."""

    turns: dict[int, Measurement] = field(default_factory=dict)
    failure: str | None = None
    is_refused: bool = False

    def median(self, value: Callable[[Measurement], float]) -> float:
        return median(map(value, self.turns.values()))

    @property
    def rate(self) -> float:
        return self.median(lambda turn: turn.rate)


@dataclass
class Results:
    """idle and processes: of each server, turn by turn."""

    rows: dict[tuple[str, Form, Size], Row] = field(default_factory=dict)
    idle: dict[str, list[int]] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    lengths: dict[tuple[Form, Size], int] = field(default_factory=dict)
    peaks: list[Peak] = field(default_factory=list)
    growth: Growth | str | None = None

    def row(self, server: Server, form: Form, size: Size) -> Row:
        return self.rows.setdefault((server.key, form, size), Row())

    def measured(self, server: Server, form: Form, size: Size) -> Row | None:
        row = self.rows.get((server.key, form, size))
        return row if row and row.turns else None

    def ratios(self, one: Row, other: Row) -> list[float]:
        """Rate by rate, in the turns that both took part in."""
        return [turn.rate / other.turns[number].rate for number, turn in one.turns.items() if number in other.turns]
