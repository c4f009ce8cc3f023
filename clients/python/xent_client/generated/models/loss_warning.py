from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.loss_warning_evidence import LossWarningEvidence


T = TypeVar("T", bound="LossWarning")


@_attrs_define
class LossWarning:
    """A likely mistake. Nothing was changed because of it.

    Attributes:
        code (str): Stable, for programs. `logits_look_like_probabilities`: softmax loss, at least two classes, every
            row in [0, 1] and summing to 1: softmax would be applied twice. `logits_may_be_probabilities`: sigmoid loss, at
            least 20 logits, all in [0, 1] and not only at its ends. `labels_not_a_distribution`: softmax loss, a row of
            labels does not sum to 1. `multi_hot_labels_with_softmax`: softmax loss, a row of 0/1 labels has more than one
            1. `one_hot_labels_could_be_indices`: softmax loss, every row of labels is one-hot.
            `scalar_weight_only_rescales`: a scalar weight other than 0 and 1: it acts like a learning rate.
            `all_weights_zero`: every weight is 0. `negative_weight`: a negative weight or class weight: the loss is no
            longer bounded below. `negative_pos_weight`: a negative pos_weight: the loss is no longer bounded below.
            `labels_outside_unit_interval`: a label of the logits' shape below 0 or above 1. `infinite_loss`: some loss is
            infinite. `train_only`: sampled softmax: evaluate with the full softmax.
        message (str): what was seen, for people
        evidence (LossWarningEvidence): the figures that set it off
        fix (str): what to change in the request
    """

    code: str
    message: str
    evidence: LossWarningEvidence
    fix: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        message = self.message

        evidence = self.evidence.to_dict()

        fix = self.fix

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "message": message,
                "evidence": evidence,
                "fix": fix,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loss_warning_evidence import LossWarningEvidence  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        message = d.pop("message")

        evidence = LossWarningEvidence.from_dict(d.pop("evidence"))

        fix = d.pop("fix")

        loss_warning = cls(
            code=code,
            message=message,
            evidence=evidence,
            fix=fix,
        )

        loss_warning.additional_properties = d
        return loss_warning

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
