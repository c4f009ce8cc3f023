from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.loss_warning_severity import (
    LossWarningSeverity,
    check_loss_warning_severity,
)

if TYPE_CHECKING:
    from ..models.loss_warning_change_type_0 import LossWarningChangeType0
    from ..models.loss_warning_evidence import LossWarningEvidence


T = TypeVar("T", bound="LossWarning")


@_attrs_define
class LossWarning:
    """A likely mistake. Nothing was changed because of it.

    Attributes:
        code (str): What was found, for programs; `/learn/{code}` explains it. New codes may be added.

            - `logits_look_like_probabilities`: softmax loss, at least two classes, every row in [0, 1] and summing to 1, or
            in [0, 100] and to 100: softmax would be applied twice
            - `logits_may_be_probabilities`: at least 20 logits, all in [0, 1] and not only at its ends; of a softmax loss,
            in rows that don't sum to 1
            - `labels_not_a_distribution`: softmax loss, a row of labels does not sum to 1
            - `labels_almost_a_distribution`: a loss over distributions, rows of labels whose sums miss 1 by at most 0.05
            while others hold
            - `labels_may_be_padded_one_hot`: one-hot rows of labels beside rows of zeros that count
            - `multi_hot_labels_with_softmax`: softmax loss, a row of 0/1 labels has more than one 1
            - `one_hot_labels_could_be_indices`: softmax loss, every row of labels is one-hot
            - `one_hot_labels_with_sigmoid`: a sigmoid loss was named, at least 3 classes and 20 rows, every row of labels
            is one-hot
            - `single_class_softmax`: a softmax over one class: the loss is 0 whatever the logit
            - `scalar_weight_only_rescales`: one weight other than 0 and 1 for more than one sample: it acts like a learning
            rate
            - `weights_enlarge_imbalance`: class weights that grow with the classes' counts, or a pos_weight that favours
            what is common already
            - `all_weights_zero`: every weight is 0
            - `nothing_counts`: no element counts: labels are ignored or missing
            - `mean_counts_zero_weights`: reduction mean with weights of 0: they enlarge the denominator, as in TensorFlow
            and Keras
            - `mean_ignores_class_weights`: class weights with reduction mean: PyTorch's default mean is weighted_mean here
            - `negative_weight`: a negative weight or class weight: the loss is no longer bounded below
            - `negative_pos_weight`: a negative pos_weight: the loss is no longer bounded below
            - `labels_outside_unit_interval`: a label of the logits' shape below 0 or above 1
            - `probabilities_clipped`: from_logits false: a clipped probability caps a loss
            - `probabilities_rescaled`: from_logits false and a softmax loss: rows that don't sum to 1 were divided by their
            sum
            - `labels_may_need_a_shift`: class indices in sequences: the mean loss for the next label is far below that for
            the place's own
            - `labels_may_be_shifted_twice`: class indices in sequences: the mean loss for the label before is far below
            that for the place's own
            - `worse_than_uniform`: softmax loss, at least 20 samples: the mean is far above log C and the accuracy no
            better than chance
            - `logits_never_negative`: at least 20 logits, none negative and many exactly 0: a ReLU before the loss
            - `logits_within_one`: at least 20 logits, all in [-1, 1] and most close to its ends: a tanh before the loss
            - `identical_rows`: at least 20 samples, all with exactly the same logits: a dead network, or an input that does
            not arrive
            - `infinite_loss`: some loss is infinite
            - `train_only`: sampled softmax: evaluate with the full softmax
        severity (LossWarningSeverity): How sure it is. `certain`: it follows from the numbers. `likely`: nearly always
            a mistake. `hint`: often right as it is.
        message (str): what was found, for people
        evidence (LossWarningEvidence): the figures that show it
        fix (str): what to change in the request
        change (LossWarningChangeType0 | None): the fix as fields of the request to set; null where arrays have to
            change
    """

    code: str
    severity: LossWarningSeverity
    message: str
    evidence: LossWarningEvidence
    fix: str
    change: LossWarningChangeType0 | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.loss_warning_change_type_0 import LossWarningChangeType0  # noqa: PLC0415

        code = self.code

        severity: str = self.severity

        message = self.message

        evidence = self.evidence.to_dict()

        fix = self.fix

        change: dict[str, Any] | None
        if isinstance(self.change, LossWarningChangeType0):
            change = self.change.to_dict()
        else:
            change = self.change

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "severity": severity,
                "message": message,
                "evidence": evidence,
                "fix": fix,
                "change": change,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.loss_warning_change_type_0 import LossWarningChangeType0  # noqa: PLC0415
        from ..models.loss_warning_evidence import LossWarningEvidence  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        severity = check_loss_warning_severity(d.pop("severity"))

        message = d.pop("message")

        evidence = LossWarningEvidence.from_dict(d.pop("evidence"))

        fix = d.pop("fix")

        def _parse_change(data: object) -> LossWarningChangeType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                change_type_0 = LossWarningChangeType0.from_dict(data)

                return change_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LossWarningChangeType0 | None, data)

        change = _parse_change(d.pop("change"))

        loss_warning = cls(
            code=code,
            severity=severity,
            message=message,
            evidence=evidence,
            fix=fix,
            change=change,
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
