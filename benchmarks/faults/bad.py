"""Faulty requests that come whole, and the status that each must be answered with."""

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from backports import zstd

from benchmarks.faults.good import JSON, LENGTH, frame_input, tensor
from benchmarks.faults.wire import Request

INFER = "/v2/models/auto/infer"
MOST_BODY_BYTES = 8 << 20
MOST_INFLATED_BYTES = 16 << 20
MOST_ELEMENTS = 1_000_000
MOST_VALUES = 200_000
BOMB_BYTES = 256 << 20
PIECE = 1 << 20


class Bad(NamedTuple):
    """A request and the status it is due.

    is_keyless  it goes without the right key
    is_none     it is refused before it is a request, and its id is never read
    """

    name: str
    request: Request
    status: int
    is_keyless: bool = False
    is_none: bool = False


def bad_requests() -> list[Bad]:
    return [*malformed(), *meaningless(), *malformed_frames(), *unwanted(), *without_key(), *not_http()]


def malformed() -> list[Bad]:
    """What can't be read."""
    whole = in_json({"logits": [[1.0, 2.0]] * 100, "labels": [0] * 100})
    texts = {
        "JSON cut short": whole.body[:-7],
        "JSON with a comma too many": b'{"logits": [[1.0, 2.0],], "labels": [0]}',
        "noise for JSON": bytes(range(256)) * 20,
        "an empty body": b"",
        "lists nested 10 000 deep": b'{"logits": ' + b"[" * 10_000 + b"]" * 10_000 + b', "labels": 0}',
    }
    cases = [Bad(name, Request("/v1/loss", JSON, text), 400) for name, text in texts.items()]
    for coding, data in (("gzip", gzip.compress(whole.body)[:-9]), ("deflate", whole.body), ("zstd", b"\x28\xb5\x2f")):
        headers = {**JSON, "Content-Encoding": coding}
        cases.append(Bad(f"a body that is no {coding}, or half of it", Request("/v1/loss", headers, data), 400))
    return cases


def meaningless() -> list[Bad]:
    """What can be read, and means nothing."""
    logits = np.zeros((4, 3), np.float32)
    bare_nan, long = b'{"logits": [[1.0, NaN], [0.0, 1.0]], "labels": [0, 1]}', [[0.5] * 100] * 100
    documents: dict[str, dict[str, Any]] = {
        "ragged lists": {"logits": [[1.0, 2.0], [3.0]], "labels": [0, 1]},
        "long ragged lists": {"logits": [*long, [0.5]], "labels": [0] * 101},
        "a NaN in a tensor": {"logits": tensor(logits * np.float32("nan")), "labels": [0] * 4},
        "a null among numbers": {"logits": [[1.0, None]], "labels": [0]},
        "a label out of range": {"logits": [[1.0, 2.0]], "labels": [7]},
        "a tensor shorter than its shape": {"logits": tensor(logits) | {"shape": [5, 3]}, "labels": [0] * 5},
        "a tensor that is no base64": {"logits": tensor(logits) | {"data": "%%%"}, "labels": [0] * 4},
        "a shape of 10¹⁸": {"logits": tensor(logits) | {"shape": [10**9, 10**9]}, "labels": [0]},
        "an unknown field": {"logits": [[1.0, 2.0]], "labels": [0], "lables": [0]},
    }
    cases = [Bad(name, in_json(document), 422) for name, document in documents.items()]
    return [*cases, Bad("a bare NaN", Request("/v1/loss", JSON, bare_nan), 422), *too_many()]


def too_many() -> list[Bad]:
    many = np.zeros((MOST_ELEMENTS // 100 + 1, 100), np.int8)
    return [
        Bad("too many elements", in_json({"logits": tensor(many), "labels": tensor(many[:, 0])}), 413),
        Bad("a million lists", Request("/v1/loss", JSON, b'{"logits": [' + b"[],[[]]," * 500_000 + b"[]]}"), 422),
        Bad("a million objects", Request("/v1/loss", JSON, b'{"logits": [' + b"{}," * 1_000_000 + b"{}]}"), 413),
    ]


def malformed_frames() -> list[Bad]:
    logits, labels = np.ones((4, 3), np.float32), np.zeros(4, np.int64)
    document = {"inputs": [frame_input("logits", "FP32", logits), frame_input("labels", "INT64", labels)]}
    text, tail = json.dumps(document).encode(), logits.tobytes() + labels.tobytes()
    askew = text.replace(b'"shape": [4, 3]', b'"shape": [9, 9]')
    return [
        Bad("a frame cut short", frame(text + tail[:-5], len(text)), 400),
        Bad("a frame with more behind it", frame(text + tail + b"more", len(text)), 400),
        Bad("a frame whose JSON ends elsewhere", frame(text + tail, len(text) - 9), 400),
        Bad("a frame longer than itself", frame(text + tail, 10**9), 400),
        Bad("a frame of another shape", frame(askew + tail, len(askew)), 400),
        Bad("a frame for no model", frame(text + tail, len(text))._replace(path="/v2/models/none/infer"), 404),
    ]


def unwanted() -> list[Bad]:
    whole = in_json({"logits": [[1.0, 2.0]], "labels": [0]})
    return [
        Bad("text for JSON", whole._replace(headers={"Content-Type": "text/plain"}), 415),
        Bad("an unknown coding", whole._replace(headers={**JSON, "Content-Encoding": "br"}), 415),
        Bad("no such path", whole._replace(path="/v1/lose"), 404),
        Bad("a method that is none here", Request("/v1/loss", {}, method="DELETE"), 405),
    ]


def without_key() -> list[Bad]:
    whole = in_json({"logits": [[1.0, 2.0]], "labels": [0]})
    wrong = whole._replace(headers={**JSON, "X-API-Key": "one that is not known"})
    return [
        Bad("no key", whole, 401, is_keyless=True),
        Bad("a wrong key", wrong, 403, is_keyless=True),
        Bad("no key for /metrics", Request("/metrics", {}, method="GET"), 401, is_keyless=True),
        Bad("a wrong key with a large body", wrong._replace(body=bytes(2 << 20)), 403, is_keyless=True),
    ]


def not_http() -> list[Bad]:
    return [
        Bad("a head of 400 KB", Request("/v1/loss", {**JSON, "X-Long": "x" * 400_000}), 431, is_none=True),
        Bad("a path of 20 KB", Request("/" + "x" * 20_000, {}, method="GET"), 414, is_none=True),
        Bad("no HTTP", Request("/v1/loss", {}, method="HELO there\x00"), 400, is_none=True),
        Bad("two lengths", Request("/v1/loss", {"Content-Length": "5\r\nContent-Length: 7"}), 400, is_none=True),
    ]


def bombs() -> list[Bad]:
    """Small bodies that inflate to sixteen times what is accepted, and one that inflates to nothing but lists."""
    in_gzip: Any = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    codings = {"gzip": in_gzip, "deflate": zlib.compressobj(9), "zstd": zstd.ZstdCompressor()}
    cases = []
    for coding, compressor in codings.items():
        spaces = b" " * PIECE
        data = b"".join([*(compressor.compress(spaces) for _ in range(BOMB_BYTES // PIECE)), compressor.flush()])
        cases.append(Bad(f"a {coding} bomb", Request("/v1/loss", {**JSON, "Content-Encoding": coding}, data), 413))
    lists = gzip.compress(b'{"logits": [' + b"[]," * (MOST_INFLATED_BYTES // 3 - 100) + b"[]]}")
    return [*cases, Bad("a bomb of lists", Request("/v1/loss", {**JSON, "Content-Encoding": "gzip"}, lists), 422)]


def in_json(document: Mapping[str, Any]) -> Request:
    return Request("/v1/loss", JSON, json.dumps(document).encode())


def frame(body: bytes, length: int) -> Request:
    return Request(INFER, {LENGTH: str(length)}, body)
