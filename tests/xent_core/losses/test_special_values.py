"""A catalogue of special values: the largest and smallest numbers, masks, a single row or class, a million of them."""

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import xent_core
from xent_core import (
    InvalidInput,
    MaskedRow,
    UndefinedLoss,
    evaluate,
    sigmoid_cross_entropy,
    sigmoid_cross_entropy_gradient,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
    sparse_softmax_cross_entropy,
    sparse_softmax_cross_entropy_gradient,
    weighted_cross_entropy,
    weighted_cross_entropy_gradient,
)
from xent_core.losses import LOSS_TYPES, LOSSES

Array = NDArray[Any]
INF, NAN, LN2 = np.inf, np.nan, np.log(2)
F16, F32, F64 = np.float16, np.float32, np.float64
F32_MAX, F64_MAX = float(np.finfo(F32).max), float(np.finfo(F64).max)
SIGMOID, WEIGHTED = "sigmoid_cross_entropy", "weighted_cross_entropy"
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"
OUTPUTS = ("elements", "gradient", "probabilities")


@pytest.mark.parametrize(
    ("row", "label", "dtype", "loss"),
    [
        ([1e4, 0, 0], 0, F32, 0),
        ([1e4, 0, 0], 1, F32, 1e4),
        ([-1e4, 0, 0], 0, F64, 1e4 + LN2),
        ([-1e4, 0, 0], 1, F64, LN2),
        ([1e4, 1e4], 0, F32, LN2),
        ([-1e4, -1e4], 0, F32, LN2),
        ([1e30, 0], 0, F32, 0),
        ([1e30, 0], 1, F64, 1e30),
        ([1e30, -1e30], 1, F64, 2e30),
        ([1e30, 1e30], 1, F32, LN2),
        ([-1e30, -1e30], 1, F64, LN2),
        ([1e6, 1e6 + 1], 0, F64, np.log1p(np.e)),
        ([65504, -65504], 1, F16, 131008),
        ([65504, 65504], 1, F16, LN2),
        ([F32_MAX, -F32_MAX], 0, F32, 0),
        ([F32_MAX, -F32_MAX], 1, F32, INF),
        ([F32_MAX, -F32_MAX], 1, F64, 2 * F32_MAX),
        ([F64_MAX, F64_MAX], 1, F64, LN2),
        ([F64_MAX, -F64_MAX], 1, F64, INF),
        ([F64_MAX, -F64_MAX], 0, F64, 0),
        ([1e-45, -1e-45], 0, F32, LN2),
        ([5e-324, -5e-324], 0, F64, LN2),
        ([90, 0], 0, F32, 8.19401262399051430e-40),
        ([740, 0], 0, F64, 4.199558e-322),
        ([0, -INF], 0, F32, 0),
        ([0, -INF], 1, F32, INF),
        ([0, 0, -INF], 0, F64, LN2),
        ([1e30, -INF, 1e30], 0, F32, LN2),
        ([-1e30, -INF], 0, F32, 0),
        ([F64_MAX, -INF], 1, F64, INF),
        ([0.0], 0, F32, 0),
        ([1e30], 0, F64, 0),
        ([-F64_MAX], 0, F64, 0),
    ],
)
def test_the_loss_of_a_class_index(row: list[float], label: int, dtype: Any, loss: float) -> None:
    logits = np.array([row, row], dtype)
    expected = pytest.approx(loss, rel=1e-6, abs=2e-45)
    assert sparse_softmax_cross_entropy(logits, [label, label]).tolist() == [expected, expected]
    assert softmax_cross_entropy(logits, np.eye(len(row))[[label, label]]).tolist() == [expected, expected]
    evaluation = evaluate(logits, [label, label], loss_type=SPARSE)
    assert evaluation.per_sample.tolist() == [expected, expected]
    assert ("infinite_loss" in [warning.code for warning in evaluation.warnings]) == (loss == INF)


@pytest.mark.parametrize(
    ("row", "labels", "dtype", "loss"),
    [
        ([1e4, 0], [0.5, 0.5], F32, 5e3),
        ([-1e30, 1e30], [0.5, 0.5], F64, 1e30),
        ([1e30, 1e30], [0.5, 0.5], F32, LN2),
        ([65504, -65504], [0.25, 0.75], F16, 0.75 * 131008),
        ([F32_MAX, -F32_MAX], [0.25, 0.75], F32, INF),
        ([F32_MAX, -F32_MAX], [0.75, 0.25], F32, F32_MAX / 2),
        ([0, 0, -INF], [0.5, 0.5, 0], F32, LN2),
        ([0, 0, -INF], [0.5, 0.25, 0.25], F32, INF),
        ([0, 0, -INF], [1.5, 0.5, -1], F32, -INF),
        ([1e30, 0, -INF], [0.5, 0.5, 0], F64, 5e29),
        ([0, 0], [0, 0], F32, 0),
        ([0, -INF], [0, 0], F32, 0),
        ([3, 1e30], [1e30, 0], F32, INF),
        ([7.0], [0.5], F32, 0),
    ],
)
def test_the_loss_of_a_distribution(row: list[float], labels: list[float], dtype: Any, loss: float) -> None:
    losses = softmax_cross_entropy(np.array([row], dtype), [labels])
    assert losses.tolist() == [pytest.approx(loss, rel=1e-6, abs=1e-7)]


@pytest.mark.parametrize(
    ("logit", "label", "dtype", "loss", "gradient"),
    [
        (1e4, 0, F32, 1e4, 1),
        (1e4, 1, F32, 0, 0),
        (-1e4, 0, F32, 0, 0),
        (-1e4, 1, F32, 1e4, -1),
        (1e30, 0.25, F32, 0.75e30, 0.75),
        (-1e30, 0.25, F64, 0.25e30, -0.25),
        (65504, 0, F16, 65504, 1),
        (F32_MAX, 0, F32, F32_MAX, 1),
        (F32_MAX, 1, F32, 0, 0),
        (F64_MAX, 0, F64, F64_MAX, 1),
        (-F64_MAX, 1, F64, F64_MAX, -1),
        (F32_MAX, -1, F32, INF, 2),
        (-INF, 0, F32, 0, 0),
        (-INF, 1, F32, INF, -1),
        (-INF, 0.5, F64, INF, -0.5),
        (-INF, -1, F64, -INF, 1),
        (1e-45, 1, F32, LN2, -0.5),
        (-5e-324, 0, F64, LN2, 0.5),
        (-90, 0, F32, 8.19401262399051430e-40, 8.19401262399051430e-40),
        (90, 1, F32, 8.19401262399051430e-40, -8.19401262399051430e-40),
    ],
)
def test_the_loss_and_the_gradient_of_a_yes_or_no(
    logit: float, label: float, dtype: Any, loss: float, gradient: float
) -> None:
    logits = np.array([logit, logit], dtype)
    expected, slope = pytest.approx(loss, rel=1e-6, abs=2e-45), pytest.approx(gradient, rel=1e-6, abs=2e-45)
    assert sigmoid_cross_entropy(logits, label).tolist() == [expected] * 2
    assert weighted_cross_entropy(logits, label, pos_weight=1).tolist() == [expected] * 2
    assert sigmoid_cross_entropy_gradient(logits, label).tolist() == [slope] * 2
    assert weighted_cross_entropy_gradient(logits, label, pos_weight=1).tolist() == [slope] * 2


def test_a_positive_term_that_counts_0_times_costs_nothing_at_a_mask() -> None:
    assert weighted_cross_entropy([-INF], [1], pos_weight=0).tolist() == [0]
    assert softmax_cross_entropy([[0, -INF]], [[0.5, 0.5]], class_weights=[1, 0]).tolist() == [0]
    assert sparse_softmax_cross_entropy([[0, -INF]], [1], class_weights=[1, 0]).tolist() == [0]


def test_a_certain_prediction_that_is_wrong_is_pushed_back_with_the_force_of_1() -> None:
    assert sparse_softmax_cross_entropy_gradient([[0, -INF], [1e30, -1e30]], [1, 1]).tolist() == [[1, -1], [1, -1]]
    assert softmax_cross_entropy_gradient([[0, -INF], [0, 0]], [[0, 1], [0.5, 0.5]]).tolist() == [[1, -1], [0, 0]]


@pytest.mark.parametrize("dtype", [F32, F64])
def test_smoothed_labels_at_a_mask_cost_infinitely_much(dtype: Any) -> None:
    losses = sparse_softmax_cross_entropy(np.array([[0, -INF]], dtype), [0], label_smoothing=0.1)
    assert losses.tolist() == [INF]


class TestARowMaskedWhole:
    logits = np.array([[0.0, 1.0, 2.0], [-INF, -INF, -INF]])

    @pytest.mark.parametrize("function", ["", "_gradient"])
    @pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"class_weights": [1, 2, 3]}])
    def test_is_an_error_in_a_softmax(self, function: str, options: dict[str, Any]) -> None:
        for loss_type, labels in [(SPARSE, [0, 0]), (SOFTMAX, np.full((2, 3), 1 / 3)), (SOFTMAX, np.eye(3)[:2])]:
            with pytest.raises(MaskedRow) as refusal:
                getattr(xent_core, loss_type + function)(self.logits, labels, **options)
            assert (refusal.value.argument, refusal.value.position) == ("logits", (1,))
            with pytest.raises(MaskedRow):
                evaluate(self.logits, labels, loss_type=loss_type, **options)

    @pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"class_weights": [1, 2, 3]}])
    def test_costs_nothing_where_its_label_is_ignored(self, options: dict[str, Any]) -> None:
        evaluation = evaluate(self.logits, [0, -1], ignore_index=-1, include=OUTPUTS, **options)
        self.assert_nothing_in_row_1(evaluation)
        assert evaluation.reduced.value == evaluation.per_sample[0]

    @pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"class_weights": [1, 2, 3]}])
    @pytest.mark.parametrize("labels", [[0, 0], np.eye(3)[:2], np.full((2, 3), 1 / 3)], ids=["index", "hot", "soft"])
    @pytest.mark.parametrize("weights", [[1, 0], 0], ids=str)
    def test_costs_nothing_where_its_weight_is_0(self, labels: Any, weights: Any, options: dict[str, Any]) -> None:
        evaluation = evaluate(self.logits, labels, weights=weights, reduction="sum", include=OUTPUTS, **options)
        self.assert_nothing_in_row_1(evaluation)

    def test_costs_infinitely_much_or_nothing_under_a_sigmoid(self) -> None:
        evaluation = evaluate(self.logits, [[1, 1, 0], [0, 0, 0]], include=OUTPUTS)
        self.assert_nothing_in_row_1(evaluation)
        assert evaluate(self.logits, [[1, 1, 0], [0, 1, 0]]).per_sample[1] == INF

    @staticmethod
    def assert_nothing_in_row_1(evaluation: Any) -> None:
        assert evaluation.per_sample[1] == 0
        assert (evaluation.elements[1] == 0).all()
        assert (evaluation.gradient[1] == 0).all()
        assert (evaluation.probabilities[1] == 0).all()
        assert np.isfinite(evaluation.gradient).all()
        assert np.isfinite(evaluation.probabilities).all()


def test_a_weight_of_0_silences_an_infinite_loss() -> None:
    for labels in ([1, 0], np.eye(2)[[1, 0]], [[0.5, 0.5], [0.5, 0.5]]):
        evaluation = evaluate([[0, -INF], [0, 0]], labels, weights=[0, 1], include=OUTPUTS)
        assert evaluation.per_sample[0] == 0
        assert evaluation.reduced.value == pytest.approx(LN2 / 2)
    evaluation = evaluate([[0, -INF], [0, 0]], [[1, 1], [1, 1]], weights=[[1, 0], [1, 1]], include=OUTPUTS)
    assert evaluation.elements[0].tolist() == pytest.approx([LN2, 0])


@pytest.mark.parametrize("dtype", [F32, F64])
def test_one_class_costs_nothing_and_has_no_slope(dtype: Any) -> None:
    logits = np.array([[-700.0], [0], [1e30]], dtype)
    for labels, loss_type in [([0, 0, 0], SPARSE), ([[1], [0.5], [0]], SOFTMAX)]:
        evaluation = evaluate(logits, labels, loss_type=loss_type, include=OUTPUTS)
        assert evaluation.per_sample.tolist() == [0, 0, 0]
        assert (evaluation.gradient == 0).all()
        assert evaluation.probabilities.tolist() == [[1], [1], [1]]


def test_one_row_is_a_batch() -> None:
    assert_allclose(evaluate([[0.0, 0.0]], [1]).per_sample, [LN2])
    assert_allclose(evaluate([[0.0, 0.0]], [[1, 1]]).per_sample, [LN2])


@pytest.mark.parametrize("dtype", [F32, F64])
def test_a_million_classes(dtype: Any) -> None:
    logits = np.zeros((2, 1_000_000), dtype)
    logits[1] = 1000
    logits[:, 999_999] += 20
    at_lead, behind = np.log1p(999_999 * np.exp(-20)), np.log(999_999 + np.exp(20))
    assert_allclose(sparse_softmax_cross_entropy(logits, [999_999, 0]), [at_lead, behind], rtol=1e-6)
    assert_allclose(softmax_cross_entropy(logits, np.full(logits.shape, 1e-6, dtype)), behind - 20e-6, rtol=1e-6)
    gradient = sparse_softmax_cross_entropy_gradient(logits, [999_999, 0])
    assert_allclose(gradient[0, 999_999], np.expm1(-at_lead), rtol=1e-6)
    assert_allclose(gradient[1, 0], -1, rtol=1e-6)
    assert_allclose(gradient.sum(axis=1), 0, atol=1e-4 if dtype == F32 else 1e-12)
    assert sigmoid_cross_entropy(logits, 1)[0, 999_999] == pytest.approx(np.exp(-20), rel=1e-6)


def test_a_million_rows() -> None:
    logits = np.zeros((1_000_000, 2), F32)
    logits[999_999, 0] = 3
    losses = sparse_softmax_cross_entropy(logits, np.zeros(1_000_000, int))
    assert_allclose(losses[[0, 999_998, 999_999]], [LN2, LN2, np.log1p(np.exp(-3))], rtol=1e-6)


@pytest.mark.parametrize(
    ("loss_type", "logits", "labels"),
    [(SIGMOID, [[-INF, -INF]], [[1, -1]]), (SOFTMAX, [[-INF, -INF, 0]], [[1, -1, 1]])],
)
def test_infinite_losses_of_each_sign_make_that_of_their_sample_undefined(
    loss_type: Any, logits: Any, labels: Any
) -> None:
    with pytest.raises(UndefinedLoss):
        evaluate(logits, labels, loss_type=loss_type, reduction="none")


def test_infinite_terms_of_each_sign_make_their_sum_undefined() -> None:
    with pytest.raises(UndefinedLoss):
        softmax_cross_entropy([[-INF, -INF, 0]], [[1, -1, 1]])


@pytest.mark.parametrize(("logits", "from_logits"), [([10, -3], True), ([0.9, 0.3], False)])
def test_an_element_of_infinity_less_infinity_is_undefined_and_named(logits: Any, from_logits: bool) -> None:
    options: Any = {"loss_type": WEIGHTED, "pos_weight": F64_MAX, "from_logits": from_logits}
    with pytest.raises(UndefinedLoss) as raised:
        evaluate(logits, [F64_MAX, 1], **options)
    assert (raised.value.argument, raised.value.position) == ("labels", (0,))


def test_probabilities_whose_terms_are_infinite_with_each_sign_are_undefined() -> None:
    options: Any = {"loss_type": SOFTMAX, "class_weights": [2, 2], "from_logits": False}
    with pytest.raises(UndefinedLoss):
        evaluate([[0.5, 0.5]], [[F64_MAX, -F64_MAX]], **options)


def test_a_gradient_of_infinity_less_infinity_is_undefined() -> None:
    for compute in (
        lambda: softmax_cross_entropy_gradient([[0, -INF]], [[F64_MAX, F64_MAX]]),
        lambda: evaluate([[0, -INF]], [[F64_MAX, F64_MAX]], loss_type="softmax_cross_entropy", include=["gradient"]),
    ):
        with pytest.raises(UndefinedLoss):
            compute()


@pytest.mark.parametrize(("size", "dtype"), [(1e-30, F32), (1e30, F32), (1e-300, F64), (1e300, F64)])
def test_the_size_of_weights_cancels_out_of_a_weighted_mean(size: float, dtype: Any) -> None:
    logits = np.array([[0, 1], [0, 2], [0, 3], [0, 4]] * 1000, dtype)
    labels = np.zeros(4000, int)
    plain, weighted = (
        evaluate(logits, labels, weights=weight, reduction="weighted_mean", include=["gradient"])
        for weight in (1, dtype(size))
    )
    assert_allclose(weighted.reduced.value, plain.reduced.value, rtol=1e-6)
    assert_allclose(weighted.gradient, plain.gradient, rtol=1e-6)


@pytest.mark.parametrize(
    ("loss_type", "row", "labels", "options"),
    [
        (SPARSE, [0.0, 1], 0, {"weights": -4, "class_weights": [F64_MAX, 1]}),
        (SOFTMAX, [0.0, 1], [0.8, 0.3], {"weights": F64_MAX}),
        (SOFTMAX, [0.0, 1], [-F64_MAX, 2], {"class_weights": [-2, 2], "label_smoothing": 1.0, "weights": 0}),
        (SOFTMAX, [1.0, 0], [1, 1], {"from_logits": False, "class_weights": [4, F64_MAX]}),
        (SIGMOID, [0.0, 1], [1, 0], {"weights": F64_MAX}),
        (WEIGHTED, [0.5, 0.5], [1, 0], {"from_logits": False, "weights": -F64_MAX, "pos_weight": 2}),
    ],
)
def test_denominators_beyond_float64_give_no_nan(
    loss_type: Any, row: list[float], labels: Any, options: dict[str, Any]
) -> None:
    with suppress(InvalidInput):
        evaluation = evaluate(
            [row] * 3, [labels] * 3, loss_type=loss_type, reduction="weighted_mean", include=["gradient"], **options
        )
        assert not np.isnan(evaluation.reduced.value)
        assert not np.isnan(evaluation.reduced.denominator)
        assert not np.isnan(evaluation.gradient).any()


@pytest.mark.parametrize(
    ("function", "logits", "labels", "options"),
    [
        (weighted_cross_entropy, [2.6], [-F64_MAX], {"pos_weight": 2}),
        (weighted_cross_entropy, [1e4], [1e200], {"pos_weight": 1e200}),
        (weighted_cross_entropy, [1.0], [F64_MAX], {"pos_weight": 16, "from_logits": False}),
        (softmax_cross_entropy, [0, -1e308, -1e308], [1, 1e308, -1e308], {}),
        (softmax_cross_entropy, [0.1, 1, 0], [-1e200, 1e200, 5], {"class_weights": [1e200] * 3, "from_logits": False}),
    ],
)
def test_labels_beyond_the_dtype_give_no_nan(function: Any, logits: Any, labels: Any, options: dict[str, Any]) -> None:
    for compute in (function, getattr(xent_core, f"{function.__name__}_gradient")):
        with suppress(InvalidInput):
            assert not np.isnan(compute(logits, labels, **options)).any()


NASTY = [0.0, -0.0, 0.5, 1, -1, 2, 5e-324, 1e-310, 1e-45, 1e-38, 1e-30, 1e4, 1e30, 1e38, F32_MAX, 1e200, F64_MAX]
nasty = st.sampled_from(NASTY).flatmap(lambda size: st.sampled_from([size, -size])) | st.floats(-30, 30)
very_nasty = nasty | st.sampled_from([-INF, -INF, -INF, INF, NAN])


@st.composite
def nasty_batches(draw: st.DrawFn) -> tuple[Array, Any, dict[str, Any]]:
    rows, classes = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dtype = draw(st.sampled_from([F16, F32, F64]))
    loss_type = draw(st.sampled_from(LOSS_TYPES))
    from_logits = draw(st.sampled_from([True, True, False]))
    probabilities = st.sampled_from([0.0, 5e-324, 1e-45, 1e-30, 1e-7, 0.3, 0.5, 1 - 1e-7, 1])

    def numbers(shape: tuple[int, ...], elements: st.SearchStrategy[float]) -> Array:
        array: Array = draw(hnp.arrays(F64, shape, elements=elements, fill=st.nothing()))
        return array

    with np.errstate(over="ignore"):
        logits = numbers((rows, classes), very_nasty if from_logits else probabilities).astype(dtype)
    labels = numbers((rows, classes), draw(st.sampled_from([nasty, st.sampled_from([0.0, 1.0]), st.floats(0, 1)])))
    options: dict[str, Any] = {
        "loss_type": loss_type,
        "from_logits": from_logits,
    }
    own = {
        "label_smoothing": st.sampled_from([0.0, 0.0, 0.1, 1.0]),
        "gamma": st.sampled_from([0.0, 0.5, 1.0, 2.0, 300.0, 1e-300]),
        "alpha": st.sampled_from([None, 0.0, 0.25, 1.0]),
        "q": st.sampled_from([1e-300, 1e-9, 0.5, 1.0]),
        "epsilon": st.sampled_from([-1e300, -1.0, 0.0, 2.0, 1e300]),
        "labels_are_logits": st.booleans(),
    }
    loss = LOSSES[loss_type]
    options |= {name: draw(values) for name, values in own.items() if loss.takes(name)}
    if loss.takes("temperature") and from_logits:
        options["temperature"] = draw(st.sampled_from([1.0, 1.0, 1e-30, 0.5, 1e30]))
    if loss_type == WEIGHTED:
        options["pos_weight"] = numbers((classes,), nasty)
    elif loss.takes("class_weights"):
        options["class_weights"] = draw(st.none() | st.just(numbers((classes,), nasty)))
    if loss.takes_class_indices:
        labels = draw(hnp.arrays(np.int64, rows, elements=st.integers(-1, classes - 1)))
        options["ignore_index"] = -1
    return logits, labels, options


@pytest.mark.unmeasured
@settings(max_examples=600)
@given(nasty_batches(), st.data())
def test_nothing_that_is_answered_is_nan(batch: tuple[Array, Any, dict[str, Any]], data: st.DataObject) -> None:
    logits, labels, options = batch
    shapes = [(), logits.shape[:1]] + ([logits.shape] if LOSSES[options["loss_type"]].is_elementwise else [])
    weights = data.draw(st.none() | hnp.arrays(F64, st.sampled_from(shapes), elements=nasty))
    reduction: Any = data.draw(st.sampled_from(["none", "sum", "mean", "weighted_mean", "mean_by_nonzero_weights"]))
    try:
        evaluation = evaluate(logits, labels, weights=weights, reduction=reduction, include=OUTPUTS, **options)
    except InvalidInput:
        return
    numbers = [evaluation.per_sample, evaluation.elements, evaluation.gradient, evaluation.probabilities]
    if evaluation.reduced is not None:
        numbers += [evaluation.reduced.value, evaluation.reduced.numerator, evaluation.reduced.denominator]
    for warning in evaluation.warnings:
        numbers += [value for value in warning.evidence.values() if isinstance(value, float)]
    assert not any(np.isnan(number).any() for number in numbers)


@settings(max_examples=400)
@given(nasty_batches())
def test_nothing_that_a_loss_function_gives_is_nan(batch: tuple[Array, Any, dict[str, Any]]) -> None:
    logits, labels, options = batch
    loss_type = options.pop("loss_type")
    for function in (loss_type, f"{loss_type}_gradient"):
        try:
            result = getattr(xent_core, function)(logits, labels, **options)
        except InvalidInput:
            continue
        assert not np.isnan(result).any()
