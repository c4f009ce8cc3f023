"""One pass over a batch: every block is computed, weighted and added up, and what is asked for is kept."""

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from xent_core.checks.weights import Weights
from xent_core.compute.bound_loss import BlockResult, BoundLoss, gradient_of
from xent_core.compute.layout import Array, Block, row_sums
from xent_core.compute.reduction import Totals, multiply
from xent_core.errors import UndefinedLoss
from xent_core.labels.counts import EVERYTHING, Counts
from xent_core.results import Output


class Accumulated(NamedTuple):
    """The weighted losses of a batch, their sums, and what was asked for; the gradient is that of the sum."""

    per_sample: Array
    totals: Totals
    elements: Array | None
    gradient: Array | None
    probabilities: Array | None


class Collector(Protocol):
    """Takes from each block what further outputs are made of. `losses` are weighted."""

    def add(self, block: Block, result: BlockResult, losses: Array, weight: Array | None, /) -> None: ...


def accumulate(
    bound: BoundLoss,
    weights: Weights | None,
    include: Collection[Output],
    counts: Counts = EVERYTHING,
    collectors: Sequence[Collector] = (),
) -> Accumulated:
    """Compute every block once. Raises UndefinedLoss and what the loss raises for values that are not sound."""
    layout, blocks = bound.layout, bound.blocks
    totals = Totals()
    known = counts.known_in_rows()
    per_sample = np.zeros(layout.rows if len(blocks) > 1 else 0, bound.dtype)
    elements = np.empty(bound.element_shape, bound.dtype) if "elements" in include else None
    # Logits that are no rows of the layout have the gradient 0.
    allocate = np.zeros if layout.left_out else np.empty
    gradient = allocate(layout.shape, bound.dtype) if "gradient" in include else None
    probabilities = np.empty(layout.shape, bound.dtype) if "probabilities" in include else None
    for block in blocks:
        result = bound.compute(block, None)
        weight = None if weights is None else weights.of(block)
        losses = result.losses if weight is None else multiply(result.losses, weight)
        share = layout.classes if known is None else known[block.rows]
        if len(blocks) > 1:
            per_sample[block.rows] += add_losses(totals, losses, share)
        else:
            per_sample = add_losses(totals, losses, share).astype(bound.dtype, copy=False)
        add_weights(totals, result, weight)
        for collector in collectors:
            collector.add(block, result, losses, weight)
        if elements is not None:
            place = bound.place(elements, block)
            place[...] = losses.reshape(place.shape)
        if gradient is not None:
            layout.write(gradient, block, _weighted_gradient(result, block, weight, bound))
        if probabilities is not None:
            matrix = np.empty(block.shape, bound.dtype)
            result.probabilities(matrix)
            layout.write(probabilities, block, matrix)
    if probabilities is not None and bound.left_out is not None:
        bound.left_out(probabilities)
    if math.isnan(totals.loss) and np.isnan(per_sample).any():
        raise UndefinedLoss("labels", "lead to a sample with losses of both Infinity and -Infinity")
    return Accumulated(per_sample.reshape(layout.sample_shape), totals, elements, gradient, probabilities)


def add_losses(totals: Totals, losses: Array, share: Array | int) -> Array:
    """Add a block's weighted losses to the totals; what is of each sample, whose loss is the mean over `share`."""
    if losses.ndim == 1:
        totals.loss += float(np.add.reduce(losses, dtype=np.float64))
        return losses
    sums = row_sums(losses.astype(np.float64, copy=False))
    totals.loss += float(sums.sum())
    return sums / share


def add_weights(totals: Totals, result: BlockResult, weight: Array | None) -> None:
    """Add a block to the denominators: v = w · Σ_c w_c · y_c, and 0 where the label is ignored."""
    size = result.losses.size
    totals.elements += size if result.ignored is None else size - int(np.count_nonzero(result.ignored))
    if weight is None and result.ignored is None and result.label_weights is None:
        totals.weight += size
        totals.nonzero += size
        return
    v = np.float64(1) if weight is None else weight.astype(np.float64)
    if result.label_weights is not None:
        v = v * result.label_weights
    if result.ignored is not None:
        v = v * ~result.ignored
    each = size // v.size
    totals.weight += float(v.sum()) * each
    totals.nonzero += int(np.count_nonzero(v)) * each


def _weighted_gradient(result: BlockResult, block: Block, weight: Array | None, bound: BoundLoss) -> Array:
    matrix = gradient_of(result, block, bound.dtype)
    if weight is None:
        return matrix
    return multiply(matrix, weight[:, None] if bound.per_row and weight.ndim else weight)


def scale(gradient: Array, denominator: float) -> None:
    """Divide by the reduction's denominator; the gradient of a value that is 0 because of it is 0."""
    if denominator == 0:
        gradient.fill(0)
    elif denominator != 1:
        np.divide(gradient, np.float64(denominator), out=gradient, casting="same_kind")
