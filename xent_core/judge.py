"""What can be said of a batch before a loss is computed: which loss it calls for, and what looks wrong in it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, assert_never

import numpy as np
from numpy.typing import ArrayLike

from xent_core import arrays
from xent_core.blocks import TILE_ELEMENTS, Array, Block, FloatType, Layout, row_sums
from xent_core.catalogue import CATALOGUE, LOSS_TYPES, Entry, LossType, takers
from xent_core.diagnose import SOFTMAX_LOSSES, Evidence, LossWarning, Observed, diagnose
from xent_core.equivalents import SAMPLED_SOFTMAX, equivalents
from xent_core.errors import MissingParameter, ParameterOutOfRange, UnexpectedParameter
from xent_core.labels import Count, LabelFacts, describe_labels, describe_rows
from xent_core.recommend import Recommendation, balance, choose, recommend
from xent_core.reduction import REDUCTIONS, Reduction
from xent_core.weighting import Weights, dimensions_fit, fit_weights

MOST_LOGITS = 2**40
NAMES = ("auto", *LOSS_TYPES)


class Options(NamedTuple):
    """The parameters of a loss, as they were given."""

    weights: ArrayLike | None = None
    loss_type: LossType | Literal["auto"] = "auto"
    pos_weight: ArrayLike | None = None
    class_weights: ArrayLike | None = None
    label_smoothing: float = 0.0
    ignore_index: int | None = None
    axis: int = -1
    from_logits: bool = True
    reduction: Reduction = "mean"


class Case(NamedTuple):
    """A batch whose arguments fit each other, and what its labels look like.

    `layout` is that of the computed loss; its logits, where only their shape is known, are None.
    """

    loss_type: LossType
    logits: Array | None
    labels: Array
    layout: Layout
    dtype: FloatType
    facts: LabelFacts
    weights: Weights | None
    pos_weight: Array | None
    class_weights: Array | None
    options: Options


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `judge` found: the recommended loss, what looks wrong, and the codes of the checks that ran."""

    recommendation: Recommendation
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]


@np.errstate(all="ignore")
def judge(
    labels: ArrayLike,
    *,
    logits: ArrayLike | None = None,
    logits_shape: Sequence[int] | None = None,
    weights: ArrayLike | None = None,
    loss_type: LossType | Literal["auto"] = "auto",
    pos_weight: ArrayLike | None = None,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    from_logits: bool = True,
    reduction: Reduction = "mean",
) -> Judgement:
    """The loss that a batch calls for and what looks wrong in it, without computing a loss.

    labels: as for `evaluate`. logits, or only logits_shape: with the shape alone, the checks that look at logits
    don't run, and `checked` leaves them out. The other parameters: as for `evaluate`; they are checked as there, and
    the recommendation's equivalents have them filled in.

    Raises a subclass of InvalidInput: MissingParameter without logits and logits_shape, UnexpectedParameter with both.

    >>> judge([[1, 0, 1], [0, 0, 1]], logits_shape=(2, 3)).recommendation.loss_type
    'sigmoid_cross_entropy'
    """
    options = Options(
        weights, loss_type, pos_weight, class_weights, label_smoothing, ignore_index, axis, from_logits, reduction
    )
    if logits is not None and logits_shape is not None:
        raise UnexpectedParameter("logits_shape", "is given beside logits; one of the two was expected")
    if logits is not None:
        values = arrays.numeric(logits, "logits")
        case = understand(values, values.shape, labels, options)
    elif logits_shape is not None:
        case = understand(None, _checked_shape(logits_shape), labels, options)
    else:
        raise MissingParameter("logits", "are absent; logits or logits_shape was expected")
    _judge_values(case)
    warnings, checked = diagnose(observed(case))
    return Judgement(recommendation(case), warnings, checked)


def understand(logits: Array | None, shape: tuple[int, ...], labels: ArrayLike, options: Options) -> Case:
    """Find out which loss is meant, and check that all arguments but the logits' and labels' values fit it."""
    _check_name("loss_type", options.loss_type, NAMES)
    _check_name("reduction", options.reduction, REDUCTIONS)
    arrays.smoothing(options.label_smoothing)
    given = arrays.numeric(labels, "labels")
    layout = arrays.class_layout(shape, options.axis)
    facts = describe_labels(given, layout, options.ignore_index)
    loss_type = _choose(facts, given, layout, options)
    _refuse_foreign_parameters(loss_type, options)
    if loss_type == "softmax_cross_entropy" and given.shape == layout.shape and facts.row_sums is None:
        # What reads as yes/no questions is taken for rows of a softmax, so it is looked at as such.
        facts = describe_rows(given, layout)._replace(kind=facts.kind)
    per_row = loss_type in SOFTMAX_LOSSES
    if not per_row:
        layout = arrays.element_layout(shape, options.axis)
    _check_labels_shape(loss_type, given, layout)
    dtype = arrays.FLOAT64 if logits is None else arrays.computation_dtype(logits)
    return Case(
        loss_type=loss_type,
        logits=logits,
        labels=given,
        layout=layout,
        dtype=dtype,
        facts=facts,
        weights=None if options.weights is None else fit_weights(options.weights, layout, dtype, per_row=per_row),
        pos_weight=arrays.pos_weight(options.pos_weight, layout, dtype)
        if loss_type == "weighted_cross_entropy"
        else None,
        class_weights=arrays.class_weights(options.class_weights, layout, dtype),
        options=options,
    )


def observed(
    case: Case, infinite_samples: int | None = None, loss_both_ways: Callable[[], Evidence] = dict
) -> Observed:
    """The case as the checks look at it, with what was computed of it, if anything was."""
    return Observed(
        loss_type=case.loss_type,
        logits=case.logits,
        layout=case.layout,
        dtype=case.dtype,
        from_logits=case.options.from_logits,
        labels=case.facts,
        weights=case.weights,
        class_weights=case.class_weights,
        pos_weight=case.pos_weight,
        infinite_samples=infinite_samples,
        loss_both_ways=loss_both_ways,
    )


def recommendation(case: Case) -> Recommendation:
    suggested = balance(case.facts, case.layout)
    if suggested is None and case.weights is None and case.pos_weight is None and case.class_weights is None:
        facts = LabelFacts(case.facts.kind, rows_not_one=Count(case.facts.rows_not_one.rows))
        return _usual(facts, case.layout, case.loss_type, case.labels.shape, case.labels.dtype, case.options)
    found = recommend(case.facts, case.layout, case.loss_type, suggested)
    return found._replace(equivalents=_equivalents(case, found))


@lru_cache(maxsize=256)
def _usual(
    facts: LabelFacts,
    layout: Layout,
    loss_type: LossType,
    labels_shape: tuple[int, ...],
    labels_dtype: np.dtype[Any],
    options: Options,
) -> Recommendation:
    """Without weights, and with nothing to suggest, batches of one form all have the same."""
    found = recommend(facts, layout, loss_type, None)
    texts = _texts(found, layout, labels_shape, labels_dtype, options)
    return found._replace(equivalents=texts)


def _equivalents(case: Case, found: Recommendation) -> dict[str, str]:
    """The recommended loss in each framework, with those of the request's parameters that it takes."""
    pos_weight: float | Literal["array"] | None = None
    if found.loss_type == "weighted_cross_entropy":
        given = case.pos_weight
        suggested = found.suggested.pos_weight if found.suggested else None
        pos_weight = suggested if given is None else float(given) if given.ndim == 0 else "array"
    return _texts(
        found,
        case.layout,
        case.labels.shape,
        case.labels.dtype,
        case.options,
        weights=_weights_for(case, found.loss_type),
        pos_weight=pos_weight,
        class_weights=case.class_weights is not None and found.loss_type in SOFTMAX_LOSSES,
    )


def _texts(
    found: Recommendation,
    layout: Layout,
    labels_shape: tuple[int, ...],
    labels_dtype: np.dtype[Any],
    options: Options,
    *,
    weights: float | tuple[int, ...] | None = None,
    pos_weight: float | Literal["array"] | None = None,
    class_weights: bool = False,
) -> dict[str, str]:
    return equivalents(
        found.loss_type,
        logits_shape=layout.shape,
        labels_shape=labels_shape,
        labels_dtype=labels_dtype,
        label_kind=found.label_kind,
        axis=options.axis,
        weights=weights,
        pos_weight=pos_weight,
        class_weights=class_weights,
        label_smoothing=options.label_smoothing,
        ignore_index=options.ignore_index if found.loss_type == "sparse_softmax_cross_entropy" else None,
        from_logits=options.from_logits,
        reduction=options.reduction,
    )


def _weights_for(case: Case, loss_type: LossType) -> float | tuple[int, ...] | None:
    """The value of a scalar weight, or the weights' shape; None where they don't fit this loss."""
    if case.weights is None:
        return None
    shape = case.weights.shape
    if not shape:
        return float(case.weights.given)
    layout = arrays.class_layout(case.layout.shape, case.options.axis)
    elements = layout.sample_shape if loss_type in SOFTMAX_LOSSES else layout.shape
    fits = shape == layout.sample_shape or dimensions_fit(shape, elements)
    return shape if fits else None


def equivalents_of_example(entry: Entry) -> dict[str, str]:
    """The loss of a catalogue entry's example in each framework."""
    if entry.loss_type == "sampled_softmax":
        return SAMPLED_SOFTMAX
    given = dict(entry.example) | {"loss_type": entry.loss_type}
    logits, labels = np.asarray(given.pop("logits")), given.pop("labels")
    case = understand(logits, logits.shape, labels, Options(**given))
    found = recommend(case.facts, case.layout, case.loss_type, balance(case.facts, case.layout))
    return _equivalents(case, found._replace(loss_type=case.loss_type))


def _check_name(parameter: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ParameterOutOfRange(parameter, f"is {value!r:.80}; one of {', '.join(known)} was expected")


def _checked_shape(shape: Sequence[int]) -> tuple[int, ...]:
    for axis, length in enumerate(shape):
        if length < 1:
            raise ParameterOutOfRange("logits_shape", f"is {length}; a length of 1 or more was expected", (axis,))
    if math.prod(shape) > MOST_LOGITS:
        raise ParameterOutOfRange("logits_shape", f"stands for more than {MOST_LOGITS} logits")
    return tuple(int(length) for length in shape)


def _choose(facts: LabelFacts, labels: Array, layout: Layout, options: Options) -> LossType:
    if options.loss_type != "auto":
        return options.loss_type
    if facts.kind == "other" and labels.ndim and labels.shape not in (layout.shape, layout.sample_shape):
        arrays.distribution_labels(labels, layout)
    return choose(
        facts,
        layout,
        pos_weight=options.pos_weight is not None,
        class_weights=options.class_weights is not None,
    )


def _refuse_foreign_parameters(loss_type: LossType, options: Options) -> None:
    """Raises UnexpectedParameter where a parameter is given that the loss does not take."""
    for name in ("pos_weight", "class_weights", "ignore_index"):
        if getattr(options, name) is not None and not CATALOGUE[loss_type].takes(name):
            raise UnexpectedParameter(
                name, f"is not a parameter of {loss_type}; it belongs to {' and '.join(takers(name))}"
            )


def _check_labels_shape(loss_type: LossType, labels: Array, layout: Layout) -> None:
    match loss_type:
        case "sparse_softmax_cross_entropy":
            arrays.index_labels(labels, layout)
        case "softmax_cross_entropy":
            arrays.distribution_labels(labels, layout)
        case "sigmoid_cross_entropy" | "weighted_cross_entropy":
            arrays.element_labels(labels, layout)
        case _:
            assert_never(loss_type)


def _judge_values(case: Case) -> None:
    """What computing a loss would have found unsound."""
    if case.loss_type == "sparse_softmax_cross_entropy":
        for block in case.layout.blocks(TILE_ELEMENTS):
            arrays.class_indices(case.labels, case.options.ignore_index, case.layout, block)
    if case.logits is None:
        return
    read = case.layout.reader(case.logits, case.dtype)
    for block in case.layout.blocks(TILE_ELEMENTS):
        logits = read(block)
        if not case.options.from_logits:
            arrays.judge_probabilities(logits, case.layout, block)
        else:
            arrays.judge_logits(logits, case.layout, block)
        if case.loss_type in SOFTMAX_LOSSES:
            _judge_row_wise(case, logits, block)


def _judge_row_wise(case: Case, logits: Array, block: Block) -> None:
    if not case.options.from_logits:
        arrays.judge_probability_sums(row_sums(logits), case.layout, block)
        return
    masked = np.asarray(np.isneginf(logits).all(axis=1))
    if case.weights is not None:
        masked &= ~case.weights.zero(block)
    if case.loss_type == "sparse_softmax_cross_entropy":
        _, ignored = arrays.class_indices(case.labels, case.options.ignore_index, case.layout, block)
        if ignored is not None:
            masked &= ~ignored
    arrays.judge_masked_rows(masked, case.layout, block)
