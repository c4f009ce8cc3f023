"""How often a sound batch of real logits is warned of or refused."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from scipy.stats import beta
from threadpoolctl import threadpool_limits

from benchmarks.honesty.batch import Batch, alarms, send
from benchmarks.honesty.forms import classes_batch, questions_batch
from benchmarks.honesty.models import CLASSES, QUESTIONS

Half = Literal["first", "second"]

DRAWS: dict[Half, int] = {"first": 0, "second": 2}
"""What the random numbers of each half start from. The second half gets a new one when a check has changed."""

BATCHES = 600
"""Of each kind of model."""


class Sent(NamedTuple):
    """A sound batch: the kind of its model, the form it was sent in, what was wrongly said (severities by what was
    said), and the codes of the checks that ran.
    """

    kind: str
    form: str
    said: dict[str, str]
    checked: tuple[str, ...]

    @property
    def alarmed(self) -> bool:
        return any(severity != "hint" for severity in self.said.values())


def sound(each: int, half: Half) -> Iterator[tuple[str, Batch]]:
    """`each` batches of each kind of model, with the kind's name."""
    for form, kinds in ((classes_batch, CLASSES), (questions_batch, QUESTIONS)):
        for place, kind in enumerate(kinds):
            random = np.random.default_rng([place, len(kinds), DRAWS[half]])
            raw = kind(random)
            for _ in range(each):
                yield kind.__name__, form(*next(raw), random)


@threadpool_limits.wrap(limits=1)  # more threads only wait for one another on matrices this small
def sample(each: int = BATCHES, half: Half = "second") -> list[Sent]:
    """Thresholds may be chosen on the first half of the batches; the second is what is reported."""
    sent = []
    for kind, batch in sound(each, half):
        outcome = send(batch)
        sent.append(Sent(kind, batch.form, alarms(batch, outcome), outcome.checked))
    return sent


def bound(said: int, batches: int) -> float:
    """The largest rate that `said` of `batches` leaves plausible: one-sided, 95 %, by Clopper and Pearson."""
    return 1.0 if said >= batches else float(beta.ppf(0.95, said + 1, batches - said))
