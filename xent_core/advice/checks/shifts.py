"""Checks of labels of sequences that may be shifted too little or twice."""

import math
from dataclasses import replace
from typing import cast

import numpy as np

from xent_core.accumulate import Accumulated
from xent_core.advice.checks.check import MIN_ROWS, Check
from xent_core.advice.subject import Form, Subject
from xent_core.compute.layout import Array
from xent_core.prepare import PreparedBatch
from xent_core.results import Evidence, LossWarning

MUCH_BETTER = 0.7


def _applies_to_sequences(form: Form) -> bool:
    layout = form.layout
    return (
        form.losses
        and form.loss.takes_class_indices
        and form.loss.is_cross_entropy
        and form.reads_logits
        and len(layout.sample_shape) > 1
        and layout.class_axis == len(layout.shape) - 1
        and layout.sample_shape[-1] > 2
        and not form.class_weights
        and not form.smoothed
    )


def _shifted(subject: Subject, by: int) -> Evidence | None:
    """The mean loss for the labels one later, or one earlier. The logarithm of the sum of exponentials is the same
    there, so the losses differ by the labels' logits.
    """
    batch, shape = subject.batch, subject.batch.layout.sample_shape
    logits, labels = cast(Array, batch.logits)[..., : shape[-1], :], batch.labels
    here, there = (np.s_[..., :-1], np.s_[..., 1:]) if by > 0 else (np.s_[..., 1:], np.s_[..., :-1])
    mask = batch.counts.counting
    if mask is None and batch.weights is not None and not (batch.weights.given == batch.weights.given.flat[0]).all():
        return None
    counting = np.ones(shape, bool) if mask is None else mask.values.reshape(shape)
    indices = np.where(counting, labels, 0).astype(np.intp)
    both = counting[here] & counting[there]
    if np.count_nonzero(both) < MIN_ROWS or (indices[here] == indices[there])[both].all():
        return None
    at = logits[(*here, slice(None))]
    own = np.take_along_axis(at, indices[here][..., None], -1)[..., 0][both].astype(np.float64)
    other = np.take_along_axis(at, indices[there][..., None], -1)[..., 0][both].astype(np.float64)
    losses = cast(Accumulated, subject.accumulated).per_sample[here][both].astype(np.float64)
    if batch.weights is not None:
        losses = losses / np.broadcast_to(batch.weights.given, shape)[here][both]
    mean = float(losses.mean())
    elsewhere = float((losses + (own - other) / batch.parameters.temperature).mean())
    if not math.isfinite(elsewhere) or not elsewhere < MUCH_BETTER * mean:
        return None
    return {"mean_loss": mean, "mean_loss_shifted": elsewhere}


def _next_shift(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    shift = batch.layout.left_out + 1
    return replace(warning, fix=f"Set shift to {shift}.", change={"shift": shift})


def _shift_before(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    shift = batch.layout.left_out - 1
    return warning if shift < 0 else replace(warning, fix=f"Set shift to {shift}.", change={"shift": shift})


LABELS_MAY_NEED_A_SHIFT = Check(
    code="labels_may_need_a_shift",
    severity="hint",
    when="class indices in sequences: the mean loss for the next label is far below that for the place's own",
    message=(
        "The mean loss is {mean_loss:.4g}, and {mean_loss_shifted:.4g} where each label is that of the next place: "
        "the logits seem to predict the next token."
    ),
    fix="Set shift to one more.",
    refine=_next_shift,
    applies=_applies_to_sequences,
    look=lambda subject: _shifted(subject, 1),
)

LABELS_MAY_BE_SHIFTED_TWICE = Check(
    code="labels_may_be_shifted_twice",
    severity="hint",
    when="class indices in sequences: the mean loss for the label before is far below that for the place's own",
    message=(
        "The mean loss is {mean_loss:.4g}, and {mean_loss_shifted:.4g} where each label is that of the place "
        "before: the labels seem to be shifted once too often."
    ),
    fix="Shift the labels one place less.",
    refine=_shift_before,
    applies=_applies_to_sequences,
    look=lambda subject: _shifted(subject, -1),
)
