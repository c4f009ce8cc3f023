"""Kullback-Leibler divergence: ℓ = Σ_c y_c · (log y_c − log p_c), p = softmax(x); 0 · log 0 = 0."""

import numpy as np
from numpy.typing import ArrayLike

from xent_core.checks.values import check_labels_as_logits, check_not_negative
from xent_core.compute.bound_loss import all_gradients, all_losses
from xent_core.compute.elementary import exp
from xent_core.compute.layout import Array, Block, FloatType, Layout, row_dots, row_sums, row_tiles
from xent_core.compute.logsumexp import PLAIN_SUMS, CheckBlock, class_terms, softmax_rows
from xent_core.compute.reduction import multiply
from xent_core.losses.loss import (
    AXIS,
    CLIP_AT,
    EXAMPLE_LOGITS,
    PROBABILITIES,
    REDUCTION,
    WEIGHTS,
    Elsewhere,
    Entry,
    FrameworkText,
    Parameter,
    Parameters,
    Source,
)
from xent_core.losses.softmax_family import FROM_LOGITS, SoftmaxFamily, scaled

# Elements of a tile: some ten arrays of its size, float64, take less than 6 MiB.
TILE = 1 << 16
SMALL = {np.dtype(np.float32): 0.1, np.dtype(np.float64): 1e-4}
"""Of a smaller divergence, beside the terms that it is the difference of, exponentials in this dtype lose digits."""
CLOSE = 1e-4
"""Of a smaller divergence, −Σ y · d would lose too many digits of its terms."""
TORCH_LOG = "its input, log-probabilities, is sent as logits: their softmax gives the probabilities back"
TORCH_MEAN = "its default mean divides by rows · classes; what its documentation recommends is batchmean, mean here"
TORCH_TARGET = f"{TORCH_LOG}; where log_target is true, send its target as labels with labels_are_logits; {TORCH_MEAN}"
KERAS_CLIPS = "both sides are clipped to [1e-7, 1] there; here the labels are taken as they are"
OPTAX_LOG = "its first argument, log-probabilities, is sent as logits: their softmax gives the probabilities back"


class KLDivergence(SoftmaxFamily):
    """ℓ = −Σ_c y_c · d_c for d = log p − log y, from exponentials as they are where these serve, else in float64.

    Where that is small, p is close to y, and it is Σ_c (y_c · (exp(d_c) − 1 − d_c)) + Σ_c y_c − 1.
    """

    entry = Entry(
        loss_type="kl_divergence",
        title="Kullback-Leibler divergence",
        endpoint="/v1/loss",
        formula="ℓ = Σ_c y_c · (log y_c − log p_c), p = softmax(x), 0 · log 0 = 0",
        latex=r"\ell = \sum_c y_c (\log y_c - \log p_c), \quad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}",
        numpy="np.sum(y * (np.log(y) - np.log(np.exp(x) / np.sum(np.exp(x)))))",
        gradient="∂ℓ/∂x_c = p_c · Σ_j y_j − y_c",
        gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_c \sum_j y_j - y_c",
        gradient_numpy="np.exp(x) / np.sum(np.exp(x)) * np.sum(y) - y",
        use_when=(
            "The labels are a teacher's distributions, and the loss is to be 0 where the model gives the same: "
            "distillation, quantisation, comparing two models. With labels_are_logits the labels are its logits."
        ),
        avoid_when=(
            "Exactly one class is right for each sample and the labels name it: sparse_softmax_cross_entropy is the "
            "same.",
            "Only the gradient matters: softmax_cross_entropy has the same one for less work.",
        ),
        label_form=(
            "the logits' shape, each row a distribution over the classes: in [0, 1], summing to 1; with "
            "labels_are_logits any numbers, -Infinity for a class that the teacher masks"
        ),
        called_for_by=(),
        example={
            "logits": EXAMPLE_LOGITS,
            "labels": [[1.5, 0.5, 1.0], [0.1, 1.5, 2.5]],
            "loss_type": "kl_divergence",
            "labels_are_logits": True,
            "temperature": 2.0,
        },
        parameters=(
            Parameter(
                "labels_are_logits",
                "true: the labels are a teacher's logits, and go through a softmax at temperature, too",
            ),
            Parameter(
                "temperature",
                "above 0: logits, and labels that are logits, are divided by it first; 1 by default. The loss is not "
                "multiplied by its square, as distillation often does: weights do that",
            ),
            WEIGHTS,
            FROM_LOGITS,
            CLIP_AT,
            AXIS,
            REDUCTION,
        ),
        stability=(
            "Close to 0 it is computed in float64 from terms y · (exp(d) − 1 − d), d = log p − log y, which are never "
            "negative: it keeps its digits, and that of equal logits is exactly 0."
        ),
        same_as=("torch.nn.KLDivLoss", "keras.losses.KLDivergence", "optax.kl_divergence"),
        sources=(
            Source("Kullback, Leibler: On Information and Sufficiency", "https://doi.org/10.1214/aoms/1177729694"),
            Source(
                "Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network",
                "https://arxiv.org/abs/1503.02531",
            ),
        ),
        names_elsewhere=(
            Elsewhere("Keras", "keras.losses.KLDivergence", "mean", send=PROBABILITIES, remark=KERAS_CLIPS),
            Elsewhere("Keras", "keras.losses.kl_divergence", "none", send=PROBABILITIES, remark=KERAS_CLIPS),
            Elsewhere("Keras", "keras.metrics.KLDivergence", "weighted_mean", send=PROBABILITIES, remark=KERAS_CLIPS),
            Elsewhere(
                "Keras", "kld", "mean", send=PROBABILITIES, remark="the string in compile(loss=…) and losses.get"
            ),
            Elsewhere("PyTorch", "torch.nn.KLDivLoss", "mean", remark=TORCH_TARGET),
            Elsewhere("PyTorch", "F.kl_div", "mean", remark=TORCH_TARGET),
            Elsewhere("Optax", "optax.kl_divergence", "none", remark=OPTAX_LOG),
            Elsewhere(
                "Optax",
                "optax.losses.kl_divergence_with_log_targets",
                "none",
                send='"labels_are_logits": true',
                remark=f"{OPTAX_LOG}, and so are those of its second",
            ),
        ),
    )

    def check_label_rows(
        self, labels: Array, layout: Layout, block: Block, parameters: Parameters, dtype: FloatType
    ) -> None:
        if parameters.labels_are_logits:
            check_labels_as_logits(labels, scaled(labels, dtype, parameters.temperature), layout, block)
        else:
            check_not_negative(labels, layout, block, self.name)

    def target_losses(
        self, logits: Array, target: Array, parameters: Parameters, buffer: Array, check: CheckBlock
    ) -> Array:
        losses = np.empty(len(logits))
        for rows in row_tiles(len(logits), logits.shape[1], TILE):
            losses[rows] = _divergences(logits[rows], target[rows], parameters, check)
        return losses

    def target_gradient(self, logits: Array, target: Array, parameters: Parameters, out: Array) -> None:
        softmax_rows(logits, out)
        if parameters.labels_are_logits:
            teacher = np.empty_like(out)
            softmax_rows(target, teacher)
            out -= teacher
        else:
            out *= row_sums(target)[:, None]
            out -= target

    def probability_losses(self, p: Array, target: Array, parameters: Parameters) -> Array:
        p = p.astype(np.float64)
        negative_log_y, y = _distribution(target, parameters)
        return row_sums(np.where(y == 0, 0, y * (-np.log(p) - negative_log_y)))

    def probability_gradient(self, p: Array, kept: Array, target: Array, parameters: Parameters, out: Array) -> None:
        """Σ_j y_j − y_c / p_c, the sum over what was not clipped."""
        np.multiply(_distribution(target, parameters)[1], kept, out=out, casting="same_kind")
        total = row_sums(out)
        np.divide(out, p, out=out, where=out != 0)
        np.subtract(total[:, None], out, out=out)

    def elements(self, framework: FrameworkText) -> str:
        targets, log_p, teacher = framework.named_targets(), framework.log_probabilities(), None
        if framework.parameters.labels_are_logits:
            temperature = framework.parameters.temperature
            teacher = targets if temperature == 1 else f"{targets} / {temperature}"
        if framework.logs_of_zero:
            y = targets
            if teacher is not None:
                y = framework.let("y", f"{framework.softmax}({teacher}, {framework.axis_word}={framework.axis})")
            p = framework.let("p", framework.probabilities())
            return framework.over_classes(f"{framework.times_log(y, y)} - {framework.times_log(y, p)}")
        if teacher is not None:
            log_y = f"{framework.log_softmax}({teacher}, {framework.axis_word}={framework.axis})"
            if framework.name == "pytorch":
                return framework.over_classes(f'F.kl_div({log_p}, {log_y}, reduction="none", log_target=True)')
            if framework.name == "optax":
                return f"optax.losses.kl_divergence_with_log_targets({log_p}, {log_y}{framework.axis_argument})"
            log_y, log_p = framework.let("log_y", log_y), framework.let("log_p", log_p)
            return framework.over_classes(f"{framework.exp}({log_y}) * ({log_y} - {log_p})")
        if framework.name == "pytorch":
            return framework.over_classes(f'F.kl_div({log_p}, {targets}, reduction="none")')
        if framework.name == "optax":
            return f"optax.kl_divergence({log_p}, {targets}{framework.axis_argument})"
        log_p = framework.let("log_p", log_p)
        positive = framework.zero_unless(framework.is_positive(targets), f"{targets} * {framework.log}({targets})")
        return framework.over_classes(f"{positive} - {targets} * {log_p}")


def _divergences(logits: Array, target: Array, parameters: Parameters, check: CheckBlock) -> Array:
    """ℓ of rows, float64, each in the least precise way that keeps its digits."""
    found, serves = _of_exponentials(logits, target, parameters)
    if not serves.all():
        rest = ~serves
        some, labels = logits[rest].astype(np.float64, copy=False), target[rest].astype(np.float64, copy=False)
        anew = _of_log_probabilities if logits.dtype == np.float64 else _divergences
        found[rest] = anew(some, labels, parameters, check)
    return found


def _of_exponentials(x: Array, labels: Array, parameters: Parameters) -> tuple[Array, Array]:
    """ℓ of rows, and for which of them it serves: where exponentials are ordinary numbers, and ℓ is not small.

    Σ y · (log y − x) + Σ y · log Σ exp(x). Of a teacher's logits z, log y is z − log Σ exp(z).
    """
    low, high = PLAIN_SUMS
    y = exp(x)
    sums = row_sums(y).astype(np.float64)
    serves = (sums >= low) & (sums <= high)
    if parameters.labels_are_logits:
        exp(labels, out=y)
        label_sums = row_sums(y).astype(np.float64)
        dots = row_dots(y, labels - x) / label_sums
        found = dots + np.log(sums / label_sums)
        serves &= (label_sums >= low) & (label_sums <= high)
    else:
        # A label of 0 takes no part, as its logarithm is not infinite.
        np.maximum(labels, np.finfo(x.dtype).tiny, out=y)
        np.log(y, out=y)
        y -= x
        dots = row_dots(labels, y).astype(np.float64)
        found = dots + row_sums(labels) * np.log(sums)
    # A NaN compares as false.
    size = np.abs(found)
    serves &= (size >= SMALL[x.dtype] * (1 + np.abs(dots))) & (size < np.inf)
    return found, serves


def _of_log_probabilities(logits: Array, target: Array, parameters: Parameters, check: CheckBlock) -> Array:
    """ℓ of any rows of float64."""
    negative_log_p, p, _ = class_terms(logits, check)
    negative_log_y, y = _distribution(target, parameters)
    found = row_sums(multiply(negative_log_p - negative_log_y, y))
    close = np.abs(found) < CLOSE
    if close.any():
        found[close] = _small(negative_log_y[close], y[close], negative_log_p[close], p[close])
        if not parameters.labels_are_logits:
            found[close] += row_sums(y[close]) - 1
    return found


def _distribution(target: Array, parameters: Parameters) -> tuple[Array, Array]:
    """−log y and y of labels or of a teacher's logits, float64."""
    target = target.astype(np.float64, copy=False)
    if parameters.labels_are_logits:
        return class_terms(target, _sound)[:2]
    return -np.log(target), target


def _small(negative_log_y: Array, y: Array, negative_log_p: Array, p: Array) -> Array:
    """Σ_c y_c · (exp(d_c) − 1 − d_c), d = log p − log y; a y of 0 adds its p.

    What is added up is never negative, so that nothing cancels where p is close to y.
    """
    # Where y is 0 this is no number, or infinite.
    difference = negative_log_y - negative_log_p
    terms = np.expm1(difference)
    terms -= difference
    terms *= y
    # The exponential of a large difference can overflow, where y is tiny.
    far = difference > 1
    np.copyto(terms, p - y - y * difference, where=far)
    np.copyto(terms, p, where=y == 0)
    return row_sums(terms)


def _sound() -> None:
    """A teacher's logits were checked before."""


KL_DIVERGENCE = KLDivergence()


def kl_divergence(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    labels_are_logits: bool = False,
    axis: int = -1,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """How far the softmax of rows of logits is from rows of labels, in nats: one loss per row, 0 where they agree.

    For a teacher's distributions, or its logits. It is `softmax_cross_entropy` less the labels' entropy, so its
    gradient is the same.

        ℓ = Σ_c y_c · (log y_c − log p_c),    p = softmax(x / temperature),    0 · log 0 = 0

    logits: [d0 … dn] with the C classes on `axis`; −inf masks a class.
    labels: the logits' shape, 0 or more, y above; they need not sum to 1.
    labels_are_logits: the labels are a teacher's logits, and y is softmax(labels / temperature).
    temperature: above 0. The loss is not multiplied by its square, as distillation often does.
    from_logits=False: `logits` holds probabilities; rows are divided by their sum, then clipped to [1e-7, 1 − 1e-7].
    Returns the logits' shape without the class axis.
    Raises WrongShape, AxisOutOfRange, NotANumber, Infinite, MaskedRow, NotAProbability, LabelOutOfRange,
    ParameterOutOfRange, NotNumeric, Ragged, Empty.

    >>> kl_divergence([[2.0, 0.5, 1.0]], [[0.2, 0.3, 0.5]]).round(7)
    array([0.3847158])

    As torch.nn.functional.kl_div(log_p, labels, reduction="none").sum(-1), keras.losses.KLDivergence, and
    optax.kl_divergence. Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
    """
    return all_losses(
        KL_DIVERGENCE.of(
            logits,
            labels,
            labels_are_logits=labels_are_logits,
            axis=axis,
            from_logits=from_logits,
            temperature=temperature,
        )
    )


def kl_divergence_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    labels_are_logits: bool = False,
    axis: int = -1,
    from_logits: bool = True,
    temperature: float = 1.0,
) -> Array:
    """d(kl_divergence)/d(logits): each row's gradient with respect to its own logits, in their shape.

        ∂ℓ/∂x_c = (p_c · Σ_j y_j − y_c) / temperature

    Arguments and errors as for `kl_divergence`.

    >>> kl_divergence_gradient([[0.0, 0.0]], [[1.0, 0.0]])
    array([[-0.5,  0.5]])
    """
    return all_gradients(
        KL_DIVERGENCE.of(
            logits,
            labels,
            labels_are_logits=labels_are_logits,
            axis=axis,
            from_logits=from_logits,
            temperature=temperature,
        )
    )
