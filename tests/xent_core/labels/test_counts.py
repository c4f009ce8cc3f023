"""What does not count is looked at by nothing: each way not to count, beside logits and labels that make no sense."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.testing import assert_allclose

from xent_core import (
    InexactLabels,
    InvalidInput,
    NotANumber,
    evaluate,
    recommend,
    sigmoid_cross_entropy,
    weighted_cross_entropy,
)

NAN, INF = np.nan, np.inf
LOGITS = np.array([[1.0, -2, 0.5], [0, 1, 2]])
SOFTMAX, SIGMOID = "softmax_cross_entropy", "sigmoid_cross_entropy"


@pytest.mark.parametrize("include", ["gradient", "probabilities", "elements"])
@pytest.mark.parametrize("odd", [NAN, INF, -INF, 1e300])
@pytest.mark.parametrize("from_logits", [True, False])
def test_odd_logits_of_one_yes_no_question_do_no_harm_where_its_label_is_missing(
    include: Any, odd: float, from_logits: bool
) -> None:
    logits = np.array([[0.9, 0.2, 0.5], [0.3, 0.6, 0.7]])
    labels = np.array([[0, 1, NAN], [1, 1, 0]])
    whole = evaluate(logits, np.nan_to_num(labels), from_logits=from_logits, include=[include], reduction="sum")
    logits[0, 2] = odd
    result = evaluate(logits, labels, from_logits=from_logits, include=[include], reduction="sum")
    found, expected = getattr(result, include), getattr(whole, include).copy()
    assert np.isfinite(found[0, 2]) if include == "probabilities" and abs(odd) < 2 else not np.isnan(found).any()
    if include != "probabilities":
        assert found[0, 2] == 0
    found[0, 2] = expected[0, 2] = 0
    assert_allclose(found, expected, rtol=1e-12)


def test_a_sample_is_the_mean_over_its_known_labels_and_0_where_none_is_known() -> None:
    losses = sigmoid_cross_entropy(LOGITS, [[0, 1, 1], [1, 1, 1]])
    result = evaluate(LOGITS, [[0, 1, NAN], [NAN, NAN, NAN]], loss_type=SIGMOID)
    assert_allclose(result.per_sample, [losses[0, :2].mean(), 0])
    assert result.reduced is not None
    assert result.reduced.denominator == 2


def test_a_sample_of_many_classes_is_the_mean_over_its_known_labels() -> None:
    logits, labels = np.zeros((2, 300_000)), np.ones((2, 300_000))
    labels[0, 1:] = NAN
    assert_allclose(evaluate(logits, labels, loss_type=SIGMOID).per_sample, np.log([2, 2]))


def test_the_functions_take_an_ignore_index_for_each_label() -> None:
    labels = np.array([[0, 1, -1], [1, -1, 0]])
    known = labels >= 0
    for losses, plain in [
        (sigmoid_cross_entropy(LOGITS, labels, ignore_index=-1), sigmoid_cross_entropy(LOGITS, np.abs(labels))),
        (
            weighted_cross_entropy(LOGITS, labels, pos_weight=[1, 2, 3], ignore_index=-1),
            weighted_cross_entropy(LOGITS, np.abs(labels), pos_weight=[1, 2, 3]),
        ),
    ]:
        assert_allclose(losses, np.where(known, plain, 0))


@pytest.mark.parametrize(
    ("labels", "options", "kind"),
    [
        ([[0, 1, 0], [7, 7, 7]], {"weights": [1, 0]}, "one_hot"),
        ([[0, 1, 0], [7, 7, 7]], {"weights": [[1], [0]], "loss_type": SIGMOID}, "multi_hot"),
        ([[0, 1, 0], [7, 7, 7]], {"weights": [[1, 1, 1], [0, 0, 0]]}, "multi_hot"),
        ([[0, 1, 0], [7, 0.5, 1]], {"weights": [[1, 1, 0], [0, 1, 0]]}, "soft_multi_label"),
        ([[0, 1, 0], [NAN, NAN, NAN]], {"weights": [1, 1]}, "one_hot"),
        ([[0, 1, 0], [NAN, 7, 7]], {"weights": [1, 0]}, "multi_hot"),
        ([[0, 1, 9], [9, 1, 0]], {"ignore_index": 9}, "multi_hot"),
        ([1, 9.5], {"weights": [1, 0]}, "class_indices"),
        ([1, NAN], {"ignore_index": 1}, "class_indices"),
    ],
)
def test_kinds_go_by_what_counts(labels: Any, options: dict[str, Any], kind: str) -> None:
    result = evaluate(LOGITS, labels, **options)
    assert result.recommendation is not None
    assert result.recommendation.label_kind == kind
    assert recommend(labels, logits=LOGITS, **options).recommendation.label_kind == kind


@pytest.mark.parametrize("labels", [[1, 7, 0], [1, NAN, 0]])
def test_logits_of_rank_1_count_one_by_one(labels: Any) -> None:
    result = evaluate([1.0, NAN, -2.0], labels, weights=[1, 0, 1], reduction="weighted_mean")
    assert result.recommendation is not None
    assert (result.loss_type, result.recommendation.label_kind) == (SIGMOID, "binary")
    assert_allclose(result.per_sample, [sigmoid_cross_entropy([1.0], 1)[0], 0, sigmoid_cross_entropy([-2.0], 0)[0]])


def test_one_sample_of_a_softmax_counts_as_one() -> None:
    assert evaluate([1.0, 2.0], 1, loss_type="sparse_softmax_cross_entropy", weights=0).per_sample == 0
    assert evaluate([1.0, 2.0], [0.5, 0.5], loss_type=SOFTMAX, weights=0).per_sample == 0
    with pytest.raises(InvalidInput):
        evaluate([1.0, 2.0], [[0.5, 0.5]], loss_type=SOFTMAX)


@pytest.mark.parametrize("labels", [0.0, [0, 1], [[0, 1, 0], [1, 0, 0]], [[0.5, 0.6, 0], [1, 1, 0]]])
def test_a_weight_of_0_for_all_leaves_nothing_to_look_at(labels: Any) -> None:
    result = evaluate(np.full((2, 3), NAN), labels, weights=0)
    assert result.reduced is not None
    assert result.reduced.value == 0
    assert not result.per_sample.any()


def test_a_missing_label_among_classes_on_the_first_axis() -> None:
    result = evaluate(LOGITS.T, np.array([[0, 1, 0], [NAN, NAN, NAN]]).T, axis=0)
    assert result.loss_type == SOFTMAX
    assert_allclose(result.per_sample, [evaluate(LOGITS[0], 1, loss_type="sparse_softmax_cross_entropy").per_sample, 0])


def test_infinite_labels_are_found_beside_missing_ones() -> None:
    with pytest.raises(InvalidInput) as refusal:
        evaluate(LOGITS, [[0, NAN, 1], [NAN, 1, INF]])
    assert refusal.value.position == (1, 2)


@pytest.mark.parametrize("clip", [-0.1, 0.6, NAN])
def test_clip_is_from_0_to_a_half(clip: float) -> None:
    with pytest.raises(InvalidInput, match="clip: is"):
        evaluate([[0.5, 0.5]], [0], from_logits=False, clip=clip)


def test_without_a_clip_certain_probabilities_have_losses_of_0_and_infinity_and_gradients() -> None:
    p = [[0.0, 1.0], [1.0, 0.0]]
    options: dict[str, Any] = {"from_logits": False, "clip": 0, "include": ["gradient"], "reduction": "none"}
    sparse = evaluate(p, [1, 1], **options)
    assert sparse.per_sample.tolist() == [0, INF]
    assert sparse.gradient is not None
    assert sparse.gradient.tolist() == [[1, 0], [1, -INF]]
    yes = evaluate(p, [[0, 1], [0, 1]], **options, loss_type=SIGMOID)
    assert yes.per_sample.tolist() == [0, INF]
    assert yes.gradient is not None
    assert yes.gradient.tolist() == [[1, -1], [INF, -INF]]


def test_nan_in_what_counts_is_refused() -> None:
    with pytest.raises(NotANumber) as refusal:
        evaluate([[NAN, 0, 0], [0, NAN, 0]], [1, 2], weights=[0, 1])
    assert refusal.value.position == (1, 1)


MANY = 20_000
"""Rows in several blocks."""


@pytest.mark.parametrize("loss_type", [SOFTMAX, SIGMOID])
def test_whole_blocks_of_padding_are_passed_over(loss_type: Any) -> None:
    weights = np.arange(MANY) >= MANY - 3
    for rest in ([0.5, 0.5, 0], [0, 1, 1], [0.5, 0.6, 0]):
        labels = np.zeros((MANY, 3))
        labels[-3:] = rest
        few = evaluate(np.full((3, 3), 0.5), labels[-3:], loss_type=loss_type)
        many = evaluate(np.full((MANY, 3), 0.5), labels, loss_type=loss_type, weights=weights)
        assert few.recommendation is not None
        assert many.recommendation is not None
        assert many.recommendation.label_kind == few.recommendation.label_kind


def test_whole_blocks_of_padding_are_passed_over_by_the_checks_of_probabilities() -> None:
    weights = np.arange(MANY) >= MANY - 30
    rows = np.full((MANY, 2), NAN)
    rows[-30:] = [0.2, 0.8]
    options: dict[str, Any] = {"weights": weights, "reduction": "sum"}
    codes = {w.code for w in evaluate(rows, np.zeros(MANY), **options).warnings}
    assert codes == {"logits_look_like_probabilities", "identical_rows"}
    rows[-30:] = [0.2, 0.4]
    found = evaluate(rows, np.zeros(MANY), **options, from_logits=False, include=["probabilities"])
    assert {w.code for w in found.warnings} == {"probabilities_rescaled", "identical_rows"}
    assert found.probabilities is not None
    assert np.isfinite(found.probabilities).all()


def test_soft_rows_after_hard_ones_and_hard_ones_after_soft_ones_are_no_multi_hot_labels() -> None:
    labels = np.zeros((MANY, 3))
    labels[:, :2] = 1
    for row in (0, MANY - 1):
        labels[row] = 0.5
        result = evaluate(np.zeros((MANY, 3)), labels)
        assert result.recommendation is not None
        assert result.recommendation.label_kind == "soft_multi_label"


def test_weights_of_0_that_fit_nothing_are_refused_by_their_shape() -> None:
    with pytest.raises(InvalidInput, match="weights: have shape"):
        evaluate(LOGITS, [1, 2], weights=[0, 1, 1])


def test_labels_in_another_code_are_recognised_among_those_that_count() -> None:
    result = evaluate([1.0, 2.0, 3.0], [-1, 1, 5], loss_type=SIGMOID, weights=[1, 1, 0])
    (warning,) = (w for w in result.warnings if w.code == "labels_outside_unit_interval")
    assert "(labels + 1) / 2" in warning.fix


def test_class_indices_of_more_classes_than_are_counted_go_by_what_counts() -> None:
    result = evaluate(np.zeros((3, 70_000)), [5, 69_999, 5], weights=[1, 0, 1], reduction="sum")
    assert result.recommendation is not None
    assert result.recommendation.label_kind == "class_indices"


def test_distributions_of_other_rows_are_worse_than_a_guess() -> None:
    labels = 0.9 * np.eye(3)[np.arange(30) % 3] + 0.1 / 3
    result = evaluate(9 * np.eye(3)[(np.arange(30) + 1) % 3], labels)
    assert "worse_than_uniform" in {w.code for w in result.warnings}


@pytest.mark.parametrize(
    ("dtype", "most"), [(ml_dtypes.bfloat16, 257), (np.float16, 2049), (np.float32, 2**24 + 1)], ids=str
)
def test_class_indices_in_a_float_type_that_cannot_hold_the_last_of_them_are_refused(dtype: Any, most: int) -> None:
    labels = np.array([1, 0], dtype)
    recommend(labels, logits_shape=(2, most))
    with pytest.raises(InexactLabels, match=f"exactly up to {most - 1} only"):
        recommend(labels, logits_shape=(2, most + 1))
