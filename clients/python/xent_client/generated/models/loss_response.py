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
    from ..models.calibration import Calibration
    from ..models.equivalents import Equivalents
    from ..models.loss_warning import LossWarning
    from ..models.recommendation import Recommendation
    from ..models.reduced import Reduced
    from ..models.summary import Summary
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
        equivalents (Equivalents | None | Unset): the call that gives this very value in each framework; only with
            `advice` `full`
        recommendation (None | Recommendation | Unset): the loss that the labels call for; absent with `advice` `none`
        warnings (list[LossWarning] | None | Unset): likely mistakes; empty where none was found, absent with `advice`
            `none`
        checked (list[str] | None | Unset): codes of the checks that ran: without a warning of another check, nothing is
            known
        elements (ArrayType1 | float | list[Any] | None | TensorObject | Unset): weighted losses before any averaging,
            if asked for
        gradient (ArrayType1 | float | list[Any] | None | TensorObject | Unset): in the logits' shape, if asked for
        probabilities (ArrayType1 | float | list[Any] | None | TensorObject | Unset): in the logits' shape, if asked for
        predictions (ArrayType1 | float | list[Any] | None | TensorObject | Unset): predicted classes, if asked for
        label_rank (ArrayType1 | float | list[Any] | None | TensorObject | Unset): ranks of the labels, if asked for
        margin (ArrayType1 | float | list[Any] | None | TensorObject | Unset): margins of the labels, if asked for
        entropy (ArrayType1 | float | list[Any] | None | TensorObject | Unset): of the predictions, in nats, if asked
            for
        logsumexp (ArrayType1 | float | list[Any] | None | TensorObject | Unset): log Σ exp(x_c), if asked for
        summary (None | Summary | Unset): figures of the whole, if asked for
        calibration (Calibration | None | Unset): of the whole, if asked for
    """

    loss_type: LossResponseLossType
    per_sample: ArrayType1 | float | list[Any] | TensorObject
    reduced: None | Reduced
    equivalents: Equivalents | None | Unset = UNSET
    recommendation: None | Recommendation | Unset = UNSET
    warnings: list[LossWarning] | None | Unset = UNSET
    checked: list[str] | None | Unset = UNSET
    elements: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    gradient: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    probabilities: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    predictions: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    label_rank: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    margin: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    entropy: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    logsumexp: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    summary: None | Summary | Unset = UNSET
    calibration: Calibration | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.calibration import Calibration  # noqa: PLC0415
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.recommendation import Recommendation  # noqa: PLC0415
        from ..models.reduced import Reduced  # noqa: PLC0415
        from ..models.summary import Summary  # noqa: PLC0415
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

        equivalents: dict[str, Any] | None | Unset
        if isinstance(self.equivalents, Unset):
            equivalents = UNSET
        elif isinstance(self.equivalents, Equivalents):
            equivalents = self.equivalents.to_dict()
        else:
            equivalents = self.equivalents

        recommendation: dict[str, Any] | None | Unset
        if isinstance(self.recommendation, Unset):
            recommendation = UNSET
        elif isinstance(self.recommendation, Recommendation):
            recommendation = self.recommendation.to_dict()
        else:
            recommendation = self.recommendation

        warnings: list[dict[str, Any]] | None | Unset
        if isinstance(self.warnings, Unset):
            warnings = UNSET
        elif isinstance(self.warnings, list):
            warnings = []
            for warnings_type_0_item_data in self.warnings:
                warnings_type_0_item = warnings_type_0_item_data.to_dict()
                warnings.append(warnings_type_0_item)

        else:
            warnings = self.warnings

        checked: list[str] | None | Unset
        if isinstance(self.checked, Unset):
            checked = UNSET
        elif isinstance(self.checked, list):
            checked = self.checked

        else:
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

        predictions: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.predictions, Unset):
            predictions = UNSET
        elif isinstance(self.predictions, str):
            predictions = self.predictions
        elif isinstance(self.predictions, list):
            predictions = self.predictions

        elif isinstance(self.predictions, TensorObject):
            predictions = self.predictions.to_dict()
        else:
            predictions = self.predictions

        label_rank: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.label_rank, Unset):
            label_rank = UNSET
        elif isinstance(self.label_rank, str):
            label_rank = self.label_rank
        elif isinstance(self.label_rank, list):
            label_rank = self.label_rank

        elif isinstance(self.label_rank, TensorObject):
            label_rank = self.label_rank.to_dict()
        else:
            label_rank = self.label_rank

        margin: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.margin, Unset):
            margin = UNSET
        elif isinstance(self.margin, str):
            margin = self.margin
        elif isinstance(self.margin, list):
            margin = self.margin

        elif isinstance(self.margin, TensorObject):
            margin = self.margin.to_dict()
        else:
            margin = self.margin

        entropy: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.entropy, Unset):
            entropy = UNSET
        elif isinstance(self.entropy, str):
            entropy = self.entropy
        elif isinstance(self.entropy, list):
            entropy = self.entropy

        elif isinstance(self.entropy, TensorObject):
            entropy = self.entropy.to_dict()
        else:
            entropy = self.entropy

        logsumexp: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.logsumexp, Unset):
            logsumexp = UNSET
        elif isinstance(self.logsumexp, str):
            logsumexp = self.logsumexp
        elif isinstance(self.logsumexp, list):
            logsumexp = self.logsumexp

        elif isinstance(self.logsumexp, TensorObject):
            logsumexp = self.logsumexp.to_dict()
        else:
            logsumexp = self.logsumexp

        summary: dict[str, Any] | None | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        elif isinstance(self.summary, Summary):
            summary = self.summary.to_dict()
        else:
            summary = self.summary

        calibration: dict[str, Any] | None | Unset
        if isinstance(self.calibration, Unset):
            calibration = UNSET
        elif isinstance(self.calibration, Calibration):
            calibration = self.calibration.to_dict()
        else:
            calibration = self.calibration

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loss_type": loss_type,
                "per_sample": per_sample,
                "reduced": reduced,
            }
        )
        if equivalents is not UNSET:
            field_dict["equivalents"] = equivalents
        if recommendation is not UNSET:
            field_dict["recommendation"] = recommendation
        if warnings is not UNSET:
            field_dict["warnings"] = warnings
        if checked is not UNSET:
            field_dict["checked"] = checked
        if elements is not UNSET:
            field_dict["elements"] = elements
        if gradient is not UNSET:
            field_dict["gradient"] = gradient
        if probabilities is not UNSET:
            field_dict["probabilities"] = probabilities
        if predictions is not UNSET:
            field_dict["predictions"] = predictions
        if label_rank is not UNSET:
            field_dict["label_rank"] = label_rank
        if margin is not UNSET:
            field_dict["margin"] = margin
        if entropy is not UNSET:
            field_dict["entropy"] = entropy
        if logsumexp is not UNSET:
            field_dict["logsumexp"] = logsumexp
        if summary is not UNSET:
            field_dict["summary"] = summary
        if calibration is not UNSET:
            field_dict["calibration"] = calibration

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calibration import Calibration  # noqa: PLC0415
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.loss_warning import LossWarning  # noqa: PLC0415
        from ..models.recommendation import Recommendation  # noqa: PLC0415
        from ..models.reduced import Reduced  # noqa: PLC0415
        from ..models.summary import Summary  # noqa: PLC0415
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

        def _parse_equivalents(data: object) -> Equivalents | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                equivalents_type_0 = Equivalents.from_dict(data)

                return equivalents_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Equivalents | None | Unset, data)

        equivalents = _parse_equivalents(d.pop("equivalents", UNSET))

        def _parse_recommendation(data: object) -> None | Recommendation | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                recommendation_type_0 = Recommendation.from_dict(data)

                return recommendation_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Recommendation | Unset, data)

        recommendation = _parse_recommendation(d.pop("recommendation", UNSET))

        def _parse_warnings(data: object) -> list[LossWarning] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                warnings_type_0 = []
                _warnings_type_0 = data
                for warnings_type_0_item_data in _warnings_type_0:
                    warnings_type_0_item = LossWarning.from_dict(warnings_type_0_item_data)

                    warnings_type_0.append(warnings_type_0_item)

                return warnings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[LossWarning] | None | Unset, data)

        warnings = _parse_warnings(d.pop("warnings", UNSET))

        def _parse_checked(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                checked_type_0 = cast(list[str], data)

                return checked_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        checked = _parse_checked(d.pop("checked", UNSET))

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

        def _parse_predictions(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        predictions = _parse_predictions(d.pop("predictions", UNSET))

        def _parse_label_rank(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        label_rank = _parse_label_rank(d.pop("label_rank", UNSET))

        def _parse_margin(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        margin = _parse_margin(d.pop("margin", UNSET))

        def _parse_entropy(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        entropy = _parse_entropy(d.pop("entropy", UNSET))

        def _parse_logsumexp(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        logsumexp = _parse_logsumexp(d.pop("logsumexp", UNSET))

        def _parse_summary(data: object) -> None | Summary | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                summary_type_0 = Summary.from_dict(data)

                return summary_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Summary | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        def _parse_calibration(data: object) -> Calibration | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                calibration_type_0 = Calibration.from_dict(data)

                return calibration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Calibration | None | Unset, data)

        calibration = _parse_calibration(d.pop("calibration", UNSET))

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
            predictions=predictions,
            label_rank=label_rank,
            margin=margin,
            entropy=entropy,
            logsumexp=logsumexp,
            summary=summary,
            calibration=calibration,
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
