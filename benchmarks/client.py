"""Measure what the Python client costs beside bare httpx with a body made beforehand, on the same service.

`PYTHONPATH=clients/python .venv-dev/bin/python -m benchmarks.client` prints a table in Markdown; with `--write` the
report also goes to client.md in this folder. The two take turns, call by call, over one connection each.
"""

import argparse
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from benchmarks.sampled import processor
from tests.service import Server
from xent_client import Xent
from xent_client.calls import loss_call
from xent_client.tensors import encoded

TURNS = 7
# rows, classes, calls in a turn, the most that the client may add as a share and in seconds
CASES = ((32, 10, 300, None, 100e-6), (1024, 1000, 40, 0.15, None))
HEADER = """\
| batch | httpx, µs | client, µs | added, µs | added, % | at most | met |
| --- | --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also into this folder, as client.md")
    write = parser.parse_args().write
    lines = [HEADER]
    with TemporaryDirectory() as folder, Server(Path(folder) / "log") as server:
        for rows, classes, calls, share, seconds in CASES:
            bare, client = measure(server.address, rows, classes, calls)
            lines.append(line(f"{rows}×{classes}", bare, client, share, seconds))
    print("\n".join(lines))
    if write:
        Path(__file__).with_suffix(".md").write_text(report("\n".join(lines)), encoding="utf-8")


def measure(address: str, rows: int, classes: int, calls: int) -> tuple[list[float], list[float]]:
    """Seconds that a call takes in the median, turn by turn: of bare httpx, and of the client."""
    random = np.random.default_rng(0)
    logits = random.standard_normal((rows, classes), np.float32)
    labels = random.integers(0, classes, rows)
    body = b"".join(encoded(loss_call({"logits": logits, "labels": labels}).body))
    with httpx.Client(base_url=address, timeout=60) as http, Xent(address) as xent:

        def bare() -> None:
            http.post("/v1/loss", content=body, headers={"Content-Type": "application/json"}).raise_for_status()

        def client() -> None:
            xent.loss(logits, labels)

        medians: tuple[list[float], list[float]] = [], []
        for turn in range(TURNS + 1):
            times = [(timed(bare), timed(client)) for _ in range(calls)]
            if turn:  # the first warms up
                for collected, one in zip(medians, zip(*times, strict=True), strict=True):
                    collected.append(median(one))
    return medians


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def line(batch: str, bare: list[float], client: list[float], share: float | None, seconds: float | None) -> str:
    added = [c - b for b, c in zip(bare, client, strict=True)]
    shares = [c / b - 1 for b, c in zip(bare, client, strict=True)]
    limit = f"{1e6 * seconds:.0f} µs" if seconds else f"{100 * (share or 0):.0f} %"
    met = median(added) <= seconds if seconds else median(shares) <= (share or 0)
    return (
        f"| {batch} | {1e6 * median(bare):.0f} | {1e6 * median(client):.0f} "
        f"| {1e6 * median(added):.0f} ({1e6 * min(added):.0f} to {1e6 * max(added):.0f}) "
        f"| {100 * median(shares):.0f} ({100 * min(shares):.0f} to {100 * max(shares):.0f}) "
        f"| {limit} | {'yes' if met else '**no**'} |"
    )


def report(table: str) -> str:
    return f"""\
# The Python client and bare httpx

Made by benchmarks/client.py on {datetime.now(UTC):%Y-%m-%d}, with Python {platform.python_version()}, NumPy \
{np.__version__} and httpx {httpx.__version__}, client and service on one machine, {processor()}.

`Xent.loss` of a float32 array and class indices, beside `httpx.Client.post` of the very same body, made beforehand, \
whose answer is read and not looked at. What the client adds is the base64 of the arrays, the request's JSON, the \
answer's JSON, its arrays and its models. Microseconds are those of a call in the median of a turn; given are the \
median and the extremes of {TURNS} turns.

{table}

This does not prove anything of a network: there is none, and both send the same bytes. The client saves some of \
what it adds elsewhere: httpx joins no addresses for it at each call, and sends a long body in pieces.
"""


if __name__ == "__main__":
    main()
