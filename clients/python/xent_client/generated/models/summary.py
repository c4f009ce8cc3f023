from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.per_class import PerClass
    from ..models.summary_sums import SummarySums


T = TypeVar("T", bound="Summary")


@_attrs_define
class Summary:
    """Figures over what counts, in nats. What is not defined is absent: all from `mean` on where nothing counts.

    Attributes:
        samples (int): all of them
        counted (int): elements that count
        ignored (int): elements whose label is ignored or missing
        zero_weight (int): other elements, whose weight is 0
        sums (SummarySums): What merges over requests: add up numbers, and exact sums as follows. Exact sums are lists:
            the sum rounded to float64, what that leaves rounded in turn, and so on. To merge them, join the lists and add
            up (`math.fsum`).
        mean (float | None | NumberType1 | Unset): Σ w·ℓ / Σ v, as reduction `weighted_mean`
        standard_error (float | None | NumberType1 | Unset): of the mean, samples taken as independent: √(n / (n − 1) ·
            Σ (a − mean·b)²) / Σ b, with a a sample's Σ w·ℓ and b its Σ v; absent for fewer than two, and for infinite
            losses
        minimum (float | None | NumberType1 | Unset): of `per_sample`
        maximum (float | None | NumberType1 | Unset): of `per_sample`
        q50 (float | None | NumberType1 | Unset): the median of `per_sample`, linear between values
        q90 (float | None | NumberType1 | Unset): its quantile 0.9. Quantiles do not merge
        q99 (float | None | NumberType1 | Unset): its quantile 0.99
        accuracy (float | None | Unset): the share of elements whose prediction is right, weights left out
        uniform (float | None | NumberType1 | Unset): the mean if all logits were 0
        prior (float | None | NumberType1 | Unset): the least mean that one constant prediction has, the labels' own
            frequencies; for cross-entropies with up to 1000 classes
        perplexity (float | None | NumberType1 | Unset): softmax losses: exp(mean)
        bits (float | None | NumberType1 | Unset): softmax losses: mean / log 2
        top5_accuracy (float | None | Unset): softmax losses: the share whose label is among the five largest logits
        mean_entropy (float | None | NumberType1 | Unset): softmax losses: of the predicted distributions, weights left
            out
        label_entropy (float | None | NumberType1 | Unset): softmax cross-entropies: the least that the mean could be
        per_class (None | PerClass | Unset): with up to 1000 classes or columns
    """

    samples: int
    counted: int
    ignored: int
    zero_weight: int
    sums: SummarySums
    mean: float | None | NumberType1 | Unset = UNSET
    standard_error: float | None | NumberType1 | Unset = UNSET
    minimum: float | None | NumberType1 | Unset = UNSET
    maximum: float | None | NumberType1 | Unset = UNSET
    q50: float | None | NumberType1 | Unset = UNSET
    q90: float | None | NumberType1 | Unset = UNSET
    q99: float | None | NumberType1 | Unset = UNSET
    accuracy: float | None | Unset = UNSET
    uniform: float | None | NumberType1 | Unset = UNSET
    prior: float | None | NumberType1 | Unset = UNSET
    perplexity: float | None | NumberType1 | Unset = UNSET
    bits: float | None | NumberType1 | Unset = UNSET
    top5_accuracy: float | None | Unset = UNSET
    mean_entropy: float | None | NumberType1 | Unset = UNSET
    label_entropy: float | None | NumberType1 | Unset = UNSET
    per_class: None | PerClass | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.per_class import PerClass  # noqa: PLC0415

        samples = self.samples

        counted = self.counted

        ignored = self.ignored

        zero_weight = self.zero_weight

        sums = self.sums.to_dict()

        mean: float | None | str | Unset
        if isinstance(self.mean, Unset):
            mean = UNSET
        elif isinstance(self.mean, str):
            mean = self.mean
        else:
            mean = self.mean

        standard_error: float | None | str | Unset
        if isinstance(self.standard_error, Unset):
            standard_error = UNSET
        elif isinstance(self.standard_error, str):
            standard_error = self.standard_error
        else:
            standard_error = self.standard_error

        minimum: float | None | str | Unset
        if isinstance(self.minimum, Unset):
            minimum = UNSET
        elif isinstance(self.minimum, str):
            minimum = self.minimum
        else:
            minimum = self.minimum

        maximum: float | None | str | Unset
        if isinstance(self.maximum, Unset):
            maximum = UNSET
        elif isinstance(self.maximum, str):
            maximum = self.maximum
        else:
            maximum = self.maximum

        q50: float | None | str | Unset
        if isinstance(self.q50, Unset):
            q50 = UNSET
        elif isinstance(self.q50, str):
            q50 = self.q50
        else:
            q50 = self.q50

        q90: float | None | str | Unset
        if isinstance(self.q90, Unset):
            q90 = UNSET
        elif isinstance(self.q90, str):
            q90 = self.q90
        else:
            q90 = self.q90

        q99: float | None | str | Unset
        if isinstance(self.q99, Unset):
            q99 = UNSET
        elif isinstance(self.q99, str):
            q99 = self.q99
        else:
            q99 = self.q99

        accuracy: float | None | Unset
        if isinstance(self.accuracy, Unset):
            accuracy = UNSET
        else:
            accuracy = self.accuracy

        uniform: float | None | str | Unset
        if isinstance(self.uniform, Unset):
            uniform = UNSET
        elif isinstance(self.uniform, str):
            uniform = self.uniform
        else:
            uniform = self.uniform

        prior: float | None | str | Unset
        if isinstance(self.prior, Unset):
            prior = UNSET
        elif isinstance(self.prior, str):
            prior = self.prior
        else:
            prior = self.prior

        perplexity: float | None | str | Unset
        if isinstance(self.perplexity, Unset):
            perplexity = UNSET
        elif isinstance(self.perplexity, str):
            perplexity = self.perplexity
        else:
            perplexity = self.perplexity

        bits: float | None | str | Unset
        if isinstance(self.bits, Unset):
            bits = UNSET
        elif isinstance(self.bits, str):
            bits = self.bits
        else:
            bits = self.bits

        top5_accuracy: float | None | Unset
        if isinstance(self.top5_accuracy, Unset):
            top5_accuracy = UNSET
        else:
            top5_accuracy = self.top5_accuracy

        mean_entropy: float | None | str | Unset
        if isinstance(self.mean_entropy, Unset):
            mean_entropy = UNSET
        elif isinstance(self.mean_entropy, str):
            mean_entropy = self.mean_entropy
        else:
            mean_entropy = self.mean_entropy

        label_entropy: float | None | str | Unset
        if isinstance(self.label_entropy, Unset):
            label_entropy = UNSET
        elif isinstance(self.label_entropy, str):
            label_entropy = self.label_entropy
        else:
            label_entropy = self.label_entropy

        per_class: dict[str, Any] | None | Unset
        if isinstance(self.per_class, Unset):
            per_class = UNSET
        elif isinstance(self.per_class, PerClass):
            per_class = self.per_class.to_dict()
        else:
            per_class = self.per_class

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "samples": samples,
                "counted": counted,
                "ignored": ignored,
                "zero_weight": zero_weight,
                "sums": sums,
            }
        )
        if mean is not UNSET:
            field_dict["mean"] = mean
        if standard_error is not UNSET:
            field_dict["standard_error"] = standard_error
        if minimum is not UNSET:
            field_dict["minimum"] = minimum
        if maximum is not UNSET:
            field_dict["maximum"] = maximum
        if q50 is not UNSET:
            field_dict["q50"] = q50
        if q90 is not UNSET:
            field_dict["q90"] = q90
        if q99 is not UNSET:
            field_dict["q99"] = q99
        if accuracy is not UNSET:
            field_dict["accuracy"] = accuracy
        if uniform is not UNSET:
            field_dict["uniform"] = uniform
        if prior is not UNSET:
            field_dict["prior"] = prior
        if perplexity is not UNSET:
            field_dict["perplexity"] = perplexity
        if bits is not UNSET:
            field_dict["bits"] = bits
        if top5_accuracy is not UNSET:
            field_dict["top5_accuracy"] = top5_accuracy
        if mean_entropy is not UNSET:
            field_dict["mean_entropy"] = mean_entropy
        if label_entropy is not UNSET:
            field_dict["label_entropy"] = label_entropy
        if per_class is not UNSET:
            field_dict["per_class"] = per_class

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.per_class import PerClass  # noqa: PLC0415
        from ..models.summary_sums import SummarySums  # noqa: PLC0415

        d = dict(src_dict)
        samples = d.pop("samples")

        counted = d.pop("counted")

        ignored = d.pop("ignored")

        zero_weight = d.pop("zero_weight")

        sums = SummarySums.from_dict(d.pop("sums"))

        def _parse_mean(data: object) -> float | None | NumberType1 | Unset:
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

        mean = _parse_mean(d.pop("mean", UNSET))

        def _parse_standard_error(data: object) -> float | None | NumberType1 | Unset:
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

        standard_error = _parse_standard_error(d.pop("standard_error", UNSET))

        def _parse_minimum(data: object) -> float | None | NumberType1 | Unset:
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

        minimum = _parse_minimum(d.pop("minimum", UNSET))

        def _parse_maximum(data: object) -> float | None | NumberType1 | Unset:
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

        maximum = _parse_maximum(d.pop("maximum", UNSET))

        def _parse_q50(data: object) -> float | None | NumberType1 | Unset:
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

        q50 = _parse_q50(d.pop("q50", UNSET))

        def _parse_q90(data: object) -> float | None | NumberType1 | Unset:
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

        q90 = _parse_q90(d.pop("q90", UNSET))

        def _parse_q99(data: object) -> float | None | NumberType1 | Unset:
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

        q99 = _parse_q99(d.pop("q99", UNSET))

        def _parse_accuracy(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        accuracy = _parse_accuracy(d.pop("accuracy", UNSET))

        def _parse_uniform(data: object) -> float | None | NumberType1 | Unset:
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

        uniform = _parse_uniform(d.pop("uniform", UNSET))

        def _parse_prior(data: object) -> float | None | NumberType1 | Unset:
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

        prior = _parse_prior(d.pop("prior", UNSET))

        def _parse_perplexity(data: object) -> float | None | NumberType1 | Unset:
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

        perplexity = _parse_perplexity(d.pop("perplexity", UNSET))

        def _parse_bits(data: object) -> float | None | NumberType1 | Unset:
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

        bits = _parse_bits(d.pop("bits", UNSET))

        def _parse_top5_accuracy(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        top5_accuracy = _parse_top5_accuracy(d.pop("top5_accuracy", UNSET))

        def _parse_mean_entropy(data: object) -> float | None | NumberType1 | Unset:
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

        mean_entropy = _parse_mean_entropy(d.pop("mean_entropy", UNSET))

        def _parse_label_entropy(data: object) -> float | None | NumberType1 | Unset:
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

        label_entropy = _parse_label_entropy(d.pop("label_entropy", UNSET))

        def _parse_per_class(data: object) -> None | PerClass | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                per_class_type_0 = PerClass.from_dict(data)

                return per_class_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PerClass | Unset, data)

        per_class = _parse_per_class(d.pop("per_class", UNSET))

        summary = cls(
            samples=samples,
            counted=counted,
            ignored=ignored,
            zero_weight=zero_weight,
            sums=sums,
            mean=mean,
            standard_error=standard_error,
            minimum=minimum,
            maximum=maximum,
            q50=q50,
            q90=q90,
            q99=q99,
            accuracy=accuracy,
            uniform=uniform,
            prior=prior,
            perplexity=perplexity,
            bits=bits,
            top5_accuracy=top5_accuracy,
            mean_entropy=mean_entropy,
            label_entropy=label_entropy,
            per_class=per_class,
        )

        summary.additional_properties = d
        return summary

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
