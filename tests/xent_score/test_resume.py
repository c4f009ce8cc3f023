"""A run that was killed resumes: nothing is lost, doubled or computed again, and changes are noticed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.service import PATIENCE_SECONDS, ROOT
from tests.xent_score.conftest import Data, fixed_lists, refusal, summary_in, table_of, write_parquet, xent
from xent_score import plan as planning
from xent_score.errors import DataError
from xent_score.scoring import score
from xent_score.store import Part, Store, difference

KILLS = 20
# Parts of 2048 rows and blocks of 512, so that a small file has many.
SMALL_PARTS = """
import sys
from xent_score import plan
plan.PARTS, plan.PART_BYTES, plan.BLOCK_BYTES = 1, 2048 * 40, 512 * 40
from xent_cli.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(3)
    logits = generator.standard_normal((60_000, 10), np.float32)
    labels = generator.integers(0, 10, 60_000)
    folder = tmp_path_factory.mktemp("data")
    # One row group is cut into several parts, others are one part.
    table = pa.table({"logits": fixed_lists(logits), "labels": labels})
    write_parquet(table, folder / "data.parquet", rows_per_group=9000)
    return folder / "data.parquet"


def start(file: Path, out: Path) -> subprocess.Popen[bytes]:
    arguments = ["score", str(file), "--out", str(out), "--processes", "2", "--quiet"]
    return subprocess.Popen(
        [sys.executable, "-c", SMALL_PARTS, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        process_group=0,
    )  # fmt: skip


def finish(file: Path, out: Path) -> None:
    process = start(file, out)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, b"")


def parts_in(out: Path) -> set[str]:
    return {path.stem for path in (out / "state").glob("0*.json")}


@pytest.fixture(scope="module")
def undisturbed(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    finish(file, out)
    return out


def content_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "rows").iterdir())}


@pytest.mark.unmeasured
def test_killed_at_random_moments_and_resumed_it_gives_what_an_undisturbed_run_gives(
    file: Path, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    moments = random.Random(7)  # noqa: S311  moments of kills
    committed: dict[str, int] = {}
    for _ in range(KILLS):
        process = start(file, out)
        wanted = len(parts_in(out)) + moments.randrange(0, 3)
        until = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if len(parts_in(out)) >= wanted and (out / "state/plan.json").exists():
                break
            time.sleep(0.002)
        time.sleep(moments.random() * 0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        now = {path.name: path.stat().st_mtime_ns for path in (out / "state").glob("0*.json")}
        assert {name: now[name] for name in committed} == committed, "a finished part was computed again"
        committed = now
    finish(file, out)
    assert content_of(out) == content_of(undisturbed)
    assert summary_in(out) == summary_in(undisturbed)
    assert not [*out.rglob("*.tmp")]


@pytest.mark.unmeasured
def test_killed_with_all_its_processes_it_resumes_too(file: Path, undisturbed: Path, tmp_path: Path) -> None:
    process = start(file, tmp_path / "out")
    while len(parts_in(tmp_path / "out")) < 3:
        assert process.poll() is None
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finish(file, tmp_path / "out")
    assert content_of(tmp_path / "out") == content_of(undisturbed)


def test_interrupted_by_ctrl_c_it_says_so_and_resumes(file: Path, undisturbed: Path, tmp_path: Path) -> None:
    for attempt in range(10):
        out = tmp_path / str(attempt)
        process = start(file, out)
        while not parts_in(out):
            assert process.poll() is None
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        if process.returncode:  # a loaded machine may have had no time for this test before the run was over
            break
    assert (process.returncode, errors.decode()) == (130, "xent: interrupted; the same command resumes\n")
    finish(file, out)
    assert content_of(out) == content_of(undisturbed)


def test_a_finished_run_computes_nothing_again(file: Path, undisturbed: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("0*")}
    finish(file, undisturbed)
    assert {path: path.stat().st_mtime_ns for path in undisturbed.rglob("0*")} == before


class TestWithoutProcesses:
    """Parts as `score` leaves them, in this process."""

    @pytest.fixture(autouse=True)
    def small_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(planning, "PARTS", 1)
        monkeypatch.setattr(planning, "PART_BYTES", 100 * 20)
        monkeypatch.setattr(planning, "BLOCK_BYTES", 50 * 20)

    @pytest.fixture
    def path(self, data: Data, tmp_path: Path) -> Path:
        return write_parquet(table_of(data), tmp_path / "d.parquet")

    def test_rows_without_their_marker_and_a_cut_off_file_are_written_again(self, path: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        score(str(path), out)
        whole, summary = content_of(out), summary_in(out)
        names = sorted(whole)
        assert len(names) > 8
        (out / "state" / names[2]).with_suffix(".json").unlink()
        (out / "rows" / names[5]).write_bytes(b"cut off")
        (out / "rows" / names[6]).unlink()
        (out / "state" / names[7]).with_suffix(".json").write_text("{")
        (out / "rows" / ".left.1.tmp").write_text("by a killed process")
        assert score(str(path), out) == json.loads(json.dumps(summary))
        assert content_of(out) == whole

    @pytest.mark.parametrize("name", ["compressed.npz", "data.csv"])
    def test_a_file_that_is_read_from_its_start_resumes_within(self, name: str, data: Data, tmp_path: Path) -> None:
        path, out = tmp_path / name, tmp_path / "out"
        if name.endswith("npz"):
            np.savez_compressed(path, logits=data.logits, labels=data.labels)
        else:
            rows = [",".join(map(str, [*row, label])) for row, label in zip(data.logits, data.labels, strict=True)]
            path.write_text("\n".join(["a,b,c,d,e,labels", *rows]) + "\n")
        logits = "logits" if name.endswith("npz") else "a,b,c,d,e"
        score(str(path), out, logits=logits)
        whole, summary = content_of(out), summary_in(out)
        assert len(whole) > 8
        times = {each: (out / "state" / each).with_suffix(".json").stat().st_mtime_ns for each in sorted(whole)[:4]}
        for each in sorted(whole)[4:]:
            (out / "state" / each).with_suffix(".json").unlink()
        assert score(str(path), out, logits=logits) == summary
        assert content_of(out) == whole
        assert {each: (out / "state" / each).with_suffix(".json").stat().st_mtime_ns for each in times} == times

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"parameters": {"label_smoothing": 0.1}}, "label_smoothing was 0.0, and is 0.1"),
            ({"include": ("entropy",)}, "include was [], and is ['entropy']"),
            ({"skip_bad": True}, "bad_rows was 'stop', and is 'skip'"),
            ({"id": "id"}, "id was None, and is 'id'"),
        ],
    )
    def test_a_changed_option_is_noticed(self, options: dict[str, Any], said: str, path: Path, tmp_path: Path) -> None:
        score(str(path), tmp_path / "out")
        with pytest.raises(DataError) as raised:
            score(str(path), tmp_path / "out", **options)
        assert said in str(raised.value)
        assert "--restart" in str(raised.value)
        score(str(path), tmp_path / "out", **options, restart=True)

    def test_a_changed_file_is_noticed(self, path: Path, data: Data, tmp_path: Path) -> None:
        score(str(path), tmp_path / "out")
        write_parquet(table_of(Data(data.logits[:900], data.labels[:900])), path)
        with pytest.raises(DataError, match=r"d\.parquet was changed \(it had \d+ bytes, and has \d+\)"):
            score(str(path), tmp_path / "out")
        assert score(str(path), tmp_path / "out", restart=True)["rows"] == 900

    def test_a_folder_of_something_else_is_left_alone(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "out/rows").mkdir(parents=True)
        (tmp_path / "out/rows/mine").write_text("precious")
        with pytest.raises(DataError, match="holds files of something else"):
            score(str(path), tmp_path / "out")
        assert (tmp_path / "out/rows/mine").read_text() == "precious"

    def test_parts_that_vanish_during_a_run_are_noticed(self, path: Path, tmp_path: Path) -> None:
        def vanish(_: object) -> None:
            for each in (tmp_path / "out/state").glob("000000-000001.json"):
                each.unlink()

        with pytest.raises(DataError, match="lacks parts that were written"):
            score(str(path), tmp_path / "out", show=vanish)


def test_files_that_came_and_went_are_named() -> None:
    a, b = {"path": "a", "bytes": 1, "modified": 1}, {"path": "b", "bytes": 1, "modified": 1}
    assert difference({"files": [a]}, {"files": [a]}) == ""
    assert difference({"files": [a, b]}, {"files": [a]}) == "the file b is not there any more"
    assert difference({"files": [a]}, {"files": [a, b]}) == "the file b was not there"
    assert difference({"files": [a, b]}, {"files": [b, a]}) == "the files come in another order"


def test_two_runs_do_not_write_to_one_folder_at_once(file: Path, tmp_path: Path) -> None:
    first = start(file, tmp_path / "out")
    while not (tmp_path / "out/state/plan.json").exists():
        assert first.poll() is None
        time.sleep(0.002)
    first.send_signal(signal.SIGSTOP)
    try:
        line = refusal(file, "--out", tmp_path / "out")
        assert line == f"another run writes to {tmp_path}/out now"
    finally:
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=PATIENCE_SECONDS)
    assert first.returncode == 0
    assert xent("score", file, "--out", tmp_path / "out").returncode == 1  # its parts are of another size


def test_a_process_computes_few_of_many_rows_again(tmp_path: Path) -> None:
    for name, shape in (("a.npy", (10_000_000, 10)), ("b.npy", (200_000, 1000))):
        # A hole in the file: nothing is written.
        np.lib.format.open_memmap(tmp_path / name, "w+", np.float32, shape).flush()
        plan = planning.make_plan(planning.find_source((str(tmp_path / name), {"logits": "logits"})), ("logits",))
        most = max(plan.part_rows_of(stream) for stream in plan.streams)
        assert plan.block_rows <= most <= 0.016 * shape[0]


def write_old(path: Path) -> None:
    path.write_bytes(b"old")


def test_a_process_that_outlives_a_killed_run_cannot_commit_into_the_run_that_replaced_it(tmp_path: Path) -> None:
    killed, after = Store(tmp_path, "parquet"), Store(tmp_path, "parquet")
    with killed.held({"command": "score"}, restart=False):
        killed.commit(Part(0, 0), write_old, {"last": False})
    with after.held({"command": "score"}, restart=True):
        with pytest.raises(DataError, match="another run was started in"):
            killed.commit(Part(0, 1), write_old, {"last": True})
        assert [*after.rows.iterdir()] == []
        assert [*after.markers(0)] == []


def test_what_an_earlier_run_commits_just_before_it_is_replaced_does_not_count(tmp_path: Path) -> None:
    killed, after = Store(tmp_path, "parquet"), Store(tmp_path, "parquet")
    with killed.held({"command": "score"}, restart=False):
        killed.commit(Part(0, 0), write_old, {"last": True})
        marker = killed.marker_of(Part(0, 0)).read_bytes()
    with after.held({"command": "score"}, restart=True):
        after.rows_of(Part(0, 0)).write_bytes(b"old")
        after.marker_of(Part(0, 0)).write_bytes(marker)
        assert [*after.markers(0)] == []


def test_while_another_run_begins_nothing_is_committed(tmp_path: Path) -> None:
    killed = Store(tmp_path, "parquet")
    with killed.held({"command": "score"}, restart=False):
        killed.plan.unlink()
        with pytest.raises(DataError, match="another run was started in"):
            killed.commit(Part(0, 0), write_old, {"last": True})
    assert not killed.marker_of(Part(0, 0)).exists()
