from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.array_type_1 import ArrayType1, check_array_type_1
from ..models.loss_response_loss_type import (
    LossResponseLossType,
    check_loss_response_loss_type,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.equivalents import Equivalents
    from ..models.loss_warning import LossWarning
    from ..models.recommendation import Recommendation
    from ..models.reduced import Reduced
    from ..models.tensor_object import TensorObject


T = TypeVar("T", bound="LossResponse")


@_attrs_define
class LossResponse:
    """The losses of one batch, the loss it should have been, and what looks wrong in it. Losses are in nats.

    Attributes:
        loss_type (LossResponseLossType): what was computed
        per_sample (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of
            one length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN,
            booleans and other strings in a list are refused.
        reduced (None | Reduced): null for reduction `none`
        equivalents (Equivalents): Code to paste. Its last line is the loss, or assigns it to `loss`.

            `logits`, `labels`, and where the request gives arrays for them `weights`, `pos_weight` and `class_weights` are
            the
            framework's tensors, in the request's shapes and the logits' dtype. Suggested class weights are written out;
            more
            than 20 of them are `class_weights`, too.
        recommendation (Recommendation): The loss that the labels call for, whatever was computed.
        warnings (list[LossWarning]): likely mistakes; empty where none was found
        checked (list[str]): the codes of all checks that ran: silence about one that didn't says nothing
        elements (ArrayType1 | float | list[Any] | None | TensorObject | Unset): weighted losses before any averaging,
            if asked for
        gradient (ArrayType1 | float | list[Any] | None | TensorObject | Unset): in the logits' shape, if asked for
        probabilities (ArrayType1 | float | list[Any] | None | TensorObject | Unset): in the logits' shape, if asked for
    """

    loss_type: LossResponseLossType
    per_sample: ArrayType1 | float | list[Any] | TensorObject
    reduced: None | Reduced
    equivalents: Equivalents
    recommendation: Recommendation
    warnings: list[LossWarning]
    checked: list[str]
    elements: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    gradient: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    probabilities: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reduced import Reduced  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        loss_type: str = self.loss_type

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

        equivalents = self.equivalents.to_dict()

        recommendation = self.recommendation.to_dict()

        warnings = []
        for warnings_item_data in self.warnings:
            warnings_item = warnings_item_data.to_dict()
            warnings.append(warnings_item)

        checked = self.checked

        elements: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.elements, Unset):
            elements = UNSET
        elif isinstance(self.elements, str):
            elements = self.elements
        elif isinstance(self.elements, list):
            elements = self.elements

        elif isinstance(self.elements, TensorObject):
            elements = self.elements.to_dict()
        else:
            elements = self.elements

        gradient: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.gradient, Unset):
            gradient = UNSET
        elif isinstance(self.gradient, str):
            gradient = self.gradient
        elif isinstance(self.gradient, list):
            gradient = self.gradient

        elif isinstance(self.gradient, TensorObject):
            gradient = self.gradient.to_dict()
        else:
            gradient = self.gradient

        probabilities: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.probabilities, Unset):
            probabilities = UNSET
        elif isinstance(self.probabilities, str):
            probabilities = self.probabilities
        elif isinstance(self.probabilities, list):
            probabilities = self.probabilities

        elif isinstance(self.probabilities, TensorObject):
            probabilities = self.probabilities.to_dict()
        else:
            probabilities = self.probabilities

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loss_type": loss_type,
                "per_sample": per_sample,
                "reduced": reduced,
                "equivalents": equivalents,
                "recommendation": recommendation,
                "warnings": warnings,
                "checked": checked,
            }
        )
        if elements is not UNSET:
            field_dict["elements"] = elements
        if gradient is not UNSET:
            field_dict["gradient"] = gradient
        if probabilities is not UNSET:
            field_dict["probabilities"] = probabilities

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.loss_warning import LossWarning  # noqa: PLC0415
        from ..models.recommendation import Recommendation  # noqa: PLC0415
        from ..models.reduced import Reduced  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        d = dict(src_dict)
        loss_type = check_loss_response_loss_type(d.pop("loss_type"))

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

        equivalents = Equivalents.from_dict(d.pop("equivalents"))

        recommendation = Recommendation.from_dict(d.pop("recommendation"))

        warnings = []
        _warnings = d.pop("warnings")
        for warnings_item_data in _warnings:
            warnings_item = LossWarning.from_dict(warnings_item_data)

            warnings.append(warnings_item)

        checked = cast(list[str], d.pop("checked"))

        def _parse_elements(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        elements = _parse_elements(d.pop("elements", UNSET))

        def _parse_gradient(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        gradient = _parse_gradient(d.pop("gradient", UNSET))

        def _parse_probabilities(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        probabilities = _parse_probabilities(d.pop("probabilities", UNSET))

        loss_response = cls(
            loss_type=loss_type,
            per_sample=per_sample,
            reduced=reduced,
            equivalents=equivalents,
            recommendation=recommendation,
            warnings=warnings,
            checked=checked,
            elements=elements,
            gradient=gradient,
            probabilities=probabilities,
        )

        loss_response.additional_properties = d
        return loss_response

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
