"""From labels to the loss they call for: the contract's table, and both sides of each threshold."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike, NDArray

from xent_core import UnclearLabels, UnexpectedParameter, WrongShape, evaluate, recommend
from xent_core.losses import LOSSES

SIGMOID, WEIGHTED = "sigmoid_cross_entropy", "weighted_cross_entropy"
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"


def recommendation(labels: ArrayLike, shape: tuple[int, ...], **options: Any) -> Any:
    return evaluate(np.zeros(shape), labels, **options).recommendation


def yes_no(positives: int, negatives: int) -> NDArray[np.int64]:
    return np.repeat([1, 0], [positives, negatives])


def indices(*counts: int) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize(
    ("labels", "shape", "computed", "recommended", "reason"),
    [
        ([0, 1, 1], (3,), SIGMOID, SIGMOID, "labels_are_binary"),
        ([0, 1, 0.5], (3,), SIGMOID, SIGMOID, "labels_are_soft_binary"),
        ([0, 2], (2, 3), SPARSE, SPARSE, "labels_are_class_indices"),
        ([[0, 0, 1], [1, 0, 0]], (2, 3), SOFTMAX, SPARSE, "labels_are_one_hot"),
        ([[0, 0.5, 0.5], [1, 0, 0]], (2, 3), SOFTMAX, SOFTMAX, "labels_are_distributions"),
        ([[0, 1, 1], [1, 0, 0]], (2, 3), SIGMOID, SIGMOID, "labels_are_multi_hot"),
        ([[0, 1, 0.5], [1, 0, 0]], (2, 3), SIGMOID, SIGMOID, "labels_are_soft_multi_label"),
    ],
)
def test_auto_computes_and_recommends_by_the_form_of_the_labels(
    labels: ArrayLike, shape: tuple[int, ...], computed: str, recommended: str, reason: str
) -> None:
    evaluation = evaluate(np.zeros(shape), labels)
    assert evaluation.loss_type == computed
    assert evaluation.recommendation.loss_type == recommended
    assert evaluation.recommendation.reasons[0].code == reason
    assert evaluation.recommendation.suggested is None


@pytest.mark.parametrize("loss_type", [SIGMOID, SOFTMAX])
def test_what_is_recommended_does_not_depend_on_what_is_computed(loss_type: str) -> None:
    named = recommendation([[0, 1, 1], [1, 0, 0]], (2, 3), loss_type=loss_type)
    assert named.loss_type == SIGMOID
    assert named.label_kind == "multi_hot"


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        ([[1, 0, 0], [0, 0, 1]], {"weights": [[1, 1, 0], [1, 0, 1]]}),
        ([[1, 0, -1], [0, -1, 1]], {"loss_type": SIGMOID, "ignore_index": -1}),
        ([[1, 0, np.nan], [0, 0, 0]], {}),
    ],
)
def test_no_softmax_is_an_alternative_where_each_label_counts_by_itself(labels: Any, options: dict[str, Any]) -> None:
    assert recommendation(labels, (2, 3), **options).alternatives == ()


def test_a_column_of_yes_and_no_is_no_padded_one_hot() -> None:
    assert recommendation([[0], [1], [1]], (3, 1), loss_type=SOFTMAX).alternatives == ()


def test_for_labels_of_no_known_kind_the_named_type_is_recommended() -> None:
    named = recommendation([[0, 2, 1], [1, 0, 0]], (2, 3), loss_type=SOFTMAX)
    assert (named.loss_type, named.label_kind) == (SOFTMAX, "other")
    assert named.reasons[0].code == "loss_type_was_named"
    assert named.alternatives == ()


@pytest.mark.parametrize(
    ("positives", "negatives", "pos_weight"),
    [
        (2, 18, 9),
        (10, 90, 9),
        (1, 19, 19),
        (90, 10, 1 / 9),
        (18, 2, 1 / 9),
        (3, 27, 9),
        (7, 63, 9),
        (101, 899, None),
        (11, 89, None),
        (89, 11, None),
        (50, 50, None),
        (18, 1, None),
        (0, 100, None),
        (100, 0, None),
    ],
)
@pytest.mark.parametrize("kind", ["binary", "multi_hot"])
def test_rare_answers_call_for_a_pos_weight(
    kind: str, positives: int, negatives: int, pos_weight: float | None
) -> None:
    """Rare: at least one, and at most 10 % of at least 20 labels."""
    labels = yes_no(positives, negatives)
    if kind == "multi_hot":
        labels = labels.reshape(1, -1) if positives != 1 else labels.reshape(-1, 1).repeat(2, axis=1)
    result = recommendation(labels, labels.shape)
    assert result.label_kind == kind
    if pos_weight is None:
        assert result.suggested is None
        assert result.loss_type == SIGMOID
    else:
        assert result.loss_type == WEIGHTED
        assert_allclose(result.suggested.pos_weight, pos_weight, rtol=1e-15)
        assert result.suggested.class_weights is None
        assert result.suggested.reason.code == "labels_are_imbalanced"
        assert result.suggested.reason in result.reasons
        assert SIGMOID in [alternative.loss_type for alternative in result.alternatives]


def test_soft_labels_are_never_called_imbalanced() -> None:
    assert recommendation(yes_no(1, 99) * 0.9, (100,)).suggested is None


@pytest.mark.parametrize(
    ("counts", "suggested"),
    [
        ((10, 1), [11 / 20, 11 / 2]),
        ((1, 10), [11 / 2, 11 / 20]),
        ((20, 0, 2), [22 / 40, 1, 22 / 4]),
        ((100, 50, 10), [160 / 300, 160 / 150, 160 / 30]),
        ((9, 1), None),
        ((19, 2), None),
        ((19, 0, 2), None),
        ((100, 0, 0), None),
    ],
)
@pytest.mark.parametrize("loss_type", [SPARSE, SOFTMAX])
def test_a_class_ten_times_as_common_as_another_calls_for_class_weights(
    loss_type: str, counts: tuple[int, ...], suggested: list[float] | None
) -> None:
    labels = indices(*counts)
    shape = (len(labels), len(counts))
    if loss_type == SOFTMAX:
        labels = np.eye(len(counts), dtype=int)[labels]
    result = recommendation(labels, shape)
    assert result.loss_type == SPARSE
    if suggested is None:
        assert result.suggested is None
        return
    assert_allclose(result.suggested.class_weights, suggested, rtol=1e-15)
    assert result.suggested.pos_weight is None
    assert result.suggested.reason.code == "classes_are_imbalanced"
    assert result.suggested.reason in result.reasons


def test_ignored_labels_do_not_count_as_a_class() -> None:
    labels = indices(10, 9)
    assert recommendation(labels, (19, 3), ignore_index=2).suggested is None
    with_padding = np.append(labels, [-1] * 200)
    assert recommendation(with_padding, (219, 3), ignore_index=-1).suggested is None
    assert recommendation(np.append(indices(10, 1), -1), (12, 2), ignore_index=-1).suggested is not None


def test_where_every_label_is_ignored_nothing_is_suggested() -> None:
    assert recommendation([5, 5], (2, 3), ignore_index=5).suggested is None


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_classes_are_counted_right_where_there_are_far_more_classes_than_labels(dtype: Any) -> None:
    labels = np.repeat([200, 7], [20, 2]).astype(dtype)
    weights = recommendation(labels, (22, 10_000)).suggested.class_weights
    assert_allclose(weights[[200, 7, 0]], [22 / 40, 22 / 4, 1])
    assert weights.shape == (10_000,)


@pytest.mark.parametrize(("classes", "is_suggested"), [(10_000, True), (10_001, False)])
def test_class_weights_are_suggested_for_up_to_ten_thousand_classes(classes: int, is_suggested: bool) -> None:
    labels = indices(10, 1)
    advice = recommend(labels, logits_shape=(len(labels), classes))
    assert (advice.recommendation.suggested is not None) == is_suggested


@pytest.mark.parametrize(("classes", "is_named"), [(9_999, False), (10_000, True)])
def test_from_10_000_classes_up_sampled_softmax_is_an_alternative(classes: int, is_named: bool) -> None:
    for labels in ([0, 1], np.eye(2, classes), np.full((2, classes), 1 / classes)):
        result = recommendation(labels, (2, classes))
        assert ("sampled_softmax" in [alternative.loss_type for alternative in result.alternatives]) == is_named


def test_many_yes_no_questions_do_not_call_for_sampled_softmax() -> None:
    result = recommendation(np.ones((1, 10_000)), (1, 10_000))
    assert "sampled_softmax" not in [alternative.loss_type for alternative in result.alternatives]


@pytest.mark.parametrize("labels", [[[0, 0, 1], [1, 0, 0]], [[0, 0.5, 0.5], [1, 0, 0]]])
def test_for_rows_that_sum_to_1_the_reading_as_several_questions_is_an_alternative(labels: ArrayLike) -> None:
    assert SIGMOID in [alternative.loss_type for alternative in recommendation(labels, (2, 3)).alternatives]


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 1.0]])
def test_beside_rows_of_zeros_the_reading_as_padding_is_the_alternative(weights: ArrayLike | None) -> None:
    evaluation = evaluate(np.zeros((3, 2)), [[0, 1], [1, 0], [0, 0]], weights=weights)
    (alternative,) = evaluation.recommendation.alternatives
    assert alternative.loss_type == SOFTMAX
    assert "the rows of zeros, 1 of 3, are padding: give them the weight 0" in alternative.when


def test_auto_with_a_pos_weight_computes_weighted_cross_entropy_where_labels_call_for_a_sigmoid() -> None:
    evaluation = evaluate(np.zeros((2, 3)), [[0, 1, 1], [0, 0, 0]], pos_weight=2, reduction="sum")
    assert evaluation.loss_type == WEIGHTED
    assert_allclose(evaluation.reduced.value, 8 * np.log(2))


def test_auto_refuses_a_pos_weight_beside_class_indices() -> None:
    with pytest.raises(UnexpectedParameter, match="pos_weight: is for weighted_cross_entropy, but these labels"):
        evaluate(np.zeros((2, 3)), [0, 2], pos_weight=2)


@pytest.mark.parametrize("labels", [[[0, 0, 1], [1, 0, 0]], [[0, 0.5, 0.5], [1, 0, 0]]])
def test_a_pos_weight_goes_before_rows_that_sum_to_1_and_the_softmax_is_an_alternative(labels: ArrayLike) -> None:
    evaluation = evaluate(np.zeros((2, 3)), labels, pos_weight=2)
    assert evaluation.loss_type == WEIGHTED
    assert evaluation.recommendation.loss_type in (WEIGHTED, SIGMOID)
    assert SOFTMAX in [alternative.loss_type for alternative in evaluation.recommendation.alternatives]


@pytest.mark.parametrize("labels", [1, [[0, 1, 1], [0, 0, 0]], [[0, 0.5, 0.6], [1, 0, 0]]])
def test_auto_refuses_class_weights_where_labels_call_for_a_sigmoid(labels: ArrayLike) -> None:
    with pytest.raises(UnexpectedParameter, match="class_weights: is for softmax losses, but these labels"):
        evaluate(np.zeros((2, 3)), labels, class_weights=[1, 2, 3])


def test_auto_says_which_forms_of_labels_there_are() -> None:
    with pytest.raises(UnclearLabels) as refusal:
        evaluate(np.zeros((2, 3)), [[0, 2, 0], [1, 0, -7]])
    assert refusal.value.argument == "labels"
    for form in ("from -7 to 2", "class indices", "shape [2]", "shape [2, 3]", "one-hot", "distributions", "multi-hot"):
        assert form in refusal.value.message


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3)])
def test_class_indices_in_a_column_are_refused_with_the_squeeze_that_makes_them_fit(shape: tuple[int, ...]) -> None:
    column = np.zeros((*shape[:-1], 1), int)
    with pytest.raises(WrongShape, match=rf"np\.squeeze\(labels, axis={len(shape) - 1}\)"):
        evaluate(np.zeros(shape), column)
    assert evaluate(np.zeros(shape), np.squeeze(column, axis=len(shape) - 1)).loss_type == SPARSE


FURTHER = [name for name, loss in LOSSES.items() if name not in (SIGMOID, WEIGHTED, SOFTMAX, SPARSE)]


def test_auto_computes_and_recommends_none_of_the_further_losses_by_itself() -> None:
    assert len(FURTHER) == 6
    for name in FURTHER:
        assert LOSSES[name].entry.called_for_by == ()


@pytest.mark.parametrize(
    ("labels", "shape", "alternative"),
    [
        (yes_no(5, 95), (100,), "sigmoid_focal_cross_entropy"),
        (indices(100, 10), (110, 2), "sparse_softmax_focal_cross_entropy"),
        (np.eye(2)[indices(100, 10)], (110, 2), "sparse_softmax_focal_cross_entropy"),
        ([[0, 0.5, 0.5], [1, 0, 0]], (2, 3), "kl_divergence"),
    ],
)
def test_a_further_loss_is_an_alternative_where_it_has_a_use(
    labels: ArrayLike, shape: tuple[int, ...], alternative: str
) -> None:
    found = recommendation(labels, shape)
    assert alternative in [each.loss_type for each in found.alternatives]
    assert found.loss_type not in FURTHER
    balanced = recommendation(yes_no(50, 50), (100,))
    assert not set(FURTHER) & {each.loss_type for each in balanced.alternatives}


@pytest.mark.parametrize("loss_type", [name for name in FURTHER if not LOSSES[name].is_elementwise])
def test_a_further_loss_that_was_named_leaves_the_recommendation_as_it_is(loss_type: str) -> None:
    labels: Any = [[0, 0.25, 0.75], [0.5, 0.5, 0]]
    if loss_type in ("sparse_softmax_focal_cross_entropy", "generalized_cross_entropy"):
        labels = [0, 2]
    named, by_itself = recommendation(labels, (2, 3), loss_type=loss_type), recommendation(labels, (2, 3))
    assert (named.loss_type, named.label_kind) == (by_itself.loss_type, by_itself.label_kind)
    assert named.equivalents == evaluate(np.zeros((2, 3)), labels).equivalents


def test_multi_hot_labels_under_a_focal_softmax_call_for_a_focal_sigmoid() -> None:
    options: Any = {"loss_type": "softmax_focal_cross_entropy", "gamma": 1.0}
    warnings = evaluate(np.zeros((2, 3)), [[1, 1, 0], [0, 1, 1]], **options).warnings
    for code in ("multi_hot_labels_with_softmax", "labels_not_a_distribution"):
        warning = {each.code: each for each in warnings}[code]
        assert warning.change == {"loss_type": "sigmoid_focal_cross_entropy"}
        assert "loss_type to sigmoid_focal_cross_entropy" in warning.fix
        assert evaluate(np.zeros((2, 3)), [[1, 1, 0], [0, 1, 1]], **{**options, **warning.change})
    poly: Any = {"loss_type": "poly_cross_entropy", "epsilon": 1.0}
    warnings = evaluate(np.zeros((2, 3)), [[1, 1, 0], [0, 1, 1]], **poly).warnings
    assert {each.code: each.change for each in warnings}["multi_hot_labels_with_softmax"] is None


def test_one_hot_labels_of_a_focal_loss_could_be_indices_of_the_sparse_one() -> None:
    warnings = evaluate(np.zeros((2, 3)), np.eye(3)[:2], loss_type="softmax_focal_cross_entropy").warnings
    fix = {each.code: each.fix for each in warnings}["one_hot_labels_could_be_indices"]
    assert fix.endswith("with loss_type sparse_softmax_focal_cross_entropy.")


@pytest.mark.parametrize(
    ("loss_type", "mean_of_a_guess"),
    [("sparse_softmax_focal_cross_entropy", 0.75**2 * np.log(4)), ("poly_cross_entropy", np.log(4) + 2 * 0.75)],
)
def test_what_is_worse_than_a_guess_is_measured_by_this_losss_guess(loss_type: str, mean_of_a_guess: float) -> None:
    labels = np.arange(40) % 4
    logits = 30.0 * np.eye(4)[(labels + 1) % 4]
    warning = {each.code: each for each in evaluate(logits, labels, loss_type=loss_type).warnings}["worse_than_uniform"]
    assert warning.evidence["uniform"] == pytest.approx(mean_of_a_guess)
    guess = evaluate(np.zeros((40, 4)), labels, loss_type=loss_type)
    assert guess.reduced.value == pytest.approx(mean_of_a_guess)
