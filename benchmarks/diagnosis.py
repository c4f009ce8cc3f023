"""What recommendation and warnings cost beside the losses: `.venv-bench/bin/python -m benchmarks.diagnosis [--write]`.

One thread. `evaluate` is timed whole, and with them the three steps that it takes for the diagnosis: to describe the
labels, to recommend, and to look for mistakes. What is left is the computing.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from xent_core.accumulate import accumulate
from xent_core.advice.checks import run_checks
from xent_core.advice.recommend import recommendation
from xent_core.evaluate import evaluate
from xent_core.labels.facts import describe_labels
from xent_core.prepare import Options, prepare

REPORT = Path(__file__).with_suffix(".md")
REPEATS = 15


def seconds(work: Callable[[], Any]) -> float:
    """The median over some repetitions, each as long as is needed to be measured."""
    timer = timeit.Timer(work)
    number, _ = timer.autorange()
    return median(timer.repeat(REPEATS, max(1, number // 4))) / max(1, number // 4)


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
    lines = ["| batch | evaluate, µs | of it diagnosis, µs | diagnosis / computing |", "| --- | --- | --- | --- |"]
    for name, logits, labels in batches():
        batch = prepare(logits, logits.shape, labels, Options())
        computed = accumulate(batch.bind(logits, from_logits=True), None, ())
        whole = seconds(lambda: evaluate(logits, labels))  # noqa: B023 - called at once
        diagnosis = sum(
            seconds(step)
            for step in (
                lambda: describe_labels(labels, batch.layout),  # noqa: B023
                lambda: recommendation(batch),  # noqa: B023
                lambda: run_checks(batch, computed),  # noqa: B023
            )
        )
        share = diagnosis / (whole - diagnosis)
        lines.append(f"| {name} | {1e6 * whole:.0f} | {1e6 * diagnosis:.0f} | {100 * share:.0f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    result = table()
    print(result)
    if "--write" in sys.argv:
        REPORT.write_text(f"""# What recommendation and warnings cost

Made by `.venv-bench/bin/python -m benchmarks.diagnosis --write`, one thread, NumPy {np.__version__}. The targets: at
most 60 µs at 32×10, and 30 % of the computing at 1024×1000.

{result}

One-hot labels are described once, and computed as the indices that were found then: of their diagnosis, that look is
one that the loss function alone takes as well.

What this does not prove: anything about logits that really are probabilities, which are looked at to the end, and for
which the loss is computed a second time.
""")
