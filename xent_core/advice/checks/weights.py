"""Checks of weights, and of what counts."""

from typing import cast

import numpy as np

from xent_core.advice.checks.check import MIN_ROWS, Check
from xent_core.advice.subject import Subject
from xent_core.compute.layout import Array, extremes
from xent_core.losses.weighted import WEIGHTED_CROSS_ENTROPY as WEIGHTED
from xent_core.results import Evidence


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


SCALAR_WEIGHT_ONLY_RESCALES = Check(
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
)

WEIGHTS_ENLARGE_IMBALANCE = Check(
    code="weights_enlarge_imbalance",
    severity="hint",
    when="class weights that grow with the classes' counts, or a pos_weight that favours what is common already",
    message="The commoner a class is in this batch, the larger is its weight: the weights enlarge the imbalance.",
    fix="Weight rare classes more: N / (K · count) for each of K classes, or negatives / positives as pos_weight.",
    applies=lambda form: form.class_weights or form.pos_weight,
    look=_upside_down,
)

ALL_WEIGHTS_ZERO = Check(
    code="all_weights_zero",
    severity="certain",
    when="every weight is 0",
    message="Every weight is 0, so every loss is 0.",
    fix="Send at least one weight that is not 0, or leave weights out.",
    applies=lambda form: form.weights,
    look=_zero_weights,
)

NOTHING_COUNTS = Check(
    code="nothing_counts",
    severity="certain",
    when="no element counts: labels are ignored or missing",
    message="No element counts, since labels are ignored or missing: every loss is 0.",
    fix="Send at least one label that counts.",
    applies=lambda form: form.ignored,
    look=_nothing_counts,
)

MEAN_COUNTS_ZERO_WEIGHTS = Check(
    code="mean_counts_zero_weights",
    severity="hint",
    when="reduction mean with weights of 0: they enlarge the denominator, as in TensorFlow and Keras",
    message="{zeros} of {of} elements have the weight 0, and still are in the denominator of reduction mean.",
    fix="To average over what counts alone, set reduction to weighted_mean or mean_by_nonzero_weights.",
    change={"reduction": "weighted_mean"},
    applies=lambda form: form.reduction == "mean" and form.weights,
    look=_mean_with_zeros,
)

MEAN_IGNORES_CLASS_WEIGHTS = Check(
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
)

NEGATIVE_WEIGHT = Check(
    code="negative_weight",
    severity="certain",
    when="a negative weight or class weight: the loss is no longer bounded below",
    message=(
        "A weight is negative: what it weighs is rewarded for being wrong, and the loss is no longer bounded below."
    ),
    fix="Send weights of 0 or more; 0 leaves a sample or class out.",
    applies=lambda form: form.weights or form.class_weights,
    look=_negative_weights,
)

NEGATIVE_POS_WEIGHT = Check(
    code="negative_pos_weight",
    severity="certain",
    when="a negative pos_weight: the loss is no longer bounded below",
    message=(
        "A pos_weight is negative: positives are rewarded for being missed, and the loss is no longer bounded below."
    ),
    fix="Send a pos_weight above 0: negatives / positives balances the two.",
    applies=lambda form: form.pos_weight,
    look=_negative_pos_weight,
)
