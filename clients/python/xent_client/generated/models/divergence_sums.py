from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1

T = TypeVar("T", bound="DivergenceSums")


@_attrs_define
class DivergenceSums:
    """Σ and Σ of squares, exact, and the largest.

    Attributes:
        sum_ (list[float | NumberType1]): Σ, exact
        squares (list[float | NumberType1]): Σ of squares, exact
        maximum (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
    """

    sum_: list[float | NumberType1]
    squares: list[float | NumberType1]
    maximum: float | NumberType1
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sum_ = []
        for sum_item_data in self.sum_:
            sum_item: float | str
            if isinstance(sum_item_data, str):
                sum_item = sum_item_data
            else:
                sum_item = sum_item_data
            sum_.append(sum_item)

        squares = []
        for squares_item_data in self.squares:
            squares_item: float | str
            if isinstance(squares_item_data, str):
                squares_item = squares_item_data
            else:
                squares_item = squares_item_data
            squares.append(squares_item)

        maximum: float | str
        if isinstance(self.maximum, str):
            maximum = self.maximum
        else:
            maximum = self.maximum

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sum": sum_,
                "squares": squares,
                "maximum": maximum,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sum_ = []
        _sum_ = d.pop("sum")
        for sum_item_data in _sum_:

            def _parse_sum_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            sum_item = _parse_sum_item(sum_item_data)

            sum_.append(sum_item)

        squares = []
        _squares = d.pop("squares")
        for squares_item_data in _squares:

            def _parse_squares_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            squares_item = _parse_squares_item(squares_item_data)

            squares.append(squares_item)

        def _parse_maximum(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        maximum = _parse_maximum(d.pop("maximum"))

        divergence_sums = cls(
            sum_=sum_,
            squares=squares,
            maximum=maximum,
        )

        divergence_sums.additional_properties = d
        return divergence_sums

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
