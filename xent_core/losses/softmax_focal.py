"""Softmax focal cross-entropy: ℓ = −Σ_c w_c · y_c · (1 − p_c)^γ · log p_c, p = softmax(x)."""

import numpy as np
from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    GAMMA_OF_FOCAL,
    KERAS_DEFAULT,
    LIN,
    PROBABILITIES,
    REDUCTION,
    TEMPERATURE,
    WEIGHTS,
    Elsewhere,
    Entry,
    FrameworkText,
    Parameter,
    Parameters,
    Source,
)
from xent_core.losses.softmax_by_class import SoftmaxByClass
from xent_core.losses.softmax_family import FROM_LOGITS, LABEL_SMOOTHING

CLASS_WEIGHTS = Parameter(
    "class_weights", "one weight for each class: ℓ = −Σ_c w_c · y_c · (1 − p_c)^γ · log p_c; Keras' alpha"
)
ALPHA = Parameter("alpha", "α, from 0 to 1: every loss is multiplied by it; none by default")
KERAS_ALPHA = "its alpha, 0.25 by default, is alpha here, or class_weights where it is a list"


class SoftmaxFocalCrossEntropy(SoftmaxByClass):
    """f(ℓ) = (1 − p)^γ · ℓ for ℓ = −log p, f'(ℓ) = (1 − p)^γ · (1 + γ · p · ℓ / (1 − p))."""

    entry = Entry(
        loss_type="softmax_focal_cross_entropy",
        title="Softmax focal cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = −Σ_c y_c · (1 − p_c)^γ · log p_c, p = softmax(x), γ = gamma",
        latex=r"\ell = -\sum_c y_c (1 - p_c)^\gamma \log p_c, \quad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}",
        numpy=("-np.sum(y * (1 - np.exp(x) / np.sum(np.exp(x))) ** gamma * np.log(np.exp(x) / np.sum(np.exp(x))))"),
        gradient="∂ℓ/∂x_c = p_c · Σ_j y_j f_j − y_c f_c, f = (1 − p)^γ − γ · p · (1 − p)^(γ − 1) · log p",
        gradient_latex=(
            r"\frac{\partial \ell}{\partial x_c} = p_c \sum_j y_j f_j - y_c f_c, \quad "
            r"f = (1 - p)^\gamma - \gamma p (1 - p)^{\gamma - 1} \log p"
        ),
        gradient_numpy=(
            "(lambda p: (lambda f: p * np.sum(y * f) - y * f)"
            "((1 - p) ** gamma - gamma * p * (1 - p) ** (gamma - 1) * np.log(p)))(np.exp(x) / np.sum(np.exp(x)))"
        ),
        use_when=(
            "Exactly one class is right for each sample, most samples are easy, and the few hard ones are to count "
            "more; the labels are distributions or one-hot."
        ),
        avoid_when=(
            "The outputs are to be read as probabilities: focal losses leave them less sure than they should be.",
            "The labels are class indices: sparse_softmax_focal_cross_entropy takes them.",
            "Labels are noisy: the hard samples are then the wrong ones, and generalized_cross_entropy counts them "
            "less.",
        ),
        label_form="the logits' shape, each row a distribution over the classes: in [0, 1], summing to 1",
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]],
            "loss_type": "softmax_focal_cross_entropy",
            "gamma": 2.0,
        },
        parameters=(
            GAMMA_OF_FOCAL,
            ALPHA,
            CLASS_WEIGHTS,
            WEIGHTS,
            LABEL_SMOOTHING,
            FROM_LOGITS,
            CLIP_AT,
            TEMPERATURE,
            AXIS,
            REDUCTION,
        ),
        stability=(
            "1 − p is the sum of the other classes' exponentials over the sum of all, so that it keeps its digits "
            "where p rounds to 1; the gradient has no power of 1 − p below γ, so that it is finite for γ < 1 at p = 1."
        ),
        same_as=("keras.losses.CategoricalFocalCrossentropy",),
        sources=(
            LIN,
            Source(
                "Keras: CategoricalFocalCrossentropy",
                "https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class",
            ),
        ),
        names_elsewhere=(
            Elsewhere(
                "Keras",
                "keras.losses.CategoricalFocalCrossentropy",
                "mean",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; {KERAS_ALPHA}",
            ),
            Elsewhere(
                "Keras",
                "keras.losses.categorical_focal_crossentropy",
                "none",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; {KERAS_ALPHA}",
            ),
        ),
    )

    def value(self, negative_log_p: Array, rest: Array, parameters: Parameters) -> Array:
        rest **= parameters.gamma
        rest *= negative_log_p
        return _scaled(rest, parameters)

    def derivative(self, negative_log_p: Array, p: Array, rest: Array, parameters: Parameters) -> Array:
        # At p = 1 the quotient goes to 1, and p · log p to 0 at p = 0.
        quotient = np.divide(negative_log_p, rest, out=np.ones_like(rest), where=rest != 0)
        slopes = np.multiply(quotient, p, out=np.zeros_like(p), where=p != 0)
        slopes *= parameters.gamma
        slopes += 1
        slopes *= rest**parameters.gamma
        return _scaled(slopes, parameters)

    def keras_class(self, framework: FrameworkText) -> str | None:
        gamma, alpha = framework.parameters.gamma, framework.parameters.alpha
        return f"CategoricalFocalCrossentropy(alpha={1.0 if alpha is None else alpha}, gamma={gamma}, "

    def elements(self, framework: FrameworkText) -> str:
        gamma, alpha = framework.parameters.gamma, framework.parameters.alpha
        if framework.logs_of_zero:
            p = framework.let("p", framework.probabilities())
            factor = f"{framework.weighted_targets()} * (1 - {p}) ** {gamma}"
            modulated = framework.over_classes(framework.times_log(factor, p))
        else:
            log_p = framework.let("log_p", framework.log_probabilities())
            modulated = framework.over_targets(f"(1 - {framework.exp}({log_p})) ** {gamma} * {log_p}")
        return f"-{modulated}" if alpha is None else f"-{alpha} * {modulated}"


def _scaled(values: Array, parameters: Parameters) -> Array:
    if parameters.alpha == 0:
        values[...] = 0  # 0 · ∞ too
    elif parameters.alpha is not None:
        values *= parameters.alpha
    return values


SOFTMAX_FOCAL_CROSS_ENTROPY = SoftmaxFocalCrossEntropy()


def softmax_focal_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float | None = None,
    alpha: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """Softmax cross-entropy in which each class's term counts less the surer the prediction is: one loss per row.

    For rows of labels, as `softmax_cross_entropy` takes them; for class indices use
    `sparse_softmax_focal_cross_entropy`, for yes/no labels `sigmoid_focal_cross_entropy`.

        ℓ = −α · Σ_c w_c · y_c · (1 − p_c)^γ · log p_c,    p = softmax(x / temperature)

    gamma: γ, 0 or more, 2 by default; with 0 it is softmax cross-entropy. alpha: α, from 0 to 1; 1 by default.
    The other arguments, the result and the errors as for `softmax_cross_entropy`.

    >>> softmax_focal_cross_entropy([[2.0, 0.5, 1.0]], [[0.0, 1.0, 0.0]], gamma=2.0).round(7)
    array([1.4520216])

    As keras.losses.CategoricalFocalCrossentropy(alpha=1.0), which clips probabilities to [1e-7, 1 − 1e-7] and so gives
    0 or NaN where these rows keep their digits. Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    return all_losses(
        SOFTMAX_FOCAL_CROSS_ENTROPY.of(
            logits,
            labels,
            gamma=gamma,
            alpha=alpha,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def softmax_focal_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float | None = None,
    alpha: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(softmax_focal_cross_entropy)/d(logits): each row's gradient with respect to its own logits, in their shape.

        ∂ℓ/∂x_c = p_c · Σ_j t_j f_j − t_c f_c,    t = α · w · y,    f = (1 − p)^γ − γ · p · (1 − p)^(γ − 1) · log p

    Arguments and errors as for `softmax_focal_cross_entropy`.

    >>> softmax_focal_cross_entropy_gradient([[0.0, 0.0]], [[1.0, 0.0]], gamma=0.0)
    array([[-0.5,  0.5]])
    """
    return all_gradients(
        SOFTMAX_FOCAL_CROSS_ENTROPY.of(
            logits,
            labels,
            gamma=gamma,
            alpha=alpha,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
