from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Limits")


@_attrs_define
class Limits:
    """What the service takes at most. What is over is refused with the status in the description.

    Attributes:
        max_body_bytes (int): bytes of a request's body as sent: 413
        max_inflated_bytes (int): bytes of a compressed body, inflated: 413
        max_elements (int): elements of a request's arrays and of what is computed of them, together: 413
        max_rank (int): dimensions of an array: 422
        max_json_depth (int): levels to which lists and objects may be nested: 400
        max_json_values (int): values of a body that can't be read as lists of plain numbers: 413
        header_seconds (float): seconds until a request's headers are there: 408
        body_seconds (float): seconds until a request's body is there: 408
        compute_seconds (float): seconds that a request may wait and be worked on: 503
        answer_seconds (float): seconds in which a client reads nothing of a response; then its connection is closed
        idle_seconds (float): seconds that a connection may be idle between requests: it is closed
        max_requests_in_flight (int): requests in flight in each worker; more get 503
        max_bytes_in_flight (int): bytes of bodies, arrays and responses in flight in each worker; more get 503
        content_encodings (list[str]): how a request's body may be compressed: 415
    """

    max_body_bytes: int
    max_inflated_bytes: int
    max_elements: int
    max_rank: int
    max_json_depth: int
    max_json_values: int
    header_seconds: float
    body_seconds: float
    compute_seconds: float
    answer_seconds: float
    idle_seconds: float
    max_requests_in_flight: int
    max_bytes_in_flight: int
    content_encodings: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        max_body_bytes = self.max_body_bytes

        max_inflated_bytes = self.max_inflated_bytes

        max_elements = self.max_elements

        max_rank = self.max_rank

        max_json_depth = self.max_json_depth

        max_json_values = self.max_json_values

        header_seconds = self.header_seconds

        body_seconds = self.body_seconds

        compute_seconds = self.compute_seconds

        answer_seconds = self.answer_seconds

        idle_seconds = self.idle_seconds

        max_requests_in_flight = self.max_requests_in_flight

        max_bytes_in_flight = self.max_bytes_in_flight

        content_encodings = self.content_encodings

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "max_body_bytes": max_body_bytes,
                "max_inflated_bytes": max_inflated_bytes,
                "max_elements": max_elements,
                "max_rank": max_rank,
                "max_json_depth": max_json_depth,
                "max_json_values": max_json_values,
                "header_seconds": header_seconds,
                "body_seconds": body_seconds,
                "compute_seconds": compute_seconds,
                "answer_seconds": answer_seconds,
                "idle_seconds": idle_seconds,
                "max_requests_in_flight": max_requests_in_flight,
                "max_bytes_in_flight": max_bytes_in_flight,
                "content_encodings": content_encodings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        max_body_bytes = d.pop("max_body_bytes")

        max_inflated_bytes = d.pop("max_inflated_bytes")

        max_elements = d.pop("max_elements")

        max_rank = d.pop("max_rank")

        max_json_depth = d.pop("max_json_depth")

        max_json_values = d.pop("max_json_values")

        header_seconds = d.pop("header_seconds")

        body_seconds = d.pop("body_seconds")

        compute_seconds = d.pop("compute_seconds")

        answer_seconds = d.pop("answer_seconds")

        idle_seconds = d.pop("idle_seconds")

        max_requests_in_flight = d.pop("max_requests_in_flight")

        max_bytes_in_flight = d.pop("max_bytes_in_flight")

        content_encodings = cast(list[str], d.pop("content_encodings"))

        limits = cls(
            max_body_bytes=max_body_bytes,
            max_inflated_bytes=max_inflated_bytes,
            max_elements=max_elements,
            max_rank=max_rank,
            max_json_depth=max_json_depth,
            max_json_values=max_json_values,
            header_seconds=header_seconds,
            body_seconds=body_seconds,
            compute_seconds=compute_seconds,
            answer_seconds=answer_seconds,
            idle_seconds=idle_seconds,
            max_requests_in_flight=max_requests_in_flight,
            max_bytes_in_flight=max_bytes_in_flight,
            content_encodings=content_encodings,
        )

        limits.additional_properties = d
        return limits

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
