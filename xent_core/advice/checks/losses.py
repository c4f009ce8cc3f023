"""Checks of the losses themselves."""

import math
from typing import cast

import numpy as np

from xent_core.accumulate import Accumulated
from xent_core.advice.checks.check import MIN_ROWS, Check
from xent_core.advice.subject import PlanFacts, Subject
from xent_core.compute.layout import TILE_ELEMENTS, Array, column_tiles
from xent_core.losses.softmax_family import SoftmaxFamily
from xent_core.prepare import PreparedBatch
from xent_core.results import Evidence


def _class_of_rows(batch: PreparedBatch) -> Array:
    if batch.labels.shape == batch.layout.sample_shape:
        return batch.labels.reshape(-1)
    if batch.facts.indices is not None:
        return batch.facts.indices.reshape(-1)
    # Block by block: of labels on another axis than the last, argmax would make a copy.
    classes = np.empty(batch.layout.rows, np.intp)
    read = batch.layout.reader(batch.labels, batch.dtype)
    for block in batch.layout.blocks(TILE_ELEMENTS):
        classes[block.rows] = read(block).argmax(axis=1)
    return classes


FAR_ABOVE = 2.0


def _worse_than_uniform(subject: Subject) -> Evidence | None:
    """It is looked for hits only where the mean loss is far above that of a guess."""
    batch, accumulated = subject.batch, cast(Accumulated, subject.accumulated)
    classes = batch.layout.classes
    totals = accumulated.totals
    mean = totals.loss / totals.weight if totals.weight > 0 else 0.0
    uniform = math.log(classes)
    if not batch.loss.is_cross_entropy:
        uniform = float(cast(SoftmaxFamily, batch.loss).of_cross_entropy(np.array([uniform]), batch.parameters)[0])
    if not _far_above(mean, uniform, classes):
        return None
    read, labels = batch.layout.reader(cast(Array, batch.logits), batch.dtype), _class_of_rows(batch)
    rows = hits = 0
    for block in batch.layout.blocks(TILE_ELEMENTS):
        counting = batch.counts.rows(block)
        right = read(block).argmax(axis=1) == labels[block.rows]
        right = right if counting is None else right[counting]
        rows, hits = rows + len(right), hits + int(np.count_nonzero(right))
    chance = rows / classes
    if rows < MIN_ROWS or hits > chance + 2 * math.sqrt(chance * (1 - 1 / classes)):
        return None
    return {"mean_loss": mean, "uniform": uniform, "accuracy": hits / rows, "rows": rows}


def _far_above(mean: float, uniform: float, classes: int) -> bool:
    return classes > 1 and mean > FAR_ABOVE * uniform


def _infinite_samples(subject: Subject) -> Evidence | None:
    losses = cast(Accumulated, subject.accumulated).per_sample.reshape(-1)
    if math.isfinite(np.add.reduce(losses)):
        return None
    infinite = sum(int(np.count_nonzero(np.isinf(losses[part]))) for part in column_tiles(len(losses)))
    return {"samples": infinite} if infinite else None


# No loss of a few thousand whose mean is less is infinite in float32.
ORDINARY_MEAN = 1e30


def _mean_is_ordinary(facts: PlanFacts) -> bool:
    return facts.mean < ORDINARY_MEAN


def _mean_is_low(facts: PlanFacts) -> bool:
    return not _far_above(facts.mean, math.log(facts.classes), facts.classes)


WORSE_THAN_UNIFORM = Check(
    code="worse_than_uniform",
    severity="hint",
    when="softmax loss, at least 20 samples: the mean is far above log C and the accuracy no better than chance",
    message=(
        "The mean loss of {mean_loss:.4g} is far above that of a guess, {uniform:.4g}, and the accuracy of "
        "{accuracy:.3g} is no better than chance."
    ),
    fix=(
        "Look whether axis is the class axis, and whether labels are in the model's order of classes, off by one, "
        "or those of other rows."
    ),
    applies=lambda form: form.softmax and form.losses and form.layout.rows >= MIN_ROWS and not form.class_weights,
    look=_worse_than_uniform,
    silent=_mean_is_low,
)

INFINITE_LOSS = Check(
    code="infinite_loss",
    severity="certain",
    when="some loss is infinite",
    message=(
        "A loss is infinite: a label stands at a class masked by -Infinity, or a number is too large for the dtype."
    ),
    fix="Unmask the label's class, give the sample the weight 0, or send float64.",
    applies=lambda form: form.losses,
    look=_infinite_samples,
    silent=_mean_is_ordinary,
)
