"""One loss bound to one checked batch: its result, block by block."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from xent_core.compute.layout import Array, Block, FloatType, Layout
from xent_core.compute.row_figures import Figures
from xent_core.errors import UndefinedLoss

NOTHING: Array = np.empty(0)


class BlockResult(NamedTuple):
    """The losses of one block, before weights. Its arrays are good until the next block is computed.

    losses         [rows] with softmax losses, [rows, columns] with sigmoid losses
    gradient       writes d(loss)/d(logits as given) into a matrix [rows, columns]
    probabilities  writes softmax or sigmoid of the logits into one
    label_weights  Σ_c w_c · y_c of each row, y before smoothing; None without class weights
    ignored        the rows whose label is ignored; None where no label is

    Where figures are wanted:

    labels         softmax: the class of each row, [rows]; sigmoid: the labels before smoothing
    soft           softmax: the rows of labels, where they are no class indices
    target         softmax: the labels as the formula has them, where they are not class indices as they are
    figures        softmax: what is wanted of the rows
    """

    losses: Array
    gradient: Callable[[Array], None]
    probabilities: Callable[[Array], None]
    label_weights: Array | None = None
    ignored: Array | None = None
    labels: Array = NOTHING
    soft: Array | None = None
    target: Array | None = None
    figures: Figures = {}  # noqa: RUF012  never written to


class BoundLoss(NamedTuple):
    """A loss with its arguments. `compute` takes a block, and an array that its losses may be written to; `read` gives
    the logits of one, those of the probabilities where such were given. `left_out` writes the probabilities of logits
    that are no rows of the layout into an array of all; None where there are none.
    """

    layout: Layout
    dtype: FloatType
    per_row: bool
    blocks: tuple[Block, ...]
    compute: Callable[[Block, Array | None], BlockResult]
    read: Callable[[Block], Array]
    left_out: Callable[[Array], None] | None = None

    @property
    def element_shape(self) -> tuple[int, ...]:
        return self.layout.sample_shape if self.per_row else self.layout.shape

    def place(self, elements: Array, block: Block) -> Array:
        """A block's losses in an array of the elements' shape, as a view that they can be reshaped to."""
        return elements.reshape(-1)[block.rows] if self.per_row else self.layout.view(elements, block)


def all_losses(bound: BoundLoss) -> Array:
    """Every loss of the batch, in the elements' shape."""
    elements = np.empty(bound.element_shape, bound.dtype)
    with np.errstate(all="ignore"):
        for block in bound.blocks:
            place = bound.place(elements, block)
            out = place.reshape(block.shape) if place.flags.c_contiguous and not bound.per_row else None
            losses = bound.compute(block, out).losses
            if losses is not out:
                place[...] = losses.reshape(place.shape)
    return elements


def all_gradients(bound: BoundLoss) -> Array:
    """d(each loss)/d(its logits), in the logits' shape."""
    gradients = np.empty(bound.layout.shape, bound.dtype)
    with np.errstate(all="ignore"):
        for block in bound.blocks:
            bound.layout.write(gradients, block, gradient_of(bound.compute(block, None), block, bound.dtype))
    return gradients


def gradient_of(result: BlockResult, block: Block, dtype: FloatType) -> Array:
    """d(loss)/d(logits) of a block. Raises UndefinedLoss where it is infinite with both signs."""
    matrix = np.empty(block.shape, dtype)
    result.gradient(matrix)
    if np.isnan(matrix).any():
        raise UndefinedLoss("labels", "and weights are so large that the gradient is Infinity - Infinity")
    return matrix
