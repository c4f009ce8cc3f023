"""What counts as an array, as a logit, as a label; and where the first value stands that doesn't."""

import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

import xent_core
from xent_core import (
    AxisOutOfRange,
    Empty,
    Infinite,
    InvalidInput,
    LabelNotWhole,
    LabelOutOfRange,
    MaskedRow,
    NotANumber,
    NotAProbability,
    NotNumeric,
    ParameterOutOfRange,
    Ragged,
    WrongShape,
    evaluate,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
    sparse_softmax_cross_entropy,
    weighted_cross_entropy,
)

NAN, INF = np.nan, np.inf
LOSS_TYPES = [
    "sigmoid_cross_entropy",
    "weighted_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]


@pytest.mark.parametrize("argument", ["logits", "labels", "weights"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        ([[1, 2], [3]], Ragged),
        ([[1, 2], 3], Ragged),
        ([], Empty),
        ([[], []], Empty),
        (np.zeros((2, 0, 3)), Empty),
        ("12", NotNumeric),
        ([1, "2"], NotNumeric),
        ([1, None], NotNumeric),
        ([1j, 2], NotNumeric),
        ({"a": 1}, NotNumeric),
        ([10**30, 1], NotNumeric),
        (np.array(["2020-01-01"], "M8[D]"), NotNumeric),
    ],
    ids=repr,
)
def test_what_is_no_array_of_numbers_is_refused(argument: str, value: Any, error: type[InvalidInput]) -> None:
    arguments = {"logits": [[1.0, 2.0], [3.0, 4.0]], "labels": [0, 1], "weights": [1, 1]}
    with pytest.raises(error) as refusal:
        evaluate(**arguments | {argument: value})
    assert refusal.value.argument == argument


def test_none_is_no_array() -> None:
    for arguments in ((None, [0, 1]), ([[1.0, 2.0]], None)):
        with pytest.raises(NotNumeric):
            evaluate(*arguments)  # type: ignore[arg-type]


def test_too_deep_a_nesting_is_not_called_ragged() -> None:
    deep: Any = 1.0
    for _ in range(100):
        deep = [deep]
    with pytest.raises(InvalidInput) as refusal:
        sigmoid_cross_entropy(deep, 1)
    assert not isinstance(refusal.value, Ragged)


@pytest.mark.parametrize("loss", [sigmoid_cross_entropy, softmax_cross_entropy, sparse_softmax_cross_entropy])
def test_a_single_number_is_no_batch_of_logits(loss: Any) -> None:
    with pytest.raises(WrongShape, match="logits: is a single number"):
        loss(0.5, 1)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, NAN])
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_label_smoothing_goes_from_0_to_1(loss_type: str, smoothing: float) -> None:
    labels = [0, 1] if loss_type.startswith("sparse") else [[0, 1], [1, 0]]
    for name in (loss_type, f"{loss_type}_gradient"):
        with pytest.raises(ParameterOutOfRange, match="label_smoothing: is"):
            getattr(xent_core, name)(np.zeros((2, 2)), labels, label_smoothing=smoothing, **_pos_weight(loss_type))


@pytest.mark.parametrize("axis", [2, -3, 100])
def test_an_axis_that_the_logits_lack_is_refused(axis: int) -> None:
    for compute in (sparse_softmax_cross_entropy, evaluate):
        with pytest.raises(AxisOutOfRange, match=rf"axis: is {axis}; logits of shape \[2, 3\] have axes -2 to 1"):
            compute(np.zeros((2, 3)), [0, 1], axis=axis)


@pytest.mark.parametrize("order", ["F", "strided", "reversed", "read-only", "list", "big-endian"])
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_the_way_an_array_lies_in_memory_makes_no_difference(order: str, loss_type: Any) -> None:
    logits = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    labels = np.array([[0, 1, 2], [3, 2, 1]]) if loss_type.startswith("sparse") else logits % 1
    options = {"pos_weight": 2.0} if loss_type.startswith("weighted") else {}

    def laid_out(array: Any) -> Any:
        match order:
            case "F":
                return np.asfortranarray(array)
            case "strided":
                return np.repeat(array, 2, axis=-1)[..., ::2]
            case "reversed":
                return array[::-1].copy()[::-1]
            case "read-only":
                array = array.copy()
                array.flags.writeable = False
                return array
            case "list":
                return array.tolist()
            case _:
                return array.astype(array.dtype.newbyteorder(">"))

    plain = evaluate(logits, labels, loss_type=loss_type, include=["gradient"], **options)
    other = evaluate(laid_out(logits), laid_out(labels), loss_type=loss_type, include=["gradient"], **options)
    assert_allclose(other.per_sample, plain.per_sample, rtol=1e-15)
    assert_allclose(other.gradient, plain.gradient, rtol=1e-15)


@pytest.mark.parametrize(
    "dtype",
    [
        *(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
        *(np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.longdouble),
    ],
)
def test_class_indices_may_be_of_any_dtype(dtype: Any) -> None:
    logits = np.arange(257.0).reshape(1, 257).repeat(3, axis=0) / 257
    labels = [0, 1, 127]
    expected = sparse_softmax_cross_entropy(logits, labels)
    assert (sparse_softmax_cross_entropy(logits, np.array(labels, dtype)) == expected).all()
    assert (evaluate(logits, np.array(labels, dtype)).per_sample == expected).all()


def test_booleans_may_be_class_indices_of_two_classes_and_one_hot_rows() -> None:
    logits = [[0.0, 1.0], [2.0, 0.0]]
    expected = sparse_softmax_cross_entropy(logits, [1, 0])
    assert (sparse_softmax_cross_entropy(logits, np.array([True, False])) == expected).all()
    assert (softmax_cross_entropy(logits, np.array([[False, True], [True, False]])) == expected).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64, np.int64, np.float32, np.float64])
def test_any_label_of_its_dtype_can_be_the_one_to_ignore(dtype: Any) -> None:
    largest = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 2**24
    losses = sparse_softmax_cross_entropy(np.zeros((2, 2)), np.array([0, largest], dtype), ignore_index=int(largest))
    assert losses.tolist() == [np.log(2), 0]


@pytest.mark.parametrize("ignore_index", [-1, 256, 2**63, -(2**70)])
def test_an_ignore_index_outside_the_labels_dtype_ignores_none_of_them(ignore_index: int) -> None:
    for dtype in (np.uint8, np.int64, np.float64):
        losses = evaluate(np.zeros((2, 2)), np.array([0, 1], dtype), ignore_index=ignore_index).per_sample
        assert_allclose(losses, np.log([2, 2]))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 3], LabelOutOfRange, "labels[1]: is 3; a class index from 0 to 2 was expected"),
        ([-1, 0], LabelOutOfRange, "labels[0]: is -1; a class index from 0 to 2 was expected"),
        ([0, -100], LabelOutOfRange, "labels[1]: is -100; a class index from 0 to 2 was expected"),
        ([0.0, 3.0], LabelOutOfRange, "labels[1]: is 3; a class index from 0 to 2 was expected"),
        ([0.0, 2.0**63], LabelOutOfRange, "labels[1]: is 9.22337204e+18; a class index from 0 to 2 was expected"),
        (np.array([0, 2**63], np.uint64), LabelOutOfRange, "labels[1]: is 9223372036854775808; a class index from 0"),
        ([1e300, 0], LabelOutOfRange, "labels[0]: is 1e+300; a class index from 0 to 2 was expected"),
        ([-1e300, 0], LabelOutOfRange, "labels[0]: is -1e+300; a class index from 0 to 2 was expected"),
        ([0, 1.5], LabelNotWhole, "labels[1]: is 1.5; a class index is a whole number"),
        ([INF, 0], Infinite, "labels[0]: is Infinity; a finite number was expected"),
        ([-INF, 0], Infinite, "labels[0]: is -Infinity; a finite number was expected"),
    ],
)
def test_a_label_that_is_no_class_index_is_refused(labels: Any, error: type[InvalidInput], message: str) -> None:
    with pytest.raises(error) as refusal:
        sparse_softmax_cross_entropy(np.zeros((2, 3)), labels)
    assert str(refusal.value).startswith(message)
    with pytest.raises(error) as refusal:
        evaluate(np.zeros((2, 3)), labels, loss_type="sparse_softmax_cross_entropy")
    assert str(refusal.value).startswith(message)


def test_the_label_to_ignore_is_named_beside_the_class_indices() -> None:
    with pytest.raises(LabelOutOfRange, match=r"is -1; a class index from 0 to 2 was expected, or -100, the label"):
        sparse_softmax_cross_entropy(np.zeros((2, 3)), [-100, -1], ignore_index=-100)


shapes_and_axes = hnp.array_shapes(max_dims=4, max_side=4).flatmap(
    lambda shape: st.tuples(
        st.just(shape), st.integers(0, len(shape) - 1), st.tuples(*(st.integers(0, n - 1) for n in shape))
    )
)


@given(
    shapes_and_axes, st.sampled_from(LOSS_TYPES), st.booleans(), st.sampled_from([np.float16, np.float32, np.float64])
)
def test_nan_and_infinity_in_logits_are_found_wherever_they_stand(
    place: tuple[Any, int, Any], loss_type: Any, from_logits: bool, dtype: Any
) -> None:
    shape, axis, position = place
    samples = shape[:axis] + shape[axis + 1 :]
    labels = np.zeros(samples, int) if loss_type.startswith("sparse") else np.full(shape, 0.5)
    options = {"pos_weight": 2.0} if loss_type.startswith("weighted") else {}
    for value, error in [(NAN, NotANumber), (INF, Infinite if from_logits else NotAProbability)]:
        logits = np.full(shape, 0.5, dtype)
        logits[position] = value
        with pytest.raises(error) as refusal:
            evaluate(logits, labels, loss_type=loss_type, axis=axis, from_logits=from_logits, **options)
        assert refusal.value.argument == "logits"
        assert refusal.value.position == position


@given(shapes_and_axes, st.sampled_from(LOSS_TYPES[:3]), st.booleans())
def test_infinity_in_labels_is_found_wherever_they_stand(
    place: tuple[Any, int, Any], loss_type: Any, from_logits: bool
) -> None:
    shape, axis, position = place
    scores = np.full(shape, 0.5)
    options = _pos_weight(loss_type) | {"axis": axis, "from_logits": from_logits}

    def by_function(labels: Any) -> Any:
        if loss_type == "softmax_cross_entropy":
            return softmax_cross_entropy(scores, labels, **options)
        return weighted_cross_entropy(scores, labels, **{"pos_weight": 1.0} | options)

    for value, error in [(INF, Infinite), (-INF, Infinite)]:
        labels = np.full(shape, 0.5)
        labels[position] = value
        for compute in (by_function, lambda labels: evaluate(scores, labels, loss_type=loss_type, **options)):
            with pytest.raises(error) as refusal:
                compute(labels)
            assert refusal.value.argument == "labels"
            assert refusal.value.position == position


def _pos_weight(loss_type: str) -> dict[str, float]:
    return {"pos_weight": 2.0} if loss_type.startswith("weighted") else {}


@pytest.mark.parametrize("value", [-INF, INF])
def test_an_odd_label_is_placed_in_the_labels_own_shape_where_they_lack_the_class_axis(value: float) -> None:
    with pytest.raises(InvalidInput) as refusal:
        sigmoid_cross_entropy([[1.0], [2.0]], [0, value])
    assert refusal.value.position == (1,)


@given(shapes_and_axes)
def test_a_label_out_of_range_is_found_wherever_it_stands(place: tuple[Any, int, Any]) -> None:
    shape, axis, position = place
    samples, sample = shape[:axis] + shape[axis + 1 :], position[:axis] + position[axis + 1 :]
    labels = np.zeros(samples, int)
    labels[sample] = shape[axis]
    with pytest.raises(LabelOutOfRange) as refusal:
        sparse_softmax_cross_entropy(np.zeros(shape), labels, axis=axis)
    assert refusal.value.position == sample


@given(shapes_and_axes, st.booleans())
def test_a_row_masked_whole_is_found_wherever_it_stands(place: tuple[Any, int, Any], sparse: bool) -> None:
    shape, axis, position = place
    samples, sample = shape[:axis] + shape[axis + 1 :], position[:axis] + position[axis + 1 :]
    logits = np.zeros(shape)
    logits[(*sample[:axis], slice(None), *sample[axis:])] = -INF
    labels = np.zeros(samples, int) if sparse else np.full(shape, 1 / shape[axis])
    with pytest.raises(MaskedRow) as refusal:
        (sparse_softmax_cross_entropy if sparse else softmax_cross_entropy)(logits, labels, axis=axis)
    assert refusal.value.position == sample


@pytest.mark.parametrize("value", [-1.01e-6, 1 + 1.01e-6, 5, -1e30, -INF])
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_a_number_outside_the_unit_interval_is_no_probability(value: float, loss_type: Any) -> None:
    labels = [0, 1] if loss_type.startswith("sparse") else [[0.5, 0.5], [0.5, 0.5]]
    with pytest.raises(NotAProbability) as refusal:
        evaluate([[0.5, 0.5], [value, 0.5]], labels, loss_type=loss_type, from_logits=False, **_pos_weight(loss_type))
    assert refusal.value.position == (1, 0)


@pytest.mark.parametrize("value", [-0.99e-6, 1 + 0.99e-6])
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_a_probability_may_miss_the_unit_interval_by_a_millionth(value: float, loss_type: Any) -> None:
    labels = [0, 1] if loss_type.startswith("sparse") else [[0.5, 0.5], [0.5, 0.5]]
    near, at = (
        evaluate([[0.5, 0.5], [number, 0.5]], labels, loss_type=loss_type, from_logits=False, **_pos_weight(loss_type))
        for number in (value, round(value))
    )
    assert_allclose(near.per_sample, at.per_sample, rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_row_of_probabilities_that_sums_to_0_is_refused(axis: int) -> None:
    probabilities = np.array([[0.5, 0.5], [0.0, 0.0]])
    with pytest.raises(NotAProbability, match=r"logits\[1\]: sums to 0"):
        evaluate(probabilities if axis == 1 else probabilities.T, [0, 1], axis=axis, from_logits=False)


def test_a_number_too_large_for_float32_is_refused_as_what_it_is() -> None:
    logits = np.zeros((2, 2), np.float32)
    for labels in ([[1e39, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, -1e39]]):
        for loss in (softmax_cross_entropy, sigmoid_cross_entropy):
            with pytest.raises(Infinite, match=r"is -?1e\+39, too large for float32"):
                loss(logits, labels)
    with pytest.raises(Infinite, match=r"is 1e\+39, too large for float32"):
        sigmoid_cross_entropy(logits, 1e39)


@pytest.mark.parametrize(
    ("logits_shape", "labels_shape", "axis", "hint"),
    [
        ((4, 3), (4, 1), -1, "np.squeeze(labels, axis=1)"),
        ((4, 3, 5), (4, 1, 5), 1, "np.squeeze(labels, axis=1)"),
        ((3, 4), (1, 4), 0, "np.squeeze(labels, axis=0)"),
        ((4, 3), (1, 4), -1, None),
        ((4, 3), (2, 2), -1, None),
        ((4, 3), (3,), -1, None),
        ((4, 3), (4, 3, 1), -1, None),
    ],
)
def test_a_squeeze_is_proposed_where_it_makes_the_labels_fit(
    logits_shape: tuple[int, ...], labels_shape: tuple[int, ...], axis: int, hint: str | None
) -> None:
    logits, labels = np.zeros(logits_shape), np.zeros(labels_shape, int)
    for loss_type in ("auto", "softmax_cross_entropy", "sparse_softmax_cross_entropy"):
        with pytest.raises(WrongShape) as refusal:
            evaluate(logits, labels, axis=axis, loss_type=loss_type)  # type: ignore[arg-type]
        assert str(list(labels_shape)) in refusal.value.message
        assert ("np.squeeze" in refusal.value.message) == (hint is not None)
        assert hint is None or hint in refusal.value.message


def test_labels_of_the_other_softmax_loss_are_sent_there() -> None:
    with pytest.raises(WrongShape, match="belong to sparse_softmax_cross_entropy"):
        softmax_cross_entropy(np.zeros((2, 3)), [0, 1])
    with pytest.raises(WrongShape, match="belong to softmax_cross_entropy"):
        sparse_softmax_cross_entropy(np.zeros((2, 3)), np.zeros((2, 3)))


@pytest.mark.parametrize(
    "odd",
    [
        {"logits": np.full((1000, 100), NAN)},
        {"labels": np.full(1000, INF)},
        {"labels": np.full(1000, 1e9)},
        {"labels": np.full((1000, 100), 1e9)},
        {"labels": np.zeros(999, int)},
        {"weights": np.ones(99)},
        {"weights": np.full(1000, INF)},
        {"class_weights": np.ones(99)},
    ],
    ids=[
        "nan logits",
        "infinite labels",
        "large indices",
        "large labels",
        "few labels",
        "few weights",
        "infinite weights",
        "few class weights",
    ],
)
def test_no_message_is_long_however_large_the_arrays(odd: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"logits": np.zeros((1000, 100)), "labels": np.zeros(1000, int)}
    with pytest.raises(InvalidInput) as refusal:
        evaluate(**sound | odd)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("gradient", [False, True])
def test_the_position_does_not_depend_on_what_stands_after_it(gradient: bool) -> None:
    function = softmax_cross_entropy_gradient if gradient else softmax_cross_entropy
    logits = np.zeros((5, 4))
    for first, second in itertools.combinations(range(5), 2):
        odd = logits.copy()
        odd[first, 3] = odd[second, 0] = NAN
        with pytest.raises(NotANumber) as refusal:
            function(odd, np.full((5, 4), 0.25))
        assert refusal.value.position == (first, 3)
