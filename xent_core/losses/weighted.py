"""Weighted sigmoid cross-entropy: ℓ = −q · z · log σ(x) − (1 − z) · log(1 − σ(x)), q = pos_weight."""

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array
from xent_core.compute.reduction import divide, multiply
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    IGNORE_INDEX,
    REDUCTION,
    WEIGHTS,
    Elsewhere,
    Entry,
    FrameworkText,
    Parameter,
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


class WeightedCrossEntropy(SigmoidFamily):
    """ℓ = (1 − z) · log(1 + exp(x)) + q · z · log(1 + exp(−x)), ∂ℓ/∂x = (1 − z) · σ(x) − q · z · σ(−x)."""

    known_to_frameworks = True
    is_cross_entropy = True
    required = frozenset({"pos_weight"})
    entry = Entry(
        loss_type="weighted_cross_entropy",
        title="Weighted sigmoid cross-entropy",
        endpoint="/v1/loss",
        formula=(
            "ℓ = −q · y · log σ(x) − (1 − y) · log(1 − σ(x)) "
            "= (1 − y) · x + (1 + (q − 1) · y) · (log(1 + exp(−|x|)) + max(−x, 0)), q = pos_weight"
        ),
        latex=(
            r"\ell = -q y \log \sigma(x) - (1 - y) \log(1 - \sigma(x)) "
            r"= (1 - y) x + (1 + (q - 1) y) (\log(1 + e^{-|x|}) + \max(-x, 0))"
        ),
        numpy="(1 - y) * x + (1 + (q - 1) * y) * (np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0))",
        gradient="∂ℓ/∂x = (1 − y) · σ(x) − q · y · σ(−x)",
        gradient_latex=r"\frac{\partial \ell}{\partial x} = (1 - y) \sigma(x) - q y \sigma(-x)",
        gradient_numpy="(1 - y) / (1 + np.exp(-x)) - q * y / (1 + np.exp(x))",
        use_when=(
            "Each logit answers a yes/no question of its own, and positives are rare, or missing one costs more "
            "than a false alarm: a pos_weight of negatives / positives balances the two."
        ),
        avoid_when=(
            "The outputs are to be read as probabilities: a pos_weight other than 1 shifts them.",
            "Exactly one class is right for each sample: there class_weights do this, with a softmax loss.",
        ),
        label_form="0 or 1, or anything in [0, 1], in the logits' shape; a scalar stands for every element",
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [[1, 0, 1], [0, 0, 1]],
            "loss_type": "weighted_cross_entropy",
            "pos_weight": 3.0,
        },
        parameters=(
            Parameter("pos_weight", "q: how often the positive term counts, a scalar or one for each class; required"),
            WEIGHTS,
            IGNORE_INDEX,
            LABEL_SMOOTHING,
            FROM_LOGITS,
            CLIP_AT,
            AXIS,
            REDUCTION,
        ),
        stability=(
            "Computed as (1 − y) · log(1 + exp(x)) + q · y · log(1 + exp(−x)), each in its stable form: the terms "
            "of valid labels are never negative, so nothing cancels."
        ),
        same_as=("tf.nn.weighted_cross_entropy_with_logits", "torch.nn.BCEWithLogitsLoss(pos_weight=…)"),
        sources=(
            Source(
                "TensorFlow: tf.nn.weighted_cross_entropy_with_logits",
                "https://www.tensorflow.org/api_docs/python/tf/nn/weighted_cross_entropy_with_logits",
            ),
        ),
        names_elsewhere=(
            Elsewhere("tf.nn", "tf.nn.weighted_cross_entropy_with_logits", "none"),
            Elsewhere("PyTorch", "torch.nn.BCEWithLogitsLoss", "mean", when="with pos_weight"),
            Elsewhere("PyTorch", "F.binary_cross_entropy_with_logits", "mean", when="with pos_weight"),
        ),
    )

    def losses(self, x: Array, z: Array, parameters: Parameters, terms: Terms) -> Array:
        losses, positive, product = terms()
        np.subtract(positive, x, out=product)
        product += losses
        product *= _q(parameters) * z
        losses += positive
        losses *= 1 - z
        losses += product
        return losses

    def gradient(self, x: Array, z: Array, parameters: Parameters, out: Array) -> None:
        cross_entropy_gradient(x, 1 - z, _q(parameters) * z, out)

    def careful_losses(self, x: Array, z: Array, parameters: Parameters) -> Array:
        return careful_cross_entropy(x, 1.0 - z.astype(np.float64), _q(parameters).astype(np.float64) * z)

    def probability_losses(self, p: Array, z: Array, parameters: Parameters) -> Array:
        losses: Array = 0 - (multiply(np.log(p), _q(parameters) * z) + multiply(np.log1p(-p), 1 - z))
        return losses

    def probability_gradient(self, p: Array, z: Array, parameters: Parameters) -> Array:
        return divide(1 - z, 1 - p) - divide(_q(parameters) * z, p)

    def elements(self, framework: FrameworkText) -> str:
        return framework.sigmoid_cross_entropy()


def _q(parameters: Parameters) -> Array:
    return cast(Array, parameters.pos_weight)


WEIGHTED_CROSS_ENTROPY = WeightedCrossEntropy()


def weighted_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    pos_weight: ArrayLike,
    axis: int = -1,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
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
    return all_losses(
        WEIGHTED_CROSS_ENTROPY.of(
            logits,
            labels,
            pos_weight=pos_weight,
            axis=axis,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
        )
    )


def weighted_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    pos_weight: ArrayLike,
    axis: int = -1,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """d(weighted_cross_entropy)/d(logits), in the logits' shape.

        ∂ℓ/∂x = (1 − z) · σ(x) − q · z · σ(−x)

    Arguments and errors as for `weighted_cross_entropy`.

    >>> weighted_cross_entropy_gradient([0.0, 0.0], [1.0, 0.0], pos_weight=3.0)
    array([-1.5,  0.5])
    """
    return all_gradients(
        WEIGHTED_CROSS_ENTROPY.of(
            logits,
            labels,
            pos_weight=pos_weight,
            axis=axis,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
        )
    )
