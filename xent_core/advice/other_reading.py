"""The loss of labels in another reading, where their form speaks for both: what an alternative of the advice names.

Only of near misses, as it is computed a second time: rows that are one-hot but for padding, or that each sum to 1 and
are taken for yes/no questions; rows of which some miss the sum of 1 by little; a sample without a batch dimension.
"""

import math

import numpy as np

from xent_core.accumulate import accumulate
from xent_core.compute.layout import Array
from xent_core.errors import InvalidInput
from xent_core.labels.facts import sum_tolerance
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.losses.softmax import SOFTMAX_CROSS_ENTROPY as SOFTMAX
from xent_core.prepare import Options, PreparedBatch, prepare
from xent_core.results import Alternative

QUESTIONS = ("binary", "soft_binary", "multi_hot", "soft_multi_label")


def with_loss(batch: PreparedBatch, alternatives: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
    """The alternatives, of which that for the other reading says its mean loss, if the batch is a near miss."""
    other = _other_reading(batch)
    if other is None or batch.logits is None or not any(each.loss_type == other for each in alternatives):
        return alternatives
    mean = _mean_loss(batch, batch.logits, other)
    if mean is None:
        return alternatives
    return tuple(
        each._replace(when=f"{each.when}; the mean loss is then {mean:.4g}") if each.loss_type == other else each
        for each in alternatives
    )


def _other_reading(batch: PreparedBatch) -> str | None:
    """The loss of the other reading; None where the batch is no near miss, or says more than the reading has."""
    facts, layout, options = batch.facts, batch.layout, batch.options
    if batch.labels.shape != layout.shape:
        return None
    if batch.counts.counting is not None or options.weights is not None or options.class_weights is not None:
        return None
    unbatched = len(layout.shape) == 1 and layout.rows * layout.classes > 1
    if facts.padded_one_hot and layout.classes > 1:
        return SOFTMAX.name
    if facts.kind in QUESTIONS:
        one_class = _sums_to_one(batch.labels) if unbatched else layout.classes > 1 and not facts.rows_not_one.rows
        return SOFTMAX.name if one_class else None
    if facts.kind in ("one_hot", "distribution") and (unbatched or facts.rows_not_one.rows):
        return SIGMOID.name
    return None


def _sums_to_one(labels: Array) -> bool:
    return bool(abs(float(np.sum(labels, dtype=np.float64)) - 1) <= sum_tolerance(labels))


def _mean_loss(batch: PreparedBatch, logits: Array, loss_type: str) -> float | None:
    """Over the rows that are no padding; None where the loss refuses the batch, or where it is infinite."""
    given, labels = batch.options, batch.labels
    options = Options(
        weights=labels.any(axis=batch.layout.class_axis) if batch.facts.padded_one_hot else None,
        loss_type=loss_type,
        label_smoothing=given.label_smoothing,
        axis=given.axis,
        from_logits=given.from_logits,
        clip=given.clip,
        temperature=given.temperature if loss_type == SOFTMAX.name else 1.0,
    )
    try:
        other = prepare(logits, labels.shape, labels, options)
        totals = accumulate(other.bind(logits, from_logits=given.from_logits), other.weights, (), other.counts).totals
    except InvalidInput:
        return None
    mean = totals.loss / totals.weight
    return mean if math.isfinite(mean) else None
