"""What is sent for each call, and how its response is read. It is the same whether the client waits or awaits."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar

from numpy import ma

from xent_client.class_weights import weights_in_order
from xent_client.comparison import CompareResult, read_comparison
from xent_client.generated.models.catalogue import Catalogue
from xent_client.generated.models.catalogue_entry import CatalogueEntry
from xent_client.generated.models.limits import Limits
from xent_client.masked import class_axis, unmasked, without_masks
from xent_client.results import (
    LossResult,
    RecommendResult,
    SampledResult,
    SampledValues,
    read_loss,
    read_recommendation,
    read_sampled,
)
from xent_client.tensors import Pieces, encoded, encoded_length, is_tensor_object, shape_of, to_body

# Longer bodies are sent piece by piece, as joining them would take longer.
MAX_JOINED_BYTES = 1 << 19

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What is sent, and how its response is read."""

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
        """The body, as httpx.Client takes it. It is released once sent, even while the response is still held."""
        if not self.body:
            return None
        if encoded_length(self.body) < MAX_JOINED_BYTES:
            return iter([b"".join(encoded(self.body))])
        return encoded(self.body)

    def async_content(self) -> AsyncIterator[bytes] | None:
        """The body, as httpx.AsyncClient takes it."""
        content = self.content()
        return None if content is None else asynchronous(content)

    def settled(self) -> Self:
        """The call with a copy of all numbers, so that the arrays may change."""
        return replace(self, body=[*encoded(self.body)])


async def asynchronous(pieces: Iterable[T]) -> AsyncIterator[T]:
    for piece in pieces:
        yield piece


def loss_call(fields: Mapping[str, Any]) -> Call[LossResult]:
    return Call("POST", "/v1/loss", to_body({**plain_fields(fields), "encoding": "base64"}), read_loss)


def recommend_call(fields: Mapping[str, Any]) -> Call[RecommendResult]:
    return Call("POST", "/v1/recommend", to_body(plain_fields(fields)), read_recommendation)


def compare_call(fields: Mapping[str, Any]) -> Call[CompareResult]:
    return Call("POST", "/v1/compare", to_body({**plain_fields(fields), "encoding": "base64"}), read_comparison)


def plain_fields(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields as the service takes them: a mapping of class weights in order, and no masked arrays."""
    weights = fields.get("class_weights")
    if isinstance(weights, Mapping) and not is_tensor_object(weights):
        shape = _logits_shape(fields)
        fields = {**fields, "class_weights": weights_in_order(weights, shape[class_axis(fields, shape)])}
    if any(isinstance(value, ma.MaskedArray) for value in fields.values()):
        fields = without_masks(fields, _logits_shape(fields))
    return fields


def _logits_shape(fields: Mapping[str, Any]) -> tuple[int, ...]:
    logits, shape = fields.get("logits"), fields.get("logits_shape")
    if logits is not None:
        return shape_of(logits, "logits")
    return () if shape is None else tuple(map(int, shape))


def sampled_call(fields: Mapping[str, Any]) -> Call[SampledResult]:
    given = fields.get("sampled_values")
    if isinstance(given, SampledValues):
        fields = {**fields, "sampled_values": {name: getattr(given, name) for name in given.__slots__}}
    body = to_body({**{name: unmasked(value, name) for name, value in fields.items()}, "encoding": "base64"})
    return Call("POST", "/v1/sampled-softmax", body, read_sampled)


def losses_call() -> Call[list[CatalogueEntry]]:
    return Call("GET", "/v1/losses", [], lambda body: Catalogue.from_dict(body).losses)


def limits_call() -> Call[Limits]:
    return Call("GET", "/v1/limits", [], Limits.from_dict)
