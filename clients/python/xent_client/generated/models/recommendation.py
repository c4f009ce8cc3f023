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
        reasons (list[Reason]): why
        alternatives (list[Alternative]): what else the labels could mean, and when
        equivalents (Equivalents | None): the recommended call in each framework, with this request's parameters and
            what is suggested filled in; null where it is the call of the response's own `equivalents`
        suggested (None | Suggested): parameters against imbalance, where there is one
    """

    loss_type: RecommendationLossType
    label_kind: RecommendationLabelKind
    reasons: list[Reason]
    alternatives: list[Alternative]
    equivalents: Equivalents | None
    suggested: None | Suggested
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.suggested import Suggested  # noqa: PLC0415

        loss_type: str = self.loss_type

        label_kind: str = self.label_kind

        reasons = []
        for reasons_item_data in self.reasons:
            reasons_item = reasons_item_data.to_dict()
            reasons.append(reasons_item)

        alternatives = []
        for alternatives_item_data in self.alternatives:
            alternatives_item = alternatives_item_data.to_dict()
            alternatives.append(alternatives_item)

        equivalents: dict[str, Any] | None
        if isinstance(self.equivalents, Equivalents):
            equivalents = self.equivalents.to_dict()
        else:
            equivalents = self.equivalents

        suggested: dict[str, Any] | None
        if isinstance(self.suggested, Suggested):
            suggested = self.suggested.to_dict()
        else:
            suggested = self.suggested

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loss_type": loss_type,
                "label_kind": label_kind,
                "reasons": reasons,
                "alternatives": alternatives,
                "equivalents": equivalents,
                "suggested": suggested,
            }
        )

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

        reasons = []
        _reasons = d.pop("reasons")
        for reasons_item_data in _reasons:
            reasons_item = Reason.from_dict(reasons_item_data)

            reasons.append(reasons_item)

        alternatives = []
        _alternatives = d.pop("alternatives")
        for alternatives_item_data in _alternatives:
            alternatives_item = Alternative.from_dict(alternatives_item_data)

            alternatives.append(alternatives_item)

        def _parse_equivalents(data: object) -> Equivalents | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                equivalents_type_0 = Equivalents.from_dict(data)

                return equivalents_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Equivalents | None, data)

        equivalents = _parse_equivalents(d.pop("equivalents"))

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

        recommendation = cls(
            loss_type=loss_type,
            label_kind=label_kind,
            reasons=reasons,
            alternatives=alternatives,
            equivalents=equivalents,
            suggested=suggested,
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
