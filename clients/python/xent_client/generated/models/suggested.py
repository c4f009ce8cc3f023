from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Suggested")


@_attrs_define
class Suggested:
    """Parameters that would balance the labels; one of the two is there.

    Attributes:
        pos_weight (float | None | Unset): negatives / positives
        class_weights (list[float] | None | Unset): N / (K · count_c) over the K classes present; 1 for those absent
    """

    pos_weight: float | None | Unset = UNSET
    class_weights: list[float] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        pos_weight: float | None | Unset
        if isinstance(self.pos_weight, Unset):
            pos_weight = UNSET
        else:
            pos_weight = self.pos_weight

        class_weights: list[float] | None | Unset
        if isinstance(self.class_weights, Unset):
            class_weights = UNSET
        elif isinstance(self.class_weights, list):
            class_weights = self.class_weights

        else:
            class_weights = self.class_weights

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if pos_weight is not UNSET:
            field_dict["pos_weight"] = pos_weight
        if class_weights is not UNSET:
            field_dict["class_weights"] = class_weights

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_pos_weight(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        pos_weight = _parse_pos_weight(d.pop("pos_weight", UNSET))

        def _parse_class_weights(data: object) -> list[float] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                class_weights_type_0 = cast(list[float], data)

                return class_weights_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float] | None | Unset, data)

        class_weights = _parse_class_weights(d.pop("class_weights", UNSET))

        suggested = cls(
            pos_weight=pos_weight,
            class_weights=class_weights,
        )

        suggested.additional_properties = d
        return suggested

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
