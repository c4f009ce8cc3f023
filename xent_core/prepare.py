"""One batch before its loss is computed: its arguments checked, its labels described, its loss chosen."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from xent_core.checks.arguments import (
    as_numbers,
    check_clip,
    check_finite,
    check_name,
    check_shift,
    check_smoothing,
    class_layout,
)
from xent_core.checks.causes import of_code, of_mark, values_of
from xent_core.checks.weights import Weights, check_weights
from xent_core.compute.bound_loss import BoundLoss
from xent_core.compute.dtypes import FLOAT64, computation_dtype
from xent_core.compute.layout import Array, Block, FloatType, Layout
from xent_core.compute.row_figures import RowFigure
from xent_core.errors import UnclearLabels, UnexpectedParameter
from xent_core.framework_names import loss_hint, reduction_hint
from xent_core.labels.counts import Counts, count_elements
from xent_core.labels.facts import LabelFacts, describe_labels, describe_rows, describe_sample
from xent_core.labels.onehot import one_hot_row
from xent_core.losses import AUTO, LOSSES, losses_taking
from xent_core.losses.label_shapes import check_distribution_shape
from xent_core.losses.loss import CLIP, Loss, Parameters, with_own
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY
from xent_core.losses.weighted import WEIGHTED_CROSS_ENTROPY
from xent_core.results import ADVICE, REDUCTIONS, AdviceLevel, Reduction

LOSS_NAMES = ("auto", *LOSSES)


class Options(NamedTuple):
    """The parameters of a request, as they were given."""

    weights: ArrayLike | None = None
    loss_type: str = "auto"
    pos_weight: ArrayLike | None = None
    class_weights: ArrayLike | None = None
    label_smoothing: float = 0.0
    ignore_index: int | None = None
    axis: int = -1
    from_logits: bool = True
    reduction: Reduction = "mean"
    clip: float = CLIP
    advice: AdviceLevel = "full"
    silence: tuple[str, ...] = ()
    shift: int = 0
    temperature: float = 1.0
    gamma: float | None = None
    alpha: float | None = None
    q: float | None = None
    epsilon: float | None = None
    labels_are_logits: bool = False


OWN = ("temperature", "gamma", "alpha", "q", "epsilon", "labels_are_logits")
"""The last of the options: what only some losses take."""
OWN_DEFAULTS = tuple(Options._field_defaults[name] for name in OWN)


class PreparedBatch(NamedTuple):
    """A batch whose arguments fit each other.

    loss      the loss that is computed; `layout` and `parameters` are for it
    logits    None where only their shape is known
    labels    as they were given, without those that a shift leaves out
    facts     what the labels look like that count
    counts    which elements count
    """

    loss: Loss
    logits: Array | None
    labels: Array
    layout: Layout
    dtype: FloatType
    facts: LabelFacts
    counts: Counts
    weights: Weights | None
    parameters: Parameters
    options: Options

    def bind(self, logits: Array, *, from_logits: bool, wanted: Collection[RowFigure] | None = None) -> BoundLoss:
        """The loss of these logits, and with it the figures of rows that are wanted."""
        facts, parameters = self.facts, self.parameters
        return self.loss.bind(
            logits,
            # One-hot rows give the same losses as the class indices that they were found to stand for.
            self.labels if facts.indices is None or self.loss.is_elementwise else facts.indices,
            self.layout,
            parameters if from_logits == parameters.from_logits else parameters._replace(from_logits=from_logits),
            counts=self.counts,
            labels_checked=facts.class_counts is not None,
            wanted=wanted,
        )

    @property
    def given_labels_shape(self) -> tuple[int, ...]:
        """The labels' shape with those that a shift leaves out."""
        shape, left_out = self.labels.shape, self.layout.left_out
        return (*shape[:-1], shape[-1] + left_out) if left_out else shape

    def label_rows(self, blocks: Iterable[Block]) -> Iterator[tuple[Block, Array]]:
        """Blocks of labels in the logits' shape, with a one-hot row in place of those that do not count."""
        read = self.layout.reader(self.labels, self.labels.dtype)
        for block in blocks:
            given, counting = read(block), self.counts.rows(block)
            if counting is not None:
                given = np.where(counting[:, None], given, one_hot_row(self.layout.classes, given.dtype))
            yield block, given


def prepare(logits: Array | None, shape: tuple[int, ...], labels: ArrayLike, options: Options) -> PreparedBatch:
    """Choose the loss, and check all arguments but the values of logits and labels.

    Raises a subclass of InvalidInput.
    """
    check_name("loss_type", options.loss_type, LOSS_NAMES, loss_hint)
    check_name("reduction", options.reduction, REDUCTIONS, reduction_hint)
    check_name("advice", options.advice, ADVICE)
    given = as_numbers(labels, "labels")
    layout = class_layout(shape, options.axis)
    dtype = FLOAT64 if logits is None else computation_dtype(logits)
    smoothing, clip = check_smoothing(options.label_smoothing), check_clip(options.clip)
    parameters = Parameters(None, None, smoothing, options.ignore_index, options.from_logits, clip)
    if options[-len(OWN) :] != OWN_DEFAULTS:
        parameters = with_own(
            parameters,
            dtype,
            options.temperature,
            options.gamma,
            options.alpha,
            options.q,
            options.epsilon,
            options.labels_are_logits,
        )
    weights, given_weights = None, None
    if options.weights is not None:
        weights = given_weights = check_finite(as_numbers(options.weights, "weights"), "weights", dtype)
    if options.shift:
        if options.loss_type != "auto":
            _refuse_foreign_parameters(LOSSES[options.loss_type], options)
        given, weights, layout = _shifted(given, weights, layout, options.shift)
    counts = count_elements(given, layout, weights, options.ignore_index, has_logits=logits is not None)
    facts = OF_LOGITS if options.labels_are_logits else describe_labels(given, layout, counts)
    loss = _choose(facts, given, layout, options)
    _refuse_foreign_parameters(loss, options)
    if facts.kind != "class_indices" and not options.labels_are_logits:
        facts = _describe_for(loss, facts, given, layout, counts, options)
    if loss.is_elementwise and layout.class_axis is not None and len(shape) == 1:
        layout = loss.layout(shape, options.axis)
        counts = count_elements(given, layout, weights, options.ignore_index, has_logits=logits is not None)
    elif not loss.is_elementwise:
        counts = counts.whole()
    loss.check_labels_shape(given, layout)
    if options.ignore_index is not None:
        loss.refuse_ignored_rows(given, layout)
    fitted = None
    if weights is not None and given_weights is not None:
        fitted = check_weights(weights, layout, per_row=not loss.is_elementwise)
        fitted.shape = given_weights.shape
    class_weights, pos_weight = loss.check_per_class(options.class_weights, options.pos_weight, layout, dtype)
    parameters = parameters._replace(class_weights=class_weights, pos_weight=pos_weight)
    return PreparedBatch(loss, logits, given, layout, dtype, facts, counts, fitted, parameters, options)


def _describe_for(
    loss: Loss, facts: LabelFacts, labels: Array, layout: Layout, counts: Counts, options: Options
) -> LabelFacts:
    """What the labels look like to this loss."""
    if not loss.is_elementwise and len(layout.shape) == 1 and layout.classes > 1:
        return describe_sample(labels, layout, counts.whole())
    if not loss.is_elementwise and labels.shape == layout.shape and facts.row_sums is None:
        # What reads as yes/no questions is taken for rows of a softmax, so it is described as such.
        return describe_rows(labels, layout, counts.whole())._replace(kind=facts.kind)
    if loss.is_elementwise and _are_questions(facts, layout, options):
        return facts.as_questions()
    return facts


OF_LOGITS = LabelFacts("other")
"""A teacher's logits look like nothing: they are not looked at before they went through a softmax."""


def _shifted(given: Array, weights: Array | None, layout: Layout, shift: int) -> tuple[Array, Array | None, Layout]:
    """Labels and weights without the first of each sequence, and the layout without the last logits."""
    check_shift(shift, given, layout)
    if weights is not None and weights.ndim:
        check_weights(weights, layout, per_row=True)
        if weights.shape[-1] == layout.sample_shape[-1]:
            weights = np.ascontiguousarray(weights[..., shift:])
    return np.ascontiguousarray(given[..., shift:]), weights, layout.without_last(shift)


def _choose(facts: LabelFacts, labels: Array, layout: Layout, options: Options) -> Loss:
    """The loss that was named, or that "auto" stands for. Raises WrongShape, UnclearLabels, UnexpectedParameter."""
    if options.loss_type != "auto":
        return LOSSES[options.loss_type]
    if options.labels_are_logits:
        belongs = " and ".join(losses_taking("labels_are_logits"))
        raise UnexpectedParameter("labels_are_logits", f"is true beside loss_type auto; name {belongs}, which takes it")
    if facts.kind == "other":
        if labels.ndim and labels.shape not in (layout.shape, layout.sample_shape):
            check_distribution_shape(labels, layout)
        raise UnclearLabels("labels", _no_form(facts, layout) + _cause(labels))
    loss = AUTO[facts.kind]
    if options.pos_weight is not None:
        if facts.kind == "class_indices":
            raise UnexpectedParameter(
                "pos_weight",
                f"is for {' and '.join(losses_taking('pos_weight'))}, but these labels ({facts.kind}) call for "
                f"{loss.name}; use class_weights there, or name the loss_type",
            )
        loss = WEIGHTED_CROSS_ENTROPY
    if options.class_weights is not None and loss.is_elementwise:
        raise UnexpectedParameter(
            "class_weights",
            f"is for softmax losses, but these labels ({facts.kind}) call for {AUTO[facts.kind].name}; "
            "use pos_weight there, or name the loss_type",
        )
    return loss


MIN_ROWS_OF_CLASSES, MIN_CLASSES = 20, 3


def _are_questions(facts: LabelFacts, layout: Layout, options: Options) -> bool:
    """Whether a sigmoid loss that was asked for outweighs rows that each hold one class, perhaps by chance."""
    few = facts.rows < MIN_ROWS_OF_CLASSES or layout.classes < MIN_CLASSES
    return few or options.pos_weight is not None


def _no_form(facts: LabelFacts, layout: Layout) -> str:
    return (
        f"have none of the forms that loss_type auto knows (values from {facts.minimum:.9g} to {facts.maximum:.9g}); "
        f"for logits of shape {list(layout.shape)} it knows whole numbers of shape {list(layout.sample_shape)} (class "
        f"indices), numbers from 0 to 1 of shape {list(layout.shape)} (one-hot, distributions, multi-hot), and a "
        "single number from 0 to 1; otherwise name the loss_type"
    )


def _cause(labels: Array) -> str:
    """Why labels may have no form that is known."""
    values = values_of(labels)
    return of_code(values) + of_mark(values, can_ignore=SIGMOID_CROSS_ENTROPY.takes("ignore_index"))


def _refuse_foreign_parameters(loss: Loss, options: Options) -> None:
    """Raises UnexpectedParameter where a parameter is given that the loss does not take."""
    given = (
        ("pos_weight", options.pos_weight),
        ("class_weights", options.class_weights),
        ("ignore_index", options.ignore_index),
        ("label_smoothing", options.label_smoothing or None),
        ("shift", options.shift or None),
        ("temperature", None if options.temperature == 1 else options.temperature),
        ("gamma", options.gamma),
        ("alpha", options.alpha),
        ("q", options.q),
        ("epsilon", options.epsilon),
        ("labels_are_logits", options.labels_are_logits or None),
    )
    for name, value in given:
        if value is not None and not loss.takes(name):
            raise UnexpectedParameter(
                name, f"is not a parameter of {loss.name}; it belongs to {' and '.join(losses_taking(name))}"
            )
