from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..models.reduced_reduction import ReducedReduction, check_reduced_reduction

T = TypeVar("T", bound="Reduced")


@_attrs_define
class Reduced:
    """The reduced loss. Of several batches, add up numerators and (but for `sum`) denominators and divide once.

    Attributes:
        reduction (ReducedReduction): as asked for
        value (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        numerator (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        denominator (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
    """

    reduction: ReducedReduction
    value: float | NumberType1
    numerator: float | NumberType1
    denominator: float | NumberType1
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        reduction: str = self.reduction

        value: float | str
        if isinstance(self.value, str):
            value = self.value
        else:
            value = self.value

        numerator: float | str
        if isinstance(self.numerator, str):
            numerator = self.numerator
        else:
            numerator = self.numerator

        denominator: float | str
        if isinstance(self.denominator, str):
            denominator = self.denominator
        else:
            denominator = self.denominator

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "reduction": reduction,
                "value": value,
                "numerator": numerator,
                "denominator": denominator,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reduction = check_reduced_reduction(d.pop("reduction"))

        def _parse_value(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        value = _parse_value(d.pop("value"))

        def _parse_numerator(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        numerator = _parse_numerator(d.pop("numerator"))

        def _parse_denominator(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        denominator = _parse_denominator(d.pop("denominator"))

        reduced = cls(
            reduction=reduction,
            value=value,
            numerator=numerator,
            denominator=denominator,
        )

        reduced.additional_properties = d
        return reduced

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
