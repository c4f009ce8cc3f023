from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.array_type_1 import ArrayType1, check_array_type_1

if TYPE_CHECKING:
    from ..models.tensor_object import TensorObject


T = TypeVar("T", bound="SampledValues")


@_attrs_define
class SampledValues:
    """What a sampler gives: `tf.random.log_uniform_candidate_sampler` and its kin give the same three.

    Attributes:
        candidates (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of
            one length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN,
            booleans and other strings in a list are refused.
        true_expected_count (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all
            rows of one length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity";
            NaN, booleans and other strings in a list are refused.
        sampled_expected_count (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers,
            all rows of one length; or a tensor object. What is not finite is written as the string "Infinity" or
            "-Infinity"; NaN, booleans and other strings in a list are refused.
    """

    candidates: ArrayType1 | float | list[Any] | TensorObject
    true_expected_count: ArrayType1 | float | list[Any] | TensorObject
    sampled_expected_count: ArrayType1 | float | list[Any] | TensorObject

    def to_dict(self) -> dict[str, Any]:
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        candidates: dict[str, Any] | float | list[Any] | str
        if isinstance(self.candidates, str):
            candidates = self.candidates
        elif isinstance(self.candidates, list):
            candidates = self.candidates

        elif isinstance(self.candidates, TensorObject):
            candidates = self.candidates.to_dict()
        else:
            candidates = self.candidates

        true_expected_count: dict[str, Any] | float | list[Any] | str
        if isinstance(self.true_expected_count, str):
            true_expected_count = self.true_expected_count
        elif isinstance(self.true_expected_count, list):
            true_expected_count = self.true_expected_count

        elif isinstance(self.true_expected_count, TensorObject):
            true_expected_count = self.true_expected_count.to_dict()
        else:
            true_expected_count = self.true_expected_count

        sampled_expected_count: dict[str, Any] | float | list[Any] | str
        if isinstance(self.sampled_expected_count, str):
            sampled_expected_count = self.sampled_expected_count
        elif isinstance(self.sampled_expected_count, list):
            sampled_expected_count = self.sampled_expected_count

        elif isinstance(self.sampled_expected_count, TensorObject):
            sampled_expected_count = self.sampled_expected_count.to_dict()
        else:
            sampled_expected_count = self.sampled_expected_count

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "candidates": candidates,
                "true_expected_count": true_expected_count,
                "sampled_expected_count": sampled_expected_count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_candidates(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        candidates = _parse_candidates(d.pop("candidates"))

        def _parse_true_expected_count(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        true_expected_count = _parse_true_expected_count(d.pop("true_expected_count"))

        def _parse_sampled_expected_count(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        sampled_expected_count = _parse_sampled_expected_count(d.pop("sampled_expected_count"))

        sampled_values = cls(
            candidates=candidates,
            true_expected_count=true_expected_count,
            sampled_expected_count=sampled_expected_count,
        )

        return sampled_values
