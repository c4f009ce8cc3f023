"""What is rare in files and in summaries."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from tests.service import ROOT
from tests.xent_score.conftest import Data, fixed_lists, rows_in, table_of, write_parquet
from xent_cli import compare as compare_command
from xent_cli import score as score_command
from xent_cli.progress import ProgressLine, described
from xent_core import evaluate
from xent_score import plan as planning
from xent_score.comparing import compare
from xent_score.errors import DataError
from xent_score.run import Progress
from xent_score.scoring import score

X = np.array([[0.0, 1], [2, 3], [1, 0], [0, 0]], np.float32)
Y = [0, 1, 0, 1]


def losses(path: Path, out: Path, **options: Any) -> list[Any]:
    score(str(path), out, **options)
    return rows_in(out)["loss"].to_pylist()


class TestFiles:
    def test_an_archive_may_hold_what_is_no_array(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", logits=X, labels=Y)
        with zipfile.ZipFile(tmp_path / "d.npz", "a") as archive:
            archive.writestr("README", "two arrays")
        assert losses(tmp_path / "d.npz", tmp_path / "out") == evaluate(X, Y).per_sample.tolist()

    def test_safetensors_may_hold_what_is_of_no_use(self, tmp_path: Path) -> None:
        labels, other = np.array(Y), np.zeros(3, np.complex64)
        save_file({"logits": X, "labels": labels, "other": other}, tmp_path / "d.safetensors", {"made": "by a test"})
        assert losses(tmp_path / "d.safetensors", tmp_path / "out") == evaluate(X, Y).per_sample.tolist()

    @pytest.mark.parametrize(
        ("offsets", "said"), [([0, 31], "has 31 bytes, which do not fit its shape"), ([8, 40], "the file was cut off")]
    )
    def test_a_tensor_that_is_not_where_the_header_says(self, offsets: list[int], said: str, tmp_path: Path) -> None:
        header = json.dumps({"logits": {"dtype": "F32", "shape": [4, 2], "data_offsets": offsets}}).encode()
        (tmp_path / "d.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + X.tobytes())
        with pytest.raises(DataError, match=said):
            score(str(tmp_path / "d.safetensors"), tmp_path / "out")

    def test_a_compressed_member_that_ends_early(self, tmp_path: Path) -> None:
        np.savez_compressed(tmp_path / "whole.npz", logits=X, labels=Y)
        with zipfile.ZipFile(tmp_path / "whole.npz") as whole:
            members = {name: whole.read(name) for name in whole.namelist()}
        with zipfile.ZipFile(tmp_path / "d.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content[:-5])
        with pytest.raises(DataError, match=r"logits\.npy ends before row 4 of 4"):
            score(str(tmp_path / "d.npz"), tmp_path / "out")

    def test_several_arrays_are_stacked_as_classes(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", a=X[:, 0], b=X[:, 1], labels=Y, id=[9, 8, 7, 6])
        assert losses(tmp_path / "d.npz", tmp_path / "out", logits="a,b", id="id") == evaluate(X, Y).per_sample.tolist()
        assert rows_in(tmp_path / "out")["id"].to_pylist() == [9, 8, 7, 6]

    def test_ids_may_be_true_and_false(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", logits=X, labels=Y, id=[True, False, False, True])
        losses(tmp_path / "d.npz", tmp_path / "out", id="id")
        assert rows_in(tmp_path / "out")["id"].to_pylist() == [True, False, False, True]

    def test_one_column_of_logits_and_booleans_for_labels(self, tmp_path: Path) -> None:
        labels = [True, False, None, True]
        pq.write_table(pa.table({"logits": X[:, 1], "labels": labels}), tmp_path / "d.parquet")
        found = losses(tmp_path / "d.parquet", tmp_path / "out")
        assert found == evaluate(X[:, 1], [1, 0, np.nan, 1]).per_sample.tolist()
        assert found[2] == 0

    def test_row_groups_without_rows_are_passed_over(self, tmp_path: Path) -> None:
        table = pa.table({"logits": fixed_lists(X), "labels": Y})
        with pq.ParquetWriter(tmp_path / "d.parquet", table.schema) as writer:
            for part in (table.slice(0, 0), table.slice(0, 2), table.slice(2, 0), table.slice(2)):
                writer.write_table(part)
        assert losses(tmp_path / "d.parquet", tmp_path / "out") == evaluate(X, Y).per_sample.tolist()

    def test_lists_of_two_lengths_in_two_batches_of_one_block(self, tmp_path: Path) -> None:
        schema = pa.schema({"logits": pa.list_(pa.float32()), "labels": pa.int64()})
        with pa.OSFile(str(tmp_path / "d.arrow"), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for width in (2, 3):
                writer.write_batch(pa.record_batch([[[0.0] * width] * 2, [0, 1]], schema=schema))
        with pytest.raises(DataError, match=r"row 2: the list has length \(3,\), the ones before have \(2,\)"):
            score(str(tmp_path / "d.arrow"), tmp_path / "out")

    def test_a_later_file_without_rows(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("a,b,labels\n1,2,0\n")
        (tmp_path / "b.csv").write_text("a,b,labels\n")
        with pytest.raises(DataError, match=r"b\.csv has no rows"):
            score(str(tmp_path / "*.csv"), tmp_path / "out", logits="a,b")

    def test_a_directory_under_the_name_of_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "d.npy").symlink_to(tmp_path / "nowhere")
        with pytest.raises(DataError, match="there is no file"):
            score(str(tmp_path / "d.npy"), tmp_path / "out")


def test_a_part_of_nothing_but_bad_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PARTS", 1)
    monkeypatch.setattr(planning, "PART_BYTES", 2 * 8)
    monkeypatch.setattr(planning, "BLOCK_BYTES", 2 * 8)
    np.savez(tmp_path / "d.npz", logits=X, labels=[0, 1, 7, 7], other_logits=X)
    summary = score(str(tmp_path / "d.npz"), tmp_path / "out", skip_bad=True)
    assert summary["summary"]["counted"] == 2
    assert summary["set_aside"]["rows"] == 2
    assert compare(str(tmp_path / "d.npz"), tmp_path / "compared", skip_bad=True)["difference"]["mean"] == 0


def test_a_ratio_of_perplexities_may_be_infinite(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", logits=X, other_logits=X * 1000, labels=[0, 0, 1, 0])
    assert compare(str(tmp_path / "d.npz"), tmp_path / "out")["difference"]["perplexity_ratio"] == "Infinity"


class TestText:
    """What stands on the terminal."""

    def test_of_a_score_without_a_reduction_with_warnings_and_positions(self, tmp_path: Path) -> None:
        random = np.random.default_rng(0)
        logits = random.random((30, 2, 3))
        np.savez(
            tmp_path / "d.npz", logits=logits / logits.sum(-1, keepdims=True), labels=random.integers(0, 3, (30, 2))
        )
        summary = score(str(tmp_path / "d.npz"), tmp_path / "out", parameters={"reduction": "none"})
        text = score_command.as_text(summary, tmp_path / "out")
        assert "\nmean            " in text
        assert "warning (likely) logits_look_like_probabilities, in 1 of 1 blocks" in text
        assert ", position " in text

    def test_of_a_data_set_in_which_nothing_counts(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", logits=X, labels=[-1] * 4)
        summary = score(str(tmp_path / "d.npz"), tmp_path / "out", parameters={"ignore_index": -1})
        assert "calibration" not in score_command.as_text(summary, tmp_path / "out")

    def test_of_a_comparison_without_a_difference_or_divergences(self, tmp_path: Path) -> None:
        inf = np.inf
        one, other = np.array([[0, -inf], [0.0, 1]]), np.array([[0, 1.0], [0, -inf]])
        np.savez(tmp_path / "d.npz", logits=one, other_logits=other, labels=[1, 1])
        summary = compare(str(tmp_path / "d.npz"), tmp_path / "out")
        assert "difference" not in compare_command.as_text(summary, tmp_path / "out")
        np.savez(tmp_path / "e.npz", logits=X[:1], other_logits=X[:1], labels=[[0, 1]])
        summary = compare(str(tmp_path / "e.npz"), tmp_path / "e", parameters={"loss_type": "sigmoid_cross_entropy"})
        text = compare_command.as_text(summary, tmp_path / "e")
        assert "agreement" not in text
        assert "difference      0; lower for 0.0% of samples" in text


class TestProgress:
    def test_it_says_how_far_how_fast_and_how_long(self) -> None:
        assert described(Progress(3_000, 1_000, 10_000), 2.0) == "xent: 3,000 of 10,000 rows, 1,000 rows/s, 0:07 left"
        assert described(Progress(3_000, 1_000, None), 2.0) == "xent: 3,000 rows, 1,000 rows/s"
        assert described(Progress(10, 10, 20), 2.0) == "xent: 10 of 20 rows, 0 rows/s"
        assert described(Progress(1, 0, 7_201), 1.0).endswith("2:00:00 left")

    @pytest.mark.parametrize(("terminal", "start"), [(True, "\r\x1b[Kxent: 5"), (False, "xent: 5")])
    def test_it_is_one_line_on_a_terminal(
        self, terminal: bool, start: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
        line = ProgressLine(quiet=False)
        line.show(Progress(1, 0, 10))
        monkeypatch.setattr(time, "monotonic", lambda: line._written + 20)
        line.show(Progress(5, 0, 10))
        line.end()
        line.end()
        written = capsys.readouterr().err
        assert written.startswith(start)
        assert written.count("\n") == 1

    def test_quiet_it_writes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        line = ProgressLine(quiet=True)
        line._written -= 100
        line.show(Progress(1, 0, 10))
        line.end()
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", ["score", "compare"])
def test_ctrl_c_in_one_process(command: str, data: Data, tmp_path: Path) -> None:
    path = write_parquet(table_of(data).append_column("other_logits", fixed_lists(data.logits)), tmp_path / "d.parquet")
    script = f"""
import os, signal, sys
from xent_score import run
shown = run.Progress
class Interrupting(shown):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        os.kill(os.getpid(), signal.SIGINT)
run.Progress = Interrupting
from xent_cli.__main__ import main
sys.argv = ["xent", {command!r}, {str(path)!r}, "--out", {str(tmp_path / "out")!r}, "--processes", "1", "--quiet"]
main()
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (130, "xent: interrupted; the same command resumes\n")


def test_ctrl_c_while_a_batch_is_read() -> None:
    command = [sys.executable, "-m", "xent_cli", "loss", "-"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        # It reads once it has imported what it needs; then it sleeps.
        while time.monotonic() < until and "pipe_read" not in Path(f"/proc/{process.pid}/wchan").read_text():
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "xent: interrupted\n")
