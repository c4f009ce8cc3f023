"""The arithmetic below `softmax.py`: rows of logits and their labels, block by block, to losses and gradients."""

from collections.abc import Callable

import numpy as np

from xent_core import arrays
from xent_core.batch import Batch, Piece
from xent_core.blocks import Array, Block, Layout, row_sums, tile_buffer
from xent_core.errors import UndefinedLoss
from xent_core.logsumexp import distribution_losses, index_losses, softmax_rows
from xent_core.onehot import one_hot_indices, one_hot_rows

CLIP = 1e-7
# Bytes of logits in a block: the more temporaries of its size are made, the smaller it is.
INDEX_BLOCK = 1 << 22
LABEL_BLOCK = 1 << 21
CAREFUL_BLOCK = 1 << 19


def bind_softmax(
    logits: Array,
    labels: Array,
    layout: Layout,
    *,
    class_weights: Array | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
    excused: Callable[[Block], Array] | None = None,
) -> Batch:
    """softmax_cross_entropy of checked arguments; `excused` tells which rows of a block may be masked whole."""
    rows = _SoftmaxRows(logits, layout, class_weights, label_smoothing, from_logits, excused)
    read_labels = layout.reader(arrays.distribution_labels(labels, layout), labels.dtype)

    def compute(block: Block, _: Array | None) -> Piece:
        given = read_labels(block)
        indices = one_hot_indices(given)
        if indices is None:
            target = given.astype(rows.dtype, copy=False)
            if not (from_logits and np.isfinite(row_sums(target)).all()):
                arrays.judge_labels(labels, layout, block, rows.dtype)
            return rows.with_labels(block, target)
        return rows.with_indices(block, indices, ignored=None)

    plain = from_logits and not label_smoothing and class_weights is None and logits.dtype == rows.dtype
    size = LABEL_BLOCK if plain else CAREFUL_BLOCK
    return Batch(layout, rows.dtype, True, layout.blocks(size // rows.dtype.itemsize), compute)


def bind_sparse_softmax(
    logits: Array,
    labels: Array,
    layout: Layout,
    *,
    class_weights: Array | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    excused: Callable[[Block], Array] | None = None,
    judged: bool = False,
) -> Batch:
    """sparse_softmax_cross_entropy of checked arguments; `excused` tells which rows of a block may be masked whole.

    judged: the labels' values were found sound already.
    """
    rows = _SoftmaxRows(logits, layout, class_weights, label_smoothing, from_logits, excused)
    labels = arrays.index_labels(labels, layout)

    def compute(block: Block, _: Array | None) -> Piece:
        indices, ignored = arrays.class_indices(labels, ignore_index, layout, block, judged=judged)
        return rows.with_indices(block, indices, ignored)

    plain = from_logits and not label_smoothing
    size = (INDEX_BLOCK if logits.dtype == rows.dtype else LABEL_BLOCK) if plain else CAREFUL_BLOCK
    return Batch(layout, rows.dtype, True, layout.blocks(size // rows.dtype.itemsize), compute)


class _SoftmaxRows:
    """The logits' side of a softmax batch, and its parameters: given a block's labels, it computes the block."""

    def __init__(
        self,
        logits: Array,
        layout: Layout,
        class_weights: Array | None,
        label_smoothing: float,
        from_logits: bool,
        excused: Callable[[Block], Array] | None,
    ) -> None:
        self.dtype = arrays.computation_dtype(logits)
        self.layout = layout
        self.read = layout.reader(logits, self.dtype)
        self.class_weights = class_weights
        self.smoothing = label_smoothing
        self.from_logits = from_logits
        self.excused = excused
        self.buffer = tile_buffer(layout, self.dtype)

    def with_indices(self, block: Block, indices: Array, ignored: Array | None) -> Piece:
        label_weights = None if self.class_weights is None else self.class_weights[indices]
        if ignored is not None and label_weights is not None:
            label_weights[ignored] = 0
        if self.smoothing or not self.from_logits:
            one_hot = np.zeros(block.shape, self.dtype)
            one_hot[np.arange(len(indices)), indices] = 1
            piece = self._with_target(block, self._target(one_hot), ignored, label_weights)
        else:
            piece = self._with_hard_indices(block, indices, ignored, label_weights)
        return piece if ignored is None else _without(piece, ignored)

    def with_labels(self, block: Block, labels: Array) -> Piece:
        label_weights = None if self.class_weights is None else labels @ self.class_weights
        piece = self._with_target(block, self._target(labels), None, label_weights)
        if self.from_logits and not self.smoothing:
            one_hot, indices = one_hot_rows(labels)
            if len(one_hot):
                losses = index_losses(self.read(block)[one_hot], indices, self.buffer, judge=lambda: None)
                piece.losses[one_hot] = _weigh(losses, None if label_weights is None else label_weights[one_hot])
        return piece

    def _with_hard_indices(
        self, block: Block, indices: Array, ignored: Array | None, label_weights: Array | None
    ) -> Piece:
        logits = self.read(block)
        losses = index_losses(logits, indices, self.buffer, lambda: self._judge(logits, block, ignored))

        def gradient(out: Array) -> None:
            softmax_rows(logits, out)
            at_labels = (np.arange(len(indices)), indices)
            out[at_labels] = 0
            out[at_labels] = -row_sums(out)
            if label_weights is not None:
                out *= label_weights[:, None]

        return Piece(
            _weigh(losses, label_weights),
            gradient,
            lambda out: softmax_rows(logits, out),
            label_weights,
            ignored,
        )

    def _with_target(self, block: Block, target: Array, ignored: Array | None, label_weights: Array | None) -> Piece:
        logits = self.read(block)
        if not self.from_logits:
            return self._with_probabilities(block, logits, target, ignored, label_weights)
        losses = distribution_losses(logits, target, self.buffer, lambda: self._judge(logits, block, ignored))
        if np.isnan(losses).any():
            self._settle_nan(losses, block, ignored)

        def gradient(out: Array) -> None:
            softmax_rows(logits, out)
            out *= row_sums(target)[:, None]
            out -= target

        return Piece(losses, gradient, lambda out: softmax_rows(logits, out), label_weights, ignored)

    def _with_probabilities(
        self, block: Block, given: Array, target: Array, ignored: Array | None, label_weights: Array | None
    ) -> Piece:
        """ℓ = −Σ_c y_c log clip(p_c / Σp), as Keras has it."""
        arrays.judge_probabilities(given, self.layout, block)
        sums = row_sums(given)
        arrays.judge_probability_sums(sums, self.layout, block)
        normalised = given / sums[:, None]
        clipped = np.clip(normalised, CLIP, 1 - CLIP)
        losses = 0 - row_sums(target * np.log(clipped))
        if np.isnan(losses).any():
            self._settle_nan(losses, block, ignored)

        def gradient(out: Array) -> None:
            np.multiply(target, normalised == clipped, out=out)
            mass = row_sums(out)
            out /= clipped
            np.subtract(mass[:, None], out, out=out)
            out /= sums[:, None]

        def probabilities(out: Array) -> None:
            out[...] = normalised

        return Piece(losses, gradient, probabilities, label_weights, ignored)

    def _settle_nan(self, losses: Array, block: Block, ignored: Array | None) -> None:
        """NaN is 0 in the rows that may be masked whole; elsewhere +inf was added to −inf."""
        undefined = np.isnan(losses)
        losses[undefined] = 0
        self._excuse(undefined, block, ignored)
        if undefined.any():
            position = self.layout.sample_position(block.rows.start + int(undefined.argmax()))
            raise UndefinedLoss(
                "labels",
                "of this row stand at masked classes with both signs: its loss is Infinity - Infinity",
                position,
            )

    def _target(self, labels: Array) -> Array:
        """The labels as the formula has them: smoothed, and multiplied by the classes' weights."""
        target = labels
        if self.smoothing:
            target = labels * (1 - self.smoothing) + self.smoothing / self.layout.classes
        return target if self.class_weights is None else target * self.class_weights

    def _judge(self, logits: Array, block: Block, ignored: Array | None) -> None:
        arrays.judge_logits(logits, self.layout, block)
        masked = np.logical_and.reduce(np.isneginf(logits), axis=1)
        self._excuse(masked, block, ignored)
        arrays.judge_masked_rows(masked, self.layout, block)

    def _excuse(self, rows: Array, block: Block, ignored: Array | None) -> None:
        """Take the rows that may be masked whole out of those marked."""
        if ignored is not None:
            rows &= ~ignored
        if self.excused is not None:
            rows &= ~self.excused(block)


def _weigh(losses: Array, weights: Array | None) -> Array:
    """Their product, where 0 · ∞ is 0."""
    if weights is None:
        return losses
    return np.where(weights == 0, 0, losses * weights)


def _without(piece: Piece, ignored: Array) -> Piece:
    """The piece with losses and gradients of 0 in the ignored rows."""
    piece.losses[ignored] = 0

    def gradient(out: Array) -> None:
        piece.gradient(out)
        out[ignored] = 0

    return piece._replace(gradient=gradient)
