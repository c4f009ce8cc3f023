"""One batch, whole: the numbers of TensorFlow, what is returned in which shape and dtype, and what is refused."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.testing import assert_allclose

import xent_core
from xent_core import MissingParameter, ParameterOutOfRange, UnexpectedParameter, evaluate

SIGMOID, WEIGHTED = "sigmoid_cross_entropy", "weighted_cross_entropy"
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"
OUTPUTS = ("elements", "gradient", "probabilities")

LOGITS = [[2, 0.5, 6], [0.1, 0, 3]]
ONE_HOT = [[0, 0, 1], [0, 1, 0]]
YES_NO_LOGITS = [[0.5, 0.7, 0.3], [0.8, 0.2, 0.9]]
LOSSES_OF_YES = [[0.474077, 0.40318605, 0.55435526], [0.37110066, 0.59813887, 0.34115386]]
WEIGHTED_LOSSES_OF_YES = [[0.09481539, 0.08063721, 0.11087105], [0.07422013, 0.11962777, 0.06823077]]


def test_one_hot_labels_cost_what_they_cost_in_tensorflow() -> None:
    assert_allclose(evaluate(LOGITS, ONE_HOT).per_sample, [0.02215516, 3.0996735], rtol=1e-6)


def test_distributions_cost_what_they_cost_in_tensorflow() -> None:
    losses = evaluate([[2, 0.5, 1], [0.1, 1, 3]], [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]).per_sample
    assert_allclose(losses, [1.4143689, 1.6642545], rtol=1e-6)


@pytest.mark.parametrize("labels", [[[0, 1, 0], [0, 0, 1]], [1, 2]])
def test_one_hot_rows_and_class_indices_cost_what_they_cost_in_tensorflow(labels: Any) -> None:
    assert_allclose(evaluate([[2, 0.5, 1], [0.1, 1, 3]], labels).per_sample, [1.9643688, 0.17425454], rtol=1e-6)


@pytest.mark.parametrize("labels", [1, np.ones((2, 3))])
@pytest.mark.parametrize(
    ("pos_weight", "expected"), [(None, LOSSES_OF_YES), (0.2, WEIGHTED_LOSSES_OF_YES), (1, LOSSES_OF_YES)]
)
def test_yes_no_labels_cost_what_they_cost_in_tensorflow(labels: Any, pos_weight: Any, expected: Any) -> None:
    loss_type: Any = SIGMOID if pos_weight is None else WEIGHTED
    evaluation = evaluate(
        np.array(YES_NO_LOGITS, np.float32), labels, loss_type=loss_type, pos_weight=pos_weight, include=["elements"]
    )
    assert_allclose(evaluation.elements, expected, rtol=5e-7)
    assert_allclose(evaluation.per_sample, np.mean(expected, axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum", 0.6776438),
        ("mean", 0.3388219),
        ("weighted_mean", 0.3388219),
        ("mean_by_nonzero_weights", 0.6776438),
    ],
)
def test_weighted_and_smoothed_losses_reduce_to_what_they_reduce_to_in_tensorflow(
    reduction: Any, expected: float
) -> None:
    evaluation = evaluate(LOGITS, ONE_HOT, weights=[2, 0], label_smoothing=0.1, reduction=reduction)
    assert_allclose(evaluation.per_sample, [0.6776438, 0], rtol=1e-6)
    assert_allclose(evaluation.reduced.value, expected, rtol=1e-6)


def test_a_very_confident_prediction_costs_little_but_not_nothing() -> None:
    assert_allclose(evaluate(np.array([[60, 0, 0]], np.float32), [0]).per_sample, [1.7513e-26], rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "computed"),
    [
        (np.float16, np.float32),
        (ml_dtypes.bfloat16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.longdouble, np.float64),
        (">f4", np.float32),
        (">f8", np.float64),
        (np.int8, np.float64),
        (np.uint64, np.float64),
        (np.bool_, np.float64),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("loss_type", "labels"), [(SIGMOID, ONE_HOT), (WEIGHTED, 0.5), (SOFTMAX, np.full((2, 3), 1 / 3)), (SPARSE, [2, 1])]
)
def test_low_precision_is_computed_in_float32_and_all_else_in_float64(
    given: Any, computed: Any, loss_type: Any, labels: Any
) -> None:
    logits = np.array([[1, 0, 1], [0, 0, 1]]).astype(given)
    options: dict[str, Any] = {"loss_type": loss_type, "include": OUTPUTS, "weights": np.float64(0.1)}
    if loss_type == WEIGHTED:
        options["pos_weight"] = np.float64(0.1)
    evaluation = evaluate(logits, labels, **options)
    for name in ("per_sample", *OUTPUTS):
        assert getattr(evaluation, name).dtype == computed
    assert isinstance(evaluation.reduced.value, float)
    exact = evaluate(logits.astype(np.float64), labels, **options)
    assert_allclose(evaluation.gradient, exact.gradient, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, ">f4"], ids=str)
def test_labels_of_low_precision_do_not_lower_that_of_float64_logits(dtype: Any) -> None:
    evaluation = evaluate(np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.5], [0.25, 0.75]], dtype))
    exact = evaluate([[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.5], [0.25, 0.75]])
    assert evaluation.per_sample.dtype == np.float64
    assert_allclose(evaluation.per_sample, exact.per_sample, rtol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("loss_type", [SIGMOID, SOFTMAX, SPARSE])
def test_outputs_have_the_shape_of_what_they_belong_to(axis: int, loss_type: Any) -> None:
    shape = (2, 3, 4)
    samples = tuple(length for at, length in enumerate(shape) if at != axis % 3)
    labels = np.zeros(samples, int) if loss_type == SPARSE else np.full(shape, 0.5)
    evaluation = evaluate(np.zeros(shape), labels, axis=axis, loss_type=loss_type, include=OUTPUTS)
    assert evaluation.per_sample.shape == samples
    assert evaluation.elements.shape == (shape if loss_type == SIGMOID else samples)
    assert evaluation.gradient.shape == evaluation.probabilities.shape == shape


def test_each_of_a_rank_of_yes_no_logits_is_a_sample() -> None:
    evaluation = evaluate([0.5, 0.7, 0.3], [1, 1, 0], include=["elements"])
    assert evaluation.per_sample.tolist() == evaluation.elements.tolist()
    assert evaluation.reduced.denominator == 3


def test_a_single_row_of_softmax_logits_is_one_sample_whose_loss_is_a_number() -> None:
    for labels in (2, [0.25, 0.25, 0.5]):
        evaluation = evaluate([0.0, 0.0, 0.0], labels, loss_type=SPARSE if labels == 2 else SOFTMAX)
        assert evaluation.per_sample.shape == ()
        assert_allclose(evaluation.per_sample, np.log(3))


def test_a_sample_of_yes_no_questions_costs_their_mean_and_the_batch_that_of_its_elements() -> None:
    evaluation = evaluate(YES_NO_LOGITS, 1, weights=[[1], [3]], include=["elements"])
    assert_allclose(evaluation.per_sample, evaluation.elements.mean(1))
    assert_allclose(evaluation.reduced.value, evaluation.elements.mean())
    assert evaluation.reduced.denominator == 6


@pytest.mark.parametrize("from_logits", [True, False])
def test_probabilities_of_a_softmax_are_normalised_rows(from_logits: bool) -> None:
    probabilities = evaluate([[1.0, 0.25, 0.75]], [0], from_logits=from_logits, include=OUTPUTS).probabilities
    expected = [0.5, 0.125, 0.375] if not from_logits else np.exp([1, 0.25, 0.75]) / np.exp([1, 0.25, 0.75]).sum()
    assert_allclose(probabilities, [expected], rtol=1e-15)


def test_probabilities_of_a_sigmoid_keep_their_digits_on_both_sides() -> None:
    logits = np.array([-700.0, -40, -1, 0, 1, 40])
    assert_allclose(
        evaluate(logits, 1, include=OUTPUTS).probabilities,
        [np.exp(-700), np.exp(-40), 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1],
        rtol=1e-15,
    )
    assert evaluate([0.0, 0.3, 1.0], 1, from_logits=False, include=OUTPUTS).probabilities.tolist() == [0, 0.3, 1]


def test_what_is_not_asked_for_is_not_there() -> None:
    evaluation = evaluate(LOGITS, ONE_HOT)
    assert all(getattr(evaluation, name) is None for name in OUTPUTS)
    only_gradient = evaluate(LOGITS, ONE_HOT, include=["gradient"])
    assert [name for name in OUTPUTS if getattr(only_gradient, name) is not None] == ["gradient"]


@pytest.mark.parametrize(
    ("loss_type", "labels", "options"),
    [
        (SIGMOID, [[0, 1, 0.5], [1, 1, 0]], {"label_smoothing": 0.1}),
        (WEIGHTED, [[0, 1, 0.5], [1, 1, 0]], {"pos_weight": [1, 2, 3]}),
        (SOFTMAX, [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]], {"class_weights": [1, 2, 3]}),
        (SOFTMAX, ONE_HOT, {"class_weights": [1, 2, 3]}),
        (SPARSE, [2, -1], {"ignore_index": -1, "class_weights": [1, 2, 3]}),
    ],
)
def test_unweighted_elements_are_what_the_loss_function_gives(loss_type: Any, labels: Any, options: Any) -> None:
    elements = evaluate(LOGITS, labels, loss_type=loss_type, include=["elements"], **options).elements
    assert_allclose(elements, getattr(xent_core, loss_type)(LOGITS, labels, **options), rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "value", "loss_types"),
    [
        ("pos_weight", 2, [SIGMOID, SOFTMAX, SPARSE]),
        ("class_weights", [1, 1, 1], [SIGMOID, WEIGHTED]),
        ("ignore_index", -1, [SOFTMAX, "auto"]),
    ],
)
def test_a_parameter_that_the_loss_does_not_take_is_refused(name: str, value: Any, loss_types: list[Any]) -> None:
    for loss_type in loss_types:
        needed = {"pos_weight": 1} if loss_type == WEIGHTED else {}
        with pytest.raises(UnexpectedParameter, match=rf"^{name}: is not a parameter of"):
            evaluate(LOGITS, [2, 1] if loss_type == SPARSE else ONE_HOT, loss_type=loss_type, **needed | {name: value})


def test_weighted_cross_entropy_needs_its_pos_weight() -> None:
    with pytest.raises(MissingParameter, match=r"^pos_weight: is absent"):
        evaluate(LOGITS, ONE_HOT, loss_type=WEIGHTED)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("loss_type", "hinge", "sparse_softmax_cross_entropy"),
        ("reduction", "average", "weighted_mean"),
        ("include", ["gradients"], "gradient"),
        ("label_smoothing", -0.1, "from 0 to 1"),
        ("label_smoothing", 1.1, "from 0 to 1"),
        ("label_smoothing", np.nan, "from 0 to 1"),
    ],
)
def test_an_unknown_value_is_refused_with_those_that_there_are(name: Any, value: Any, expected: str) -> None:
    with pytest.raises(ParameterOutOfRange) as refusal:
        evaluate(LOGITS, ONE_HOT, **{name: value})
    assert refusal.value.argument == name
    assert expected in refusal.value.message


def test_a_name_of_any_length_is_refused_in_a_short_message() -> None:
    with pytest.raises(ParameterOutOfRange) as refusal:
        evaluate(LOGITS, ONE_HOT, reduction="x" * 1_000_000)
    assert len(str(refusal.value)) < 300


def test_an_evaluation_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        evaluate(LOGITS, ONE_HOT).loss_type = SPARSE


def test_arguments_are_left_as_they_were() -> None:
    logits, labels = np.array([[2, -np.inf, 6], [-np.inf] * 3]), np.array([[0.0, 0, 1], [0, 0.5, 0.5]])
    weights, class_weights = np.array([2.0, 0]), np.array([1.0, 2, 3])
    arguments = (logits, labels, weights, class_weights)
    before = [array.copy() for array in arguments]
    evaluate(logits, labels, weights=weights, class_weights=class_weights, label_smoothing=0.1, include=OUTPUTS)
    for array, copy in zip(arguments, before, strict=True):
        assert (array == copy).all()
