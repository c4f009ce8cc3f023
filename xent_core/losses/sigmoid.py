"""Sigmoid cross-entropy: ℓ = −z · log σ(x) − (1 − z) · log(1 − σ(x))."""

import numpy as np
from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array
from xent_core.compute.reduction import divide, multiply
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    GOODFELLOW,
    IGNORE_INDEX,
    KERAS_DEFAULT,
    PROBABILITIES,
    REDUCTION,
    SKLEARN_CLIP,
    WEIGHTS,
    Elsewhere,
    Entry,
    FrameworkText,
    Parameters,
    Source,
)
from xent_core.losses.sigmoid_family import (
    FROM_LOGITS,
    LABEL_SMOOTHING,
    SigmoidFamily,
    Terms,
    careful_cross_entropy,
    cross_entropy_gradient,
)

TF_EPSILON = "there epsilon (1e-7) is added within the logarithm; here probabilities are clipped to [1e-7, 1 − 1e-7]"
TORCH_CLIP = "there a logarithm is at least −100; here probabilities are clipped to [1e-7, 1 − 1e-7]"
TORCH_WEIGHT = "its weight, one for each class, is weights of shape [1, C] here"
TORCH_SIGNS = "its labels are −1 and 1; send (labels + 1) / 2"


class SigmoidCrossEntropy(SigmoidFamily):
    """ℓ = max(x, 0) − x · z + log(1 + exp(−|x|)), ∂ℓ/∂x = (1 − z) · σ(x) − z · σ(−x)."""

    known_to_frameworks = True
    is_cross_entropy = True
    entry = Entry(
        loss_type="sigmoid_cross_entropy",
        title="Sigmoid cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = −y · log σ(x) − (1 − y) · log(1 − σ(x)) = max(x, 0) − x · y + log(1 + exp(−|x|))",
        latex=r"\ell = -y \log \sigma(x) - (1 - y) \log(1 - \sigma(x)) = \max(x, 0) - x y + \log(1 + e^{-|x|})",
        numpy="np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))",
        gradient="∂ℓ/∂x = σ(x) − y",
        gradient_latex=r"\frac{\partial \ell}{\partial x} = \sigma(x) - y",
        gradient_numpy="1 / (1 + np.exp(-x)) - y",
        use_when="Each logit answers a yes/no question of its own: a sample's labels don't exclude each other.",
        avoid_when=(
            "Exactly one class is right for each sample: sparse_softmax_cross_entropy then uses that they exclude "
            "each other.",
            "Positives are rare and must not be missed: weighted_cross_entropy counts them more.",
        ),
        label_form="0 or 1, or anything in [0, 1], in the logits' shape; a scalar stands for every element",
        called_for_by=("binary", "soft_binary", "multi_hot", "soft_multi_label"),
        example={"logits": EXAMPLE_LOGITS, "labels": [[1, 0, 1], [0, 0, 1]]},
        parameters=(WEIGHTS, IGNORE_INDEX, LABEL_SMOOTHING, FROM_LOGITS, CLIP_AT, AXIS, REDUCTION),
        stability=(
            "exp is taken of −|x| only, so nothing overflows; with labels of 0 and 1 the first two terms are "
            "exact, so that a tiny loss keeps its relative accuracy."
        ),
        same_as=(
            "tf.nn.sigmoid_cross_entropy_with_logits",
            "keras.losses.BinaryCrossentropy",
            "torch.nn.BCEWithLogitsLoss",
            "optax.sigmoid_binary_cross_entropy",
        ),
        sources=(
            GOODFELLOW,
            Source(
                "TensorFlow: tf.nn.sigmoid_cross_entropy_with_logits",
                "https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits",
            ),
        ),
        names_elsewhere=(
            Elsewhere("tf.losses", "tf.losses.sigmoid_cross_entropy", "mean_by_nonzero_weights"),
            Elsewhere(
                "tf.losses",
                "tf.losses.log_loss",
                "mean_by_nonzero_weights",
                send=PROBABILITIES,
                remark=TF_EPSILON,
            ),
            Elsewhere("tf.contrib.losses", "tf.contrib.losses.sigmoid_cross_entropy", "mean_by_nonzero_weights"),
            Elsewhere(
                "tf.contrib.losses",
                "tf.contrib.losses.log_loss",
                "mean_by_nonzero_weights",
                send=PROBABILITIES,
                remark=TF_EPSILON,
            ),
            Elsewhere("tf.nn", "tf.nn.sigmoid_cross_entropy_with_logits", "none"),
            Elsewhere("Keras", "keras.losses.BinaryCrossentropy", "mean", send=PROBABILITIES, remark=KERAS_DEFAULT),
            Elsewhere("Keras", "keras.losses.binary_crossentropy", "none", send=PROBABILITIES, remark=KERAS_DEFAULT),
            Elsewhere(
                "Keras", "keras.metrics.BinaryCrossentropy", "weighted_mean", send=PROBABILITIES, remark=KERAS_DEFAULT
            ),
            Elsewhere("Keras", "keras.ops.binary_crossentropy", "none", send=PROBABILITIES, remark=KERAS_DEFAULT),
            Elsewhere(
                "Keras", "bce", "mean", send=PROBABILITIES, remark="the string in compile(loss=…) and losses.get"
            ),
            Elsewhere("PyTorch", "torch.nn.BCEWithLogitsLoss", "mean", when="without pos_weight"),
            Elsewhere(
                "PyTorch",
                "torch.nn.BCELoss",
                "mean",
                send=PROBABILITIES,
                remark=TORCH_CLIP,
            ),
            Elsewhere(
                "PyTorch",
                "torch.nn.MultiLabelSoftMarginLoss",
                "mean",
                remark=TORCH_WEIGHT,
            ),
            Elsewhere("PyTorch", "torch.nn.SoftMarginLoss", "mean", remark=TORCH_SIGNS),
            Elsewhere("PyTorch", "F.binary_cross_entropy_with_logits", "mean", when="without pos_weight"),
            Elsewhere(
                "PyTorch",
                "F.binary_cross_entropy",
                "mean",
                send=PROBABILITIES,
                remark=TORCH_CLIP,
            ),
            Elsewhere(
                "PyTorch",
                "F.multilabel_soft_margin_loss",
                "mean",
                remark=TORCH_WEIGHT,
            ),
            Elsewhere("PyTorch", "F.soft_margin_loss", "mean", remark=TORCH_SIGNS),
            Elsewhere("Optax", "optax.sigmoid_binary_cross_entropy", "none"),
            Elsewhere(
                "scikit-learn",
                "sklearn.metrics.log_loss",
                "mean",
                when="with one probability for each sample",
                send=PROBABILITIES,
                remark=SKLEARN_CLIP,
            ),
        ),
    )

    def losses(self, x: Array, z: Array, parameters: Parameters, terms: Terms) -> Array:
        losses, positive, product = terms()
        np.multiply(x, z, out=product)
        positive -= product
        losses += positive
        return losses

    def gradient(self, x: Array, z: Array, parameters: Parameters, out: Array) -> None:
        cross_entropy_gradient(x, 1 - z, z, out)

    def careful_losses(self, x: Array, z: Array, parameters: Parameters) -> Array:
        yes = z.astype(np.float64)
        return careful_cross_entropy(x, 1.0 - yes, yes)

    def probability_losses(self, p: Array, z: Array, parameters: Parameters) -> Array:
        losses: Array = 0 - (multiply(np.log(p), z) + multiply(np.log1p(-p), 1 - z))
        return losses

    def probability_gradient(self, p: Array, z: Array, parameters: Parameters) -> Array:
        return divide(1 - z, 1 - p) - divide(z, p)

    def elements(self, framework: FrameworkText) -> str:
        return framework.sigmoid_cross_entropy()


SIGMOID_CROSS_ENTROPY = SigmoidCrossEntropy()


def sigmoid_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """Cross-entropy between labels and the sigmoid of logits: one loss per logit.

    For yes/no labels that don't exclude each other: multi-label classification, or a single binary one. Where one
    class excludes the others use `sparse_softmax_cross_entropy`; where positives are rare, `weighted_cross_entropy`.

        ℓ = −z · log σ(x) − (1 − z) · log(1 − σ(x))  =  max(x, 0) − x · z + log(1 + exp(−|x|))
        z = labels · (1 − s) + s / 2

    logits: any shape of rank 1 or more; −inf is a certain no.
    labels: the logits' shape, or a scalar, which stands for every element; finite. The formula holds outside [0, 1]
    too. A label that is NaN is missing, and costs 0. label_smoothing: s, from 0 to 1.
    ignore_index: a label of this value costs 0.
    from_logits=False: `logits` holds probabilities, clipped to [1e-7, 1 − 1e-7].
    Returns the logits' shape. 0 · ∞ is 0: a label of 0 at a logit of −inf costs nothing.
    Raises WrongShape, NotANumber, Infinite, NotAProbability, ParameterOutOfRange, NotNumeric, Ragged, Empty.

    >>> sigmoid_cross_entropy([0.5, 0.7, 0.3], 1).round(8)
    array([0.47407698, 0.40318605, 0.55435524])

    As tf.nn.sigmoid_cross_entropy_with_logits, optax.sigmoid_binary_cross_entropy, and
    torch.nn.functional.binary_cross_entropy_with_logits(…, reduction="none").
    """
    return all_losses(
        SIGMOID_CROSS_ENTROPY.of(
            logits, labels, label_smoothing=label_smoothing, ignore_index=ignore_index, from_logits=from_logits
        )
    )


def sigmoid_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """d(sigmoid_cross_entropy)/d(logits), in the logits' shape.

        ∂ℓ/∂x = σ(x) − z  =  (1 − z) · σ(x) − z · σ(−x)

    With from_logits=False the derivative is with respect to the probabilities, and 0 where one was clipped.
    Arguments and errors as for `sigmoid_cross_entropy`.

    >>> sigmoid_cross_entropy_gradient([0.0, 0.0], [1.0, 0.0])
    array([-0.5,  0.5])
    """
    return all_gradients(
        SIGMOID_CROSS_ENTROPY.of(
            logits, labels, label_smoothing=label_smoothing, ignore_index=ignore_index, from_logits=from_logits
        )
    )
