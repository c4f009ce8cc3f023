from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.tensor_object_dtype import TensorObjectDtype, check_tensor_object_dtype

T = TypeVar("T", bound="TensorObject")


@_attrs_define
class TensorObject:
    """An array as base64 of its bytes: several times smaller and faster than a list. As logits, float16, bfloat16 and
    float32 are computed and returned in float32, everything else in float64.

        Attributes:
            dtype (TensorObjectDtype): What its numbers are.
            shape (list[int]): Its lengths; [] for a single number.
            data (str): Its bytes, little-endian and in C order (the last index runs fastest), in base64 of the standard
                alphabet with padding. A bool is one byte, 0 or 1.
    """

    dtype: TensorObjectDtype
    shape: list[int]
    data: str

    def to_dict(self) -> dict[str, Any]:
        dtype: str = self.dtype

        shape = self.shape

        data = self.data

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "dtype": dtype,
                "shape": shape,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        dtype = check_tensor_object_dtype(d.pop("dtype"))

        shape = cast(list[int], d.pop("shape"))

        data = d.pop("data")

        tensor_object = cls(
            dtype=dtype,
            shape=shape,
            data=data,
        )

        return tensor_object
