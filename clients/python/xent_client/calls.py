"""What can be asked for, and what comes of it. A `Call` is what is sent and how its answer is read, whoever waits."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypedDict, TypeVar

from xent_client.generated.models.catalogue import Catalogue
from xent_client.generated.models.catalogue_entry import CatalogueEntry
from xent_client.generated.models.loss_request_include_type_0_item import LossRequestIncludeType0Item as OutputName
from xent_client.generated.models.loss_request_loss_type_type_0 import LossRequestLossTypeType0 as LossTypeOrAuto
from xent_client.generated.models.loss_response_loss_type import LossResponseLossType as LossType
from xent_client.generated.models.loss_warning import LossWarning
from xent_client.generated.models.recommend_response import RecommendResponse
from xent_client.generated.models.recommendation import Recommendation
from xent_client.generated.models.reduced_reduction import ReducedReduction as Reduction
from xent_client.generated.models.sampled_softmax_request_sampler_type_0 import (
    SampledSoftmaxRequestSamplerType0 as Sampler,
)
from xent_client.tensors import Array, ArrayLike, Pieces, array_if_any, encoded, encoded_length, to_array, to_body


class BatchOptions(TypedDict, total=False):
    """How the losses of a batch are to be computed, as POST /v1/loss has it. What is absent or None is the default.

    loss_type: which loss; "auto", the default, goes by the labels' form, batch by batch.
    pos_weight: weighted_cross_entropy only: how often positives count. A scalar, or one for each class.
    class_weights: softmax losses only: one for each class, [C].
    label_smoothing: from 0 to 1; 0 by default.
    ignore_index: sparse_softmax_cross_entropy only: the label that counts for nothing.
    axis: the class axis; −1 by default.
    from_logits: False where `logits` holds probabilities.
    reduction: how losses become one value; "mean" by default.
    """

    loss_type: LossTypeOrAuto | None
    pos_weight: ArrayLike | None
    class_weights: ArrayLike | None
    label_smoothing: float | None
    ignore_index: int | None
    axis: int | None
    from_logits: bool | None
    reduction: Reduction | None


class LossOptions(BatchOptions, total=False):
    """As `BatchOptions`, and

    include: any of "elements", "gradient", "probabilities": heavier outputs, of which none comes unasked.
    """

    include: Collection[OutputName] | None


class SampledOptions(TypedDict, total=False):
    """How a sampled softmax is to be computed, as POST /v1/sampled-softmax has it.

    num_sampled: how many distinct classes to draw. Either this or sampled_values is needed.
    sampler: "log_uniform", the default, for classes in order of falling frequency; or "uniform".
    seed: the same seed draws the same classes on every machine. Absent: a fresh one, which the result holds.
    sampled_values: in place of drawing: an earlier result's, or the caller's own.
    remove_accidental_hits: whether candidates that are labels of a row are left out there; True by default.
    subtract_log_q: whether expected counts are corrected for; True by default.
    reduction: how losses become one value; "mean" by default.
    sample_weights: multiplies losses: a scalar, or [B].
    """

    num_sampled: int | None
    sampler: Sampler | None
    seed: int | None
    sampled_values: "SampledValues | None"
    remove_accidental_hits: bool | None
    subtract_log_q: bool | None
    reduction: Reduction | None
    sample_weights: ArrayLike | None


@dataclass(frozen=True, slots=True)
class Reduced:
    """A reduced loss in nats: value = numerator / denominator, and 0 where the denominator is 0."""

    reduction: Reduction
    value: float
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True, eq=False)
class LossResult:
    """The losses of one batch. Losses are in nats: float32 where the logits have 32 bits or fewer, else float64.

    loss_type: what was computed.
    per_sample: weighted losses in the samples' shape (the logits' shape without the class axis).
    reduced: None for reduction "none".
    recommendation: the loss that the labels call for: `loss_type`, `label_kind`, `reasons`, `alternatives`,
        `suggested`, `equivalents`.
    warnings: likely mistakes, each with `code`, `message`, `evidence` and `fix`; nothing was changed because of them.
    checked: the codes of all checks that ran.
    elements: weighted losses before any averaging; None unless asked for, as are the next two.
    gradient: of the reduced loss (of the sum for reduction "none"), in the logits' shape.
    probabilities: in the logits' shape.
    """

    loss_type: LossType
    per_sample: Array
    reduced: Reduced | None
    recommendation: Recommendation
    warnings: list[LossWarning]
    checked: list[str]
    elements: Array | None
    gradient: Array | None
    probabilities: Array | None


@dataclass(frozen=True, slots=True, eq=False)
class SampledValues:
    """What a sampler gives, as TensorFlow's candidate samplers do.

    candidates: the classes drawn, [S].
    true_expected_count: how often each label is expected among them, [B, T].
    sampled_expected_count: how often each candidate is, [S].
    """

    candidates: ArrayLike
    true_expected_count: ArrayLike
    sampled_expected_count: ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
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


# From here on a body is sent piece by piece: to put it together would take longer.
LONG_BYTES = 1 << 19

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What is sent, and how its answer is read."""

    method: str
    path: str
    body: Pieces
    read: Callable[[Any], T]

    @property
    def headers(self) -> dict[str, str]:
        if not self.body:
            return {}
        return {"Content-Type": "application/json", "Content-Length": str(encoded_length(self.body))}

    def content(self) -> Iterator[bytes] | None:
        """The body, as httpx.Client takes it. Once sent it is let go of, whatever still holds the response."""
        if not self.body:
            return None
        if encoded_length(self.body) < LONG_BYTES:
            return iter([b"".join(encoded(self.body))])
        return encoded(self.body)

    def async_content(self) -> AsyncIterator[bytes] | None:
        """The body, as httpx.AsyncClient takes it."""
        content = self.content()
        return None if content is None else asynchronous(content)

    def settled(self) -> Self:
        """The call with all its numbers as they are now, whatever becomes of the arrays."""
        return replace(self, body=[*encoded(self.body)])


async def asynchronous(pieces: Iterable[T]) -> AsyncIterator[T]:
    for piece in pieces:
        yield piece


def to_reduced(value: Any) -> Reduced | None:
    if value is None:
        return None
    return Reduced(value["reduction"], float(value["value"]), float(value["numerator"]), float(value["denominator"]))


def loss_call(fields: Mapping[str, Any]) -> Call[LossResult]:
    return Call("POST", "/v1/loss", to_body({**fields, "encoding": "base64"}), _loss_result)


def _loss_result(answer: Any) -> LossResult:
    return LossResult(
        loss_type=answer["loss_type"],
        per_sample=to_array(answer["per_sample"]),
        reduced=to_reduced(answer["reduced"]),
        recommendation=Recommendation.from_dict(answer["recommendation"]),
        warnings=[LossWarning.from_dict(each) for each in answer["warnings"]],
        checked=answer["checked"],
        elements=array_if_any(answer.get("elements")),
        gradient=array_if_any(answer.get("gradient")),
        probabilities=array_if_any(answer.get("probabilities")),
    )


def recommend_call(fields: Mapping[str, Any]) -> Call[RecommendResponse]:
    return Call("POST", "/v1/recommend", to_body(fields), RecommendResponse.from_dict)


def sampled_call(fields: Mapping[str, Any]) -> Call[SampledResult]:
    given = fields.get("sampled_values")
    if isinstance(given, SampledValues):
        fields = {**fields, "sampled_values": {name: getattr(given, name) for name in given.__slots__}}
    return Call("POST", "/v1/sampled-softmax", to_body({**fields, "encoding": "base64"}), _sampled_result)


def _sampled_result(answer: Any) -> SampledResult:
    return SampledResult(
        per_sample=to_array(answer["per_sample"]),
        reduced=to_reduced(answer["reduced"]),
        sampled_values=SampledValues(**{name: to_array(value) for name, value in answer["sampled_values"].items()}),
        seed=answer["seed"],
        warnings=[LossWarning.from_dict(each) for each in answer["warnings"]],
        checked=answer["checked"],
    )


def losses_call() -> Call[list[CatalogueEntry]]:
    return Call("GET", "/v1/losses", [], lambda answer: Catalogue.from_dict(answer).losses)
