"""The warnings: each on both sides of its condition, and the mistakes of practice that they are for."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from xent_core import ParameterOutOfRange, evaluate

Array = NDArray[Any]
SIGMOID, WEIGHTED = "sigmoid_cross_entropy", "weighted_cross_entropy"
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"

LOGITS = np.array([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]])
ONE_HOT = [[0, 1, 0], [0, 0, 1]]
DISTRIBUTIONS = [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]
MULTI_HOT = [[0, 1, 1], [0, 0, 1]]


def softmax(logits: Array) -> Array:
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(-1, keepdims=True)


def warned(logits: Any, labels: Any, **options: Any) -> dict[str, Any]:
    return {warning.code: warning for warning in evaluate(logits, labels, **options).warnings}


class TestMistakesOfPractice:
    def test_softmax_applied_before_the_loss_that_applies_it_again(self) -> None:
        logits = np.array([[2, 0.5, 6], [0.1, 0, 3]])
        evaluation = evaluate(softmax(logits), [[0, 0, 1], [0, 1, 0]])
        assert_allclose(evaluation.per_sample, [0.56551915, 1.4743223], rtol=1e-7)
        (warning,) = (each for each in evaluation.warnings if each.code == "logits_look_like_probabilities")
        assert_allclose(warning.evidence["mean_loss_as_logits"], evaluation.reduced.value)
        assert_allclose(warning.evidence["mean_loss_as_probabilities"], (0.02215516 + 3.0996735) / 2, rtol=1e-6)
        assert "from_logits" in warning.fix

    def test_sigmoid_applied_before_the_loss_that_applies_it_again(self) -> None:
        logits = np.linspace(-4, 4, 24).reshape(8, 3)
        labels = (logits > 1).astype(int)
        evaluation = evaluate(1 / (1 + np.exp(-logits)), labels)
        (warning,) = (each for each in evaluation.warnings if each.code == "logits_may_be_probabilities")
        assert_allclose(warning.evidence["mean_loss_as_logits"], evaluation.reduced.value)
        assert_allclose(warning.evidence["mean_loss_as_probabilities"], evaluate(logits, labels).reduced.value)

    def test_softmax_applied_before_a_loss_that_applies_sigmoids(self) -> None:
        logits = np.linspace(-4, 4, 24).reshape(6, 4) * [1, -1, 2, 0.5]
        labels = [[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]] * 2
        warning = warned(softmax(logits), labels)["logits_may_be_probabilities"]
        assert "after a softmax" in warning.message
        assert "in place of a softmax" in warning.fix
        assert warning.change is None
        assert_allclose([warning.evidence[f"{which}_row_sum"] for which in ("smallest", "largest")], 1)
        padded = warned(softmax(logits), labels, weights=[[1], [1], [1], [1], [1], [0]])
        assert "after a softmax" in padded["logits_may_be_probabilities"].message
        holes = warned(softmax(logits), [[np.nan, 1, 0, 0], *labels[1:]])["logits_may_be_probabilities"]
        assert "sigmoid" in holes.message
        assert "smallest_row_sum" not in holes.evidence

    def test_several_true_classes_under_a_softmax(self) -> None:
        warnings = warned(LOGITS, MULTI_HOT, loss_type=SOFTMAX)
        assert warnings["multi_hot_labels_with_softmax"].evidence == {"rows": 1, "of": 2, "first_row": [0]}
        assert SIGMOID in warnings["multi_hot_labels_with_softmax"].fix

    def test_several_true_classes_of_a_single_sample_under_a_softmax(self) -> None:
        assert "multi_hot_labels_with_softmax" in warned([2.0, 0.5, 1.0], [1, 1, 0], loss_type=SOFTMAX)

    def test_counts_in_place_of_a_distribution(self) -> None:
        warnings = warned(LOGITS, [[2, 3, 5], [0.1, 0.6, 0.3]], loss_type=SOFTMAX)
        assert warnings["labels_not_a_distribution"].evidence == {
            "rows": 1,
            "of": 2,
            "first_row": [0],
            "smallest_row_sum": pytest.approx(1),
            "largest_row_sum": pytest.approx(10),
        }

    def test_labels_in_percent(self) -> None:
        warnings = warned(LOGITS, [[20, 30, 50], [10, 60, 30]], loss_type=SOFTMAX)
        assert warnings["labels_outside_unit_interval"].evidence == {"minimum": 0, "maximum": 60}

    def test_labels_of_minus_1_and_1_for_a_sigmoid(self) -> None:
        warnings = warned(LOGITS, [[-1, 1, 1], [-1, -1, 1]], loss_type=SIGMOID)
        assert warnings["labels_outside_unit_interval"].evidence == {"minimum": -1, "maximum": 1}

    def test_indices_written_out_as_one_hot_rows(self) -> None:
        assert warned(LOGITS, ONE_HOT)["one_hot_labels_could_be_indices"].evidence == {"rows": 2, "classes": 3}

    def test_one_weight_for_the_whole_batch_against_imbalance(self) -> None:
        warning = warned(LOGITS, MULTI_HOT, weights=10)["scalar_weight_only_rescales"]
        assert warning.evidence == {"weight": 10}
        assert "pos_weight" in warning.fix

    def test_a_pos_weight_below_zero(self) -> None:
        evaluation = evaluate(
            [[0.5, 0.7, 0.3], [0.8, 0.2, 0.9]], 1, loss_type=WEIGHTED, pos_weight=-0.2, include=["elements"]
        )
        assert_allclose(
            evaluation.elements,
            [[-0.09481539, -0.08063721, -0.11087105], [-0.07422013, -0.11962777, -0.06823077]],
            rtol=1e-6,
        )
        (warning,) = (each for each in evaluation.warnings if each.code == "negative_pos_weight")
        assert warning.evidence == {"minimum": -0.2}

    def test_a_label_at_a_class_that_is_masked(self) -> None:
        warnings = warned([[0.0, -np.inf], [0.0, 0.0]], [1, 1])
        assert warnings["infinite_loss"].evidence == {"samples": 1}

    def test_a_mask_of_zeros(self) -> None:
        assert warned(LOGITS, [1, 2], weights=[0, 0])["all_weights_zero"].evidence == {
            "weights": 2,
            "counted": 0,
            "ignored": 0,
            "zero_weight": 2,
        }


ROWS_OF_PROBABILITIES = softmax(LOGITS)
PRINTED = softmax(np.linspace(0, 6, 700)[None]).round(3)  # misses the sum of 1 by 0.038
SEVEN_DECIMALS = np.repeat([[1e-5, 1.01e-5]], [70_000, 30_000], axis=1)  # sums to 1.003
YES = np.full(20, 0.5)
SURE = 9 * np.eye(3)[np.arange(30) % 3]
RARE = np.repeat([0, 1, 2], [25, 3, 2])
SPREAD = np.linspace(-2, 2, 20).reshape(10, 2)
TOKENS = np.random.default_rng(0).integers(0, 5, (2, 12))
OWN = 5 * np.eye(5)[TOKENS]
NEXT = np.roll(OWN, -1, axis=1)


@pytest.mark.parametrize(
    ("code", "logits", "labels", "options", "expected"),
    [
        ("logits_look_like_probabilities", ROWS_OF_PROBABILITIES, [1, 2], {}, True),
        ("logits_look_like_probabilities", ROWS_OF_PROBABILITIES, ONE_HOT, {}, True),
        ("logits_look_like_probabilities", ROWS_OF_PROBABILITIES.T, [1, 2], {"axis": 0}, True),
        ("logits_look_like_probabilities", [[0.5, 0.5009]], [1], {}, True),
        ("logits_look_like_probabilities", [[0.5, 0.50113]], [1], {}, False),
        ("logits_look_like_probabilities", [[0.5, 0.4991]], [1], {}, True),
        ("logits_look_like_probabilities", [[0.5, 0.49887]], [1], {}, False),
        ("logits_look_like_probabilities", [[1.5, -0.5]], [1], {}, False),
        ("logits_look_like_probabilities", [[1.0, 0.0]], [1], {}, True),
        ("logits_look_like_probabilities", [[0.5, 0.5], [0.5, 0.6]], [1, 1], {}, False),
        ("logits_look_like_probabilities", PRINTED, [7], {}, True),
        ("logits_look_like_probabilities", PRINTED + 1e-5, [7], {}, False),
        ("logits_look_like_probabilities", SEVEN_DECIMALS, [7], {}, False),
        ("logits_look_like_probabilities", np.full((1, 2000), 0.000501), [7], {}, True),
        ("logits_look_like_probabilities", np.zeros((1, 3000)), [7], {}, False),
        ("logits_look_like_probabilities", ROWS_OF_PROBABILITIES, [1, 2], {"from_logits": False}, False),
        ("logits_look_like_probabilities", [[1.0]], [0], {"loss_type": SPARSE}, False),
        ("logits_look_like_probabilities", ROWS_OF_PROBABILITIES, MULTI_HOT, {}, False),
        ("logits_may_be_probabilities", YES, 1, {}, True),
        ("logits_may_be_probabilities", YES[1:], 1, {}, False),
        ("logits_may_be_probabilities", [*YES, 0.0, 1.0], 1, {}, True),
        ("logits_may_be_probabilities", [*YES, 1.001], 1, {}, False),
        ("logits_may_be_probabilities", [*YES, -0.001], 1, {}, False),
        ("logits_may_be_probabilities", np.tile([0.0, 1.0], 10), 1, {}, False),
        ("logits_may_be_probabilities", YES, 1, {"pos_weight": 2}, True),
        ("logits_may_be_probabilities", YES, 1, {"from_logits": False}, False),
        ("logits_may_be_probabilities", YES.reshape(10, 2), np.zeros(10, int), {}, False),
        ("labels_not_a_distribution", LOGITS, MULTI_HOT, {"loss_type": SOFTMAX}, True),
        ("labels_not_a_distribution", LOGITS, MULTI_HOT, {"loss_type": SIGMOID}, False),
        ("labels_not_a_distribution", LOGITS, DISTRIBUTIONS, {"loss_type": SOFTMAX}, False),
        ("labels_not_a_distribution", LOGITS[:1], [[0.5, 0.5, 0.0011]], {"loss_type": SOFTMAX}, True),
        ("labels_not_a_distribution", LOGITS[:1], [[0.5, 0.5, 0.0009]], {"loss_type": SOFTMAX}, False),
        ("labels_not_a_distribution", LOGITS[:1], [[0, 0, 0]], {"loss_type": SOFTMAX}, True),
        ("labels_not_a_distribution", LOGITS, [[0, 0, 0], [0, 1, 0]], {"loss_type": SOFTMAX}, False),
        ("labels_not_a_distribution", LOGITS[:, :1], [[0], [1]], {"loss_type": SOFTMAX}, False),
        ("labels_almost_a_distribution", LOGITS, [[0.5, 0.5, 0.02], [0.2, 0.3, 0.5]], {}, True),
        ("labels_almost_a_distribution", LOGITS, [[0.5, 0.5, 0.06], [0.2, 0.3, 0.5]], {"loss_type": SOFTMAX}, False),
        ("labels_almost_a_distribution", LOGITS, [[0.5, 0.5, 0.01], [0.2, 0.3, 0.5]], {}, False),
        ("labels_may_be_padded_one_hot", LOGITS, [[0, 0, 0], [0, 1, 0]], {"loss_type": SOFTMAX}, True),
        ("labels_may_be_padded_one_hot", LOGITS, [[0, 0, 0], [0, 1, 0]], {}, False),
        ("labels_may_be_padded_one_hot", LOGITS[None], [[[0, 1, 0], [0, 0, 0]]], {}, True),
        ("labels_may_be_padded_one_hot", LOGITS[None], [[[0, 0, 0], [0, 1, 0]]], {}, False),
        ("labels_may_be_padded_one_hot", LOGITS, [[0, 0, 0], [0, 1, 0]], {"weights": [0, 1]}, False),
        ("labels_may_be_padded_one_hot", LOGITS, [[0, 0, 0], [1, 1, 0]], {"loss_type": SOFTMAX}, False),
        (
            "labels_may_be_padded_one_hot",
            np.zeros((20, 3)),
            np.eye(3)[np.arange(20) % 3] * (np.arange(20) < 15)[:, None],
            {},
            True,
        ),
        ("one_hot_labels_with_sigmoid", np.zeros((20, 3)), np.eye(3)[np.arange(20) % 3], {"loss_type": SIGMOID}, True),
        ("one_hot_labels_with_sigmoid", np.zeros((19, 3)), np.eye(3)[np.arange(19) % 3], {"loss_type": SIGMOID}, False),
        ("one_hot_labels_with_sigmoid", np.zeros((20, 2)), np.eye(2)[np.arange(20) % 2], {"loss_type": SIGMOID}, False),
        ("one_hot_labels_with_sigmoid", np.zeros((20, 3)), np.eye(3)[np.arange(20) % 3], {"pos_weight": 2}, False),
        ("single_class_softmax", LOGITS[:, :1], [0, 0], {"loss_type": SPARSE}, True),
        ("single_class_softmax", LOGITS[:, :1], [[0], [1]], {"loss_type": SOFTMAX}, True),
        ("single_class_softmax", LOGITS[:, :1], [0, 0], {}, False),
        ("nothing_counts", LOGITS, [-1, -1], {"ignore_index": -1}, True),
        ("nothing_counts", LOGITS, [-1, 1], {"ignore_index": -1}, False),
        ("nothing_counts", LOGITS, [np.nan, np.nan], {}, True),
        ("nothing_counts", LOGITS, [[np.nan] * 3] * 2, {"loss_type": SIGMOID}, True),
        ("nothing_counts", LOGITS, [-1, 1], {"ignore_index": -1, "weights": [1, 0]}, True),
        ("nothing_counts", LOGITS, [-1, 1], {"ignore_index": -1, "weights": 0}, False),
        ("mean_counts_zero_weights", LOGITS, [1, 2], {"weights": [0, 1]}, True),
        ("mean_counts_zero_weights", LOGITS, [1, 2], {"weights": [0, 1], "reduction": "weighted_mean"}, False),
        ("mean_counts_zero_weights", LOGITS, [1, 2], {"weights": [2, 1]}, False),
        ("mean_counts_zero_weights", LOGITS, [1, 2], {"weights": 0}, False),
        ("mean_ignores_class_weights", LOGITS, [1, 2], {"class_weights": [1, 2, 3]}, True),
        ("mean_ignores_class_weights", LOGITS, [1, 2], {"class_weights": [1, 1, 1]}, False),
        (
            "mean_ignores_class_weights",
            LOGITS,
            [1, 2],
            {"class_weights": [1, 2, 3], "reduction": "weighted_mean"},
            False,
        ),
        ("weights_enlarge_imbalance", np.zeros((30, 3)), RARE, {"class_weights": [25, 3, 2]}, True),
        ("weights_enlarge_imbalance", np.zeros((30, 3)), RARE, {"class_weights": [2, 3, 25]}, False),
        ("weights_enlarge_imbalance", np.zeros((30, 3)), RARE, {"class_weights": [1.4, 1, 1]}, False),
        ("weights_enlarge_imbalance", np.zeros((30, 3)), RARE, {"class_weights": [3, 4, 1]}, False),
        ("weights_enlarge_imbalance", np.zeros((30, 2)), np.minimum(RARE, 1), {"class_weights": [9, 1]}, True),
        ("weights_enlarge_imbalance", np.zeros((30, 2)), np.minimum(RARE, 1), {"class_weights": [1, 9]}, False),
        ("weights_enlarge_imbalance", np.zeros((30, 3)), np.arange(30) % 3, {"class_weights": [1, 2, 3]}, False),
        ("weights_enlarge_imbalance", np.zeros((30, 1)), RARE > 1, {"pos_weight": 0.5}, True),
        ("weights_enlarge_imbalance", np.zeros((30, 1)), RARE > 1, {"pos_weight": 2}, False),
        ("weights_enlarge_imbalance", np.zeros((30, 1)), RARE < 2, {"pos_weight": 2}, True),
        ("weights_enlarge_imbalance", np.zeros((2, 1)), [0, 1], {"pos_weight": 2}, False),
        ("weights_enlarge_imbalance", np.zeros((1, 70_000)), [5], {"class_weights": np.ones(70_000)}, False),
        ("probabilities_clipped", [[1e-9, 1.0]], [0], {"from_logits": False}, True),
        ("probabilities_clipped", [[1e-9, 1.0]], [1], {"from_logits": False}, False),
        ("probabilities_clipped", [[1e-9, 1.0]], [0], {"from_logits": False, "clip": 1e-10}, False),
        ("probabilities_clipped", [[1e-9, 1.0]], [0], {"from_logits": False, "clip": 0}, False),
        ("probabilities_clipped", [[1e-9, 1.0], [0, 1]], [0, 1], {"from_logits": False, "weights": [0, 1]}, False),
        ("probabilities_clipped", [[1e-9, 1.0]], [[0.5, 0.5]], {"from_logits": False}, True),
        ("probabilities_clipped", [[1.0, 0.5]], [[0, 1]], {"from_logits": False, "loss_type": SIGMOID}, True),
        ("probabilities_clipped", [[1.0, 0.5]], [[1, 1]], {"from_logits": False}, False),
        ("probabilities_clipped", [1e-9, 0.5], 1, {"from_logits": False}, True),
        ("probabilities_clipped", [[1e-9], [0.5]], [1, 1], {"from_logits": False}, True),
        ("probabilities_rescaled", [[0.2, 0.2]], [0], {"from_logits": False}, True),
        ("probabilities_rescaled", [[0.2, 0.8]], [0], {"from_logits": False}, False),
        ("probabilities_rescaled", [[0.2, 0.81]], [0], {"from_logits": False}, False),
        ("probabilities_rescaled", [[0.2, 0.2], [0.2, 0.8]], [0, 1], {"from_logits": False, "weights": [0, 1]}, False),
        ("logits_look_like_probabilities", 100 * ROWS_OF_PROBABILITIES, [1, 2], {}, True),
        ("logits_look_like_probabilities", ROWS_OF_PROBABILITIES.repeat(4, 0).round(1), [1, 2] * 4, {}, True),
        ("logits_may_be_probabilities", np.full((10, 2), 0.3), np.zeros(10, int), {}, True),
        ("logits_never_negative", np.maximum(SPREAD, 0), np.zeros(10, int), {}, True),
        ("logits_never_negative", SPREAD, np.zeros(10, int), {}, False),
        ("logits_never_negative", np.abs(SPREAD) + 1, np.zeros(10, int), {}, False),
        ("logits_within_one", np.tanh(9 * SPREAD), np.zeros(10, int), {}, True),
        ("logits_within_one", np.tanh(0.1 * SPREAD), np.zeros(10, int), {}, False),
        ("logits_within_one", np.tanh(9 * SPREAD), np.zeros(10, int), {"weights": np.arange(10) < 3}, False),
        ("identical_rows", np.tile([1.0, 2.0], (20, 1)), np.zeros(20, int), {}, True),
        ("identical_rows", np.tile([1.0, 2.0], (19, 1)), np.zeros(19, int), {}, False),
        ("identical_rows", np.arange(40.0).reshape(20, 2), np.zeros(20, int), {}, False),
        ("identical_rows", np.zeros((20, 2)), np.zeros(20, int), {"ignore_index": 0}, False),
        ("worse_than_uniform", SURE, (np.arange(30) + 1) % 3, {}, True),
        ("worse_than_uniform", SURE, np.eye(3)[(np.arange(30) + 1) % 3], {}, True),
        ("worse_than_uniform", SURE, np.arange(30) % 3, {}, False),
        ("worse_than_uniform", SURE, (np.arange(30) + (np.arange(30) >= 18)) % 3, {}, False),
        (
            "worse_than_uniform",
            SURE,
            (np.arange(30) + 1) % 3,
            {"weights": np.arange(30) < 9},
            False,
        ),
        ("labels_may_need_a_shift", NEXT, TOKENS, {}, True),
        ("labels_may_need_a_shift", OWN, TOKENS, {}, False),
        ("labels_may_be_shifted_twice", np.roll(OWN, 1, axis=1), TOKENS, {}, True),
        ("labels_may_be_shifted_twice", OWN, TOKENS, {}, False),
        ("labels_may_need_a_shift", NEXT, TOKENS, {"weights": 2.0}, True),
        ("labels_may_need_a_shift", NEXT, TOKENS, {"weights": np.arange(24.0).reshape(2, 12) + 1}, False),
        ("labels_may_need_a_shift", NEXT, TOKENS, {"weights": np.tile(np.arange(12) < 3, (2, 1))}, False),
        ("labels_may_need_a_shift", NEXT, 0 * TOKENS, {}, False),
        ("labels_not_a_distribution", LOGITS[0], [0.5, 0.9, 0], {"loss_type": SOFTMAX}, True),
        ("multi_hot_labels_with_softmax", LOGITS, MULTI_HOT, {"loss_type": SOFTMAX}, True),
        ("multi_hot_labels_with_softmax", LOGITS, MULTI_HOT, {}, False),
        ("multi_hot_labels_with_softmax", LOGITS, ONE_HOT, {}, False),
        ("multi_hot_labels_with_softmax", LOGITS, [[0, 0, 0], [0, 1, 0]], {"loss_type": SOFTMAX}, False),
        ("multi_hot_labels_with_softmax", LOGITS, [[0.9, 0.9, 0], [0, 1, 0]], {"loss_type": SOFTMAX}, False),
        ("multi_hot_labels_with_softmax", LOGITS, [[0.9, 0.1, 0], [1, 1, 0]], {"loss_type": SOFTMAX}, True),
        ("one_hot_labels_could_be_indices", LOGITS, ONE_HOT, {}, True),
        ("one_hot_labels_could_be_indices", LOGITS, ONE_HOT, {"loss_type": SIGMOID}, False),
        ("one_hot_labels_could_be_indices", LOGITS, [[0, 1, 0], [0, 0.5, 0.5]], {}, False),
        ("one_hot_labels_could_be_indices", LOGITS, [1, 2], {}, False),
        ("scalar_weight_only_rescales", LOGITS, [1, 2], {"weights": 2}, True),
        ("scalar_weight_only_rescales", LOGITS, [1, 2], {"weights": -1}, True),
        ("scalar_weight_only_rescales", LOGITS, [1, 2], {"weights": 1}, False),
        ("scalar_weight_only_rescales", LOGITS, [1, 2], {"weights": 0}, False),
        ("scalar_weight_only_rescales", LOGITS, [1, 2], {"weights": [2, 2]}, False),
        ("scalar_weight_only_rescales", LOGITS, MULTI_HOT, {"weights": [[2]]}, True),
        ("scalar_weight_only_rescales", LOGITS, [1, 2], {}, False),
        ("all_weights_zero", LOGITS, [1, 2], {"weights": 0}, True),
        ("all_weights_zero", LOGITS, [1, 2], {"weights": [0, 1e-300]}, False),
        ("negative_weight", LOGITS, [1, 2], {"weights": [1, -1e-300]}, True),
        ("negative_weight", LOGITS, [1, 2], {"weights": [1, 0]}, False),
        ("negative_weight", LOGITS, [1, 2], {"class_weights": [1, 1, -1]}, True),
        ("negative_weight", LOGITS, [1, 2], {"class_weights": [1, 1, 0]}, False),
        ("negative_pos_weight", LOGITS, MULTI_HOT, {"pos_weight": [1, 1, -1]}, True),
        ("negative_pos_weight", LOGITS, MULTI_HOT, {"pos_weight": 0}, False),
        ("labels_outside_unit_interval", LOGITS, [[0, 1.01, 0], [0, 1, 0]], {"loss_type": SOFTMAX}, True),
        ("labels_outside_unit_interval", LOGITS, [[0, 1, 0], [0, -0.01, 0]], {"loss_type": SIGMOID}, True),
        ("labels_outside_unit_interval", LOGITS, MULTI_HOT, {}, False),
        ("labels_outside_unit_interval", LOGITS, [2, 2], {}, False),
        ("infinite_loss", [[0.0, -np.inf]], [1], {}, True),
        ("infinite_loss", [[0.0, -np.inf]], [0], {}, False),
        ("infinite_loss", [[0.0, -np.inf]], [1], {"weights": [0]}, False),
        ("infinite_loss", [[0.0, -np.inf], [0.0, 1.0]], [1, 0], {"ignore_index": 1}, False),
        ("infinite_loss", [[0.0, -np.inf]], [[1, 1]], {}, True),
        ("infinite_loss", [[0.0, -np.inf]], [[1, 1]], {"weights": -1}, True),
        ("infinite_loss", [[0.0, 1e30]], [0], {}, False),
    ],
)
def test_a_warning_stands_where_its_condition_holds_and_nowhere_else(
    code: str, logits: Any, labels: Any, options: dict[str, Any], expected: bool
) -> None:
    assert (code in warned(logits, labels, **options)) == expected


@pytest.mark.parametrize(("dtype", "tolerated"), [(np.float16, True), (np.float32, False)])
def test_rows_of_half_precision_sum_to_1_within_a_hundredth(dtype: Any, tolerated: bool) -> None:
    probabilities = np.array([[0.5, 0.505], [0.25, 0.75]], dtype)
    assert ("logits_look_like_probabilities" in warned(probabilities, [0, 1])) == tolerated
    assert ("labels_almost_a_distribution" in warned(np.zeros((2, 2)), probabilities, loss_type=SOFTMAX)) != tolerated


ALWAYS = {"infinite_loss", "identical_rows"}
OF_LOGITS = {"logits_never_negative", "logits_within_one"}
OF_A_SOFTMAX = {"single_class_softmax"}
OF_PROBABILITIES = {"probabilities_clipped", "probabilities_rescaled"}
OF_LABEL_ROWS = {
    "labels_not_a_distribution",
    "labels_almost_a_distribution",
    "labels_may_be_padded_one_hot",
    "multi_hot_labels_with_softmax",
    "one_hot_labels_could_be_indices",
    "labels_outside_unit_interval",
}
OF_QUESTIONS = {"labels_outside_unit_interval", "labels_may_be_padded_one_hot", "one_hot_labels_with_sigmoid"}
OF_WEIGHTS = {"scalar_weight_only_rescales", "all_weights_zero", "negative_weight", "mean_counts_zero_weights"}
OF_CLASS_WEIGHTS = {"negative_weight", "mean_ignores_class_weights", "weights_enlarge_imbalance"}


@pytest.mark.parametrize(
    ("labels", "options", "ran"),
    [
        ([1, 2], {}, {"logits_look_like_probabilities", *OF_LOGITS, *OF_A_SOFTMAX}),
        ([1, 2], {"from_logits": False}, OF_A_SOFTMAX | OF_PROBABILITIES),
        (ONE_HOT, {}, {"logits_look_like_probabilities", *OF_LOGITS, *OF_A_SOFTMAX, *OF_LABEL_ROWS}),
        (MULTI_HOT, {}, OF_QUESTIONS | OF_LOGITS),
        (
            MULTI_HOT,
            {"pos_weight": 2},
            {"negative_pos_weight", "weights_enlarge_imbalance", *OF_QUESTIONS, *OF_LOGITS},
        ),
        ([1, 2], {"weights": [1, 2], "from_logits": False}, OF_WEIGHTS | OF_A_SOFTMAX | OF_PROBABILITIES),
        (
            [1, 2],
            {"class_weights": [1, 2, 3], "from_logits": False},
            OF_CLASS_WEIGHTS | OF_A_SOFTMAX | OF_PROBABILITIES,
        ),
        ([1, -1], {"ignore_index": -1, "from_logits": False}, {"nothing_counts", *OF_A_SOFTMAX, *OF_PROBABILITIES}),
    ],
)
def test_checked_lists_the_checks_that_ran_and_no_other(labels: Any, options: dict[str, Any], ran: set[str]) -> None:
    evaluation = evaluate(softmax(LOGITS), labels, **options)
    assert set(evaluation.checked) == ran | ALWAYS
    assert len(set(evaluation.checked)) == len(evaluation.checked)
    assert {warning.code for warning in evaluation.warnings} <= set(evaluation.checked)


def test_logits_of_yes_no_questions_are_checked_from_20_up() -> None:
    assert "logits_may_be_probabilities" not in evaluate(np.zeros(19), 1).checked
    assert "logits_may_be_probabilities" in evaluate(np.zeros(20), 1).checked


def test_a_sound_batch_is_not_warned_of() -> None:
    for labels in ([1, 2], DISTRIBUTIONS, MULTI_HOT):
        assert evaluate(LOGITS, labels, weights=[1, 2]).warnings == ()


def test_the_first_odd_row_is_named_in_the_callers_coordinates() -> None:
    labels = np.zeros((3, 2, 5))
    labels[0] = 1
    labels[0, 1, 3] = 0
    warnings = warned(np.zeros((3, 2, 5)), labels, loss_type=SOFTMAX, axis=0)
    assert warnings["labels_may_be_padded_one_hot"].evidence["first_row"] == [1, 3]
    labels[1, 1, 4] = 1
    warnings = warned(np.zeros((3, 2, 5)), labels, loss_type=SOFTMAX, axis=0)
    assert warnings["multi_hot_labels_with_softmax"].evidence == {"rows": 1, "of": 10, "first_row": [1, 4]}


def test_silenced_codes_are_neither_warned_of_nor_checked() -> None:
    loud = evaluate(softmax(LOGITS), [1, 2])
    quiet = evaluate(softmax(LOGITS), [1, 2], silence=["logits_look_like_probabilities"])
    assert [warning.code for warning in loud.warnings] == ["logits_look_like_probabilities"]
    assert quiet.warnings == ()
    assert set(loud.checked) - set(quiet.checked) == {"logits_look_like_probabilities"}


def test_an_unknown_code_cannot_be_silenced() -> None:
    with pytest.raises(ParameterOutOfRange, match="silence: holds 'nonsense'"):
        evaluate(LOGITS, [1, 2], silence=["nonsense"])


def test_advice_none_looks_for_nothing() -> None:
    evaluation = evaluate(softmax(LOGITS), [1, 2], advice="none")
    assert (evaluation.recommendation, evaluation.warnings, evaluation.checked) == (None, (), ())


@pytest.mark.parametrize(
    ("labels", "fix", "change"),
    [
        ([[-1, 1, 1], [-1, -1, 1]], "(labels + 1) / 2", None),
        ([[0, 255, 0], [255, 255, 0]], "labels / 255", None),
        ([[0, 1, -1], [1, -1, 0]], "Set ignore_index to -1", {"ignore_index": -1}),
    ],
)
def test_labels_in_a_usual_code_are_told_how_to_map_them(labels: Any, fix: str, change: Any) -> None:
    warning = warned(LOGITS, labels, loss_type=SIGMOID)["labels_outside_unit_interval"]
    assert fix in warning.fix
    assert warning.change == change


def test_what_does_not_count_is_in_no_code() -> None:
    warning = warned(LOGITS, [[-1, 1, 1], [7, 7, 7]], loss_type=SIGMOID, weights=[1, 0])["labels_outside_unit_interval"]
    assert "(labels + 1) / 2" in warning.fix
    assert warning.evidence["zero_weight"] == 3


def test_every_change_is_of_fields_that_make_the_warning_go_away_or_are_none() -> None:
    cases = [
        (softmax(LOGITS), [1, 2], {}),
        (LOGITS[:, :1], [0, 0], {"loss_type": SPARSE}),
        ([[1e-9, 1.0]], [0], {"from_logits": False}),
        (LOGITS, [1, 2], {"weights": [0, 1]}),
        (LOGITS, [1, 2], {"class_weights": [1, 2, 3]}),
        (LOGITS, [[0, 1, -1], [1, -1, 0]], {"loss_type": SIGMOID}),
        (LOGITS, MULTI_HOT, {"loss_type": SOFTMAX}),
        (np.zeros((20, 3)), np.eye(3)[np.arange(20) % 3], {"loss_type": SIGMOID}),
    ]
    for logits, labels, options in cases:
        changes = {code: w.change for code, w in warned(logits, labels, **options).items() if w.change}
        assert changes
        for code, change in changes.items():
            assert code not in warned(logits, labels, **options | change)
