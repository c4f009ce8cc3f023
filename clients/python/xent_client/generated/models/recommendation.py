from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.recommendation_label_kind import (
    RecommendationLabelKind,
    check_recommendation_label_kind,
)
from ..models.recommendation_loss_type import (
    RecommendationLossType,
    check_recommendation_loss_type,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.alternative import Alternative
    from ..models.equivalents import Equivalents
    from ..models.reason import Reason
    from ..models.suggested import Suggested


T = TypeVar("T", bound="Recommendation")


@_attrs_define
class Recommendation:
    """The loss that the labels call for, whatever was computed.

    Attributes:
        loss_type (RecommendationLossType): what is recommended
        label_kind (RecommendationLabelKind): what the labels look like
        suggested (None | Suggested): parameters against imbalance, where there is one
        reasons (list[Reason] | None | Unset): why; absent with `advice` `brief`
        alternatives (list[Alternative] | None | Unset): what else the labels could mean, and when; absent with `advice`
            `brief`
        equivalents (Equivalents | None | Unset): the recommended call in each framework, with this request's parameters
            and what is suggested filled in; null where it is the call of the response's own `equivalents`, absent with
            `advice` `brief`
    """

    loss_type: RecommendationLossType
    label_kind: RecommendationLabelKind
    suggested: None | Suggested
    reasons: list[Reason] | None | Unset = UNSET
    alternatives: list[Alternative] | None | Unset = UNSET
    equivalents: Equivalents | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.suggested import Suggested  # noqa: PLC0415

        loss_type: str = self.loss_type

        label_kind: str = self.label_kind

        suggested: dict[str, Any] | None
        if isinstance(self.suggested, Suggested):
            suggested = self.suggested.to_dict()
        else:
            suggested = self.suggested

        reasons: list[dict[str, Any]] | None | Unset
        if isinstance(self.reasons, Unset):
            reasons = UNSET
        elif isinstance(self.reasons, list):
            reasons = []
            for reasons_type_0_item_data in self.reasons:
                reasons_type_0_item = reasons_type_0_item_data.to_dict()
                reasons.append(reasons_type_0_item)

        else:
            reasons = self.reasons

        alternatives: list[dict[str, Any]] | None | Unset
        if isinstance(self.alternatives, Unset):
            alternatives = UNSET
        elif isinstance(self.alternatives, list):
            alternatives = []
            for alternatives_type_0_item_data in self.alternatives:
                alternatives_type_0_item = alternatives_type_0_item_data.to_dict()
                alternatives.append(alternatives_type_0_item)

        else:
            alternatives = self.alternatives

        equivalents: dict[str, Any] | None | Unset
        if isinstance(self.equivalents, Unset):
            equivalents = UNSET
        elif isinstance(self.equivalents, Equivalents):
            equivalents = self.equivalents.to_dict()
        else:
            equivalents = self.equivalents

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loss_type": loss_type,
                "label_kind": label_kind,
                "suggested": suggested,
            }
        )
        if reasons is not UNSET:
            field_dict["reasons"] = reasons
        if alternatives is not UNSET:
            field_dict["alternatives"] = alternatives
        if equivalents is not UNSET:
            field_dict["equivalents"] = equivalents

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.alternative import Alternative  # noqa: PLC0415
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415
        from ..models.suggested import Suggested  # noqa: PLC0415

        d = dict(src_dict)
        loss_type = check_recommendation_loss_type(d.pop("loss_type"))

        label_kind = check_recommendation_label_kind(d.pop("label_kind"))

        def _parse_suggested(data: object) -> None | Suggested:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                suggested_type_0 = Suggested.from_dict(data)

                return suggested_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Suggested, data)

        suggested = _parse_suggested(d.pop("suggested"))

        def _parse_reasons(data: object) -> list[Reason] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reasons_type_0 = []
                _reasons_type_0 = data
                for reasons_type_0_item_data in _reasons_type_0:
                    reasons_type_0_item = Reason.from_dict(reasons_type_0_item_data)

                    reasons_type_0.append(reasons_type_0_item)

                return reasons_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Reason] | None | Unset, data)

        reasons = _parse_reasons(d.pop("reasons", UNSET))

        def _parse_alternatives(data: object) -> list[Alternative] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                alternatives_type_0 = []
                _alternatives_type_0 = data
                for alternatives_type_0_item_data in _alternatives_type_0:
                    alternatives_type_0_item = Alternative.from_dict(alternatives_type_0_item_data)

                    alternatives_type_0.append(alternatives_type_0_item)

                return alternatives_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Alternative] | None | Unset, data)

        alternatives = _parse_alternatives(d.pop("alternatives", UNSET))

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

        recommendation = cls(
            loss_type=loss_type,
            label_kind=label_kind,
            suggested=suggested,
            reasons=reasons,
            alternatives=alternatives,
            equivalents=equivalents,
        )

        recommendation.additional_properties = d
        return recommendation

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
