"""What recommendation and warnings cost: `.venv-bench/bin/python -m benchmarks.diagnosis [--write]`.

One thread. `evaluate` is timed with `advice` none and full by turns, in CPU time; of each the least counts, as other
programs only add to it. What full takes more is what the advice costs; none describes the labels as well, to choose the
loss.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from xent_core.evaluate import evaluate

REPORT = Path(__file__).with_suffix(".md")
TURNS = 101
SECONDS_OF_TURN = 0.004


def seconds(work: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def none_and_full(logits: Any, labels: Any) -> tuple[float, float]:
    """Seconds with `advice` none, and how many more with full."""

    def none() -> None:
        evaluate(logits, labels, advice="none")

    def full() -> None:
        evaluate(logits, labels, advice="full")

    seconds(none, 3), seconds(full, 3)
    times = max(1, round(SECONDS_OF_TURN / seconds(none, 3)))
    turns = [(seconds(none, times), seconds(full, times)) for _ in range(TURNS)]
    least, with_advice = map(min, zip(*turns, strict=True))
    return least, with_advice - least


def batches() -> Iterator[tuple[str, Any, Any]]:
    random = np.random.default_rng(0)
    for rows, classes in ((32, 10), (1024, 1000)):
        for dtype in (np.float32, np.float64):
            logits = 2 * random.standard_normal((rows, classes)).astype(dtype)
            indices = random.integers(0, classes, rows)
            shares = random.dirichlet(np.ones(classes), rows).astype(dtype)
            answers = (random.random((rows, classes)) < 0.3).astype(dtype)
            size = f"{rows}×{classes} {np.dtype(dtype).name}"
            yield f"class indices, {size}", logits, indices
            yield f"one-hot, {size}", logits, np.eye(classes, dtype=dtype)[indices]
            yield f"distributions, {size}", logits, shares
            yield f"yes/no, {size}", logits, answers


def table() -> str:
    lines = ["| batch | `none`, µs | `full` adds, µs | share |", "| --- | --- | --- | --- |"]
    for name, logits, labels in batches():
        none, more = none_and_full(logits, labels)
        lines.append(f"| {name} | {1e6 * none:.0f} | {1e6 * more:.0f} | {100 * more / none:.0f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    result = table()
    print(result)
    if "--write" in sys.argv:
        REPORT.write_text(f"""# What recommendation and warnings cost

Made by `.venv-bench/bin/python -m benchmarks.diagnosis --write`, one thread, CPU time, NumPy {np.__version__}, with
{os.getloadavg()[0]:.1f} processes running on {os.cpu_count()} CPUs. The targets: `advice` full adds at most 60 µs at
32×10, and 30 % at 1024×1000.

{result}

What this does not prove: anything about logits that really are probabilities, which are looked at to the end, and for
which the loss is computed a second time.
""")
