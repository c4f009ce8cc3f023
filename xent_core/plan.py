"""Plans: how small clean batches of one form are evaluated without `evaluate`.

Of a small batch the least work is its loss; the most is to find out what the batch is, and that nothing is wrong with
it. A plan is made from a batch for which `evaluate` has found that out, and serves batches of the same shapes, dtypes
and options. It computes losses with the same functions. Where a batch might be of another kind, or a check might find
something, it returns None, and `evaluate` does all of it: only there are warnings and errors put into words.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from xent_core.accumulate import accumulate
from xent_core.advice.checks import BY_FORM, CHECKS, Silent, checks_for
from xent_core.advice.recommend import balance
from xent_core.advice.subject import Form, PlanFacts
from xent_core.compute.layout import TILE_ELEMENTS, Array, Layout, extremes
from xent_core.compute.reduction import mean_loss, reduce
from xent_core.errors import InvalidInput
from xent_core.labels.clean import CLEAN_LABELS
from xent_core.labels.facts import LabelFacts
from xent_core.prepare import Options, PreparedBatch, prepare
from xent_core.results import Evaluation, Output, Reduced

FREE = frozenset({"loss_type", "reduction", "clip", "advice"})
"""The options that may have any value; all others have their defaults."""
CONSTANT = frozenset(check.code for check in CHECKS if check.silent == BY_FORM)
"""Warnings that all batches of one form and label kind have."""


class Planned(NamedTuple):
    """What a plan finds of a batch. All else that `evaluate` says of it is as it was for the plan's first batch with so
    many rows of labels that don't sum to 1.
    """

    per_sample: Array
    reduced: Reduced | None
    rows_not_one: int


def is_clean(result: Evaluation) -> bool:
    """Whether there is nothing to say of a batch that is not said of all of its form and label kind."""
    suggested = result.recommendation is not None and result.recommendation.suggested is not None
    return not suggested and CONSTANT.issuperset([warning.code for warning in result.warnings])


def plan_for(logits: Array, labels: Array, *, include: Collection[Output] = (), **given: Any) -> "Plan | None":
    """A plan for batches of the form and label kind of this one, which `evaluate` takes and finds clean; None where
    there can be none.

    include, given: the other arguments of `evaluate`.
    """
    options = Options(**given)
    if include or not _is_usual(options) or logits.size > TILE_ELEMENTS or logits.dtype not in (np.float32, np.float64):
        return None
    batch = prepare(logits, logits.shape, labels, options)
    silent = _conditions(batch)
    return None if silent is None or not _is_plain(batch) else Plan(batch, silent)


def _is_usual(options: Options) -> bool:
    for name, value in options._asdict().items():
        default = Options._field_defaults[name]
        if name not in FREE and not (type(value) is type(default) and value == default):
            return False
    return True


def _is_plain(batch: PreparedBatch) -> bool:
    """Whether rows are read as they lie in memory, and labels have the shape that is usual for their kind."""
    layout, kind = batch.layout, batch.facts.kind
    if kind not in CLEAN_LABELS or layout.inner != 1 or batch.counts.counting is not None:
        return False
    if not batch.loss.is_cross_entropy:
        return False
    if batch.loss.is_elementwise:
        return kind == "binary" or (kind == "multi_hot" and batch.labels.shape == layout.shape)
    by_index = kind == "class_indices"
    return layout.classes > 1 and len(layout.shape) > 1 and (by_index or batch.labels.shape == layout.shape)


def _conditions(batch: PreparedBatch) -> tuple[Silent, ...] | None:
    """Under which all checks are silent that are not BY_FORM; None where one has no such condition."""
    if batch.options.advice == "none":
        return ()
    silent = [check.silent for check in checks_for(Form.of(batch, losses=True), ())]
    if None in silent:
        return None
    return tuple(dict.fromkeys(each for each in silent if each is not None and each != BY_FORM))


class Plan:
    """How batches of one form are evaluated."""

    def __init__(self, batch: PreparedBatch, silent: tuple[Silent, ...]) -> None:
        self.loss = batch.loss
        self.layout = batch.layout
        self.parameters = batch.parameters
        self.reduction = batch.options.reduction
        self.silent = silent
        self.find_facts = CLEAN_LABELS[batch.facts.kind]

    @np.errstate(all="ignore")
    def evaluate(self, logits: Array, labels: Array) -> Planned | None:
        """What `evaluate` finds of a batch of the plan's form, to the last bit; None where it may have more to say."""
        layout = self.layout
        facts = self.find_facts(labels, layout)
        if facts is None or balance(facts, layout) is not None:
            return None
        targets = labels if facts.indices is None else facts.indices
        bound = self.loss.bind(logits, targets, layout, self.parameters, labels_checked=facts.class_counts is not None)
        try:
            accumulated = accumulate(bound, None, ())
            reduced = reduce(self.reduction, accumulated.totals)
        except InvalidInput:
            return None
        seen = _seen(logits.reshape(layout.rows, layout.classes), layout, facts, mean_loss(accumulated.totals))
        if not all([is_silent(seen) for is_silent in self.silent]):  # noqa: C419  of so few, sooner than one by one
            return None
        return Planned(accumulated.per_sample, reduced, facts.rows_not_one.rows)


def _seen(logits: Array, layout: Layout, labels: LabelFacts, mean: float) -> PlanFacts:
    low, high = extremes(logits)
    rows_differ = bool(logits[0, 0] != logits[-1, 0]) or bool((logits[0] != logits[-1]).any())
    return PlanFacts(float(low), float(high), rows_differ, mean, layout.rows, layout.classes, labels)
