"""Predictions, ranks, margins, entropies and log-sums of the pass are what SciPy and a stable sort give."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp
from scipy.stats import entropy

from xent_core import UnexpectedParameter, evaluate
from xent_core.results import BY_PRODUCTS, Evaluation

RANDOM = np.random.default_rng(0)
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


def check(result: Evaluation, logits: NDArray[Any], labels: NDArray[Any], tolerance: float) -> None:
    """Against the logits [rows, classes] that the loss is of; labels are class indices."""
    x = logits.astype(np.float64)
    p = np.exp(log_softmax(x, axis=1))
    every = np.arange(len(x))
    order = np.argsort(-x, axis=1, kind="stable")
    others = p.copy()
    others[every, labels] = 0
    assert result.predictions is not None
    assert result.label_rank is not None
    assert_array_equal(result.predictions.reshape(-1), order[:, 0])
    assert_array_equal(result.label_rank.reshape(-1), (order == labels[:, None]).argmax(axis=1))
    assert_allclose(np.ravel(result.margin), p[every, labels] - others.max(axis=1), rtol=0, atol=tolerance)
    assert_allclose(np.ravel(result.entropy), entropy(p, axis=1), rtol=tolerance, atol=tolerance)
    assert_allclose(np.ravel(result.logsumexp), logsumexp(x, axis=1), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "classes"), [(300, 2), (300, 7), (300, 64), (700, 1000), (3, 200_000), (2, 300_000)])
@pytest.mark.parametrize("form", ["plain", "huge", "masked", "equal", "certain"])
def test_class_indices(dtype: str, rows: int, classes: int, form: str) -> None:
    logits = 3 * RANDOM.normal(size=(rows, classes))
    labels = RANDOM.integers(0, classes, rows)
    every = np.arange(rows)
    match form:
        case "huge":
            logits += 500
        case "masked":
            logits[:, ::2] = -np.inf
            labels = np.minimum(labels | 1, classes - 1)
            logits[every, labels] = 1.0
        case "equal":
            logits = np.round(logits)
        case "certain":
            logits[every, labels] += 60
        case _:
            pass
    logits = logits.astype(dtype)
    result = evaluate(logits, labels, loss_type="sparse_softmax_cross_entropy", include=BY_PRODUCTS)
    # Where all logits are large, their difference from the label's takes digits.
    check(result, logits, labels, TOLERANCE[dtype] * (30 if form == "huge" else 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"class_weights": np.arange(1.0, 11.0)}], ids=str)
def test_distributions_have_their_largest_class_for_a_label(dtype: str, options: dict[str, Any]) -> None:
    logits = (3 * RANDOM.normal(size=(200, 10))).astype(dtype)
    labels = RANDOM.dirichlet(np.ones(10), 200)
    labels[::3] = np.eye(10)[RANDOM.integers(0, 10, len(labels[::3]))]
    result = evaluate(logits, labels, loss_type="softmax_cross_entropy", include=BY_PRODUCTS, **options)
    check(result, logits, labels.argmax(axis=1), TOLERANCE[dtype])


def test_probabilities_have_the_figures_of_their_logarithms() -> None:
    p = RANDOM.dirichlet(np.ones(6), 100)
    labels = RANDOM.integers(0, 6, 100)
    result = evaluate(p, labels, from_logits=False, include=BY_PRODUCTS)
    check(result, np.log(p), labels, 1e-6)


def test_any_axis_has_the_figures_of_the_last() -> None:
    logits = RANDOM.normal(size=(4, 5, 6))
    labels = RANDOM.integers(0, 5, (4, 6))
    result = evaluate(logits, labels, axis=1, include=BY_PRODUCTS)
    moved = evaluate(np.moveaxis(logits, 1, -1), labels, include=BY_PRODUCTS)
    for name in BY_PRODUCTS:
        assert_array_equal(getattr(result, name), getattr(moved, name))
        assert getattr(result, name).shape == (4, 6)


def test_they_change_no_loss() -> None:
    logits, labels = RANDOM.normal(size=(50, 1000)).astype(np.float32), RANDOM.integers(0, 1000, 50)
    plain, with_all = evaluate(logits, labels), evaluate(logits, labels, include=BY_PRODUCTS)
    assert_array_equal(plain.per_sample, with_all.per_sample)


def test_a_sample_that_does_not_count_has_a_prediction_but_no_rank() -> None:
    logits = np.array([[1.0, 3.0, 2.0], [np.nan, 1.0, 2.0], [2.0, 1.0, 0.0], [-np.inf] * 3])
    result = evaluate(logits, [1, -100, -100, -100], ignore_index=-100, include=BY_PRODUCTS)
    assert_array_equal(result.predictions, [1, 0, 0, 0])
    assert_array_equal(result.label_rank, [0, -1, -1, -1])
    assert_array_equal(np.asarray(result.margin)[1:], 0)
    assert_array_equal(np.asarray(result.entropy)[[1, 3]], 0)
    assert_allclose(np.asarray(result.logsumexp)[[0, 2]], logsumexp(logits[[0, 2]], axis=1))


def test_so_has_one_of_probabilities() -> None:
    given = np.array([[0.2, 0.8], [0.9, 0.1], [np.nan, 0.1]])
    result = evaluate(given, [1, -1, -1], ignore_index=-1, from_logits=False, include=["predictions", "label_rank"])
    assert_array_equal(result.predictions, [1, 0, 0])
    assert_array_equal(result.label_rank, [0, -1, -1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_logit_of_a_sigmoid_loss_has_its_own(dtype: str) -> None:
    logits = (10 * RANDOM.normal(size=(50, 8))).astype(dtype)
    logits[0, :3] = -np.inf, 0, 60
    labels = RANDOM.integers(0, 2, (50, 8))
    result = evaluate(logits, labels, loss_type="sigmoid_cross_entropy", include=["predictions", "entropy"])
    assert_array_equal(result.predictions, logits > 0)
    x = logits.astype(np.float64)
    p, q = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    assert_allclose(result.entropy, entropy(np.stack([p, q]), axis=0), rtol=1e-5, atol=TOLERANCE[dtype])
    # log(1 + u) + 60 u / (1 + u) with u = exp(−60), where 1 − p has no digits left.
    assert_allclose(np.asarray(result.entropy)[0, 2], 61 * np.exp(-60.0), rtol=1e-6)


@pytest.mark.parametrize("name", ["predictions", "entropy"])
def test_one_asked_for_alone_is_the_same_and_the_only_one(name: Any) -> None:
    logits, labels = RANDOM.normal(size=(50, 8)), RANDOM.integers(0, 2, (50, 8))
    alone, both = (
        evaluate(logits, labels, loss_type="sigmoid_cross_entropy", include=include)
        for include in ([name], ["predictions", "entropy"])
    )
    assert_array_equal(getattr(alone, name), getattr(both, name))
    assert [each for each in BY_PRODUCTS if getattr(alone, each) is not None] == [name]


def test_a_teachers_logits_have_its_largest_class_for_a_label() -> None:
    logits, teacher = (RANDOM.normal(size=(50, 8)) for _ in range(2))
    result = evaluate(logits, teacher, loss_type="kl_divergence", labels_are_logits=True, include=BY_PRODUCTS)
    check(result, logits, teacher.argmax(axis=1), TOLERANCE["float64"])


def test_logits_that_do_not_count_have_their_own_too() -> None:
    result = evaluate(
        np.array([[2.0, np.nan], [-1.0, 3.0]]),
        np.array([[1, -1], [0, -1]]),
        loss_type="sigmoid_cross_entropy",
        ignore_index=-1,
        include=["predictions", "entropy"],
    )
    assert_array_equal(result.predictions, [[1, 0], [0, 1]])
    assert np.asarray(result.entropy)[0, 1] == 0


def test_probabilities_of_yes_have_the_figures_of_their_logits() -> None:
    result = evaluate([0.2, 0.5, 0.8], [0, 1, 1], from_logits=False, include=["predictions", "entropy"])
    assert_array_equal(result.predictions, [0, 0, 1])
    assert_allclose(result.entropy, entropy([[0.2, 0.5, 0.8], [0.8, 0.5, 0.2]], axis=0))


def test_a_sigmoid_loss_has_no_rank() -> None:
    with pytest.raises(UnexpectedParameter, match="include: holds 'label_rank', which sigmoid_cross_entropy"):
        evaluate([1.0, 2.0], [0, 1], include=["label_rank"])


@pytest.mark.parametrize("classes", [2, 10, 16, 17])
def test_ranks_of_many_short_rows_are_those_of_each_row_alone(classes: int) -> None:
    random = np.random.default_rng(5)
    # Whole numbers, of which many are equal; and masked classes.
    logits = random.integers(-3, 3, (200, classes)).astype(np.float32)
    logits[random.random(logits.shape) < 0.1] = -np.inf
    logits[:, 0] = 0
    labels = np.zeros(200, np.int64)
    labels[::2] = np.where(np.isfinite(logits[::2, 1]), 1, 0)
    many = evaluate(logits, labels, include=["label_rank", "margin", "entropy"])
    each = [evaluate(logits[[row]], labels[[row]], include=["label_rank", "margin", "entropy"]) for row in range(200)]
    for name in ("label_rank", "margin", "entropy"):
        assert_array_equal(getattr(many, name), np.concatenate([getattr(one, name) for one in each]))
