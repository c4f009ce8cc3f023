"""How much is said beside the numbers: advice, silence; and what clip and missing labels do to the numbers."""

import json
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service import problem
from xent_core.advice.checks import WARNINGS

LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [0.3, 0.2, 0.1]]
BATCH = {"logits": LOGITS, "labels": [1, 2, 0]}
SAID = {"equivalents", "recommendation", "warnings", "checked"}


def loss(client: httpx.Client, fields: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/v1/loss", json=BATCH | fields)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def numbers(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in SAID}


# --- advice


def test_full_is_the_default(client: httpx.Client) -> None:
    assert loss(client, {"advice": "full"}) == loss(client, {})
    assert loss(client, {}).keys() >= SAID


def test_brief_leaves_out_reasons_alternatives_and_equivalents(client: httpx.Client) -> None:
    brief, full = loss(client, {"advice": "brief"}), loss(client, {})
    assert numbers(brief) == numbers(full)
    assert SAID - brief.keys() == {"equivalents"}
    assert brief["recommendation"].keys() == {"loss_type", "label_kind", "suggested"}
    assert (brief["warnings"], brief["checked"]) == (full["warnings"], full["checked"])


def test_brief_keeps_a_suggestion_as_lists(client: httpx.Client) -> None:
    imbalanced = {"logits": [[0.0, 0.0]] * 22, "labels": [0] * 20 + [1] * 2, "encoding": "base64"}
    (brief, full) = (loss(client, imbalanced | {"advice": advice}) for advice in ("brief", "full"))
    assert brief["recommendation"]["suggested"] == full["recommendation"]["suggested"]
    assert isinstance(brief["recommendation"]["suggested"]["class_weights"], list)


def test_none_leaves_the_numbers_alone(client: httpx.Client) -> None:
    silent = loss(client, {"advice": "none", "weights": 5.0, "include": ["gradient"]})
    assert silent == numbers(loss(client, {"weights": 5.0, "include": ["gradient"]}))


def test_a_recommendation_may_be_brief_but_not_none(client: httpx.Client) -> None:
    labels = {"labels": [1, 2, 0], "logits_shape": [3, 3]}
    content = client.post("/v1/recommend", json=labels | {"advice": "brief"}).json()
    assert content["recommendation"].keys() == {"loss_type", "label_kind", "suggested"}
    (error,) = problem(client.post("/v1/recommend", json=labels | {"advice": "none"}), 422)["errors"]
    assert error["loc"] == ["body", "advice"]
    assert "full or brief was expected" in error["message"]


# --- silence


def test_a_silenced_check_does_not_run(client: httpx.Client) -> None:
    code = "scalar_weight_only_rescales"
    spoken, silent = (loss(client, {"weights": 5.0, "silence": silence}) for silence in ([], [code]))
    assert [warning["code"] for warning in spoken["warnings"]] == [code]
    assert code in spoken["checked"]
    assert silent["warnings"] == []
    assert set(spoken["checked"]) - set(silent["checked"]) == {code}


def test_all_codes_may_be_silenced(client: httpx.Client) -> None:
    assert loss(client, {"silence": list(WARNINGS)})["checked"] == []


@pytest.mark.parametrize(
    ("silence", "loc", "message"),
    [
        (["infinite_loss", "scalar_weight_rescales"], ["silence", 1], "did you mean scalar_weight_only_rescales?"),
        (["zzz"], ["silence", 0], "there are logits_look_like_probabilities, "),
        ([7], ["silence", 0], "is 7, no code of a warning; there are "),
        ("infinite_loss", ["silence"], 'is the string "infinite_loss"; a list was expected'),
        (["infinite_loss"] * (len(WARNINGS) + 1), ["silence"], "a shorter list was expected"),
    ],
    ids=str,
)
def test_an_unknown_code_is_refused_with_the_nearest(
    client: httpx.Client, silence: Any, loc: list[Any], message: str
) -> None:
    (error,) = problem(client.post("/v1/loss", json=BATCH | {"silence": silence}), 422)["errors"]
    assert error["loc"] == ["body", *loc]
    assert message in error["message"]


# --- clip


@pytest.mark.parametrize(("clip", "smallest"), [(0.1, 0.1), (0, 1e-300), (None, 1e-7)])
def test_probabilities_are_clipped_where_clip_says(client: httpx.Client, clip: Any, smallest: float) -> None:
    batch = {"logits": [[1.0, 1e-300]], "labels": [1], "from_logits": False, "clip": clip}
    (value,) = loss(client, batch)["per_sample"]
    assert value == pytest.approx(-np.log(smallest), rel=1e-12)


def test_a_clip_above_a_half_is_refused(client: httpx.Client) -> None:
    (error,) = problem(client.post("/v1/loss", json=BATCH | {"clip": 0.6}), 422)["errors"]
    assert (error["loc"], error["code"]) == (["body", "clip"], "parameter_out_of_range")


# --- Missing labels


@pytest.mark.parametrize("rows", [3, 40_000], ids=["short", "long"])
def test_a_class_index_of_null_does_not_count(client: httpx.Client, rows: int) -> None:
    logits = (LOGITS * rows)[:rows]
    labels: list[int | None] = ([1, 2, 0] * rows)[:rows]
    present = loss(client, {"logits": logits, "labels": labels, "advice": "none"})
    labels[1] = None
    content = loss(client, {"logits": logits, "labels": labels, "advice": "none"})
    assert content["loss_type"] == "sparse_softmax_cross_entropy"
    assert content["per_sample"] == [0.0 if i == 1 else each for i, each in enumerate(present["per_sample"])]
    assert content["reduced"]["denominator"] == rows - 1


def test_a_yes_no_label_of_null_does_not_count(client: httpx.Client) -> None:
    labels = [[1, 0, None], [1, 1, 0], [None, 0, 0]]
    content = loss(client, {"labels": labels, "include": ["elements", "gradient"]})
    assert content["loss_type"] == "sigmoid_cross_entropy"
    missing = np.array([[label is None for label in row] for row in labels])
    assert (np.array(content["elements"])[missing] == 0).all()
    assert (np.array(content["gradient"])[missing] == 0).all()
    assert content["reduced"]["denominator"] == 7


def test_null_is_no_number_in_other_arrays(client: httpx.Client) -> None:
    (error,) = problem(client.post("/v1/loss", json=BATCH | {"weights": [1, None, 1]}), 422)["errors"]
    assert error["message"] == "is null; a number was expected"


@pytest.mark.parametrize(
    ("labels", "position"),
    [
        ([1, "NaN", 0], [1]),
        ([1, *["NaN"] * 70_000], [1]),
        ({"dtype": "float32", "shape": [3], "data": "AACAPwAAwH8AAAAA"}, [1]),
        ({"dtype": "bfloat16", "shape": [3], "data": "gD/AfwAA"}, [1]),
    ],
    ids=["short list", "long list", "float32", "bfloat16"],
)
def test_nan_is_no_missing_label(client: httpx.Client, labels: Any, position: list[int]) -> None:
    (error,) = problem(client.post("/v1/loss", json=BATCH | {"labels": labels}), 422)["errors"]
    assert (error["loc"], error["code"]) == (["body", "labels", *position], "nan")
    assert "a missing one is null in a list" in error["message"]


# --- /v2


def infer(client: httpx.Client, parameters: dict[str, Any], labels: dict[str, Any] | None = None) -> httpx.Response:
    logits = {"name": "logits", "datatype": "FP64", "shape": [3, 3], "data": LOGITS}
    usual = {"name": "labels", "datatype": "INT64", "shape": [3], "data": [1, 2, 0]}
    body = {"parameters": parameters, "inputs": [logits, labels or usual]}
    return client.post("/v2/models/auto/infer", content=json.dumps(body), headers={"content-type": "application/json"})


def test_the_open_inference_protocol_has_them_as_parameters(client: httpx.Client) -> None:
    assert infer(client, {"advice": "none"}).json()["parameters"].keys() == {"loss_type", "numerator", "denominator"}
    assert infer(client, {"silence": "infinite_loss, all_weights_zero"}).json()["parameters"]["warnings"] == ""
    assert infer(client, {"silence": ""}).json() == infer(client, {}).json()
    assert infer(client, {"clip": 0.6}).json() == {"error": "clip is 0.6; a number from 0 to 0.5 was expected"}
    response = infer(client, {"silence": "infinite_los"})
    assert response.status_code == 400
    assert response.json()["error"].endswith("did you mean infinite_loss?")


def test_there_nan_is_no_missing_label_either(client: httpx.Client) -> None:
    labels = {"name": "labels", "datatype": "FP64", "shape": [3], "data": [1, float("nan"), 0]}
    response = infer(client, {}, labels)
    assert response.status_code == 400
    assert "NaN" in response.json()["error"]
