from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.reduced import Reduced


T = TypeVar("T", bound="Compared")


@_attrs_define
class Compared:
    """One of the two models.

    Attributes:
        reduced (None | Reduced | Unset): absent for reduction `none`
        accuracy (float | None | Unset): the share of elements whose prediction is right; absent where nothing counts
    """

    reduced: None | Reduced | Unset = UNSET
    accuracy: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reduced import Reduced  # noqa: PLC0415

        reduced: dict[str, Any] | None | Unset
        if isinstance(self.reduced, Unset):
            reduced = UNSET
        elif isinstance(self.reduced, Reduced):
            reduced = self.reduced.to_dict()
        else:
            reduced = self.reduced

        accuracy: float | None | Unset
        if isinstance(self.accuracy, Unset):
            accuracy = UNSET
        else:
            accuracy = self.accuracy

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if reduced is not UNSET:
            field_dict["reduced"] = reduced
        if accuracy is not UNSET:
            field_dict["accuracy"] = accuracy

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reduced import Reduced  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_reduced(data: object) -> None | Reduced | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reduced_type_0 = Reduced.from_dict(data)

                return reduced_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Reduced | Unset, data)

        reduced = _parse_reduced(d.pop("reduced", UNSET))

        def _parse_accuracy(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        accuracy = _parse_accuracy(d.pop("accuracy", UNSET))

        compared = cls(
            reduced=reduced,
            accuracy=accuracy,
        )

        compared.additional_properties = d
        return compared

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
