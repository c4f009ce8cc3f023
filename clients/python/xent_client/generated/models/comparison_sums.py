from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.divergence_sums import DivergenceSums


T = TypeVar("T", bound="ComparisonSums")


@_attrs_define
class ComparisonSums:
    """What merges over requests: add up numbers, and exact sums as follows. Exact sums are lists: the sum rounded to
    float64, what that leaves rounded in turn, and so on. To merge them, join the lists and add up (`math.fsum`).

        Attributes:
            samples (int): all samples
            counted_samples (int): samples of which something counts
            elements (int): elements that count
            first (list[float | NumberType1] | None | Unset): Σ w·ℓ of the first
            other (list[float | NumberType1] | None | Unset): Σ w·ℓ of the other
            first_hits (int | None | Unset): the first's right predictions
            other_hits (int | None | Unset): the other's right predictions
            weight (list[float | NumberType1] | None | Unset): Σ v
            difference (list[float | NumberType1] | None | Unset): Σ d over samples, d the difference of Σ w·ℓ
            difference_squared (list[float | NumberType1] | None | Unset): Σ d²
            difference_weight (list[float | NumberType1] | None | Unset): Σ d·b, b a sample's Σ v
            weight_squared (list[float | NumberType1] | None | Unset): Σ b²
            better (int | None | Unset): samples whose loss is lower with the other
            same_top1 (int | None | Unset): samples with the same prediction
            same_top5 (int | None | Unset): samples with the same five largest logits
            kl (DivergenceSums | None | Unset): of KL(p‖q)
            reverse_kl (DivergenceSums | None | Unset): of KL(q‖p)
            jensen_shannon (DivergenceSums | None | Unset): of the Jensen-Shannon divergence
    """

    samples: int
    counted_samples: int
    elements: int
    first: list[float | NumberType1] | None | Unset = UNSET
    other: list[float | NumberType1] | None | Unset = UNSET
    first_hits: int | None | Unset = UNSET
    other_hits: int | None | Unset = UNSET
    weight: list[float | NumberType1] | None | Unset = UNSET
    difference: list[float | NumberType1] | None | Unset = UNSET
    difference_squared: list[float | NumberType1] | None | Unset = UNSET
    difference_weight: list[float | NumberType1] | None | Unset = UNSET
    weight_squared: list[float | NumberType1] | None | Unset = UNSET
    better: int | None | Unset = UNSET
    same_top1: int | None | Unset = UNSET
    same_top5: int | None | Unset = UNSET
    kl: DivergenceSums | None | Unset = UNSET
    reverse_kl: DivergenceSums | None | Unset = UNSET
    jensen_shannon: DivergenceSums | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.divergence_sums import DivergenceSums  # noqa: PLC0415

        samples = self.samples

        counted_samples = self.counted_samples

        elements = self.elements

        first: list[float | str] | None | Unset
        if isinstance(self.first, Unset):
            first = UNSET
        elif isinstance(self.first, list):
            first = []
            for first_type_0_item_data in self.first:
                first_type_0_item: float | str
                if isinstance(first_type_0_item_data, str):
                    first_type_0_item = first_type_0_item_data
                else:
                    first_type_0_item = first_type_0_item_data
                first.append(first_type_0_item)

        else:
            first = self.first

        other: list[float | str] | None | Unset
        if isinstance(self.other, Unset):
            other = UNSET
        elif isinstance(self.other, list):
            other = []
            for other_type_0_item_data in self.other:
                other_type_0_item: float | str
                if isinstance(other_type_0_item_data, str):
                    other_type_0_item = other_type_0_item_data
                else:
                    other_type_0_item = other_type_0_item_data
                other.append(other_type_0_item)

        else:
            other = self.other

        first_hits: int | None | Unset
        if isinstance(self.first_hits, Unset):
            first_hits = UNSET
        else:
            first_hits = self.first_hits

        other_hits: int | None | Unset
        if isinstance(self.other_hits, Unset):
            other_hits = UNSET
        else:
            other_hits = self.other_hits

        weight: list[float | str] | None | Unset
        if isinstance(self.weight, Unset):
            weight = UNSET
        elif isinstance(self.weight, list):
            weight = []
            for weight_type_0_item_data in self.weight:
                weight_type_0_item: float | str
                if isinstance(weight_type_0_item_data, str):
                    weight_type_0_item = weight_type_0_item_data
                else:
                    weight_type_0_item = weight_type_0_item_data
                weight.append(weight_type_0_item)

        else:
            weight = self.weight

        difference: list[float | str] | None | Unset
        if isinstance(self.difference, Unset):
            difference = UNSET
        elif isinstance(self.difference, list):
            difference = []
            for difference_type_0_item_data in self.difference:
                difference_type_0_item: float | str
                if isinstance(difference_type_0_item_data, str):
                    difference_type_0_item = difference_type_0_item_data
                else:
                    difference_type_0_item = difference_type_0_item_data
                difference.append(difference_type_0_item)

        else:
            difference = self.difference

        difference_squared: list[float | str] | None | Unset
        if isinstance(self.difference_squared, Unset):
            difference_squared = UNSET
        elif isinstance(self.difference_squared, list):
            difference_squared = []
            for difference_squared_type_0_item_data in self.difference_squared:
                difference_squared_type_0_item: float | str
                if isinstance(difference_squared_type_0_item_data, str):
                    difference_squared_type_0_item = difference_squared_type_0_item_data
                else:
                    difference_squared_type_0_item = difference_squared_type_0_item_data
                difference_squared.append(difference_squared_type_0_item)

        else:
            difference_squared = self.difference_squared

        difference_weight: list[float | str] | None | Unset
        if isinstance(self.difference_weight, Unset):
            difference_weight = UNSET
        elif isinstance(self.difference_weight, list):
            difference_weight = []
            for difference_weight_type_0_item_data in self.difference_weight:
                difference_weight_type_0_item: float | str
                if isinstance(difference_weight_type_0_item_data, str):
                    difference_weight_type_0_item = difference_weight_type_0_item_data
                else:
                    difference_weight_type_0_item = difference_weight_type_0_item_data
                difference_weight.append(difference_weight_type_0_item)

        else:
            difference_weight = self.difference_weight

        weight_squared: list[float | str] | None | Unset
        if isinstance(self.weight_squared, Unset):
            weight_squared = UNSET
        elif isinstance(self.weight_squared, list):
            weight_squared = []
            for weight_squared_type_0_item_data in self.weight_squared:
                weight_squared_type_0_item: float | str
                if isinstance(weight_squared_type_0_item_data, str):
                    weight_squared_type_0_item = weight_squared_type_0_item_data
                else:
                    weight_squared_type_0_item = weight_squared_type_0_item_data
                weight_squared.append(weight_squared_type_0_item)

        else:
            weight_squared = self.weight_squared

        better: int | None | Unset
        if isinstance(self.better, Unset):
            better = UNSET
        else:
            better = self.better

        same_top1: int | None | Unset
        if isinstance(self.same_top1, Unset):
            same_top1 = UNSET
        else:
            same_top1 = self.same_top1

        same_top5: int | None | Unset
        if isinstance(self.same_top5, Unset):
            same_top5 = UNSET
        else:
            same_top5 = self.same_top5

        kl: dict[str, Any] | None | Unset
        if isinstance(self.kl, Unset):
            kl = UNSET
        elif isinstance(self.kl, DivergenceSums):
            kl = self.kl.to_dict()
        else:
            kl = self.kl

        reverse_kl: dict[str, Any] | None | Unset
        if isinstance(self.reverse_kl, Unset):
            reverse_kl = UNSET
        elif isinstance(self.reverse_kl, DivergenceSums):
            reverse_kl = self.reverse_kl.to_dict()
        else:
            reverse_kl = self.reverse_kl

        jensen_shannon: dict[str, Any] | None | Unset
        if isinstance(self.jensen_shannon, Unset):
            jensen_shannon = UNSET
        elif isinstance(self.jensen_shannon, DivergenceSums):
            jensen_shannon = self.jensen_shannon.to_dict()
        else:
            jensen_shannon = self.jensen_shannon

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "samples": samples,
                "counted_samples": counted_samples,
                "elements": elements,
            }
        )
        if first is not UNSET:
            field_dict["first"] = first
        if other is not UNSET:
            field_dict["other"] = other
        if first_hits is not UNSET:
            field_dict["first_hits"] = first_hits
        if other_hits is not UNSET:
            field_dict["other_hits"] = other_hits
        if weight is not UNSET:
            field_dict["weight"] = weight
        if difference is not UNSET:
            field_dict["difference"] = difference
        if difference_squared is not UNSET:
            field_dict["difference_squared"] = difference_squared
        if difference_weight is not UNSET:
            field_dict["difference_weight"] = difference_weight
        if weight_squared is not UNSET:
            field_dict["weight_squared"] = weight_squared
        if better is not UNSET:
            field_dict["better"] = better
        if same_top1 is not UNSET:
            field_dict["same_top1"] = same_top1
        if same_top5 is not UNSET:
            field_dict["same_top5"] = same_top5
        if kl is not UNSET:
            field_dict["kl"] = kl
        if reverse_kl is not UNSET:
            field_dict["reverse_kl"] = reverse_kl
        if jensen_shannon is not UNSET:
            field_dict["jensen_shannon"] = jensen_shannon

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.divergence_sums import DivergenceSums  # noqa: PLC0415

        d = dict(src_dict)
        samples = d.pop("samples")

        counted_samples = d.pop("counted_samples")

        elements = d.pop("elements")

        def _parse_first(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                first_type_0 = []
                _first_type_0 = data
                for first_type_0_item_data in _first_type_0:

                    def _parse_first_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    first_type_0_item = _parse_first_type_0_item(first_type_0_item_data)

                    first_type_0.append(first_type_0_item)

                return first_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        first = _parse_first(d.pop("first", UNSET))

        def _parse_other(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                other_type_0 = []
                _other_type_0 = data
                for other_type_0_item_data in _other_type_0:

                    def _parse_other_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    other_type_0_item = _parse_other_type_0_item(other_type_0_item_data)

                    other_type_0.append(other_type_0_item)

                return other_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        other = _parse_other(d.pop("other", UNSET))

        def _parse_first_hits(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        first_hits = _parse_first_hits(d.pop("first_hits", UNSET))

        def _parse_other_hits(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        other_hits = _parse_other_hits(d.pop("other_hits", UNSET))

        def _parse_weight(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                weight_type_0 = []
                _weight_type_0 = data
                for weight_type_0_item_data in _weight_type_0:

                    def _parse_weight_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    weight_type_0_item = _parse_weight_type_0_item(weight_type_0_item_data)

                    weight_type_0.append(weight_type_0_item)

                return weight_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        weight = _parse_weight(d.pop("weight", UNSET))

        def _parse_difference(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                difference_type_0 = []
                _difference_type_0 = data
                for difference_type_0_item_data in _difference_type_0:

                    def _parse_difference_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    difference_type_0_item = _parse_difference_type_0_item(difference_type_0_item_data)

                    difference_type_0.append(difference_type_0_item)

                return difference_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        difference = _parse_difference(d.pop("difference", UNSET))

        def _parse_difference_squared(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                difference_squared_type_0 = []
                _difference_squared_type_0 = data
                for difference_squared_type_0_item_data in _difference_squared_type_0:

                    def _parse_difference_squared_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    difference_squared_type_0_item = _parse_difference_squared_type_0_item(
                        difference_squared_type_0_item_data
                    )

                    difference_squared_type_0.append(difference_squared_type_0_item)

                return difference_squared_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        difference_squared = _parse_difference_squared(d.pop("difference_squared", UNSET))

        def _parse_difference_weight(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                difference_weight_type_0 = []
                _difference_weight_type_0 = data
                for difference_weight_type_0_item_data in _difference_weight_type_0:

                    def _parse_difference_weight_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    difference_weight_type_0_item = _parse_difference_weight_type_0_item(
                        difference_weight_type_0_item_data
                    )

                    difference_weight_type_0.append(difference_weight_type_0_item)

                return difference_weight_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        difference_weight = _parse_difference_weight(d.pop("difference_weight", UNSET))

        def _parse_weight_squared(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                weight_squared_type_0 = []
                _weight_squared_type_0 = data
                for weight_squared_type_0_item_data in _weight_squared_type_0:

                    def _parse_weight_squared_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    weight_squared_type_0_item = _parse_weight_squared_type_0_item(weight_squared_type_0_item_data)

                    weight_squared_type_0.append(weight_squared_type_0_item)

                return weight_squared_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        weight_squared = _parse_weight_squared(d.pop("weight_squared", UNSET))

        def _parse_better(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        better = _parse_better(d.pop("better", UNSET))

        def _parse_same_top1(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        same_top1 = _parse_same_top1(d.pop("same_top1", UNSET))

        def _parse_same_top5(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        same_top5 = _parse_same_top5(d.pop("same_top5", UNSET))

        def _parse_kl(data: object) -> DivergenceSums | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                kl_type_0 = DivergenceSums.from_dict(data)

                return kl_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DivergenceSums | None | Unset, data)

        kl = _parse_kl(d.pop("kl", UNSET))

        def _parse_reverse_kl(data: object) -> DivergenceSums | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reverse_kl_type_0 = DivergenceSums.from_dict(data)

                return reverse_kl_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DivergenceSums | None | Unset, data)

        reverse_kl = _parse_reverse_kl(d.pop("reverse_kl", UNSET))

        def _parse_jensen_shannon(data: object) -> DivergenceSums | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                jensen_shannon_type_0 = DivergenceSums.from_dict(data)

                return jensen_shannon_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DivergenceSums | None | Unset, data)

        jensen_shannon = _parse_jensen_shannon(d.pop("jensen_shannon", UNSET))

        comparison_sums = cls(
            samples=samples,
            counted_samples=counted_samples,
            elements=elements,
            first=first,
            other=other,
            first_hits=first_hits,
            other_hits=other_hits,
            weight=weight,
            difference=difference,
            difference_squared=difference_squared,
            difference_weight=difference_weight,
            weight_squared=weight_squared,
            better=better,
            same_top1=same_top1,
            same_top5=same_top5,
            kl=kl,
            reverse_kl=reverse_kl,
            jensen_shannon=jensen_shannon,
        )

        comparison_sums.additional_properties = d
        return comparison_sums

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
