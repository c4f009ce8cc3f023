"""Sparse softmax focal cross-entropy: ℓ = −w_k · (1 − p_k)^γ · log p_k for the class index k, p = softmax(x)."""

from numpy.typing import ArrayLike

from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.layout import Array
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
    SHIFT,
    TEMPERATURE,
    WEIGHTS,
    Elsewhere,
    Entry,
)
from xent_core.losses.softmax_family import FROM_LOGITS, LABEL_SMOOTHING
from xent_core.losses.softmax_focal import ALPHA, CLASS_WEIGHTS, KERAS_ALPHA, SoftmaxFocalCrossEntropy


class SparseSoftmaxFocalCrossEntropy(SoftmaxFocalCrossEntropy):
    """Softmax focal cross-entropy of one-hot rows, given as class indices."""

    takes_class_indices = True
    entry = Entry(
        loss_type="sparse_softmax_focal_cross_entropy",
        title="Sparse softmax focal cross-entropy",
        endpoint="/v1/loss",
        formula="ℓ = −(1 − p_k)^γ · log p_k, p = softmax(x), k the class index, γ = gamma",
        latex=r"\ell = -(1 - p_k)^\gamma \log p_k, \quad p_k = \frac{e^{x_k}}{\sum_j e^{x_j}}",
        numpy=("(lambda l: (-np.expm1(-l)) ** gamma * l)(np.log1p(np.sum(np.exp(np.delete(x, k) - x[k]))))"),
        gradient="∂ℓ/∂x_c = f · (p_c − [c = k]), f = (1 − p_k)^γ − γ · p_k · (1 − p_k)^(γ − 1) · log p_k",
        gradient_latex=(
            r"\frac{\partial \ell}{\partial x_c} = f \cdot (p_c - [c = k]), \quad "
            r"f = (1 - p_k)^\gamma - \gamma p_k (1 - p_k)^{\gamma - 1} \log p_k"
        ),
        gradient_numpy=(
            "(lambda p: ((1 - p[k]) ** gamma - gamma * p[k] * (1 - p[k]) ** (gamma - 1) * np.log(p[k]))"
            " * (p - (np.arange(C) == k)))(np.exp(x) / np.sum(np.exp(x)))"
        ),
        use_when=(
            "Exactly one class is right for each sample and the labels name it, most samples are easy, and the few "
            "hard ones are to count more."
        ),
        avoid_when=(
            "The outputs are to be read as probabilities: focal losses leave them less sure than they should be.",
            "The labels are distributions over the classes: softmax_focal_cross_entropy takes them.",
            "Labels are noisy: the hard samples are then the wrong ones, and generalized_cross_entropy counts them "
            "less.",
        ),
        label_form="class indices from 0 to C − 1, the logits' shape without the class axis",
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [1, 2],
            "loss_type": "sparse_softmax_focal_cross_entropy",
            "gamma": 2.0,
        },
        parameters=(
            GAMMA_OF_FOCAL,
            ALPHA,
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
            "With ℓ the sparse cross-entropy it is (−expm1(−ℓ))^γ · ℓ: nothing cancels, so that it keeps its relative "
            "accuracy however confident the prediction is; the gradient is finite for γ < 1 at p = 1, too."
        ),
        same_as=("keras.losses.CategoricalFocalCrossentropy of one-hot labels",),
        sources=(LIN,),
        names_elsewhere=(
            Elsewhere(
                "Keras",
                "keras.losses.CategoricalFocalCrossentropy",
                "mean",
                when="with class indices in place of its one-hot labels",
                send=PROBABILITIES,
                remark=f"{KERAS_DEFAULT}; {KERAS_ALPHA}",
            ),
        ),
    )


SPARSE_SOFTMAX_FOCAL_CROSS_ENTROPY = SparseSoftmaxFocalCrossEntropy()


def sparse_softmax_focal_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float | None = None,
    alpha: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """Sparse softmax cross-entropy that counts less the surer the prediction is: one loss per row.

    For class indices, as `sparse_softmax_cross_entropy` takes them. It equals `softmax_focal_cross_entropy` of the
    one-hot rows. No framework has it.

        ℓ = −α · w_k · (1 − p_k)^γ · log p_k,    p = softmax(x / temperature)

    gamma: γ, 0 or more, 2 by default; with 0 it is sparse softmax cross-entropy. alpha: α, from 0 to 1; 1 by default.
    The other arguments, the result and the errors as for `sparse_softmax_cross_entropy`; the relative accuracy, too.

    >>> sparse_softmax_focal_cross_entropy([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2]).round(7)
    array([1.4520216, 0.0044563])

    Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    return all_losses(
        SPARSE_SOFTMAX_FOCAL_CROSS_ENTROPY.of(
            logits,
            labels,
            gamma=gamma,
            alpha=alpha,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def sparse_softmax_focal_cross_entropy_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    gamma: float | None = None,
    alpha: float | None = None,
    axis: int = -1,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(sparse_softmax_focal_cross_entropy)/d(logits), in the logits' shape; 0 in rows whose label is ignored.

        ∂ℓ/∂x_c = α · w_k · f · (p_c − [c = k]),    f = (1 − p_k)^γ − γ · p_k · (1 − p_k)^(γ − 1) · log p_k

    Arguments and errors as for `sparse_softmax_focal_cross_entropy`.

    >>> sparse_softmax_focal_cross_entropy_gradient([[0.0, 0.0]], [0], gamma=0.0)
    array([[-0.5,  0.5]])
    """
    return all_gradients(
        SPARSE_SOFTMAX_FOCAL_CROSS_ENTROPY.of(
            logits,
            labels,
            gamma=gamma,
            alpha=alpha,
            axis=axis,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
