from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.array_type_1 import ArrayType1, check_array_type_1

if TYPE_CHECKING:
    from ..models.loss_warning import LossWarning
    from ..models.reduced import Reduced
    from ..models.sampled_values import SampledValues
    from ..models.tensor_object import TensorObject


T = TypeVar("T", bound="SampledSoftmaxResponse")


@_attrs_define
class SampledSoftmaxResponse:
    """The losses of one batch against a sample of the classes. Losses are in nats.

    Attributes:
        per_sample (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of
            one length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN,
            booleans and other strings in a list are refused.
        reduced (None | Reduced): null for reduction `none`
        sampled_values (SampledValues): What a sampler gives: `tf.random.log_uniform_candidate_sampler` and its kin give
            the same three.
        seed (int | None): with which it was drawn; null where it was given
        warnings (list[LossWarning]): always `train_only`
        checked (list[str]): the codes of all checks that ran: silence about one that didn't says nothing
    """

    per_sample: ArrayType1 | float | list[Any] | TensorObject
    reduced: None | Reduced
    sampled_values: SampledValues
    seed: int | None
    warnings: list[LossWarning]
    checked: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reduced import Reduced  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        per_sample: dict[str, Any] | float | list[Any] | str
        if isinstance(self.per_sample, str):
            per_sample = self.per_sample
        elif isinstance(self.per_sample, list):
            per_sample = self.per_sample

        elif isinstance(self.per_sample, TensorObject):
            per_sample = self.per_sample.to_dict()
        else:
            per_sample = self.per_sample

        reduced: dict[str, Any] | None
        if isinstance(self.reduced, Reduced):
            reduced = self.reduced.to_dict()
        else:
            reduced = self.reduced

        sampled_values = self.sampled_values.to_dict()

        seed: int | None
        seed = self.seed

        warnings = []
        for warnings_item_data in self.warnings:
            warnings_item = warnings_item_data.to_dict()
            warnings.append(warnings_item)

        checked = self.checked

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "per_sample": per_sample,
                "reduced": reduced,
                "sampled_values": sampled_values,
                "seed": seed,
                "warnings": warnings,
                "checked": checked,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loss_warning import LossWarning  # noqa: PLC0415
        from ..models.reduced import Reduced  # noqa: PLC0415
        from ..models.sampled_values import SampledValues  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_per_sample(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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
            return cast(ArrayType1 | float | list[Any] | TensorObject, data)

        per_sample = _parse_per_sample(d.pop("per_sample"))

        def _parse_reduced(data: object) -> None | Reduced:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reduced_type_0 = Reduced.from_dict(data)

                return reduced_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Reduced, data)

        reduced = _parse_reduced(d.pop("reduced"))

        sampled_values = SampledValues.from_dict(d.pop("sampled_values"))

        def _parse_seed(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        seed = _parse_seed(d.pop("seed"))

        warnings = []
        _warnings = d.pop("warnings")
        for warnings_item_data in _warnings:
            warnings_item = LossWarning.from_dict(warnings_item_data)

            warnings.append(warnings_item)

        checked = cast(list[str], d.pop("checked"))

        sampled_softmax_response = cls(
            per_sample=per_sample,
            reduced=reduced,
            sampled_values=sampled_values,
            seed=seed,
            warnings=warnings,
            checked=checked,
        )

        sampled_softmax_response.additional_properties = d
        return sampled_softmax_response

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
