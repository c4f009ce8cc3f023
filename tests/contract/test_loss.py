"""POST /v1/loss gives the numbers and the advice that the contract promises."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

VECTORS = Path(__file__).parents[1] / "golden" / "vectors.jsonl"
LINES = VECTORS.read_text(encoding="utf-8").splitlines()
GOLDEN = [case for case in map(json.loads, LINES) if case["dtype"] == "float64"]

PAIR = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
CONFIDENT = [[2.0, 0.5, 6.0], [0.1, 0.0, 3.0]]
QUESTIONS = [[0.5, 0.7, 0.3], [0.8, 0.2, 0.9]]
ONE_HOT = [[0, 1, 0], [0, 0, 1]]
MULTI_HOT = [[1, 0, 1], [0, 0, 1]]
INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf}


def wire(value: Any) -> Any:
    """Numbers and lists as JSON has them: infinities by name."""
    if isinstance(value, list):
        return [wire(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def array(value: Any) -> NDArray[np.float64]:
    """Numbers and lists out of JSON."""

    def read(item: Any) -> Any:
        return [read(each) for each in item] if isinstance(item, list) else INFINITIES.get(item, item)

    return np.array(read(value), np.float64)


def codes(content: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in content["warnings"]}


def softmax(logits: Any) -> NDArray[np.float64]:
    exponentials = np.exp(array(logits))
    return exponentials / exponentials.sum(-1, keepdims=True)


def sigmoid(logits: Any) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-array(logits)))


# --- The frameworks' numbers

ONES = [[1, 1, 1], [1, 1, 1]]
SIGMOID_LOSSES = [[0.474077, 0.40318605, 0.55435526], [0.37110066, 0.59813887, 0.34115386]]
WEIGHTED_LOSSES = [[0.09481539, 0.08063721, 0.11087105], [0.07422013, 0.11962777, 0.06823077]]
FROM_TENSORFLOW: dict[str, tuple[Any, Any, dict[str, Any], Any, set[str]]] = {
    "softmax": (
        CONFIDENT,
        [[0, 0, 1], [0, 1, 0]],
        {"loss_type": "softmax_cross_entropy"},
        [0.02215516, 3.0996735],
        set(),
    ),
    "softmax applied twice": (
        softmax(CONFIDENT).tolist(),
        [[0, 0, 1], [0, 1, 0]],
        {"loss_type": "softmax_cross_entropy"},
        [0.56551915, 1.4743223],
        {"logits_look_like_probabilities"},
    ),
    "distributions": (PAIR, [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]], {}, [1.4143689, 1.6642545], set()),
    "one-hot": (PAIR, ONE_HOT, {}, [1.9643688, 0.17425454], set()),
    "indices": (PAIR, [1, 2], {}, [1.9643688, 0.17425454], set()),
    "sigmoid": (QUESTIONS, ONES, {}, SIGMOID_LOSSES, set()),
    "sigmoid, scalar label": (QUESTIONS, 1, {}, SIGMOID_LOSSES, set()),
    "weighted": (QUESTIONS, ONES, {"pos_weight": 0.2}, WEIGHTED_LOSSES, set()),
    "weighted, scalar label": (QUESTIONS, 1, {"pos_weight": 0.2}, WEIGHTED_LOSSES, set()),
    "weighted, negative": (
        QUESTIONS,
        1,
        {"pos_weight": -0.2},
        (-np.array(WEIGHTED_LOSSES)).tolist(),
        {"negative_pos_weight"},
    ),
}


@pytest.mark.parametrize(
    ("logits", "labels", "fields", "expected", "warnings"), FROM_TENSORFLOW.values(), ids=[*FROM_TENSORFLOW]
)
def test_the_numbers_are_tensorflows(
    loss: Any, logits: Any, labels: Any, fields: dict[str, Any], expected: Any, warnings: set[str]
) -> None:
    """The digits are float32, good to about 1e-7 of the largest term that was added; lists compute in float64."""
    content = loss(logits, labels, include=["elements"], **fields)
    assert_allclose(array(content["elements"]), expected, rtol=1e-6, atol=1e-7)
    assert warnings <= codes(content)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("sum", 0.6776438), ("mean", 0.3388219), ("weighted_mean", 0.3388219), ("mean_by_nonzero_weights", 0.6776438)],
)
def test_weights_and_smoothing_reduce_as_tf_losses_does(loss: Any, reduction: str, expected: float) -> None:
    content = loss(CONFIDENT, [[0, 0, 1], [0, 1, 0]], weights=[2, 0], label_smoothing=0.1, reduction=reduction)
    assert_allclose(content["per_sample"], [0.6776438, 0], rtol=1e-6)
    assert content["reduced"]["reduction"] == reduction
    assert content["reduced"]["value"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_the_frameworks_float64_numbers_survive_http(client: httpx.Client, case: dict[str, Any]) -> None:
    """To 1e-12 of the number itself, or of 1 where terms of that size cancelled."""
    include = [name for name in ("elements", "gradient", "probabilities") if name in case["expected"]]
    fields = {name: wire(value) for name, value in case["options"].items()}
    body = {"logits": wire(case["logits"]), "labels": wire(case["labels"]), "include": include, **fields}
    response = client.post("/v1/loss", json=body)
    assert response.status_code == 200, response.text
    content = response.json()
    for output, expected in case["expected"].items():
        actual = content["reduced"]["value"] if output == "value" else content[output]
        assert_allclose(array(actual), array(expected), rtol=1e-12, atol=1e-12)


def test_a_confident_prediction_keeps_its_tiny_loss(loss: Any) -> None:
    """2·exp(−60) to every digit, where the frameworks give 0."""
    assert loss([[60, 0, 0]], [0])["per_sample"][0] == pytest.approx(2 * math.exp(-60), rel=1e-13)


# --- What auto computes, and what is recommended

SIGMOID, WEIGHTED = "sigmoid_cross_entropy", "weighted_cross_entropy"
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"
FORMS: dict[str, tuple[Any, Any, str, str, str]] = {
    "a scalar": (PAIR, 1, "binary", SIGMOID, SIGMOID),
    "rank 1": ([0.5, -1.0], [1, 0], "binary", SIGMOID, SIGMOID),
    "C = 1": ([[0.5], [-1.0]], [[1], [0]], "binary", SIGMOID, SIGMOID),
    "C = 1, without the axis": ([[0.5], [-1.0]], [1, 0], "binary", SIGMOID, SIGMOID),
    "a soft scalar": (PAIR, 0.3, "soft_binary", SIGMOID, SIGMOID),
    "soft, rank 1": ([0.5, -1.0], [0.9, 0], "soft_binary", SIGMOID, SIGMOID),
    "soft, C = 1": ([[0.5], [-1.0]], [[0.9], [0]], "soft_binary", SIGMOID, SIGMOID),
    "indices": (PAIR, [1, 2], "class_indices", SPARSE, SPARSE),
    "indices written 2.0": (PAIR, [1.0, 2.0], "class_indices", SPARSE, SPARSE),
    "indices in a rank of their own": ([PAIR, PAIR], [[0, 1], [2, 2]], "class_indices", SPARSE, SPARSE),
    "an index for logits of rank 1": ([0.5, -1.0, 2.0], 2, "class_indices", SPARSE, SPARSE),
    "one-hot": (PAIR, ONE_HOT, "one_hot", SOFTMAX, SPARSE),
    "one-hot, 1.0": (PAIR, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "one_hot", SOFTMAX, SPARSE),
    "distributions": (PAIR, [[0.2, 0.3, 0.5], [0, 1, 0]], "distribution", SOFTMAX, SOFTMAX),
    "sums within 1e-3 of 1": (PAIR, [[0.2, 0.3, 0.5009], [0, 1, 0]], "distribution", SOFTMAX, SOFTMAX),
    "a sum within 0.05 of 1": (PAIR, [[0.2, 0.3, 0.5499], [0, 1, 0]], "distribution", SOFTMAX, SOFTMAX),
    "a sum further from 1": (PAIR, [[0.2, 0.3, 0.5511], [0, 1, 0]], "soft_multi_label", SIGMOID, SIGMOID),
    "multi-hot": (PAIR, MULTI_HOT, "multi_hot", SIGMOID, SIGMOID),
    "a row of none": (PAIR, [[0, 0, 0], [0, 0, 1]], "multi_hot", SIGMOID, SIGMOID),
    "soft multi-label": (PAIR, [[0.9, 0.1, 0.8], [0, 1, 0]], "soft_multi_label", SIGMOID, SIGMOID),
}


@pytest.mark.parametrize(("logits", "labels", "kind", "computed", "recommended"), FORMS.values(), ids=[*FORMS])
def test_auto_goes_by_the_labels_form(
    loss: Any, logits: Any, labels: Any, kind: str, computed: str, recommended: str
) -> None:
    content = loss(logits, labels)
    recommendation = content["recommendation"]
    assert (recommendation["label_kind"], content["loss_type"], recommendation["loss_type"]) == (
        kind,
        computed,
        recommended,
    )
    assert all(reason["code"] and reason["message"] for reason in recommendation["reasons"])
    assert recommendation["reasons"]
    assert loss(logits, labels, loss_type=computed)["per_sample"] == content["per_sample"]


def test_labels_of_no_known_kind_are_computed_where_a_type_is_named(loss: Any) -> None:
    content = loss(PAIR, [[2, -1, 0], [0, 1, 0]], loss_type=SOFTMAX)
    assert content["recommendation"]["label_kind"] == "other"
    assert content["recommendation"]["loss_type"] == SOFTMAX
    assert "labels_outside_unit_interval" in codes(content)


def test_auto_with_pos_weight_computes_the_weighted_loss(loss: Any) -> None:
    assert loss(PAIR, MULTI_HOT, pos_weight=3)["loss_type"] == WEIGHTED


@pytest.mark.parametrize(("positives", "suggested"), [(2, 9.0), (18, 1 / 9)])
def test_imbalanced_questions_get_a_pos_weight_suggested(loss: Any, positives: int, suggested: float) -> None:
    recommendation = loss([0.5] * 20, [1] * positives + [0] * (20 - positives))["recommendation"]
    assert recommendation["loss_type"] == WEIGHTED
    assert recommendation["suggested"]["pos_weight"] == pytest.approx(suggested)


@pytest.mark.parametrize(("positives", "labels"), [(3, 20), (1, 19), (0, 20), (20, 20)])
def test_balanced_few_or_one_sided_questions_get_none(loss: Any, positives: int, labels: int) -> None:
    recommendation = loss([0.5] * labels, [1] * positives + [0] * (labels - positives))["recommendation"]
    assert recommendation["loss_type"] == SIGMOID
    assert recommendation["suggested"] is None


def test_imbalanced_classes_get_class_weights_suggested_and_keep_their_type(loss: Any) -> None:
    """Ten of class 0, one of class 2, none of class 1: N / (K · count) = 11 / (2 · count)."""
    recommendation = loss([[0.1, 0.2, 0.3]] * 11, [0] * 10 + [2])["recommendation"]
    assert recommendation["loss_type"] == SPARSE
    assert_allclose(recommendation["suggested"]["class_weights"], [0.55, 1, 5.5])


def test_from_ten_thousand_classes_up_sampled_softmax_is_an_alternative(loss: Any) -> None:
    for classes, expected in ((9_999, False), (10_000, True)):
        alternatives = loss([[0.0] * classes], [0])["recommendation"]["alternatives"]
        assert any(each["loss_type"] == "sampled_softmax" for each in alternatives) == expected


# --- Warnings

SURE = [[0.9, 0.05, 0.05], [0.2, 0.7, 0.1]]
MISTAKES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "logits_look_like_probabilities": (SURE, [0, 1], {}),
    "logits_may_be_probabilities": ([[0.5] * 10, [0.7] * 10], [[1, 0] * 5] * 2, {}),
    "labels_not_a_distribution": (PAIR, [[0.5, 0.1, 0.1], [0, 0, 1]], {"loss_type": SOFTMAX}),
    "multi_hot_labels_with_softmax": (PAIR, MULTI_HOT, {"loss_type": SOFTMAX}),
    "one_hot_labels_could_be_indices": (PAIR, ONE_HOT, {}),
    "scalar_weight_only_rescales": (PAIR, [1, 2], {"weights": 5}),
    "all_weights_zero": (PAIR, [1, 2], {"weights": [0, 0]}),
    "negative_weight": (PAIR, [1, 2], {"class_weights": [1, -1, 1]}),
    "negative_pos_weight": (PAIR, MULTI_HOT, {"pos_weight": -1}),
    "labels_outside_unit_interval": (PAIR, [[2, 0, 0], [0, 0, 1]], {"loss_type": SIGMOID}),
    "infinite_loss": ([["-Infinity", 0.5]], [0], {}),
}


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_warned_about_with_its_evidence_and_its_fix(loss: Any, code: str) -> None:
    logits, labels, fields = MISTAKES[code]
    content = loss(logits, labels, **fields)
    (warning,) = (each for each in content["warnings"] if each["code"] == code)
    assert warning["message"]
    assert warning["evidence"]
    assert warning["fix"]
    assert code in content["checked"]


def test_an_ordinary_batch_sets_off_nothing(loss: Any) -> None:
    content = loss(PAIR, [1, 2], weights=[1, 2], class_weights=[1, 2, 3], reduction="weighted_mean")
    assert content["warnings"] == []
    assert {"logits_look_like_probabilities", "negative_weight", "infinite_loss"} <= set(content["checked"])


def test_a_check_that_did_not_run_is_not_listed(loss: Any) -> None:
    assert "logits_look_like_probabilities" not in loss(SURE, [0, 1], from_logits=False)["checked"]


def test_softmax_twice_is_shown_with_the_loss_both_ways(loss: Any) -> None:
    as_probabilities = loss(SURE, [0, 1], from_logits=False)["reduced"]["value"]
    content = loss(SURE, [0, 1])
    (warning,) = content["warnings"]
    assert warning["evidence"]["mean_loss_as_logits"] == pytest.approx(content["reduced"]["value"], rel=1e-12)
    assert warning["evidence"]["mean_loss_as_probabilities"] == pytest.approx(as_probabilities, rel=1e-12)


def test_no_number_stands_in_for_one_that_is_undefined(loss: Any) -> None:
    """Read as probabilities these losses are +∞ and −∞: their mean is nothing, and certainly not −∞."""
    content = loss([[0, 1], [0, 1]], [0, 0], weights=[1e308, -1e308])
    (warning,) = (each for each in content["warnings"] if each["code"] == "logits_look_like_probabilities")
    assert "Infinity" not in json.dumps(warning["evidence"])


# --- The request's fields


@pytest.mark.parametrize(
    "field",
    [
        "weights",
        "pos_weight",
        "class_weights",
        "ignore_index",
        "label_smoothing",
        "axis",
        "loss_type",
        "from_logits",
        "reduction",
        "include",
    ],
)
def test_null_means_absent(loss: Any, field: str) -> None:
    assert loss(PAIR, [1, 2], **{field: None}) == loss(PAIR, [1, 2])


@pytest.mark.parametrize("weights", [2.5, [2.5, 0.5]])
def test_weights_multiply_softmax_losses(loss: Any, weights: Any) -> None:
    expected = np.array(loss(PAIR, [1, 2])["per_sample"]) * weights
    assert_allclose(loss(PAIR, [1, 2], weights=weights)["per_sample"], expected, rtol=1e-15)


@pytest.mark.parametrize("weights", [2.5, [2.5, 0.5], [[2.5], [0.5]], [[1, 2, 3]], [[1, 2, 3], [4, 5, 6]], [[2.5]]])
def test_weights_multiply_sigmoid_losses_by_sample_class_or_element(loss: Any, weights: Any) -> None:
    """Weights of rank 1 belong to the samples, never to the classes."""
    by_element = np.array(weights)[:, None] if np.ndim(weights) == 1 else np.array(weights)
    expected = np.array(loss(PAIR, MULTI_HOT, include=["elements"])["elements"]) * by_element
    assert_allclose(loss(PAIR, MULTI_HOT, weights=weights, include=["elements"])["elements"], expected, rtol=1e-15)


def test_three_weights_for_three_samples_of_three_classes_are_the_samples(loss: Any) -> None:
    square, labels = [[1.0, 2.0, 3.0]] * 3, [[1, 0, 1]] * 3
    content = loss(square, labels, weights=[0, 1, 2])
    assert content["per_sample"][0] == 0
    assert content["per_sample"][2] == pytest.approx(2 * content["per_sample"][1])


def test_one_pos_weight_for_each_class_is_one_for_each_column(loss: Any) -> None:
    elements = np.array(loss(PAIR, MULTI_HOT, include=["elements"])["elements"])
    weighted = loss(PAIR, MULTI_HOT, pos_weight=[2, 5, 3], include=["elements"])["elements"]
    assert_allclose(weighted, np.where(MULTI_HOT, elements * [2, 5, 3], elements), rtol=1e-14)


def test_class_weights_weigh_by_the_labels_class(loss: Any) -> None:
    plain = np.array(loss(PAIR, [1, 2])["per_sample"])
    assert_allclose(loss(PAIR, [1, 2], class_weights=[7, 2, 3])["per_sample"], plain * [2, 3], rtol=1e-14)


@pytest.mark.parametrize(("labels", "share"), [([1, 2], 1 / 3), (ONE_HOT, 1 / 3), (MULTI_HOT, 1 / 2)])
def test_smoothing_pulls_labels_towards_one_over_c_or_one_half(loss: Any, labels: Any, share: float) -> None:
    computed = loss(PAIR, labels)["loss_type"]
    hard = np.eye(3)[labels] if np.ndim(labels) == 1 else np.array(labels)
    soft = (hard * 0.8 + 0.2 * share).tolist()
    by_hand = loss(PAIR, soft, loss_type=SOFTMAX if computed == SPARSE else computed)
    assert_allclose(loss(PAIR, labels, label_smoothing=0.2)["per_sample"], by_hand["per_sample"], rtol=1e-13)


def test_json_has_one_kind_of_number(loss: Any) -> None:
    whole = loss([[2, 0, 1]], [0], label_smoothing=1, weights=[1], axis=1, ignore_index=2)
    real = loss([[2.0, 0.0, 1.0]], [0.0], label_smoothing=1.0, weights=[1.0], axis=1.0, ignore_index=2.0)
    assert real["loss_type"] == whole["loss_type"]
    assert real["per_sample"] == whole["per_sample"]


def test_an_ignored_label_costs_nothing_and_counts_nowhere(loss: Any) -> None:
    kept = loss(PAIR[:1], [1])
    content = loss(PAIR, [1, -100], ignore_index=-100, weights=[1, 3])
    assert content["per_sample"] == [*kept["per_sample"], 0]
    for reduction in ("mean", "weighted_mean", "mean_by_nonzero_weights"):
        reduced = loss(PAIR, [1, -100], ignore_index=-100, weights=[1, 3], reduction=reduction)["reduced"]
        assert reduced["denominator"] == 1


def test_an_ignored_label_may_be_a_class(loss: Any) -> None:
    assert loss(PAIR, [1, 2], ignore_index=2)["per_sample"][1] == 0


@pytest.mark.parametrize("axis", [0, -2])
def test_classes_stand_on_the_axis_that_is_named(loss: Any, axis: int) -> None:
    content = loss(np.transpose(PAIR).tolist(), [1, 2], axis=axis, include=["gradient"])
    expected = loss(PAIR, [1, 2], include=["gradient"])
    assert content["per_sample"] == expected["per_sample"]
    assert_allclose(content["gradient"], np.transpose(expected["gradient"]), rtol=1e-15)


def test_probabilities_give_the_losses_of_their_logits(loss: Any) -> None:
    assert_allclose(
        loss(softmax(PAIR).tolist(), [1, 2], from_logits=False)["per_sample"],
        loss(PAIR, [1, 2])["per_sample"],
        rtol=1e-14,
    )
    assert_allclose(
        loss(sigmoid(PAIR).tolist(), MULTI_HOT, from_logits=False)["per_sample"],
        loss(PAIR, MULTI_HOT)["per_sample"],
        rtol=1e-14,
    )


def test_rows_of_probabilities_are_divided_by_their_sums(loss: Any) -> None:
    """[0.2, 0.2] is a coin."""
    content = loss([[0.2, 0.2]], [0], from_logits=False, include=["probabilities"])
    assert content["per_sample"][0] == pytest.approx(math.log(2), rel=1e-15)
    assert content["probabilities"] == [[0.5, 0.5]]


def test_probabilities_are_clipped_as_keras_does_and_have_no_gradient_there(loss: Any) -> None:
    content = loss([[0.0, 1.0]], [0], from_logits=False, include=["gradient"])
    assert content["per_sample"][0] == pytest.approx(-math.log(1e-7), rel=1e-9)
    assert content["gradient"] == [[0, 0]]


# --- The response

SHAPES: dict[str, tuple[Any, Any, str, tuple[int, ...], tuple[int, ...]]] = {
    "softmax [2, 3]": ((2, 3), np.zeros(2), SPARSE, (2,), (2,)),
    "softmax [4, 2, 3]": ((4, 2, 3), np.zeros((4, 2)), SPARSE, (4, 2), (4, 2)),
    "softmax [3]: one sample": ((3,), np.zeros(()), SPARSE, (), ()),
    "sigmoid [2, 3]": ((2, 3), np.zeros((2, 3)), SIGMOID, (2,), (2, 3)),
    "sigmoid [4, 2, 3]": ((4, 2, 3), np.zeros((4, 2, 3)), SIGMOID, (4, 2), (4, 2, 3)),
    "sigmoid [3]: three samples": ((3,), np.zeros(3), SIGMOID, (3,), (3,)),
    "sigmoid [2, 1]": ((2, 1), np.zeros(2), SIGMOID, (2,), (2, 1)),
    "weighted [2, 3]": ((2, 3), np.zeros((2, 3)), WEIGHTED, (2,), (2, 3)),
}


@pytest.mark.parametrize(("logits", "labels", "loss_type", "samples", "elements"), SHAPES.values(), ids=[*SHAPES])
def test_each_output_has_its_shape(
    loss: Any, logits: tuple[int, ...], labels: Any, loss_type: str, samples: Any, elements: Any
) -> None:
    asked = ["elements", "gradient", "probabilities"]
    fields = {"loss_type": loss_type, "include": asked, "pos_weight": 2 if loss_type == WEIGHTED else None}
    content = loss(np.ones(logits).tolist(), labels.astype(int).tolist(), **fields)
    assert np.shape(content["per_sample"]) == samples
    assert [np.shape(content[name]) for name in asked] == [elements, logits, logits]


def test_a_sample_of_a_sigmoid_loss_is_the_mean_of_its_elements(loss: Any) -> None:
    content = loss(PAIR, MULTI_HOT, weights=[[1, 2, 3]], include=["elements"])
    assert_allclose(content["per_sample"], np.mean(content["elements"], axis=1), rtol=1e-15)


def test_heavier_outputs_come_only_where_asked_for(loss: Any) -> None:
    heavy = {"elements", "gradient", "probabilities"}
    assert not heavy & loss(PAIR, [1, 2]).keys()
    assert heavy & loss(PAIR, [1, 2], include=["gradient"]).keys() == {"gradient"}


def test_probabilities_are_the_softmax_or_the_sigmoid_of_the_logits(loss: Any) -> None:
    assert_allclose(loss(PAIR, [1, 2], include=["probabilities"])["probabilities"], softmax(PAIR), rtol=1e-14)
    assert_allclose(loss(PAIR, MULTI_HOT, include=["probabilities"])["probabilities"], sigmoid(PAIR), rtol=1e-14)


@pytest.mark.parametrize(("reduction", "share"), [("none", 1), ("sum", 1), ("mean", 1 / 2), ("weighted_mean", 1 / 5)])
def test_the_gradient_is_the_reduced_losss_and_the_sums_where_nothing_is_reduced(
    loss: Any, reduction: str, share: float
) -> None:
    weights = np.array([[4.0], [1.0]])
    content = loss(PAIR, [1, 2], weights=[4, 1], reduction=reduction, include=["gradient"])
    assert_allclose(content["gradient"], (softmax(PAIR) - ONE_HOT) * weights * share, rtol=1e-13)


def test_the_gradient_is_true_also_where_labels_do_not_sum_to_one(loss: Any) -> None:
    labels = np.array([[1.0, 0.5, 1.0], [0.0, 0.0, 0.25]])
    content = loss(PAIR, labels.tolist(), loss_type=SOFTMAX, reduction="sum", include=["gradient"])
    assert_allclose(content["gradient"], softmax(PAIR) * labels.sum(1, keepdims=True) - labels, rtol=1e-13)


def test_without_reduction_reduced_is_null(loss: Any) -> None:
    assert loss(PAIR, [1, 2], reduction="none")["reduced"] is None


REDUCTIONS = ["sum", "mean", "weighted_mean", "mean_by_nonzero_weights"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "fields", [{"class_weights": [0.5, 2, 0, 3]}, {"ignore_index": 1}], ids=["weighted", "ignoring"]
)
def test_requests_merge_to_the_value_of_the_whole(loss: Any, reduction: str, fields: dict[str, Any]) -> None:
    """Numerators are sums in another order, which may round differently in the 16th digit; denominators are equal."""
    random = np.random.default_rng(2)
    logits, labels = random.normal(0, 4, (1000, 4)).tolist(), random.integers(4, size=1000).tolist()
    weights = random.integers(3, size=1000).tolist()
    whole = loss(logits, labels, weights=weights, reduction=reduction, **fields)["reduced"]
    cuts = [0, 1, 10, 400, 401, 1000]
    parts = [
        loss(logits[a:b], labels[a:b], weights=weights[a:b], reduction=reduction, **fields)["reduced"]
        for a, b in pairwise(cuts)
    ]
    numerator = math.fsum(part["numerator"] for part in parts)
    denominator = 1 if reduction == "sum" else math.fsum(part["denominator"] for part in parts)
    assert denominator == whole["denominator"]
    assert numerator / denominator == pytest.approx(whole["value"], rel=1e-14)
    assert whole["value"] == whole["numerator"] / whole["denominator"]


@pytest.mark.parametrize("reduction", REDUCTIONS[1:])
def test_a_denominator_of_zero_gives_zero_and_no_gradient(loss: Any, reduction: str) -> None:
    fields = {"ignore_index": 0} if reduction == "mean" else {"weights": [0, 0]}
    content = loss(PAIR, [0, 0], reduction=reduction, include=["gradient"], **fields)
    assert content["reduced"]["denominator"] == 0
    assert content["reduced"]["value"] == 0
    assert not np.any(content["gradient"])


# --- Infinities


def test_infinities_are_strings_both_ways(loss: Any) -> None:
    content = loss([["-Infinity", 0.0], [0.0, "-Infinity"]], [0, 0], include=["elements"])
    assert content["per_sample"] == ["Infinity", 0]
    assert content["elements"] == ["Infinity", 0]
    assert content["reduced"]["value"] == content["reduced"]["numerator"] == "Infinity"


def test_a_negative_infinite_loss_is_written_too(loss: Any) -> None:
    content = loss([["-Infinity", 0.0]], [0], weights=[-1])
    assert content["per_sample"] == ["-Infinity"]
    assert content["reduced"]["value"] == "-Infinity"


def test_a_scalar_loss_may_be_infinite(loss: Any) -> None:
    assert loss(["-Infinity", 0.0, 1.0], 0, loss_type=SPARSE)["per_sample"] == "Infinity"


@pytest.mark.parametrize("labels", [[0, 1], [[1, 0], [0, 1]], [[0.5, 0.5], [0, 1]]], ids=["index", "one-hot", "soft"])
def test_a_weight_of_zero_times_an_infinite_loss_is_zero(loss: Any, labels: Any) -> None:
    content = loss(
        [["-Infinity", 0.0], [0.0, 1.0]], labels, loss_type=SPARSE if labels == [0, 1] else SOFTMAX, weights=[0, 1]
    )
    assert content["per_sample"][0] == 0


def test_a_label_of_zero_at_a_masked_class_costs_nothing(loss: Any) -> None:
    masked = loss([["-Infinity", 0.5, 1.0]], [[0, 0.25, 0.75]])
    assert_allclose(masked["per_sample"], loss([[0.5, 1.0]], [[0.25, 0.75]])["per_sample"], rtol=1e-15)


@pytest.mark.parametrize("excuse", [{"weights": [0, 1]}, {"ignore_index": 0}])
def test_a_row_masked_whole_may_be_ignored_or_weigh_nothing(loss: Any, excuse: dict[str, Any]) -> None:
    masked = [["-Infinity", "-Infinity"], [0.5, 1.0]]
    content = loss(masked, [0, 1], include=["gradient", "probabilities"], **excuse)
    assert content["per_sample"][0] == 0
    assert content["gradient"][0] == [0, 0]
    assert content["probabilities"][0] == [0, 0]
