from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.array_type_1 import ArrayType1, check_array_type_1
from ..models.compare_response_loss_type_type_0 import (
    CompareResponseLossTypeType0,
    check_compare_response_loss_type_type_0,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.compared import Compared
    from ..models.comparison_sums import ComparisonSums
    from ..models.difference import Difference
    from ..models.different import Different
    from ..models.divergence import Divergence
    from ..models.tensor_object import TensorObject


T = TypeVar("T", bound="CompareResponse")


@_attrs_define
class CompareResponse:
    """What differs between two models. What needs labels, a softmax, or samples that count, is absent without.

    Attributes:
        sums (ComparisonSums): What merges over requests: add up numbers, and exact sums as follows. Exact sums are
            lists: the sum rounded to float64, what that leaves rounded in turn, and so on. To merge them, join the lists
            and add up (`math.fsum`).
        loss_type (CompareResponseLossTypeType0 | None | Unset): what was computed; absent without labels
        first (Compared | None | Unset): the model of `logits`
        other (Compared | None | Unset): the model of `other_logits`
        difference (Difference | None | Unset): of the losses
        divergence (Divergence | None | Unset): of the predicted distributions of a softmax
        same_top1 (float | None | Unset): softmax: the share of samples with one prediction
        same_top5 (float | None | Unset): softmax: the share of samples with the same five largest logits, as a set
        most_different (list[Different] | None | Unset): the samples whose losses differ most, the largest difference
            first
        per_sample (ArrayType1 | float | list[Any] | None | TensorObject | Unset): differences of the losses, if asked
            for
    """

    sums: ComparisonSums
    loss_type: CompareResponseLossTypeType0 | None | Unset = UNSET
    first: Compared | None | Unset = UNSET
    other: Compared | None | Unset = UNSET
    difference: Difference | None | Unset = UNSET
    divergence: Divergence | None | Unset = UNSET
    same_top1: float | None | Unset = UNSET
    same_top5: float | None | Unset = UNSET
    most_different: list[Different] | None | Unset = UNSET
    per_sample: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.compared import Compared  # noqa: PLC0415
        from ..models.difference import Difference  # noqa: PLC0415
        from ..models.divergence import Divergence  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        sums = self.sums.to_dict()

        loss_type: None | str | Unset
        if isinstance(self.loss_type, Unset):
            loss_type = UNSET
        elif isinstance(self.loss_type, str):
            loss_type = self.loss_type
        else:
            loss_type = self.loss_type

        first: dict[str, Any] | None | Unset
        if isinstance(self.first, Unset):
            first = UNSET
        elif isinstance(self.first, Compared):
            first = self.first.to_dict()
        else:
            first = self.first

        other: dict[str, Any] | None | Unset
        if isinstance(self.other, Unset):
            other = UNSET
        elif isinstance(self.other, Compared):
            other = self.other.to_dict()
        else:
            other = self.other

        difference: dict[str, Any] | None | Unset
        if isinstance(self.difference, Unset):
            difference = UNSET
        elif isinstance(self.difference, Difference):
            difference = self.difference.to_dict()
        else:
            difference = self.difference

        divergence: dict[str, Any] | None | Unset
        if isinstance(self.divergence, Unset):
            divergence = UNSET
        elif isinstance(self.divergence, Divergence):
            divergence = self.divergence.to_dict()
        else:
            divergence = self.divergence

        same_top1: float | None | Unset
        if isinstance(self.same_top1, Unset):
            same_top1 = UNSET
        else:
            same_top1 = self.same_top1

        same_top5: float | None | Unset
        if isinstance(self.same_top5, Unset):
            same_top5 = UNSET
        else:
            same_top5 = self.same_top5

        most_different: list[dict[str, Any]] | None | Unset
        if isinstance(self.most_different, Unset):
            most_different = UNSET
        elif isinstance(self.most_different, list):
            most_different = []
            for most_different_type_0_item_data in self.most_different:
                most_different_type_0_item = most_different_type_0_item_data.to_dict()
                most_different.append(most_different_type_0_item)

        else:
            most_different = self.most_different

        per_sample: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.per_sample, Unset):
            per_sample = UNSET
        elif isinstance(self.per_sample, str):
            per_sample = self.per_sample
        elif isinstance(self.per_sample, list):
            per_sample = self.per_sample

        elif isinstance(self.per_sample, TensorObject):
            per_sample = self.per_sample.to_dict()
        else:
            per_sample = self.per_sample

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sums": sums,
            }
        )
        if loss_type is not UNSET:
            field_dict["loss_type"] = loss_type
        if first is not UNSET:
            field_dict["first"] = first
        if other is not UNSET:
            field_dict["other"] = other
        if difference is not UNSET:
            field_dict["difference"] = difference
        if divergence is not UNSET:
            field_dict["divergence"] = divergence
        if same_top1 is not UNSET:
            field_dict["same_top1"] = same_top1
        if same_top5 is not UNSET:
            field_dict["same_top5"] = same_top5
        if most_different is not UNSET:
            field_dict["most_different"] = most_different
        if per_sample is not UNSET:
            field_dict["per_sample"] = per_sample

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.compared import Compared  # noqa: PLC0415
        from ..models.comparison_sums import ComparisonSums  # noqa: PLC0415
        from ..models.difference import Difference  # noqa: PLC0415
        from ..models.different import Different  # noqa: PLC0415
        from ..models.divergence import Divergence  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        d = dict(src_dict)
        sums = ComparisonSums.from_dict(d.pop("sums"))

        def _parse_loss_type(data: object) -> CompareResponseLossTypeType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                loss_type_type_0 = check_compare_response_loss_type_type_0(data)

                return loss_type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CompareResponseLossTypeType0 | None | Unset, data)

        loss_type = _parse_loss_type(d.pop("loss_type", UNSET))

        def _parse_first(data: object) -> Compared | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                first_type_0 = Compared.from_dict(data)

                return first_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Compared | None | Unset, data)

        first = _parse_first(d.pop("first", UNSET))

        def _parse_other(data: object) -> Compared | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                other_type_0 = Compared.from_dict(data)

                return other_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Compared | None | Unset, data)

        other = _parse_other(d.pop("other", UNSET))

        def _parse_difference(data: object) -> Difference | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                difference_type_0 = Difference.from_dict(data)

                return difference_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Difference | None | Unset, data)

        difference = _parse_difference(d.pop("difference", UNSET))

        def _parse_divergence(data: object) -> Divergence | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                divergence_type_0 = Divergence.from_dict(data)

                return divergence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Divergence | None | Unset, data)

        divergence = _parse_divergence(d.pop("divergence", UNSET))

        def _parse_same_top1(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        same_top1 = _parse_same_top1(d.pop("same_top1", UNSET))

        def _parse_same_top5(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        same_top5 = _parse_same_top5(d.pop("same_top5", UNSET))

        def _parse_most_different(data: object) -> list[Different] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                most_different_type_0 = []
                _most_different_type_0 = data
                for most_different_type_0_item_data in _most_different_type_0:
                    most_different_type_0_item = Different.from_dict(most_different_type_0_item_data)

                    most_different_type_0.append(most_different_type_0_item)

                return most_different_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Different] | None | Unset, data)

        most_different = _parse_most_different(d.pop("most_different", UNSET))

        def _parse_per_sample(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_array_type_1 = check_array_type_1(data)

                return componentsschemas_array_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, list):
                    raise TypeError()
                componentsschemas_array_type_2 = cast(list[Any], data)

                return componentsschemas_array_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_array_type_3 = TensorObject.from_dict(data)

                return componentsschemas_array_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ArrayType1 | float | list[Any] | None | TensorObject | Unset, data)

        per_sample = _parse_per_sample(d.pop("per_sample", UNSET))

        compare_response = cls(
            sums=sums,
            loss_type=loss_type,
            first=first,
            other=other,
            difference=difference,
            divergence=divergence,
            same_top1=same_top1,
            same_top5=same_top5,
            most_different=most_different,
            per_sample=per_sample,
        )

        compare_response.additional_properties = d
        return compare_response

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
