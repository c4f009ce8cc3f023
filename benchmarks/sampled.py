"""Measure sampled softmax against the full softmax, both by xent_core on one thread.

`.venv-bench/bin/python -m benchmarks.sampled` prints a line of Markdown; with `--write` the report also goes to
sampled.md in this folder. The two are timed in turns, on the same layer. It takes 2 GiB of memory.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import itertools
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xent_core import sparse_softmax_cross_entropy
from xent_core.losses.sampled_softmax import evaluate_sampled_softmax
from xent_core.losses.samplers import SAMPLERS, Sampler

Array = NDArray[Any]

CLASSES, WIDTH, ROWS, SAMPLED = 1_000_000, 64, 256, 1000
TARGET = 20
TURNS = 7
CALLS_IN_A_TURN = 20
HEADER = """\
| sampler | sampled softmax, ms | full softmax, ms | ratio | target | met |
| --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also into this folder, as sampled.md")
    write = parser.parse_args().write
    random = np.random.default_rng(0)
    layer = tuple(random.standard_normal(shape, np.float32) for shape in ((CLASSES, WIDTH), CLASSES, (ROWS, WIDTH)))
    labels = random.integers(0, CLASSES, ROWS)
    lines = [HEADER]
    for sampler in SAMPLERS:
        lines.append(line(sampler, *measure(layer, labels, sampler)))
        print(lines[-1], flush=True)
    if write:
        Path(__file__).with_suffix(".md").write_text(report("\n".join(lines)), encoding="utf-8")


def measure(layer: tuple[Array, ...], labels: Array, sampler: Sampler) -> tuple[list[float], list[float]]:
    """Seconds that one call takes, turn by turn: of sampled softmax, drawing included, and of the full softmax."""
    weights, biases, inputs = layer
    seeds = itertools.count()

    def sampled() -> object:
        return evaluate_sampled_softmax(*layer, labels, num_sampled=SAMPLED, sampler=sampler, seed=next(seeds))

    def full() -> object:
        logits = inputs @ weights.T
        logits += biases
        return sparse_softmax_cross_entropy(logits, labels)

    times: tuple[list[float], list[float]] = [], []
    for turn in range(TURNS + 1):
        seconds = timed(sampled, CALLS_IN_A_TURN), timed(full, 1)
        if turn:  # the first warms up
            for collected, one in zip(times, seconds, strict=True):
                collected.append(one)
    return times


def timed(call: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def line(sampler: str, sampled: list[float], full: list[float]) -> str:
    ratios = [f / s for f, s in zip(full, sampled, strict=True)]
    ratio, verdict = median(ratios), "yes" if median(ratios) >= TARGET else "**no**"
    spread = f"{ratio:.0f} ({min(ratios):.0f} to {max(ratios):.0f})"
    return f"| {sampler} | {median(sampled) * 1e3:.3g} | {median(full) * 1e3:.4g} | {spread} | {TARGET} | {verdict} |"


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [each.split(":", 1)[1].strip() for each in lines if each.startswith("model name")]
    return names[0] if names else platform.processor()


def report(table: str) -> str:
    return f"""\
# Sampled softmax and the full softmax on one thread

Made by benchmarks/sampled.py on {datetime.now(UTC):%Y-%m-%d}, with Python {platform.python_version()} and NumPy \
{np.__version__}, on one thread of {processor()}.

{CLASSES:,} classes, {WIDTH} dimensions, {ROWS} rows, {SAMPLED} samples, float32. Sampled softmax is \
`evaluate_sampled_softmax`, a new draw for each call included; the full softmax is the matrix product, the biases and \
`sparse_softmax_cross_entropy`. Milliseconds are those of one call; given are the median and the extremes of {TURNS} \
turns. A ratio is the full softmax' time divided by the sampled one's.

{table}

This does not prove that training gets as much faster: no gradient is computed, and a sampled loss may need more \
steps. Nor does it show the service, where the {CLASSES:,} rows of weights would have to be sent and decoded first.
"""


if __name__ == "__main__":
    main()
