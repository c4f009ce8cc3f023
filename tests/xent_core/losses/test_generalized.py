"""Generalized cross-entropy: its ends, 50-digit arithmetic, and labels as class indices or one-hot rows."""

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from xent_core import (
    NotOneHot,
    ParameterOutOfRange,
    UnexpectedParameter,
    WrongShape,
    evaluate,
    generalized_cross_entropy,
    generalized_cross_entropy_gradient,
    recommend,
    sparse_softmax_cross_entropy,
    sparse_softmax_cross_entropy_gradient,
)

F32, F64 = np.float32, np.float64
RANDOM = np.random.default_rng(6)
LOGITS, LABELS = 3 * RANDOM.standard_normal((20, 5)), RANDOM.integers(0, 5, 20)
NAMED: Any = {"loss_type": "generalized_cross_entropy"}


def generalized_of_row(row: list[float], k: int, q: float) -> float:
    """With 50 digits."""
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 50, -(10**9), 10**9
        exponentials = [(Decimal(x) - Decimal(row[k])).exp() for x in row]
        p = 1 / sum(exponentials)
        # p^q rounds to 1 where q is tiny, so 1 − p^q needs more digits there.
        context.prec = 400
        return float((1 - (p.ln() * Decimal(q)).exp()) / Decimal(q))


@pytest.mark.parametrize("q", [1e-300, 1e-12, 1e-6, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("dtype", "rtol"), [(F32, 2e-6), (F64, 1e-13)])
@pytest.mark.parametrize("lead", [-80.0, 0.0, 1.0, 17.5, 36.0, 60.0])
def test_it_keeps_its_relative_accuracy(lead: float, dtype: Any, rtol: float, q: float) -> None:
    row = [lead, 0.0, -1.0]
    expected = generalized_of_row(row, 0, q)
    assert_allclose(generalized_cross_entropy(np.array(row, dtype), 0, q=q), expected, rtol)


def test_towards_q_0_it_is_cross_entropy() -> None:
    assert_allclose(
        generalized_cross_entropy(LOGITS, LABELS, q=1e-12), sparse_softmax_cross_entropy(LOGITS, LABELS), rtol=1e-10
    )
    assert_allclose(
        generalized_cross_entropy_gradient(LOGITS, LABELS, q=1e-12),
        sparse_softmax_cross_entropy_gradient(LOGITS, LABELS),
        rtol=1e-10,
    )


def test_with_q_1_it_is_the_probability_of_what_is_not_right() -> None:
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    assert_allclose(generalized_cross_entropy(LOGITS, LABELS, q=1), 1 - p[np.arange(20), LABELS], rtol=1e-12)


@pytest.mark.parametrize("q", [0.1, 0.5, 1.0])
def test_no_sample_costs_more_than_1_over_q(q: float) -> None:
    rows = np.array([[0, 1e30], [0, 1e4], [-np.inf, 0]])
    assert_allclose(generalized_cross_entropy(rows, [0, 0, 0], q=q), 1 / q)
    assert generalized_cross_entropy_gradient(rows, [0, 0, 0], q=q).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize("options", [{}, {"class_weights": [1, 2, 3, 0.5, 0]}, {"from_logits": False}], ids=str)
@pytest.mark.parametrize("dtype", [np.int8, np.float32, bool])
def test_one_hot_rows_cost_what_their_class_indices_cost(options: dict[str, Any], dtype: Any) -> None:
    scores = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True) if "from_logits" in options else LOGITS
    one_hot = np.eye(5)[LABELS].astype(dtype)
    for function in (generalized_cross_entropy, generalized_cross_entropy_gradient):
        assert_array_equal(function(scores, one_hot, **options), function(scores, LABELS, **options))
    by_rows, by_indices = (evaluate(scores, labels, **NAMED, **options) for labels in (one_hot, LABELS))
    assert_array_equal(by_rows.per_sample, by_indices.per_sample)
    hint = {warning.code: warning for warning in by_rows.warnings}["one_hot_labels_could_be_indices"]
    assert hint.fix == "Send labels as class indices (argmax of each row)."


@pytest.mark.parametrize("row", [[0.5, 0.5, 0], [1, 1, 0], [0, 0, 0], [0, 2, 0], [1, -1, 1]], ids=str)
@pytest.mark.parametrize("from_logits", [True, False])
def test_rows_that_are_not_one_hot_are_refused_by_their_place(row: list[float], from_logits: bool) -> None:
    scores = np.full((3, 3), 0.5)
    labels = np.array([[0, 1, 0], row, [0, 0, 1]])
    for compute in (
        lambda: generalized_cross_entropy(scores, labels, from_logits=from_logits),
        lambda: evaluate(scores, labels, from_logits=from_logits, **NAMED),
        lambda: recommend(labels, logits_shape=(3, 3), from_logits=from_logits, **NAMED),
    ):
        with pytest.raises(NotOneHot, match="is of one class for each row: class indices, or rows with") as raised:
            compute()
        assert (raised.value.argument, raised.value.position) == ("labels", (1,))
    weighted = evaluate(scores, labels, from_logits=from_logits, weights=[1, 0, 1], **NAMED)
    assert weighted.per_sample[1] == 0
    assert recommend(labels, logits_shape=(3, 3), weights=[1, 0, 1], **NAMED).recommendation is not None


def test_ignore_index_is_for_class_indices() -> None:
    ignored = generalized_cross_entropy(LOGITS[:2], [1, -1], ignore_index=-1)
    assert ignored[1] == 0
    with pytest.raises(UnexpectedParameter, match=r"ignore_index: is for class indices; labels of shape \[2, 5\]"):
        evaluate(LOGITS[:2], np.eye(5)[:2], ignore_index=1, **NAMED)
    with pytest.raises(UnexpectedParameter, match="ignore_index: is for class indices"):
        generalized_cross_entropy(LOGITS[:2], np.eye(5)[:2], ignore_index=1)


def test_other_shapes_and_smoothing_are_refused() -> None:
    with pytest.raises(WrongShape, match=r"have shape \[3\]; class indices for logits of shape \[2, 5\]"):
        generalized_cross_entropy(LOGITS[:2], [0, 1, 2])
    with pytest.raises(UnexpectedParameter, match="label_smoothing: is not a parameter of generalized_cross_entropy"):
        evaluate(LOGITS, LABELS, label_smoothing=0.1, **NAMED)


@pytest.mark.parametrize(("q", "hint"), [(0, "; with q near 0 the loss is the cross-entropy$"), (1.5, "was expected$")])
def test_q_is_above_0_and_at_most_1(q: float, hint: str) -> None:
    with pytest.raises(ParameterOutOfRange, match=f"^q: is {q}; a number above 0 and at most 1 .*{hint}"):
        evaluate(LOGITS, LABELS, q=q, **NAMED)
