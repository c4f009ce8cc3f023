from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

T = TypeVar("T", bound="DivergenceFigures")


@_attrs_define
class DivergenceFigures:
    """A divergence over the samples that count, each counted once, in nats.

    Attributes:
        mean (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        maximum (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        standard_error (float | None | NumberType1 | Unset): of the mean
        q50 (float | None | NumberType1 | Unset): the median; quantiles do not merge
        q90 (float | None | NumberType1 | Unset): its quantile 0.9
        q99 (float | None | NumberType1 | Unset): its quantile 0.99
        q999 (float | None | NumberType1 | Unset): its quantile 0.999
    """

    mean: float | NumberType1
    maximum: float | NumberType1
    standard_error: float | None | NumberType1 | Unset = UNSET
    q50: float | None | NumberType1 | Unset = UNSET
    q90: float | None | NumberType1 | Unset = UNSET
    q99: float | None | NumberType1 | Unset = UNSET
    q999: float | None | NumberType1 | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        mean: float | str
        if isinstance(self.mean, str):
            mean = self.mean
        else:
            mean = self.mean

        maximum: float | str
        if isinstance(self.maximum, str):
            maximum = self.maximum
        else:
            maximum = self.maximum

        standard_error: float | None | str | Unset
        if isinstance(self.standard_error, Unset):
            standard_error = UNSET
        elif isinstance(self.standard_error, str):
            standard_error = self.standard_error
        else:
            standard_error = self.standard_error

        q50: float | None | str | Unset
        if isinstance(self.q50, Unset):
            q50 = UNSET
        elif isinstance(self.q50, str):
            q50 = self.q50
        else:
            q50 = self.q50

        q90: float | None | str | Unset
        if isinstance(self.q90, Unset):
            q90 = UNSET
        elif isinstance(self.q90, str):
            q90 = self.q90
        else:
            q90 = self.q90

        q99: float | None | str | Unset
        if isinstance(self.q99, Unset):
            q99 = UNSET
        elif isinstance(self.q99, str):
            q99 = self.q99
        else:
            q99 = self.q99

        q999: float | None | str | Unset
        if isinstance(self.q999, Unset):
            q999 = UNSET
        elif isinstance(self.q999, str):
            q999 = self.q999
        else:
            q999 = self.q999

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "mean": mean,
                "maximum": maximum,
            }
        )
        if standard_error is not UNSET:
            field_dict["standard_error"] = standard_error
        if q50 is not UNSET:
            field_dict["q50"] = q50
        if q90 is not UNSET:
            field_dict["q90"] = q90
        if q99 is not UNSET:
            field_dict["q99"] = q99
        if q999 is not UNSET:
            field_dict["q999"] = q999

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_mean(data: object) -> float | NumberType1:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | NumberType1, data)

        mean = _parse_mean(d.pop("mean"))

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

        def _parse_standard_error(data: object) -> float | None | NumberType1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | None | NumberType1 | Unset, data)

        standard_error = _parse_standard_error(d.pop("standard_error", UNSET))

        def _parse_q50(data: object) -> float | None | NumberType1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | None | NumberType1 | Unset, data)

        q50 = _parse_q50(d.pop("q50", UNSET))

        def _parse_q90(data: object) -> float | None | NumberType1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | None | NumberType1 | Unset, data)

        q90 = _parse_q90(d.pop("q90", UNSET))

        def _parse_q99(data: object) -> float | None | NumberType1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | None | NumberType1 | Unset, data)

        q99 = _parse_q99(d.pop("q99", UNSET))

        def _parse_q999(data: object) -> float | None | NumberType1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | None | NumberType1 | Unset, data)

        q999 = _parse_q999(d.pop("q999", UNSET))

        divergence_figures = cls(
            mean=mean,
            maximum=maximum,
            standard_error=standard_error,
            q50=q50,
            q90=q90,
            q99=q99,
            q999=q999,
        )

        divergence_figures.additional_properties = d
        return divergence_figures

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
