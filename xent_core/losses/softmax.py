"""Softmax cross-entropy: ℓ = −Σ_c w_c · y_c · log p_c, p = softmax(x)."""

import numpy as np
from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array, row_sums
from xent_core.compute.logsumexp import CheckBlock, distribution_losses, softmax_rows
from xent_core.compute.reduction import multiply
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    GOODFELLOW,
    KERAS_DEFAULT,
    PROBABILITIES,
    REDUCTION,
    TEMPERATURE,
    WEIGHTS,
    Elsewhere,
    Entry,
    FrameworkText,
    Parameters,
    Source,
)
from xent_core.losses.softmax_family import CLASS_WEIGHTS, FROM_LOGITS, LABEL_SMOOTHING, SoftmaxFamily


class SoftmaxCrossEntropy(SoftmaxFamily):
    """ℓ = Σ_c y_c · (log Σ_j exp(x_j) − x_c), ∂ℓ/∂x_c = p_c · Σ_j y_j − y_c.

    Rows that are one-hot are computed as class indices k are: ℓ = log1p(Σ_{j≠k} exp(x_j − x_k)), whose relative
    accuracy does not suffer however small it is.
    """

    known_to_frameworks = True
    is_cross_entropy = True
    entry = Entry(
        loss_type="softmax_cross_entropy",
        title="Softmax cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = −Σ_c y_c · log p_c, p = softmax(x) = exp(x) / Σ_j exp(x_j)",
        latex=r"\ell = -\sum_c y_c \log p_c, \quad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}",
        numpy="np.sum(y * (np.log(np.sum(np.exp(x - np.max(x)))) + np.max(x) - x))",
        gradient="∂ℓ/∂x_c = p_c · Σ_j y_j − y_c",
        gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_c \sum_j y_j - y_c",
        gradient_numpy="np.exp(x) / np.sum(np.exp(x)) * np.sum(y) - y",
        use_when=(
            "Exactly one class is right for each sample, and the labels say how likely each is: soft labels, "
            "distillation, annotators who disagree."
        ),
        avoid_when=(
            "Several classes may be right at once: sigmoid_cross_entropy asks about each by itself.",
            "Every row of labels is one-hot: sparse_softmax_cross_entropy takes the class indices, for less data.",
        ),
        label_form="the logits' shape, each row a distribution over the classes: in [0, 1], summing to 1",
        called_for_by=("one_hot", "distribution"),
        example={"logits": EXAMPLE_LOGITS, "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]},
        parameters=(CLASS_WEIGHTS, WEIGHTS, LABEL_SMOOTHING, FROM_LOGITS, CLIP_AT, TEMPERATURE, AXIS, REDUCTION),
        stability=(
            "Rows whose sum of exponentials could overflow or underflow are shifted by their largest logit; sums "
            "over labels are accumulated in float64. A label of 0 at a class masked by −inf costs nothing."
        ),
        same_as=(
            "tf.nn.softmax_cross_entropy_with_logits",
            "keras.losses.CategoricalCrossentropy",
            "torch.nn.CrossEntropyLoss",
            "optax.softmax_cross_entropy",
        ),
        sources=(
            GOODFELLOW,
            Source(
                "TensorFlow: tf.nn.softmax_cross_entropy_with_logits",
                "https://www.tensorflow.org/api_docs/python/tf/nn/softmax_cross_entropy_with_logits",
            ),
        ),
        names_elsewhere=(
            Elsewhere("tf.losses", "tf.losses.softmax_cross_entropy", "mean_by_nonzero_weights"),
            Elsewhere("tf.contrib.losses", "tf.contrib.losses.softmax_cross_entropy", "mean_by_nonzero_weights"),
            Elsewhere("tf.nn", "tf.nn.softmax_cross_entropy_with_logits", "none"),
            Elsewhere("tf.nn", "tf.nn.softmax_cross_entropy_with_logits_v2", "none"),
            Elsewhere(
                "Keras", "keras.losses.CategoricalCrossentropy", "mean", send=PROBABILITIES, remark=KERAS_DEFAULT
            ),
            Elsewhere(
                "Keras",
                "keras.losses.categorical_crossentropy",
                "none",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; as a string in compile(loss=…) it is reduced to the mean",
            ),
            Elsewhere(
                "Keras",
                "keras.metrics.CategoricalCrossentropy",
                "weighted_mean",
                send=PROBABILITIES,
                remark=KERAS_DEFAULT,
            ),
            Elsewhere("Keras", "keras.ops.categorical_crossentropy", "none", send=PROBABILITIES, remark=KERAS_DEFAULT),
            Elsewhere(
                "PyTorch",
                "torch.nn.CrossEntropyLoss",
                "mean",
                when="with class probabilities for labels",
                send='"axis": 1',
            ),
            Elsewhere(
                "PyTorch", "F.cross_entropy", "mean", when="with class probabilities for labels", send='"axis": 1'
            ),
            Elsewhere("Optax", "optax.softmax_cross_entropy", "none"),
            Elsewhere("Optax", "optax.safe_softmax_cross_entropy", "none"),
        ),
    )

    def target_losses(
        self, logits: Array, target: Array, parameters: Parameters, buffer: Array, check: CheckBlock
    ) -> Array:
        return distribution_losses(logits, target, buffer, check)

    def target_gradient(self, logits: Array, target: Array, parameters: Parameters, out: Array) -> None:
        softmax_rows(logits, out)
        out *= row_sums(target)[:, None]
        out -= target

    def probability_losses(self, p: Array, target: Array, parameters: Parameters) -> Array:
        return 0 - row_sums(multiply(np.log(p), target))

    def probability_gradient(self, p: Array, kept: Array, target: Array, parameters: Parameters, out: Array) -> None:
        """Σ_j y_j − y_c / p_c, the sum over what was not clipped."""
        np.multiply(target, kept, out=out)
        label_sum = row_sums(out)
        np.divide(out, p, out=out, where=out != 0)
        np.subtract(label_sum[:, None], out, out=out)

    def elements(self, framework: FrameworkText) -> str:
        return framework.softmax_cross_entropy()


SOFTMAX_CROSS_ENTROPY = SoftmaxCrossEntropy()


def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
    temperature: float = 1.0,
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
    temperature: above 0; logits are divided by it first.
    Returns the logits' shape without the class axis. 0 · ∞ is 0: a label of 0 at a masked class costs nothing.
    Raises WrongShape, AxisOutOfRange, NotANumber, Infinite, MaskedRow, NotAProbability, ParameterOutOfRange,
    NotNumeric, Ragged, Empty.

    Rows that are one-hot are computed as class indices are, and keep their relative accuracy however small.

    >>> softmax_cross_entropy([[2.0, 0.5, 1.0]], [[0.2, 0.3, 0.5]]).round(7)
    array([1.4143688])

    As tf.nn.softmax_cross_entropy_with_logits, optax.softmax_cross_entropy, and
    torch.nn.functional.cross_entropy(…, reduction="none") with probabilities for its target.
    """
    return all_losses(
        SOFTMAX_CROSS_ENTROPY.of(
            logits,
            labels,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def softmax_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(softmax_cross_entropy)/d(logits): each row's gradient with respect to its own logits, in their shape.

        ∂ℓ/∂x_c = p_c · Σ_j w_j y_j − w_c y_c

    With from_logits=False the derivative is with respect to the probabilities as given, and 0 through a value that
    was clipped. A row masked whole is an error here as there. Arguments and errors as for `softmax_cross_entropy`.

    >>> softmax_cross_entropy_gradient([[0.0, 0.0]], [[1.0, 0.0]])
    array([[-0.5,  0.5]])
    """
    return all_gradients(
        SOFTMAX_CROSS_ENTROPY.of(
            logits,
            labels,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
