"""The mistakes that everybody makes, found in one batch. `CHECKS` is the one list.

Nothing is ever changed because of a warning: it says what was found, and what to change. A check that finds nothing
proves nothing. What does not count is not looked at.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Literal, cast

import numpy as np

from xent_core.accumulate import Accumulated, accumulate
from xent_core.advice.subject import Form, PlanFacts, Subject
from xent_core.compute.layout import TILE_ELEMENTS, Array, column_tiles, extremes, row_sums
from xent_core.compute.reduction import mean_loss
from xent_core.labels.codes import usual_code
from xent_core.labels.counts import neutral_reader, row_reader
from xent_core.labels.facts import decimals_of, rounding_tolerance, sum_tolerance
from xent_core.losses import LOSSES
from xent_core.losses.loss import Loss
from xent_core.losses.sampled_softmax import TRAIN_ONLY, TRAIN_ONLY_WHEN
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.losses.sigmoid_focal import SIGMOID_FOCAL_CROSS_ENTROPY as SIGMOID_FOCAL
from xent_core.losses.softmax import SOFTMAX_CROSS_ENTROPY as SOFTMAX
from xent_core.losses.softmax_family import SoftmaxFamily
from xent_core.losses.sparse_softmax import SPARSE_SOFTMAX_CROSS_ENTROPY as SPARSE
from xent_core.losses.weighted import WEIGHTED_CROSS_ENTROPY as WEIGHTED
from xent_core.prepare import PreparedBatch
from xent_core.results import Change, Evidence, LossWarning, Severity

MIN_VALUES = 20
MIN_ROWS = 20
MAX_ROUNDING = 0.5
PERCENT = 100


BY_FORM: Literal["by form"] = "by form"
"""What the check finds follows from the form of the batch and the kind of its labels."""

Silent = Callable[[PlanFacts], bool]
"""Whether the check finds nothing, for certain."""


@dataclass(frozen=True, slots=True)
class Check:
    """One mistake, and how it is found.

    code      stable, for programs
    severity  how sure it is
    when      the condition, for the documentation
    message   what was found; `{name}` stands for a figure of the evidence
    fix       what to change in the request
    change    the same as parameters of the request; None where arrays have to change
    applies   whether the check makes sense for batches of this form
    look      the figures that set it off; None where there is nothing to warn of
    refine    the warning in words that fit the batch better, where there are such
    silent    how a plan knows, without a look, that the check has nothing new to say; None where it can't: there are no
              plans then for batches to which the check applies
    """

    code: str
    severity: Severity
    when: str
    message: str
    fix: str
    applies: Callable[[Form], bool]
    look: Callable[[Subject], Evidence | None]
    change: Change | None = None
    refine: Callable[[LossWarning, PreparedBatch], LossWarning] | None = None
    silent: Silent | Literal["by form"] | None = None

    def warning(self, batch: PreparedBatch, evidence: Evidence) -> LossWarning:
        message = self.message.format(**evidence)
        if batch.counts.counting is not None:
            evidence = evidence | batch.counts.number(batch.layout, per_row=not batch.loss.is_elementwise)
        warning = LossWarning(self.code, self.severity, message, evidence, self.fix, self.change)
        return warning if self.refine is None else self.refine(warning, batch)


def run_checks(
    batch: PreparedBatch, accumulated: Accumulated | None = None
) -> tuple[tuple[LossWarning, ...], tuple[str, ...]]:
    """The warnings, and the codes of the checks that ran."""
    warnings: list[LossWarning] = []
    subject = Subject(batch, accumulated)
    checks = checks_for(Form.of(batch, losses=accumulated is not None), batch.options.silence)
    for check in checks:
        evidence = check.look(subject)
        if evidence is not None:
            warnings.append(check.warning(batch, evidence))
    return tuple(warnings), tuple([check.code for check in checks])


@lru_cache(maxsize=256)
def checks_for(form: Form, silence: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks that apply to batches of this form, but for those to silence."""
    return tuple(check for check in CHECKS if check.code not in silence and check.applies(form))


def _loss_both_ways(subject: Subject) -> Evidence:
    """The mean loss with the logits as they are and read as probabilities, where a loss was computed."""
    batch = subject.batch
    if subject.accumulated is None:
        return {}
    logits = cast(Array, batch.logits)
    as_probabilities = accumulate(batch.bind(logits, from_logits=False), batch.weights, (), batch.counts)
    means = {
        "mean_loss_as_logits": mean_loss(subject.accumulated.totals),
        "mean_loss_as_probabilities": mean_loss(as_probabilities.totals),
    }
    return {name: mean for name, mean in means.items() if np.isfinite(mean)}


def _ranges_of_distributions(subject: Subject) -> Evidence | None:
    """Least and largest value and row sum, where every row looks like a distribution, or one in per cent. It stops at
    the first block that does not.
    """
    batch, logits = subject.batch, subject.logits
    if not (logits.low >= 0 and 0 < logits.high <= PERCENT):
        return None
    total = 1 if logits.high <= 1 else PERCENT
    tolerance = sum_tolerance(cast(Array, batch.logits))
    read = row_reader(batch.layout.reader(cast(Array, batch.logits), batch.dtype), batch.counts)
    least, most = np.inf, -np.inf
    for block in batch.layout.blocks(TILE_ELEMENTS // 2):
        rows = read(block)
        if not len(rows):
            continue
        sums = row_sums(rows) / total
        least, most = min(least, float(sums.min())), max(most, float(sums.max()))
        off = max(1 - least, most - 1)
        if off > tolerance and off > _rounding(rows if total == 1 else rows / total, tolerance, logits.values):
            return None
    return {"minimum": logits.low, "maximum": logits.high, "smallest_row_sum": least, "largest_row_sum": most}


def _rounding(rows: Array, tolerance: float, values: int) -> float:
    """How far from 1 rows of printed probabilities may sum: few decimals say so only where many values have them."""
    decimals = decimals_of(rows, 1 if values >= MIN_VALUES else 3)
    miss = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    return float(min(tolerance + rows.shape[1] * miss, MAX_ROUNDING))


def _probability_rows(subject: Subject) -> Evidence | None:
    ranges = _ranges_of_distributions(subject)
    if ranges is None or subject.logits.high > 1:
        return ranges
    return ranges | _loss_both_ways(subject)


def _unit_interval(subject: Subject) -> Evidence | None:
    logits = subject.logits
    if logits.values < MIN_VALUES or not logits.unit_interval:
        return None
    found: Evidence = {"values": logits.values, "minimum": logits.low, "maximum": logits.high}
    if subject.softmax:
        return found if _ranges_of_distributions(subject) is None else None
    return found | _sums_of_distributions(subject) | _loss_both_ways(subject)


def _sums_of_distributions(subject: Subject) -> Evidence:
    """Least and largest sum of a row of yes/no questions, where every row looks like a distribution."""
    batch = subject.batch
    mask = batch.counts.counting
    if batch.layout.classes < 2 or not (mask is None or mask.by_row):
        return {}
    found = _ranges_of_distributions(subject) or {}
    return {name: value for name, value in found.items() if "row_sum" in name}


def _never_negative(subject: Subject) -> Evidence | None:
    logits = subject.logits
    if logits.values < MIN_VALUES or logits.low < 0 or logits.high <= 1 or logits.zeros < MANY_ZEROS * logits.values:
        return None
    return {"values": logits.values, "zeros": logits.zeros, "maximum": logits.high}


MANY_ZEROS = 0.1


def _within_one(subject: Subject) -> Evidence | None:
    logits = subject.logits
    if not -1 <= logits.low < 0 or logits.high > 1:
        return None
    if logits.values < MIN_VALUES or 2 * logits.near_one <= logits.values:
        return None
    return {"values": logits.values, "near_one": logits.near_one, "minimum": logits.low, "maximum": logits.high}


def _identical(subject: Subject) -> Evidence | None:
    logits = subject.logits
    if not logits.identical or logits.rows < MIN_ROWS:
        return None
    return {"rows": logits.rows}


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


def _nothing_counts(subject: Subject) -> Evidence | None:
    batch = subject.batch
    if batch.counts.counting is None or batch.counts.counting.values.any():
        return None
    weights = batch.weights
    return None if weights is not None and not weights.given.any() else {}


def _mean_with_zeros(subject: Subject) -> Evidence | None:
    batch = subject.batch
    if batch.counts.counting is None:
        return None
    number = batch.counts.number(batch.layout, per_row=subject.softmax)
    if not number["zero_weight"] or not number["counted"]:
        return None
    return {"zeros": number["zero_weight"], "of": number["counted"] + number["zero_weight"]}


def _class_weights_with_mean(subject: Subject) -> Evidence | None:
    weights = cast(Array, subject.batch.parameters.class_weights)
    if weights.size and (weights == weights[0]).all():
        return None
    return {"smallest": float(weights.min()), "largest": float(weights.max())}


def _upside_down(subject: Subject) -> Evidence | None:
    """Class weights that grow with the classes' counts, or a pos_weight that favours what is common already."""
    facts, parameters = subject.batch.facts, subject.batch.parameters
    if parameters.pos_weight is not None:
        return _upside_down_questions(facts.positives, facts.negatives, parameters.pos_weight)
    if facts.class_counts is None or parameters.class_weights is None:
        return None
    present = np.flatnonzero(facts.class_counts)
    counts = facts.class_counts[present].astype(np.float64)
    weights = parameters.class_weights[present].astype(np.float64)
    if len(present) < 2 or counts.sum() < MIN_ROWS or counts.max() < 2 * counts.min():
        return None
    lightest, heaviest = extremes(weights)
    if lightest == heaviest or heaviest < 1.5 * lightest:
        return None
    if float(np.vecdot(counts - counts.mean(), weights)) <= 0:
        return None  # sooner than by the correlation, which is not above 0 either
    alike = float(np.corrcoef(counts, weights)[0, 1])
    if not alike >= (ALIKE if len(present) > 2 else 1 - 1e-9):
        return None
    return {"correlation": alike, "commonest": int(counts.max()), "rarest": int(counts.min())}


ALIKE = 0.7
RARE_SHARE = 0.1


def _upside_down_questions(positives: int | None, negatives: int | None, pos_weight: Array) -> Evidence | None:
    if positives is None or negatives is None or pos_weight.ndim or positives + negatives < MIN_ROWS:
        return None
    share, weight = positives / (positives + negatives), float(pos_weight)
    if not (0 < share <= RARE_SHARE and 0 <= weight < 1) and not (1 - RARE_SHARE <= share < 1 and weight > 1):
        return None
    return {"positives": positives, "negatives": negatives, "pos_weight": weight}


def _scalar_weight(subject: Subject) -> Evidence | None:
    weights, layout = subject.batch.weights, subject.batch.layout
    if weights is None or weights.given.size > 1 or layout.rows == 1:
        return None
    if weights.shape and layout.shape[0] == 1:
        # It is that of a single image or sequence.
        return None
    weight = float(weights.given.reshape(-1)[0])
    return None if weight in (0.0, 1.0) else {"weight": weight}


def _zero_weights(subject: Subject) -> Evidence | None:
    weights = subject.batch.weights
    return None if weights is None or weights.given.any() else {"weights": int(weights.given.size)}


def _negative_weights(subject: Subject) -> Evidence | None:
    batch = subject.batch
    given = {
        "weights": None if batch.weights is None else batch.weights.given,
        "class_weights": batch.parameters.class_weights,
    }
    least = {f"smallest_of_{name}": float(values.min()) for name, values in given.items() if values is not None}
    return dict(least) if any(value < 0 for value in least.values()) else None


def _negative_pos_weight(subject: Subject) -> Evidence | None:
    pos_weight = subject.batch.parameters.pos_weight
    if pos_weight is None or not (pos_weight < 0).any():
        return None
    return {"minimum": float(pos_weight.min())}


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


def _clipped(subject: Subject) -> Evidence | None:
    """Losses that a clipped probability caps: one of what the labels say is right, or a sure one of what they deny."""
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


def _infinite_samples(subject: Subject) -> Evidence | None:
    losses = cast(Accumulated, subject.accumulated).per_sample.reshape(-1)
    if math.isfinite(np.add.reduce(losses)):
        return None
    infinite = sum(int(np.count_nonzero(np.isinf(losses[part]))) for part in column_tiles(len(losses)))
    return {"samples": infinite} if infinite else None


def _some_negative(facts: PlanFacts) -> bool:
    return facts.low < 0


def _some_beyond_one(facts: PlanFacts) -> bool:
    return facts.low < -1 or facts.high > 1


def _rows_differ(facts: PlanFacts) -> bool:
    return facts.rows_differ or facts.rows < MIN_ROWS


# No loss of a few thousand whose mean is less is infinite in float32.
ORDINARY_MEAN = 1e30


def _mean_is_ordinary(facts: PlanFacts) -> bool:
    return facts.mean < ORDINARY_MEAN


def _mean_is_low(facts: PlanFacts) -> bool:
    return not _far_above(facts.mean, math.log(facts.classes), facts.classes)


def _rows_sum_to_one(facts: PlanFacts) -> bool:
    return facts.labels.rows_not_one.rows == 0


def _no_padding(facts: PlanFacts) -> bool:
    return not facts.labels.padded_one_hot


def _in_per_cent(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    """Per cent are no probabilities that from_logits false would take."""
    if float(cast(float, warning.evidence["maximum"])) <= 1:
        temperature = batch.parameters.temperature
        return warning if temperature == 1 else replace(warning, change={"from_logits": False, "temperature": 1.0})
    fix = "Send the values from before the softmax, or divide them by 100 and set from_logits to false."
    return replace(warning, fix=fix, change=None)


def _after_which_activation(warning: LossWarning, batch: PreparedBatch) -> LossWarning:
    if batch.loss.is_elementwise:
        return _after_a_softmax(warning) if "smallest_row_sum" in warning.evidence else warning
    message = warning.message
    if batch.loss.is_cross_entropy:
        least = math.log1p((batch.layout.classes - 1) * math.exp(-1 / batch.parameters.temperature))
        message += f" Under a softmax no loss of such logits can fall below {least:.4g}."
    return replace(warning, message=message, fix="Send the values from before the sigmoid.", change=None)


def _after_a_softmax(warning: LossWarning) -> LossWarning:
    message = (
        f"Every one of the {warning.evidence['values']} logits lies in [0, 1], and every row of them sums to 1, as "
        "after a softmax. They are squashed again here, and after a softmax no two classes of a row are above 0.5."
    )
    fix = (
        "Send the values from before the softmax. Where several classes may be true at once, the model needs a sigmoid "
        "for each in place of a softmax."
    )
    return replace(warning, message=message, fix=fix, change=None)


CHECKS: tuple[Check, ...] = (
    Check(
        code="logits_look_like_probabilities",
        severity="likely",
        when=(
            "softmax loss, at least two classes, every row in [0, 1] and summing to 1, or in [0, 100] and to 100: "
            "softmax would be applied twice"
        ),
        message=(
            "Every row of logits lies in [{minimum:.3g}, {maximum:.3g}] and sums to the same, as probabilities do: "
            "softmax is applied to them again here."
        ),
        fix="Send the values from before the softmax, or set from_logits to false.",
        change={"from_logits": False},
        refine=_in_per_cent,
        applies=lambda form: form.softmax and form.layout.classes >= 2 and form.reads_logits,
        look=_probability_rows,
        silent=_some_negative,
    ),
    Check(
        code="logits_may_be_probabilities",
        severity="hint",
        when="at least 20 logits, all in [0, 1] and not only at its ends, and rows that don't sum to 1",
        message=(
            "Every one of the {values} logits lies in [0, 1]. Logits rarely do, probabilities always: if these went "
            "through a sigmoid already, they are squashed again here."
        ),
        fix="If they are probabilities, send the values from before the sigmoid, or set from_logits to false.",
        change={"from_logits": False},
        refine=_after_which_activation,
        applies=lambda form: form.reads_logits and form.layout.rows * form.layout.classes >= MIN_VALUES,
        look=_unit_interval,
        silent=_some_negative,
    ),
    Check(
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
    ),
    Check(
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
    ),
    Check(
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
    ),
    Check(
        code="multi_hot_labels_with_softmax",
        severity="likely",
        when="softmax loss, a row of 0/1 labels has more than one 1",
        message=(
            "{rows} of {of} rows of labels hold more than one 1, but under a softmax the classes exclude each other."
        ),
        fix=f"Set loss_type to {SIGMOID.name}: it asks about each class by itself.",
        change={"loss_type": SIGMOID.name},
        refine=_asked_one_by_one,
        applies=lambda form: form.softmax_rows,
        look=_rows_of_several,
        silent=_rows_sum_to_one,
    ),
    Check(
        code="one_hot_labels_could_be_indices",
        severity="hint",
        when="softmax loss, every row of labels is one-hot",
        message="Every row of labels is one-hot: class indices give the same losses from less data.",
        fix=f"Send labels as class indices (argmax of each row) with loss_type {SPARSE.name}.",
        refine=_as_indices,
        applies=lambda form: form.softmax_rows,
        look=_one_hot,
        silent=BY_FORM,
    ),
    Check(
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
    ),
    Check(
        code="single_class_softmax",
        severity="certain",
        when="a softmax over one class: the loss is 0 whatever the logit",
        message="A softmax over one class is always 1: the loss is 0 whatever the logits.",
        fix=f"One output is a yes/no question: set loss_type to {SIGMOID.name}.",
        change={"loss_type": SIGMOID.name},
        applies=lambda form: form.softmax,
        look=lambda subject: {"classes": 1} if subject.batch.layout.classes == 1 else None,
        silent=BY_FORM,
    ),
    Check(
        code="scalar_weight_only_rescales",
        severity="likely",
        when="one weight other than 0 and 1 for more than one sample: it acts like a learning rate",
        message=(
            "One weight for the whole batch multiplies every loss alike: it acts like a learning rate and rebalances "
            "nothing."
        ),
        fix=(
            f"Against imbalance send pos_weight with {WEIGHTED.name}, class_weights with a softmax loss, "
            "or a weight for each sample; else leave weights out."
        ),
        applies=lambda form: form.weights,
        look=_scalar_weight,
    ),
    Check(
        code="weights_enlarge_imbalance",
        severity="hint",
        when="class weights that grow with the classes' counts, or a pos_weight that favours what is common already",
        message="The commoner a class is in this batch, the larger is its weight: the weights enlarge the imbalance.",
        fix="Weight rare classes more: N / (K · count) for each of K classes, or negatives / positives as pos_weight.",
        applies=lambda form: form.class_weights or form.pos_weight,
        look=_upside_down,
    ),
    Check(
        code="all_weights_zero",
        severity="certain",
        when="every weight is 0",
        message="Every weight is 0, so every loss is 0.",
        fix="Send at least one weight that is not 0, or leave weights out.",
        applies=lambda form: form.weights,
        look=_zero_weights,
    ),
    Check(
        code="nothing_counts",
        severity="certain",
        when="no element counts: labels are ignored or missing",
        message="No element counts, since labels are ignored or missing: every loss is 0.",
        fix="Send at least one label that counts.",
        applies=lambda form: form.ignored,
        look=_nothing_counts,
    ),
    Check(
        code="mean_counts_zero_weights",
        severity="hint",
        when="reduction mean with weights of 0: they enlarge the denominator, as in TensorFlow and Keras",
        message="{zeros} of {of} elements have the weight 0, and still are in the denominator of reduction mean.",
        fix="To average over what counts alone, set reduction to weighted_mean or mean_by_nonzero_weights.",
        change={"reduction": "weighted_mean"},
        applies=lambda form: form.reduction == "mean" and form.weights,
        look=_mean_with_zeros,
    ),
    Check(
        code="mean_ignores_class_weights",
        severity="hint",
        when="class weights with reduction mean: PyTorch's default mean is weighted_mean here",
        message=(
            "Reduction mean divides by the number of elements, whatever the class weights. PyTorch's mean divides by "
            "the sum of the labels' class weights."
        ),
        fix="For PyTorch's mean set reduction to weighted_mean.",
        change={"reduction": "weighted_mean"},
        applies=lambda form: form.reduction == "mean" and form.class_weights,
        look=_class_weights_with_mean,
    ),
    Check(
        code="negative_weight",
        severity="certain",
        when="a negative weight or class weight: the loss is no longer bounded below",
        message=(
            "A weight is negative: what it weighs is rewarded for being wrong, and the loss is no longer bounded below."
        ),
        fix="Send weights of 0 or more; 0 leaves a sample or class out.",
        applies=lambda form: form.weights or form.class_weights,
        look=_negative_weights,
    ),
    Check(
        code="negative_pos_weight",
        severity="certain",
        when="a negative pos_weight: the loss is no longer bounded below",
        message=(
            "A pos_weight is negative: positives are rewarded for being missed, and the loss is no longer bounded "
            "below."
        ),
        fix="Send a pos_weight above 0: negatives / positives balances the two.",
        applies=lambda form: form.pos_weight,
        look=_negative_pos_weight,
    ),
    Check(
        code="labels_outside_unit_interval",
        severity="likely",
        when="a label of the logits' shape below 0 or above 1",
        message="Labels lie outside [0, 1], where no probability is; the formula is computed as it stands.",
        fix=f"Send labels from 0 to 1, or class indices with loss_type {SPARSE.name}.",
        refine=_in_another_code,
        applies=lambda form: form.loss.is_elementwise or (form.dense_labels and not form.labels_are_logits),
        look=_outside_unit_interval,
        silent=BY_FORM,
    ),
    Check(
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
    ),
    Check(
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
    ),
    Check(
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
    ),
    Check(
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
    ),
    Check(
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
    ),
    Check(
        code="logits_never_negative",
        severity="hint",
        when="at least 20 logits, none negative and many exactly 0: a ReLU before the loss",
        message="No logit is negative and {zeros} of {values} are exactly 0, as after a ReLU.",
        fix="Send the outputs of the last linear layer, without an activation.",
        applies=lambda form: form.reads_logits,
        look=_never_negative,
        silent=_some_negative,
    ),
    Check(
        code="logits_within_one",
        severity="hint",
        when="at least 20 logits, all in [-1, 1] and most close to its ends: a tanh before the loss",
        message="All {values} logits lie in [-1, 1] and {near_one} of them beyond ±0.9, as after a tanh.",
        fix="Send the outputs of the last linear layer, without an activation.",
        applies=lambda form: form.reads_logits,
        look=_within_one,
        silent=_some_beyond_one,
    ),
    Check(
        code="identical_rows",
        severity="likely",
        when="at least 20 samples, all with exactly the same logits: a dead network, or an input that does not arrive",
        message="All {rows} samples have exactly the same logits: the model says the same whatever its input.",
        fix="Look for dead units, weights of 0, or an input that does not reach the model.",
        applies=lambda form: form.logits,
        look=_identical,
        silent=_rows_differ,
    ),
    Check(
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
    ),
)
"""In the order in which warnings are given."""

WARNINGS: dict[str, str] = {check.code: check.when for check in CHECKS} | {TRAIN_ONLY: TRAIN_ONLY_WHEN}
"""When each warning is given, for people."""
