"""The outputs of a pass over the service: by-products, summary and calibration, over /v1 and /v2."""

import base64
import math
import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.contract.conftest import PostLoss
from xent_core import evaluate

RANDOM = np.random.default_rng(0)
LOGITS, LABELS = 2 * RANDOM.normal(size=(60, 6)), RANDOM.integers(0, 6, 60)
BY_PRODUCTS = ("predictions", "label_rank", "margin", "entropy", "logsumexp")
RECIPE = (Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8")


def test_each_by_product_is_there_alone_where_it_is_asked_for(loss: PostLoss) -> None:
    whole = evaluate(LOGITS, LABELS, include=BY_PRODUCTS)
    for name in BY_PRODUCTS:
        response = loss(LOGITS.tolist(), LABELS.tolist(), include=[name], advice="none")
        assert response.keys() == {"loss_type", "per_sample", "reduced", name}
        assert response[name] == getattr(whole, name).tolist()


def test_tensor_objects_have_them_as_tensor_objects(loss: PostLoss) -> None:
    response = loss(LOGITS.tolist(), LABELS.tolist(), include=["predictions", "summary"], encoding="base64")
    assert response["predictions"]["dtype"] == "int64"
    found = np.frombuffer(base64.b64decode(response["predictions"]["data"]), np.int64)
    assert found.tolist() == LOGITS.argmax(axis=1).tolist()
    # Figures are lists in any encoding.
    assert sum(response["summary"]["per_class"]["count"]) == 60


def test_the_four_lines_of_the_docs_merge_requests(loss: PostLoss) -> None:
    sums = [
        loss(LOGITS[part].tolist(), LABELS[part].tolist(), include=["summary"])["summary"]["sums"]
        for part in (slice(0, 7), slice(7, 60))
    ]
    (recipe,) = (each for each in re.findall(r"```python\n(.*?)```", RECIPE, re.DOTALL) if "fsum" in each)
    assert len(recipe.strip().splitlines()) == 4
    names: dict[str, Any] = {"math": math, "sums": sums}
    exec(recipe, names)  # noqa: S102  the text of the docs
    whole = evaluate(LOGITS, LABELS, include=["summary"]).summary
    assert whole is not None
    assert (names["mean"], names["accuracy"], names["perplexity"]) == (whole.mean, whole.accuracy, whole.perplexity)


def test_what_is_not_defined_is_absent(loss: PostLoss) -> None:
    figures = loss([[1.0, 2.0]], [0], weights=0, include=["summary", "calibration"])
    assert figures["summary"].keys() == {"samples", "counted", "ignored", "zero_weight", "per_class", "sums"}
    assert figures["calibration"].keys() == {"bins", "sums"}


def test_infinities_have_their_names(loss: PostLoss) -> None:
    summary = loss([[1.0, "-Infinity"], [1.0, 2.0]], [1, 0], include=["summary"])["summary"]
    assert (summary["mean"], summary["maximum"], summary["sums"]["loss"]) == ("Infinity", "Infinity", ["Infinity"])


def test_more_than_1000_classes_have_no_figures_of_each(loss: PostLoss) -> None:
    for classes, told in ((1000, True), (1001, False)):
        summary = loss(np.zeros((2, classes)).tolist(), [0, 1], include=["summary"])["summary"]
        assert ("per_class" in summary) == ("per_class" in summary["sums"]) == told


def test_calibration_has_its_bins_and_a_temperature(loss: PostLoss) -> None:
    calibration = loss(LOGITS.tolist(), LABELS.tolist(), include=["calibration"])["calibration"]
    assert len(calibration["bins"]["edges"]) == 16
    assert sum(calibration["bins"]["count"]) == 60
    assert calibration["fitted"]["loss_after"] < calibration["fitted"]["loss_before"]


def test_a_rank_of_a_sigmoid_loss_is_an_error_at_include(client: httpx.Client) -> None:
    response = client.post("/v1/loss", json={"logits": [1.0, 2.0], "labels": [0, 1], "include": ["margin"]})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["code"]) == (["body", "include"], "unexpected_parameter")


def test_an_unknown_output_is_told_the_nearest(client: httpx.Client) -> None:
    response = client.post("/v1/loss", json={"logits": [1.0], "labels": [1], "include": ["prediction"]})
    assert response.status_code == 422
    assert "predictions" in response.json()["detail"]


@pytest.mark.parametrize("binary", [False, True])
def test_by_products_are_outputs_of_v2(client: httpx.Client, binary: bool) -> None:
    request: dict[str, Any] = {
        "inputs": [
            {"name": "logits", "shape": [60, 6], "datatype": "FP64", "data": LOGITS.ravel().tolist()},
            {"name": "labels", "shape": [60], "datatype": "INT64", "data": LABELS.tolist()},
        ],
        "outputs": [{"name": name, "parameters": {"binary_data": binary}} for name in BY_PRODUCTS],
    }
    response = client.post("/v2/models/auto/infer", json=request)
    assert response.status_code == 200, response.text
    whole = evaluate(LOGITS, LABELS, include=BY_PRODUCTS)
    if binary:
        content = response.content[int(response.headers["Inference-Header-Content-Length"]) :]
        assert content == b"".join(getattr(whole, name).tobytes() for name in BY_PRODUCTS)
        return
    for output in response.json()["outputs"]:
        assert output["data"] == getattr(whole, output["name"]).tolist()
        assert output["datatype"] == ("INT64" if output["name"] in ("predictions", "label_rank") else "FP64")


def test_the_models_of_v2_name_them(client: httpx.Client) -> None:
    outputs = {
        model: {each["name"] for each in client.get(f"/v2/models/{model}").json()["outputs"]}
        for model in ("auto", "softmax_cross_entropy", "sigmoid_cross_entropy")
    }
    assert outputs["auto"] == outputs["softmax_cross_entropy"] > set(BY_PRODUCTS)
    assert outputs["sigmoid_cross_entropy"] & set(BY_PRODUCTS) == {"predictions", "entropy"}
