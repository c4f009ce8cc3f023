"""Checks of logits that may be probabilities, or that a model does not give."""

import math
from dataclasses import replace
from typing import cast

import numpy as np

from xent_core.accumulate import accumulate
from xent_core.advice.checks.check import BY_FORM, MIN_ROWS, Check
from xent_core.advice.subject import PlanFacts, Subject
from xent_core.compute.layout import TILE_ELEMENTS, Array, row_sums
from xent_core.compute.reduction import mean_loss
from xent_core.labels.counts import row_reader
from xent_core.labels.facts import decimals_of, sum_tolerance
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.prepare import PreparedBatch
from xent_core.results import Evidence, LossWarning

MIN_VALUES = 20

MAX_ROUNDING = 0.5

PERCENT = 100


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


def _some_negative(facts: PlanFacts) -> bool:
    return facts.low < 0


def _some_beyond_one(facts: PlanFacts) -> bool:
    return facts.low < -1 or facts.high > 1


def _rows_differ(facts: PlanFacts) -> bool:
    return facts.rows_differ or facts.rows < MIN_ROWS


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


LOGITS_LOOK_LIKE_PROBABILITIES = Check(
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
)

LOGITS_MAY_BE_PROBABILITIES = Check(
    code="logits_may_be_probabilities",
    severity="hint",
    when="at least 20 logits, all in [0, 1] and not only at its ends; of a softmax loss, in rows that don't sum to 1",
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
)

SINGLE_CLASS_SOFTMAX = Check(
    code="single_class_softmax",
    severity="certain",
    when="a softmax over one class: the loss is 0 whatever the logit",
    message="A softmax over one class is always 1: the loss is 0 whatever the logits.",
    fix=f"One output is a yes/no question: set loss_type to {SIGMOID.name}.",
    change={"loss_type": SIGMOID.name},
    applies=lambda form: form.softmax,
    look=lambda subject: {"classes": 1} if subject.batch.layout.classes == 1 else None,
    silent=BY_FORM,
)

LOGITS_NEVER_NEGATIVE = Check(
    code="logits_never_negative",
    severity="hint",
    when="at least 20 logits, none negative and many exactly 0: a ReLU before the loss",
    message="No logit is negative and {zeros} of {values} are exactly 0, as after a ReLU.",
    fix="Send the outputs of the last linear layer, without an activation.",
    applies=lambda form: form.reads_logits,
    look=_never_negative,
    silent=_some_negative,
)

LOGITS_WITHIN_ONE = Check(
    code="logits_within_one",
    severity="hint",
    when="at least 20 logits, all in [-1, 1] and most close to its ends: a tanh before the loss",
    message="All {values} logits lie in [-1, 1] and {near_one} of them beyond ±0.9, as after a tanh.",
    fix="Send the outputs of the last linear layer, without an activation.",
    applies=lambda form: form.reads_logits,
    look=_within_one,
    silent=_some_beyond_one,
)

IDENTICAL_ROWS = Check(
    code="identical_rows",
    severity="likely",
    when="at least 20 samples, all with exactly the same logits: a dead network, or an input that does not arrive",
    message="All {rows} samples have exactly the same logits: the model says the same whatever its input.",
    fix="Look for dead units, weights of 0, or an input that does not reach the model.",
    applies=lambda form: form.logits,
    look=_identical,
    silent=_rows_differ,
)
