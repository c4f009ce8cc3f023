"""The sigmoid family: every logit answers a yes/no question of its own, and has a loss of its own.

A loss of this family defines `losses` and `gradient` of a block. What is shared: reading, smoothing, probabilities in
place of logits, and care for what is not finite.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection
from functools import partial
from typing import ClassVar

import numpy as np

from xent_core.checks.arguments import check_finite, element_layout
from xent_core.checks.values import check_labels, check_logits, check_probabilities
from xent_core.compute.bound_loss import BlockResult, BoundLoss
from xent_core.compute.dtypes import computation_dtype
from xent_core.compute.elementary import exp, log1p
from xent_core.compute.layout import Array, Block, FloatType, Layout, shaped, tile_buffer
from xent_core.compute.logsumexp import log1p_exp, sigmoid
from xent_core.compute.row_figures import RowFigure
from xent_core.errors import UndefinedLoss
from xent_core.labels.counts import EVERYTHING, Counts, neutral_reader
from xent_core.losses.label_shapes import check_element_shape
from xent_core.losses.loss import Loss, Parameter, Parameters

FROM_LOGITS = Parameter("from_logits", "false: the values are probabilities, clipped to [clip, 1 − clip]")
LABEL_SMOOTHING = Parameter("label_smoothing", "s from 0 to 1: labels become y(1 − s) + s/2")

Terms = Callable[[], tuple[Array, Array, Array]]
"""log(1 + exp(−|x|)), max(x, 0) and exp(−|x|) of a block, all of the block's shape. All may be written to, and the
losses into the first.
"""


class SigmoidFamily(Loss):
    """A loss of each logit x and its label z, smoothed. z and pos_weight broadcast to x, which is [rows, columns]."""

    is_elementwise = True
    undefined: ClassVar[str] = "is so large that the loss is Infinity - Infinity"
    """What is to be said of a label whose loss is undefined."""

    @abstractmethod
    def losses(self, x: Array, z: Array, parameters: Parameters, terms: Terms) -> Array:
        """ℓ in the dtype of x. What is not finite is computed again by `careful_losses`."""

    @abstractmethod
    def gradient(self, x: Array, z: Array, parameters: Parameters, out: Array) -> None:
        """∂ℓ/∂x into `out`."""

    def careful_losses(self, x: Array, z: Array, parameters: Parameters) -> Array:
        """ℓ in float64, for any x but NaN and +inf; 0 · ∞ is 0. x, z and pos_weight have one shape."""
        x, z = x.astype(np.float64), z.astype(np.float64)

        def terms() -> tuple[Array, Array, Array]:
            exponentials = exp(-np.abs(x))
            return log1p(exponentials), np.maximum(x, 0), exponentials

        return self.losses(x, z, parameters, terms)

    def probability_losses(self, p: Array, z: Array, parameters: Parameters) -> Array:
        """ℓ for probabilities that were clipped, by their logits."""
        return self.careful_losses(_logit(p), z, parameters)

    def probability_gradient(self, p: Array, z: Array, parameters: Parameters) -> Array:
        """∂ℓ/∂p, by the chain rule."""
        by_logit = np.empty_like(p)
        self.gradient(_logit(p), z, parameters, by_logit)
        by_probability: Array = by_logit / (p * (1 - p))
        return by_probability

    def layout(self, shape: tuple[int, ...], axis: int) -> Layout:
        return element_layout(shape, axis)

    def check_labels_shape(self, labels: Array, layout: Layout) -> None:
        check_element_shape(labels, layout)

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
        dtype = computation_dtype(logits)
        read_given = layout.reader(logits, dtype)
        read_logits = neutral_reader(read_given, counts)
        read_labels = _label_reader(labels, layout, dtype)
        room = _Room(layout, dtype)
        smoothing, by_class = parameters.label_smoothing, parameters.pos_weight
        if by_class is not None and not by_class.ndim:
            by_class = None

        def check_given_labels(block: Block) -> None:
            if labels.ndim:
                check_labels(labels, layout, block, dtype, counts.logits(block))

        def compute(block: Block, out: Array | None) -> BlockResult:
            counting = counts.logits(block)
            if counting is None:
                return compute_all(block, out, read_labels(block))
            result = compute_all(block, out, np.where(counting, read_labels(block), dtype.type(0)))
            return _without(result, ~counting, read_given, block, parameters, counts.known(block))

        def compute_all(block: Block, out: Array | None, z: Array) -> BlockResult:
            x, given = read_logits(block), z
            if smoothing:
                z = z * (1 - smoothing) + smoothing / 2
            own = parameters if by_class is None else parameters._replace(pos_weight=by_class[block.columns])
            if not parameters.from_logits:
                check_probabilities(x, layout, block)
                check_given_labels(block)
                result = self._of_probabilities(x, z, own)
                _check_defined(result.losses, layout, block, self.undefined)
                return result._replace(labels=given)
            losses = self.losses(x, z, own, partial(room.terms, x, out))
            # Two numbers that show any infinity or NaN, and not a product with zeros, which BLAS spreads over threads.
            if not np.isfinite(losses.max() - losses.min()):
                check_logits(x, layout, block)
                check_given_labels(block)
                self._mend(losses, x, z, own)
                _check_defined(losses, layout, block, self.undefined)
            return BlockResult(losses, partial(self.gradient, x, z, own), partial(sigmoid, x), labels=given)

        read = partial(_read_sound, read_given, counts, parameters)
        return BoundLoss(layout, dtype, False, layout.tiles(), compute, read)

    def _mend(self, losses: Array, x: Array, z: Array, parameters: Parameters) -> None:
        """Compute anew what is not finite: masks, where 0 · ∞ is 0, and the largest of numbers."""
        rest = ~np.isfinite(losses)
        if parameters.pos_weight is not None:
            parameters = parameters._replace(pos_weight=np.broadcast_to(parameters.pos_weight, x.shape)[rest])
        losses[rest] = self.careful_losses(x[rest], np.broadcast_to(z, x.shape)[rest], parameters)

    def _of_probabilities(self, given: Array, z: Array, parameters: Parameters) -> BlockResult:
        p = np.clip(given, parameters.clip, 1 - parameters.clip)

        def gradient(out: Array) -> None:
            out[...] = np.where(given == p, self.probability_gradient(p, z, parameters), 0)

        def probabilities(out: Array) -> None:
            out[...] = given

        return BlockResult(self.probability_losses(p, z, parameters), gradient, probabilities)


def _read_sound(read: Callable[[Block], Array], counts: Counts, parameters: Parameters, block: Block) -> Array:
    """The logits of a block, of probabilities theirs; what does not count and is unsound is taken for a no."""
    x, counting = read(block), counts.logits(block)
    if not parameters.from_logits:
        x = _logit(np.clip(x, parameters.clip, 1 - parameters.clip))
    return x if counting is None else np.where(counting | np.isfinite(x), x, x.dtype.type(-np.inf))


def _without(
    result: BlockResult,
    others: Array,
    read_given: Callable[[Block], Array],
    block: Block,
    parameters: Parameters,
    known: Array | None,
) -> BlockResult:
    """The result with losses and gradients of 0 where logits do not count."""
    result.losses[others] = 0

    def gradient(out: Array) -> None:
        result.gradient(out)
        out[others] = 0

    def probabilities(out: Array) -> None:
        given = read_given(block)
        if parameters.from_logits:
            sigmoid(given, out)
        else:
            out[...] = given
        out[others & ~np.isfinite(out)] = 0

    ignored = None if known is None else ~known if known.ndim > 1 else np.broadcast_to(~known[:, None], block.shape)
    return result._replace(gradient=gradient, probabilities=probabilities, ignored=ignored)


def careful_cross_entropy(x: Array, no: Array, yes: Array) -> Array:
    """no · log(1 + exp(x)) + yes · log(1 + exp(−x)) in float64; 0 · ∞ is 0."""
    x = x.astype(np.float64)
    result: Array = no * np.logaddexp(0, x) + np.where(yes == 0, 0, yes * np.logaddexp(0, -x))
    return result


def cross_entropy_gradient(x: Array, no: Array, yes: Array, out: Array) -> None:
    """no · σ(x) − yes · σ(−x) into `out`."""
    sigmoid(x, out)
    out *= no
    opposite = np.empty_like(out)
    sigmoid(-x, opposite)
    opposite *= yes
    out -= opposite


def _logit(p: Array) -> Array:
    logits: Array = np.log(p) - np.log1p(-p)
    return logits


def _label_reader(labels: Array, layout: Layout, dtype: FloatType) -> Callable[[Block], Array]:
    """A function from a block to its labels; a scalar label comes as [1, 1]."""
    if labels.ndim:
        return layout.reader(labels, dtype)
    scalar = check_finite(labels, "labels", dtype).reshape(1, 1)
    return lambda block: scalar


class _Room:
    """Buffers for `Terms`, used again for each block."""

    def __init__(self, layout: Layout, dtype: FloatType) -> None:
        self.buffers = [tile_buffer(layout, dtype) for _ in range(4)]
        self.buffers[-1].fill(0)

    def terms(self, x: Array, out: Array | None) -> tuple[Array, Array, Array]:
        log_term, positive, exponentials, zeros = [shaped(buffer, x.shape) for buffer in self.buffers]
        log_term = log1p_exp(x, log_term if out is None else out, exponentials)
        # NumPy takes the maximum with an array five times faster than that with a number.
        np.maximum(x, zeros, out=positive)
        return log_term, positive, exponentials


def _check_defined(losses: Array, layout: Layout, block: Block, reason: str) -> None:
    """Raises UndefinedLoss where +inf was added to −inf: labels or weights too large for the dtype."""
    undefined = np.isnan(losses)
    if undefined.any():
        row, column = divmod(int(undefined.argmax()), losses.shape[1])
        raise UndefinedLoss(
            "labels",
            reason,
            layout.position(block.rows.start + row, block.columns.start + column),
        )
