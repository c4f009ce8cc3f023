"""The result of `compare`, read from its response."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xent_client.notebook import html, text
from xent_client.tensors import Array, to_array


@dataclass(frozen=True, slots=True)
class Compared:
    """One of two models: its reduced loss, None for reduction "none", and the share of right predictions."""

    reduced: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """The other's loss less the first's, paired over samples, in nats: negative where the other is better.

    standard_error, interval (95 %) and p_value (two-sided paired t-test) are None for fewer than two samples and for
    infinite losses, perplexity_ratio for sigmoid losses.
    """

    mean: float
    share_better: float
    standard_error: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    perplexity_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class DivergenceFigures:
    """A divergence over the samples that count, in nats."""

    mean: float
    maximum: float
    standard_error: float | None = None
    q50: float | None = None
    q90: float | None = None
    q99: float | None = None
    q999: float | None = None


@dataclass(frozen=True, slots=True)
class Divergence:
    """How far the predicted distributions are apart; `kl` is from the first to the other."""

    kl: DivergenceFigures
    reverse_kl: DivergenceFigures
    jensen_shannon: DivergenceFigures


@dataclass(frozen=True, slots=True)
class Different:
    """A sample whose losses differ much."""

    position: tuple[int, ...]
    first: float
    other: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CompareResult:
    """What differs between two models. None is what needs labels, a softmax, or samples that count.

    loss_type: what was computed.
    first, other: each model's reduced loss and accuracy.
    difference: of the losses, the other's less the first's.
    divergence: of the predicted distributions.
    same_top1, same_top5: the share of samples with the same prediction, and the same five largest logits.
    most_different: the samples whose losses differ most, the largest difference first.
    per_sample: differences of the losses, if included.
    sums: what merges over requests, as in the response.
    """

    loss_type: str | None
    first: Compared | None
    other: Compared | None
    difference: Difference | None
    divergence: Divergence | None
    same_top1: float | None
    same_top5: float | None
    most_different: list[Different] | None
    per_sample: Array | None
    sums: dict[str, Any]

    def _parts(self) -> list[str]:
        parts = [] if self.loss_type is None else [self.loss_type]
        if self.difference is not None:
            parts.append(f"difference {self.difference.mean:.6g} nats")
        if self.difference is not None and self.difference.p_value is not None:
            parts.append(f"p {self.difference.p_value:.3g}")
        if self.divergence is not None:
            parts.append(f"KL {self.divergence.kl.mean:.6g} nats")
        return parts

    def __repr__(self) -> str:
        return text("CompareResult", self._parts(), [])

    def _repr_html_(self) -> str:
        return html("CompareResult", self._parts(), [])


def read_comparison(body: Mapping[str, Any]) -> CompareResult:
    difference, divergence, listed = body.get("difference"), body.get("divergence"), body.get("most_different")
    per_sample = body.get("per_sample")
    return CompareResult(
        loss_type=body.get("loss_type"),
        first=_compared(body.get("first")),
        other=_compared(body.get("other")),
        difference=None if difference is None else _difference(difference),
        divergence=None
        if divergence is None
        else Divergence(
            **{name: _figures(DivergenceFigures, divergence[name]) for name in Divergence.__dataclass_fields__}
        ),
        same_top1=body.get("same_top1"),
        same_top5=body.get("same_top5"),
        most_different=None
        if listed is None
        else [Different(tuple(each["position"]), float(each["first"]), float(each["other"])) for each in listed],
        per_sample=None if per_sample is None else to_array(per_sample),
        sums=body["sums"],
    )


def _compared(body: Mapping[str, Any] | None) -> Compared | None:
    if body is None:
        return None
    reduced = body.get("reduced")
    return Compared(None if reduced is None else float(reduced["value"]), body.get("accuracy"))


def _difference(body: Mapping[str, Any]) -> Difference:
    low_high = body.get("interval")
    rest = {name: value for name, value in body.items() if name != "interval"}
    interval = None if low_high is None else (float(low_high[0]), float(low_high[1]))
    return _figures(Difference, rest, interval=interval)


def _figures(kind: Any, body: Mapping[str, Any], **others: Any) -> Any:
    """What of a kind is numbers; what a later service adds is left out."""
    known = kind.__dataclass_fields__
    return kind(**{name: float(value) for name, value in body.items() if name in known}, **others)
