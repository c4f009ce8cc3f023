from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.array_type_1 import ArrayType1, check_array_type_1
from ..models.sampled_softmax_request_encoding_type_0 import (
    SampledSoftmaxRequestEncodingType0,
    check_sampled_softmax_request_encoding_type_0,
)
from ..models.sampled_softmax_request_reduction_type_0 import (
    SampledSoftmaxRequestReductionType0,
    check_sampled_softmax_request_reduction_type_0,
)
from ..models.sampled_softmax_request_sampler_type_0 import (
    SampledSoftmaxRequestSamplerType0,
    check_sampled_softmax_request_sampler_type_0,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.sampled_values import SampledValues
    from ..models.tensor_object import TensorObject


T = TypeVar("T", bound="SampledSoftmaxRequest")


@_attrs_define
class SampledSoftmaxRequest:
    """One batch before the last layer, that layer, and the classes to compare with.

    Either `num_sampled` is given, or `sampled_values`.

        Attributes:
            weights (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of one
                length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN, booleans
                and other strings in a list are refused.
            biases (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of one
                length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN, booleans
                and other strings in a list are refused.
            inputs (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of one
                length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN, booleans
                and other strings in a list are refused.
            labels (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of one
                length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN, booleans
                and other strings in a list are refused.
            num_sampled (int | None | Unset): How many distinct classes to draw, at most C.
            sampler (None | SampledSoftmaxRequestSamplerType0 | Unset): How they are drawn. `log_uniform`, which absent
                means, for ids in order of falling frequency: P(k) = log((k + 2) / (k + 1)) / log(C + 1). `uniform`: P(k) = 1 /
                C.
            seed (int | None | Unset): The same seed gives the same candidates on every machine. Absent: a fresh one, which
                the response has.
            sampled_values (None | SampledValues | Unset): In place of drawing, with `num_sampled`, `sampler` and `seed`
                absent: the client's own sample, or that of an earlier response.
            remove_accidental_hits (bool | None | Unset): Leave out of a row the candidates that are labels of it. Default:
                True.
            subtract_log_q (bool | None | Unset): Subtract the logarithm of its expected count, q, from each logit. Without
                it the classes that come up often are held down too much: the layer learns probabilities in proportion to p / q,
                not p. Default: True.
            reduction (None | SampledSoftmaxRequestReductionType0 | Unset): How losses become one value. With w a row's
                weight: `sum`: Σ w·ℓ. `mean`: Σ w·ℓ / B. `weighted_mean`: Σ w·ℓ / Σ w. `mean_by_nonzero_weights`: Σ w·ℓ / number
                of rows with w ≠ 0. `none`: `reduced` is null. A denominator of 0 gives 0. Default: 'mean'.
            sample_weights (ArrayType1 | float | list[Any] | None | TensorObject | Unset): Multiplies losses: a scalar, or
                [B]. Finite. Absent: 1.
            encoding (None | SampledSoftmaxRequestEncodingType0 | Unset): How arrays come back: as nested lists, or as
                tensor objects in the dtype of the computation. Default: 'list'.
    """

    weights: ArrayType1 | float | list[Any] | TensorObject
    biases: ArrayType1 | float | list[Any] | TensorObject
    inputs: ArrayType1 | float | list[Any] | TensorObject
    labels: ArrayType1 | float | list[Any] | TensorObject
    num_sampled: int | None | Unset = UNSET
    sampler: None | SampledSoftmaxRequestSamplerType0 | Unset = UNSET
    seed: int | None | Unset = UNSET
    sampled_values: None | SampledValues | Unset = UNSET
    remove_accidental_hits: bool | None | Unset = True
    subtract_log_q: bool | None | Unset = True
    reduction: None | SampledSoftmaxRequestReductionType0 | Unset = "mean"
    sample_weights: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    encoding: None | SampledSoftmaxRequestEncodingType0 | Unset = "list"

    def to_dict(self) -> dict[str, Any]:
        from ..models.sampled_values import SampledValues  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        weights: dict[str, Any] | float | list[Any] | str
        if isinstance(self.weights, str):
            weights = self.weights
        elif isinstance(self.weights, list):
            weights = self.weights

        elif isinstance(self.weights, TensorObject):
            weights = self.weights.to_dict()
        else:
            weights = self.weights

        biases: dict[str, Any] | float | list[Any] | str
        if isinstance(self.biases, str):
            biases = self.biases
        elif isinstance(self.biases, list):
            biases = self.biases

        elif isinstance(self.biases, TensorObject):
            biases = self.biases.to_dict()
        else:
            biases = self.biases

        inputs: dict[str, Any] | float | list[Any] | str
        if isinstance(self.inputs, str):
            inputs = self.inputs
        elif isinstance(self.inputs, list):
            inputs = self.inputs

        elif isinstance(self.inputs, TensorObject):
            inputs = self.inputs.to_dict()
        else:
            inputs = self.inputs

        labels: dict[str, Any] | float | list[Any] | str
        if isinstance(self.labels, str):
            labels = self.labels
        elif isinstance(self.labels, list):
            labels = self.labels

        elif isinstance(self.labels, TensorObject):
            labels = self.labels.to_dict()
        else:
            labels = self.labels

        num_sampled: int | None | Unset
        if isinstance(self.num_sampled, Unset):
            num_sampled = UNSET
        else:
            num_sampled = self.num_sampled

        sampler: None | str | Unset
        if isinstance(self.sampler, Unset):
            sampler = UNSET
        elif isinstance(self.sampler, str):
            sampler = self.sampler
        else:
            sampler = self.sampler

        seed: int | None | Unset
        if isinstance(self.seed, Unset):
            seed = UNSET
        else:
            seed = self.seed

        sampled_values: dict[str, Any] | None | Unset
        if isinstance(self.sampled_values, Unset):
            sampled_values = UNSET
        elif isinstance(self.sampled_values, SampledValues):
            sampled_values = self.sampled_values.to_dict()
        else:
            sampled_values = self.sampled_values

        remove_accidental_hits: bool | None | Unset
        if isinstance(self.remove_accidental_hits, Unset):
            remove_accidental_hits = UNSET
        else:
            remove_accidental_hits = self.remove_accidental_hits

        subtract_log_q: bool | None | Unset
        if isinstance(self.subtract_log_q, Unset):
            subtract_log_q = UNSET
        else:
            subtract_log_q = self.subtract_log_q

        reduction: None | str | Unset
        if isinstance(self.reduction, Unset):
            reduction = UNSET
        elif isinstance(self.reduction, str):
            reduction = self.reduction
        else:
            reduction = self.reduction

        sample_weights: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.sample_weights, Unset):
            sample_weights = UNSET
        elif isinstance(self.sample_weights, str):
            sample_weights = self.sample_weights
        elif isinstance(self.sample_weights, list):
            sample_weights = self.sample_weights

        elif isinstance(self.sample_weights, TensorObject):
            sample_weights = self.sample_weights.to_dict()
        else:
            sample_weights = self.sample_weights

        encoding: None | str | Unset
        if isinstance(self.encoding, Unset):
            encoding = UNSET
        elif isinstance(self.encoding, str):
            encoding = self.encoding
        else:
            encoding = self.encoding

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "weights": weights,
                "biases": biases,
                "inputs": inputs,
                "labels": labels,
            }
        )
        if num_sampled is not UNSET:
            field_dict["num_sampled"] = num_sampled
        if sampler is not UNSET:
            field_dict["sampler"] = sampler
        if seed is not UNSET:
            field_dict["seed"] = seed
        if sampled_values is not UNSET:
            field_dict["sampled_values"] = sampled_values
        if remove_accidental_hits is not UNSET:
            field_dict["remove_accidental_hits"] = remove_accidental_hits
        if subtract_log_q is not UNSET:
            field_dict["subtract_log_q"] = subtract_log_q
        if reduction is not UNSET:
            field_dict["reduction"] = reduction
        if sample_weights is not UNSET:
            field_dict["sample_weights"] = sample_weights
        if encoding is not UNSET:
            field_dict["encoding"] = encoding

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.sampled_values import SampledValues  # noqa: PLC0415
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_weights(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        weights = _parse_weights(d.pop("weights"))

        def _parse_biases(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        biases = _parse_biases(d.pop("biases"))

        def _parse_inputs(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        inputs = _parse_inputs(d.pop("inputs"))

        def _parse_labels(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        labels = _parse_labels(d.pop("labels"))

        def _parse_num_sampled(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        num_sampled = _parse_num_sampled(d.pop("num_sampled", UNSET))

        def _parse_sampler(data: object) -> None | SampledSoftmaxRequestSamplerType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sampler_type_0 = check_sampled_softmax_request_sampler_type_0(data)

                return sampler_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SampledSoftmaxRequestSamplerType0 | Unset, data)

        sampler = _parse_sampler(d.pop("sampler", UNSET))

        def _parse_seed(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        seed = _parse_seed(d.pop("seed", UNSET))

        def _parse_sampled_values(data: object) -> None | SampledValues | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sampled_values_type_0 = SampledValues.from_dict(data)

                return sampled_values_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SampledValues | Unset, data)

        sampled_values = _parse_sampled_values(d.pop("sampled_values", UNSET))

        def _parse_remove_accidental_hits(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        remove_accidental_hits = _parse_remove_accidental_hits(d.pop("remove_accidental_hits", UNSET))

        def _parse_subtract_log_q(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        subtract_log_q = _parse_subtract_log_q(d.pop("subtract_log_q", UNSET))

        def _parse_reduction(data: object) -> None | SampledSoftmaxRequestReductionType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reduction_type_0 = check_sampled_softmax_request_reduction_type_0(data)

                return reduction_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SampledSoftmaxRequestReductionType0 | Unset, data)

        reduction = _parse_reduction(d.pop("reduction", UNSET))

        def _parse_sample_weights(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        sample_weights = _parse_sample_weights(d.pop("sample_weights", UNSET))

        def _parse_encoding(data: object) -> None | SampledSoftmaxRequestEncodingType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                encoding_type_0 = check_sampled_softmax_request_encoding_type_0(data)

                return encoding_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SampledSoftmaxRequestEncodingType0 | Unset, data)

        encoding = _parse_encoding(d.pop("encoding", UNSET))

        sampled_softmax_request = cls(
            weights=weights,
            biases=biases,
            inputs=inputs,
            labels=labels,
            num_sampled=num_sampled,
            sampler=sampler,
            seed=seed,
            sampled_values=sampled_values,
            remove_accidental_hits=remove_accidental_hits,
            subtract_log_q=subtract_log_q,
            reduction=reduction,
            sample_weights=sample_weights,
            encoding=encoding,
        )

        return sampled_softmax_request
