"""Measure small batches beside the tuned peer of benchmarks/service: `make bench-small`, in two minutes.

The servers share one core, wrk has another. In each round every server gets every body for a second, so that what slows
the machine for a while slows all of them. Given are the medians, and of the ratio the extremes: requests per second,
and the processor time that a server takes for a request, which a busy machine changes less.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.service.load import require_wrk, wrk
from benchmarks.service.processes import Running
from benchmarks.service.servers import TUNED, XENT
from benchmarks.service.work import LENGTH_OF_HEADER, Answer, Body, Size, read_losses, tensor_object, to_json, v2_input

ROUNDS, SECONDS, CONNECTIONS = 5, 1, 16
SIZE = Size(32, 10)
IGNORED = -1


class Work(NamedTuple):
    """The same batch for xent and for the peer, and the peer's path. xent's is /v1/loss unless given."""

    name: str
    ours: Any
    theirs: dict[str, Any]
    their_path: str
    our_path: str = "/v1/loss"


@dataclass
class Sums:
    """Requests, seconds and seconds of processor time of one server's rounds."""

    rates: list[float]
    costs: list[float]


def works() -> list[Work]:
    """A batch of each kind of which nothing is to be said: logits as a model gives them that is mostly right."""
    random = np.random.default_rng(0)
    labels = random.permutation(np.arange(SIZE.rows) % SIZE.classes)
    one_hot = np.eye(SIZE.classes, dtype=np.int64)[labels]
    logits = random.standard_normal(SIZE, np.float32) * 3 + 5 * one_hot.astype(np.float32)
    padded = np.where(np.arange(SIZE.rows) % 8 == 0, IGNORED, labels)
    hot = {"logits": logits, "labels": one_hot}
    several = {"logits": logits, "labels": random.integers(0, 2, SIZE)}
    indices = {"logits": logits, "labels": labels}
    wrong = {"logits": logits, "labels": (labels + 1) % SIZE.classes}
    inputs = [v2_input(name, array, parameters={"binary_data_size": array.nbytes}) for name, array in indices.items()]
    frame = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    return [
        Work("class indices", indices, indices, "/loss"),
        Work("one-hot", hot, hot, "/one_hot"),
        Work("sigmoid", several, several, "/sigmoid"),
        Work(
            "padded",
            {"logits": logits, "labels": padded, "ignore_index": IGNORED},
            indices | {"labels": padded},
            "/padded",
        ),
        Work("tensor object", {name: tensor_object(array) for name, array in indices.items()}, indices, "/loss"),
        Work("V2 binary", (frame, logits, labels), indices, "/loss", "/v2/models/sparse_softmax_cross_entropy/infer"),
        Work("a warning", wrong, wrong, "/loss"),
    ]


def written(folder: Path, name: str, content: Any) -> Body:
    """The body in a file. A tuple is a frame of the Open Inference Protocol: JSON, then arrays."""
    headers: dict[str, str] = {"Content-Type": "application/json"}
    document, arrays = (content[0], content[1:]) if isinstance(content, tuple) else (content, ())
    pieces = [to_json(document), *[array.tobytes() for array in arrays]]
    if arrays:
        headers = {"Content-Type": "application/octet-stream", LENGTH_OF_HEADER: str(len(pieces[0]))}
    path = folder / name.replace(" ", "-")
    path.write_bytes(b"".join(pieces))
    return Body("JSON", SIZE, path, path.stat().st_size, headers)


def losses_of(answer: Answer) -> np.ndarray[Any, Any]:
    if answer.status != 200:
        raise SystemExit(f"status {answer.status}: {answer.body[:200]!r}")
    document = json.loads(answer.body) if LENGTH_OF_HEADER.lower() not in answer.headers else {}
    if "per_sample" in document and "recommendation" not in document:
        raise SystemExit("the recommendation is missing")
    return read_losses(answer)[0]


def measure(server: Running, path: str, body: Body, core: int, folder: Path, sums: Sums) -> None:
    worked = server.worked()
    result = wrk(server, path, body, core, SECONDS, folder, CONNECTIONS)
    sums.rates.append(result["requests"] * 1e6 / result["microseconds"])
    sums.costs.append((server.worked() - worked) * 1e6 / result["requests"])


def main() -> None:
    require_wrk()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[1]})
    with tempfile.TemporaryDirectory(prefix="xent-bench-") as made, ExitStack() as stack:
        folder = Path(made)
        started: Mapping[str, Running] = {
            "log lines": stack.enter_context(XENT.start(cores[0], folder / "log")),
            "no log lines": stack.enter_context(XENT.start(cores[0], folder / "no-log", XENT_LOG_REQUESTS="false")),
            "peer": stack.enter_context(TUNED.start(cores[0], folder / "peer")),
        }
        chosen = [work for work in works() if len(sys.argv) < 2 or work.name in sys.argv[1:]]
        sums = {(work.name, name): Sums([], []) for work in chosen for name in started}
        calls = []
        for work in chosen:
            ours, theirs = written(folder, work.name, work.ours), written(folder, f"{work.name} peer", work.theirs)
            expected = losses_of(started["peer"].post(work.their_path, theirs))
            for name, server in started.items():
                path, body = (work.their_path, theirs) if name == "peer" else (work.our_path, ours)
                if not np.allclose(losses_of(server.post(path, body)), expected, rtol=1e-5, atol=1e-5):
                    raise SystemExit(f"{work.name}: the losses are not those of the peer")
                calls.append((work, name, server, path, body))
        for turn in range(ROUNDS):
            for work, name, server, path, body in calls[:: 1 if turn % 2 else -1]:
                print(f"round {turn + 1} of {ROUNDS}: {work.name}, {name}", file=sys.stderr)
                measure(server, path, body, cores[1], folder, sums[work.name, name])
    print("| batch | | req/s | µs of processor time | × the peer | least and most | × by processor time |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (work_name, name), own in sums.items():
        peer = sums[work_name, "peer"]
        ratios = [ours / theirs for ours, theirs in zip(own.rates, peer.rates, strict=True)]
        costs = [theirs / ours for ours, theirs in zip(own.costs, peer.costs, strict=True)]
        print(
            f"| {work_name} | {name} | {median(own.rates):.0f} | {median(own.costs):.0f} | {median(ratios):.2f} "
            f"| {min(ratios):.2f} to {max(ratios):.2f} | {median(costs):.2f} |"
        )


if __name__ == "__main__":
    main()
