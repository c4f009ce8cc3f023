"""Summaries, calibrations and comparisons: read from responses, and merged exactly over many batches.

Exact sums are lists of floats: the sum rounded, what that leaves rounded in turn, and so on.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from xent_client.errors import InvalidInput
from xent_client.tensors import Array

Sums = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class PerClass:
    """Figures of each class (softmax losses) or column (sigmoid losses), as arrays [C]; 0 where `count` is 0.

    count: softmax: samples with this label; sigmoid: logits in this column.
    mean: of the losses.
    accuracy: the share whose prediction is right.
    positives: sigmoid: labels above 1/2; None for softmax.
    """

    count: Array
    mean: Array
    accuracy: Array
    positives: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Figures over what counts, in nats. None is what is not defined: all from `mean` on where nothing counts.

    samples, counted, ignored, zero_weight: samples; elements that count, that are ignored or missing, of weight 0.
    mean: Σ w·ℓ / Σ v, as reduction "weighted_mean".
    standard_error: of it, samples taken as independent.
    minimum, maximum, q50, q90, q99: of `per_sample`. The quantiles don't merge: None for many batches.
    accuracy: the share of elements whose prediction is right.
    uniform, prior: the mean if all logits were 0, and the least that one constant prediction has.
    perplexity, bits, top5_accuracy, mean_entropy, label_entropy: of softmax losses; label_entropy is the least that the
        mean could be.
    per_class: with up to 1000 classes or columns.
    sums: what merges, as in the response.
    """

    samples: int
    counted: int
    ignored: int
    zero_weight: int
    sums: Sums
    mean: float | None = None
    standard_error: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    q50: float | None = None
    q90: float | None = None
    q99: float | None = None
    accuracy: float | None = None
    uniform: float | None = None
    prior: float | None = None
    perplexity: float | None = None
    bits: float | None = None
    top5_accuracy: float | None = None
    mean_entropy: float | None = None
    label_entropy: float | None = None
    per_class: PerClass | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FittedTemperature:
    """The temperature from 0.01 to 100 that minimises the mean loss, and that mean as it is and there."""

    temperature: float
    loss_before: float
    loss_after: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How well the predicted probabilities are calibrated, over what counts.

    expected_error: the expected calibration error; None where nothing counts, as is the next.
    brier_score: mean of Σ_c (p_c − y_c)² (softmax losses), or of (p − y)² (sigmoid losses).
    edges: [16], of the bins, each from one exclusive to the next inclusive.
    count, mean_confidence, accuracy: [15], of each bin.
    fitted: None where it is not known, and for many batches, as it does not merge.
    sums: what merges, as in the response.
    """

    expected_error: float | None
    brier_score: float | None
    edges: Array
    count: Array
    mean_confidence: Array
    accuracy: Array
    fitted: FittedTemperature | None
    sums: Sums


def read_summary(body: Mapping[str, Any]) -> Summary:
    """The summary of a response. What a later service adds is left out."""
    known = {field.name for field in fields(Summary)} - {"per_class", "sums"}
    figures = {name: _number(value) for name, value in body.items() if name in known}
    return Summary(**figures, per_class=_read_per_class(body.get("per_class")), sums=_finite_or_named(body["sums"]))


def _read_per_class(body: Mapping[str, Any] | None) -> PerClass | None:
    if body is None:
        return None
    arrays = {name: np.array([_number(value) for value in body[name]]) for name in ("count", "mean", "accuracy")}
    positives = body.get("positives")
    return PerClass(**arrays, positives=None if positives is None else np.array(positives))


def read_calibration(body: Mapping[str, Any]) -> Calibration:
    bins, fitted = body["bins"], body.get("fitted")
    return Calibration(
        body.get("expected_error"),
        body.get("brier_score"),
        np.array(bins["edges"]),
        np.array(bins["count"]),
        np.array(bins["mean_confidence"]),
        np.array(bins["accuracy"]),
        fitted=None if fitted is None else FittedTemperature(**{name: _number(fitted[name]) for name in FITTED}),
        sums=_finite_or_named(body["sums"]),
    )


FITTED = ("temperature", "loss_before", "loss_after")


def _number(value: Any) -> Any:
    """A number of a response, whose infinities are strings."""
    return float(value) if isinstance(value, str) else value


def _finite_or_named(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite_or_named(each) for name, each in value.items()}
    return [_finite_or_named(each) for each in value] if isinstance(value, list) else _number(value)


def merged_sums(first: Sums, second: Sums) -> Sums:
    """The sums of both. Raises InvalidInput where they are of different losses or numbers of classes."""
    if first.keys() - LIMITS.keys() != second.keys() - LIMITS.keys():
        raise InvalidInput("summaries of different kinds of losses or numbers of classes can't be merged")
    return {
        name: _merged(name, [sums[name] for sums in (first, second) if name in sums]) for name in {**first, **second}
    }


LIMITS = {"minimum": min, "maximum": max}
WHOLE_NUMBERS = ("count", "positives", "hits")


def _merged(name: str, values: Sequence[Any]) -> Any:
    if name in LIMITS:
        return LIMITS[name](values)
    first = values[0]
    if isinstance(first, dict):
        return merged_sums(*values)
    if isinstance(first, int):
        return sum(values)
    if isinstance(first[0], list):
        return _merged_columns([component for value in values for component in value])
    if name in WHOLE_NUMBERS:
        _check_lengths(values)
        return [sum(each) for each in zip(*values, strict=True)]
    return exact_sum([component for value in values for component in value])


def _merged_columns(components: list[list[float]]) -> list[list[float]]:
    """Exact sums, one for each class, from any number of components."""
    _check_lengths(components)
    merged = [exact_sum(each) for each in zip(*components, strict=True)]
    longest = max(map(len, merged))
    return [[each[place] if place < len(each) else 0.0 for each in merged] for place in range(longest)]


def _check_lengths(values: Sequence[Sequence[Any]]) -> None:
    if len({len(value) for value in values}) > 1:
        raise InvalidInput("summaries of different numbers of classes can't be merged")


def exact_sum(numbers: Sequence[float]) -> list[float]:
    """Σ without rounding: the sum rounded, what that leaves rounded, and so on."""
    components: list[float] = []
    while True:
        try:
            rounded = math.fsum([*numbers, *(-each for each in components)])
        except (OverflowError, ValueError):  # too large, or both infinities
            rounded = sum(numbers)
        if components and not rounded:
            return components
        components.append(rounded)
        if not math.isfinite(rounded):
            return components


def summary_of(sums: Sums) -> Summary:
    """The figures that follow from sums. Raises InvalidInput where losses are infinite with both signs."""
    loss, weight, counted = sums["loss"][0], sums["weight"][0], sums["counted"]
    if math.isnan(loss):
        raise InvalidInput("batches have losses of both Infinity and -Infinity, which have no mean")
    numbers = {name: sums[name] for name in ("samples", "counted", "ignored", "zero_weight")}
    if not counted:
        return Summary(**numbers, sums=sums, per_class=_per_class(sums.get("per_class")))
    figures: dict[str, Any] = {
        "mean": _ratio(loss, weight),
        "standard_error": _standard_error(sums),
        "minimum": sums["minimum"],
        "maximum": sums["maximum"],
        "accuracy": sums["hits"] / counted,
        "uniform": _ratio(sums["uniform"][0], weight),
        "prior": _prior(sums.get("per_class"), weight),
    }
    if "top5_hits" in sums:
        figures |= {
            "perplexity": float(np.exp(figures["mean"])),
            "bits": figures["mean"] / math.log(2),
            "top5_accuracy": sums["top5_hits"] / counted,
            "mean_entropy": sums["entropy"][0] / counted,
        }
    if "label_entropy" in sums:
        figures["label_entropy"] = _ratio(sums["label_entropy"][0], weight)
    return Summary(**numbers, **figures, sums=sums, per_class=_per_class(sums.get("per_class")))


def calibration_of(sums: Sums, edges: Array) -> Calibration:
    """The figures that follow from sums."""
    counted, count = sums["counted"], np.array(sums["count"])
    confidence, hits = np.array(sums["confidence"][0]), np.array(sums["hits"][0])
    error = float(np.abs(confidence - hits).sum()) / counted if counted else None
    in_bin = np.maximum(count, 1)
    brier = sums["brier"][0] / counted if counted else None
    return Calibration(error, brier, edges, count, confidence / in_bin, hits / in_bin, None, sums)


def _standard_error(sums: Sums) -> float | None:
    """√(n / (n − 1) · Σ (a − m·b)²) / Σ b, with m = Σ a / Σ b."""
    n = sums["counted_samples"]
    needed = [sums[name] for name in ("loss", "weight", "loss_squared", "loss_weight", "weight_squared")]
    if n < 2 or not all(math.isfinite(each[0]) for each in needed):
        return None
    a, b, aa, ab, bb = (sum(map(Fraction, each), Fraction(0)) for each in needed)
    if not b:
        return None
    variance = max((aa * b * b - 2 * a * ab * b + a * a * bb) * n / ((n - 1) * b**4), Fraction(0))
    return math.sqrt(variance)


def _prior(per_class: Sums | None, weight: float) -> float | None:
    if per_class is None or "target" not in per_class:
        return None
    target = np.array(per_class["target"][0])
    if "opposite" in per_class:
        parts = np.stack([target, np.array(per_class["opposite"][0])])
        whole = parts[0] + parts[1]
    else:
        parts, whole = target, np.sum(target)
    if (parts < 0).any() or not np.isfinite(parts).all():
        return None
    with np.errstate(all="ignore"):
        terms = np.where(parts > 0, parts * np.log(whole / parts), 0)
    return _ratio(float(np.sum(terms)), weight)


def _per_class(sums: Sums | None) -> PerClass | None:
    if sums is None:
        return None
    count, weight = np.array(sums["count"]), np.array(sums["weight"][0])
    with np.errstate(all="ignore"):
        mean = np.where(weight != 0, np.array(sums["loss"][0]) / weight, 0)
    positives = np.array(sums["positives"]) if "positives" in sums else None
    return PerClass(count, mean, np.array(sums["hits"]) / np.maximum(count, 1), positives)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
