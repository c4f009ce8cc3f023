"""The focal losses: their identities, published values, and 50-digit arithmetic where the frameworks lose digits."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from xent_core import (
    UndefinedLoss,
    UnexpectedParameter,
    evaluate,
    sigmoid_cross_entropy,
    sigmoid_focal_cross_entropy,
    sigmoid_focal_cross_entropy_gradient,
    softmax_cross_entropy,
    softmax_focal_cross_entropy,
    softmax_focal_cross_entropy_gradient,
    sparse_softmax_cross_entropy,
    sparse_softmax_focal_cross_entropy,
    sparse_softmax_focal_cross_entropy_gradient,
)

Array = NDArray[Any]
INF, LN2 = np.inf, np.log(2)
F32, F64 = np.float32, np.float64
RANDOM = np.random.default_rng(5)
GAMMAS = [0.0, 0.5, 1.0, 2.0, 3.7]

logits_of_rows = hnp.arrays(np.float64, (3, 4), elements=st.floats(-30, 30))


def exactly(compute: Callable[[], Decimal]) -> float:
    """Of a computation with 50 digits."""
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 50, -(10**9), 10**9
        return float(compute())


def focal_of_row(row: list[float], k: int, gamma: float) -> float:
    def compute() -> Decimal:
        exponentials = [(Decimal(x) - Decimal(row[k])).exp() for x in row]
        others = sum(exponentials) - exponentials[k]
        return (others / (1 + others)) ** Decimal(gamma) * (1 + others).ln()

    return exactly(compute)


def slope_of_row(row: list[float], k: int, gamma: float) -> float:
    """∂ℓ/∂x_k."""

    def compute() -> Decimal:
        exponentials = [(Decimal(x) - Decimal(row[k])).exp() for x in row]
        others = sum(exponentials) - exponentials[k]
        p, rest, power = 1 / (1 + others), others / (1 + others), Decimal(gamma)
        return -(rest**power + power * p * rest ** (power - 1) * (1 + others).ln()) * rest

    return exactly(compute)


@given(logits_of_rows, st.integers(0, 3))
def test_with_gamma_0_it_is_cross_entropy(logits: Array, k: int) -> None:
    rows = np.abs(logits) / (np.abs(logits).sum(1, keepdims=True) + 1) + 0.01
    assert_allclose(
        softmax_focal_cross_entropy(logits, rows, gamma=0), softmax_cross_entropy(logits, rows), rtol=1e-12, atol=1e-13
    )
    labels = np.full(3, k)
    assert_array_equal(
        sparse_softmax_focal_cross_entropy(logits, labels, gamma=0), sparse_softmax_cross_entropy(logits, labels)
    )
    assert_array_equal(sigmoid_focal_cross_entropy(logits, 1, gamma=0), sigmoid_cross_entropy(logits, 1))


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("options", [{}, {"gamma": 0.5, "alpha": 0.25}, {"class_weights": [1, 2, 0.5, 3, 0]}], ids=str)
def test_class_indices_cost_exactly_what_their_one_hot_rows_cost(dtype: Any, options: dict[str, Any]) -> None:
    logits, labels = (4 * RANDOM.standard_normal((50, 5))).astype(dtype), RANDOM.integers(0, 5, 50)
    one_hot = np.eye(5)[labels]
    for of_indices, of_rows in (
        (sparse_softmax_focal_cross_entropy, softmax_focal_cross_entropy),
        (sparse_softmax_focal_cross_entropy_gradient, softmax_focal_cross_entropy_gradient),
    ):
        assert_array_equal(of_indices(logits, labels, **options), of_rows(logits, one_hot, **options))
    beside_soft_rows = np.vstack([one_hot, np.full((1, 5), 0.2)])
    assert_array_equal(
        softmax_focal_cross_entropy(np.vstack([logits, logits[:1]]), beside_soft_rows, **options)[:-1],
        sparse_softmax_focal_cross_entropy(logits, labels, **options),
    )


def test_two_classes_are_one_question() -> None:
    x = RANDOM.standard_normal(20) * 5
    pairs = np.stack([np.zeros(20), x], axis=1)
    for label in (0, 1):
        assert_allclose(
            sparse_softmax_focal_cross_entropy(pairs, np.full(20, label), gamma=1.5),
            sigmoid_focal_cross_entropy(x, label, gamma=1.5),
            rtol=1e-12,
        )


def test_it_gives_the_values_that_tensorflow_addons_published() -> None:
    """The example of tfa.losses.SigmoidFocalCrossEntropy's docstring, whose alpha is 0.25 and gamma 2 by default.

    It adds 1e-7 within the logarithm, in float32.
    """
    losses = sigmoid_focal_cross_entropy(
        np.array([0.97, 0.91, 0.03], F32), [1, 1, 0], alpha=0.25, gamma=2, from_logits=False
    )
    assert_allclose(losses, [6.8532745e-06, 1.9097870e-04, 2.0559824e-05], rtol=1e-5)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(("dtype", "rtol"), [(F32, 2e-6), (F64, 2e-13)])
@pytest.mark.parametrize("lead", [0.0, 1.0, 5.0, 15.0, 17.5, 36.0, 60.0, 80.0])
def test_it_keeps_its_relative_accuracy_at_p_near_1(lead: float, dtype: Any, rtol: float, gamma: float) -> None:
    row = [lead, 0.0, -1.0]
    smallest = float(np.finfo(dtype).tiny)
    for k in (0, 1):
        expected, slope = focal_of_row(row, k, gamma), slope_of_row(row, k, gamma)
        if expected > smallest:
            assert_allclose(sparse_softmax_focal_cross_entropy(np.array(row, dtype), k, gamma=gamma), expected, rtol)
            soft = softmax_focal_cross_entropy(np.array(row, dtype), np.eye(3)[k] * 0.5, gamma=gamma)
            assert_allclose(soft, expected / 2, rtol)
        if abs(slope) > smallest:
            gradient = sparse_softmax_focal_cross_entropy_gradient(np.array(row, dtype), k, gamma=gamma)
            assert_allclose(gradient[k], slope, rtol)
            soft = softmax_focal_cross_entropy_gradient(np.array(row, dtype), np.eye(3)[k] * 0.5, gamma=gamma)
            assert_allclose(soft[k], slope / 2, rtol)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(("dtype", "rtol"), [(F32, 2e-6), (F64, 2e-13)])
@pytest.mark.parametrize("x", [-60.0, -20.0, -1.0, 0.0, 0.5, 17.0, 37.0, 80.0])
@pytest.mark.parametrize("label", [0, 1])
def test_a_question_keeps_its_relative_accuracy(x: float, label: int, dtype: Any, rtol: float, gamma: float) -> None:
    row = [0.0, x]
    expected, slope = focal_of_row(row, label, gamma), slope_of_row(row, label, gamma)
    if expected > float(np.finfo(dtype).tiny):
        assert_allclose(sigmoid_focal_cross_entropy(np.array([x], dtype), label, gamma=gamma), [expected], rtol)
    if abs(slope) > float(np.finfo(dtype).tiny):
        gradient = sigmoid_focal_cross_entropy_gradient(np.array([x], dtype), label, gamma=gamma)
        assert_allclose(gradient, [slope if label else -slope], rtol)


@pytest.mark.parametrize("gamma", [0.0, 1e-3, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [200.0, 1e4, 1e30, 3e38])
def test_it_is_finite_where_the_frameworks_give_nan(size: float, gamma: float) -> None:
    """At p = 1 torchvision's and Keras' gradients are NaN for gamma below 1, being 0 · ∞."""
    x = np.array([size, -size], F32)
    assert sigmoid_focal_cross_entropy(x, [1, 0], gamma=gamma).tolist() == [0, 0]
    assert sigmoid_focal_cross_entropy_gradient(x, [1, 0], gamma=gamma).tolist() == [0, 0]
    assert_allclose(sigmoid_focal_cross_entropy(x, [0, 1], gamma=gamma), F32(size), rtol=1e-6)
    assert sigmoid_focal_cross_entropy_gradient(x, [0, 1], gamma=gamma).tolist() == [1, -1]
    row = np.array([[size, 0, 0]] * 2, F32)
    for labels in ([0, 0], np.eye(3)[[0, 0]], [[0.5, 0, 0]] * 2):
        loss = sparse_softmax_focal_cross_entropy if np.ndim(labels) == 1 else softmax_focal_cross_entropy
        gradient = (
            sparse_softmax_focal_cross_entropy_gradient
            if np.ndim(labels) == 1
            else softmax_focal_cross_entropy_gradient
        )
        assert loss(row, labels, gamma=gamma).tolist() == [0, 0]
        assert np.abs(gradient(row, labels, gamma=gamma)).max() == 0


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_masks_cost_nothing_or_infinitely_much(gamma: float) -> None:
    options = {"gamma": gamma}
    assert sigmoid_focal_cross_entropy([-INF, -INF], [0, 1], **options).tolist() == [0, INF]
    assert sigmoid_focal_cross_entropy_gradient([-INF, -INF], [0, 1], **options).tolist() == [0, -1]
    rows, labels = [[0, 0, -INF]] * 2, [[0.5, 0.5, 0], [0.5, 0.25, 0.25]]
    half = 0.5**gamma * LN2
    assert softmax_focal_cross_entropy(rows, labels, **options).tolist() == [pytest.approx(half), INF]
    assert sparse_softmax_focal_cross_entropy(rows, [0, 2], **options).tolist() == [pytest.approx(half), INF]
    assert_allclose(sparse_softmax_focal_cross_entropy_gradient(rows, [2, 2], **options), [[0.5, 0.5, -1]] * 2)


def test_probabilities_of_0_and_1_are_taken_with_clip_0() -> None:
    evaluation = evaluate(
        [0.0, 1.0, 0.0, 1.0],
        [0, 1, 1, 0],
        loss_type="sigmoid_focal_cross_entropy",
        gamma=0.5,
        from_logits=False,
        clip=0,
        reduction="none",
        include=["gradient"],
    )
    assert evaluation.per_sample.tolist() == [0, 0, INF, INF]
    assert evaluation.gradient[:2].tolist() == [0, 0]
    evaluation = evaluate(
        [[1.0, 0.0], [1.0, 0.0]],
        [0, 1],
        loss_type="sparse_softmax_focal_cross_entropy",
        gamma=0.5,
        from_logits=False,
        clip=0,
        reduction="none",
        include=["gradient"],
    )
    assert evaluation.per_sample.tolist() == [0, INF]
    assert evaluation.gradient[0].tolist() == [0, 0]


@pytest.mark.parametrize(("alpha", "losses"), [(0.0, [0, 1]), (1.0, [1, 0]), (0.25, [0.25, 0.75]), (None, [1, 1])])
def test_alpha_weighs_yes_and_1_less_alpha_weighs_no(alpha: float | None, losses: list[float]) -> None:
    found = sigmoid_focal_cross_entropy([0.0, 0.0], [1, 0], gamma=1, alpha=alpha)
    assert_allclose(found, np.array(losses) * LN2 / 2, rtol=1e-15)
    assert sigmoid_focal_cross_entropy([-INF], [1], alpha=0).tolist() == [0]


def test_alpha_multiplies_the_losses_of_a_softmax() -> None:
    logits, labels = RANDOM.standard_normal((5, 3)), RANDOM.integers(0, 3, 5)
    plain = sparse_softmax_focal_cross_entropy(logits, labels)
    assert_allclose(sparse_softmax_focal_cross_entropy(logits, labels, alpha=0.25), plain / 4, rtol=1e-15)
    assert sparse_softmax_focal_cross_entropy([[-INF, 0.0]], [0], alpha=0).tolist() == [0]
    weights = evaluate(logits, labels, loss_type="sparse_softmax_focal_cross_entropy", class_weights=[0.25] * 3)
    assert_allclose(weights.per_sample, plain / 4, rtol=1e-15)


def test_smoothing_is_of_the_labels() -> None:
    logits = RANDOM.standard_normal((4, 3))
    smoothed = np.eye(3)[[0, 1, 2, 0]] * 0.8 + 0.2 / 3
    assert_allclose(
        sparse_softmax_focal_cross_entropy(logits, [0, 1, 2, 0], label_smoothing=0.2),
        softmax_focal_cross_entropy(logits, smoothed),
        rtol=1e-13,
    )
    assert_allclose(
        sigmoid_focal_cross_entropy(logits, 1, label_smoothing=0.2),
        sigmoid_focal_cross_entropy(logits, 0.9),
        rtol=1e-13,
    )


def test_a_label_outside_of_the_unit_interval_has_a_loss_for_a_whole_gamma_only() -> None:
    assert np.isfinite(sigmoid_focal_cross_entropy([3.0], [2.0], gamma=2)).all()
    for from_logits, logit in ((True, 3.0), (False, 0.9)):
        with pytest.raises(UndefinedLoss, match=r"outside of \[0, 1\].*gamma only where gamma is whole") as raised:
            sigmoid_focal_cross_entropy([0.5, logit], [0.0, 2.0], gamma=0.5, from_logits=from_logits)
        assert raised.value.position == (1,)


@pytest.mark.parametrize(
    ("loss_type", "options", "parameter"),
    [
        ("sigmoid_focal_cross_entropy", {"temperature": 2.0}, "temperature"),
        ("sigmoid_focal_cross_entropy", {"q": 0.5}, "q"),
        ("softmax_cross_entropy", {"gamma": 2.0}, "gamma"),
        ("auto", {"gamma": 2.0}, "gamma"),
        ("sparse_softmax_cross_entropy", {"alpha": 0.25}, "alpha"),
    ],
)
def test_parameters_of_other_losses_are_refused(loss_type: str, options: dict[str, Any], parameter: str) -> None:
    with pytest.raises(UnexpectedParameter, match=f"^{parameter}: is not a parameter of .*; it belongs to ") as raised:
        evaluate([[0.5, 1.0]], [0] if "sparse" in loss_type else [[0.0, 1]], loss_type=loss_type, **options)
    assert raised.value.argument == parameter
