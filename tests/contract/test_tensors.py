"""Tensor objects are taken wherever an array is, and given where that is asked for; no way of sending changes a bit."""

import base64
import gzip
from typing import Any

import httpx
import ml_dtypes
import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from tests.service import problem

DTYPES: dict[str, Any] = {
    **{name: np.dtype(name) for name in ("float16", "float32", "float64")},
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    **{f"{sign}int{bits}": np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": np.dtype(bool),
}
SHORT = ("float16", "bfloat16", "float32")
RNG = np.random.default_rng(4)
# Every value is a small multiple of 1/4, which all floats hold; drawn as integers they serve the whole dtypes too.
LOGITS = RNG.integers(0, 9, (6, 4))
LABELS = RNG.integers(0, 4, 6)


def tensor(array: NDArray[Any]) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def array(value: dict[str, Any]) -> NDArray[Any]:
    content = base64.b64decode(value["data"], validate=True)
    return np.frombuffer(content, DTYPES[value["dtype"]]).reshape(value["shape"])


def post(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    response = client.post("/v1/loss", json=fields)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def reference(logits: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    exact = logits.astype(np.float64)
    return np.log(np.exp(exact).sum(1)) - exact[np.arange(len(labels)), labels]


@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_of_every_dtype_are_computed_in_what_the_contract_says(client: httpx.Client, dtype: str) -> None:
    logits = (LOGITS > 4 if dtype == "bool" else LOGITS).astype(DTYPES[dtype])
    content = post(client, logits=tensor(logits), labels=LABELS.tolist(), encoding="base64", include=["gradient"])
    expected = "float32" if dtype in SHORT else "float64"
    assert content["per_sample"]["dtype"] == content["gradient"]["dtype"] == expected
    np.testing.assert_allclose(
        array(content["per_sample"]), reference(logits, LABELS), rtol=1e-6 if dtype in SHORT else 1e-14
    )


@pytest.mark.parametrize("dtype", [name for name in DTYPES if name != "bool"])
def test_labels_of_every_dtype_are_read(client: httpx.Client, dtype: str) -> None:
    as_list = post(client, logits=LOGITS.tolist(), labels=LABELS.tolist())
    assert (
        post(client, logits=LOGITS.tolist(), labels=tensor(LABELS.astype(DTYPES[dtype])))["per_sample"]
        == (as_list["per_sample"])
    )


def test_a_bool_tensor_holds_labels(client: httpx.Client) -> None:
    hot = LOGITS > 4
    given = {"logits": LOGITS.tolist(), "loss_type": "sigmoid_cross_entropy"}
    as_list = post(client, **given, labels=hot.astype(int).tolist())
    assert post(client, **given, labels=tensor(hot))["per_sample"] == as_list["per_sample"]


def test_every_array_of_a_request_may_be_one(client: httpx.Client) -> None:
    weights, class_weights = RNG.random(6), RNG.random(4)
    fields = {"logits": LOGITS / 4, "labels": LABELS, "weights": weights, "class_weights": class_weights}
    as_lists = post(client, **{name: value.tolist() for name, value in fields.items()})
    as_tensors = post(client, **{name: tensor(value) for name, value in fields.items()})
    as_tensors["recommendation"] = as_lists["recommendation"]
    assert as_tensors == as_lists
    scalar = post(client, logits=[1.0, 2.0], labels=[0, 1], loss_type="weighted_cross_entropy", pos_weight=2.5)
    assert (
        scalar["per_sample"]
        == post(
            client,
            logits=tensor(np.array([1.0, 2.0])),
            labels=tensor(np.array([0, 1])),
            loss_type="weighted_cross_entropy",
            pos_weight=tensor(np.array(2.5)),
        )["per_sample"]
    )


def test_so_it_is_in_sampled_softmax(client: httpx.Client) -> None:
    fields = {
        "weights": RNG.standard_normal((10, 3)),
        "biases": RNG.standard_normal(10),
        "inputs": RNG.standard_normal((2, 3)),
        "labels": np.array([[1], [7]]),
    }
    sample = {
        "candidates": np.array([0, 4, 9]),
        "true_expected_count": np.array([[0.5], [0.25]]),
        "sampled_expected_count": np.array([0.5, 0.25, 0.125]),
    }
    as_lists = client.post(
        "/v1/sampled-softmax",
        json={name: value.tolist() for name, value in fields.items()}
        | {"sampled_values": {name: value.tolist() for name, value in sample.items()}},
    ).json()
    as_tensors = client.post(
        "/v1/sampled-softmax",
        json={name: tensor(value) for name, value in fields.items()}
        | {"sampled_values": {name: tensor(value) for name, value in sample.items()}, "encoding": "base64"},
    ).json()
    assert array(as_tensors["per_sample"]).tolist() == as_lists["per_sample"]
    given_back = as_tensors["sampled_values"]
    assert {name: array(value).tolist() for name, value in given_back.items()} == as_lists["sampled_values"]


def test_recommend_takes_them_too(client: httpx.Client) -> None:
    content = client.post("/v1/recommend", json={"labels": tensor(LABELS), "logits_shape": [6, 4]}).json()
    assert content["recommendation"]["label_kind"] == "class_indices"


@pytest.mark.parametrize("size", [(5, 3), (400, 300)], ids=["a short body", "a long one"])
def test_however_a_batch_is_sent_and_returned_not_a_bit_differs(client: httpx.Client, size: tuple[int, int]) -> None:
    logits = RNG.standard_normal(size) * 5
    logits[1, 2] = -np.inf
    labels = RNG.integers(0, 2, size[0])
    wanted = {"include": ["elements", "gradient", "probabilities"], "reduction": "weighted_mean"}
    listed = logits.astype(object)
    listed[np.isneginf(logits)] = "-Infinity"
    as_lists = orjson.dumps({"logits": listed.tolist(), "labels": labels.tolist(), **wanted})
    as_tensors = orjson.dumps({"logits": tensor(logits), "labels": tensor(labels), **wanted})
    back_as_tensors = orjson.dumps({"logits": tensor(logits), "labels": tensor(labels), **wanted, "encoding": "base64"})
    indented = orjson.dumps(orjson.loads(as_lists), option=orjson.OPT_INDENT_2)
    json_type = {"Content-Type": "application/json"}
    responses = [
        client.post("/v1/loss", content=content, headers=json_type | headers).json()
        for content, headers in [
            (as_lists, {}),
            (indented, {}),
            (as_tensors, {}),
            (gzip.compress(as_lists), {"Content-Encoding": "gzip"}),
            (gzip.compress(as_tensors), {"Content-Encoding": "gzip"}),
        ]
    ]
    for content in responses[1:]:
        assert content == responses[0]
    encoded = client.post("/v1/loss", content=back_as_tensors, headers=json_type).json()
    for name in ("per_sample", "elements", "gradient", "probabilities"):
        assert array(encoded[name]).tolist() == responses[0][name]


def test_a_single_number_comes_back_as_a_tensor_without_dimensions(client: httpx.Client) -> None:
    content = post(client, logits=[0.5, 1.5], labels=1, loss_type="sparse_softmax_cross_entropy", encoding="base64")
    assert content["per_sample"]["shape"] == []


def test_infinities_stand_in_tensors_as_themselves(client: httpx.Client) -> None:
    logits = np.array([[-np.inf, 1.0], [2.0, 3.0]], np.float32)
    content = post(client, logits=tensor(logits), labels=[0, 1], encoding="base64")
    assert array(content["per_sample"])[0] == np.inf
    assert content["reduced"]["value"] == "Infinity"


def test_what_is_wrong_with_one_is_said_with_its_place(client: httpx.Client) -> None:
    cut_short = tensor(LOGITS) | {"shape": [6, 5]}
    content = problem(
        client.post("/v1/loss", json={"logits": cut_short, "labels": tensor(LABELS) | {"dtype": "?"}}), 422
    )
    assert [error["loc"] for error in content["errors"]] == [["body", "logits", "data"], ["body", "labels", "dtype"]]
    assert {error["code"] for error in content["errors"]} == {"invalid_tensor"}
    values = LOGITS / 4
    values[3, 1] = np.nan
    content = problem(client.post("/v1/loss", json={"logits": tensor(values), "labels": LABELS.tolist()}), 422)
    assert content["errors"][0]["loc"] == ["body", "logits", 3, 1]
    assert content["errors"][0]["code"] == "nan"


def test_a_compressed_body_that_is_none_is_refused_in_our_own_form(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    content = problem(client.post("/v1/loss", content=b"{}", headers=headers), 400)
    assert content["errors"][0]["code"] == "not_inflatable"
    response = client.post("/v1/loss", content=b"{}", headers=headers | {"Content-Encoding": "br"})
    assert "gzip" in problem(response, 415)["detail"]
    assert "gzip" in response.headers["accept-encoding"]
