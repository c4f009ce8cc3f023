"""Count the instructions of some requests, and compare them with the counts that are checked in: `make bench-guard`.

On a shared machine times vary by half, and instructions by less than a thousandth. Each work runs in the application,
without a server, in a process of its own under valgrind, which counts only what is between its first and last request.
Counts depend on the versions of Python and NumPy, so they are compared only with counts by the same ones.

  --write  check in the counts of this run
"""

import asyncio
import gc
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

CHECKED_IN = Path(__file__).with_suffix(".json")
TOLERANCE = 0.03
# Requests that are counted, after as many as fill caches, and the shape of their logits.
WARM_UP = 3
WORKS: dict[str, tuple[int, tuple[int, ...]]] = {
    "class indices 32x10": (40, (32, 10)),
    "one-hot 32x10": (40, (32, 10)),
    "multi-hot 32x10": (40, (32, 10)),
    "class indices 100x1000": (2, (100, 1000)),
}


def body_of(work: str, shape: tuple[int, ...]) -> bytes:
    random = np.random.default_rng(0)
    rows, classes = shape
    logits = random.standard_normal(shape).round(4)
    labels: Any = random.integers(0, classes, rows)
    if work.startswith("one-hot"):
        labels = np.eye(classes, dtype=int)[labels]
    elif work.startswith("multi-hot"):
        labels = random.integers(0, 2, shape)
    return json.dumps({"logits": logits.tolist(), "labels": labels.tolist()}).encode()


async def respond(app: Any, body: bytes) -> None:
    statuses = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        statuses.append(message.get("status"))

    headers = {b"host": b"xent", b"content-type": b"application/json", b"content-length": str(len(body)).encode()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/loss",
        "raw_path": b"/v1/loss",
        "root_path": "",
        "query_string": b"",
        "headers": list(headers.items()),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
    }
    await app(scope, receive, send)
    if statuses[0] != 200:
        raise RuntimeError(f"status {statuses[0]}")


async def run(work: str) -> None:
    """The requests of one work; under valgrind those after the first few are counted."""
    requests, shape = WORKS[work]
    settings = importlib.import_module("app.settings").Settings(log_requests=True)
    app, body = importlib.import_module("app.main").create_app(settings), body_of(work, shape)
    for _ in range(WARM_UP):
        await respond(app, body)
    gc.collect()
    gc.disable()
    _count("on")
    for _ in range(requests):
        await respond(app, body)
    _count("off")


def _count(state: str) -> None:
    command = ["callgrind_control", "-i", state, str(os.getpid())]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  a constant command


def count(work: str) -> int:
    """The instructions of one request."""
    with tempfile.TemporaryDirectory() as folder:
        program = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/%p"]
        command = [*program, sys.executable, "-m", "benchmarks.guard", "--run", work]
        environment = os.environ | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(  # noqa: S603  our own command
            command, capture_output=True, text=True, env=environment, check=True
        )
    (counted,) = re.findall(r"Collected : (\d+)", done.stderr)
    return round(int(counted) / WORKS[work][0])


def main() -> int:
    if "--run" in sys.argv:
        asyncio.run(run(sys.argv[-1]))
        return 0
    versions = {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}
    counts = {work: count(work) for work in WORKS}
    if "--write" in sys.argv:
        CHECKED_IN.write_text(json.dumps(versions | {"instructions": counts}, indent=2) + "\n", encoding="utf-8")
        return 0
    known = json.loads(CHECKED_IN.read_text(encoding="utf-8"))
    if {name: known[name] for name in versions} != versions:
        print(f"These counts are of {versions}, those checked in are not: compare on one machine, before and after.")
        print(json.dumps(counts, indent=2))
        return 1
    too_many = False
    for work, now in counts.items():
        ratio = now / known["instructions"][work]
        too_many |= ratio > 1 + TOLERANCE
        print(f"{work:24} {now:>12,} instructions, {100 * (ratio - 1):+.1f} %")
    if too_many:
        print(f"More than {TOLERANCE:.0%} above what is checked in. If that is worth it: --write")
    return int(too_many)


if __name__ == "__main__":
    sys.exit(main())
