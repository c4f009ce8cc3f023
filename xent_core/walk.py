"""One pass through a batch: every block is computed, weighted and added up, and what is asked for is kept."""

import math
from collections.abc import Collection
from typing import Literal, NamedTuple

import numpy as np

from xent_core.batch import Batch, Piece, gradient_of
from xent_core.blocks import Array, Block, row_sums
from xent_core.errors import UndefinedLoss
from xent_core.reduction import Totals
from xent_core.weighting import Weights, multiply

Output = Literal["elements", "gradient", "probabilities"]


class Walked(NamedTuple):
    per_sample: Array
    totals: Totals
    elements: Array | None
    gradient: Array | None
    probabilities: Array | None


def walk(batch: Batch, weights: Weights | None, include: Collection[Output]) -> Walked:
    """Compute every block once, and keep of it what is asked for; the gradient is that of the sum."""
    layout = batch.layout
    totals = Totals()
    per_sample = np.zeros(layout.rows if len(batch.blocks) > 1 else 0, batch.dtype)
    elements = np.empty(batch.element_shape, batch.dtype) if "elements" in include else None
    gradient = np.empty(layout.shape, batch.dtype) if "gradient" in include else None
    probabilities = np.empty(layout.shape, batch.dtype) if "probabilities" in include else None
    for block in batch.blocks:
        piece = batch.compute(block, None)
        weight = None if weights is None else weights.of(block)
        losses = piece.losses if weight is None else multiply(piece.losses, weight)
        if len(batch.blocks) > 1:
            per_sample[block.rows] += _add_losses(totals, losses, layout.classes)
        else:
            per_sample = _add_losses(totals, losses, layout.classes).astype(batch.dtype, copy=False)
        _add_weights(totals, piece, weight)
        if elements is not None:
            place = batch.place(elements, block)
            place[...] = losses.reshape(place.shape)
        if gradient is not None:
            layout.write(gradient, block, _weighted_gradient(piece, block, weight, batch))
        if probabilities is not None:
            matrix = np.empty(block.shape, batch.dtype)
            piece.probabilities(matrix)
            layout.write(probabilities, block, matrix)
    if math.isnan(totals.loss) and np.isnan(per_sample).any():
        raise UndefinedLoss("labels", "lead to a sample with losses of both Infinity and -Infinity")
    return Walked(per_sample.reshape(layout.sample_shape), totals, elements, gradient, probabilities)


def _add_losses(totals: Totals, losses: Array, classes: int) -> Array:
    """Add a block's weighted losses to the totals; its share in each sample's loss."""
    if losses.ndim == 1:
        totals.loss += float(np.add.reduce(losses, dtype=np.float64))
        return losses
    sums = row_sums(losses.astype(np.float64, copy=False))
    totals.loss += float(sums.sum())
    return sums / classes


def _add_weights(totals: Totals, piece: Piece, weight: Array | None) -> None:
    """Add a block to the denominators: v = w · Σ_c w_c · y_c, and 0 where the label is ignored."""
    size = piece.losses.size
    totals.elements += size if piece.ignored is None else size - int(np.count_nonzero(piece.ignored))
    if weight is None and piece.ignored is None and piece.label_weights is None:
        totals.weight += size
        totals.nonzero += size
        return
    v = np.float64(1) if weight is None else weight.astype(np.float64)
    if piece.label_weights is not None:
        v = v * piece.label_weights
    if piece.ignored is not None:
        v = v * ~piece.ignored
    each = size // v.size
    totals.weight += float(v.sum()) * each
    totals.nonzero += int(np.count_nonzero(v)) * each


def _weighted_gradient(piece: Piece, block: Block, weight: Array | None, batch: Batch) -> Array:
    matrix = gradient_of(piece, block, batch.dtype)
    if weight is None:
        return matrix
    return multiply(matrix, weight[:, None] if batch.per_row and weight.ndim else weight)


def scale(gradient: Array, below: float) -> None:
    """Divide by the reduction's denominator; the gradient of a value that is 0 because of it is 0."""
    if below == 0:
        gradient.fill(0)
    elif below != 1:
        np.divide(gradient, np.float64(below), out=gradient, casting="same_kind")


def mean_loss(totals: Totals) -> float:
    return totals.loss / totals.elements if totals.elements else 0.0
