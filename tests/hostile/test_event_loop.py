"""Whatever is asked, /livez is answered: no request keeps the event loop to itself."""

import base64
import gzip
import hashlib
import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hostile.conftest import Start
from tests.hostile.running import Service

SECONDS = 0.1
SECONDS_BETWEEN = 0.01
TIMES = 2
ATTEMPTS = 3


def cpu_seconds(service: Service) -> float:
    """What the service's threads have run for, as the scheduler counts it."""
    process = Path(f"/proc/{service.process.pid}")
    children = (process / f"task/{service.process.pid}/children").read_text().split()
    schedules = [
        schedule for pid in (process.name, *children) for schedule in Path(f"/proc/{pid}/task").glob("*/schedstat")
    ]
    return sum(int(schedule.read_text().split()[0]) for schedule in schedules) / 1e9


class Watch(threading.Thread):
    """Asks /livez again and again, and keeps how long each response took.

    That is at most what the service ran for meanwhile: while the loop is kept busy, or the interpreter from it, the
    service runs, and while it does not, the machine was given to others.
    """

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.service = service
        self.times: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        with self.service.client() as client:
            while not self.over.is_set():
                time.sleep(SECONDS_BETWEEN)
                began, ran = time.perf_counter(), cpu_seconds(self.service)
                client.get("/livez").raise_for_status()
                self.times.append(min(time.perf_counter() - began, cpu_seconds(self.service) - ran))


def tensor(dtype: str, shape: list[int], item: bytes) -> dict[str, Any]:
    count = 1
    for length in shape:
        count *= length
    return {"dtype": dtype, "shape": shape, "data": base64.b64encode(item * count).decode()}


def zeros(dtype: str, *shape: int) -> dict[str, Any]:
    return tensor(dtype, list(shape), bytes({"int8": 1, "float16": 2, "float32": 4}[dtype]))


def ones(*shape: int) -> dict[str, Any]:
    return tensor("float16", list(shape), b"\0\x3c")


def infer(**fields: Any) -> dict[str, Any]:
    inputs = [
        {"name": "logits", "shape": [2], "datatype": "FP32", "data": [0.5, 1]},
        {"name": "labels", "shape": [2], "datatype": "FP32", "data": [1, 0]},
    ]
    return {"inputs": inputs, **fields}


def names(prefix: str) -> str:
    return ",".join(f'"{prefix}{number:07x}":1' for number in range(1_000_000))


def text(length: int) -> str:
    """Which compresses to more than nothing."""
    return hashlib.sha512(b"xent").hexdigest() * (length >> 7)


LOSS, RECOMMEND, INFER, SAMPLED = "/v1/loss", "/v1/recommend", "/v2/models/auto/infer", "/v1/sampled-softmax"
Body = Callable[[], dict[str, Any] | str]
# What is asked, and in which coding the response is to come.
ASKED: dict[str, tuple[str, Body, str]] = {
    "an id of 60 MB": (INFER, lambda: infer(id="a" * (60 << 20)), "identity"),
    "an id of 60 MB, the response in gzip": (INFER, lambda: infer(id=text(60 << 20)), "gzip"),
    "labels that are more than the logits": (
        LOSS,
        lambda: {"logits": [1.0, 2.0], "labels": zeros("int8", 16_000_000)},
        "identity",
    ),
    "rows of labels that are more than the logits": (
        LOSS,
        lambda: {"logits": [1.0, 2.0], "labels": ones(8_000_000, 2), "loss_type": "softmax_cross_entropy"},
        "identity",
    ),
    "weights that are more than the logits": (
        LOSS,
        lambda: {"logits": [1.0, 2.0], "labels": [1, 0], "weights": zeros("int8", 16_000_000)},
        "identity",
    ),
    "class weights that are more than the logits": (
        LOSS,
        lambda: {"logits": [[1.0, 2.0]], "labels": [1], "class_weights": ones(15_000_000)},
        "identity",
    ),
    "weights without logits": (
        RECOMMEND,
        lambda: {"logits_shape": [16_000_000], "labels": 1, "weights": zeros("int8", 16_000_000)},
        "identity",
    ),
    "pos_weight without logits": (
        RECOMMEND,
        lambda: {"logits_shape": [1, 16_000_000], "labels": 1, "pos_weight": ones(16_000_000)},
        "identity",
    ),
    "class weights for a million classes": (
        RECOMMEND,
        lambda: {"logits_shape": [20, 1 << 20], "labels": [0] * 19 + [1]},
        "identity",
    ),
    "a shape of huge numbers": (RECOMMEND, lambda: {"logits_shape": [20, 1 << 62], "labels": [0] * 20}, "identity"),
    "unknown fields": (LOSS, lambda: f'{{"logits":[1],"labels":1,{names("")}}}', "identity"),
    "unknown fields with space behind": (
        LOSS,
        lambda: f'{{"logits":[1],"labels":1,{names("").replace(":", " :")}}}',
        "identity",
    ),
    "parameters that are ignored": (
        INFER,
        lambda: json.dumps(infer())[:-1] + f',"parameters":{{{names("triton_")}}}}}',
        "identity",
    ),
    "unknown fields of a tensor object": (
        LOSS,
        lambda: f'{{"labels":1,"logits":{{"dtype":"float32","shape":[1],"data":"AAAAAA==",{names("")}}}}}',
        "identity",
    ),
    "names of outputs": (LOSS, lambda: {"logits": [1], "labels": 1, "include": ["elements"] * 1_000_000}, "identity"),
    "a loss type of 30 MB": (LOSS, lambda: {"logits": [1], "labels": 1, "loss_type": text(30 << 20)}, "identity"),
    "sampled softmax whose response is its labels": (
        SAMPLED,
        lambda: {
            "weights": [[1]],
            "biases": [1],
            "inputs": [[1]],
            "labels": zeros("int8", 1, 1_000_000),
            "num_sampled": 1,
        },
        "identity",
    ),
    "sampled softmax whose response is its sample, as tensor objects": (
        SAMPLED,
        lambda: {
            "weights": zeros("int8", 1_000_000, 1),
            "biases": zeros("int8", 1_000_000),
            "inputs": [[1]],
            "labels": [1],
            "num_sampled": 500_000,
            "encoding": "base64",
        },
        "identity",
    ),
    **{
        f"all outputs, {encoding}, the response in {coding}": (
            LOSS,
            lambda encoding=encoding: {  # type: ignore[misc]  # of this turn
                "logits": ones(1_000_000, 1),
                "labels": 1,
                "include": ["elements", "gradient", "probabilities"],
                "encoding": encoding,
            },
            coding,
        )
        for encoding, coding in [("list", "identity"), ("list", "gzip"), ("list", "zstd"), ("base64", "identity")]
    },
    "all outputs in the protocol, the response in gzip": (
        INFER,
        lambda: {
            "inputs": [
                {"name": "logits", "shape": [500_000], "datatype": "FP32", "data": [0.5] * 500_000},
                {"name": "labels", "shape": [1], "datatype": "INT8", "data": [1]},
            ],
            "outputs": [{"name": "elements"}, {"name": "gradient"}, {"name": "probabilities"}],
        },
        "gzip",
    ),
}


@pytest.fixture(scope="module")
def service(start: Start) -> Service:
    return start()


def slowest_livez(service: Service, ask: Callable[[httpx.Client], None]) -> float:
    """How long /livez took at most while a client asked."""
    watch = Watch(service)
    watch.start()
    try:
        with service.client() as client:
            ask(client)
    finally:
        watch.over.set()
        watch.join(30)
    assert watch.times
    return max(watch.times)


def fastest_of(attempt: Callable[[], float]) -> float:
    """The first of a few attempts that is fast enough, or the fastest."""
    fastest = math.inf
    for _ in range(ATTEMPTS):
        fastest = min(fastest, attempt())
        if fastest < SECONDS:
            break
    return fastest


@pytest.mark.parametrize("name", ASKED)
def test_livez_is_answered_meanwhile(service: Service, name: str) -> None:
    path, make, coding = ASKED[name]
    document = make()
    body = gzip.compress((document if isinstance(document, str) else json.dumps(document)).encode(), 1)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Accept-Encoding": coding}

    def ask(client: httpx.Client) -> None:
        for _ in range(TIMES):
            assert client.post(path, content=body, headers=headers).status_code < 500

    # What keeps the loop does so each time; what else the machine does in between, does not.
    fastest = fastest_of(lambda: slowest_livez(service, ask))
    assert fastest < SECONDS, f"/livez took {fastest:.3f} s"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/swagger-ui-bundle.js", "/v1/losses", "/metrics"])
def test_livez_is_answered_while_what_never_changes_is_made(start: Start, path: str) -> None:
    """Which it is when it is first asked for."""

    def ask(client: httpx.Client) -> None:
        for coding in ("gzip", "zstd", "identity"):
            assert client.get(path, headers={"Accept-Encoding": coding}).status_code == 200
            assert client.head(path, headers={"Accept-Encoding": coding}).status_code == 200

    # Each time of a new service, as it is made once.
    fastest = fastest_of(lambda: slowest_livez(start(), ask))
    assert fastest < SECONDS, f"/livez took {fastest:.3f} s"
