"""POST /v1/recommend gives the advice of POST /v1/loss, and computes nothing."""

from typing import Any

import httpx
import pytest

from tests.service import problem

LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
BATCHES: dict[str, dict[str, Any]] = {
    "class indices": {"labels": [1, 2]},
    "one-hot": {"labels": [[0, 1, 0], [0, 0, 1]]},
    "distributions": {"labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]], "label_smoothing": 0.1},
    "several marked": {"labels": [[1, 0, 1], [0, 0, 1]], "loss_type": "softmax_cross_entropy"},
    "one weight for all": {"labels": [1, 2], "weights": 3, "reduction": "sum"},
    "a weight for each class": {"labels": [1, 2], "class_weights": [1, 2, -1], "reduction": "weighted_mean"},
    "a label to ignore": {"labels": [1, -100], "ignore_index": -100},
    "weighted": {"labels": [[1, 0, 1], [0, 0, 1]], "pos_weight": [1, 2, 3], "weights": [[1], [2]]},
}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_the_advice_is_that_of_the_loss_but_for_what_only_a_loss_shows(
    client: httpx.Client, batch: dict[str, Any]
) -> None:
    body = {"logits": LOGITS, **batch}
    loss, advice = client.post("/v1/loss", json=body).json(), client.post("/v1/recommend", json=body).json()
    assert set(advice) == {"recommendation", "warnings", "checked"}
    # A loss's own call is the response's, and the recommendation has another only where it differs.
    recommended = loss["recommendation"]["equivalents"] or loss["equivalents"]
    assert advice["recommendation"] == loss["recommendation"] | {"equivalents": recommended}
    assert advice["warnings"] == loss["warnings"]
    assert advice["checked"] == [code for code in loss["checked"] if code != "infinite_loss"]


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_the_shape_of_the_logits_is_enough_for_a_recommendation(client: httpx.Client, batch: dict[str, Any]) -> None:
    whole = client.post("/v1/recommend", json={"logits": LOGITS, **batch}).json()
    shape = client.post("/v1/recommend", json={"logits_shape": [2, 3], **batch}).json()
    assert shape["recommendation"] == whole["recommendation"]
    assert not any(code.startswith("logits_") for code in shape["checked"])


def test_probabilities_are_recognised_without_a_loss(client: httpx.Client) -> None:
    response = client.post("/v1/recommend", json={"labels": [0, 1], "logits": [[0.9, 0.1], [0.25, 0.75]]}).json()
    (warning,) = response["warnings"]
    assert warning["code"] == "logits_look_like_probabilities"
    assert "mean_loss_as_logits" not in warning["evidence"]


def test_the_class_axis_counts(client: httpx.Client) -> None:
    body = {"labels": [0, 1, 1], "logits_shape": [2, 3], "axis": 0}
    response = client.post("/v1/recommend", json=body).json()["recommendation"]
    assert response["label_kind"] == "class_indices"
    assert "axis" in response["equivalents"]["keras"]


def test_a_colossal_shape_takes_no_memory(client: httpx.Client) -> None:
    body = {"labels": 1, "logits_shape": [2**20, 2**20], "weights": 0}
    assert client.post("/v1/recommend", json=body).json()["recommendation"]["loss_type"] == "sigmoid_cross_entropy"


@pytest.mark.parametrize(
    ("body", "loc", "code"),
    [
        ({"labels": [1]}, ["logits"], "missing_parameter"),
        ({"labels": [1, 2], "logits": LOGITS, "logits_shape": [2, 3]}, ["logits_shape"], "unexpected_parameter"),
        ({"labels": [1, 2], "logits_shape": [2, 0]}, ["logits_shape", 1], "parameter_out_of_range"),
        ({"labels": [1, 2], "logits_shape": [2**30, 2**30]}, ["logits_shape"], "parameter_out_of_range"),
        ({"labels": [1, 2], "logits_shape": [2.5, 3]}, ["logits_shape", 0], "wrong_type"),
        ({"labels": [1, 3], "logits_shape": [2, 3]}, ["labels", 1], "label_out_of_range"),
        ({"labels": [[1], [2]], "logits_shape": [2, 3]}, ["labels"], "wrong_shape"),
        ({"labels": [1, 2], "logits": [[1, "NaN", 2], [1, 2, 3]]}, ["logits", 0, 1], "nan"),
        ({"labels": [1, 2], "logits": [["-Infinity"] * 3, [1, 2, 3]]}, ["logits", 0], "masked_row"),
        ({"labels": [1, 2], "logits_shape": [2, 3], "pos_weight": 2}, ["pos_weight"], "unexpected_parameter"),
        ({"labels": [1, 2], "logits_shape": [2, 3], "weights": [1, 2, 3]}, ["weights"], "wrong_shape"),
        ({"labels": [1, 2], "logits_shape": [2, 3], "include": []}, ["include"], "unknown_field"),
    ],
)
def test_what_no_advice_can_be_given_on_is_refused_with_its_place(
    client: httpx.Client, body: dict[str, Any], loc: list[str | int], code: str
) -> None:
    (error,) = problem(client.post("/v1/recommend", json=body), 422)["errors"]
    assert (error["loc"], error["code"]) == (["body", *loc], code)
