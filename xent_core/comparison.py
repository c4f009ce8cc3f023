"""The comparison of two models: figures that follow from exact sums, and merging."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from xent_core.compute.exact_sums import canonical_number, exp_or_infinity, spread_of_mean
from xent_core.compute.student import two_sided_p, two_sided_quantile
from xent_core.errors import ParameterOutOfRange, UndefinedLoss
from xent_core.results import (
    Compared,
    Comparison,
    ComparisonSums,
    Difference,
    Divergence,
    DivergenceFigures,
    DivergenceSums,
    Reduced,
)

CONFIDENCE = 0.95
KINDS = ("kl", "reverse_kl", "jensen_shannon")
MARKS = (0.5, 0.9, 0.99, 0.999)
NO_QUANTILES: tuple[float | None, ...] = (None,) * len(MARKS)


class OfBatch(NamedTuple):
    """What a comparison has of one batch beside its sums, and loses when merged."""

    loss_type: str | None = None
    first: Reduced | None = None
    other: Reduced | None = None
    quantiles: Mapping[str, Sequence[float | None]] = {}


@np.errstate(all="ignore")
def merge_comparisons(parts: Iterable[Comparison]) -> Comparison:
    """The comparison of a whole from those of its batches, exactly; without quantiles, `reduced` and single samples.

    parts: at least one, all of one loss. Raises ParameterOutOfRange where they are not.

    >>> from xent_core import compare
    >>> parts = [compare([[2.0, 0.5]], [[3.0, 0.5]], [0]), compare([[0.1, 1.0]], [[0.1, 1.5]], [1])]
    >>> round(merge_comparisons(parts).difference.p_value, 6)
    0.004677
    """
    collected = list(parts)
    if len({part.loss_type for part in collected}) != 1:
        raise ParameterOutOfRange("parts", "are none, or of several losses; comparisons of one loss were expected")
    sums = ComparisonSums(
        **{
            field.name: _added([getattr(part.sums, field.name) for part in collected])
            for field in fields(ComparisonSums)
        }
    )
    return comparison_of(sums, OfBatch(collected[0].loss_type))


def _added(values: Sequence[Any]) -> Any:
    if any(value is None for value in values):
        return None
    if isinstance(values[0], int):
        return sum(values)
    if isinstance(values[0], DivergenceSums):
        return DivergenceSums(
            _added([value.sum for value in values]),
            _added([value.squares for value in values]),
            max(value.maximum for value in values),
        )
    return canonical_number([component for value in values for component in value.tolist()])


def comparison_of(sums: ComparisonSums, batch: OfBatch) -> Comparison:
    """The figures that follow from sums. Raises UndefinedLoss where both have an infinite loss for one sample."""
    count = sums.counted_samples
    labelled = sums.difference is not None
    return Comparison(
        loss_type=batch.loss_type,
        first=_compared(batch.first, sums.first_hits, sums.elements) if labelled else None,
        other=_compared(batch.other, sums.other_hits, sums.elements) if labelled else None,
        difference=_difference(sums) if count else None,
        divergence=_divergence(sums, batch.quantiles) if count else None,
        same_top1=sums.same_top1 / count if count and sums.same_top1 is not None else None,
        same_top5=sums.same_top5 / count if count and sums.same_top5 is not None else None,
        most_different=None,
        sums=sums,
    )


def _compared(reduced: Reduced | None, hits: int | None, elements: int) -> Compared:
    return Compared(reduced, hits / elements if elements and hits is not None else None)


def _difference(sums: ComparisonSums) -> Difference | None:
    needed = (
        sums.difference,
        sums.weight,
        sums.difference_squared,
        sums.difference_weight,
        sums.weight_squared,
    )
    total, weight, squared, product, weights_squared = needed
    if total is None or weight is None or squared is None or product is None or weights_squared is None:
        return None
    if math.isnan(total[0]):
        raise UndefinedLoss("labels", "lead to infinite losses of both models, whose difference is not defined")
    mean = float(total[0]) / float(weight[0]) if weight[0] else 0.0
    count = sums.counted_samples
    error = spread_of_mean(count, total, weight, squared, product, weights_squared)
    interval = p_value = None
    if error is not None:
        reach = error * two_sided_quantile(CONFIDENCE, count - 1)
        interval = mean - reach, mean + reach
        p_value = two_sided_p(mean / error, count - 1) if error else float(mean == 0)
    return Difference(
        mean=mean,
        standard_error=error,
        interval=interval,
        p_value=p_value,
        share_better=(sums.better or 0) / count,
        perplexity_ratio=exp_or_infinity(mean) if sums.same_top1 is not None else None,
    )


def _divergence(sums: ComparisonSums, quantiles: Mapping[str, Sequence[float | None]]) -> Divergence | None:
    found = {}
    for kind in KINDS:
        of_kind: DivergenceSums | None = getattr(sums, kind)
        if of_kind is None:
            return None
        found[kind] = _figures(of_kind, sums.counted_samples, quantiles.get(kind, NO_QUANTILES))
    return Divergence(**found)


def _figures(sums: DivergenceSums, count: int, quantiles: Sequence[float | None]) -> DivergenceFigures:
    ones = np.array([float(count)])
    return DivergenceFigures(
        float(sums.sum[0]) / count,
        spread_of_mean(count, sums.sum, ones, sums.squares, sums.sum, ones),
        quantiles[0],
        quantiles[1],
        quantiles[2],
        quantiles[3],
        sums.maximum,
    )
