"""Checks of labels that do not fit the loss."""

from dataclasses import replace
from functools import cache
from typing import cast

import numpy as np

from xent_core.advice.checks.check import BY_FORM, MIN_ROWS, Check
from xent_core.advice.subject import PlanFacts, Subject
from xent_core.compute.layout import Array
from xent_core.labels.codes import usual_code
from xent_core.losses import LOSSES
from xent_core.losses.loss import Loss
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.losses.sigmoid_focal import SIGMOID_FOCAL_CROSS_ENTROPY as SIGMOID_FOCAL
from xent_core.losses.softmax import SOFTMAX_CROSS_ENTROPY as SOFTMAX
from xent_core.losses.sparse_softmax import SPARSE_SOFTMAX_CROSS_ENTROPY as SPARSE
from xent_core.prepare import PreparedBatch
from xent_core.results import Change, Evidence, LossWarning


def _rows_not_one(subject: Subject) -> Evidence | None:
    facts = subject.batch.facts
    if not facts.rows_not_one.rows or facts.kind == "distribution" or facts.padded_one_hot or facts.row_sums is None:
        return None
    return {
        "rows": facts.rows_not_one.rows,
        "of": facts.rows,
        "first_row": list(facts.rows_not_one.first),
        "smallest_row_sum": facts.row_sums[0],
        "largest_row_sum": facts.row_sums[1],
    }


def _mention_zeros(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    warning = _asked_one_by_one(warning, batch)
    zeros = batch.facts.rows_of_zeros.rows
    if not zeros:
        return warning
    fix = f"{zeros} of these rows hold nothing but zeros: if they are padding, give them the weight 0. {warning.fix}"
    return replace(warning, fix=fix)


def _almost(subject: Subject) -> Evidence | None:
    facts = subject.batch.facts
    if facts.kind != "distribution" or not facts.rows_not_one.rows or facts.row_sums is None:
        return None
    return {
        "rows": facts.rows_not_one.rows,
        "of": facts.rows,
        "first_row": list(facts.rows_not_one.first),
        "smallest_row_sum": facts.row_sums[0],
        "largest_row_sum": facts.row_sums[1],
    }


def _padded(subject: Subject) -> Evidence | None:
    batch, facts = subject.batch, subject.batch.facts
    if not facts.padded_one_hot or batch.counts.by_logit:
        return None
    if not subject.softmax and facts.rows < MIN_ROWS and not _zeros_end_sequences(batch):
        return None
    return {"rows": facts.rows_of_zeros.rows, "of": facts.rows, "first_row": list(facts.rows_of_zeros.first)}


def _zeros_end_sequences(batch: PreparedBatch) -> bool:
    """Whether samples form sequences, and the rows of zeros stand at their ends."""
    if len(batch.layout.sample_shape) < 2 or batch.layout.class_axis is None:
        return False
    zeros = ~batch.labels.astype(bool).any(axis=batch.layout.class_axis)
    return bool((np.sort(zeros, axis=-1) == zeros).all())


def _rows_of_several(subject: Subject) -> Evidence | None:
    rows = subject.batch.facts.rows_of_several
    if not rows.rows:
        return None
    return {"rows": rows.rows, "of": subject.batch.facts.rows, "first_row": list(rows.first)}


def _one_hot(subject: Subject) -> Evidence | None:
    facts = subject.batch.facts
    return {"rows": facts.rows, "classes": subject.batch.layout.classes} if facts.kind == "one_hot" else None


def _outside_unit_interval(subject: Subject) -> Evidence | None:
    low, high = subject.batch.facts.minimum, subject.batch.facts.maximum
    return {"minimum": low, "maximum": high} if low < 0 or high > 1 else None


def _counting_labels(batch: PreparedBatch) -> Array:
    """The labels that count, of an array in the logits' shape or without a class axis of length 1."""
    mask, layout, labels = batch.counts.counting, batch.layout, batch.labels
    if mask is None or not labels.ndim:
        return labels
    if mask.by_row and labels.shape == layout.shape and layout.class_axis is not None:
        rows: Array = np.moveaxis(labels, layout.class_axis, -1).reshape(layout.rows, layout.classes)[mask.values]
        return rows
    return labels.reshape(-1)[mask.values.reshape(-1)]


@cache
def _sparse_of(loss: Loss) -> Loss:
    kind = type(loss)
    return next((each for each in LOSSES.values() if each.takes_class_indices and isinstance(each, kind)), SPARSE)


def _as_indices(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    """The loss that takes class indices and gives the same: this one, or the sparse one of its kind."""
    sparse = _sparse_of(batch.loss)
    if sparse is SPARSE:
        return warning
    fix = "Send labels as class indices (argmax of each row)"
    return replace(warning, fix=f"{fix}." if sparse is batch.loss else f"{fix} with loss_type {sparse.name}.")


def _asked_one_by_one(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    """The sigmoid loss for the request as it is: of a focal loss it is focal, too, and none has a temperature."""
    loss = SIGMOID_FOCAL if batch.loss.takes("gamma") else SIGMOID
    change: Change | None = {"loss_type": loss.name}
    if batch.parameters.temperature != 1:
        change = {"loss_type": loss.name, "temperature": 1.0}
    if batch.options.epsilon is not None:
        change = None  # it has to be left out
    return replace(warning, fix=warning.fix.replace(SIGMOID.name, loss.name), change=change)


def _in_another_code(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    code = usual_code(_counting_labels(batch))
    if code is None:
        return warning
    takes = code.ignore_index is not None and batch.loss.takes("ignore_index")
    change: Change | None = {"ignore_index": cast(int, code.ignore_index)} if takes else None
    return replace(warning, message=f"{code.found}. {warning.message}", fix=f"{code.fix}.", change=change)


def _rows_sum_to_one(facts: PlanFacts) -> bool:
    return facts.labels.rows_not_one.rows == 0


def _no_padding(facts: PlanFacts) -> bool:
    return not facts.labels.padded_one_hot


LABELS_NOT_A_DISTRIBUTION = Check(
    code="labels_not_a_distribution",
    severity="likely",
    when="softmax loss, a row of labels does not sum to 1",
    message=(
        "{rows} of {of} rows of labels do not sum to 1: softmax cross-entropy expects a distribution over classes "
        "that exclude each other."
    ),
    fix=(
        f"If several classes may be true at once, set loss_type to {SIGMOID.name}; "
        "else divide each row of labels by its sum."
    ),
    change={"loss_type": SIGMOID.name},
    refine=_mention_zeros,
    applies=lambda form: form.softmax_rows and form.layout.classes > 1,
    look=_rows_not_one,
    silent=_rows_sum_to_one,
)

LABELS_ALMOST_A_DISTRIBUTION = Check(
    code="labels_almost_a_distribution",
    severity="hint",
    when="a loss over distributions, rows of labels whose sums miss 1 by at most 0.05 while others hold",
    message=(
        "{rows} of {of} rows of labels miss the sum of 1 by little (sums from {smallest_row_sum:.4g} to "
        "{largest_row_sum:.4g}): they are computed as they stand."
    ),
    fix="Divide each row of labels by its sum, if rounding or averaging moved it.",
    applies=lambda form: form.softmax_rows,
    look=_almost,
    silent=_rows_sum_to_one,
)

LABELS_MAY_BE_PADDED_ONE_HOT = Check(
    code="labels_may_be_padded_one_hot",
    severity="likely",
    when="one-hot rows of labels beside rows of zeros that count",
    message=(
        "{rows} of {of} rows of labels hold no class at all and the others one each. If the rows of zeros are "
        "padding, they should not count."
    ),
    fix=(
        f"Give the rows of zeros the weight 0 with loss_type {SOFTMAX.name}, or send class indices with "
        "ignore_index; reduction weighted_mean leaves them out of the mean."
    ),
    applies=lambda form: form.label_rows and form.layout.classes > 1,
    look=_padded,
    silent=_no_padding,
)

MULTI_HOT_LABELS_WITH_SOFTMAX = Check(
    code="multi_hot_labels_with_softmax",
    severity="likely",
    when="softmax loss, a row of 0/1 labels has more than one 1",
    message=("{rows} of {of} rows of labels hold more than one 1, but under a softmax the classes exclude each other."),
    fix=f"Set loss_type to {SIGMOID.name}: it asks about each class by itself.",
    change={"loss_type": SIGMOID.name},
    refine=_asked_one_by_one,
    applies=lambda form: form.softmax_rows,
    look=_rows_of_several,
    silent=_rows_sum_to_one,
)

ONE_HOT_LABELS_COULD_BE_INDICES = Check(
    code="one_hot_labels_could_be_indices",
    severity="hint",
    when="softmax loss, every row of labels is one-hot",
    message="Every row of labels is one-hot: class indices give the same losses from less data.",
    fix=f"Send labels as class indices (argmax of each row) with loss_type {SPARSE.name}.",
    refine=_as_indices,
    applies=lambda form: form.softmax_rows,
    look=_one_hot,
    silent=BY_FORM,
)

ONE_HOT_LABELS_WITH_SIGMOID = Check(
    code="one_hot_labels_with_sigmoid",
    severity="hint",
    when="a sigmoid loss was named, at least 3 classes and 20 rows, every row of labels is one-hot",
    message=(
        "All {rows} rows of labels are one-hot, as of {classes} classes that exclude each other, but a sigmoid "
        "loss asks about each class by itself."
    ),
    fix=f"If exactly one class is right for each sample, set loss_type to {SOFTMAX.name}.",
    change={"loss_type": SOFTMAX.name},
    applies=lambda form: form.label_rows and not form.softmax,
    look=_one_hot,
    silent=BY_FORM,
)

LABELS_OUTSIDE_UNIT_INTERVAL = Check(
    code="labels_outside_unit_interval",
    severity="likely",
    when="a label of the logits' shape below 0 or above 1",
    message="Labels lie outside [0, 1], where no probability is; the formula is computed as it stands.",
    fix=f"Send labels from 0 to 1, or class indices with loss_type {SPARSE.name}.",
    refine=_in_another_code,
    applies=lambda form: form.loss.is_elementwise or (form.dense_labels and not form.labels_are_logits),
    look=_outside_unit_interval,
    silent=BY_FORM,
)
