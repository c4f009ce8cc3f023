"""`compare`: two models' logits on the same rows."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xent_core.accumulate import add_losses, add_weights
from xent_core.checks.arguments import as_numbers, class_layout
from xent_core.comparison import KINDS, MARKS, OfBatch, comparison_of
from xent_core.compute.bound_loss import BlockResult
from xent_core.compute.divergence import divergences, largest_classes, same_largest, tile_buffers
from xent_core.compute.exact_sums import exact_total, square
from xent_core.compute.layout import Array, Block, row_sums
from xent_core.compute.reduction import Totals, multiply, reduce
from xent_core.compute.row_figures import RowFigure
from xent_core.errors import InvalidInput, MissingParameter, ParameterOutOfRange, WrongShape
from xent_core.losses.loss import CLIP
from xent_core.losses.sparse_softmax import SPARSE_SOFTMAX_CROSS_ENTROPY
from xent_core.prepare import Options, PreparedBatch, prepare
from xent_core.results import Comparison, ComparisonSums, Different, DivergenceSums, Reduction
from xent_core.summarise import paired_sums, quantiles_at, row_weights

BLOCK_BYTES = 1 << 21
MAX_MOST = 1000
TOP = 5
PER_SAMPLE = ("per_sample",)
KEPT: tuple[RowFigure, ...] = ("exponentials",)


@np.errstate(all="ignore")
def compare(
    logits: ArrayLike,
    other_logits: ArrayLike,
    labels: ArrayLike | None,
    *,
    weights: ArrayLike | None = None,
    loss_type: str = "auto",
    pos_weight: ArrayLike | None = None,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    from_logits: bool = True,
    reduction: Reduction = "mean",
    clip: float = CLIP,
    shift: int = 0,
    temperature: float = 1.0,
    gamma: float | None = None,
    alpha: float | None = None,
    q: float | None = None,
    epsilon: float | None = None,
    labels_are_logits: bool = False,
    most: int = 10,
    include: Collection[str] = (),
) -> Comparison:
    """Two models' logits on the same rows: the paired difference of their losses, and how far their predictions differ.

    The difference of two means is known far better where both models saw the same rows: what makes a row hard for both
    cancels. Losses are in nats; differences are the other's less the first's.

    logits, other_logits: of one shape. labels and the parameters: as in `evaluate`. With None for labels there are
    divergences and agreement of a softmax only. `temperature` divides the logits for these too.
    most: how many of the samples that differ most are told, 0 to 1000.
    include: "per_sample" for the differences of all samples.

    Divergences, small ones too, have a relative error of a few 1e-6 where logits are float32, of a few 1e-14 where they
    are float64.
    Memory beside arrays of one number for each sample stays below 16 MiB. Raises a subclass of InvalidInput, which says
    where and why.

    >>> result = compare([[2.0, 0.5], [0.1, 1.0]], [[3.0, 0.5], [0.1, 1.5]], [0, 1])
    >>> round(result.difference.mean, 6), round(result.difference.p_value, 6), result.same_top1
    (-0.12163, 0.004677, 1.0)
    """
    first, second = as_numbers(logits, "logits"), as_numbers(other_logits, "other_logits")
    if first.shape != second.shape:
        raise WrongShape(
            "other_logits", f"have shape {list(second.shape)}; that of logits was expected, {list(first.shape)}"
        )
    if not 0 <= most <= MAX_MOST:
        raise ParameterOutOfRange("most", f"is {most}; a number from 0 to {MAX_MOST} was expected")
    for name in include:
        if name not in PER_SAMPLE:
            raise ParameterOutOfRange("include", f"holds {name!r:.80}; per_sample was expected")
    options = Options(
        weights=weights,
        loss_type=loss_type,
        pos_weight=pos_weight,
        class_weights=class_weights,
        label_smoothing=label_smoothing,
        ignore_index=ignore_index,
        axis=axis,
        from_logits=from_logits,
        reduction=reduction,
        clip=clip,
        shift=shift,
        temperature=temperature,
        gamma=gamma,
        alpha=alpha,
        q=q,
        epsilon=epsilon,
        labels_are_logits=labels_are_logits,
    )
    if labels is None:
        _refuse_without_labels(options)
        # Class indices of 0 stand in: what is computed of them is left out.
        given: ArrayLike = np.zeros(class_layout(first.shape, axis).sample_shape, np.int8)
        options = options._replace(loss_type=SPARSE_SOFTMAX_CROSS_ENTROPY.name)
    else:
        given = labels
    pair = _Pair(first, second, given, options)
    for block in pair.blocks:
        pair.add(block)
    return pair.finish(reduction, most if labels is not None else 0, labelled=labels is not None, include=include)


OF_LABELS = (
    *("weights", "pos_weight", "class_weights", "ignore_index", "shift"),
    *("gamma", "alpha", "q", "epsilon", "labels_are_logits"),
)
"""Parameters that say nothing without labels."""


def _refuse_without_labels(options: Options) -> None:
    for name in OF_LABELS:
        value, default = getattr(options, name), Options._field_defaults[name]
        if value is not default and (default is None or value != default):
            raise MissingParameter("labels", f"are absent beside {name}, which belongs to a loss")
    if options.loss_type != "auto":
        raise MissingParameter("labels", f"are absent; {options.loss_type} needs them")


class _Pair:
    """Both models' batches, computed block by block."""

    def __init__(self, first: Array, second: Array, labels: ArrayLike, options: Options) -> None:
        self.batch = prepare(first, first.shape, labels, options)
        other = prepare(second, second.shape, labels, options._replace(loss_type=self.batch.loss.name))
        self.bounds = tuple(
            batch.bind(values, from_logits=options.from_logits, wanted=KEPT)
            for batch, values in ((self.batch, first), (other, second))
        )
        self.other_batch = other
        self.layout, loss = self.bounds[0].layout, self.batch.loss
        rows = self.layout.rows
        self.is_softmax = not loss.is_elementwise
        self.totals = Totals(), Totals()
        self.losses, self.per_sample = np.zeros((2, rows)), np.zeros((2, rows))
        self.is_weighted = not self.is_softmax
        self.weights = np.ones(rows) if self.is_softmax else np.zeros(rows)
        self.hits = [0, 0]
        self.same_top = np.zeros((2, rows), bool)
        self.apart = np.zeros((3, rows))
        self.dtype = np.result_type(*(bound.dtype for bound in self.bounds))
        max_elements = BLOCK_BYTES // self.dtype.itemsize
        self.blocks = self.layout.blocks(max_elements) if self.is_softmax else self.bounds[0].blocks
        self.buffers = tile_buffers(rows if self.is_softmax else 0, self.layout.classes, self.dtype)
        self.known = self.batch.counts.known_in_rows()

    def add(self, block: Block) -> None:
        results = [self._compute(index, block) for index in (0, 1)]
        if self.is_softmax:
            self._add_rows(block, results)
        else:
            self._add_logits(block, results)

    def _compute(self, index: int, block: Block) -> BlockResult:
        batch: PreparedBatch = (self.batch, self.other_batch)[index]
        with _named(index):
            result = self.bounds[index].compute(block, None)
        weight = None if batch.weights is None else batch.weights.of(block)
        losses = result.losses if weight is None else multiply(result.losses, weight)
        share = self.layout.classes if self.known is None else self.known[block.rows]
        self.per_sample[index, block.rows] += add_losses(self.totals[index], losses, share)
        self.losses[index, block.rows] += losses if losses.ndim == 1 else row_sums(losses.astype(np.float64))
        add_weights(self.totals[index], result, weight)
        if index == 0:
            self._add_weights(block, result, weight)
        return result

    def _add_weights(self, block: Block, result: BlockResult, weight: Array | None) -> None:
        if self.is_softmax:
            if weight is not None or result.label_weights is not None:
                self.is_weighted = True
                self.weights[block.rows] = row_weights(weight, result.label_weights)
            return
        counting = self.batch.counts.logits(block)
        each = np.ones(block.shape) if weight is None else np.broadcast_to(weight, block.shape).astype(np.float64)
        each = each if counting is None else np.where(counting, each, 0)
        self.weights[block.rows] += row_sums(each)

    def _add_rows(self, block: Block, results: list[BlockResult]) -> None:
        logits, other = (bound.read(block).astype(self.dtype, copy=False) for bound in self.bounds)
        tops = [largest_classes(each, TOP) for each in (logits, other)]
        counting = self.batch.counts.rows(block)
        for index, top in enumerate(tops):
            hits = top[:, 0] == results[0].labels
            self.hits[index] += int(np.count_nonzero(hits if counting is None else hits & counting))
        self.same_top[:, block.rows] = same_largest(*tops)
        self.apart[:, block.rows] = divergences(
            logits, other, self.buffers, (self._exponentials(results[0]), self._exponentials(results[1]))
        )

    def _exponentials(self, result: BlockResult) -> Array | None:
        """Those that the losses were computed of, in the dtype of the comparison."""
        found = result.figures.get("exponentials")
        return None if found is None else found.astype(self.dtype, copy=False)

    def _add_logits(self, block: Block, results: list[BlockResult]) -> None:
        counting = self.batch.counts.logits(block)
        for index, (bound, result) in enumerate(zip(self.bounds, results, strict=True)):
            hits = (np.broadcast_to(result.labels, block.shape) > 0.5) == (bound.read(block) > 0)
            self.hits[index] += int(np.count_nonzero(hits if counting is None else hits & counting))

    def finish(self, reduction: Reduction, most: int, *, labelled: bool, include: Collection[str]) -> Comparison:
        layout, counts = self.layout, self.batch.counts
        counting = counts.rows(Block(slice(0, layout.rows), slice(0, layout.classes)))
        chosen = np.s_[:] if counting is None else counting
        first, other = self.losses[:, chosen]
        same_top, by_kind = self.same_top[:, chosen], dict(zip(KINDS, self.apart[:, chosen], strict=True))
        divergence_sums: dict[str, Any] = {
            kind: _divergence_sums(values) if self.is_softmax else None for kind, values in by_kind.items()
        }
        sums = ComparisonSums(
            samples=layout.rows,
            counted_samples=len(first),
            elements=counts.number(layout, per_row=self.is_softmax)["counted"],
            **self._loss_sums(first, other, self.weights[chosen] if self.is_weighted else None, labelled=labelled),
            same_top1=int(np.count_nonzero(same_top[0])) if self.is_softmax else None,
            same_top5=int(np.count_nonzero(same_top[1])) if self.is_softmax else None,
            **divergence_sums,
        )
        quantiles = {kind: quantiles_at(values, MARKS) for kind, values in by_kind.items()}
        reduced = [reduce(reduction, totals) if labelled else None for totals in self.totals]
        of_batch = OfBatch(self.batch.loss.name if labelled else None, reduced[0], reduced[1], quantiles)
        result = comparison_of(sums, of_batch)
        if not labelled:
            return result
        difference = self.per_sample[1] - self.per_sample[0]
        return replace(
            result,
            most_different=self._most_different(difference, counting, most),
            per_sample=difference.astype(self.dtype).reshape(layout.sample_shape) if include else None,
        )

    def _loss_sums(self, first: Array, other: Array, weights: Array | None, *, labelled: bool) -> dict[str, Any]:
        if not labelled:
            names = "first other first_hits other_hits weight difference difference_squared difference_weight"
            return dict.fromkeys((*names.split(), "weight_squared", "better"))
        difference = other - first
        paired = paired_sums(difference, weights)
        return {
            "first": exact_total(first),
            "other": exact_total(other),
            "first_hits": self.hits[0],
            "other_hits": self.hits[1],
            "weight": paired["weight"],
            "difference": paired["loss"],
            "difference_squared": paired["loss_squared"],
            "difference_weight": paired["loss_weight"],
            "weight_squared": paired["weight_squared"],
            "better": int(np.count_nonzero(difference < 0)),
        }

    def _most_different(self, difference: Array, counting: Array | None, most: int) -> tuple[Different, ...]:
        size = np.abs(difference)
        if counting is not None:
            size[~counting] = -1
        places = np.argsort(-size, kind="stable")[:most]
        return tuple(
            Different(
                self.layout.sample_position(place), float(self.per_sample[0, place]), float(self.per_sample[1, place])
            )
            for place in places.tolist()
            if size[place] >= 0
        )


def _divergence_sums(values: Array) -> DivergenceSums:
    return DivergenceSums(
        exact_total(values), exact_total(*square(values)), float(np.maximum.reduce(values, initial=-np.inf))
    )


@contextmanager
def _named(index: int) -> Iterator[None]:
    """Errors about the second logits name them."""
    try:
        yield
    except InvalidInput as error:
        if index == 1 and error.argument == "logits":
            error.argument = "other_logits"
        raise
