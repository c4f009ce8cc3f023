"""Requests that are whole and clear, each of which knows its own answer and no other's."""

import gzip
import json
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.hostile.answers import Answer

MODELS = ("auto", "sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy")


@dataclass(frozen=True)
class Probe:
    """`id` stands in the request, and comes back with its answer and with no other."""

    id: str
    request: bytes
    status: int
    is_right: Callable[[Answer], bool]

    def fits(self, answer: Answer) -> bool:
        return answer.status == self.status and self.is_right(answer)


def request(id_: str, target: str, body: bytes | None = None, *headers: str, method: str = "") -> bytes:
    """As most clients would write it, with the body's length."""
    lines = [f"{method or ('GET' if body is None else 'POST')} {target} HTTP/1.1", "Host: xent", f"X-Request-ID: {id_}"]
    if body is not None:
        lines += ["Content-Type: application/json"]
        if not any(header.lower().startswith("transfer-encoding") for header in headers):
            lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *headers, "", ""]).encode() + (body or b"")


def gzipped(content: bytes) -> bytes:
    """Without the time, which would be another in each run."""
    return gzip.compress(content, mtime=0)


def chunked(random: Random, body: bytes) -> bytes:
    pieces = b""
    while body:
        size = random.randint(1, len(body))
        extension = random.choice([b"", b"", b";x", b";x=y", b';x="y z"'])
        pieces += (
            random.choice([b"%x", b"%X", b"0%x", b"000000%x"]) % size + extension + b"\r\n" + body[:size] + b"\r\n"
        )
        body = body[size:]
    return pieces + b"0\r\n" + random.choice([b"", b"X-Request-ID: trailing\r\n"]) + b"\r\n"


def probe(random: Random, id_: str) -> Probe:
    kind = random.choice([livez, model, unknown, loss, loss, out_of_range, infer, infer])
    return kind(random, id_)


def livez(random: Random, id_: str) -> Probe:
    target = random.choice(["/livez", "/livez?x=1", "http://xent/livez", "/%6Civez"])
    return Probe(id_, request(id_, target), 200, lambda answer: answer.json == {"status": "ok"})


def model(random: Random, id_: str) -> Probe:
    name = random.choice(MODELS)
    return Probe(id_, request(id_, f"/v2/models/{name}"), 200, lambda answer: answer.json["name"] == name)


def unknown(random: Random, id_: str) -> Probe:
    body = random.choice([None, b"", b"{}", b"GET /livez HTTP/1.1\r\nX-Request-ID: within\r\n\r\n"])
    return Probe(id_, request(id_, f"/nothing/{id_}", body), 404, lambda answer: answer.json["status"] == 404)


def loss(random: Random, id_: str) -> Probe:
    logit = round(random.uniform(-20, 20), 6)
    body = json.dumps({"logits": [logit], "labels": 1}).encode()
    return Probe(
        id_,
        _posted(random, id_, "/v1/loss", body),
        200,
        lambda answer: math.isclose(answer.json["reduced"]["value"], softplus(-logit), rel_tol=1e-9),
    )


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def out_of_range(random: Random, id_: str) -> Probe:
    label = random.randint(10, 10**6)
    body = json.dumps({"logits": [[1, 2]], "labels": [label]}).encode()
    detail = f"labels[0] is {label}; a class index from 0 to 1 was expected"
    return Probe(id_, _posted(random, id_, "/v1/loss", body), 422, lambda answer: answer.json["detail"] == detail)


def infer(random: Random, id_: str) -> Probe:
    logit = round(random.uniform(-20, 20), 6)
    tensors = [("logits", "FP64", logit), ("labels", "INT8", 1)]
    inputs = [{"name": name, "shape": [1], "datatype": kind, "data": [value]} for name, kind, value in tensors]
    body = json.dumps({"id": id_, "inputs": inputs, "outputs": [{"name": "loss"}]}).encode()

    def is_right(answer: Answer) -> bool:
        (output,) = answer.json["outputs"]
        return answer.json["id"] == id_ and math.isclose(output["data"][0], softplus(-logit), rel_tol=1e-9)

    return Probe(id_, _posted(random, id_, "/v2/models/sigmoid_cross_entropy/infer", body), 200, is_right)


def _posted(random: Random, id_: str, target: str, body: bytes) -> bytes:
    """In one of the ways in which a body may come."""
    headers = []
    match random.randrange(6):
        case 0:
            body, headers = gzipped(body), ["Content-Encoding: gzip"]
        case 1:
            body, headers = zlib.compress(body), ["Content-Encoding: deflate"]
        case 2:
            headers = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQBAAAA"]
        case 3:
            headers = ["Expect: 100-continue"]
    if random.random() < 0.3:
        return request(id_, target, b"", "Transfer-Encoding: chunked", *headers) + chunked(random, body)
    return request(id_, target, body, *headers)
