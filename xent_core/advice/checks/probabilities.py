"""Checks of probabilities that were changed before the loss was computed."""

import math
from typing import cast

import numpy as np

from xent_core.advice.checks.check import Check
from xent_core.advice.subject import Subject
from xent_core.compute.layout import TILE_ELEMENTS, Array, row_sums
from xent_core.labels.counts import neutral_reader, row_reader
from xent_core.labels.facts import decimals_of, rounding_tolerance, sum_tolerance
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.results import Evidence


def _clipped(subject: Subject) -> Evidence | None:
    """Losses that clipping caps: of a probability near 0 for a label above 0, or near 1 for a label below 1."""
    batch = subject.batch
    clip = batch.parameters.clip
    if not clip:
        return None
    read = neutral_reader(batch.layout.reader(cast(Array, batch.logits), batch.dtype), batch.counts)
    labels = batch.labels if batch.labels.shape == batch.layout.shape else None
    read_labels = None if labels is None else batch.layout.reader(labels, batch.dtype)
    low, high, capped = batch.dtype.type(clip), batch.dtype.type(1 - clip), 0
    for block in batch.layout.blocks(TILE_ELEMENTS):
        p = read(block)
        if subject.softmax:
            p = p / row_sums(p)[:, None]
        y: Array
        if read_labels is not None:
            y = read_labels(block)
            if batch.parameters.labels_are_logits:
                y = ~np.isneginf(y)
        elif subject.softmax:
            given, counting = batch.labels.reshape(-1)[block.rows], batch.counts.rows(block)
            indices = given if counting is None else np.where(counting, given, 0)
            p = p[np.arange(len(p)), indices.astype(np.intp)][:, None]
            y = np.ones((1, 1))
        else:
            y = batch.labels.reshape(-1)[block.rows, None] if batch.labels.ndim else batch.labels.reshape(1, 1)
        caps = (p < low) & (y > 0)
        if not subject.softmax:
            caps |= (p > high) & (y < 1)
        capped += int(np.count_nonzero(caps.any(axis=1) if subject.softmax else caps))
    return {"losses": capped, "clip": clip, "cap": -math.log(clip)} if capped else None


def _rescaled(subject: Subject) -> Evidence | None:
    batch = subject.batch
    tolerance = sum_tolerance(cast(Array, batch.logits))
    read = row_reader(batch.layout.reader(cast(Array, batch.logits), batch.dtype), batch.counts)
    rescaled, least, most = 0, math.inf, -math.inf
    for block in batch.layout.blocks(TILE_ELEMENTS):
        rows = read(block)
        if not len(rows):
            continue
        sums = row_sums(rows)
        off = np.abs(sums - 1)
        if off.max() <= tolerance:
            continue
        found = off > max(tolerance, rounding_tolerance(decimals_of(rows, 2), rows.shape[1]))
        rescaled += int(np.count_nonzero(found))
        least, most = min(least, float(sums.min())), max(most, float(sums.max()))
    if not rescaled:
        return None
    return {"rows": rescaled, "of": subject.logits.rows, "smallest_row_sum": least, "largest_row_sum": most}


PROBABILITIES_CLIPPED = Check(
    code="probabilities_clipped",
    severity="certain",
    when="from_logits false: a clipped probability caps a loss",
    message=(
        "{losses} losses are capped, since a probability was clipped to [{clip:.3g}, 1 - {clip:.3g}]: "
        "-log p is at most {cap:.4g}."
    ),
    fix="Send logits, or a smaller clip; 0 clips nothing.",
    change={"clip": 0.0},
    applies=lambda form: form.reads_probabilities,
    look=_clipped,
)

PROBABILITIES_RESCALED = Check(
    code="probabilities_rescaled",
    severity="hint",
    when="from_logits false and a softmax loss: rows that don't sum to 1 were divided by their sum",
    message=(
        "{rows} of {of} rows of probabilities do not sum to 1 (sums from {smallest_row_sum:.4g} to "
        "{largest_row_sum:.4g}), and were divided by their sum."
    ),
    fix="Send rows that a softmax over the class axis made; for the outputs of sigmoids set loss_type to "
    f"{SIGMOID.name}.",
    applies=lambda form: form.softmax and form.layout.classes > 1 and form.reads_probabilities,
    look=_rescaled,
)
