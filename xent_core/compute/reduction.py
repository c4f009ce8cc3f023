"""From weighted losses to one number: a numerator and a denominator, kept apart so that batches can be merged.

With ℓ an element's loss, w its weight and v = w · Σ_c w_c · y_c its weight for denominators (v = w without class
weights, v = 0 where the label is ignored):

    sum                      Σ w·ℓ
    mean                     Σ w·ℓ / number of elements not ignored
    weighted_mean            Σ w·ℓ / Σ v
    mean_by_nonzero_weights  Σ w·ℓ / number of elements with v ≠ 0
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from xent_core.compute.layout import Array
from xent_core.errors import ParameterOutOfRange, UndefinedLoss
from xent_core.results import Reduced, Reduction


@dataclass(slots=True)
class Totals:
    """The sums over a batch, in float64: Σ w·ℓ, and over the elements not ignored their number, Σ v and the number of
    v ≠ 0.
    """

    loss: float = 0.0
    elements: int = 0
    weight: float = 0.0
    nonzero: int = 0


def multiply(values: Array, weights: Array) -> Array:
    """values · weights, where 0 · ∞ is 0."""
    weighted: Array = values * weights
    if not np.isfinite(weighted).all():
        weighted[np.broadcast_to(weights == 0, weighted.shape)] = 0
    return weighted


def divide(values: Array, by: Array) -> Array:
    """values / by, where 0 / 0 is 0."""
    quotients: Array = values / by
    if not np.isfinite(quotients).all():
        quotients[np.broadcast_to(values == 0, quotients.shape)] = 0
    return quotients


def mean_loss(totals: Totals) -> float:
    """Σ w·ℓ / number of elements not ignored; 0 where there is none."""
    return totals.loss / totals.elements if totals.elements else 0.0


def denominator(reduction: Reduction, totals: Totals) -> float:
    match reduction:
        case "none" | "sum":
            return 1.0
        case "mean":
            return float(totals.elements)
        case "weighted_mean":
            return totals.weight
        case "mean_by_nonzero_weights":
            return float(totals.nonzero)
        case _:
            assert_never(reduction)


def reduce(reduction: Reduction, totals: Totals) -> Reduced | None:
    """None for reduction "none". Raises UndefinedLoss where losses of both +inf and −inf were added."""
    if reduction == "none":
        return None
    if math.isnan(totals.loss):
        raise UndefinedLoss(
            "labels",
            "lead to losses of both Infinity and -Infinity, which have no sum; set reduction to none",
        )
    reduced = _divided(reduction, totals.loss, denominator(reduction, totals))
    if math.isnan(reduced.value) or not math.isfinite(reduced.denominator):
        raise UndefinedLoss("weights", "are so large that their sum, the denominator, is infinite")
    return reduced


def merge(parts: Iterable[Reduced]) -> Reduced:
    """The reduced loss of a whole from those of its batches, exactly.

    parts: one for each batch, all of one reduction other than "none".
    Raises ParameterOutOfRange where reductions differ, UndefinedLoss where numerators are infinite with both signs.

    >>> merge([Reduced("mean", 2.0, 4.0, 2.0), Reduced("mean", 5.0, 5.0, 1.0)]).value
    3.0
    """
    collected = list(parts)
    kinds = {part.reduction for part in collected}
    if len(kinds) != 1:
        raise ParameterOutOfRange("reduction", f"of the parts is {sorted(kinds)}; one and the same was expected")
    (reduction,) = kinds
    numerators = [part.numerator for part in collected]
    if math.inf in numerators and -math.inf in numerators:
        raise UndefinedLoss("reduction", "of the parts has numerators of both Infinity and -Infinity")
    numerator = _sum(numerators)
    if reduction == "sum":
        return _divided(reduction, numerator, 1.0)
    return _divided(reduction, numerator, _sum([part.denominator for part in collected]))


def _sum(numbers: list[float]) -> float:
    """Their sum, rounded once; infinite where it is too large."""
    try:
        return math.fsum(numbers)
    except OverflowError:
        return sum(numbers)


def _divided(reduction: Reduction, numerator: float, denominator: float) -> Reduced:
    return Reduced(reduction, numerator / denominator if denominator else 0.0, numerator, denominator)
