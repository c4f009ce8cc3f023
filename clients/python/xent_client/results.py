"""The results of the calls, and how the responses' JSON becomes them."""

from dataclasses import dataclass
from typing import Any

from xent_client.generated.models.equivalents import Equivalents
from xent_client.generated.models.loss_response_loss_type import LossResponseLossType as LossType
from xent_client.generated.models.loss_warning import LossWarning
from xent_client.generated.models.recommendation import Recommendation
from xent_client.generated.models.reduced_reduction import ReducedReduction as Reduction
from xent_client.notebook import html, text
from xent_client.summaries import Calibration, Summary, read_calibration, read_summary
from xent_client.tensors import Array, ArrayLike, to_array


@dataclass(frozen=True, slots=True)
class Reduced:
    """A reduced loss in nats: value = numerator / denominator, and 0 where the denominator is 0."""

    reduction: Reduction
    value: float
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LossResult:
    """The losses of one batch. Losses are in nats: float32 where the logits have 32 bits or fewer, else float64.

    loss_type: what was computed.
    per_sample: weighted losses in the samples' shape (the logits' shape without the class axis).
    reduced: None for reduction "none".
    equivalents: the call that gives this very value: `tensorflow1`, `tensorflow2`, `keras`, `pytorch`, `optax`. None
        unless `advice` is "full".
    recommendation: the loss that the labels call for: `loss_type`, `label_kind`, `reasons`, `alternatives`,
        `suggested`, and `equivalents`, which is None where it is the same call. None for advice "none".
    warnings: likely mistakes, each with `code`, `severity`, `message`, `evidence`, `fix` and `change`; nothing
        was changed because of them.
    checked: the codes of all checks that ran.
    elements: weighted losses before any averaging. None unless included, as is all that follows.
    gradient: of the reduced loss (of the sum for reduction "none"), in the logits' shape.
    probabilities: in the logits' shape.
    predictions, entropy: for each sample of a softmax loss the class of the largest logit, and the entropy of the
        predicted distribution; of a sigmoid loss for each logit 1 where it is above 0, and the entropy.
    label_rank, margin, logsumexp: for each sample of a softmax loss how many classes come before the label's, the
        label's probability less the largest other one, and log Σ exp(x_c).
    summary, calibration: figures of the whole batch.
    """

    loss_type: LossType
    per_sample: Array
    reduced: Reduced | None
    equivalents: Equivalents | None
    recommendation: Recommendation | None
    warnings: list[LossWarning]
    checked: list[str]
    elements: Array | None = None
    gradient: Array | None = None
    probabilities: Array | None = None
    predictions: Array | None = None
    label_rank: Array | None = None
    margin: Array | None = None
    entropy: Array | None = None
    logsumexp: Array | None = None
    summary: Summary | None = None
    calibration: Calibration | None = None

    def __repr__(self) -> str:
        return text("LossResult", _parts(self), self.warnings)

    def _repr_html_(self) -> str:
        return html("LossResult", _parts(self), self.warnings, self.per_sample)


# What `include` names, each an attribute of `LossResult`.
INCLUDED_ARRAYS = (
    *("elements", "gradient", "probabilities"),
    *("predictions", "label_rank", "margin", "entropy", "logsumexp"),
)


def _parts(result: "LossResult") -> list[str]:
    parts = [result.loss_type, _value(result.reduced), _array(result.per_sample)]
    if result.recommendation is None or result.recommendation.loss_type == result.loss_type:
        return parts
    return [*parts, f"recommended: {result.recommendation.loss_type}"]


def _value(reduced: Reduced | None) -> str:
    return "not reduced" if reduced is None else f"{reduced.reduction} {reduced.value:.6g} nats"


def _array(per_sample: Array) -> str:
    return f"per_sample {per_sample.shape} {per_sample.dtype}"


@dataclass(frozen=True, slots=True, repr=False)
class RecommendResult:
    """The loss type that labels call for, without losses.

    recommendation, warnings, checked: as `LossResult` has them.
    """

    recommendation: Recommendation
    warnings: list[LossWarning]
    checked: list[str]

    def _parts(self) -> list[str]:
        return [self.recommendation.loss_type, f"labels: {self.recommendation.label_kind}"]

    def __repr__(self) -> str:
        return text("RecommendResult", self._parts(), self.warnings)

    def _repr_html_(self) -> str:
        return html("RecommendResult", self._parts(), self.warnings)


@dataclass(frozen=True, slots=True, eq=False)
class SampledValues:
    """The draw of a sampler, as TensorFlow's candidate samplers return it.

    candidates: the classes drawn, [S].
    true_expected_count: how often each label is expected among them, [B, T].
    sampled_expected_count: how often each candidate is, [S].
    """

    candidates: ArrayLike
    true_expected_count: ArrayLike
    sampled_expected_count: ArrayLike


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SampledResult:
    """The losses of one batch against a sample of the classes, in nats. For training only.

    per_sample: weighted losses, [B].
    reduced: None for reduction "none".
    sampled_values: what was drawn or given, as arrays.
    seed: with which it was drawn; None where it was given.
    warnings, checked: as `LossResult` has them.
    """

    per_sample: Array
    reduced: Reduced | None
    sampled_values: SampledValues
    seed: int | None
    warnings: list[LossWarning]
    checked: list[str]

    def _parts(self) -> list[str]:
        return ["sampled_softmax", _value(self.reduced), _array(self.per_sample), f"seed {self.seed}"]

    def __repr__(self) -> str:
        return text("SampledResult", self._parts(), self.warnings)

    def _repr_html_(self) -> str:
        return html("SampledResult", self._parts(), self.warnings, self.per_sample)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluation:
    """The loss of many batches as one.

    reduced: exactly that of all batches as one, in nats.
    loss_type: what was computed, the same for all.
    batches: how many there were.
    warnings: the number of batches with each warning, by its code.
    per_sample: the losses of all samples, batch after batch; None unless `per_sample=True`.
    summary, calibration: exactly those of all batches as one, but for what does not merge: quantiles, and the fitted
        temperature. None unless included.
    """

    reduced: Reduced
    loss_type: LossType
    batches: int
    warnings: dict[str, int]
    per_sample: Array | None = None
    summary: Summary | None = None
    calibration: Calibration | None = None

    def _parts(self) -> list[str]:
        parts = [self.loss_type, _value(self.reduced), f"{self.batches} batches"]
        return parts if self.per_sample is None else [*parts, _array(self.per_sample)]

    def __repr__(self) -> str:
        return text("Evaluation", self._parts(), self.warnings)

    def _repr_html_(self) -> str:
        return html("Evaluation", self._parts(), self.warnings, self.per_sample)


def read_loss(body: Any) -> LossResult:
    return LossResult(
        loss_type=body["loss_type"],
        per_sample=to_array(body["per_sample"]),
        reduced=_reduced(body["reduced"]),
        equivalents=Equivalents.from_dict(body["equivalents"]) if "equivalents" in body else None,
        recommendation=Recommendation.from_dict(body["recommendation"]) if "recommendation" in body else None,
        warnings=_warnings(body),
        checked=body.get("checked", []),
        **{name: to_array(body[name]) for name in INCLUDED_ARRAYS if body.get(name) is not None},
        summary=read_summary(body["summary"]) if "summary" in body else None,
        calibration=read_calibration(body["calibration"]) if "calibration" in body else None,
    )


def read_recommendation(body: Any) -> RecommendResult:
    return RecommendResult(Recommendation.from_dict(body["recommendation"]), _warnings(body), body["checked"])


def read_sampled(body: Any) -> SampledResult:
    return SampledResult(
        per_sample=to_array(body["per_sample"]),
        reduced=_reduced(body["reduced"]),
        sampled_values=SampledValues(**{name: to_array(value) for name, value in body["sampled_values"].items()}),
        seed=body["seed"],
        warnings=_warnings(body),
        checked=body["checked"],
    )


def _reduced(value: Any) -> Reduced | None:
    if value is None:
        return None
    return Reduced(value["reduction"], float(value["value"]), float(value["numerator"]), float(value["denominator"]))


def _warnings(body: Any) -> list[LossWarning]:
    return [LossWarning.from_dict(each) for each in body.get("warnings", [])]
