"""Generalized cross-entropy: ℓ = w_k · (1 − p_k^q) / q for the class k, p = softmax(x)."""

import numpy as np
from numpy.typing import ArrayLike

from xent_core.checks.values import check_one_hot
from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.elementary import exp
from xent_core.compute.layout import Array, Block, FloatType, Layout
from xent_core.labels.onehot import first_other_row
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
from xent_core.losses.softmax_family import FROM_LOGITS

CLASS_WEIGHTS = Parameter("class_weights", "one weight for each class: ℓ = w_k · (1 − p_k^q) / q")
TINY = 1e-30
KERAS_PROBABILITIES = "there the probabilities are given, and not clipped: send clip 0 for the same"


class GeneralizedCrossEntropy(SoftmaxByClass):
    """f(ℓ) = −expm1(−q · ℓ) / q for ℓ = −log p, f'(ℓ) = p^q."""

    takes_class_indices = True
    entry = Entry(
        loss_type="generalized_cross_entropy",
        title="Generalized cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = (1 − p_k^q) / q, p = softmax(x), k the class",
        latex=r"\ell = \frac{1 - p_k^q}{q}, \quad p_k = \frac{e^{x_k}}{\sum_j e^{x_j}}",
        numpy="-np.expm1(-q * np.log1p(np.sum(np.exp(np.delete(x, k) - x[k])))) / q",
        gradient="∂ℓ/∂x_c = p_k^q · (p_c − [c = k])",
        gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_k^q \, (p_c - [c = k])",
        gradient_numpy="(lambda p: p[k] ** q * (p - (np.arange(C) == k)))(np.exp(x) / np.sum(np.exp(x)))",
        use_when=(
            "Exactly one class is right for each sample, and some labels are wrong: no sample costs more than 1 / q, "
            "so that wrong labels can't dominate."
        ),
        avoid_when=(
            "Labels are clean: sparse_softmax_cross_entropy learns faster from hard samples.",
            "The labels are distributions over the classes: softmax_cross_entropy takes them.",
        ),
        label_form="class indices from 0 to C − 1, the logits' shape without the class axis; or one-hot rows",
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [1, 2],
            "loss_type": "generalized_cross_entropy",
            "q": 0.7,
        },
        parameters=(
            Parameter(
                "q",
                "above 0, at most 1; 0.5 by default: towards 0 it is cross-entropy, with 1 it is 1 − p, half the "
                "absolute error",
            ),
            CLASS_WEIGHTS,
            IGNORE_INDEX,
            WEIGHTS,
            FROM_LOGITS,
            CLIP_AT,
            TEMPERATURE,
            SHIFT,
            AXIS,
            REDUCTION,
        ),
        stability=(
            "With ℓ the sparse cross-entropy it is −expm1(−q · ℓ) / q: nothing cancels, neither where p_k rounds to 1 "
            "nor for the smallest q, and no logits make it infinite."
        ),
        same_as=("keras.losses.CategoricalGeneralizedCrossEntropy",),
        sources=(
            Source(
                "Zhang, Sabuncu: Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels",
                "https://arxiv.org/abs/1805.07836",
            ),
        ),
        names_elsewhere=(
            Elsewhere(
                "Keras",
                "keras.losses.CategoricalGeneralizedCrossEntropy",
                "mean",
                send='"from_logits": false, "clip": 0',
                remark=KERAS_PROBABILITIES,
            ),
            Elsewhere(
                "Keras",
                "keras.losses.categorical_generalized_cross_entropy",
                "none",
                send='"from_logits": false, "clip": 0',
                remark=KERAS_PROBABILITIES,
            ),
        ),
    )

    def check_labels_shape(self, labels: Array, layout: Layout) -> None:
        check_index_or_row_shape(labels, layout)

    def check_label_rows(
        self, labels: Array, layout: Layout, block: Block, parameters: Parameters, dtype: FloatType
    ) -> None:
        check_one_hot(first_other_row(labels), layout, block, self.name)

    def value(self, negative_log_p: Array, rest: Array, parameters: Parameters) -> Array:
        exponent = negative_log_p * parameters.q
        # Of the smallest exponents it is the cross-entropy, and the quotient would be one of denormal numbers.
        values: Array = np.where(exponent < TINY, negative_log_p, np.expm1(-exponent) / -parameters.q)
        return values

    def derivative(self, negative_log_p: Array, p: Array, rest: Array, parameters: Parameters) -> Array:
        slopes: Array = exp(negative_log_p * -parameters.q)
        return slopes

    def elements(self, framework: FrameworkText) -> str:
        q = framework.parameters.q
        if framework.name == "keras" and framework.from_logits and q < 1:
            probabilities = framework.probabilities()
            return f"keras.losses.categorical_generalized_cross_entropy({framework.indices()}, {probabilities}, {q})"
        power = f"{framework.exp}({q} * {framework.let('log_p', framework.log_probabilities())})"
        return framework.over_targets(f"(1 - {power}) / {q}")


GENERALIZED_CROSS_ENTROPY = GeneralizedCrossEntropy()


def generalized_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    q: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """A loss between cross-entropy and the absolute error that wrong labels can't dominate: one loss per row.

    For class indices or one-hot rows of which some are wrong. Where labels are clean, use
    `sparse_softmax_cross_entropy`, which it is for q towards 0.

        ℓ = w_k · (1 − p_k^q) / q,    p = softmax(x / temperature)

    labels: class indices in the logits' shape without the class axis, or one-hot rows in the logits' shape.
    q: above 0 and at most 1, 0.5 by default. With 1 it is 1 − p_k.
    The other arguments and the result as for `sparse_softmax_cross_entropy`; the relative accuracy, too.
    Raises NotOneHot, and what `sparse_softmax_cross_entropy` raises.

    >>> generalized_cross_entropy([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2], q=0.7).round(7)
    array([1.067393 , 0.1640462])

    As keras.losses.CategoricalGeneralizedCrossEntropy, which takes probabilities.
    Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, 2018.
    """
    return all_losses(
        GENERALIZED_CROSS_ENTROPY.of(
            logits,
            labels,
            q=q,
            axis=axis,
            class_weights=class_weights,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def generalized_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    q: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(generalized_cross_entropy)/d(logits), in the logits' shape; 0 in the rows whose label is ignored.

        ∂ℓ/∂x_c = w_k · p_k^q · (p_c − [c = k])

    Arguments and errors as for `generalized_cross_entropy`.

    >>> generalized_cross_entropy_gradient([[0.0, 0.0]], [0], q=1.0)
    array([[-0.25,  0.25]])
    """
    return all_gradients(
        GENERALIZED_CROSS_ENTROPY.of(
            logits,
            labels,
            q=q,
            axis=axis,
            class_weights=class_weights,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
