"""The summary of a batch: exact sums over its samples, and the figures that follow from them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from xent_core.compute.exact_sums import canonical, canonical_number, exp_or_infinity, spread_of_mean
from xent_core.errors import ParameterOutOfRange, UndefinedLoss
from xent_core.results import ClassSums, PerClass, Summary, Sums

MAX_CLASSES = 1000
"""With more classes a summary has no figures for each: responses would be long, and a batch says little of each."""

Quantiles = tuple[float | None, float | None, float | None]


@np.errstate(all="ignore")
def merge_summaries(parts: Iterable[Summary]) -> Summary:
    """The summary of a whole from those of its batches: all but the quantiles exactly that of the whole at once.

    parts: at least one, all of one loss and number of classes.
    Raises ParameterOutOfRange where they are not, UndefinedLoss where losses are infinite with both signs.

    >>> from xent_core import evaluate
    >>> batches = [([[2.0, 0.5, 1.0]], [1]), ([[0.1, 1.0, 3.0]], [2])]
    >>> parts = [evaluate(*batch, include=["summary"]).summary for batch in batches]
    >>> whole = merge_summaries(parts)
    >>> round(whole.mean, 6), round(whole.standard_error, 6), whole.accuracy
    (1.069312, 0.895057, 0.5)
    """
    collected = [part.sums for part in parts]
    if not collected:
        raise ParameterOutOfRange("parts", "is empty; at least one summary was expected")
    return summary_of(merge_sums(collected))


def merge_sums(parts: Sequence[Sums]) -> Sums:
    """The sums of a whole from those of its batches, at least one. Raises ParameterOutOfRange as `merge_summaries`."""
    first = parts[0]
    if any(_form(part) != _form(first) for part in parts):
        raise ParameterOutOfRange("parts", "are of different kinds of losses or numbers of classes; one was expected")
    values = {field.name: [getattr(part, field.name) for part in parts] for field in fields(Sums)}
    minima = [value for value in values.pop("minimum") if value is not None]
    maxima = [value for value in values.pop("maximum") if value is not None]
    per_class = values.pop("per_class")
    return Sums(
        **{name: _added(name, column) for name, column in values.items()},
        minimum=min(minima, default=None),
        maximum=max(maxima, default=None),
        per_class=None if first.per_class is None else _merged_classes(per_class),
    )


def _merged_classes(parts: Sequence[ClassSums]) -> ClassSums:
    return ClassSums(
        **{field.name: _added(field.name, [getattr(part, field.name) for part in parts]) for field in fields(ClassSums)}
    )


def _form(sums: Sums) -> tuple[Any, ...]:
    classes = sums.per_class
    return sums.top5_hits is None, None if classes is None else len(classes.count)


WHOLE_NUMBERS = {
    "samples",
    "counted",
    "ignored",
    "zero_weight",
    "counted_samples",
    "hits",
    "top5_hits",
    "count",
    "positives",
}


def _added(name: str, values: Sequence[Any]) -> Any:
    """The sum of whole numbers, or of exact sums; None where one of them is."""
    if any(value is None for value in values):
        return None
    if name in WHOLE_NUMBERS:
        return sum(values[1:], start=values[0])
    if values[0].ndim == 1:
        return canonical_number([component for value in values for component in value.tolist()])
    return canonical([component for value in values for component in value])


def summary_of(sums: Sums, quantiles: Quantiles = (None, None, None)) -> Summary:
    """The figures that follow from sums. Raises UndefinedLoss where losses are infinite with both signs."""
    if math.isnan(sums.loss[0]):
        raise UndefinedLoss("labels", "lead to losses of both Infinity and -Infinity, which have no mean")
    weight, count = float(sums.weight[0]), sums.counted
    is_softmax = sums.top5_hits is not None
    mean = _ratio(float(sums.loss[0]), weight) if count else None
    return Summary(
        samples=sums.samples,
        counted=count,
        ignored=sums.ignored,
        zero_weight=sums.zero_weight,
        mean=mean,
        standard_error=standard_error(sums),
        minimum=sums.minimum,
        maximum=sums.maximum,
        q50=quantiles[0],
        q90=quantiles[1],
        q99=quantiles[2],
        accuracy=sums.hits / count if count else None,
        uniform=_ratio(float(sums.uniform[0]), weight) if count else None,
        prior=_prior(sums) if count else None,
        perplexity=exp_or_infinity(mean) if is_softmax and mean is not None else None,
        bits=mean / math.log(2) if is_softmax and mean is not None else None,
        top5_accuracy=None if sums.top5_hits is None or not count else sums.top5_hits / count,
        mean_entropy=None if sums.entropy is None or not count else float(sums.entropy[0]) / count,
        label_entropy=None if sums.label_entropy is None or not count else _ratio(float(sums.label_entropy[0]), weight),
        per_class=None if sums.per_class is None else _per_class(sums.per_class),
        sums=sums,
    )


def standard_error(sums: Sums) -> float | None:
    """That of the mean, samples taken as independent."""
    return spread_of_mean(
        sums.counted_samples, sums.loss, sums.weight, sums.loss_squared, sums.loss_weight, sums.weight_squared
    )


def _prior(sums: Sums) -> float | None:
    """The least Σ w·ℓ / Σ v of one constant prediction: that of the labels' own frequencies."""
    classes, weight = sums.per_class, float(sums.weight[0])
    if classes is None or classes.target is None:
        return None
    target = classes.target[0]
    if classes.opposite is None:
        parts, whole = target, np.sum(target)
    else:
        opposite = classes.opposite[0]
        parts, whole = np.stack([target, opposite]), target + opposite
    if (parts < 0).any() or not np.isfinite(parts).all():
        return None
    with np.errstate(all="ignore"):
        terms = np.where(parts > 0, parts * np.log(whole / parts), 0)
    return _ratio(float(np.sum(terms)), weight)


def _per_class(sums: ClassSums) -> PerClass:
    with np.errstate(all="ignore"):
        mean = np.where(sums.weight[0] != 0, sums.loss[0] / sums.weight[0], 0)
        accuracy = sums.hits / np.maximum(sums.count, 1)
    return PerClass(sums.count, sums.positives, mean, accuracy)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
