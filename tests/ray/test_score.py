"""On a cluster of two nodes `xent score` writes what it writes on one machine, whatever is lost on the way."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ray.cluster_utils import Cluster

from tests.ray.conftest import ROOT, SECONDS, eventually

ROWS, PARTS = 60 * 2048, 60
NODE = {"num_cpus": 1, "object_store_memory": 100 << 20}
# Parts of 2048 rows and blocks of 512, so that a small file has many; row groups of 4096, so that tasks have two.
SMALL_PARTS = """
import sys
from xent_score import plan
plan.PARTS, plan.PART_BYTES, plan.BLOCK_BYTES = 1, 2048 * 40, 512 * 40
from xent_cli.__main__ import main
main()
"""


class Nodes:
    """The cluster. Its second node can be lost, and comes back."""

    def __init__(self) -> None:
        self.cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
        self.second: Any = self.cluster.add_node(**NODE)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def computing(self) -> list[psutil.Process]:
        """Processes of the second node that run a task."""
        (raylet,) = self.second.all_processes["raylet"]
        children = psutil.Process(raylet.process.pid).children(recursive=True)
        return [each for each in children if is_computing(each)]

    def lose_second(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)

    def restore_second(self) -> None:
        self.second = self.cluster.add_node(**NODE)


def is_computing(process: psutil.Process) -> bool:
    try:
        return process.cmdline()[:1] == ["ray::_compute"]
    except psutil.Error:
        return False


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with pytest.MonkeyPatch.context() as patch:
        # As if xent were installed on them.
        patch.setenv("PYTHONPATH", str(ROOT))
        each = Nodes()
        yield each
        each.cluster.shutdown()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(3)
    columns = {"labels": pa.array(random.integers(0, 10, ROWS))}
    for name in ("logits", "other_logits"):
        values = pa.array(random.standard_normal(ROWS * 10, np.float32))
        columns[name] = pa.FixedSizeListArray.from_arrays(values, 10)
    path = tmp_path_factory.mktemp("data") / "data.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=4096)
    return path


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SMALL_PARTS, *map(str, arguments), "--quiet"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, process_group=0, **{"cwd": ROOT} | options,
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status, and what was said on standard error."""
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said


@pytest.fixture(scope="module")
def undisturbed(file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run on this machine alone writes."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert end(start("score", file, "--out", out, "--processes", 1)) == (0, "")
    assert len(parts_in(out)) == PARTS
    return content_of(out)


def content_of(out: Path) -> dict[str, bytes]:
    assert not [*out.rglob("*.tmp")]
    return {path.name: path.read_bytes() for path in (*(out / "rows").iterdir(), out / "summary.json")}


def parts_in(out: Path) -> dict[str, int]:
    """When each part was committed."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "state").glob("0*.json")}


def test_compare_does_the_same_and_paths_may_be_relative(file: Path, nodes: Nodes, tmp_path: Path) -> None:
    pq.write_table(pq.read_table(file).slice(0, 8192), tmp_path / "small.parquet", row_group_size=4096)
    for name, where in (("alone", ["--processes", 1]), ("cluster", ["--ray", nodes.address])):
        run = start("compare", "small.parquet", "--out", name, *where, cwd=tmp_path)
        assert end(run) == (0, "")
    assert content_of(tmp_path / "cluster") == content_of(tmp_path / "alone")


def test_what_a_lost_node_computed_is_computed_elsewhere(
    file: Path, nodes: Nodes, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = start("score", file, "--out", out, "--ray", nodes.address)
    stopped: list[psutil.Process] = []

    def stop_one() -> bool:
        """In the middle of a task, which therefore can't end."""
        for each in nodes.computing():
            each.suspend()
            if is_computing(each):
                stopped.append(each)
                return True
            each.resume()
        return run.poll() is not None

    assert eventually(stop_one)
    # The first node computes all else.
    assert eventually(lambda: len(parts_in(out)) >= PARTS - 2)
    assert run.poll() is None
    committed = parts_in(out)
    assert len(committed) < PARTS
    try:
        nodes.lose_second()
        stopped[0].kill()
        assert end(run) == (0, "")
        assert parts_in(out).items() >= committed.items(), "a finished part was computed again"
    finally:
        nodes.restore_second()
    assert [*out.rglob("*.tmp")] == []
    assert content_of(out) == undisturbed


def test_killed_and_interrupted_it_resumes(
    file: Path, nodes: Nodes, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    committed: dict[str, int] = {}
    for number, status, said in (
        (signal.SIGKILL, -signal.SIGKILL, ""),
        (signal.SIGINT, 130, "xent: interrupted; the same command resumes\n"),
    ):
        # One at a time, so that some are left for the next.
        run = start("score", file, "--out", out, "--ray", nodes.address, "--processes", 1)
        assert eventually(partial(has_committed, out, len(committed) + 5, run))
        os.killpg(run.pid, number)
        assert end(run) == (status, said)
        assert parts_in(out).items() >= committed.items(), "a finished part was computed again"
        committed = parts_in(out)
        assert len(committed) < PARTS
    assert end(start("score", file, "--out", out, "--ray", nodes.address)) == (0, "")
    assert parts_in(out).items() >= committed.items(), "a finished part was computed again"
    assert content_of(out) == undisturbed


def has_committed(out: Path, parts: int, run: subprocess.Popen[str]) -> bool:
    return len(parts_in(out)) >= parts or run.poll() is not None


def test_a_row_that_cannot_be_computed_is_named_as_on_one_machine(file: Path, nodes: Nodes, tmp_path: Path) -> None:
    table = pq.read_table(file)
    labels = table["labels"].to_numpy().copy()
    labels[99_999] = 10
    pq.write_table(table.set_column(0, "labels", pa.array(labels)), tmp_path / "bad.parquet", row_group_size=4096)
    found = [
        end(start("score", tmp_path / "bad.parquet", "--out", tmp_path / "out", *where))
        for where in (["--processes", 1], ["--ray", nodes.address])
    ]
    assert found[0] == found[1]
    assert found[0][0] == 1
    assert f"{tmp_path / 'bad.parquet'}, row 99999: labels: " in found[0][1]


@pytest.mark.parametrize("unseen", ["input", "output"])
def test_a_node_that_does_not_see_the_files_says_so(unseen: str, file: Path, nodes: Nodes, tmp_path: Path) -> None:
    """Files by way of a descriptor that the command alone has."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    own = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 900)
    (tmp_path / "data.parquet").hardlink_to(file)
    of_command = Path(f"/proc/self/fd/{own}")
    data, out = (of_command, tmp_path) if unseen == "input" else (tmp_path, of_command)
    run = start("score", data / "data.parquet", "--out", out / "out", "--ray", nodes.address, pass_fds=[own])
    status, said = end(run)
    for each in (descriptor, own):
        os.close(each)
    assert status == 1
    what = data / "data.parquet" if unseen == "input" else out / "out/state/plan.json"
    assert f" can't read {what}: " in said
    assert said.endswith("; input and output of --ray have to be on a file system that all nodes see, at equal paths\n")
    assert said.count("\n") == 1


def test_an_address_without_a_cluster_is_refused_at_once(file: Path, tmp_path: Path) -> None:
    status, said = end(start("score", file, "--out", tmp_path / "out", "--ray", "127.0.0.1:1"))
    assert (status, said) == (1, "xent: --ray 127.0.0.1:1: [Errno 111] Connection refused\n")
