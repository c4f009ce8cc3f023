"""Cross-entropy of a sigmoid: every logit answers a yes/no question of its own.

Losses are in nats. Logits of float16, bfloat16 and float32 are computed and answered in float32, all others in
float64. Every function raises a subclass of `xent_core.errors.InvalidInput` that names the place; none returns NaN.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from xent_core import arrays
from xent_core.batch import Batch, Piece, all_gradients, all_losses
from xent_core.blocks import Array, Block, FloatType, Layout, shaped, tile_buffer
from xent_core.errors import UndefinedLoss
from xent_core.logsumexp import LOG1P_IS_VECTORISED

CLIP = 1e-7


def sigmoid_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Array:
    """Cross-entropy between labels and the sigmoid of logits: one loss per logit.

    For yes/no labels that don't exclude each other: multi-label classification, or a single binary one. Where one
    class excludes the others use `sparse_softmax_cross_entropy`; where positives are rare, `weighted_cross_entropy`.

        ℓ = −z · log σ(x) − (1 − z) · log(1 − σ(x))  =  max(x, 0) − x · z + log(1 + exp(−|x|))
        z = labels · (1 − s) + s / 2

    logits: any shape of rank 1 or more; −inf is a certain no.
    labels: the logits' shape, or a scalar, which stands for every element; finite. The formula holds outside [0, 1]
    too. label_smoothing: s, from 0 to 1.
    from_logits=False: `logits` holds probabilities, clipped to [1e-7, 1 − 1e-7].
    Returns the logits' shape. 0 · ∞ is 0: a label of 0 at a logit of −inf costs nothing.
    Raises WrongShape, NotANumber, Infinite, NotAProbability, ParameterOutOfRange, NotNumeric, Ragged, Empty.

    >>> sigmoid_cross_entropy([0.5, 0.7, 0.3], 1).round(8)
    array([0.47407698, 0.40318605, 0.55435524])

    As tf.nn.sigmoid_cross_entropy_with_logits, optax.sigmoid_binary_cross_entropy, and
    torch.nn.functional.binary_cross_entropy_with_logits(…, reduction="none").
    """
    return all_losses(_sigmoid_batch(logits, labels, label_smoothing, from_logits))


def sigmoid_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Array:
    """d(sigmoid_cross_entropy)/d(logits), in the logits' shape.

        ∂ℓ/∂x = σ(x) − z  =  (1 − z) · σ(x) − z · σ(−x)

    With from_logits=False the derivative is with respect to the probabilities, and 0 where one was clipped.
    Arguments and errors as for `sigmoid_cross_entropy`.

    >>> sigmoid_cross_entropy_gradient([0.0, 0.0], [1.0, 0.0])
    array([-0.5,  0.5])
    """
    return all_gradients(_sigmoid_batch(logits, labels, label_smoothing, from_logits))


def weighted_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    pos_weight: ArrayLike,
    axis: int = -1,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Array:
    """Sigmoid cross-entropy whose positive term counts `pos_weight` times: one loss per logit.

    For yes/no labels of which few are positive: a pos_weight of negatives / positives balances them, one above 1
    favours recall, one below 1 precision. A weight on the whole loss cannot do that, it only rescales.

        ℓ = (1 − z) · x + (1 + (q − 1) · z) · (log(1 + exp(−|x|)) + max(−x, 0)),    q = pos_weight

    pos_weight: a scalar, or one for each of the C classes on `axis` (of logits of rank 1: a scalar). A negative one
    is computed as it is: then the loss is not bounded below.
    The other arguments, the result and the errors as for `sigmoid_cross_entropy`; AxisOutOfRange too.

    >>> weighted_cross_entropy([0.5, 0.7, 0.3], 1, pos_weight=0.2).round(8)
    array([0.0948154 , 0.08063721, 0.11087105])

    As tf.nn.weighted_cross_entropy_with_logits and
    torch.nn.functional.binary_cross_entropy_with_logits(…, pos_weight=…, reduction="none").
    """
    return all_losses(_weighted_batch(logits, labels, pos_weight, axis, label_smoothing, from_logits))


def weighted_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    pos_weight: ArrayLike,
    axis: int = -1,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Array:
    """d(weighted_cross_entropy)/d(logits), in the logits' shape.

        ∂ℓ/∂x = (1 − z) · σ(x) − q · z · σ(−x)

    Arguments and errors as for `weighted_cross_entropy`.

    >>> weighted_cross_entropy_gradient([0.0, 0.0], [1.0, 0.0], pos_weight=3.0)
    array([-1.5,  0.5])
    """
    return all_gradients(_weighted_batch(logits, labels, pos_weight, axis, label_smoothing, from_logits))


def _sigmoid_batch(logits: ArrayLike, labels: ArrayLike, label_smoothing: float, from_logits: bool) -> Batch:
    return bind_sigmoid(
        *arrays.sigmoid_arguments(logits, labels, axis=-1),
        label_smoothing=arrays.smoothing(label_smoothing),
        from_logits=from_logits,
    )


def _weighted_batch(
    logits: ArrayLike,
    labels: ArrayLike,
    pos_weight: ArrayLike,
    axis: int,
    label_smoothing: float,
    from_logits: bool,
) -> Batch:
    values, given, layout = arrays.sigmoid_arguments(logits, labels, axis)
    return bind_sigmoid(
        values,
        given,
        layout,
        pos_weight=arrays.pos_weight(pos_weight, layout, arrays.computation_dtype(values)),
        label_smoothing=arrays.smoothing(label_smoothing),
        from_logits=from_logits,
    )


def bind_sigmoid(
    logits: Array,
    labels: Array,
    layout: Layout,
    *,
    pos_weight: Array | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Batch:
    """sigmoid_cross_entropy of checked arguments, or weighted_cross_entropy where there is a pos_weight."""
    dtype = arrays.computation_dtype(logits)
    read_logits = layout.reader(logits, dtype)
    read_labels = _label_reader(arrays.element_labels(labels, layout), layout, dtype)
    losses_of_logits = _LogitLosses(layout, dtype)

    def judge_labels(block: Block) -> None:
        if labels.ndim:
            arrays.judge_labels(labels, layout, block, dtype)

    def compute(block: Block, out: Array | None) -> Piece:
        given, z = read_logits(block), read_labels(block)
        if label_smoothing:
            z = z * (1 - label_smoothing) + label_smoothing / 2
        q = pos_weight if pos_weight is None or pos_weight.ndim == 0 else pos_weight[block.columns]
        if not from_logits:
            arrays.judge_probabilities(given, layout, block)
            judge_labels(block)
            piece = _of_probabilities(given, z, q)
            _refuse_nan(piece.losses, layout, block)
            return piece
        losses, finite = losses_of_logits(given, z, q, out)
        if not finite:
            arrays.judge_logits(given, layout, block)
            judge_labels(block)
            _mend(losses, given, z, q)
            _refuse_nan(losses, layout, block)
        return Piece(losses, partial(_gradient, given, z, q), partial(_sigmoid, given))

    return Batch(layout, dtype, False, layout.tiles(), compute)


def _label_reader(labels: Array, layout: Layout, dtype: FloatType) -> Callable[[Block], Array]:
    """A function from a block to its labels; a scalar label comes as [1, 1]."""
    if labels.ndim:
        return layout.reader(labels, dtype)
    scalar = arrays.finite(labels, "labels", dtype).reshape(1, 1)
    return lambda block: scalar


class _LogitLosses:
    """The losses of a block of logits, in buffers that are used again for the next block."""

    def __init__(self, layout: Layout, dtype: FloatType) -> None:
        self.buffers = [tile_buffer(layout, dtype) for _ in range(4)]
        self.buffers[-1].fill(0)

    def __call__(self, x: Array, z: Array, q: Array | None, out: Array | None) -> tuple[Array, bool]:
        """The losses, in `out` if it is given, and whether all of them are finite."""
        scratch, positive, product, zeros = (shaped(buffer, x.shape) for buffer in self.buffers)
        losses = scratch if out is None else out
        np.abs(x, out=losses)
        np.negative(losses, out=losses)
        np.exp(losses, out=losses)
        if LOG1P_IS_VECTORISED:
            np.log1p(losses, out=losses)
        else:
            # log(1 + u) for u up to 1: the logarithm of the rounded sum, and what the rounding took.
            np.add(losses, 1, out=product)
            np.subtract(product, 1, out=positive)
            losses -= positive
            losses += np.log(product, out=product)
        # NumPy takes the maximum with an array five times faster than that with a number.
        np.maximum(x, zeros, out=positive)
        if q is None:
            np.multiply(x, z, out=product)
            positive -= product
            losses += positive
        else:
            np.subtract(positive, x, out=product)
            product += losses
            product *= q * z
            losses += positive
            losses *= 1 - z
            losses += product
        # Two numbers that show any infinity or NaN, and not a product with zeros, which BLAS would spread over threads.
        return losses, bool(np.isfinite(losses.max() - losses.min()))


def _mend(losses: Array, x: Array, z: Array, q: Array | None) -> None:
    """Compute anew what is not finite: masks, where 0 · ∞ is 0, and the largest of numbers."""
    rest = ~np.isfinite(losses)
    losses[rest] = _careful_losses(*(np.broadcast_to(part, x.shape)[rest] for part in (x, z, 1 if q is None else q)))


def _refuse_nan(losses: Array, layout: Layout, block: Block) -> None:
    """Raises UndefinedLoss where +inf was added to −inf: labels or weights too large for the dtype."""
    undefined = np.isnan(losses)
    if undefined.any():
        row, column = divmod(int(undefined.argmax()), losses.shape[1])
        raise UndefinedLoss(
            "labels",
            "is so large that the loss is Infinity - Infinity",
            layout.position(block.rows.start + row, block.columns.start + column),
        )


def _careful_losses(x: Array, z: Array, q: Array) -> Array:
    """(1 − z) · log(1 + exp(x)) + q · z · log(1 + exp(−x)) in float64."""
    x, no, yes = x.astype(np.float64), 1.0 - z.astype(np.float64), q.astype(np.float64) * z
    return no * np.logaddexp(0, x) + np.where(yes == 0, 0, yes * np.logaddexp(0, -x))


def _sigmoid(x: Array, out: Array) -> None:
    """1 / (1 + exp(−x)), exact to the last digits on both sides of 0."""
    shrunk = np.exp(-np.abs(x))
    np.divide(np.where(x < 0, shrunk, 1), 1 + shrunk, out=out)


def _gradient(x: Array, z: Array, q: Array | None, out: Array) -> None:
    _sigmoid(x, out)
    out *= 1 - z
    opposite = np.empty_like(out)
    _sigmoid(-x, opposite)
    opposite *= z if q is None else q * z
    out -= opposite


def _of_probabilities(given: Array, z: Array, q: Array | None) -> Piece:
    """ℓ = −q · z · log p − (1 − z) · log(1 − p) for p clipped, as Keras has it."""
    p = np.clip(given, CLIP, 1 - CLIP)
    yes, no = (z if q is None else q * z), 1 - z
    losses = 0 - (yes * np.log(p) + no * np.log1p(-p))

    def gradient(out: Array) -> None:
        out[...] = np.where(given == p, no / (1 - p) - yes / p, 0)

    def probabilities(out: Array) -> None:
        out[...] = given

    return Piece(losses, gradient, probabilities)
