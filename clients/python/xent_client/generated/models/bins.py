from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Bins")


@_attrs_define
class Bins:
    """15 bins of equal width, from one edge exclusive to the next inclusive; the first holds 0 too.

    Attributes:
        edges (list[float]): 16 of them, from 0 to 1
        count (list[int]): samples (softmax losses) or logits (sigmoid losses) in each bin
        mean_confidence (list[float]): 0 where a bin is empty
        accuracy (list[float]): 0 where a bin is empty
    """

    edges: list[float]
    count: list[int]
    mean_confidence: list[float]
    accuracy: list[float]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        edges = self.edges

        count = self.count

        mean_confidence = self.mean_confidence

        accuracy = self.accuracy

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "edges": edges,
                "count": count,
                "mean_confidence": mean_confidence,
                "accuracy": accuracy,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        edges = cast(list[float], d.pop("edges"))

        count = cast(list[int], d.pop("count"))

        mean_confidence = cast(list[float], d.pop("mean_confidence"))

        accuracy = cast(list[float], d.pop("accuracy"))

        bins = cls(
            edges=edges,
            count=count,
            mean_confidence=mean_confidence,
            accuracy=accuracy,
        )

        bins.additional_properties = d
        return bins

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
