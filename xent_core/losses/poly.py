"""Poly cross-entropy: ℓ = −Σ_c w_c · y_c · log p_c + ε · Σ_c w_c · y_c · (1 − p_c), p = softmax(x)."""

from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array, Layout
from xent_core.losses.label_shapes import check_index_or_row_shape
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    IGNORE_INDEX,
    REDUCTION,
    SHIFT,
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

CLASS_WEIGHTS = Parameter("class_weights", "one weight for each class: ℓ = Σ_c w_c · y_c · (ε · (1 − p_c) − log p_c)")


class PolyCrossEntropy(SoftmaxByClass):
    """f(ℓ) = ℓ + ε · (1 − p) for ℓ = −log p, f'(ℓ) = 1 + ε · p."""

    takes_class_indices = True
    entry = Entry(
        loss_type="poly_cross_entropy",
        title="Poly cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = −Σ_c y_c · log p_c + ε · Σ_c y_c · (1 − p_c), p = softmax(x), ε = epsilon",
        latex=(
            r"\ell = -\sum_c y_c \log p_c + \epsilon \sum_c y_c (1 - p_c), \quad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}"
        ),
        numpy="(lambda p: np.sum(y * (epsilon * (1 - p) - np.log(p))))(np.exp(x) / np.sum(np.exp(x)))",
        gradient="∂ℓ/∂x_c = p_c · Σ_j y_j f_j − y_c f_c, f = 1 + ε · p",
        gradient_latex=(r"\frac{\partial \ell}{\partial x_c} = p_c \sum_j y_j f_j - y_c f_c, \quad f = 1 + \epsilon p"),
        gradient_numpy=(
            "(lambda p: p * np.sum(y * (1 + epsilon * p)) - y * (1 + epsilon * p))(np.exp(x) / np.sum(np.exp(x)))"
        ),
        use_when=(
            "Softmax cross-entropy is right, and how much well predicted samples still pull is to be tuned: epsilon "
            "above 0 has them pull more, below 0 less."
        ),
        avoid_when=(
            "There is no budget to tune epsilon: softmax_cross_entropy has nothing to tune.",
            "Several classes may be right at once: sigmoid_cross_entropy asks about each by itself.",
        ),
        label_form="the logits' shape, each row a distribution over the classes; or class indices from 0 to C − 1",
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]],
            "loss_type": "poly_cross_entropy",
            "epsilon": 1.0,
        },
        parameters=(
            Parameter("epsilon", "ε: how much 1 − p counts, 2 by default; below −1 the loss falls where p falls to 0"),
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
            "1 − p is the sum of the other classes' exponentials over the sum of all, so that both terms keep their "
            "digits where p rounds to 1."
        ),
        same_as=("optax.losses.poly_loss_cross_entropy",),
        sources=(
            Source(
                "Leng et al.: PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions",
                "https://arxiv.org/abs/2204.12511",
            ),
        ),
        names_elsewhere=(Elsewhere("Optax", "optax.losses.poly_loss_cross_entropy", "none"),),
    )

    def check_labels_shape(self, labels: Array, layout: Layout) -> None:
        check_index_or_row_shape(labels, layout)

    def value(self, negative_log_p: Array, rest: Array, parameters: Parameters) -> Array:
        values: Array = negative_log_p + parameters.epsilon * rest
        return values

    def derivative(self, negative_log_p: Array, p: Array, rest: Array, parameters: Parameters) -> Array:
        slopes: Array = 1 + parameters.epsilon * p
        return slopes

    def elements(self, framework: FrameworkText) -> str:
        epsilon = framework.parameters.epsilon
        if framework.name == "optax" and framework.from_logits and not framework.class_weights_inside:
            targets, axis = framework.targets(), framework.axis_argument
            return f"optax.losses.poly_loss_cross_entropy(logits, {targets}, epsilon={epsilon}{axis})"
        if framework.logs_of_zero:
            factor, p = framework.weighted_targets(), framework.let("p", framework.probabilities())
            return framework.over_classes(f"{factor} * {epsilon} * (1 - {p}) - {framework.times_log(factor, p)}")
        log_p = framework.let("log_p", framework.log_probabilities())
        return framework.over_targets(f"({epsilon} * (1 - {framework.exp}({log_p})) - {log_p})")


POLY_CROSS_ENTROPY = PolyCrossEntropy()


def poly_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    epsilon: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """Softmax cross-entropy and ε times the probability of what is not right: one loss per row.

        ℓ = −Σ_c w_c · y_c · log p_c + ε · Σ_c w_c · y_c · (1 − p_c),    p = softmax(x / temperature)

    labels: rows of labels in the logits' shape, as `softmax_cross_entropy` takes them, or class indices, as
    `sparse_softmax_cross_entropy` does. ignore_index: a class index of this value costs 0.
    epsilon: ε, 2 by default; with 0 it is softmax cross-entropy.
    The other arguments, the result and the errors as for these two.

    >>> poly_cross_entropy([[2.0, 0.5, 1.0]], [[0.0, 1.0, 0.0]], epsilon=1.0).round(7)
    array([2.8241244])

    As optax.losses.poly_loss_cross_entropy.
    Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022.
    """
    return all_losses(
        POLY_CROSS_ENTROPY.of(
            logits,
            labels,
            epsilon=epsilon,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def poly_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    epsilon: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(poly_cross_entropy)/d(logits), in the logits' shape.

        ∂ℓ/∂x_c = p_c · Σ_j w_j y_j f_j − w_c y_c f_c,    f = 1 + ε · p

    Arguments and errors as for `poly_cross_entropy`.

    >>> poly_cross_entropy_gradient([[0.0, 0.0]], [[1.0, 0.0]], epsilon=2.0)
    array([[-1.,  1.]])
    """
    return all_gradients(
        POLY_CROSS_ENTROPY.of(
            logits,
            labels,
            epsilon=epsilon,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
