from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

T = TypeVar("T", bound="Difference")


@_attrs_define
class Difference:
    """The other's loss less the first's, paired over samples: negative where the other is better.

    Attributes:
        mean (float | NumberType1): A number; "Infinity" or "-Infinity" where it is not finite.
        share_better (float): of the samples, whose loss is lower with the other
        standard_error (float | None | NumberType1 | Unset): of the mean; absent for fewer than two samples, and for
            infinite losses
        interval (list[float | NumberType1] | None | Unset): in which the mean is with 95 % confidence, by Student's t
        p_value (float | None | Unset): of a two-sided paired t-test: how likely so large a mean is between equal models
        perplexity_ratio (float | None | NumberType1 | Unset): softmax losses: exp(mean)
    """

    mean: float | NumberType1
    share_better: float
    standard_error: float | None | NumberType1 | Unset = UNSET
    interval: list[float | NumberType1] | None | Unset = UNSET
    p_value: float | None | Unset = UNSET
    perplexity_ratio: float | None | NumberType1 | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        mean: float | str
        if isinstance(self.mean, str):
            mean = self.mean
        else:
            mean = self.mean

        share_better = self.share_better

        standard_error: float | None | str | Unset
        if isinstance(self.standard_error, Unset):
            standard_error = UNSET
        elif isinstance(self.standard_error, str):
            standard_error = self.standard_error
        else:
            standard_error = self.standard_error

        interval: list[float | str] | None | Unset
        if isinstance(self.interval, Unset):
            interval = UNSET
        elif isinstance(self.interval, list):
            interval = []
            for interval_type_0_item_data in self.interval:
                interval_type_0_item: float | str
                if isinstance(interval_type_0_item_data, str):
                    interval_type_0_item = interval_type_0_item_data
                else:
                    interval_type_0_item = interval_type_0_item_data
                interval.append(interval_type_0_item)

        else:
            interval = self.interval

        p_value: float | None | Unset
        if isinstance(self.p_value, Unset):
            p_value = UNSET
        else:
            p_value = self.p_value

        perplexity_ratio: float | None | str | Unset
        if isinstance(self.perplexity_ratio, Unset):
            perplexity_ratio = UNSET
        elif isinstance(self.perplexity_ratio, str):
            perplexity_ratio = self.perplexity_ratio
        else:
            perplexity_ratio = self.perplexity_ratio

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "mean": mean,
                "share_better": share_better,
            }
        )
        if standard_error is not UNSET:
            field_dict["standard_error"] = standard_error
        if interval is not UNSET:
            field_dict["interval"] = interval
        if p_value is not UNSET:
            field_dict["p_value"] = p_value
        if perplexity_ratio is not UNSET:
            field_dict["perplexity_ratio"] = perplexity_ratio

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

        share_better = d.pop("share_better")

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

        def _parse_interval(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                interval_type_0 = []
                _interval_type_0 = data
                for interval_type_0_item_data in _interval_type_0:

                    def _parse_interval_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    interval_type_0_item = _parse_interval_type_0_item(interval_type_0_item_data)

                    interval_type_0.append(interval_type_0_item)

                return interval_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        interval = _parse_interval(d.pop("interval", UNSET))

        def _parse_p_value(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        p_value = _parse_p_value(d.pop("p_value", UNSET))

        def _parse_perplexity_ratio(data: object) -> float | None | NumberType1 | Unset:
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

        perplexity_ratio = _parse_perplexity_ratio(d.pop("perplexity_ratio", UNSET))

        difference = cls(
            mean=mean,
            share_better=share_better,
            standard_error=standard_error,
            interval=interval,
            p_value=p_value,
            perplexity_ratio=perplexity_ratio,
        )

        difference.additional_properties = d
        return difference

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
