"""What came of everything that was sent."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_EXAMPLES = 20


class Lost(NamedTuple):
    """An exchange that ended without the answer it was due, for the time of which see time.monotonic()."""

    group: str
    name: str
    opened: float
    ended: float
    is_idle: bool = False


class Killing(NamedTuple):
    """A worker that was stopped or killed, and when it was gone."""

    worker: int
    began: float
    gone: float

    def explains(self, lost: Lost) -> bool:
        """Whether this was on a connection to that worker, as far as can be told by the time."""
        return lost.opened <= self.began + SECONDS_OF_ACCEPTING and 0 <= lost.ended - self.gone <= SECONDS_TO_NOTICE


class Retirement(NamedTuple):
    """The time in which workers were replaced in good order. All that they had in hand was finished."""

    began: float
    over: float

    def explains(self, lost: Lost) -> bool:
        """Whether there was nothing in hand on this connection yet."""
        return lost.is_idle and lost.opened <= self.over and self.began <= lost.ended <= self.over


SECONDS_OF_ACCEPTING = 0.5
# The system goes on to deliver what a killed worker had written.
SECONDS_TO_NOTICE = 5.0


@dataclass
class Tally:
    """How often which outcome came of which kind of request, of all callers of a process or of all processes.

    improper    how often an outcome was none that was due, but for the lost
    seconds     how long the answers that were due took, by group and name
    """

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    improper: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: list[Lost] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def count(self, group: str, name: str, outcome: str, *, is_due: bool, example: str = "") -> None:
        self.outcomes[group, name, outcome] += 1
        if not is_due:
            self.improper[group, name, outcome] += 1
            if len(self.examples) < MOST_EXAMPLES:
                self.examples.append(f"{name}: {outcome} {example}".strip())

    def lose(self, lost: Lost, outcome: str = "cut") -> None:
        self.outcomes[lost.group, lost.name, outcome] += 1
        self.lost.append(lost)

    def add(self, other: "Tally") -> None:
        self.outcomes += other.outcomes
        self.improper += other.improper
        self.lost += other.lost
        self.examples += other.examples
        for key, seconds in other.seconds.items():
            self.seconds[key] += seconds

    def of(self, group: str) -> int:
        return sum(count for (each, _, _), count in self.outcomes.items() if each == group)

    def answered(self, status: str) -> int:
        return sum(count for (_, _, outcome), count in self.outcomes.items() if outcome == status)
