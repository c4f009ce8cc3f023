"""The Kullback-Leibler divergence: of itself 0, cross-entropy less entropy, a teacher's logits, 50-digit arithmetic."""

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from xent_core import (
    Infinite,
    InvalidInput,
    LabelOutOfRange,
    MaskedRow,
    NotANumber,
    UnexpectedParameter,
    evaluate,
    kl_divergence,
    kl_divergence_gradient,
    recommend,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
    sparse_softmax_cross_entropy,
)

Array = NDArray[Any]
F32, F64, INF, NAN = np.float32, np.float64, np.inf, np.nan
RANDOM = np.random.default_rng(8)
LOGITS, TEACHER = 3 * RANDOM.standard_normal((20, 5)), 3 * RANDOM.standard_normal((20, 5))
SOFT = RANDOM.dirichlet(np.ones(5), 20)
NAMED: Any = {"loss_type": "kl_divergence"}
OF_LOGITS: Any = {"loss_type": "kl_divergence", "labels_are_logits": True}


def softmax(logits: Array) -> Array:
    exponentials: Array = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def divergence_of_logits(row: Array, teacher: Array) -> float:
    """With 50 digits."""
    with localcontext() as context:
        context.prec = 50
        x, t = ([Decimal(float(each)) for each in values] for values in (row, teacher))
        log_p, log_y = ([each - sum(other.exp() for other in values).ln() for each in values] for values in (x, t))
        return float(sum(y.exp() * (y - p) for p, y in zip(log_p, log_y, strict=True)))


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("temperature", [1.0, 0.3, 7.0])
def test_of_itself_it_is_exactly_0(dtype: Any, temperature: float) -> None:
    logits = LOGITS.astype(dtype)
    logits[0, 0] = -INF
    assert (kl_divergence(logits, logits, labels_are_logits=True, temperature=temperature) == 0).all()
    assert (kl_divergence_gradient(logits, logits, labels_are_logits=True, temperature=temperature) == 0).all()
    assert_allclose(kl_divergence(LOGITS, softmax(LOGITS)), 0, atol=1e-15)


def test_it_is_cross_entropy_less_the_entropy_of_the_labels() -> None:
    entropy = -(SOFT * np.log(SOFT)).sum(1)
    assert_allclose(kl_divergence(LOGITS, SOFT), softmax_cross_entropy(LOGITS, SOFT) - entropy, rtol=1e-12)
    assert_allclose(kl_divergence_gradient(LOGITS, SOFT), softmax_cross_entropy_gradient(LOGITS, SOFT), atol=1e-15)


def test_one_hot_rows_have_no_entropy() -> None:
    labels = RANDOM.integers(0, 5, 20)
    assert_array_equal(kl_divergence(LOGITS, np.eye(5)[labels]), sparse_softmax_cross_entropy(LOGITS, labels))
    beside = kl_divergence(np.vstack([LOGITS, LOGITS[:1]]), np.vstack([np.eye(5)[labels], SOFT[:1]]))
    assert_array_equal(beside[:-1], sparse_softmax_cross_entropy(LOGITS, labels))


def test_a_teachers_logits_are_its_distributions() -> None:
    for temperature in (1.0, 2.5):
        y = softmax(TEACHER / temperature)
        options = {"labels_are_logits": True, "temperature": temperature}
        assert_allclose(kl_divergence(LOGITS, TEACHER, **options), kl_divergence(LOGITS / temperature, y), rtol=1e-12)
        assert_allclose(
            kl_divergence_gradient(LOGITS, TEACHER, **options),
            kl_divergence_gradient(LOGITS / temperature, y) / temperature,
            rtol=1e-12,
            atol=1e-15,
        )


@pytest.mark.parametrize("step", [1.0, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("dtype", [F32, F64])
def test_a_small_divergence_keeps_its_digits_and_is_never_negative(step: float, dtype: Any) -> None:
    """The step itself is all that is left of the logits' digits."""
    for seed in range(5):
        random = np.random.default_rng(seed)
        logits = random.standard_normal(6).astype(dtype)
        teacher = (logits + (step * random.standard_normal(6)).astype(dtype)).astype(dtype)
        expected = divergence_of_logits(logits, teacher)
        found = float(kl_divergence(logits, teacher, labels_are_logits=True))
        assert found >= 0
        assert_allclose(found, expected, rtol=2e-6 if dtype == F32 else max(1e-12, 1e-14 / step), atol=1e-45)


def test_labels_of_0_cost_nothing_also_at_a_mask() -> None:
    rows = [[0, 0, -INF]] * 3
    labels = [[0.5, 0.5, 0], [0.25, 0.75, 0], [0.5, 0.25, 0.25]]
    expected = [0, 0.25 * np.log(0.5) + 0.75 * np.log(1.5), INF]
    assert kl_divergence(rows, labels).tolist() == pytest.approx(expected, abs=1e-16)
    assert kl_divergence(rows, [[0, 0, -INF], [0, np.log(3), -INF], [0, 0, 0]], labels_are_logits=True).tolist() == (
        pytest.approx(expected, abs=1e-15)
    )
    assert kl_divergence([[1e30, 0]], [[0.5, 0.5]]).tolist() == [pytest.approx(5e29)]
    assert kl_divergence([[0, 0]], [[1e30, -1e30]], labels_are_logits=True).tolist() == [pytest.approx(np.log(2))]
    assert kl_divergence([[0, 1000]], [[1e-320, 1.0]]).tolist() == [pytest.approx(0, abs=1e-15)]


def test_labels_need_not_sum_to_1() -> None:
    labels = [[0.5, 0.25]]
    expected = 0.5 * np.log(0.5 / 0.5) + 0.25 * np.log(0.25 / 0.5)
    assert kl_divergence([[0.0, 0.0]], labels).tolist() == [pytest.approx(expected)]


@pytest.mark.parametrize("dtype", [F32, F64])
def test_probabilities_are_taken_on_both_sides(dtype: Any) -> None:
    p, y = softmax(LOGITS).astype(dtype), SOFT.astype(dtype)
    rtol = 1e-5 if dtype == F32 else 1e-12
    assert_allclose(kl_divergence(p, y, from_logits=False), kl_divergence(LOGITS, SOFT), rtol)
    assert_allclose(
        kl_divergence(p, TEACHER, from_logits=False, labels_are_logits=True),
        kl_divergence(LOGITS, softmax(TEACHER)),
        rtol,
    )


@pytest.mark.parametrize(
    ("teacher", "error", "position", "message"),
    [
        ([[0, 0], [0, NAN]], NotANumber, (1, 1), "is NaN"),
        ([[0, 0], [INF, 0]], Infinite, (1, 0), "is Infinity"),
        ([[0, 0], [-INF, -INF]], MaskedRow, (1,), "the teacher gives no class a probability"),
        ([[0, 0], [0, 1e308]], Infinite, (1, 1), "once divided by the temperature"),
    ],
)
def test_a_teachers_logits_that_are_none_are_refused(
    teacher: Any, error: type[InvalidInput], position: tuple[int, ...], message: str
) -> None:
    for compute in (
        lambda: kl_divergence(np.zeros((2, 2)), teacher, labels_are_logits=True, temperature=0.1),
        lambda: evaluate(np.zeros((2, 2)), teacher, temperature=0.1, **OF_LOGITS),
        lambda: recommend(teacher, logits_shape=(2, 2), temperature=0.1, **OF_LOGITS),
    ):
        with pytest.raises(error, match=message) as raised:
            compute()
        assert (raised.value.argument, raised.value.position) == ("labels", position)
    assert evaluate(np.zeros((2, 2)), teacher, temperature=0.1, weights=[1, 0], **OF_LOGITS).reduced.value == 0


def test_a_negative_label_has_no_logarithm() -> None:
    labels = [[0.5, 0.5], [1.5, -0.5]]
    for compute in (
        lambda: kl_divergence(np.zeros((2, 2)), labels),
        lambda: recommend(labels, logits_shape=(2, 2), **NAMED),
    ):
        with pytest.raises(LabelOutOfRange, match=r"is -0\.5; .* if the labels are a teacher's logits, set") as raised:
            compute()
        assert raised.value.position == (1, 1)


def test_auto_never_takes_labels_as_logits() -> None:
    with pytest.raises(UnexpectedParameter, match="labels_are_logits: is true beside loss_type auto; name kl_diver"):
        evaluate(LOGITS, TEACHER, labels_are_logits=True)
    with pytest.raises(UnexpectedParameter, match="labels_are_logits: is not a parameter of softmax_cross_entropy"):
        evaluate(LOGITS, TEACHER, labels_are_logits=True, loss_type="softmax_cross_entropy")


@pytest.mark.parametrize("parameter", [{"class_weights": [1] * 5}, {"label_smoothing": 0.1}, {"ignore_index": 1}])
def test_what_it_does_not_take_is_refused(parameter: dict[str, Any]) -> None:
    (name,) = parameter
    with pytest.raises(UnexpectedParameter, match=f"{name}: is not a parameter of kl_divergence"):
        evaluate(LOGITS, SOFT, **NAMED, **parameter)


def test_advice_on_a_teachers_logits_is_not_that_on_labels() -> None:
    evaluation = evaluate(LOGITS, 100 * TEACHER, include=["gradient"], **OF_LOGITS)
    codes = {warning.code for warning in evaluation.warnings}
    assert not codes & {"labels_outside_unit_interval", "labels_not_a_distribution"}
    assert not {"labels_outside_unit_interval", "labels_not_a_distribution"} & set(evaluation.checked)
    assert evaluation.recommendation.loss_type == "kl_divergence"
    one_hot_logits = evaluate(LOGITS, np.eye(5)[[0] * 20], **OF_LOGITS)
    assert_allclose(one_hot_logits.per_sample, kl_divergence(LOGITS, softmax(np.eye(5)[[0] * 20])), rtol=1e-12)


def test_a_clipped_probability_caps_the_loss_of_what_the_teacher_does_not_mask() -> None:
    p = [[0.0, 0.5, 0.5]]
    for teacher, capped in (([[-5.0, 0, 0]], True), ([[-INF, 0, 0]], False)):
        evaluation = evaluate(p, teacher, from_logits=False, **OF_LOGITS)
        assert ("probabilities_clipped" in [warning.code for warning in evaluation.warnings]) == capped
