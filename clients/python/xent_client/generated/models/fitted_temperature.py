from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1

T = TypeVar("T", bound="FittedTemperature")


@_attrs_define
class FittedTemperature:
    """The temperature from 0.01 to 100 that minimises the mean loss.

    Attributes:
        temperature (float): logits are divided by it; it does not merge
        loss_before (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        loss_after (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
    """

    temperature: float
    loss_before: float | NumberType1
    loss_after: float | NumberType1
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        temperature = self.temperature

        loss_before: float | str
        if isinstance(self.loss_before, str):
            loss_before = self.loss_before
        else:
            loss_before = self.loss_before

        loss_after: float | str
        if isinstance(self.loss_after, str):
            loss_after = self.loss_after
        else:
            loss_after = self.loss_after

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "temperature": temperature,
                "loss_before": loss_before,
                "loss_after": loss_after,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        temperature = d.pop("temperature")

        def _parse_loss_before(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        loss_before = _parse_loss_before(d.pop("loss_before"))

        def _parse_loss_after(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        loss_after = _parse_loss_after(d.pop("loss_after"))

        fitted_temperature = cls(
            temperature=temperature,
            loss_before=loss_before,
            loss_after=loss_after,
        )

        fitted_temperature.additional_properties = d
        return fitted_temperature

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
