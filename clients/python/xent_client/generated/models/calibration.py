from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bins import Bins
    from ..models.calibration_sums import CalibrationSums
    from ..models.fitted_temperature import FittedTemperature


T = TypeVar("T", bound="Calibration")


@_attrs_define
class Calibration:
    """How well the predicted probabilities are calibrated, over what counts, without weights.

    Softmax losses: the confidence is the largest probability, and accuracy is how often that class is the label.
    Sigmoid losses: the confidence is the probability of yes, and accuracy the mean label.

        Attributes:
            bins (Bins): 15 bins of equal width, from one edge exclusive to the next inclusive; the first holds 0 too.
            sums (CalibrationSums): What merges over requests. Exact sums are lists: the sum rounded to float64, what that
                leaves rounded in turn, and so on. To merge them, join the lists and add up (`math.fsum`).
            expected_error (float | None | Unset): Σ count · |mean_confidence − accuracy| / Σ count; absent where nothing
                counts
            brier_score (float | None | NumberType1 | Unset): softmax losses: mean of Σ_c (p_c − y_c)², from 0 to 2; sigmoid
                losses: mean of (p − y)²; absent where nothing counts
            fitted (FittedTemperature | None | Unset): for cross-entropies; absent where a loss is infinite
    """

    bins: Bins
    sums: CalibrationSums
    expected_error: float | None | Unset = UNSET
    brier_score: float | None | NumberType1 | Unset = UNSET
    fitted: FittedTemperature | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.fitted_temperature import FittedTemperature  # noqa: PLC0415

        bins = self.bins.to_dict()

        sums = self.sums.to_dict()

        expected_error: float | None | Unset
        if isinstance(self.expected_error, Unset):
            expected_error = UNSET
        else:
            expected_error = self.expected_error

        brier_score: float | None | str | Unset
        if isinstance(self.brier_score, Unset):
            brier_score = UNSET
        elif isinstance(self.brier_score, str):
            brier_score = self.brier_score
        else:
            brier_score = self.brier_score

        fitted: dict[str, Any] | None | Unset
        if isinstance(self.fitted, Unset):
            fitted = UNSET
        elif isinstance(self.fitted, FittedTemperature):
            fitted = self.fitted.to_dict()
        else:
            fitted = self.fitted

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bins": bins,
                "sums": sums,
            }
        )
        if expected_error is not UNSET:
            field_dict["expected_error"] = expected_error
        if brier_score is not UNSET:
            field_dict["brier_score"] = brier_score
        if fitted is not UNSET:
            field_dict["fitted"] = fitted

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bins import Bins  # noqa: PLC0415
        from ..models.calibration_sums import CalibrationSums  # noqa: PLC0415
        from ..models.fitted_temperature import FittedTemperature  # noqa: PLC0415

        d = dict(src_dict)
        bins = Bins.from_dict(d.pop("bins"))

        sums = CalibrationSums.from_dict(d.pop("sums"))

        def _parse_expected_error(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        expected_error = _parse_expected_error(d.pop("expected_error", UNSET))

        def _parse_brier_score(data: object) -> float | None | NumberType1 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                componentsschemas_number_type_1 = check_number_type_1(data)

                return componentsschemas_number_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(float | None | NumberType1 | Unset, data)

        brier_score = _parse_brier_score(d.pop("brier_score", UNSET))

        def _parse_fitted(data: object) -> FittedTemperature | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                fitted_type_0 = FittedTemperature.from_dict(data)

                return fitted_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FittedTemperature | None | Unset, data)

        fitted = _parse_fitted(d.pop("fitted", UNSET))

        calibration = cls(
            bins=bins,
            sums=sums,
            expected_error=expected_error,
            brier_score=brier_score,
            fitted=fitted,
        )

        calibration.additional_properties = d
        return calibration

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
