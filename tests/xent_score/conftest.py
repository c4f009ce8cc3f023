"""One classifier's logits in every format and layout, and the command that scores them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from tests.service import PATIENCE_SECONDS, ROOT

Array = NDArray[Any]
ROWS, CLASSES = 1000, 5


class Data(NamedTuple):
    logits: Array
    labels: Array


@pytest.fixture(scope="session")
def data() -> Data:
    random = np.random.default_rng(20)
    labels = random.integers(0, CLASSES, ROWS)
    logits = random.normal(0, 2, (ROWS, CLASSES)).astype(np.float32)
    logits[np.arange(ROWS), labels] += 2
    return Data(logits, labels)


def fixed_lists(matrix: Array) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])


def lists(matrix: Array) -> pa.Array:
    return fixed_lists(matrix).cast(pa.list_(pa.from_numpy_dtype(matrix.dtype)))


def table_of(data: Data, layout: Callable[[Array], pa.Array] = fixed_lists) -> pa.Table:
    ids = [f"r{row}" for row in range(len(data.labels))]
    return pa.table({"logits": layout(data.logits), "labels": data.labels, "id": ids})


def write_parquet(table: pa.Table, path: Path, rows_per_group: int = 300) -> Path:
    pq.write_table(table, path, row_group_size=rows_per_group)
    return path


def xent(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """`python -m xent_cli`, as the console script runs it."""
    command = [sys.executable, "-m", "xent_cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, **options)


def refusal(*arguments: object) -> str:
    """The one line of a run that fails."""
    run = xent("score", *arguments)
    assert (run.returncode, run.stdout) == (1, ""), run
    (line,) = run.stderr.splitlines()
    assert line.startswith("xent: ")
    return line.removeprefix("xent: ")


def rows_in(out: Path) -> pa.Table:
    return pq.read_table(out / "rows")


def summary_in(out: Path) -> Any:
    return json.loads((out / "summary.json").read_text())
