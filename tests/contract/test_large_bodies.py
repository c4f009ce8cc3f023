"""Whatever is being decoded, computed and encoded, the service says at once that it is alive."""

import base64
import math
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from tests.service import Server

MAX_SECONDS = 0.1
MAX_ROUNDS = 3
# Bodies of about 60 MB each.
ROWS = 60_000
RNG = np.random.default_rng(5)
LOGITS = RNG.standard_normal((ROWS, 100)).astype(np.float32)
LABELS = RNG.integers(0, 100, ROWS)
MASKED: list[Any] = ["-Infinity"] * 98 + [0.5, 1.5]

# Asks until a line comes in, and prints the longest wait in seconds. It is a process of its own, as threads that send
# would make it wait for Python, which is not the service's doing.
PROBE = """
import http.client, select, sys, time
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
connection.connect()
print("asking", flush=True)
waits = []
while not select.select([sys.stdin], [], [], 0.002)[0]:
    asked = time.perf_counter()
    connection.request("GET", "/livez")
    response = connection.getresponse()
    response.read()
    assert response.status == 200
    waits.append(time.perf_counter() - asked)
print(max(waits))
"""


def tensor(array: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": array.dtype.name, "shape": array.shape, "data": base64.b64encode(array).decode()}


def lists() -> bytes:
    return orjson.dumps({"logits": LOGITS, "labels": LABELS}, option=orjson.OPT_SERIALIZE_NUMPY)


def tensors() -> bytes:
    many = np.tile(LOGITS, (2, 1))[:110_000]
    return orjson.dumps({"logits": tensor(many), "labels": tensor(np.tile(LABELS, 2)[:110_000]), "encoding": "base64"})


def gradients() -> bytes:
    half = LOGITS[:30_000]
    return orjson.dumps({"logits": tensor(half), "labels": tensor(LABELS[:30_000]), "include": ["gradient"]})


def infinities() -> bytes:
    return orjson.dumps({"logits": [MASKED] * 48_000, "labels": [99] * 48_000})


def not_json() -> bytes:
    return lists()[:-50_000] + b"x" + lists()[-50_000:]


def ragged() -> bytes:
    return orjson.dumps({"labels": LABELS, "logits": LOGITS}, option=orjson.OPT_SERIALIZE_NUMPY)[:-2] + b",[1]]}"


BODIES = {
    "lists": (lists, 200),
    "tensor objects": (tensors, 200),
    "a long response": (gradients, 200),
    "infinities": (infinities, 200),
    "no JSON": (not_json, 400),
    "ragged lists": (ragged, 422),
}


@pytest.mark.alone
@pytest.mark.parametrize(("make", "status"), BODIES.values(), ids=[*BODIES])
def test_it_says_so_while_large_bodies_are_at_work(server: Server, make: Any, status: int) -> None:
    """Two of them at once. A machine that is busy with other things takes longer, so one quick round is enough."""
    body = make()
    longest: list[float] = []
    while min(longest, default=math.inf) >= MAX_SECONDS and len(longest) < MAX_ROUNDS:
        longest.append(longest_wait(server, body, status))
    assert min(longest) < MAX_SECONDS, longest


def longest_wait(server: Server, body: bytes, status: int) -> float:
    """For /livez, in seconds, while two such bodies are computed."""
    statuses: list[int] = []

    def post() -> None:
        with (
            server.client() as client,
            client.stream("POST", "/v1/loss", content=body, headers={"Content-Type": "application/json"}) as response,
        ):
            for _ in response.iter_raw():
                pass
            statuses.append(response.status_code)

    host, _, port = server.address.removeprefix("http://").rpartition(":")
    with subprocess.Popen(
        [sys.executable, "-c", PROBE, host, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as probe:
        assert probe.stdout is not None
        assert probe.stdout.readline() == "asking\n"
        at_work = [threading.Thread(target=post) for _ in range(2)]
        for thread in at_work:
            thread.start()
        for thread in at_work:
            thread.join()
        longest, _ = probe.communicate("stop\n")
    assert statuses == [status, status]
    return float(longest)
