from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ClassSums")


@_attrs_define
class ClassSums:
    """Sums for each class or column. `target` and `opposite` tell the best constant prediction.

    Attributes:
        count (list[int]): how many there are
        hits (list[int]): right predictions
        loss (list[list[Any]]): Σ w·ℓ, exact
        weight (list[list[Any]]): Σ v, exact
        positives (list[int] | None | Unset): sigmoid losses: labels above 1/2
        target (list[list[Any]] | None | Unset): Σ w · y_c as the loss has it, exact; sigmoid losses: of the positive
            term
        opposite (list[list[Any]] | None | Unset): sigmoid losses: of the negative term, exact
    """

    count: list[int]
    hits: list[int]
    loss: list[list[Any]]
    weight: list[list[Any]]
    positives: list[int] | None | Unset = UNSET
    target: list[list[Any]] | None | Unset = UNSET
    opposite: list[list[Any]] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        hits = self.hits

        loss = []
        for loss_item_data in self.loss:
            loss_item = loss_item_data

            loss.append(loss_item)

        weight = []
        for weight_item_data in self.weight:
            weight_item = weight_item_data

            weight.append(weight_item)

        positives: list[int] | None | Unset
        if isinstance(self.positives, Unset):
            positives = UNSET
        elif isinstance(self.positives, list):
            positives = self.positives

        else:
            positives = self.positives

        target: list[list[Any]] | None | Unset
        if isinstance(self.target, Unset):
            target = UNSET
        elif isinstance(self.target, list):
            target = []
            for target_type_0_item_data in self.target:
                target_type_0_item = target_type_0_item_data

                target.append(target_type_0_item)

        else:
            target = self.target

        opposite: list[list[Any]] | None | Unset
        if isinstance(self.opposite, Unset):
            opposite = UNSET
        elif isinstance(self.opposite, list):
            opposite = []
            for opposite_type_0_item_data in self.opposite:
                opposite_type_0_item = opposite_type_0_item_data

                opposite.append(opposite_type_0_item)

        else:
            opposite = self.opposite

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "count": count,
                "hits": hits,
                "loss": loss,
                "weight": weight,
            }
        )
        if positives is not UNSET:
            field_dict["positives"] = positives
        if target is not UNSET:
            field_dict["target"] = target
        if opposite is not UNSET:
            field_dict["opposite"] = opposite

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = cast(list[int], d.pop("count"))

        hits = cast(list[int], d.pop("hits"))

        loss = []
        _loss = d.pop("loss")
        for loss_item_data in _loss:
            loss_item = cast(list[Any], loss_item_data)

            loss.append(loss_item)

        weight = []
        _weight = d.pop("weight")
        for weight_item_data in _weight:
            weight_item = cast(list[Any], weight_item_data)

            weight.append(weight_item)

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

        def _parse_target(data: object) -> list[list[Any]] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                target_type_0 = []
                _target_type_0 = data
                for target_type_0_item_data in _target_type_0:
                    target_type_0_item = cast(list[Any], target_type_0_item_data)

                    target_type_0.append(target_type_0_item)

                return target_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[list[Any]] | None | Unset, data)

        target = _parse_target(d.pop("target", UNSET))

        def _parse_opposite(data: object) -> list[list[Any]] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                opposite_type_0 = []
                _opposite_type_0 = data
                for opposite_type_0_item_data in _opposite_type_0:
                    opposite_type_0_item = cast(list[Any], opposite_type_0_item_data)

                    opposite_type_0.append(opposite_type_0_item)

                return opposite_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[list[Any]] | None | Unset, data)

        opposite = _parse_opposite(d.pop("opposite", UNSET))

        class_sums = cls(
            count=count,
            hits=hits,
            loss=loss,
            weight=weight,
            positives=positives,
            target=target,
            opposite=opposite,
        )

        class_sums.additional_properties = d
        return class_sums

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
