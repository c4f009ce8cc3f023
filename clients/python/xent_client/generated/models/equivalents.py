from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Equivalents")


@_attrs_define
class Equivalents:
    """Code to paste. Its last line is the loss, or assigns it to `loss`.

    `logits`, `labels`, and where the request gives arrays for them `weights`, `pos_weight` and `class_weights` are the
    framework's tensors, in the request's shapes and the logits' dtype. Suggested class weights are written out; more
    than 20 of them are `class_weights`, too.

        Attributes:
            tensorflow1 (str): after `import tensorflow as tf`
            tensorflow2 (str): after `import tensorflow as tf`
            keras (str): after `import keras`
            pytorch (str): after `import torch` and `import torch.nn.functional as F`
            optax (str): after `import jax`, `import jax.numpy as jnp` and `import optax`
    """

    tensorflow1: str
    tensorflow2: str
    keras: str
    pytorch: str
    optax: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        tensorflow1 = self.tensorflow1

        tensorflow2 = self.tensorflow2

        keras = self.keras

        pytorch = self.pytorch

        optax = self.optax

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "tensorflow1": tensorflow1,
                "tensorflow2": tensorflow2,
                "keras": keras,
                "pytorch": pytorch,
                "optax": optax,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tensorflow1 = d.pop("tensorflow1")

        tensorflow2 = d.pop("tensorflow2")

        keras = d.pop("keras")

        pytorch = d.pop("pytorch")

        optax = d.pop("optax")

        equivalents = cls(
            tensorflow1=tensorflow1,
            tensorflow2=tensorflow2,
            keras=keras,
            pytorch=pytorch,
            optax=optax,
        )

        equivalents.additional_properties = d
        return equivalents

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
