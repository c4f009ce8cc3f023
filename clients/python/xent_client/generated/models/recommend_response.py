from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.loss_warning import LossWarning
    from ..models.recommendation import Recommendation


T = TypeVar("T", bound="RecommendResponse")


@_attrs_define
class RecommendResponse:
    """The loss that labels call for, and what looks wrong in the batch.

    Attributes:
        recommendation (Recommendation): The loss that the labels call for, whatever was computed.
        warnings (list[LossWarning]): likely mistakes; empty where none was found
        checked (list[str]): the codes of all checks that ran: silence about one that didn't says nothing
    """

    recommendation: Recommendation
    warnings: list[LossWarning]
    checked: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        recommendation = self.recommendation.to_dict()

        warnings = []
        for warnings_item_data in self.warnings:
            warnings_item = warnings_item_data.to_dict()
            warnings.append(warnings_item)

        checked = self.checked

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "recommendation": recommendation,
                "warnings": warnings,
                "checked": checked,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loss_warning import LossWarning  # noqa: PLC0415
        from ..models.recommendation import Recommendation  # noqa: PLC0415

        d = dict(src_dict)
        recommendation = Recommendation.from_dict(d.pop("recommendation"))

        warnings = []
        _warnings = d.pop("warnings")
        for warnings_item_data in _warnings:
            warnings_item = LossWarning.from_dict(warnings_item_data)

            warnings.append(warnings_item)

        checked = cast(list[str], d.pop("checked"))

        recommend_response = cls(
            recommendation=recommendation,
            warnings=warnings,
            checked=checked,
        )

        recommend_response.additional_properties = d
        return recommend_response

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
