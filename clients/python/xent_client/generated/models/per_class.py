from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

T = TypeVar("T", bound="PerClass")


@_attrs_define
class PerClass:
    """Figures of each class (softmax losses) or column (sigmoid losses); 0 where `count` is 0.

    Attributes:
        count (list[int]): softmax: samples with this label; sigmoid: logits in this column
        mean (list[float | NumberType1]): Σ w·ℓ / Σ v
        accuracy (list[float]): the share whose prediction is right
        positives (list[int] | None | Unset): sigmoid losses: labels above 1/2
    """

    count: list[int]
    mean: list[float | NumberType1]
    accuracy: list[float]
    positives: list[int] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        mean = []
        for mean_item_data in self.mean:
            mean_item: float | str
            if isinstance(mean_item_data, str):
                mean_item = mean_item_data
            else:
                mean_item = mean_item_data
            mean.append(mean_item)

        accuracy = self.accuracy

        positives: list[int] | None | Unset
        if isinstance(self.positives, Unset):
            positives = UNSET
        elif isinstance(self.positives, list):
            positives = self.positives

        else:
            positives = self.positives

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "count": count,
                "mean": mean,
                "accuracy": accuracy,
            }
        )
        if positives is not UNSET:
            field_dict["positives"] = positives

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = cast(list[int], d.pop("count"))

        mean = []
        _mean = d.pop("mean")
        for mean_item_data in _mean:

            def _parse_mean_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            mean_item = _parse_mean_item(mean_item_data)

            mean.append(mean_item)

        accuracy = cast(list[float], d.pop("accuracy"))

        def _parse_positives(data: object) -> list[int] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                positives_type_0 = cast(list[int], data)

                return positives_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[int] | None | Unset, data)

        positives = _parse_positives(d.pop("positives", UNSET))

        per_class = cls(
            count=count,
            mean=mean,
            accuracy=accuracy,
            positives=positives,
        )

        per_class.additional_properties = d
        return per_class

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
