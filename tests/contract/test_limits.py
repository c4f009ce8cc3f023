"""What is refused for its size, as clients see it, and how they learn the limits."""

import gzip
import sys
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from app.middleware.inflate import CODINGS
from app.settings import Settings
from tests.service import Document, Server, problem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BATCH = {"logits": [[1, 2, 3], [3, 4, 5]], "labels": [0, 1]}
JSON = {"Content-Type": "application/json"}
NARROW = {
    "max_body_bytes": 4000,
    "max_inflated_bytes": 6000,
    "max_elements": 100,
    "max_rank": 3,
    "max_json_depth": 8,
    "max_json_values": 200,
    "compute_seconds": 20,
}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {f"XENT_{name.upper()}": str(value) for name, value in NARROW.items()}
    with Server(tmp_path_factory.mktemp("narrow") / "log", **settings) as server:
        yield server
        assert server.complaints == []


@pytest.fixture
def limited(narrow: Server, document: Document) -> Iterator[httpx.Client]:
    """Holds every response to the published schemas."""
    with narrow.client(event_hooks={"response": [document.check]}) as client:
        yield client
        assert client.post("/v1/loss", json=BATCH).status_code == 200


def test_the_limits_are_told_as_they_are_set(limited: httpx.Client, client: httpx.Client) -> None:
    told = limited.get("/v1/limits").json()
    assert told.items() >= NARROW.items()
    assert told["content_encodings"] == list(CODINGS)
    defaults = Settings.model_construct()
    assert client.get("/v1/limits").json().items() >= {name: getattr(defaults, name) for name in NARROW}.items()


CODERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("coding", CODERS)
def test_a_body_may_be_compressed(limited: httpx.Client, coding: str) -> None:
    body = CODERS[coding](orjson.dumps(BATCH))
    plain = limited.post("/v1/loss", json=BATCH).json()
    response = limited.post("/v1/loss", content=body, headers=JSON | {"Content-Encoding": coding})
    assert response.json() == plain


@pytest.mark.parametrize("coding", CODERS)
def test_a_bomb_is_413_and_the_connection_goes_on(limited: httpx.Client, coding: str) -> None:
    bomb = CODERS[coding](b" " * 3_000_000)
    assert len(bomb) < NARROW["max_body_bytes"]
    detail = problem(limited.post("/v1/loss", content=bomb, headers=JSON | {"Content-Encoding": coding}), 413)["detail"]
    assert detail.startswith("the inflated body has more than 6000 bytes")
    assert "XENT_MAX_INFLATED_BYTES" in detail


def test_a_coding_that_is_none_is_415_with_those_that_there_are(limited: httpx.Client) -> None:
    response = limited.post("/v1/loss", content=b"", headers=JSON | {"Content-Encoding": "br"})
    assert problem(response, 415)
    assert response.headers["accept-encoding"] == "gzip, x-gzip, deflate, zstd"


def tensor(array: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": array.dtype.name, "shape": array.shape, "data": b64encode(array).decode()}


def of_shape(*shape: int) -> dict[str, Any]:
    return {"logits": tensor(np.zeros(shape, np.float16)), "labels": tensor(np.zeros(shape[:-1], np.int8))}


def test_elements_are_counted_as_sent_and_as_computed(limited: httpx.Client) -> None:
    """Logits, labels, losses, and what else is asked for."""
    assert limited.post("/v1/loss", json=of_shape(2, 48)).status_code == 200
    detail = problem(limited.post("/v1/loss", json=of_shape(2, 49)), 413)["detail"]
    assert detail.startswith("the request's arrays and what is computed from them have 102 elements; at most 100")
    assert limited.post("/v1/loss", json=of_shape(2, 24) | {"include": ["gradient"]}).status_code == 200
    assert problem(limited.post("/v1/loss", json=of_shape(2, 25) | {"include": ["gradient"]}), 413)


def test_where_each_logit_is_a_sample_there_are_as_many_losses(limited: httpx.Client) -> None:
    for count, status in [(49, 200), (50, 413)]:
        assert limited.post("/v1/loss", json={"logits": [0.5] * count, "labels": 1}).status_code == status


@pytest.mark.parametrize("axis", [2, -3, 10**18])
def test_an_axis_that_is_none_is_told_so(limited: httpx.Client, axis: int) -> None:
    assert problem(limited.post("/v1/loss", json=of_shape(2, 4) | {"axis": axis}), 422)


def test_under_v2_too(limited: httpx.Client) -> None:
    def infer(classes: int) -> httpx.Response:
        shapes = {"logits": [2, classes], "labels": [2]}
        types = {"logits": "FP32", "labels": "INT32"}
        inputs = [
            {"name": name, "shape": shape, "datatype": types[name], "data": np.zeros(shape).astype(int).tolist()}
            for name, shape in shapes.items()
        ]
        return limited.post("/v2/models/auto/infer", json={"inputs": inputs})

    assert infer(47).status_code == 200
    refused = infer(48)
    assert (refused.status_code, list(refused.json())) == (413, ["error"])


def test_so_is_what_a_sample_comes_to(limited: httpx.Client) -> None:
    """Of few arrays much can be asked for: the logits of each input with each candidate."""
    body = {"weights": [[1.0]] * 8, "biases": [0] * 8, "inputs": [[1.0]] * 7, "labels": [0] * 7, "num_sampled": 8}
    assert problem(limited.post("/v1/sampled-softmax", json=body), 413)
    assert limited.post("/v1/sampled-softmax", json=body | {"num_sampled": 4}).status_code == 200
    values = {"candidates": [1] * 7, "true_expected_count": [1] * 7, "sampled_expected_count": [1] * 7}
    del body["num_sampled"]
    assert problem(limited.post("/v1/sampled-softmax", json=body | {"sampled_values": values}), 413)


@pytest.mark.parametrize(("asked", "status"), [(9, 422), (10**15, 422), (0, 422), (-5, 422)])
def test_a_sample_that_cannot_be_is_told_so_whatever_its_size(limited: httpx.Client, asked: int, status: int) -> None:
    body = {"weights": [[1.0]] * 8, "biases": [0] * 8, "inputs": [[1.0]], "labels": [0], "num_sampled": asked}
    assert problem(limited.post("/v1/sampled-softmax", json=body), status)


@pytest.mark.parametrize("form", ["list", "tensor"])
def test_an_array_of_more_dimensions_is_422_with_its_name(limited: httpx.Client, form: str) -> None:
    logits = np.zeros((1, 1, 1, 2))
    body = {"logits": logits.tolist() if form == "list" else tensor(logits), "labels": [[[0]]]}
    (error,) = problem(limited.post("/v1/loss", json=body), 422)["errors"]
    assert error["loc"] == ["body", "logits"]
    assert error["message"] == "has 4 dimensions; at most 3 are accepted (XENT_MAX_RANK)"


def test_deeper_json_is_400(limited: httpx.Client) -> None:
    body = b'{"logits": [1], "labels": 1, "include": ' + b"[" * 8 + b"]" * 8 + b"}"
    assert "nested more than 8 deep" in problem(limited.post("/v1/loss", content=body, headers=JSON), 400)["detail"]


def test_more_json_than_numbers_explain_is_413(limited: httpx.Client) -> None:
    body = b'{"logits": [1], "labels": 1, "other": [' + b"{}," * 300 + b"{}]}"
    detail = problem(limited.post("/v1/loss", content=body, headers=JSON), 413)["detail"]
    assert "more than 200 values" in detail
    assert "XENT_MAX_JSON_VALUES" in detail


# --- Time


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that works on nothing for longer than a fifth of a second."""
    with Server(tmp_path_factory.mktemp("impatient") / "log", XENT_COMPUTE_SECONDS="0.2") as server:
        yield server


# Far more than a fifth of a second, far less than the default of XENT_COMPUTE_SECONDS.
A_WHILE = 8


def a_lot_of_work(length: int = 1000) -> dict[str, Any]:
    """A request that takes seconds: as many labels in each row as inputs, and as many rows."""
    numbers, ids = tensor(np.ones((length, length), np.float16)), tensor(np.zeros((length, length), np.uint16))
    values = {"candidates": [1], "true_expected_count": numbers, "sampled_expected_count": [1]}
    return {"weights": numbers, "biases": [0] * length, "inputs": numbers, "labels": ids, "sampled_values": values}


def test_what_takes_too_long_is_503_and_counts_until_it_is_done(impatient: Server, document: Document) -> None:
    def in_flight() -> float:
        (line,) = (line for line in client.get("/metrics").text.splitlines() if line.startswith("xent_in_flight_r"))
        return float(line.split()[1])

    with impatient.client(event_hooks={"response": [document.check]}) as client:
        client.get("/livez")
        began = time.monotonic()
        response = client.post("/v1/sampled-softmax", json=a_lot_of_work())
        assert "computation timed out" in problem(response, 503)["detail"]
        assert response.headers["retry-after"] == "1"
        assert time.monotonic() - began < A_WHILE
        assert in_flight() == 1
        assert client.post("/v1/loss", json=BATCH).status_code == 200
        assert 'xent_rejected_total{reason="too_late"} 1.0' in client.get("/metrics").text
