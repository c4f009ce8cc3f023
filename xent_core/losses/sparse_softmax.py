"""Sparse softmax cross-entropy: ℓ = −w_k · log p_k for the class index k, p = softmax(x)."""

from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    GOODFELLOW,
    IGNORE_INDEX,
    KERAS_DEFAULT,
    PROBABILITIES,
    REDUCTION,
    SHIFT,
    SKLEARN_CLIP,
    TEMPERATURE,
    WEIGHTS,
    Elsewhere,
    Entry,
    Source,
)
from xent_core.losses.softmax import SoftmaxCrossEntropy
from xent_core.losses.softmax_family import CLASS_WEIGHTS, FROM_LOGITS, LABEL_SMOOTHING

TORCH_IGNORE = (
    "ignore_index is −100 by default there, and must be sent here; with class weights the reduction is weighted_mean"
)
TORCH_NLL = "its log-probabilities are sent as logits: their softmax gives the probabilities back"


class SparseSoftmaxCrossEntropy(SoftmaxCrossEntropy):
    """ℓ = log1p(Σ_{j≠k} exp(x_j − x_k)): softmax cross-entropy of one-hot rows, given as class indices."""

    takes_class_indices = True
    entry = Entry(
        loss_type="sparse_softmax_cross_entropy",
        title="Sparse softmax cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = −log softmax(x)_k = log(1 + Σ_{c≠k} exp(x_c − x_k)), k the class index",
        latex=r"\ell = -\log \frac{e^{x_k}}{\sum_j e^{x_j}} = \log\Bigl(1 + \sum_{c \ne k} e^{x_c - x_k}\Bigr)",
        numpy="np.log1p(np.sum(np.exp(np.delete(x, k) - x[k])))",
        gradient="∂ℓ/∂x_c = p_c − [c = k]",
        gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_c - [c = k]",
        gradient_numpy="np.exp(x) / np.sum(np.exp(x)) - (np.arange(C) == k)",
        use_when="Exactly one class is right for each sample, and the labels name it.",
        avoid_when=(
            "Several classes may be right at once: sigmoid_cross_entropy asks about each by itself.",
            "The labels are distributions over the classes: softmax_cross_entropy takes them.",
        ),
        label_form="class indices from 0 to C − 1, the logits' shape without the class axis",
        called_for_by=("class_indices",),
        example={"logits": EXAMPLE_LOGITS, "labels": [1, 2]},
        parameters=(
            CLASS_WEIGHTS,
            IGNORE_INDEX,
            WEIGHTS,
            LABEL_SMOOTHING,
            FROM_LOGITS,
            CLIP_AT,
            TEMPERATURE,
            SHIFT,
            AXIS,
            REDUCTION,
        ),
        stability=(
            "The label's own term is left out of the sum, so nothing cancels: the loss keeps its relative accuracy "
            "however confident the prediction is, and is never negative."
        ),
        same_as=(
            "tf.nn.sparse_softmax_cross_entropy_with_logits",
            "keras.losses.SparseCategoricalCrossentropy",
            "torch.nn.CrossEntropyLoss",
            "optax.softmax_cross_entropy_with_integer_labels",
        ),
        sources=(
            GOODFELLOW,
            Source(
                "TensorFlow: tf.nn.sparse_softmax_cross_entropy_with_logits",
                "https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits",
            ),
        ),
        names_elsewhere=(
            Elsewhere("tf.losses", "tf.losses.sparse_softmax_cross_entropy", "mean_by_nonzero_weights"),
            Elsewhere("tf.contrib.losses", "tf.contrib.losses.sparse_softmax_cross_entropy", "mean_by_nonzero_weights"),
            Elsewhere("tf.nn", "tf.nn.sparse_softmax_cross_entropy_with_logits", "none"),
            Elsewhere(
                "Keras", "keras.losses.SparseCategoricalCrossentropy", "mean", send=PROBABILITIES, remark=KERAS_DEFAULT
            ),
            Elsewhere(
                "Keras",
                "keras.losses.sparse_categorical_crossentropy",
                "none",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; as a string in compile(loss=…) it is reduced to the mean",
            ),
            Elsewhere(
                "Keras",
                "keras.metrics.SparseCategoricalCrossentropy",
                "weighted_mean",
                send=PROBABILITIES,
                remark=KERAS_DEFAULT,
            ),
            Elsewhere(
                "Keras", "keras.ops.sparse_categorical_crossentropy", "none", send=PROBABILITIES, remark=KERAS_DEFAULT
            ),
            Elsewhere(
                "PyTorch",
                "torch.nn.CrossEntropyLoss",
                "mean",
                when="with class indices for labels",
                send='"axis": 1',
                remark=TORCH_IGNORE,
            ),
            Elsewhere(
                "PyTorch",
                "torch.nn.NLLLoss",
                "mean",
                send='"axis": 1',
                remark=f"{TORCH_NLL}; {TORCH_IGNORE}",
            ),
            Elsewhere(
                "PyTorch",
                "F.cross_entropy",
                "mean",
                when="with class indices for labels",
                send='"axis": 1',
                remark=TORCH_IGNORE,
            ),
            Elsewhere(
                "PyTorch",
                "F.nll_loss",
                "mean",
                send='"axis": 1',
                remark=f"{TORCH_NLL}; {TORCH_IGNORE}",
            ),
            Elsewhere("Optax", "optax.softmax_cross_entropy_with_integer_labels", "none"),
            Elsewhere(
                "scikit-learn",
                "sklearn.metrics.log_loss",
                "mean",
                when="with one probability for each class",
                send=PROBABILITIES,
                remark=f"{SKLEARN_CLIP}; labels are indices into the sorted names of classes",
            ),
        ),
    )


SPARSE_SOFTMAX_CROSS_ENTROPY = SparseSoftmaxCrossEntropy()


def sparse_softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """Cross-entropy between class indices and the softmax of rows of logits: one loss per row.

    For classes that exclude each other, each row having exactly one. Where a row's label is a distribution, use
    `softmax_cross_entropy`.

        ℓ = w_y · log(1 + Σ_{c≠y} exp(x_c − x_y))  =  −w_y · log softmax(x)_y

    and with smoothing what `softmax_cross_entropy` gives for the one-hot labels.

    logits: [d0 … dn] with the C classes on `axis`; −inf masks a class.
    labels: class indices from 0 to C − 1 in the logits' shape without the class axis, as whole numbers of any dtype.
    class_weights: [C]. ignore_index: a label of this value costs 0. temperature: logits are divided by it first.
    Returns the labels' shape, to a relative accuracy of 1e-6 (float32) and 1e-13 (float64), tiny losses included.
    Raises LabelOutOfRange, LabelNotWhole, and what `softmax_cross_entropy` raises.

    >>> sparse_softmax_cross_entropy([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2]).round(8)
    array([1.96436878, 0.17425453])

    As tf.nn.sparse_softmax_cross_entropy_with_logits, optax.softmax_cross_entropy_with_integer_labels, and
    torch.nn.functional.cross_entropy(…, reduction="none") with indices for its target.
    """
    return all_losses(
        SPARSE_SOFTMAX_CROSS_ENTROPY.of(
            logits,
            labels,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def sparse_softmax_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(sparse_softmax_cross_entropy)/d(logits), in the logits' shape; 0 in the rows whose label is ignored.

        ∂ℓ/∂x_c = w_y · (p_c − [c = y])

    At the label itself it is computed as −w_y · Σ_{c≠y} p_c, which keeps its digits where p_y rounds to 1.
    Arguments and errors as for `sparse_softmax_cross_entropy`.

    >>> sparse_softmax_cross_entropy_gradient([[0.0, 0.0]], [0])
    array([[-0.5,  0.5]])
    """
    return all_gradients(
        SPARSE_SOFTMAX_CROSS_ENTROPY.of(
            logits,
            labels,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
