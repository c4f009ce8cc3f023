"""Sigmoid focal cross-entropy: ℓ = α_t · (1 − p_t)^γ · sigmoid cross-entropy, p_t what σ(x) gives to the label."""

import numpy as np
from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.elementary import exp
from xent_core.compute.layout import Array
from xent_core.compute.logsumexp import sigmoid
from xent_core.compute.reduction import divide, multiply
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    GAMMA_OF_FOCAL,
    IGNORE_INDEX,
    KERAS_DEFAULT,
    LIN,
    PROBABILITIES,
    REDUCTION,
    WEIGHTS,
    Elsewhere,
    Entry,
    FrameworkText,
    Parameter,
    Parameters,
)
from xent_core.losses.sigmoid_family import (
    FROM_LOGITS,
    LABEL_SMOOTHING,
    SigmoidFamily,
    Terms,
    careful_cross_entropy,
)

KERAS_ALPHA = "its alpha, 0.25 by default, counts with apply_class_balancing only; its gamma is 2 by default"
TORCHVISION = "its alpha is 0.25 by default, and −1 for none; its gamma is 2 by default"


class SigmoidFocalCrossEntropy(SigmoidFamily):
    """ℓ = α_t · r^γ · b, with b = max(x, 0) − x · z + log(1 + exp(−|x|)) and r = 1 − p_t = zσ(−x) + (1 − z)σ(x)."""

    undefined = (
        "lies outside of [0, 1], or is so large, that the loss is undefined: 1 - p_t is negative, which has a power "
        "gamma only where gamma is whole, or the loss is Infinity - Infinity"
    )
    entry = Entry(
        loss_type="sigmoid_focal_cross_entropy",
        title="Sigmoid focal cross-entropy",
        endpoint="/v1/loss",
        formula=(
            "ℓ = α_t · (1 − p_t)^γ · (−y · log σ(x) − (1 − y) · log(1 − σ(x))), p_t = y · σ(x) + (1 − y) · (1 − σ(x)), "
            "α_t = y · α + (1 − y) · (1 − α), or 1 without α"
        ),
        latex=(
            r"\ell = \alpha_t (1 - p_t)^\gamma \bigl(-y \log \sigma(x) - (1 - y) \log(1 - \sigma(x))\bigr), \quad "
            r"p_t = y \sigma(x) + (1 - y)(1 - \sigma(x))"
        ),
        numpy=(
            "(y / (1 + np.exp(x)) + (1 - y) / (1 + np.exp(-x))) ** gamma"
            " * (np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x))))"
        ),
        gradient=(
            "∂ℓ/∂x = α_t · r^γ · (σ(x) − y + γ · (1 − 2y) · σ(x) · σ(−x) · b / r), r = 1 − p_t, b the cross-entropy"
        ),
        gradient_latex=(
            r"\frac{\partial \ell}{\partial x} = \alpha_t r^\gamma \Bigl(\sigma(x) - y + "
            r"\gamma (1 - 2 y) \sigma(x) \sigma(-x) \frac{b}{r}\Bigr), \quad r = 1 - p_t"
        ),
        gradient_numpy=(
            "(lambda s, r, b: r ** gamma * (s - y + gamma * (1 - 2 * y) * s * (1 - s) * b / r))"
            "(1 / (1 + np.exp(-x)), y / (1 + np.exp(x)) + (1 - y) / (1 + np.exp(-x)), "
            "np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x))))"
        ),
        use_when=(
            "Each logit answers a yes/no question of its own, and nearly all of them are easy, as of the boxes of an "
            "object detector: the few hard ones are to count more."
        ),
        avoid_when=(
            "The outputs are to be read as probabilities: focal losses leave them less sure than they should be.",
            "Positives are rare, but not easy: weighted_cross_entropy counts them more.",
            "Exactly one class is right for each sample: sparse_softmax_focal_cross_entropy then uses that they "
            "exclude each other.",
        ),
        label_form="0 or 1, or anything in [0, 1], in the logits' shape; a scalar stands for every element",
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [[1, 0, 1], [0, 0, 1]],
            "loss_type": "sigmoid_focal_cross_entropy",
            "gamma": 2.0,
            "alpha": 0.25,
        },
        parameters=(
            GAMMA_OF_FOCAL,
            Parameter("alpha", "α, from 0 to 1: the weight of positives, 1 − α that of negatives; none by default"),
            WEIGHTS,
            IGNORE_INDEX,
            LABEL_SMOOTHING,
            FROM_LOGITS,
            CLIP_AT,
            AXIS,
            REDUCTION,
        ),
        stability=(
            "1 − p_t is y · σ(−x) + (1 − y) · σ(x), where nothing cancels, and exp is taken of −|x| only; the gradient "
            "has no power of 1 − p_t below γ, so that it is finite for γ < 1 at p_t = 1."
        ),
        same_as=(
            "keras.losses.BinaryFocalCrossentropy",
            "torchvision.ops.sigmoid_focal_loss",
            "optax.sigmoid_focal_loss",
            "tfa.losses.SigmoidFocalCrossEntropy",
        ),
        sources=(LIN,),
        names_elsewhere=(
            Elsewhere(
                "Keras",
                "keras.losses.BinaryFocalCrossentropy",
                "mean",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; {KERAS_ALPHA}",
            ),
            Elsewhere(
                "Keras",
                "keras.losses.binary_focal_crossentropy",
                "none",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; {KERAS_ALPHA}",
            ),
            Elsewhere("PyTorch", "torchvision.ops.sigmoid_focal_loss", "none", remark=TORCHVISION),
            Elsewhere("Optax", "optax.sigmoid_focal_loss", "none"),
        ),
    )

    def losses(self, x: Array, z: Array, parameters: Parameters, terms: Terms) -> Array:
        if (z * z == z).all():
            losses, rest = _of_yes_and_no(x, z, terms)
        else:
            losses, positive, product = terms()
            rest = _rest_by_log(x, z, losses)
            np.multiply(x, z, out=product)
            positive -= product
            losses += positive
        losses *= _factor(rest, z, parameters)
        return losses

    def gradient(self, x: Array, z: Array, parameters: Parameters, out: Array) -> None:
        """Where r is 0, σ(x) · σ(−x) / r is 1: the other of the two is."""
        yes, no = np.empty_like(x), np.empty_like(x)
        sigmoid(x, yes)
        sigmoid(-x, no)
        rest = z * no + (1 - z) * yes
        ratio = np.divide(yes * no, rest, out=np.ones_like(x), where=rest != 0)
        ratio *= parameters.gamma * (1 - 2 * z)
        slopes = multiply(careful_cross_entropy(x, 1 - z, np.broadcast_to(z, x.shape)), ratio)
        slopes += (1 - z) * yes - z * no
        out[...] = slopes * _factor(rest, z, parameters)

    def careful_losses(self, x: Array, z: Array, parameters: Parameters) -> Array:
        x, z = x.astype(np.float64), z.astype(np.float64)
        return multiply(careful_cross_entropy(x, 1 - z, z), _factor(_rest(x, z), z, parameters))

    def probability_losses(self, p: Array, z: Array, parameters: Parameters) -> Array:
        cross_entropy, rest = _of_probabilities(p, z)
        return multiply(cross_entropy, _factor(rest, z, parameters))

    def probability_gradient(self, p: Array, z: Array, parameters: Parameters) -> Array:
        cross_entropy, rest = _of_probabilities(p, z)
        # Where 1 − p_t is 0 the cross-entropy over it is 1.
        ratio = np.divide(cross_entropy, rest, out=np.ones_like(cross_entropy), where=rest != 0)
        slopes = parameters.gamma * (1 - 2 * z) * ratio + (divide(1 - z, 1 - p) - divide(z, p))
        return multiply(slopes, _factor(rest, z, parameters))

    def keras_class(self, framework: FrameworkText) -> str | None:
        gamma, alpha = framework.parameters.gamma, framework.parameters.alpha
        balancing = "" if alpha is None else f"apply_class_balancing=True, alpha={alpha}, "
        # With probabilities, Keras takes 1 − p_t of those that it does not clip.
        return f"BinaryFocalCrossentropy({balancing}gamma={gamma}, " if framework.from_logits else None

    def elements(self, framework: FrameworkText) -> str:
        gamma, alpha = framework.parameters.gamma, framework.parameters.alpha
        targets = framework.named_targets()
        if framework.name == "optax" and framework.from_logits:
            return f"optax.sigmoid_focal_loss(logits, {targets}, alpha={alpha}, gamma={gamma})"
        if framework.from_logits:
            losses = framework.let("cross_entropy", framework.sigmoid_cross_entropy())
            p = framework.let("p", f"{framework.sigmoid}(logits)")
        else:
            p = framework.let("p", framework.clipped("logits"))
            losses = f"-({targets} * {framework.log}({p}) + (1 - {targets}) * {framework.log}(1 - {p}))"
            if framework.logs_of_zero:
                losses = f"-{framework.times_log(targets, p)} - {framework.times_log(f'1 - {targets}', f'1 - {p}')}"
            losses = framework.let("cross_entropy", losses)
        rest = f"({targets} * (1 - {p}) + (1 - {targets}) * {p})"
        focal = f"{rest} ** {gamma} * {losses}"
        return focal if alpha is None else f"({targets} * {alpha} + (1 - {targets}) * (1 - {alpha})) * {focal}"


def _of_yes_and_no(x: Array, z: Array, terms: Terms) -> tuple[Array, Array]:
    """The cross-entropy and 1 − p_t for labels of 0 and 1, with one exponential.

    With a = (1 − 2z) · x, how far the logit leads away from the label, they are max(a, 0) + log(1 + exp(−|a|)), and
    1 / (1 + exp(−|a|)), multiplied by exp(−|a|) where a < 0.
    """
    losses, is_away, exponentials = terms()
    away = x * (1 - 2 * z)
    np.greater_equal(away, 0, out=is_away)
    away *= is_away
    losses += away
    rest = np.maximum(exponentials, is_away, out=is_away)
    exponentials += 1
    rest /= exponentials
    return losses, rest


def _rest_by_log(x: Array, z: Array, log_term: Array) -> Array:
    """1 − p_t from log(1 + exp(−|x|)), with two exponentials.

    log σ(x) is min(x, 0) less that logarithm. Where x is so far below 0 that the difference rounds, it is x itself.
    """
    rest: Array = np.minimum(x, 0)
    rest -= log_term
    exp(rest, out=rest)
    rest *= 1 - z
    toward = np.minimum(-x, 0)
    toward -= log_term
    exp(toward, out=toward)
    toward *= z
    rest += toward
    return rest


def _rest(x: Array, z: Array) -> Array:
    """1 − p_t = z · σ(−x) + (1 − z) · σ(x)."""
    away, toward = np.empty_like(x), np.empty_like(x)
    sigmoid(x, away)
    sigmoid(-x, toward)
    rest: Array = z * toward + (1 - z) * away
    return rest


def _of_probabilities(p: Array, z: Array) -> tuple[Array, Array]:
    """The cross-entropy, and 1 − p_t."""
    cross_entropy: Array = 0 - (multiply(np.log(p), z) + multiply(np.log1p(-p), 1 - z))
    return cross_entropy, z * (1 - p) + (1 - z) * p


def _factor(rest: Array, z: Array, parameters: Parameters) -> Array:
    """α_t · (1 − p_t)^γ, which `rest` may be written to for."""
    factor = rest
    factor **= parameters.gamma
    if parameters.alpha is not None:
        factor = factor * (z * parameters.alpha + (1 - z) * (1 - parameters.alpha))
    return factor


SIGMOID_FOCAL_CROSS_ENTROPY = SigmoidFocalCrossEntropy()


def sigmoid_focal_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float | None = None,
    alpha: float | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """Sigmoid cross-entropy that counts less the surer the prediction is: one loss per logit.

    For yes/no labels of which nearly all are easy, as of an object detector's boxes. Where positives are rare but not
    easy, use `weighted_cross_entropy`; where classes exclude each other, `sparse_softmax_focal_cross_entropy`.

        ℓ = α_t · (1 − p_t)^γ · (−z · log σ(x) − (1 − z) · log(1 − σ(x)))
        p_t = z · σ(x) + (1 − z) · (1 − σ(x)),    α_t = z · α + (1 − z) · (1 − α),    z = labels · (1 − s) + s / 2

    gamma: γ, 0 or more, 2 by default; with 0 and no alpha it is sigmoid cross-entropy.
    alpha: α, from 0 to 1; without it α_t is 1.
    The other arguments, the result and the errors as for `sigmoid_cross_entropy`. Where a label outside of [0, 1] makes
    1 − p_t negative, only a whole gamma has a power of it: UndefinedLoss.

    >>> sigmoid_focal_cross_entropy([0.5, 0.7, 0.3], 1).round(7)
    array([0.0675735, 0.0443905, 0.1003933])

    As optax.sigmoid_focal_loss, torchvision.ops.sigmoid_focal_loss, and keras.losses.BinaryFocalCrossentropy, which
    clips probabilities to [1e-7, 1 − 1e-7]. Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    return all_losses(
        SIGMOID_FOCAL_CROSS_ENTROPY.of(
            logits,
            labels,
            gamma=gamma,
            alpha=alpha,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
        )
    )


def sigmoid_focal_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float | None = None,
    alpha: float | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
) -> Array:
    """d(sigmoid_focal_cross_entropy)/d(logits), in the logits' shape.

        ∂ℓ/∂x = α_t · r^γ · (σ(x) − z + γ · (1 − 2z) · σ(x) · σ(−x) · b / r),    r = 1 − p_t, b the cross-entropy

    It is finite for γ < 1 where p_t is 1. Arguments and errors as for `sigmoid_focal_cross_entropy`.

    >>> sigmoid_focal_cross_entropy_gradient([0.0, 0.0], [1.0, 0.0], gamma=0.0)
    array([-0.5,  0.5])
    """
    return all_gradients(
        SIGMOID_FOCAL_CROSS_ENTROPY.of(
            logits,
            labels,
            gamma=gamma,
            alpha=alpha,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
        )
    )
