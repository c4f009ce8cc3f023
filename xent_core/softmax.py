"""Cross-entropy of a softmax: labels that exclude each other, as class indices or as distributions.

Losses are in nats. Logits of float16, bfloat16 and float32 are computed and answered in float32, all others in
float64. Every function raises a subclass of `xent_core.errors.InvalidInput` that names the place; none returns NaN.
"""

from numpy.typing import ArrayLike

from xent_core import arrays
from xent_core.batch import Batch, all_gradients, all_losses
from xent_core.blocks import Array
from xent_core.softmax_rows import bind_softmax, bind_sparse_softmax


def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Array:
    """Cross-entropy between rows of labels and the softmax of rows of logits: one loss per row.

    For labels that are distributions over classes that exclude each other. For class indices,
    `sparse_softmax_cross_entropy` gives the same numbers from less input; for labels that don't exclude each other,
    `sigmoid_cross_entropy` is the loss.

        ℓ = −Σ_c w_c · y_c · log p_c,    p = softmax(x),    y = labels · (1 − s) + s / C

    logits: [d0 … dn] with the C classes on `axis`; −inf masks a class.
    labels: the logits' shape, finite. They need not sum to 1, nor lie in [0, 1]: the formula holds as it is.
    class_weights: [C], w above. label_smoothing: s, from 0 to 1.
    from_logits=False: `logits` holds probabilities; rows are divided by their sum, then clipped to [1e-7, 1 − 1e-7].
    Returns the logits' shape without the class axis. 0 · ∞ is 0: a label of 0 at a masked class costs nothing.
    Raises WrongShape, AxisOutOfRange, NotANumber, Infinite, MaskedRow, NotAProbability, ParameterOutOfRange,
    NotNumeric, Ragged, Empty.

    Rows that are one-hot are computed as class indices are, and keep their relative accuracy however small.

    >>> softmax_cross_entropy([[2.0, 0.5, 1.0]], [[0.2, 0.3, 0.5]]).round(7)
    array([1.4143688])

    As tf.nn.softmax_cross_entropy_with_logits, optax.softmax_cross_entropy, and
    torch.nn.functional.cross_entropy(…, reduction="none") with probabilities for its target.
    """
    return all_losses(_softmax(logits, labels, axis, class_weights, label_smoothing, from_logits))


def softmax_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
) -> Array:
    """d(softmax_cross_entropy)/d(logits): each row's gradient with respect to its own logits, in their shape.

        ∂ℓ/∂x_c = p_c · Σ_j w_j y_j − w_c y_c

    With from_logits=False the derivative is with respect to the probabilities as given, and 0 through a value that
    was clipped. A row masked whole is an error here as there. Arguments and errors as for `softmax_cross_entropy`.

    >>> softmax_cross_entropy_gradient([[0.0, 0.0]], [[1.0, 0.0]])
    array([[-0.5,  0.5]])
    """
    return all_gradients(_softmax(logits, labels, axis, class_weights, label_smoothing, from_logits))


def sparse_softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """Cross-entropy between class indices and the softmax of rows of logits: one loss per row.

    For classes that exclude each other, each row having exactly one. Where a row's label is a distribution, use
    `softmax_cross_entropy`.

        ℓ = w_y · log(1 + Σ_{c≠y} exp(x_c − x_y))  =  −w_y · log softmax(x)_y

    and with smoothing what `softmax_cross_entropy` gives for the one-hot labels.

    logits: [d0 … dn] with the C classes on `axis`; −inf masks a class.
    labels: class indices from 0 to C − 1 in the logits' shape without the class axis, as whole numbers of any dtype.
    class_weights: [C]. ignore_index: a label of this value costs 0.
    Returns the labels' shape, to a relative accuracy of 1e-6 (float32) and 1e-13 (float64), tiny losses included.
    Raises LabelOutOfRange, LabelNotWhole, and what `softmax_cross_entropy` raises.

    >>> sparse_softmax_cross_entropy([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2]).round(8)
    array([1.96436878, 0.17425453])

    As tf.nn.sparse_softmax_cross_entropy_with_logits, optax.softmax_cross_entropy_with_integer_labels, and
    torch.nn.functional.cross_entropy(…, reduction="none") with indices for its target.
    """
    batch = _sparse_softmax(logits, labels, axis, class_weights, label_smoothing, ignore_index, from_logits)
    return all_losses(batch)


def sparse_softmax_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """d(sparse_softmax_cross_entropy)/d(logits), in the logits' shape; 0 in the rows whose label is ignored.

        ∂ℓ/∂x_c = w_y · (p_c − [c = y])

    At the label itself it is computed as −w_y · Σ_{c≠y} p_c, which keeps its digits where p_y rounds to 1.
    Arguments and errors as for `sparse_softmax_cross_entropy`.

    >>> sparse_softmax_cross_entropy_gradient([[0.0, 0.0]], [0])
    array([[-0.5,  0.5]])
    """
    return all_gradients(
        _sparse_softmax(logits, labels, axis, class_weights, label_smoothing, ignore_index, from_logits)
    )


def _softmax(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int,
    class_weights: ArrayLike | None,
    label_smoothing: float,
    from_logits: bool,
) -> Batch:
    values, given, layout = arrays.softmax_arguments(logits, labels, axis)
    return bind_softmax(
        values,
        given,
        layout,
        class_weights=arrays.class_weights(class_weights, layout, arrays.computation_dtype(values)),
        label_smoothing=arrays.smoothing(label_smoothing),
        from_logits=from_logits,
    )


def _sparse_softmax(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int,
    class_weights: ArrayLike | None,
    label_smoothing: float,
    ignore_index: int | None,
    from_logits: bool,
) -> Batch:
    values, given, layout = arrays.softmax_arguments(logits, labels, axis)
    return bind_sparse_softmax(
        values,
        given,
        layout,
        class_weights=arrays.class_weights(class_weights, layout, arrays.computation_dtype(values)),
        label_smoothing=arrays.smoothing(label_smoothing),
        ignore_index=ignore_index,
        from_logits=from_logits,
    )
