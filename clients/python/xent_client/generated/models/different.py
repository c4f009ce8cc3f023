from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1

T = TypeVar("T", bound="Different")


@_attrs_define
class Different:
    """A sample whose losses differ much.

    Attributes:
        position (list[int]): where it stands in the samples' shape
        first (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        other (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
    """

    position: list[int]
    first: float | NumberType1
    other: float | NumberType1
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        position = self.position

        first: float | str
        if isinstance(self.first, str):
            first = self.first
        else:
            first = self.first

        other: float | str
        if isinstance(self.other, str):
            other = self.other
        else:
            other = self.other

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "position": position,
                "first": first,
                "other": other,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        position = cast(list[int], d.pop("position"))

        def _parse_first(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        first = _parse_first(d.pop("first"))

        def _parse_other(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        other = _parse_other(d.pop("other"))

        different = cls(
            position=position,
            first=first,
            other=other,
        )

        different.additional_properties = d
        return different

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
