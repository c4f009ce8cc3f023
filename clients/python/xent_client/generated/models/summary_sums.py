from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.number_type_1 import NumberType1, check_number_type_1
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.class_sums import ClassSums


T = TypeVar("T", bound="SummarySums")


@_attrs_define
class SummarySums:
    """What merges over requests: add up numbers, and exact sums as follows. Exact sums are lists: the sum rounded to
    float64, what that leaves rounded in turn, and so on. To merge them, join the lists and add up (`math.fsum`).

        Attributes:
            samples (int): all samples
            counted (int): elements that count
            ignored (int): elements whose label is ignored or missing
            zero_weight (int): other elements, whose weight is 0
            counted_samples (int): samples of which something counts
            loss (list[float | NumberType1]): Σ w·ℓ, exact
            weight (list[float | NumberType1]): Σ v, exact: loss / weight is the mean
            loss_squared (list[float | NumberType1]): Σ a² over samples, a a sample's Σ w·ℓ
            loss_weight (list[float | NumberType1]): Σ a·b over samples, b a sample's Σ v
            weight_squared (list[float | NumberType1]): Σ b² over samples
            hits (int): elements whose prediction is right
            uniform (list[float | NumberType1]): Σ w·ℓ if all logits were 0, exact
            minimum (float | None | NumberType1 | Unset): of many the least
            maximum (float | None | NumberType1 | Unset): of many the largest
            top5_hits (int | None | Unset): softmax losses: samples whose label is among the five largest logits
            entropy (list[float | NumberType1] | None | Unset): softmax losses: Σ of the entropies of the predicted
                distributions, exact
            label_entropy (list[float | NumberType1] | None | Unset): softmax cross-entropies: Σ of the least that the
                losses could be, exact
            per_class (ClassSums | None | Unset): with up to 1000 classes or columns
    """

    samples: int
    counted: int
    ignored: int
    zero_weight: int
    counted_samples: int
    loss: list[float | NumberType1]
    weight: list[float | NumberType1]
    loss_squared: list[float | NumberType1]
    loss_weight: list[float | NumberType1]
    weight_squared: list[float | NumberType1]
    hits: int
    uniform: list[float | NumberType1]
    minimum: float | None | NumberType1 | Unset = UNSET
    maximum: float | None | NumberType1 | Unset = UNSET
    top5_hits: int | None | Unset = UNSET
    entropy: list[float | NumberType1] | None | Unset = UNSET
    label_entropy: list[float | NumberType1] | None | Unset = UNSET
    per_class: ClassSums | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.class_sums import ClassSums  # noqa: PLC0415

        samples = self.samples

        counted = self.counted

        ignored = self.ignored

        zero_weight = self.zero_weight

        counted_samples = self.counted_samples

        loss = []
        for loss_item_data in self.loss:
            loss_item: float | str
            if isinstance(loss_item_data, str):
                loss_item = loss_item_data
            else:
                loss_item = loss_item_data
            loss.append(loss_item)

        weight = []
        for weight_item_data in self.weight:
            weight_item: float | str
            if isinstance(weight_item_data, str):
                weight_item = weight_item_data
            else:
                weight_item = weight_item_data
            weight.append(weight_item)

        loss_squared = []
        for loss_squared_item_data in self.loss_squared:
            loss_squared_item: float | str
            if isinstance(loss_squared_item_data, str):
                loss_squared_item = loss_squared_item_data
            else:
                loss_squared_item = loss_squared_item_data
            loss_squared.append(loss_squared_item)

        loss_weight = []
        for loss_weight_item_data in self.loss_weight:
            loss_weight_item: float | str
            if isinstance(loss_weight_item_data, str):
                loss_weight_item = loss_weight_item_data
            else:
                loss_weight_item = loss_weight_item_data
            loss_weight.append(loss_weight_item)

        weight_squared = []
        for weight_squared_item_data in self.weight_squared:
            weight_squared_item: float | str
            if isinstance(weight_squared_item_data, str):
                weight_squared_item = weight_squared_item_data
            else:
                weight_squared_item = weight_squared_item_data
            weight_squared.append(weight_squared_item)

        hits = self.hits

        uniform = []
        for uniform_item_data in self.uniform:
            uniform_item: float | str
            if isinstance(uniform_item_data, str):
                uniform_item = uniform_item_data
            else:
                uniform_item = uniform_item_data
            uniform.append(uniform_item)

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

        top5_hits: int | None | Unset
        if isinstance(self.top5_hits, Unset):
            top5_hits = UNSET
        else:
            top5_hits = self.top5_hits

        entropy: list[float | str] | None | Unset
        if isinstance(self.entropy, Unset):
            entropy = UNSET
        elif isinstance(self.entropy, list):
            entropy = []
            for entropy_type_0_item_data in self.entropy:
                entropy_type_0_item: float | str
                if isinstance(entropy_type_0_item_data, str):
                    entropy_type_0_item = entropy_type_0_item_data
                else:
                    entropy_type_0_item = entropy_type_0_item_data
                entropy.append(entropy_type_0_item)

        else:
            entropy = self.entropy

        label_entropy: list[float | str] | None | Unset
        if isinstance(self.label_entropy, Unset):
            label_entropy = UNSET
        elif isinstance(self.label_entropy, list):
            label_entropy = []
            for label_entropy_type_0_item_data in self.label_entropy:
                label_entropy_type_0_item: float | str
                if isinstance(label_entropy_type_0_item_data, str):
                    label_entropy_type_0_item = label_entropy_type_0_item_data
                else:
                    label_entropy_type_0_item = label_entropy_type_0_item_data
                label_entropy.append(label_entropy_type_0_item)

        else:
            label_entropy = self.label_entropy

        per_class: dict[str, Any] | None | Unset
        if isinstance(self.per_class, Unset):
            per_class = UNSET
        elif isinstance(self.per_class, ClassSums):
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
                "counted_samples": counted_samples,
                "loss": loss,
                "weight": weight,
                "loss_squared": loss_squared,
                "loss_weight": loss_weight,
                "weight_squared": weight_squared,
                "hits": hits,
                "uniform": uniform,
            }
        )
        if minimum is not UNSET:
            field_dict["minimum"] = minimum
        if maximum is not UNSET:
            field_dict["maximum"] = maximum
        if top5_hits is not UNSET:
            field_dict["top5_hits"] = top5_hits
        if entropy is not UNSET:
            field_dict["entropy"] = entropy
        if label_entropy is not UNSET:
            field_dict["label_entropy"] = label_entropy
        if per_class is not UNSET:
            field_dict["per_class"] = per_class

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.class_sums import ClassSums  # noqa: PLC0415

        d = dict(src_dict)
        samples = d.pop("samples")

        counted = d.pop("counted")

        ignored = d.pop("ignored")

        zero_weight = d.pop("zero_weight")

        counted_samples = d.pop("counted_samples")

        loss = []
        _loss = d.pop("loss")
        for loss_item_data in _loss:

            def _parse_loss_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            loss_item = _parse_loss_item(loss_item_data)

            loss.append(loss_item)

        weight = []
        _weight = d.pop("weight")
        for weight_item_data in _weight:

            def _parse_weight_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            weight_item = _parse_weight_item(weight_item_data)

            weight.append(weight_item)

        loss_squared = []
        _loss_squared = d.pop("loss_squared")
        for loss_squared_item_data in _loss_squared:

            def _parse_loss_squared_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            loss_squared_item = _parse_loss_squared_item(loss_squared_item_data)

            loss_squared.append(loss_squared_item)

        loss_weight = []
        _loss_weight = d.pop("loss_weight")
        for loss_weight_item_data in _loss_weight:

            def _parse_loss_weight_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            loss_weight_item = _parse_loss_weight_item(loss_weight_item_data)

            loss_weight.append(loss_weight_item)

        weight_squared = []
        _weight_squared = d.pop("weight_squared")
        for weight_squared_item_data in _weight_squared:

            def _parse_weight_squared_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            weight_squared_item = _parse_weight_squared_item(weight_squared_item_data)

            weight_squared.append(weight_squared_item)

        hits = d.pop("hits")

        uniform = []
        _uniform = d.pop("uniform")
        for uniform_item_data in _uniform:

            def _parse_uniform_item(data: object) -> float | NumberType1:
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    componentsschemas_number_type_1 = check_number_type_1(data)

                    return componentsschemas_number_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(float | NumberType1, data)

            uniform_item = _parse_uniform_item(uniform_item_data)

            uniform.append(uniform_item)

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

        def _parse_top5_hits(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        top5_hits = _parse_top5_hits(d.pop("top5_hits", UNSET))

        def _parse_entropy(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                entropy_type_0 = []
                _entropy_type_0 = data
                for entropy_type_0_item_data in _entropy_type_0:

                    def _parse_entropy_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    entropy_type_0_item = _parse_entropy_type_0_item(entropy_type_0_item_data)

                    entropy_type_0.append(entropy_type_0_item)

                return entropy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        entropy = _parse_entropy(d.pop("entropy", UNSET))

        def _parse_label_entropy(data: object) -> list[float | NumberType1] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                label_entropy_type_0 = []
                _label_entropy_type_0 = data
                for label_entropy_type_0_item_data in _label_entropy_type_0:

                    def _parse_label_entropy_type_0_item(data: object) -> float | NumberType1:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            componentsschemas_number_type_1 = check_number_type_1(data)

                            return componentsschemas_number_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(float | NumberType1, data)

                    label_entropy_type_0_item = _parse_label_entropy_type_0_item(label_entropy_type_0_item_data)

                    label_entropy_type_0.append(label_entropy_type_0_item)

                return label_entropy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float | NumberType1] | None | Unset, data)

        label_entropy = _parse_label_entropy(d.pop("label_entropy", UNSET))

        def _parse_per_class(data: object) -> ClassSums | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                per_class_type_0 = ClassSums.from_dict(data)

                return per_class_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ClassSums | None | Unset, data)

        per_class = _parse_per_class(d.pop("per_class", UNSET))

        summary_sums = cls(
            samples=samples,
            counted=counted,
            ignored=ignored,
            zero_weight=zero_weight,
            counted_samples=counted_samples,
            loss=loss,
            weight=weight,
            loss_squared=loss_squared,
            loss_weight=loss_weight,
            weight_squared=weight_squared,
            hits=hits,
            uniform=uniform,
            minimum=minimum,
            maximum=maximum,
            top5_hits=top5_hits,
            entropy=entropy,
            label_entropy=label_entropy,
            per_class=per_class,
        )

        summary_sums.additional_properties = d
        return summary_sums

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
