"""The mistakes that everybody makes, found in one batch. `CHECKS` is the one list.

Nothing is ever changed because of a warning: it says what was found, and what to change. A check that finds nothing
proves nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from xent_core.accumulate import Accumulated, accumulate
from xent_core.compute.layout import TILE_ELEMENTS, Array, FloatType, Layout, column_tiles, row_sums
from xent_core.compute.reduction import mean_loss
from xent_core.labels.facts import sum_tolerance
from xent_core.losses.sampled_softmax import TRAIN_ONLY, TRAIN_ONLY_WHEN
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.losses.sparse_softmax import SPARSE_SOFTMAX_CROSS_ENTROPY as SPARSE
from xent_core.losses.weighted import WEIGHTED_CROSS_ENTROPY as WEIGHTED
from xent_core.prepare import PreparedBatch
from xent_core.results import Change, Evidence, LossWarning, Severity

MIN_VALUES = 20
MAX_ROUNDING = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One mistake, and how it is found.

    code      stable, for programs
    severity  how sure it is
    when      the condition, for the documentation
    message   what was found; `{name}` stands for a figure of the evidence, `{batch.…}` for one of the batch
    fix       what to change in the request
    change    the same as parameters of the request; None where arrays have to change
    applies   whether the check makes sense for a batch
    look      the figures that set it off; None where there is nothing to warn of

    Both functions get the batch, and what was computed of it: None where nothing was.
    """

    code: str
    severity: Severity
    when: str
    message: str
    fix: str
    applies: Callable[[PreparedBatch, Accumulated | None], bool]
    look: Callable[[PreparedBatch, Accumulated | None], Evidence | None]
    change: Change | None = None

    def warning(self, batch: PreparedBatch, evidence: Evidence) -> LossWarning:
        message = self.message.format(batch=batch, **evidence)
        return LossWarning(self.code, self.severity, message, evidence, self.fix, self.change)


def run_checks(
    batch: PreparedBatch, accumulated: Accumulated | None = None
) -> tuple[tuple[LossWarning, ...], tuple[str, ...]]:
    """The warnings, and the codes of the checks that ran."""
    warnings: list[LossWarning] = []
    checked: list[str] = []
    for check in CHECKS:
        if check.code not in batch.options.silence and check.applies(batch, accumulated):
            checked.append(check.code)
            evidence = check.look(batch, accumulated)
            if evidence is not None:
                warnings.append(check.warning(batch, evidence))
    return tuple(warnings), tuple(checked)


def _reads_logits(batch: PreparedBatch) -> bool:
    return batch.parameters.from_logits and batch.logits is not None


def _is_softmax_over_rows(batch: PreparedBatch, _: Accumulated | None) -> bool:
    """Whether the labels are looked at as rows that each belong to one sample of a softmax."""
    loss = batch.loss
    return batch.facts.row_sums is not None and not loss.is_elementwise and not loss.takes_class_indices


def _loss_both_ways(batch: PreparedBatch, accumulated: Accumulated | None) -> Evidence:
    """The mean loss with the logits as they are and read as probabilities, where a loss was computed."""
    if accumulated is None:
        return {}
    logits = cast(Array, batch.logits)
    as_probabilities = accumulate(batch.bind(logits, from_logits=False), batch.weights, (), batch.counts)
    means = {
        "mean_loss_as_logits": mean_loss(accumulated.totals),
        "mean_loss_as_probabilities": mean_loss(as_probabilities.totals),
    }
    return {name: mean for name, mean in means.items() if np.isfinite(mean)}


def _probability_rows(batch: PreparedBatch, accumulated: Accumulated | None) -> Evidence | None:
    ranges = _ranges_of_distributions(cast(Array, batch.logits), batch.layout, batch.dtype)
    return None if ranges is None else ranges | _loss_both_ways(batch, accumulated)


def _ranges_of_distributions(logits: Array, layout: Layout, dtype: FloatType) -> Evidence | None:
    """Least and largest value and row sum, where every row looks like a distribution. It stops at the first block
    that does not.
    """
    tolerance = sum_tolerance(logits)
    read = layout.reader(logits, dtype)
    low, high, least, most = np.inf, -np.inf, np.inf, -np.inf
    for block in layout.blocks(TILE_ELEMENTS):
        rows = read(block)
        low = min(low, float(np.minimum.reduce(rows, axis=None)))
        if low < 0:
            return None
        high = max(high, float(rows.max()))
        if high > 1:
            return None
        sums = row_sums(rows)
        least, most = min(least, float(sums.min())), max(most, float(sums.max()))
        off = max(1 - least, most - 1)
        if off > tolerance and off > min(tolerance + layout.classes * _rounding(rows), MAX_ROUNDING):
            return None
    return {"minimum": low, "maximum": high, "smallest_row_sum": least, "largest_row_sum": most}


def _rounding(values: Array) -> float:
    """How far each value may be from what it was before it was printed: 0.0005 with 3 decimals; 0 if all have more
    than 6. Rows of many printed probabilities miss the sum of 1 by the sum of that.
    """
    for decimals in range(3, 7):
        shifted = values * values.dtype.type(10**decimals)
        if (np.abs(shifted - np.rint(shifted)) < 1e-3).all():
            return float(0.5 / 10**decimals)
    return 0.0


def _unit_interval(batch: PreparedBatch, accumulated: Accumulated | None) -> Evidence | None:
    low, high, between = np.inf, -np.inf, False
    layout = batch.layout
    read = layout.reader(cast(Array, batch.logits), batch.dtype)
    for block in layout.tiles():
        values = read(block)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        if low < 0 or high > 1:
            return None
        between = between or bool(((values > 0) & (values < 1)).any())
    if not between:
        return None
    found: Evidence = {"values": layout.rows * layout.classes, "minimum": low, "maximum": high}
    return found | _loss_both_ways(batch, accumulated)


def _rows_not_one(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    rows, sums = batch.facts.rows_not_one, batch.facts.row_sums
    if not rows.rows or sums is None:
        return None
    return {
        "rows": rows.rows,
        "first_row": list(rows.first),
        "smallest_row_sum": sums[0],
        "largest_row_sum": sums[1],
    }


def _rows_of_several(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    rows = batch.facts.rows_of_several
    return {"rows": rows.rows, "first_row": list(rows.first)} if rows.rows else None


def _one_hot(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    if batch.facts.kind != "one_hot":
        return None
    return {"rows": batch.layout.rows, "classes": batch.layout.classes}


def _scalar_weight(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    weights = batch.weights
    if weights is None or weights.given.size > 1 or float(weights.given.reshape(-1)[0]) in (0.0, 1.0):
        return None
    return {"weight": float(weights.given.reshape(-1)[0])}


def _zero_weights(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    if batch.weights is None or batch.weights.given.any():
        return None
    return {"weights": int(batch.weights.given.size)}


def _negative_weights(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    given = {
        "weights": None if batch.weights is None else batch.weights.given,
        "class_weights": batch.parameters.class_weights,
    }
    least = {f"smallest_of_{name}": float(values.min()) for name, values in given.items() if values is not None}
    return dict(least) if any(value < 0 for value in least.values()) else None


def _negative_pos_weight(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    pos_weight = batch.parameters.pos_weight
    if pos_weight is None or not (pos_weight < 0).any():
        return None
    return {"minimum": float(pos_weight.min())}


def _outside_unit_interval(batch: PreparedBatch, _: Accumulated | None) -> Evidence | None:
    low, high = batch.facts.minimum, batch.facts.maximum
    return {"minimum": low, "maximum": high} if low < 0 or high > 1 else None


def _infinite_samples(_: PreparedBatch, accumulated: Accumulated | None) -> Evidence | None:
    losses = cast(Accumulated, accumulated).per_sample.reshape(-1)
    if math.isfinite(np.add.reduce(losses)):
        return None
    infinite = sum(int(np.count_nonzero(np.isinf(losses[part]))) for part in column_tiles(len(losses)))
    return {"samples": infinite} if infinite else None


CHECKS: tuple[Check, ...] = (
    Check(
        code="logits_look_like_probabilities",
        severity="likely",
        when="softmax loss, at least two classes, every row in [0, 1] and summing to 1: softmax would be applied twice",
        message=(
            "Every row of logits lies in [0, 1] and sums to 1, as probabilities do: softmax is applied to them again "
            "here."
        ),
        fix="Send the values from before the softmax, or set from_logits to false.",
        change={"from_logits": False},
        applies=lambda batch, _: not batch.loss.is_elementwise and batch.layout.classes >= 2 and _reads_logits(batch),
        look=_probability_rows,
    ),
    Check(
        code="logits_may_be_probabilities",
        severity="hint",
        when="sigmoid loss, at least 20 logits, all in [0, 1] and not only at its ends",
        message=(
            "Every one of the logits lies in [0, 1]. Logits rarely do, probabilities always: if these went through a "
            "sigmoid already, it is applied again here."
        ),
        fix="If they are probabilities, send the values from before the sigmoid, or set from_logits to false.",
        change={"from_logits": False},
        applies=lambda batch, _: (
            batch.loss.is_elementwise
            and batch.layout.rows * batch.layout.classes >= MIN_VALUES
            and _reads_logits(batch)
        ),
        look=_unit_interval,
    ),
    Check(
        code="labels_not_a_distribution",
        severity="likely",
        when="softmax loss, a row of labels does not sum to 1",
        message=(
            "{rows} of {batch.layout.rows} rows of labels do not sum to 1: softmax cross-entropy expects a "
            "distribution over classes that exclude each other."
        ),
        fix=(
            f"If several classes may be true at once, set loss_type to {SIGMOID.name}; "
            "else divide each row of labels by its sum."
        ),
        change={"loss_type": SIGMOID.name},
        applies=_is_softmax_over_rows,
        look=_rows_not_one,
    ),
    Check(
        code="multi_hot_labels_with_softmax",
        severity="likely",
        when="softmax loss, a row of 0/1 labels has more than one 1",
        message=(
            "{rows} of {batch.layout.rows} rows of labels hold more than one 1, but under a softmax the classes "
            "exclude each other."
        ),
        fix=f"Set loss_type to {SIGMOID.name}: it asks about each class by itself.",
        change={"loss_type": SIGMOID.name},
        applies=_is_softmax_over_rows,
        look=_rows_of_several,
    ),
    Check(
        code="one_hot_labels_could_be_indices",
        severity="hint",
        when="softmax loss, every row of labels is one-hot",
        message="Every row of labels is one-hot: class indices give the same losses from less data.",
        fix=f"Send labels as class indices (argmax of each row) with loss_type {SPARSE.name}.",
        applies=_is_softmax_over_rows,
        look=_one_hot,
    ),
    Check(
        code="scalar_weight_only_rescales",
        severity="likely",
        when="a scalar weight other than 0 and 1: it acts like a learning rate",
        message=(
            "One weight for the whole batch multiplies every loss alike: it acts like a learning rate and rebalances "
            "nothing."
        ),
        fix=(
            f"Against imbalance send pos_weight with {WEIGHTED.name}, class_weights with a softmax loss, "
            "or a weight for each sample; else leave weights out."
        ),
        applies=lambda batch, _: batch.weights is not None,
        look=_scalar_weight,
    ),
    Check(
        code="all_weights_zero",
        severity="certain",
        when="every weight is 0",
        message="Every weight is 0, so every loss is 0.",
        fix="Send at least one weight that is not 0, or leave weights out.",
        applies=lambda batch, _: batch.weights is not None,
        look=_zero_weights,
    ),
    Check(
        code="negative_weight",
        severity="certain",
        when="a negative weight or class weight: the loss is no longer bounded below",
        message=(
            "A weight is negative: what it weighs is rewarded for being wrong, and the loss is no longer bounded below."
        ),
        fix="Send weights of 0 or more; 0 leaves a sample or class out.",
        applies=lambda batch, _: batch.weights is not None or batch.parameters.class_weights is not None,
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
        applies=lambda batch, _: batch.parameters.pos_weight is not None,
        look=_negative_pos_weight,
    ),
    Check(
        code="labels_outside_unit_interval",
        severity="likely",
        when="a label of the logits' shape below 0 or above 1",
        message="Labels lie outside [0, 1], where no probability is; the formula is computed as it stands.",
        fix=f"Send labels from 0 to 1, or class indices with loss_type {SPARSE.name}.",
        applies=lambda batch, _: not batch.loss.takes_class_indices,
        look=_outside_unit_interval,
    ),
    Check(
        code="infinite_loss",
        severity="certain",
        when="some loss is infinite",
        message=(
            "A loss is infinite: a label stands at a class masked by -Infinity, or a number is too large for the dtype."
        ),
        fix="Unmask the label's class, give the sample the weight 0, or send float64.",
        applies=lambda _, accumulated: accumulated is not None,
        look=_infinite_samples,
    ),
)
"""In the order in which warnings are given."""

WARNINGS: dict[str, str] = {check.code: check.when for check in CHECKS} | {TRAIN_ONLY: TRAIN_ONLY_WHEN}
"""When each warning is given, for people."""
