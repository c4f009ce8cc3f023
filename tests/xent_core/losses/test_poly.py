"""Poly cross-entropy: with epsilon 0 cross-entropy, 50-digit arithmetic, and labels in both forms."""

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from xent_core import (
    ParameterOutOfRange,
    evaluate,
    poly_cross_entropy,
    poly_cross_entropy_gradient,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
    sparse_softmax_cross_entropy,
)

F32, F64, INF = np.float32, np.float64, np.inf
RANDOM = np.random.default_rng(7)
LOGITS, LABELS = 3 * RANDOM.standard_normal((20, 5)), RANDOM.integers(0, 5, 20)
SOFT = RANDOM.dirichlet(np.ones(5), 20)


def test_with_epsilon_0_it_is_cross_entropy() -> None:
    assert_allclose(poly_cross_entropy(LOGITS, SOFT, epsilon=0), softmax_cross_entropy(LOGITS, SOFT), rtol=1e-13)
    assert_array_equal(poly_cross_entropy(LOGITS, LABELS, epsilon=0), sparse_softmax_cross_entropy(LOGITS, LABELS))
    assert_allclose(
        poly_cross_entropy_gradient(LOGITS, SOFT, epsilon=0),
        softmax_cross_entropy_gradient(LOGITS, SOFT),
        rtol=1e-10,
        atol=1e-15,
    )


@pytest.mark.parametrize("epsilon", [-1.5, -0.5, 2.0, 1e6])
@pytest.mark.parametrize(("dtype", "rtol"), [(F32, 2e-6), (F64, 1e-13)])
@pytest.mark.parametrize("lead", [0.0, 1.0, 17.5, 36.0, 60.0])
def test_it_keeps_its_relative_accuracy(lead: float, dtype: Any, rtol: float, epsilon: float) -> None:
    row = [lead, 0.0, -1.0]
    with localcontext() as context:
        context.prec = 50
        others = Decimal(-lead).exp() + Decimal(-1 - lead).exp()
        expected = float((1 + others).ln() + Decimal(epsilon) * others / (1 + others))
        terms = float((1 + others).ln())
    assert_allclose(poly_cross_entropy(np.array(row, dtype), 0, epsilon=epsilon), expected, rtol, rtol * terms)
    assert_allclose(
        poly_cross_entropy(np.array(row, dtype), [0.5, 0, 0], epsilon=epsilon), expected / 2, rtol, rtol * terms
    )


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"class_weights": [1, 2, 3, 0.5, 0]}], ids=str)
def test_class_indices_cost_what_their_one_hot_rows_cost(options: dict[str, Any]) -> None:
    one_hot = np.eye(5)[LABELS]
    for function in (poly_cross_entropy, poly_cross_entropy_gradient):
        assert_array_equal(function(LOGITS, one_hot, **options), function(LOGITS, LABELS, **options))


def test_masks_cost_nothing_or_infinitely_much() -> None:
    rows = [[0, 0, -INF]] * 2
    half = np.log(2) + 1
    assert poly_cross_entropy(rows, [[0.5, 0.5, 0], [0.5, 0.25, 0.25]]).tolist() == [pytest.approx(half), INF]
    assert poly_cross_entropy(rows, [0, 2]).tolist() == [pytest.approx(half), INF]
    assert poly_cross_entropy([[1e30, 0]] * 2, [0, 1]).tolist() == [0, 1e30]


def test_an_infinite_epsilon_is_refused() -> None:
    with pytest.raises(ParameterOutOfRange, match=r"^epsilon: is inf; a finite number"):
        evaluate(LOGITS, LABELS, loss_type="poly_cross_entropy", epsilon=INF)
