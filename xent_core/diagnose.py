"""The mistakes that everybody makes, found in one batch.

Nothing is ever converted on the caller's behalf: a warning says what was seen and what to change. That a check found
nothing proves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np

from xent_core.blocks import TILE_ELEMENTS, Array, FloatType, Layout, row_sums
from xent_core.catalogue import LossType
from xent_core.labels import LabelFacts, sum_tolerance
from xent_core.weighting import Weights

SOFTMAX_LOSSES: tuple[LossType, ...] = ("softmax_cross_entropy", "sparse_softmax_cross_entropy")
FEWEST_VALUES = 20
MOST_ROUNDING = 0.5

Evidence = dict[str, float | int | str | list[int]]


@dataclass(frozen=True, slots=True)
class LossWarning:
    """`evidence` holds the figures that set it off, `fix` what to change in the request."""

    code: str
    message: str
    evidence: Evidence
    fix: str


class Observed(NamedTuple):
    """One batch, as far as the checks look at it: its logits, unless only their shape is known, and, where its losses
    were computed, how many samples' are infinite and what the losses are with the logits read as probabilities.
    """

    loss_type: LossType
    logits: Array | None
    layout: Layout
    dtype: FloatType
    from_logits: bool
    labels: LabelFacts
    weights: Weights | None
    class_weights: Array | None
    pos_weight: Array | None
    infinite_samples: int | None = None
    loss_both_ways: Callable[[], Evidence] = dict

    @property
    def softmax(self) -> bool:
        return self.loss_type in SOFTMAX_LOSSES

    @property
    def reads_logits(self) -> bool:
        return self.from_logits and self.logits is not None

    @property
    def values(self) -> int:
        """How many logits there are."""
        return self.layout.rows * self.layout.classes


def diagnose(observed: Observed) -> tuple[tuple[LossWarning, ...], tuple[str, ...]]:
    """The warnings, and the codes of the checks that ran."""
    warnings: list[LossWarning] = []
    checked: list[str] = []
    for code, (applies, check) in CHECKS.items():
        if not applies(observed):
            continue
        checked.append(code)
        found = check(observed)
        if found is not None:
            message, evidence, fix = found
            warnings.append(LossWarning(code, message, evidence, fix))
    return tuple(warnings), tuple(checked)


Found = tuple[str, Evidence, str] | None


def _logits_look_like_probabilities(seen: Observed) -> Found:
    ranges = _probability_rows(cast(Array, seen.logits), seen.layout, seen.dtype)
    if ranges is None:
        return None
    return (
        "Every row of logits lies in [0, 1] and sums to 1, as probabilities do: softmax is applied to them again here.",
        ranges | seen.loss_both_ways(),
        "Send the values from before the softmax, or set from_logits to false.",
    )


def _probability_rows(logits: Array, layout: Layout, dtype: FloatType) -> Evidence | None:
    """Least and largest value and row sum, where every row looks like a distribution; it stops at the first block
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
        if off > tolerance and off > min(tolerance + layout.classes * _rounding(rows), MOST_ROUNDING):
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


def _logits_may_be_probabilities(seen: Observed) -> Found:
    low, high, between = np.inf, -np.inf, False
    read = seen.layout.reader(cast(Array, seen.logits), seen.dtype)
    for block in seen.layout.tiles():
        values = read(block)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        if low < 0 or high > 1:
            return None
        between = between or bool(((values > 0) & (values < 1)).any())
    if not between:
        return None
    return (
        "Every one of the logits lies in [0, 1]. Logits rarely do, probabilities always: if these went through a "
        "sigmoid already, it is applied again here.",
        {"values": seen.values, "minimum": low, "maximum": high} | seen.loss_both_ways(),
        "If they are probabilities, send the values from before the sigmoid, or set from_logits to false.",
    )


def _labels_not_a_distribution(seen: Observed) -> Found:
    rows = seen.labels.rows_not_one
    if not rows.rows or seen.labels.row_sums is None:
        return None
    least, most = seen.labels.row_sums
    return (
        f"{rows.rows} of {seen.layout.rows} rows of labels do not sum to 1: softmax cross-entropy expects a "
        "distribution over classes that exclude each other.",
        {
            "rows": rows.rows,
            "first_row": list(rows.first),
            "smallest_row_sum": least,
            "largest_row_sum": most,
        },
        "If several classes may be true at once, set loss_type to sigmoid_cross_entropy; "
        "else divide each row of labels by its sum.",
    )


def _multi_hot_labels_with_softmax(seen: Observed) -> Found:
    rows = seen.labels.rows_of_several
    if not rows.rows:
        return None
    return (
        f"{rows.rows} of {seen.layout.rows} rows of labels hold more than one 1, but under a softmax the classes "
        "exclude each other.",
        {"rows": rows.rows, "first_row": list(rows.first)},
        "Set loss_type to sigmoid_cross_entropy: it asks about each class by itself.",
    )


def _one_hot_labels_could_be_indices(seen: Observed) -> Found:
    if seen.labels.kind != "one_hot":
        return None
    return (
        "Every row of labels is one-hot: class indices give the same losses from less data.",
        {"rows": seen.layout.rows, "classes": seen.layout.classes},
        "Send labels as class indices (argmax of each row) with loss_type sparse_softmax_cross_entropy.",
    )


def _scalar_weight_only_rescales(seen: Observed) -> Found:
    weights = seen.weights
    if weights is None or weights.given.size > 1 or float(weights.given.reshape(-1)[0]) in (0.0, 1.0):
        return None
    return (
        "One weight for the whole batch multiplies every loss alike: it acts like a learning rate and rebalances "
        "nothing.",
        {"weight": float(weights.given.reshape(-1)[0])},
        "Against imbalance send pos_weight with weighted_cross_entropy, class_weights with a softmax loss, "
        "or a weight for each sample; else leave weights out.",
    )


def _all_weights_zero(seen: Observed) -> Found:
    if seen.weights is None or seen.weights.given.any():
        return None
    return (
        "Every weight is 0, so every loss is 0.",
        {"weights": int(seen.weights.given.size)},
        "Send at least one weight that is not 0, or leave weights out.",
    )


def _negative_weight(seen: Observed) -> Found:
    given = {
        "weights": None if seen.weights is None else seen.weights.given,
        "class_weights": seen.class_weights,
    }
    least: Evidence = {
        f"smallest_of_{name}": float(values.min()) for name, values in given.items() if values is not None
    }
    if not any(value < 0 for value in least.values() if isinstance(value, float)):
        return None
    return (
        "A weight is negative: what it weighs is rewarded for being wrong, and the loss is no longer bounded below.",
        least,
        "Send weights of 0 or more; 0 leaves a sample or class out.",
    )


def _negative_pos_weight(seen: Observed) -> Found:
    if seen.pos_weight is None or not (seen.pos_weight < 0).any():
        return None
    return (
        "A pos_weight is negative: positives are rewarded for being missed, and the loss is no longer bounded below.",
        {"minimum": float(seen.pos_weight.min())},
        "Send a pos_weight above 0: negatives / positives balances the two.",
    )


def _labels_outside_unit_interval(seen: Observed) -> Found:
    low, high = seen.labels.minimum, seen.labels.maximum
    if not (low < 0 or high > 1):
        return None
    return (
        "Labels lie outside [0, 1], where no probability is; the formula is computed as it stands.",
        {"minimum": low, "maximum": high},
        "Send labels from 0 to 1, or class indices with loss_type sparse_softmax_cross_entropy.",
    )


def _infinite_loss(seen: Observed) -> Found:
    if not seen.infinite_samples:
        return None
    return (
        "A loss is infinite: a label stands at a class masked by -Infinity, or a number is too large for the dtype.",
        {"samples": seen.infinite_samples},
        "Unmask the label's class, give the sample the weight 0, or send float64.",
    )


def _labels_in_the_logits_shape(seen: Observed) -> bool:
    return seen.loss_type != "sparse_softmax_cross_entropy"


def _softmax_over_rows(seen: Observed) -> bool:
    return seen.loss_type == "softmax_cross_entropy" and seen.labels.row_sums is not None


CHECKS: dict[str, tuple[Callable[[Observed], bool], Callable[[Observed], Found]]] = {
    "logits_look_like_probabilities": (
        lambda seen: seen.reads_logits and seen.softmax and seen.layout.classes >= 2,
        _logits_look_like_probabilities,
    ),
    "logits_may_be_probabilities": (
        lambda seen: seen.reads_logits and not seen.softmax and seen.values >= FEWEST_VALUES,
        _logits_may_be_probabilities,
    ),
    "labels_not_a_distribution": (_softmax_over_rows, _labels_not_a_distribution),
    "multi_hot_labels_with_softmax": (_softmax_over_rows, _multi_hot_labels_with_softmax),
    "one_hot_labels_could_be_indices": (_softmax_over_rows, _one_hot_labels_could_be_indices),
    "scalar_weight_only_rescales": (lambda seen: seen.weights is not None, _scalar_weight_only_rescales),
    "all_weights_zero": (lambda seen: seen.weights is not None, _all_weights_zero),
    "negative_weight": (
        lambda seen: seen.weights is not None or seen.class_weights is not None,
        _negative_weight,
    ),
    "negative_pos_weight": (lambda seen: seen.pos_weight is not None, _negative_pos_weight),
    "labels_outside_unit_interval": (_labels_in_the_logits_shape, _labels_outside_unit_interval),
    "infinite_loss": (lambda seen: seen.infinite_samples is not None, _infinite_loss),
}
"""Each warning's code, when its check applies, and the check."""

WARNINGS = {
    "logits_look_like_probabilities": (
        "softmax loss, at least two classes, every row in [0, 1] and summing to 1: softmax would be applied twice"
    ),
    "logits_may_be_probabilities": "sigmoid loss, at least 20 logits, all in [0, 1] and not only at its ends",
    "labels_not_a_distribution": "softmax loss, a row of labels does not sum to 1",
    "multi_hot_labels_with_softmax": "softmax loss, a row of 0/1 labels has more than one 1",
    "one_hot_labels_could_be_indices": "softmax loss, every row of labels is one-hot",
    "scalar_weight_only_rescales": "a scalar weight other than 0 and 1: it acts like a learning rate",
    "all_weights_zero": "every weight is 0",
    "negative_weight": "a negative weight or class weight: the loss is no longer bounded below",
    "negative_pos_weight": "a negative pos_weight: the loss is no longer bounded below",
    "labels_outside_unit_interval": "a label of the logits' shape below 0 or above 1",
    "infinite_loss": "some loss is infinite",
    "train_only": "sampled softmax: evaluate with the full softmax",
}
"""When each warning is given, for people."""
