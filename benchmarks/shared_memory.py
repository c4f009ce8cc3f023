"""Measure V2 binary over HTTP beside the same batch in shared memory, each over TCP and over a Unix socket.

`PYTHONPATH=clients/python .venv-dev/bin/python -m benchmarks.shared_memory` prints a table in Markdown. The ways take
turns, call by call, over one connection each. Bodies are made, and regions filled, beforehand, but in the rows that say
that the client copies: it fills the region before each call.
"""

import os
import re
import time
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from app.wire.oip.encode import encode_frame
from app.wire.oip.tensor import Slice, Tensor
from tests.service import Server

ROUNDS, CALLS = 7, 60
PREFIX = f"xent-bench-{os.getpid()}-"
SHAPES = ((32, 10), (1024, 1000))
HEADER = """\
| batch | way | µs a call | of that computed, µs | × V2 binary over HTTP |
| --- | --- | --- | --- | --- |"""


class UnixServer(Server):
    """A service on a Unix socket, whose address stands in the announcement otherwise."""

    def __init__(self, log: Path, path: Path, **settings: str) -> None:
        self.path = path
        super().__init__(log, XENT_UDS=str(path), **settings)

    def _announcement(self) -> str:
        return super()._announcement() + " http://localhost"

    def client(self, **options: Any) -> httpx.Client:
        return super().client(transport=httpx.HTTPTransport(uds=str(self.path)), **options)


def main() -> None:
    print(HEADER)
    with TemporaryDirectory() as name:
        folder, settings = Path(name), {"XENT_SHARED_MEMORY": PREFIX}
        with (
            Server(folder / "tcp", **settings) as tcp,
            UnixServer(folder / "uds", folder / "socket", **settings) as uds,
            tcp.client() as over_tcp,
            uds.client() as over_uds,
        ):
            for rows, classes in SHAPES:
                measure(rows, classes, {"TCP": over_tcp, "Unix socket": over_uds})


def measure(rows: int, classes: int, clients: dict[str, httpx.Client]) -> None:
    random = np.random.default_rng(0)
    logits = random.standard_normal((rows, classes), np.float32)
    labels = random.integers(0, classes, rows)
    at, size = logits.nbytes, logits.nbytes + labels.nbytes
    memory = SharedMemory(f"{PREFIX}batch", create=True, size=size + 4 * rows)
    try:
        fill(memory, logits)
        fill(memory, labels, at)
        for client in clients.values():
            client.post("/v2/systemsharedmemory/unregister").raise_for_status()
            region = {"key": memory.name, "byte_size": size + 4 * rows}
            client.post("/v2/systemsharedmemory/region/batch/register", json=region).raise_for_status()
        inline = [Tensor("logits", logits, binary=True), Tensor("labels", labels, binary=True)]
        places = [
            Tensor("logits", logits, slice=Slice("batch", logits.nbytes)),
            Tensor("labels", labels, slice=Slice("batch", labels.nbytes, at)),
        ]
        output = {"shared_memory_region": "batch", "shared_memory_byte_size": 4 * rows, "shared_memory_offset": size}
        by_body = request(inline, [{"name": "per_sample", "parameters": {"binary_data": True}}])
        by_region = request(places, [{"name": "per_sample", "parameters": output}])
        ways: dict[str, Callable[[], httpx.Response]] = {}
        for name, client in clients.items():

            def send(client: httpx.Client = client) -> httpx.Response:
                return post(client, *by_body)

            def share(client: httpx.Client = client) -> httpx.Response:
                return post(client, *by_region)

            def copy_and_share(client: httpx.Client = client) -> httpx.Response:
                fill(memory, logits)
                return post(client, *by_region)

            ways[f"V2 binary, {name}"] = send
            ways[f"shared memory, {name}"] = share
            ways[f"shared memory, {name}, the client copies"] = copy_and_share
        report(f"{rows}×{classes}", ways)
    finally:
        memory.close()
        memory.unlink()


def fill(memory: SharedMemory, array: NDArray[Any], at: int = 0) -> None:
    np.ndarray(array.shape, array.dtype, memory.buf, at)[...] = array


def request(tensors: list[Tensor], outputs: list[dict[str, Any]]) -> tuple[bytes, dict[str, str]]:
    frame = encode_frame({"inputs": tensors, "outputs": outputs}, "inputs")
    length = {} if frame.header_length is None else {"Inference-Header-Content-Length": str(frame.header_length)}
    return b"".join(frame.pieces), length


def post(client: httpx.Client, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return client.post("/v2/models/auto/infer", content=body, headers=headers).raise_for_status()


def report(batch: str, ways: dict[str, Callable[[], httpx.Response]]) -> None:
    """Rounds in which each way has a call in turn; of each round the median, and of these the median and extremes."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    computed: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(CALLS):
            for name, way in ways.items():
                began = time.perf_counter()
                response = way()
                taken[name].append(time.perf_counter() - began)
                computed[name] += map(float, re.findall(r"compute;dur=([\d.]+)", response.headers["server-timing"]))
        for name in ways:
            seconds[name].append(median(taken[name]))
    (first, *_) = ways
    for name in ways:
        ratios = sorted(one / other for one, other in zip(seconds[first], seconds[name], strict=True))
        ratio = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        microseconds = 1e6 * median(seconds[name])
        print(f"| {batch} | {name} | {microseconds:.0f} | {1e3 * median(computed[name]):.0f} | {ratio} |")


if __name__ == "__main__":
    main()
