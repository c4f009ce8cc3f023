"""One batch, whole: choose the loss, compute, weight, reduce, recommend, diagnose."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from xent_core import arrays
from xent_core.batch import Batch, Piece
from xent_core.blocks import Array, Block, Layout, row_sums
from xent_core.diagnose import SOFTMAX_LOSSES, Evidence, LossWarning, Observed, diagnose
from xent_core.errors import ParameterOutOfRange, UndefinedLoss, UnexpectedParameter
from xent_core.labels import LabelFacts, describe_labels
from xent_core.recommend import LossType, Recommendation, choose, recommend
from xent_core.reduction import REDUCTIONS, Reduced, Reduction, Totals, denominator, reduce
from xent_core.sigmoid import bind_sigmoid, bind_weighted
from xent_core.softmax import bind_softmax, bind_sparse_softmax
from xent_core.weighting import Weights, fit_weights, multiply

Output = Literal["elements", "gradient", "probabilities"]
LOSS_TYPES: tuple[LossType, ...] = get_args(LossType)
OUTPUTS: tuple[Output, ...] = get_args(Output)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found out about one batch.

    loss_type       what was computed
    per_sample      weighted losses in the samples' shape; of sigmoid losses the mean over the class axis
    reduced         the reduced loss; None for reduction "none"
    recommendation  the loss these labels call for
    warnings        what looks wrong in this batch, and `checked`: the codes of the checks that ran
    elements, gradient, probabilities: where asked for; `gradient` is that of the reduced loss (of the sum for "none")
    """

    loss_type: LossType
    per_sample: Array
    reduced: Reduced | None
    recommendation: Recommendation
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]
    elements: Array | None = None
    gradient: Array | None = None
    probabilities: Array | None = None


@dataclass(frozen=True, slots=True)
class _Parameters:
    pos_weight: ArrayLike | None
    class_weights: ArrayLike | None
    label_smoothing: float
    ignore_index: int | None
    from_logits: bool


def evaluate(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    loss_type: LossType | Literal["auto"] = "auto",
    pos_weight: ArrayLike | None = None,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    from_logits: bool = True,
    reduction: Reduction = "mean",
    include: Collection[Output] = (),
) -> Evaluation:
    """Per-sample and reduced losses of a batch, the loss it should have been, and what looks wrong in it.

    logits, labels and the parameters: as for the loss that is computed, see `sigmoid_cross_entropy`,
    `weighted_cross_entropy`, `softmax_cross_entropy` and `sparse_softmax_cross_entropy`.
    weights: multiply the losses. A scalar; or the samples' shape; or the elements' rank with every dimension theirs
    or 1. An element is a row of a softmax loss and a logit of a sigmoid loss; a sample is an entry of the batch
    dimensions, and with rank-1 logits of a sigmoid loss each logit.
    loss_type: "auto" goes by the labels' form, batch by batch.
    reduction: "none", "sum", "mean", "weighted_mean" or "mean_by_nonzero_weights", see `xent_core.reduction`.
    include: any of "elements", "gradient", "probabilities"; each takes memory of the logits' size.

    Raises a subclass of InvalidInput.

    >>> result = evaluate([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2])
    >>> result.loss_type, result.per_sample.round(4), round(result.reduced.value, 4)
    ('sparse_softmax_cross_entropy', array([1.9644, 0.1743]), 1.0693)
    """
    _check_names(loss_type, reduction, include)
    values, label_values = arrays.numeric(logits, "logits"), arrays.numeric(labels, "labels")
    layout = arrays.class_layout(values, axis)
    parameters = _Parameters(pos_weight, class_weights, label_smoothing, ignore_index, from_logits)
    facts = describe_labels(label_values, layout, ignore_index)
    chosen = _choose(loss_type, facts, label_values, layout, parameters)
    _refuse_foreign_parameters(chosen, parameters)

    per_row = chosen in SOFTMAX_LOSSES
    batch_layout = layout if per_row else arrays.element_layout(values, axis)
    fitted, bound = None, chosen
    if weights is not None:
        fitted = fit_weights(weights, batch_layout, arrays.computation_dtype(values), per_row=per_row)
    if chosen == "softmax_cross_entropy" and facts.indices is not None:
        # The labels were found to be one-hot: as indices they give the same losses without a second look at them.
        bound, label_values = "sparse_softmax_cross_entropy", facts.indices
    batch = _bind(bound, values, label_values, batch_layout, parameters, fitted)
    walked = _walk(batch, fitted, include)
    reduced = reduce(reduction, walked.totals)
    if walked.gradient is not None:
        _scale(walked.gradient, denominator(reduction, walked.totals))

    def loss_as_probabilities() -> Evidence:
        given = _Parameters(pos_weight, class_weights, label_smoothing, ignore_index, from_logits=False)
        other = _walk(_bind(bound, values, label_values, batch_layout, given, fitted), fitted, ())
        return {
            "mean_loss_as_logits": _mean(walked.totals),
            "mean_loss_as_probabilities": _mean(other.totals),
        }

    warnings, checked = diagnose(
        Observed(
            loss_type=chosen,
            logits=values,
            layout=batch_layout,
            dtype=batch.dtype,
            from_logits=from_logits,
            labels=facts,
            weights=fitted,
            class_weights=None if class_weights is None else np.asarray(class_weights),
            pos_weight=None if pos_weight is None else np.asarray(pos_weight),
            infinite_samples=int(np.count_nonzero(np.isinf(walked.per_sample))),
            loss_as_probabilities=loss_as_probabilities,
        )
    )
    return Evaluation(
        loss_type=chosen,
        per_sample=walked.per_sample,
        reduced=reduced,
        recommendation=recommend(facts, layout, chosen),
        warnings=warnings,
        checked=checked,
        elements=walked.elements,
        gradient=walked.gradient,
        probabilities=walked.probabilities,
    )


def _check_names(loss_type: str, reduction: str, include: Collection[str]) -> None:
    _check_name("loss_type", loss_type, ("auto", *LOSS_TYPES))
    _check_name("reduction", reduction, REDUCTIONS)
    for name in include:
        _check_name("include", name, OUTPUTS)


def _check_name(parameter: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ParameterOutOfRange(parameter, f"is {value!r:.80}; one of {', '.join(known)} was expected")


def _choose(
    loss_type: LossType | Literal["auto"],
    facts: LabelFacts,
    labels: Array,
    layout: Layout,
    parameters: _Parameters,
) -> LossType:
    if loss_type != "auto":
        return loss_type
    if facts.kind == "other" and labels.ndim and labels.shape not in (layout.shape, layout.sample_shape):
        arrays.distribution_labels(labels, layout)
    return choose(
        facts,
        layout,
        pos_weight=parameters.pos_weight is not None,
        class_weights=parameters.class_weights is not None,
    )


def _refuse_foreign_parameters(loss_type: LossType, parameters: _Parameters) -> None:
    """Raises UnexpectedParameter where a parameter is given that the loss does not take."""
    takers: tuple[tuple[str, object, tuple[LossType, ...]], ...] = (
        ("pos_weight", parameters.pos_weight, ("weighted_cross_entropy",)),
        ("class_weights", parameters.class_weights, SOFTMAX_LOSSES),
        ("ignore_index", parameters.ignore_index, ("sparse_softmax_cross_entropy",)),
    )
    for name, value, losses in takers:
        if value is not None and loss_type not in losses:
            raise UnexpectedParameter(name, f"is not a parameter of {loss_type}; it belongs to {' and '.join(losses)}")


def _bind(
    loss_type: LossType,
    logits: Array,
    labels: Array,
    layout: Layout,
    parameters: _Parameters,
    weights: Weights | None,
) -> Batch:
    excused = None if weights is None else weights.zero
    smoothing, from_logits = parameters.label_smoothing, parameters.from_logits
    match loss_type:
        case "sigmoid_cross_entropy":
            return bind_sigmoid(logits, labels, layout, label_smoothing=smoothing, from_logits=from_logits)
        case "weighted_cross_entropy":
            return bind_weighted(
                logits,
                labels,
                layout,
                pos_weight=parameters.pos_weight,
                label_smoothing=smoothing,
                from_logits=from_logits,
            )
        case "softmax_cross_entropy":
            return bind_softmax(
                logits,
                labels,
                layout,
                class_weights=parameters.class_weights,
                label_smoothing=smoothing,
                from_logits=from_logits,
                excused=excused,
            )
        case "sparse_softmax_cross_entropy":
            return bind_sparse_softmax(
                logits,
                labels,
                layout,
                class_weights=parameters.class_weights,
                label_smoothing=smoothing,
                ignore_index=parameters.ignore_index,
                from_logits=from_logits,
                excused=excused,
            )


@dataclass(frozen=True, slots=True)
class _Walked:
    per_sample: Array
    totals: Totals
    elements: Array | None
    gradient: Array | None
    probabilities: Array | None


def _walk(batch: Batch, weights: Weights | None, include: Collection[Output]) -> _Walked:
    """Compute every block once, and keep of it what is asked for; the gradient is that of the sum."""
    layout = batch.layout
    totals = Totals()
    per_sample = np.zeros(layout.rows, batch.dtype)
    elements = np.empty(batch.element_shape, batch.dtype) if "elements" in include else None
    gradient = np.empty(layout.shape, batch.dtype) if "gradient" in include else None
    probabilities = np.empty(layout.shape, batch.dtype) if "probabilities" in include else None
    with np.errstate(all="ignore"):
        for block in batch.blocks:
            piece = batch.compute(block, None)
            weight = None if weights is None else weights.of(block)
            losses = piece.losses if weight is None else multiply(piece.losses, weight)
            per_sample[block.rows] += _add_losses(totals, losses, layout.classes)
            _add_weights(totals, piece, weight)
            if elements is not None:
                place = batch.place(elements, block)
                place[...] = losses.reshape(place.shape)
            if gradient is not None:
                layout.write(gradient, block, _weighted_gradient(piece, block, weight, batch))
            if probabilities is not None:
                matrix = np.empty(block.shape, batch.dtype)
                piece.probabilities(matrix)
                layout.write(probabilities, block, matrix)
    if np.isnan(totals.loss) and np.isnan(per_sample).any():
        raise UndefinedLoss("labels", "lead to a sample with losses of both Infinity and -Infinity")
    return _Walked(per_sample.reshape(layout.sample_shape), totals, elements, gradient, probabilities)


def _add_losses(totals: Totals, losses: Array, classes: int) -> Array:
    """Add a block's weighted losses to the totals; its share in each sample's loss."""
    if losses.ndim == 1:
        totals.loss += float(losses.sum(dtype=np.float64))
        return losses
    sums = row_sums(losses.astype(np.float64, copy=False))
    totals.loss += float(sums.sum())
    return sums / classes


def _add_weights(totals: Totals, piece: Piece, weight: Array | None) -> None:
    """Add a block to the denominators: v = w · Σ_c w_c · y_c, and 0 where the label is ignored."""
    size = piece.losses.size
    totals.elements += size if piece.ignored is None else size - int(np.count_nonzero(piece.ignored))
    if weight is None and piece.ignored is None and piece.label_weights is None:
        totals.weight += size
        totals.nonzero += size
        return
    v = np.float64(1) if weight is None else weight.astype(np.float64)
    if piece.label_weights is not None:
        v = v * piece.label_weights
    if piece.ignored is not None:
        v = v * ~piece.ignored
    each = size // v.size
    totals.weight += float(v.sum()) * each
    totals.nonzero += int(np.count_nonzero(v)) * each


def _weighted_gradient(piece: Piece, block: Block, weight: Array | None, batch: Batch) -> Array:
    matrix = np.empty(block.shape, batch.dtype)
    piece.gradient(matrix)
    if weight is not None:
        matrix = multiply(matrix, weight[:, None] if batch.per_row and weight.ndim else weight)
    if np.isnan(matrix).any():
        raise UndefinedLoss("labels", "are so large that the gradient is Infinity - Infinity")
    return matrix


def _scale(gradient: Array, below: float) -> None:
    """Divide by the reduction's denominator; the gradient of a value that is 0 because of it is 0."""
    if below == 0:
        gradient.fill(0)
    elif below != 1:
        gradient /= gradient.dtype.type(below)


def _mean(totals: Totals) -> float:
    return totals.loss / totals.elements if totals.elements else 0.0
