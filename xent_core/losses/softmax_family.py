"""The softmax family: classes that exclude each other, and a loss for each row of logits.

A loss of this family defines what it makes of rows of labels (`target`) and of probabilities, and how its loss for a
class index follows from the cross-entropy. What is shared: reading, temperature, class indices and one-hot rows,
smoothing, class weights, labels to ignore, masks, and care for what is not finite.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection
from functools import partial

import numpy as np

from xent_core.checks.arguments import class_layout
from xent_core.checks.values import (
    check_labels,
    check_logits,
    check_masked_rows,
    check_probabilities,
    check_probability_sums,
    check_scaled,
    class_indices,
)
from xent_core.compute.bound_loss import BlockResult, BoundLoss
from xent_core.compute.dtypes import computation_dtype
from xent_core.compute.layout import Array, Block, FloatType, Layout, row_sums, shaped, tile_buffer
from xent_core.compute.logsumexp import CheckBlock, index_losses, softmax_rows
from xent_core.compute.reduction import multiply
from xent_core.compute.row_figures import Figures, Moments, RowFigure, shifted_figures
from xent_core.errors import UndefinedLoss
from xent_core.labels.counts import EVERYTHING, Counts, neutral_reader
from xent_core.labels.onehot import one_hot_indices, one_hot_row, one_hot_rows
from xent_core.losses.label_shapes import check_distribution_shape, check_index_dtype, check_index_shape
from xent_core.losses.loss import Loss, Parameter, Parameters

# Bytes of logits in a block: the more temporaries of its size are made, the smaller it is.
INDEX_BLOCK = 1 << 22
LABEL_BLOCK = 1 << 21
CAREFUL_BLOCK = 1 << 19

CLASS_WEIGHTS = Parameter("class_weights", "one weight for each class: ℓ = −Σ_c w_c · y_c · log p_c")
FROM_LOGITS = Parameter(
    "from_logits",
    "false: the values are probabilities; rows are divided by their sum, then clipped to [clip, 1 − clip]",
)
LABEL_SMOOTHING = Parameter("label_smoothing", "s from 0 to 1: labels become y(1 − s) + s/C")


class SoftmaxFamily(Loss):
    """A loss of each row of logits x and its labels. p is the softmax of x.

    `target` is the labels as the formula has them: smoothed, and multiplied by the classes' weights.
    """

    is_elementwise = False

    def of_cross_entropy(self, cross_entropy: Array, parameters: Parameters) -> Array:
        """ℓ for class indices, from their cross-entropy −log p_k: float64 [rows]."""
        return cross_entropy

    def slope(self, cross_entropy: Array, parameters: Parameters) -> Array | None:
        """The derivative of `of_cross_entropy`, [rows]; None where it is 1."""
        return None

    @abstractmethod
    def target_losses(
        self, logits: Array, target: Array, parameters: Parameters, buffer: Array, check: CheckBlock
    ) -> Array:
        """ℓ for rows of labels, float64 [rows]; 0 · ∞ is 0."""

    @abstractmethod
    def target_gradient(self, logits: Array, target: Array, parameters: Parameters, out: Array) -> None:
        """∂ℓ/∂x of it into `out`."""

    @abstractmethod
    def probability_losses(self, p: Array, target: Array, parameters: Parameters) -> Array:
        """ℓ for rows of probabilities, normalised and clipped."""

    @abstractmethod
    def probability_gradient(self, p: Array, kept: Array, target: Array, parameters: Parameters, out: Array) -> None:
        """∂ℓ/∂(given) · Σ(given) into `out`, for p = given / Σ(given); `kept`: where p was not clipped."""

    def layout(self, shape: tuple[int, ...], axis: int) -> Layout:
        return class_layout(shape, axis)

    def check_labels_shape(self, labels: Array, layout: Layout) -> None:
        if self.takes_class_indices:
            check_index_shape(labels, layout)
            check_index_dtype(labels, layout)
        else:
            check_distribution_shape(labels, layout)

    def bind(
        self,
        logits: Array,
        labels: Array,
        layout: Layout,
        parameters: Parameters,
        *,
        counts: Counts = EVERYTHING,
        labels_checked: bool = False,
        wanted: Collection[RowFigure] | None = None,
    ) -> BoundLoss:
        """Labels of the samples' shape are class indices, also those that one-hot rows were found to stand for."""
        rows = _Rows(self, logits, layout, parameters, counts, wanted)
        smooth = parameters.label_smoothing
        # Logits that are divided by a temperature are copied, as those of another dtype are.
        own_dtype = logits.dtype == rows.dtype and parameters.temperature == 1
        if labels.shape == layout.sample_shape:
            plain = parameters.from_logits and not smooth
            size = (INDEX_BLOCK if own_dtype else LABEL_BLOCK) if plain else CAREFUL_BLOCK
            compute = rows.indices_computer(labels, labels_checked=labels_checked)
        else:
            plain = parameters.from_logits and not smooth and parameters.class_weights is None and own_dtype
            size = LABEL_BLOCK if plain else CAREFUL_BLOCK
            compute = rows.labels_computer(labels)
        blocks = layout.blocks(size // rows.dtype.itemsize)
        left_out = partial(rows.left_out, logits) if layout.left_out else None
        return BoundLoss(layout, rows.dtype, True, blocks, compute, rows.read_logits, left_out)


class _Rows:
    """The rows of one batch."""

    def __init__(
        self,
        loss: SoftmaxFamily,
        logits: Array,
        layout: Layout,
        parameters: Parameters,
        counts: Counts,
        wanted: Collection[RowFigure] | None,
    ) -> None:
        self.loss = loss
        self.parameters = parameters
        self.wanted = wanted
        self.figures = frozenset(wanted or ()) - {"exponentials"}
        self.dtype = computation_dtype(logits)
        self.kept = np.empty(0, self.dtype)
        self.layout = layout
        self.read_unscaled = self.read_given = layout.reader(logits, self.dtype)
        if parameters.temperature != 1 and parameters.from_logits:
            self.read_given = _divided(self.read_unscaled, parameters.temperature)
        self.read = neutral_reader(self.read_given, counts)
        self.class_weights = parameters.class_weights
        self.smoothing = parameters.label_smoothing
        self.from_logits = parameters.from_logits
        self.clip = parameters.clip
        self.ignore_index = parameters.ignore_index
        self.labels_are_logits = parameters.labels_are_logits
        self.counts = counts
        self.buffer = tile_buffer(layout, self.dtype)

    def read_logits(self, block: Block) -> Array:
        """The logits of a block; of probabilities their logarithms."""
        given = self.read(block)
        if self.from_logits:
            return given
        logits: Array = np.log(np.clip(given / row_sums(given)[:, None], self.clip, 1 - self.clip))
        return logits

    def indices_computer(self, labels: Array, *, labels_checked: bool) -> Callable[[Block, Array | None], BlockResult]:
        """What computes a block from class indices."""

        def compute(block: Block, _: Array | None) -> BlockResult:
            counting = self.counts.rows(block)
            indices = class_indices(
                labels,
                self.layout,
                block,
                counting,
                ignore_index=self.ignore_index,
                labels_checked=labels_checked,
            )
            return self.without_others(self.with_indices(block, indices), block, counting)

        return compute

    def labels_computer(self, labels: Array) -> Callable[[Block, Array | None], BlockResult]:
        """What computes a block from labels of the logits' shape."""
        read_labels = self.layout.reader(labels, labels.dtype)

        def compute(block: Block, _: Array | None) -> BlockResult:
            counting, given = self.counts.rows(block), read_labels(block)
            if counting is not None:
                given = np.where(counting[:, None], given, one_hot_row(self.layout.classes, given.dtype))
            if self.labels_are_logits:
                self.loss.check_label_rows(given, self.layout, block, self.parameters, self.dtype)
                teacher = scaled(given, self.dtype, self.parameters.temperature)
                result = self._with_target(block, teacher, None)
                if self.wanted is not None:
                    shares = np.empty_like(teacher)
                    softmax_rows(teacher, shares)
                    result = self._with_figures(result, block, given.argmax(axis=1), shares, shares)
                return self.without_others(result, block, counting)
            indices = one_hot_indices(given)
            if indices is not None:
                return self.without_others(self.with_indices(block, indices), block, counting)
            self.loss.check_label_rows(given, self.layout, block, self.parameters, self.dtype)
            target = given.astype(self.dtype, copy=False)

            def check() -> None:
                if not (self.from_logits and np.isfinite(row_sums(target)).all()):
                    counted = None if counting is None else counting[:, None]
                    check_labels(labels, self.layout, block, self.dtype, counted)

            # A cross-entropy of logits is not finite where a label is not, and has them checked.
            if not (self.from_logits and self.loss.is_cross_entropy):
                check()
            return self.without_others(self.with_labels(block, target, check), block, counting)

        return compute

    def without_others(self, result: BlockResult, block: Block, counting: Array | None) -> BlockResult:
        """The result with losses and gradients of 0 in the rows that do not count."""
        if counting is None:
            return result
        others = ~counting
        result.losses[others] = 0
        if result.label_weights is not None:
            result.label_weights[others] = 0
        if result.figures:
            self._mend_others(result.figures, block, others)

        def gradient(out: Array) -> None:
            result.gradient(out)
            out[others] = 0

        def probabilities(out: Array) -> None:
            result.probabilities(out)
            out[others] = self.unchecked_probabilities(self.read_given(block)[others])

        known = self.counts.known(block)
        return result._replace(
            gradient=gradient, probabilities=probabilities, ignored=None if known is None else ~known
        )

    def unchecked_probabilities(self, given: Array) -> Array:
        """Of logits, divided by the temperature, or probabilities that may be unsound; 0 in place of NaN."""
        if self.from_logits:
            found = np.empty_like(given)
            softmax_rows(given, found)
        else:
            found = given / row_sums(given)[:, None]
        return np.where(np.isfinite(found), found, 0)

    def left_out(self, logits: Array, probabilities: Array) -> None:
        """Write the probabilities of the last of each sequence."""
        classes, length = self.layout.classes, self.layout.shape[-2]
        rest = np.s_[:, length - self.layout.left_out :]
        given = logits.reshape(-1, length, classes)[rest].reshape(-1, classes).astype(self.dtype)
        if self.from_logits:
            given /= self.dtype.type(self.parameters.temperature)
        view = probabilities.reshape(-1, length, classes)[rest]
        view[...] = self.unchecked_probabilities(given).reshape(view.shape)

    def _mend_others(self, figures: Figures, block: Block, others: Array) -> None:
        """Figures of rows that do not count: those of their logits as given, 0 where these are unsound. No label has a
        rank or a margin there.
        """
        given = self.read_given(block)[others]
        if not self.from_logits:
            given = np.log(given)
        unsound = ~(given < np.inf).all(axis=1)
        found = shifted_figures(given, np.zeros(len(given), np.intp), self.figures)
        for name, values in found.items():
            values[unsound] = 0
            figures[name][others] = {"label_rank": -1, "top_rank": -1, "margin": 0}.get(name, values)

    def with_indices(self, block: Block, indices: Array) -> BlockResult:
        label_weights = None if self.class_weights is None else self.class_weights[indices]
        if self.smoothing or not self.from_logits:
            one_hot = np.zeros(block.shape, self.dtype)
            one_hot[np.arange(len(indices)), indices] = 1
            target = self._target(one_hot)
            return self._with_figures(self._with_target(block, target, label_weights), block, indices, target)
        return self._with_hard_indices(block, indices, label_weights)

    def _room(self, block: Block) -> Array | None:
        """What exponentials are kept in, where they are wanted."""
        if self.wanted is None or "exponentials" not in self.wanted:
            return None
        rows, columns = block.shape
        if self.kept.size < rows * columns:
            self.kept = np.empty(rows * columns, self.dtype)
        return shaped(self.kept, block.shape)

    def _with_figures(
        self, result: BlockResult, block: Block, indices: Array, target: Array, soft: Array | None = None
    ) -> BlockResult:
        if self.wanted is None:
            return result
        figures = shifted_figures(self.read_logits(block), indices, self.figures) if self.figures else {}
        return result._replace(labels=indices, soft=soft, target=target, figures=figures)

    def with_labels(self, block: Block, labels: Array, check: CheckBlock) -> BlockResult:
        label_weights = None if self.class_weights is None else np.vecdot(labels, self.class_weights)
        target = self._target(labels)
        result = self._with_target(block, target, label_weights, check)
        if self.wanted is not None:
            result = self._with_figures(result, block, labels.argmax(axis=1), target, labels)
        if self.from_logits and not self.smoothing:
            one_hot, indices = one_hot_rows(labels)
            if len(one_hot):
                found = self.read(block)[one_hot]
                moments = None if self.wanted is None else Moments(len(indices), self.wanted)
                of_rows = index_losses(found, indices, self.buffer, lambda: None, moments)
                if moments is not None:
                    for name, values in moments.figures(found, indices, of_rows).items():
                        result.figures[name][one_hot] = values
                losses = self.loss.of_cross_entropy(of_rows, self.parameters)
                result.losses[one_hot] = losses if label_weights is None else multiply(losses, label_weights[one_hot])
        return result

    def _with_hard_indices(self, block: Block, indices: Array, label_weights: Array | None) -> BlockResult:
        logits = self.read(block)
        moments = None if self.wanted is None else Moments(len(indices), self.wanted, self._room(block))
        cross_entropy = index_losses(logits, indices, self.buffer, lambda: self._check(logits, block), moments)
        figures: Figures = {} if moments is None else moments.figures(logits, indices, cross_entropy)
        losses = cross_entropy
        if not self.loss.is_cross_entropy:
            losses = self.loss.of_cross_entropy(cross_entropy, self.parameters)

        def gradient(out: Array) -> None:
            _cross_entropy_gradient(logits, indices, out)
            slope = self.loss.slope(cross_entropy, self.parameters)
            for factor in (slope, label_weights):
                if factor is not None:
                    out *= factor[:, None].astype(out.dtype, copy=False)
            self._divide(out)

        return BlockResult(
            losses if label_weights is None else multiply(losses, label_weights),
            gradient,
            partial(softmax_rows, logits),
            label_weights,
            labels=indices,
            figures=figures,
        )

    def _with_target(
        self, block: Block, target: Array, label_weights: Array | None, check_labels: CheckBlock | None = None
    ) -> BlockResult:
        logits = self.read(block)
        if not self.from_logits:
            return self._with_probabilities(block, logits, target, label_weights)

        def check() -> None:
            if check_labels is not None:
                check_labels()
            self._check(logits, block)

        losses = self.loss.target_losses(logits, target, self.parameters, self.buffer, check)
        if np.isnan(losses).any():
            self._refuse_nan(losses, block)

        def gradient(out: Array) -> None:
            self.loss.target_gradient(logits, target, self.parameters, out)
            self._divide(out)

        return BlockResult(losses, gradient, partial(softmax_rows, logits), label_weights)

    def _divide(self, gradient: Array) -> None:
        """By the chain rule, as logits were divided by the temperature."""
        if self.parameters.temperature != 1:
            gradient /= self.parameters.temperature

    def _with_probabilities(
        self, block: Block, given: Array, target: Array, label_weights: Array | None
    ) -> BlockResult:
        """Rows divided by their sum, then clipped, as Keras has it."""
        check_probabilities(given, self.layout, block)
        sums = row_sums(given)
        check_probability_sums(sums, self.layout, block)
        normalised = given / sums[:, None]
        clipped = np.clip(normalised, self.clip, 1 - self.clip)
        losses = self.loss.probability_losses(clipped, target, self.parameters)
        if np.isnan(losses).any():
            self._refuse_nan(losses, block)

        def gradient(out: Array) -> None:
            self.loss.probability_gradient(clipped, normalised == clipped, target, self.parameters, out)
            out /= sums[:, None]

        def probabilities(out: Array) -> None:
            out[...] = normalised

        return BlockResult(losses, gradient, probabilities, label_weights)

    def _refuse_nan(self, losses: Array, block: Block) -> None:
        """NaN is where +inf was added to −inf."""
        position = self.layout.sample_position(block.rows.start + int(np.isnan(losses).argmax()))
        raise UndefinedLoss(
            "labels",
            "of this row stand at masked classes with both signs: its loss is Infinity - Infinity",
            position,
        )

    def _target(self, labels: Array) -> Array:
        target = labels
        if self.smoothing:
            target = labels * (1 - self.smoothing) + self.smoothing / self.layout.classes
        return target if self.class_weights is None else target * self.class_weights

    def _check(self, logits: Array, block: Block) -> None:
        if self.parameters.temperature != 1:
            check_scaled(self.read_unscaled(block), logits, self.layout, block)
        check_logits(logits, self.layout, block)
        check_masked_rows(logits.max(axis=1) == -np.inf, self.layout, block)


def scaled(logits: Array, dtype: FloatType, temperature: float) -> Array:
    """Logits in `dtype`, divided by the temperature."""
    divided: Array = logits.astype(dtype, copy=False) / dtype.type(temperature)
    return divided


def _divided(read: Callable[[Block], Array], temperature: float) -> Callable[[Block], Array]:
    """Reads blocks of logits, divided by the temperature."""

    def read_divided(block: Block) -> Array:
        logits = read(block)
        return scaled(logits, logits.dtype, temperature)

    return read_divided


def _cross_entropy_gradient(logits: Array, indices: Array, out: Array) -> None:
    """p_c − [c = k] into `out`; at the label −Σ_{c≠k} p_c, which keeps its digits where p_k rounds to 1."""
    softmax_rows(logits, out)
    at_labels = (np.arange(len(indices)), indices)
    out[at_labels] = 0
    out[at_labels] = -row_sums(out)
