"""One loss bound to one checked batch: what `softmax.py` and `sigmoid.py` make, and `evaluate.py` walks through."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from xent_core.blocks import Array, Block, FloatType, Layout
from xent_core.errors import UndefinedLoss


class Piece(NamedTuple):
    """What one block of a batch comes to, before weights. Its arrays are good until the next block is computed.

    losses         [rows] with softmax losses, [rows, columns] with sigmoid losses
    gradient       writes d(loss)/d(logits as given) into a matrix [rows, columns]
    probabilities  writes softmax or sigmoid of the logits into one
    label_weights  Σ_c w_c · y_c of each row, y before smoothing; None where there are no class weights
    ignored        the rows whose label is ignored; None where there is none
    """

    losses: Array
    gradient: Callable[[Array], None]
    probabilities: Callable[[Array], None]
    label_weights: Array | None = None
    ignored: Array | None = None


class Batch(NamedTuple):
    """`compute` takes a block, and a place where its losses may be written if that saves copying them."""

    layout: Layout
    dtype: FloatType
    per_row: bool
    blocks: tuple[Block, ...]
    compute: Callable[[Block, Array | None], Piece]

    @property
    def element_shape(self) -> tuple[int, ...]:
        return self.layout.sample_shape if self.per_row else self.layout.shape

    def place(self, elements: Array, block: Block) -> Array:
        """The place of a block's losses in an array of the elements' shape, as a view of the losses' shape or one
        that they can be reshaped to.
        """
        return elements.reshape(-1)[block.rows] if self.per_row else self.layout.cut(elements, block)


def all_losses(batch: Batch) -> Array:
    """Every loss of the batch, in the elements' shape."""
    elements = np.empty(batch.element_shape, batch.dtype)
    with np.errstate(all="ignore"):
        for block in batch.blocks:
            place = batch.place(elements, block)
            out = place.reshape(block.shape) if place.flags.c_contiguous and not batch.per_row else None
            losses = batch.compute(block, out).losses
            if losses is not out:
                place[...] = losses.reshape(place.shape)
    return elements


def all_gradients(batch: Batch) -> Array:
    """d(each loss)/d(its logits), in the logits' shape."""
    gradients = np.empty(batch.layout.shape, batch.dtype)
    with np.errstate(all="ignore"):
        for block in batch.blocks:
            batch.layout.write(gradients, block, gradient_of(batch.compute(block, None), block, batch.dtype))
    return gradients


def gradient_of(piece: Piece, block: Block, dtype: FloatType) -> Array:
    """d(loss)/d(logits) of a block. Raises UndefinedLoss where it is infinite with both signs."""
    matrix = np.empty(block.shape, dtype)
    piece.gradient(matrix)
    if np.isnan(matrix).any():
        raise UndefinedLoss("labels", "and weights are so large that the gradient is Infinity - Infinity")
    return matrix
