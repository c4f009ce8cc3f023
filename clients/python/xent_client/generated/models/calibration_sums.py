from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1

T = TypeVar("T", bound="CalibrationSums")


@_attrs_define
class CalibrationSums:
    """What merges over requests. Exact sums are lists: the sum rounded to float64, what that leaves rounded in turn, and
    so on. To merge them, join the lists and add up (`math.fsum`).

        Attributes:
            counted (int): samples (softmax losses) or logits (sigmoid losses) that count
            count (list[int]): how many there are
            confidence (list[list[Any]]): Σ of confidences, exact
            hits (list[list[Any]]): right predictions; sigmoid losses: Σ of labels, exact
            brier (list[float | NumberType1]): Σ of squared distances, exact
    """

    counted: int
    count: list[int]
    confidence: list[list[Any]]
    hits: list[list[Any]]
    brier: list[float | NumberType1]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        counted = self.counted

        count = self.count

        confidence = []
        for confidence_item_data in self.confidence:
            confidence_item = confidence_item_data

            confidence.append(confidence_item)

        hits = []
        for hits_item_data in self.hits:
            hits_item = hits_item_data

            hits.append(hits_item)

        brier = []
        for brier_item_data in self.brier:
            brier_item: float | str
            if isinstance(brier_item_data, str):
                brier_item = brier_item_data
            else:
                brier_item = brier_item_data
            brier.append(brier_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counted": counted,
                "count": count,
                "confidence": confidence,
                "hits": hits,
                "brier": brier,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        counted = d.pop("counted")

        count = cast(list[int], d.pop("count"))

        confidence = []
        _confidence = d.pop("confidence")
        for confidence_item_data in _confidence:
            confidence_item = cast(list[Any], confidence_item_data)

            confidence.append(confidence_item)

        hits = []
        _hits = d.pop("hits")
        for hits_item_data in _hits:
            hits_item = cast(list[Any], hits_item_data)

            hits.append(hits_item)

        brier = []
        _brier = d.pop("brier")
        for brier_item_data in _brier:

            def _parse_brier_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            brier_item = _parse_brier_item(brier_item_data)

            brier.append(brier_item)

        calibration_sums = cls(
            counted=counted,
            count=count,
            confidence=confidence,
            hits=hits,
            brier=brier,
        )

        calibration_sums.additional_properties = d
        return calibration_sums

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
