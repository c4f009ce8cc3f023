"""The losses that `auto` never chooses, and the parameters of single losses, over `/v1` and `/v2`."""

import json
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.testing import assert_allclose

from xent_core import evaluate
from xent_core.losses import LOSS_TYPES, LOSSES

LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
SEQUENCES = [[[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [0.3, 0.2, 0.1]]]
FOCAL, SPARSE = "sigmoid_focal_cross_entropy", "sparse_softmax_cross_entropy"
COMPUTED: dict[str, dict[str, Any]] = {
    "sigmoid focal": {"labels": [[1, 0, 1], [0, 0, 1]], "loss_type": FOCAL, "gamma": 1.5, "alpha": 0.25},
    "softmax focal": {"labels": [[0.5, 0.5, 0]] * 2, "loss_type": "softmax_focal_cross_entropy", "gamma": 0},
    "sparse focal": {"labels": [1, 2], "loss_type": "sparse_softmax_focal_cross_entropy", "alpha": 0.5},
    "generalized": {"labels": [1, 2], "loss_type": "generalized_cross_entropy", "q": 1},
    "generalized, one-hot": {"labels": [[0, 1, 0], [0, 0, 1]], "loss_type": "generalized_cross_entropy"},
    "poly": {"labels": [[0.5, 0.5, 0]] * 2, "loss_type": "poly_cross_entropy", "epsilon": -1},
    "poly, indices": {"labels": [1, 2], "loss_type": "poly_cross_entropy"},
    "kl": {"labels": [[0.5, 0.5, 0]] * 2, "loss_type": "kl_divergence"},
    "kl of logits": {
        "labels": [[0.5, 2, 0], [1, 1, 1]],
        "loss_type": "kl_divergence",
        "labels_are_logits": True,
        "temperature": 2,
    },
    "temperature": {"labels": [1, 2], "loss_type": SPARSE, "temperature": 0.5},
    "shift": {"logits": SEQUENCES, "labels": [[1, 0, 2]], "loss_type": SPARSE, "shift": 1},
}


def test_every_loss_is_among_them() -> None:
    assert {case["loss_type"] for case in COMPUTED.values()} >= {
        name for name in LOSS_TYPES if not LOSSES[name].known_to_frameworks
    }


def inferred(client: httpx.Client, batch: dict[str, Any]) -> httpx.Response:
    """The same over the Open Inference Protocol."""
    fields = dict(batch)
    tensors = {name: np.array(fields.pop(name), float) for name in ("logits", "labels")}
    inputs = [
        {"name": name, "datatype": "FP64", "shape": array.shape, "data": array.ravel().tolist()}
        for name, array in tensors.items()
    ]
    body = {"inputs": inputs, "parameters": {"binary_data_output": False}}
    model = fields.pop("loss_type", "auto")
    body["outputs"] = [{"name": "per_sample"}, {"name": "loss"}, {"name": "gradient"}]
    body["parameters"] |= fields
    return client.post(f"/v2/models/{model}/infer", content=json.dumps(body))


@pytest.mark.parametrize("case", COMPUTED.values(), ids=[*COMPUTED])
def test_the_losses_are_those_of_the_core(client: httpx.Client, case: dict[str, Any]) -> None:
    batch = {"logits": LOGITS, **case}
    expected = evaluate(**batch, include=["gradient"])
    answer = client.post("/v1/loss", json={**batch, "include": ["gradient"]}).json()
    assert_allclose(answer["per_sample"], expected.per_sample, rtol=1e-14)
    assert_allclose(answer["gradient"], expected.gradient, rtol=1e-14)
    assert answer["reduced"]["value"] == pytest.approx(expected.reduced.value, rel=1e-14)
    assert answer["equivalents"] == expected.equivalents
    outputs = {each["name"]: each["data"] for each in inferred(client, batch).json()["outputs"]}
    assert_allclose(outputs["per_sample"], expected.per_sample.ravel(), rtol=1e-14)
    assert_allclose(outputs["gradient"], expected.gradient.ravel(), rtol=1e-14)
    assert outputs["loss"] == pytest.approx([expected.reduced.value], rel=1e-14)
    recommended = client.post("/v1/recommend", json=batch).json()["recommendation"]["loss_type"]
    assert recommended == expected.recommendation.loss_type


REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a gamma below 0": ({"gamma": -0.5}, "gamma", "parameter_out_of_range", "is -0.5; a number of 0 or more"),
    "an alpha above 1": ({"alpha": 1.5}, "alpha", "parameter_out_of_range", "is 1.5; a number from 0 to 1"),
    "a q of 0": (
        {"q": 0},
        "q",
        "parameter_out_of_range",
        "is 0.0; a number above 0 and at most 1 was expected; with q",
    ),
    "a temperature of 0": ({"temperature": 0}, "temperature", "parameter_out_of_range", "is 0.0; a number above 0"),
    "a shift below 0": ({"shift": -1}, "shift", "parameter_out_of_range", "is -1; a whole number of 0 or more"),
    "a shift past the end": ({"shift": 3}, "shift", "parameter_out_of_range", "is 3; at most 2 was expected, as sequ"),
    "half a shift": ({"shift": 0.5}, "shift", "wrong_type", "is 0.5; a whole number was expected"),
    "a string for gamma": ({"gamma": "2"}, "gamma", "wrong_type", 'is the string "2"; a number was expected'),
    "true for alpha": ({"alpha": True}, "alpha", "wrong_type", "is true; a number was expected"),
    "a string for q": ({"q": "1"}, "q", "wrong_type", 'is the string "1"; a number was expected'),
    "a list for epsilon": ({"epsilon": [1]}, "epsilon", "wrong_type", "is a list; a number was expected"),
    "a string for a temperature": ({"temperature": "2"}, "temperature", "wrong_type", 'is the string "2"; a number'),
    "1 for true": ({"labels_are_logits": 1}, "labels_are_logits", "wrong_type", "is 1; true or false was expected"),
    "gamma for auto": ({"gamma": 2}, "gamma", "unexpected_parameter", "is not a parameter of sparse_softmax_cross_en"),
    "alpha elsewhere": (
        {"alpha": 0.5, "loss_type": SPARSE},
        "alpha",
        "unexpected_parameter",
        "is not a parameter of sparse_softmax_cross_entropy; it belongs to sigmoid_focal_cross_entropy and soft",
    ),
    "q elsewhere": (
        {"q": 0.5, "loss_type": "poly_cross_entropy"},
        "q",
        "unexpected_parameter",
        "is not a parameter of poly_cross_entropy; it belongs to generalized_cross_entropy",
    ),
    "epsilon elsewhere": (
        {"epsilon": 0.5, "loss_type": SPARSE},
        "epsilon",
        "unexpected_parameter",
        "is not a parameter of sparse_softmax_cross_entropy; it belongs to poly_cross_entropy",
    ),
    "labels as logits for auto": (
        {"labels_are_logits": True},
        "labels_are_logits",
        "unexpected_parameter",
        "is true beside loss_type auto; name kl_divergence",
    ),
    "a temperature of probabilities": (
        {"temperature": 2, "from_logits": False},
        "temperature",
        "unexpected_parameter",
        "is 2.0 beside from_logits false",
    ),
    "rows that are not one-hot": (
        {"labels": [[[0, 1, 0], [0.5, 0.5, 0], [0, 0, 1]]], "loss_type": "generalized_cross_entropy"},
        "labels[0][1]",
        "not_one_hot",
        "is not one-hot; generalized_cross_entropy is of one class for each row",
    ),
    "a negative label for a logarithm": (
        {"labels": [[[0, 1, 0], [1.5, -0.5, 0], [0, 0, 1]]], "loss_type": "kl_divergence"},
        "labels[0][1][1]",
        "label_out_of_range",
        "is -0.5; kl_divergence takes its logarithm",
    ),
    "a label out of range behind a shift": (
        {"labels": [[0, 1, 7]], "loss_type": SPARSE, "shift": 1},
        "labels[0][2]",
        "label_out_of_range",
        "is 7; a class index from 0 to 2 was expected",
    ),
}


@pytest.mark.parametrize(("changes", "place", "code", "message"), REFUSED.values(), ids=[*REFUSED])
def test_each_parameter_has_an_error_of_its_own(
    client: httpx.Client, changes: dict[str, Any], place: str, code: str, message: str
) -> None:
    batch = {"logits": SEQUENCES, "labels": [[1, 0, 2]], **changes}
    for path in ("/v1/loss", "/v1/recommend"):
        answer = client.post(path, json=batch)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["loc"][1], error["code"]) == (place.split("[", maxsplit=1)[0], code)
        assert error["message"].startswith(message)
        assert answer.json()["detail"].startswith(f"{place} {message}")
    answer = inferred(client, batch)
    assert answer.status_code == 400
    assert f"{place} {message}" in answer.json()["error"]


def test_a_teachers_mask_is_taken_over_both(client: httpx.Client) -> None:
    batch = {"logits": [[1.0, 2.0, 3.0]], "loss_type": "kl_divergence", "labels_are_logits": True}
    answer = client.post("/v1/loss", json={**batch, "labels": [["-Infinity", 0, 0]]}).json()
    expected = evaluate([[1.0, 2.0, 3.0]], [[-np.inf, 0, 0]], loss_type="kl_divergence", labels_are_logits=True)
    assert answer["per_sample"] == pytest.approx(expected.per_sample.tolist(), rel=1e-14)
    outputs = inferred(client, {**batch, "labels": [[-np.inf, 0, 0]]}).json()["outputs"]
    assert outputs[0]["data"] == pytest.approx(expected.per_sample.tolist(), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("keras.losses.BinaryFocalCrossentropy", FOCAL),
        ("torchvision.ops.sigmoid_focal_loss", FOCAL),
        ("CategoricalFocalCrossentropy", "softmax_focal_cross_entropy"),
        ("poly_loss_cross_entropy", "poly_cross_entropy"),
        ("KLDivLoss", "kl_divergence"),
        ("CategoricalGeneralizedCrossEntropy", "generalized_cross_entropy"),
    ],
)
def test_a_framework_s_name_is_told_ours(client: httpx.Client, name: str, ours: str) -> None:
    answer = client.post("/v1/loss", json={"logits": LOGITS, "labels": [1, 2], "loss_type": name}).json()
    assert f"it is {ours} here" in answer["detail"]
