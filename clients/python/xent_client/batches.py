"""Many batches as one: added up exactly, in memory that does not grow with them."""

import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from xent_client.calls import BatchOptions, Call, LossResult, Reduced, loss_call
from xent_client.errors import InvalidInput, XentError
from xent_client.generated.models.loss_response_loss_type import LossResponseLossType as LossType
from xent_client.generated.models.reduced_reduction import ReducedReduction as Reduction
from xent_client.tensors import ArrayLike

Batch = tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What many batches come to.

    reduced: exactly that of all batches as one, in nats.
    loss_type: what was computed, the same for all.
    batches: how many there were.
    warnings: in how many batches each warning came up, by its code.
    """

    reduced: Reduced
    loss_type: LossType
    batches: int
    warnings: dict[str, int]


class ExactSum:
    """Rounded once, at the end, as math.fsum does; but the numbers need not be kept."""

    def __init__(self) -> None:
        self._finite = Fraction(0)
        self._infinite = 0.0

    def add(self, number: float) -> None:
        if math.isfinite(number):
            self._finite += Fraction(number)
        else:
            self._infinite += number

    def rounded(self) -> float:
        """NaN where both infinities were added."""
        if self._infinite:
            return self._infinite
        try:
            return float(self._finite)
        except OverflowError:
            return math.inf if self._finite > 0 else -math.inf


class Merge:
    """What the batches so far come to."""

    def __init__(self) -> None:
        self.kind: tuple[LossType, Reduction] | None = None
        self.batches = 0
        self.warnings: Counter[str] = Counter()
        self.numerator, self.denominator = ExactSum(), ExactSum()

    def add(self, result: LossResult) -> None:
        if result.reduced is None:
            raise InvalidInput("reduction is none; to evaluate, one that gives a value was expected")
        loss_type, reduction = result.loss_type, result.reduced.reduction
        if self.kind not in (None, (loss_type, reduction)):
            raise InvalidInput(
                f"batches are of two kinds: {self.kind} and {(loss_type, reduction)}; name loss_type and reduction"
            )
        self.kind = loss_type, reduction
        self.batches += 1
        self.warnings.update(warning.code for warning in result.warnings)
        self.numerator.add(result.reduced.numerator)
        self.denominator.add(result.reduced.denominator)

    def evaluation(self) -> Evaluation:
        if self.kind is None:
            raise InvalidInput("there are no batches to evaluate")
        loss_type, reduction = self.kind
        numerator = self.numerator.rounded()
        denominator = 1.0 if reduction == "sum" else self.denominator.rounded()
        if math.isnan(numerator):
            raise InvalidInput("batches have losses of both Infinity and -Infinity, which have no sum")
        reduced = Reduced(reduction, numerator / denominator if denominator else 0.0, numerator, denominator)
        return Evaluation(reduced, loss_type, self.batches, dict(self.warnings))


def batch_call(batch: Batch, options: BatchOptions) -> Call[LossResult]:
    """Settled, so that whoever gives the batch may use its memory again for the next."""
    if isinstance(batch, Mapping):
        return loss_call({**options, **batch}).settled()
    if not 2 <= len(batch) <= 3:
        raise InvalidInput(
            f"a batch has {len(batch)} parts; logits and labels, and weights if any, were expected, or a mapping"
        )
    return loss_call({**options, **dict(zip(("logits", "labels", "weights"), batch, strict=False))}).settled()


@contextmanager
def noted(number: int) -> Iterator[None]:
    try:
        yield
    except XentError as error:
        error.add_note(f"in batch {number}")
        raise


class Progress:
    """A line on the terminal that says how far it is, written anew ten times a second at most."""

    def __init__(self, total: int, shown: bool | None) -> None:
        self._of = f"/{total}" if total else ""
        self._shown = sys.stderr is not None and sys.stderr.isatty() if shown is None else shown
        self._start = self._written = time.monotonic()

    def tell(self, batches: int, *, finally_: bool = False) -> None:
        now = time.monotonic()
        if self._shown and (finally_ or now - self._written >= 0.1):
            self._written = now
            rate = batches / max(now - self._start, 1e-9)
            end = "\n" if finally_ else ""
            sys.stderr.write(f"\rxent: {batches}{self._of} batches, {rate:.1f}/s{end}")
            sys.stderr.flush()
