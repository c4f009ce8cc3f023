"""Long responses come compressed where the client accepts it, and say the same."""

import json
import sys
import zlib
from typing import Any

import httpx
import pytest

from tests.service import Server

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONG = {"logits": [[0.5 + number / 7, 1.0] for number in range(2000)], "labels": [0] * 2000, "include": ["gradient"]}
SHORT = {"logits": [[1, 2], [3, 4]], "labels": [0, 1]}
STATIC = ["/openapi.json", "/v1/losses", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"]


def raw(server: Server, path: str, coding: str, document: dict[str, Any] | None = None) -> tuple[httpx.Response, bytes]:
    """A response, and its body as it was sent."""
    headers = {"Accept-Encoding": coding}
    with (
        server.client() as client,
        client.stream("GET" if document is None else "POST", path, json=document, headers=headers) as response,
    ):
        content = b"".join(response.iter_raw())
    assert response.status_code == 200
    assert int(response.headers["content-length"]) == len(content)
    return response, content


def read(content: bytes, coding: str | None) -> bytes:
    match coding:
        case "gzip":
            return zlib.decompress(content, zlib.MAX_WBITS | 16)
        case "zstd":
            return zstd.decompress(content)
        case _:
            return content


@pytest.mark.parametrize(("accepted", "coding"), [("gzip", "gzip"), ("gzip, zstd", "zstd"), ("br", None)])
@pytest.mark.parametrize("encoding", ["list", "base64"])
def test_a_long_response_says_the_same_in_every_coding(
    server: Server, encoding: str, accepted: str, coding: str | None
) -> None:
    document = LONG | {"encoding": encoding}
    _, plain = raw(server, "/v1/loss", "identity", document)
    response, content = raw(server, "/v1/loss", accepted, document)
    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert read(content, coding) == plain
    assert coding is None or len(content) < 0.9 * len(plain)


def test_a_short_response_is_not_compressed(server: Server) -> None:
    response, _ = raw(server, "/v1/loss", "gzip, zstd", SHORT)
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", STATIC)
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_what_never_changes_comes_compressed(server: Server, path: str, coding: str) -> None:
    plain_response, plain = raw(server, path, "identity")
    response, content = raw(server, path, coding)
    assert response.headers["content-encoding"] == coding
    assert read(content, coding) == plain
    assert len(content) < 0.35 * len(plain)
    assert response.headers["content-type"] == plain_response.headers["content-type"]
    assert response.headers["etag"] != plain_response.headers["etag"]
    with server.client() as client:
        kept = {"Accept-Encoding": coding, "If-None-Match": response.headers["etag"]}
        again = client.get(path, headers=kept)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", response.headers["etag"])
        other = client.get(path, headers=kept | {"Accept-Encoding": "identity"})
        assert (other.status_code, other.content) == (200, plain)
        head = client.head(path, headers={"Accept-Encoding": coding})
        assert int(head.headers["content-length"]) == len(content)


def test_pages_of_other_origins_vary_by_both(tmp_path: Any) -> None:
    with Server(tmp_path / "log", XENT_CORS_ORIGINS="https://labels.example") as server, server.client() as client:
        response = client.post("/v1/loss", json=SHORT, headers={"Origin": "https://labels.example"})
        assert response.headers["vary"] == "Accept-Encoding, Origin"


# --- What is bounded, and what is always a list


@pytest.mark.parametrize("encoding", ["list", "base64"])
def test_what_is_suggested_is_a_list_whatever_the_encoding(client: httpx.Client, encoding: str) -> None:
    labels = [0] * 30 + [1] * 2
    batch = {"logits": [[0.5, 1.0, -1.0]] * 32, "labels": labels, "encoding": encoding}
    suggested = client.post("/v1/loss", json=batch).json()["recommendation"]["suggested"]
    assert suggested == {"pos_weight": None, "class_weights": [32 / 60, 8.0, 1.0]}
    again = client.post("/v1/loss", json=batch | {"class_weights": suggested["class_weights"]})
    assert again.status_code == 200


def test_class_weights_are_suggested_for_ten_thousand_classes_at_most(client: httpx.Client) -> None:
    for classes, found in [(10_000, True), (10_001, False)]:
        request = {"logits_shape": [20, classes], "labels": [0] * 19 + [1]}
        suggested = client.post("/v1/recommend", json=request).json()["recommendation"]["suggested"]
        assert (suggested is not None and len(suggested["class_weights"]) == classes) == found


def test_an_id_has_at_most_1024_characters(client: httpx.Client) -> None:
    inputs = [
        {"name": "logits", "shape": [2], "datatype": "FP32", "data": [0.5, 1]},
        {"name": "labels", "shape": [2], "datatype": "FP32", "data": [1, 0]},
    ]
    for length, status in [(1024, 200), (1025, 400)]:
        response = client.post("/v2/models/auto/infer", json={"id": "é" * length, "inputs": inputs})
        assert response.status_code == status
    assert response.json() == {"error": "id has 1025 characters; at most 1024 are accepted"}


def test_an_object_has_at_most_256_fields(client: httpx.Client) -> None:
    def infer(count: int) -> httpx.Response:
        inputs = [
            {"name": "logits", "shape": [2], "datatype": "FP32", "data": [0.5, 1]},
            {"name": "labels", "shape": [2], "datatype": "FP32", "data": [1, 0]},
        ]
        parameters = {f"triton_{number}": number for number in range(count)}
        return client.post("/v2/models/auto/infer", json={"inputs": inputs, "parameters": parameters})

    assert infer(256).status_code == 200
    response = infer(257)
    assert response.status_code == 400
    assert response.json() == {"error": "parameters has 257 fields; at most 256 are accepted"}
    many = {"logits": [1], "labels": 1} | {f"field{number}": number for number in range(255)}
    error = client.post("/v1/loss", json=many).json()["errors"][0]
    assert error == {
        "loc": ["body"],
        "code": "unknown_field",
        "message": "has 257 fields; at most 256 are accepted",
    }


@pytest.mark.parametrize("encoding", ["list", "base64"])
def test_long_arrays_within_objects_are_written_as_short_ones_are(client: httpx.Client, encoding: str) -> None:
    """In pieces, so that no one call keeps the interpreter."""
    labels = [[0] * 70_000]
    request = {"weights": [[1]], "biases": [1], "inputs": [[1]], "labels": labels, "num_sampled": 1}
    response = client.post("/v1/sampled-softmax", json=request | {"encoding": encoding, "seed": 1})
    counts = json.loads(response.content)["sampled_values"]["true_expected_count"]
    short = client.post("/v1/sampled-softmax", json=request | {"labels": [[0] * 3], "encoding": encoding, "seed": 1})
    if encoding == "list":
        assert counts == [short.json()["sampled_values"]["true_expected_count"][0][:1] * 70_000]
    else:
        assert (counts["dtype"], counts["shape"]) == ("float64", [1, 70_000])
        again = client.post(
            "/v1/sampled-softmax",
            json={**request, "num_sampled": None, "sampled_values": response.json()["sampled_values"]},
        )
        assert again.status_code == 200
