from __future__ import annotations

from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define

from ..models.array_type_1 import ArrayType1, check_array_type_1
from ..models.compare_request_encoding_type_0 import (
    CompareRequestEncodingType0,
    check_compare_request_encoding_type_0,
)
from ..models.compare_request_loss_type_type_0 import (
    CompareRequestLossTypeType0,
    check_compare_request_loss_type_type_0,
)
from ..models.compare_request_reduction_type_0 import (
    CompareRequestReductionType0,
    check_compare_request_reduction_type_0,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.tensor_object import TensorObject


T = TypeVar("T", bound="CompareRequest")


@_attrs_define
class CompareRequest:
    """Two models' logits for the same samples, and how their losses are to be computed.

    Attributes:
        logits (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of one
            length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN, booleans
            and other strings in a list are refused.
        other_logits (ArrayType1 | float | list[Any] | TensorObject): A number; or a nested list of numbers, all rows of
            one length; or a tensor object. What is not finite is written as the string "Infinity" or "-Infinity"; NaN,
            booleans and other strings in a list are refused.
        labels (ArrayType1 | float | list[Any] | None | TensorObject | Unset): As for `POST /v1/loss`. Absent:
            divergences and agreement only, of a softmax.
        weights (ArrayType1 | float | list[Any] | None | TensorObject | Unset): As for `POST /v1/loss`.
        loss_type (CompareRequestLossTypeType0 | None | Unset): Which loss to compute. `auto` goes by the labels' form:
            a scalar, logits of rank 1 or C = 1, with labels in [0, 1]: sigmoid; whole numbers of one rank less: sparse
            softmax; one-hot rows, or rows in [0, 1] that sum to 1: softmax; other labels in [0, 1] of the logits' shape:
            sigmoid. It goes by each batch alone: a client whose batches vary should name the type.

            - `sigmoid_cross_entropy`: Each logit answers a yes/no question of its own: a sample's labels don't exclude each
            other. Labels: 0 or 1, or anything in [0, 1], in the logits' shape; a scalar stands for every element.
            - `weighted_cross_entropy`: Each logit answers a yes/no question of its own, and positives are rare, or missing
            one costs more than a false alarm: a pos_weight of negatives / positives balances the two. Labels: 0 or 1, or
            anything in [0, 1], in the logits' shape; a scalar stands for every element.
            - `softmax_cross_entropy`: Exactly one class is right for each sample, and the labels say how likely each is:
            soft labels, distillation, annotators who disagree. Labels: the logits' shape, each row a distribution over the
            classes: in [0, 1], summing to 1.
            - `sparse_softmax_cross_entropy`: Exactly one class is right for each sample, and the labels name it. Labels:
            class indices from 0 to C − 1, the logits' shape without the class axis.
            - `sigmoid_focal_cross_entropy`: Each logit answers a yes/no question of its own, and nearly all of them are
            easy, as of the boxes of an object detector: the few hard ones are to count more. Labels: 0 or 1, or anything in
            [0, 1], in the logits' shape; a scalar stands for every element.
            - `softmax_focal_cross_entropy`: Exactly one class is right for each sample, most samples are easy, and the few
            hard ones are to count more; the labels are distributions or one-hot. Labels: the logits' shape, each row a
            distribution over the classes: in [0, 1], summing to 1.
            - `sparse_softmax_focal_cross_entropy`: Exactly one class is right for each sample and the labels name it, most
            samples are easy, and the few hard ones are to count more. Labels: class indices from 0 to C − 1, the logits'
            shape without the class axis.
            - `generalized_cross_entropy`: Exactly one class is right for each sample, and some labels are wrong: no sample
            costs more than 1 / q, so that wrong labels can't dominate. Labels: class indices from 0 to C − 1, the logits'
            shape without the class axis; or one-hot rows.
            - `poly_cross_entropy`: Softmax cross-entropy is right, and how much well predicted samples still pull is to be
            tuned: epsilon above 0 has them pull more, below 0 less. Labels: the logits' shape, each row a distribution over
            the classes; or class indices from 0 to C − 1.
            - `kl_divergence`: The labels are a teacher's distributions, and the loss is to be 0 where the model gives the
            same: distillation, quantisation, comparing two models. With labels_are_logits the labels are its logits.
            Labels: the logits' shape, each row a distribution over the classes: in [0, 1], summing to 1; with
            labels_are_logits any numbers, -Infinity for a class that the teacher masks. Default: 'auto'.
        pos_weight (ArrayType1 | float | list[Any] | None | TensorObject | Unset): As for `POST /v1/loss`.
        class_weights (ArrayType1 | float | list[Any] | None | TensorObject | Unset): As for `POST /v1/loss`.
        label_smoothing (float | None | Unset): s, from 0 to 1. Softmax: y(1 − s) + s/C. Sigmoid: y(1 − s) + s/2.
            Default: 0.0.
        ignore_index (int | None | Unset): A label of this value does not count: its loss and gradient are 0, it is in
            no denominator, and no check reads it. For losses over class indices, and for sigmoid losses, there for each
            label by itself. Without it a class index outside [0, C) is an error.
        axis (int | None | Unset): The class axis. Default: -1.
        from_logits (bool | None | Unset): false: `logits` holds probabilities. Softmax: each row is divided by its sum;
            then (sigmoid: at once) values are clipped to [`clip`, 1 − `clip`], as Keras does. A value outside [0, 1] by
            more than 1e-6, or a row that sums to 0, is an error. Default: True.
        reduction (CompareRequestReductionType0 | None | Unset): How losses become one value. With w an element's
            weight, v its weight for denominators (w times its labels' class weight): `sum`: Σ w·ℓ. `mean`: Σ w·ℓ / number
            of elements not ignored (TensorFlow's SUM_OVER_BATCH_SIZE). `weighted_mean`: Σ w·ℓ / Σ v (TensorFlow's MEAN;
            PyTorch's mean with class weights and indices). `mean_by_nonzero_weights`: Σ w·ℓ / number of elements with v ≠ 0
            (the default of tf.losses). `none`: there is no reduced loss. A denominator of 0 gives 0. Default: 'mean'.
        clip (float | None | Unset): With `from_logits` false: the smallest probability that is used, and 1 minus the
            largest. 0 clips nothing. Default: 1e-07.
        shift (int | None | Unset): Losses over class indices, logits [… T, C] with the classes on the last axis: logits
            at t are for the label at t + `shift`. The last logits, and the first labels and weights, of each sequence are
            left out, as what does not count; `per_sample` has T − `shift`. 1 is next-token prediction. Default: 0.
        temperature (float | None | Unset): Losses with a softmax: logits are divided by it first, and so are labels
            that are logits. Not with `from_logits` false. Default: 1.0.
        gamma (float | None | Unset): γ of focal losses: how strongly what is right already is left out; 0 gives the
            cross-entropy. Absent: 2.
        alpha (float | None | Unset): α of focal losses. Sigmoid: the weight of positives, and 1 − α that of negatives.
            Softmax: every loss is multiplied by it. Absent: 1 for all.
        q (float | None | Unset): generalized_cross_entropy: ℓ = (1 − p^q) / q; towards 0 it is the cross-entropy, with
            1 it is 1 − p. Absent: 0.5.
        epsilon (float | None | Unset): poly_cross_entropy: ε, how much 1 − p counts. Absent: 2.
        labels_are_logits (bool | None | Unset): kl_divergence: the labels are a teacher's logits, and go through a
            softmax at `temperature`, too. -Infinity masks a class. Default: False.
        most (int | None | Unset): How many of the samples whose losses differ most are told. Default: 10.
        include (list[Literal['per_sample']] | None | Unset): `per_sample`: the differences of all samples' losses, the
            other's less the first's.
        encoding (CompareRequestEncodingType0 | None | Unset): How arrays come back: as nested lists, or as tensor
            objects in the dtype of the computation. Default: 'list'.
    """

    logits: ArrayType1 | float | list[Any] | TensorObject
    other_logits: ArrayType1 | float | list[Any] | TensorObject
    labels: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    weights: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    loss_type: CompareRequestLossTypeType0 | None | Unset = "auto"
    pos_weight: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    class_weights: ArrayType1 | float | list[Any] | None | TensorObject | Unset = UNSET
    label_smoothing: float | None | Unset = 0.0
    ignore_index: int | None | Unset = UNSET
    axis: int | None | Unset = -1
    from_logits: bool | None | Unset = True
    reduction: CompareRequestReductionType0 | None | Unset = "mean"
    clip: float | None | Unset = 1e-07
    shift: int | None | Unset = 0
    temperature: float | None | Unset = 1.0
    gamma: float | None | Unset = UNSET
    alpha: float | None | Unset = UNSET
    q: float | None | Unset = UNSET
    epsilon: float | None | Unset = UNSET
    labels_are_logits: bool | None | Unset = False
    most: int | None | Unset = 10
    include: list[Literal["per_sample"]] | None | Unset = UNSET
    encoding: CompareRequestEncodingType0 | None | Unset = "list"

    def to_dict(self) -> dict[str, Any]:
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        logits: dict[str, Any] | float | list[Any] | str
        if isinstance(self.logits, str):
            logits = self.logits
        elif isinstance(self.logits, list):
            logits = self.logits

        elif isinstance(self.logits, TensorObject):
            logits = self.logits.to_dict()
        else:
            logits = self.logits

        other_logits: dict[str, Any] | float | list[Any] | str
        if isinstance(self.other_logits, str):
            other_logits = self.other_logits
        elif isinstance(self.other_logits, list):
            other_logits = self.other_logits

        elif isinstance(self.other_logits, TensorObject):
            other_logits = self.other_logits.to_dict()
        else:
            other_logits = self.other_logits

        labels: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.labels, Unset):
            labels = UNSET
        elif isinstance(self.labels, str):
            labels = self.labels
        elif isinstance(self.labels, list):
            labels = self.labels

        elif isinstance(self.labels, TensorObject):
            labels = self.labels.to_dict()
        else:
            labels = self.labels

        weights: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.weights, Unset):
            weights = UNSET
        elif isinstance(self.weights, str):
            weights = self.weights
        elif isinstance(self.weights, list):
            weights = self.weights

        elif isinstance(self.weights, TensorObject):
            weights = self.weights.to_dict()
        else:
            weights = self.weights

        loss_type: None | str | Unset
        if isinstance(self.loss_type, Unset):
            loss_type = UNSET
        elif isinstance(self.loss_type, str):
            loss_type = self.loss_type
        else:
            loss_type = self.loss_type

        pos_weight: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.pos_weight, Unset):
            pos_weight = UNSET
        elif isinstance(self.pos_weight, str):
            pos_weight = self.pos_weight
        elif isinstance(self.pos_weight, list):
            pos_weight = self.pos_weight

        elif isinstance(self.pos_weight, TensorObject):
            pos_weight = self.pos_weight.to_dict()
        else:
            pos_weight = self.pos_weight

        class_weights: dict[str, Any] | float | list[Any] | None | str | Unset
        if isinstance(self.class_weights, Unset):
            class_weights = UNSET
        elif isinstance(self.class_weights, str):
            class_weights = self.class_weights
        elif isinstance(self.class_weights, list):
            class_weights = self.class_weights

        elif isinstance(self.class_weights, TensorObject):
            class_weights = self.class_weights.to_dict()
        else:
            class_weights = self.class_weights

        label_smoothing: float | None | Unset
        if isinstance(self.label_smoothing, Unset):
            label_smoothing = UNSET
        else:
            label_smoothing = self.label_smoothing

        ignore_index: int | None | Unset
        if isinstance(self.ignore_index, Unset):
            ignore_index = UNSET
        else:
            ignore_index = self.ignore_index

        axis: int | None | Unset
        if isinstance(self.axis, Unset):
            axis = UNSET
        else:
            axis = self.axis

        from_logits: bool | None | Unset
        if isinstance(self.from_logits, Unset):
            from_logits = UNSET
        else:
            from_logits = self.from_logits

        reduction: None | str | Unset
        if isinstance(self.reduction, Unset):
            reduction = UNSET
        elif isinstance(self.reduction, str):
            reduction = self.reduction
        else:
            reduction = self.reduction

        clip: float | None | Unset
        if isinstance(self.clip, Unset):
            clip = UNSET
        else:
            clip = self.clip

        shift: int | None | Unset
        if isinstance(self.shift, Unset):
            shift = UNSET
        else:
            shift = self.shift

        temperature: float | None | Unset
        if isinstance(self.temperature, Unset):
            temperature = UNSET
        else:
            temperature = self.temperature

        gamma: float | None | Unset
        if isinstance(self.gamma, Unset):
            gamma = UNSET
        else:
            gamma = self.gamma

        alpha: float | None | Unset
        if isinstance(self.alpha, Unset):
            alpha = UNSET
        else:
            alpha = self.alpha

        q: float | None | Unset
        if isinstance(self.q, Unset):
            q = UNSET
        else:
            q = self.q

        epsilon: float | None | Unset
        if isinstance(self.epsilon, Unset):
            epsilon = UNSET
        else:
            epsilon = self.epsilon

        labels_are_logits: bool | None | Unset
        if isinstance(self.labels_are_logits, Unset):
            labels_are_logits = UNSET
        else:
            labels_are_logits = self.labels_are_logits

        most: int | None | Unset
        if isinstance(self.most, Unset):
            most = UNSET
        else:
            most = self.most

        include: list[Literal["per_sample"]] | None | Unset
        if isinstance(self.include, Unset):
            include = UNSET
        elif isinstance(self.include, list):
            include = self.include

        else:
            include = self.include

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
                "logits": logits,
                "other_logits": other_logits,
            }
        )
        if labels is not UNSET:
            field_dict["labels"] = labels
        if weights is not UNSET:
            field_dict["weights"] = weights
        if loss_type is not UNSET:
            field_dict["loss_type"] = loss_type
        if pos_weight is not UNSET:
            field_dict["pos_weight"] = pos_weight
        if class_weights is not UNSET:
            field_dict["class_weights"] = class_weights
        if label_smoothing is not UNSET:
            field_dict["label_smoothing"] = label_smoothing
        if ignore_index is not UNSET:
            field_dict["ignore_index"] = ignore_index
        if axis is not UNSET:
            field_dict["axis"] = axis
        if from_logits is not UNSET:
            field_dict["from_logits"] = from_logits
        if reduction is not UNSET:
            field_dict["reduction"] = reduction
        if clip is not UNSET:
            field_dict["clip"] = clip
        if shift is not UNSET:
            field_dict["shift"] = shift
        if temperature is not UNSET:
            field_dict["temperature"] = temperature
        if gamma is not UNSET:
            field_dict["gamma"] = gamma
        if alpha is not UNSET:
            field_dict["alpha"] = alpha
        if q is not UNSET:
            field_dict["q"] = q
        if epsilon is not UNSET:
            field_dict["epsilon"] = epsilon
        if labels_are_logits is not UNSET:
            field_dict["labels_are_logits"] = labels_are_logits
        if most is not UNSET:
            field_dict["most"] = most
        if include is not UNSET:
            field_dict["include"] = include
        if encoding is not UNSET:
            field_dict["encoding"] = encoding

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.tensor_object import TensorObject  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_logits(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        logits = _parse_logits(d.pop("logits"))

        def _parse_other_logits(data: object) -> ArrayType1 | float | list[Any] | TensorObject:
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

        other_logits = _parse_other_logits(d.pop("other_logits"))

        def _parse_labels(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        labels = _parse_labels(d.pop("labels", UNSET))

        def _parse_weights(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        weights = _parse_weights(d.pop("weights", UNSET))

        def _parse_loss_type(data: object) -> CompareRequestLossTypeType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                loss_type_type_0 = check_compare_request_loss_type_type_0(data)

                return loss_type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CompareRequestLossTypeType0 | None | Unset, data)

        loss_type = _parse_loss_type(d.pop("loss_type", UNSET))

        def _parse_pos_weight(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        pos_weight = _parse_pos_weight(d.pop("pos_weight", UNSET))

        def _parse_class_weights(data: object) -> ArrayType1 | float | list[Any] | None | TensorObject | Unset:
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

        class_weights = _parse_class_weights(d.pop("class_weights", UNSET))

        def _parse_label_smoothing(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        label_smoothing = _parse_label_smoothing(d.pop("label_smoothing", UNSET))

        def _parse_ignore_index(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        ignore_index = _parse_ignore_index(d.pop("ignore_index", UNSET))

        def _parse_axis(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        axis = _parse_axis(d.pop("axis", UNSET))

        def _parse_from_logits(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        from_logits = _parse_from_logits(d.pop("from_logits", UNSET))

        def _parse_reduction(data: object) -> CompareRequestReductionType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reduction_type_0 = check_compare_request_reduction_type_0(data)

                return reduction_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CompareRequestReductionType0 | None | Unset, data)

        reduction = _parse_reduction(d.pop("reduction", UNSET))

        def _parse_clip(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        clip = _parse_clip(d.pop("clip", UNSET))

        def _parse_shift(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        shift = _parse_shift(d.pop("shift", UNSET))

        def _parse_temperature(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        temperature = _parse_temperature(d.pop("temperature", UNSET))

        def _parse_gamma(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        gamma = _parse_gamma(d.pop("gamma", UNSET))

        def _parse_alpha(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        alpha = _parse_alpha(d.pop("alpha", UNSET))

        def _parse_q(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        q = _parse_q(d.pop("q", UNSET))

        def _parse_epsilon(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        epsilon = _parse_epsilon(d.pop("epsilon", UNSET))

        def _parse_labels_are_logits(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        labels_are_logits = _parse_labels_are_logits(d.pop("labels_are_logits", UNSET))

        def _parse_most(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        most = _parse_most(d.pop("most", UNSET))

        def _parse_include(data: object) -> list[Literal["per_sample"]] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                include_type_0 = []
                _include_type_0 = data
                for include_type_0_item_data in _include_type_0:
                    include_type_0_item = cast(Literal["per_sample"], include_type_0_item_data)
                    if include_type_0_item != "per_sample":
                        raise ValueError(
                            f"include_type_0_item must match const 'per_sample', got '{include_type_0_item}'"
                        )
                    include_type_0.append(include_type_0_item)

                return include_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Literal["per_sample"]] | None | Unset, data)

        include = _parse_include(d.pop("include", UNSET))

        def _parse_encoding(data: object) -> CompareRequestEncodingType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                encoding_type_0 = check_compare_request_encoding_type_0(data)

                return encoding_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CompareRequestEncodingType0 | None | Unset, data)

        encoding = _parse_encoding(d.pop("encoding", UNSET))

        compare_request = cls(
            logits=logits,
            other_logits=other_logits,
            labels=labels,
            weights=weights,
            loss_type=loss_type,
            pos_weight=pos_weight,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
            axis=axis,
            from_logits=from_logits,
            reduction=reduction,
            clip=clip,
            shift=shift,
            temperature=temperature,
            gamma=gamma,
            alpha=alpha,
            q=q,
            epsilon=epsilon,
            labels_are_logits=labels_are_logits,
            most=most,
            include=include,
            encoding=encoding,
        )

        return compare_request
