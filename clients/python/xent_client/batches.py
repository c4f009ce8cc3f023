"""Many batches as one: added up exactly, in memory that does not grow with their number."""

import math
import sys
import time
from collections import Counter
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np

from xent_client.calls import Call, loss_call
from xent_client.errors import InvalidInput, XentError
from xent_client.generated.models.loss_response_loss_type import LossResponseLossType as LossType
from xent_client.generated.models.reduced_reduction import ReducedReduction as Reduction
from xent_client.options import EvaluateOptions
from xent_client.results import Evaluation, LossResult, Reduced
from xent_client.summaries import Calibration, Summary, Sums, calibration_of, merged_sums, summary_of
from xent_client.tensors import Array, ArrayLike, shape_of, to_numpy

Batch = tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None] | Mapping[str, Any]


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


class Split:
    """Arrays as batches of up to `batch_size` samples, which are slices along the first axis.

    It has a length, for the progress. Raises InvalidInput where the arrays can't be split so.
    """

    def __init__(
        self, logits: ArrayLike, labels: ArrayLike, weights: ArrayLike | None, batch_size: Any, axis: int | None
    ) -> None:
        shape = shape_of(logits, "logits")
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise InvalidInput(f"batch_size is {batch_size!r}; a whole number of 1 or more was expected")
        if not shape:
            raise InvalidInput("logits is a single number, which can't be split")
        if len(shape) > 1 and axis in (0, -len(shape)):
            raise InvalidInput(
                "logits have the classes on axis 0, along which batches are split; "
                "move them last: np.moveaxis(logits, 0, -1)"
            )
        self._rows, self._size = shape[0], int(batch_size)
        self._logits = _sliceable(logits, "logits")
        self._labels, self._split_labels = self._part_of(labels, "labels")
        self._weights, self._split_weights = self._part_of(weights, "weights")

    def _part_of(self, value: ArrayLike | None, name: str) -> tuple[Any, bool]:
        """The array, and whether it is split with the logits: a single number, or a single row, stands for all."""
        shape = () if value is None else shape_of(value, name)
        if shape and shape[0] not in (1, self._rows):
            raise InvalidInput(f"{name} have {shape[0]} rows; the logits have {self._rows}")
        split = bool(shape) and shape[0] == self._rows
        return (_sliceable(value, name) if split else value), split

    def __len__(self) -> int:
        return math.ceil(self._rows / self._size)

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        for start in range(0, self._rows, self._size):
            part = slice(start, start + self._size)
            labels = self._labels[part] if self._split_labels else self._labels
            weights = self._weights[part] if self._split_weights else self._weights
            yield self._logits[part], labels, weights

    def check(self, number: int, result: LossResult) -> None:
        """Raises InvalidInput where rows are no samples, as in logits of rank 1, which are one sample of a softmax."""
        rows = min(self._size, self._rows - number * self._size)
        if (*result.per_sample.shape, 1)[0] != rows:
            raise InvalidInput(
                f"the rows of logits are not independent samples of {result.loss_type}, so they can't be split"
            )


def _sliceable(value: Any, name: str) -> Any:
    """The array itself where it has slices, so that no more than a batch of it is converted at once."""
    return value if hasattr(value, "shape") and hasattr(value, "__getitem__") else to_numpy(value, name)


def batches_of(
    batches: Iterable[Batch] | AsyncIterable[Batch] | ArrayLike | None,
    logits: ArrayLike | None,
    labels: ArrayLike | None,
    weights: ArrayLike | None,
    batch_size: int | None,
    axis: int | None,
) -> Any:
    """The batches of `evaluate`. Raises TypeError unless its arguments are batches, or arrays with a batch size."""
    first: Any = logits if batches is None else batches
    if first is None or (batches is not None and logits is not None) or (batch_size is None) != (labels is None):
        raise TypeError("evaluate takes an iterable of batches, or logits and labels with batch_size")
    if batch_size is None or labels is None:
        if logits is not None or weights is not None:
            raise TypeError("logits and weights need labels and batch_size; batches hold their own")
        return batches
    return Split(first, labels, weights, batch_size, axis)


class Merge:
    """The sum of the batches so far.

    batches: where they come from; those of a `Split` are checked against it.
    per_sample: whether the losses of all samples are kept.
    """

    def __init__(self, batches: object = None, *, per_sample: bool = False) -> None:
        self._batches = batches
        self.kind: tuple[LossType, Reduction] | None = None
        self.batches = 0
        self.warnings: Counter[str] = Counter()
        self.numerator, self.denominator = ExactSum(), ExactSum()
        self.losses: dict[int, Array] | None = {} if per_sample else None
        self.summary: Sums | None = None
        self.calibration: Sums | None = None
        self._without: set[str] = set()
        self._edges: Any = None

    def add(self, number: int, result: LossResult) -> None:
        """Batches may be added in any order; their losses per sample are in that of their numbers."""
        if isinstance(self._batches, Split):
            self._batches.check(number, result)
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
        self._add_figures(result)
        if self.losses is not None:
            losses = np.atleast_1d(result.per_sample)
            first = next(iter(self.losses.values()), losses)
            if losses.shape[1:] != first.shape[1:]:
                raise InvalidInput(
                    f"per_sample can't join the losses of batches of the shapes {first.shape} and {losses.shape}; "
                    "equal lengths after the first axis were expected"
                )
            self.losses[number] = losses

    def _add_figures(self, result: LossResult) -> None:
        """What only some batches have is left out: it would be none of the whole's."""
        summary, calibration = result.summary, result.calibration
        self.summary = self._merged(self.summary, summary, "summary")
        self.calibration = self._merged(self.calibration, calibration, "calibration")
        if calibration is not None:
            self._edges = calibration.edges

    def _merged(self, so_far: Sums | None, figures: Summary | Calibration | None, name: str) -> Sums | None:
        if figures is None:
            self._without.add(name)
        if figures is None or name in self._without:
            return None
        return figures.sums if so_far is None else merged_sums(so_far, figures.sums)

    def evaluation(self) -> Evaluation:
        if self.kind is None:
            raise InvalidInput("there are no batches to evaluate")
        loss_type, reduction = self.kind
        numerator = self.numerator.rounded()
        denominator = 1.0 if reduction == "sum" else self.denominator.rounded()
        if math.isnan(numerator):
            raise InvalidInput("batches have losses of both Infinity and -Infinity, which have no sum")
        reduced = Reduced(reduction, numerator / denominator if denominator else 0.0, numerator, denominator)
        losses = self.losses
        per_sample = None if losses is None else np.concatenate([losses[number] for number in sorted(losses)])
        summary = None if self.summary is None else summary_of(self.summary)
        calibration = None if self.calibration is None else calibration_of(self.calibration, self._edges)
        return Evaluation(reduced, loss_type, self.batches, dict(self.warnings), per_sample, summary, calibration)


def batch_call(batch: Batch, options: EvaluateOptions) -> Call[LossResult]:
    """A call that holds a copy, so that the memory of the batch may be used for the next."""
    if isinstance(batch, Mapping):
        return loss_call(_mergeable({**options, **batch})).settled()
    if not 2 <= len(batch) <= 3:
        raise InvalidInput(
            f"a batch has {len(batch)} parts; logits and labels, and weights if any, were expected, or a mapping"
        )
    fields = {**options, **dict(zip(("logits", "labels", "weights"), batch, strict=False))}
    return loss_call(_mergeable(fields)).settled()


def _mergeable(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, if everything in `include` can be merged."""
    for name in fields.get("include") or ():
        if name not in ("summary", "calibration"):
            raise InvalidInput(f"include holds {name!r}; evaluate merges summary and calibration only")
    return fields


@contextmanager
def noted(number: int) -> Iterator[None]:
    """Adds the number of the batch to an error."""
    try:
        yield
    except XentError as error:
        error.add_note(f"in batch {number}")
        raise


class Progress:
    """A line of progress on the terminal, written at most ten times a second."""

    def __init__(self, total: int, shown: bool | None) -> None:
        self._of = f"/{total}" if total else ""
        self._shown = sys.stderr is not None and sys.stderr.isatty() if shown is None else shown
        self._start = self._written = time.monotonic()

    def show(self, batches: int, *, finally_: bool = False) -> None:
        now = time.monotonic()
        if self._shown and (finally_ or now - self._written >= 0.1):
            self._written = now
            rate = batches / max(now - self._start, 1e-9)
            end = "\n" if finally_ else ""
            sys.stderr.write(f"\rxent: {batches}{self._of} batches, {rate:.1f}/s{end}")
            sys.stderr.flush()
