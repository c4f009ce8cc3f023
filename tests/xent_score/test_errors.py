"""Whatever is wrong with a data set is one line that says what and where."""

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.xent_score.conftest import Data, fixed_lists, refusal, rows_in, table_of, write_parquet, xent
from xent_core import evaluate
from xent_score import plan
from xent_score.errors import DataError
from xent_score.files import open_file
from xent_score.scoring import score


def said(path: object, tmp_path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as raised:
        score(str(path), tmp_path / "out", **options)
    message = str(raised.value)
    assert "\n" not in message
    return message


def table(**columns: Any) -> pa.Table:
    return pa.table({"logits": fixed_lists(np.zeros((4, 2), np.float32)), "labels": [0, 1, 0, 1]} | columns)


# fmt: off
WRONG_TABLES: dict[str, tuple[pa.Table, dict[str, Any], str]] = {
    "a missing column": (
        table(), {"labels": "label"}, "has no column 'label', which --labels names; it has logits, labels",
    ),
    "a missing pattern": (table(), {"logits": "x_*"}, "has no column 'x_*', which --logits names"),
    "ragged rows": (
        table(logits=[[1.0, 2.0], [1.0, 2.0], [1.0], [1.0, 2.0]]),
        {},
        "column 'logits', row 2: the list has length 1, the ones before have 2",
    ),
    "empty lists": (table(logits=pa.array([[]] * 4, pa.list_(pa.float32()))), {}, "row 0: the list is empty"),
    "text for labels": (
        table(labels=["cat", "dog", "cat", "dog"]),
        {},
        "column 'labels' holds text; numbers were expected. Map class names to indices from 0 first",
    ),
    "dates for logits": (
        table(logits=pa.array([0, 1, 2, 3], pa.date32())),
        {},
        "column 'logits' holds date32[day]; numbers, or lists of numbers of one length, were expected",
    ),
    "lists in a column for each class": (
        table(a=[1.0, 2.0, 3.0, 4.0]),
        {"logits": "a,logits"},
        "column 'logits' holds lists; with one column per class each holds numbers",
    ),
    "a label out of range": (
        table(labels=[0, 1, 2, 1]),
        {},
        "row 2: labels: is 2; a class index from 0 to 1 was expected",
    ),
    "NaN in logits": (
        table(logits=fixed_lists(np.array([[0, 1], [2, np.nan], [0, 1], [2, 3]], np.float32))),
        {},
        "row 1: logits[1]: is NaN",
    ),
    "a null in logits": (
        table(logits=pa.array([[1.0, 2.0], None, [1.0, 2.0], [1.0, 2.0]])), {}, "row 1: logits[0]: is NaN",
    ),
    "labels of another shape": (table(labels=[[0], [1], [0], [1]]), {}, "rows 0 to 3: labels:"),
    "an output that there is not": (table(), {"include": ("gradient",)}, "--include holds 'gradient'"),
    "a class axis that is the rows'": (
        table(), {"parameters": {"axis": 0, "loss_type": "softmax_cross_entropy"}, "labels": "logits"},
        "one row for each sample was expected, and the classes on a later axis",
    ),
}
# fmt: on


@pytest.mark.parametrize("wrong", WRONG_TABLES)
def test_what_is_wrong_with_a_table_is_said_with_its_place(wrong: str, tmp_path: Path) -> None:
    content, options, expected = WRONG_TABLES[wrong]
    path = write_parquet(content, tmp_path / "d.parquet", rows_per_group=10)
    message = said(path, tmp_path, **options)
    assert expected in message
    assert "--include" in message or str(path) in message
    assert not (tmp_path / "out/summary.json").exists()


def test_rows_that_become_ragged_at_a_later_row_group_are_found(tmp_path: Path) -> None:
    content = table(logits=[[1.0, 2.0], [1.0, 2.0], [1.0], [1.0]])
    write_parquet(content, tmp_path / "d.parquet", rows_per_group=2)
    assert "row 2: the list has length" in said(tmp_path / "d.parquet", tmp_path)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def npy(folder: Path, name: str, array: Any) -> Path:
    np.save(folder / name, array, allow_pickle=True)
    return folder / name


def truncated(path: Path, count: int = 10) -> Path:
    path.write_bytes(path.read_bytes()[:-count])
    return path


X = np.zeros((4, 2), np.float32)

WRONG_FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "there is none": (lambda folder: folder / "d.parquet", "there is no file"),
    "a glob that matches nothing": (lambda folder: folder / "*.npy", "there is no file"),
    "a folder without data": (lambda folder: folder, "is a folder without a file that ends in .parquet"),
    "an unknown ending": (lambda folder: write(folder / "d.txt", b"1"), "has none of the endings that are known"),
    "no Parquet": (lambda folder: write(folder / "d.parquet", b"x" * 100), "is no sound Parquet file"),
    "no Arrow": (lambda folder: write(folder / "d.arrow", b"x" * 100), "is no sound Arrow file"),
    "no npy": (lambda folder: write(folder / "d.npy", b"x" * 100), "is no sound .npy file"),
    "no npz": (lambda folder: write(folder / "d.npz", b"x" * 100), "is no sound .npz file"),
    "no safetensors": (
        lambda folder: write(folder / "d.safetensors", b"\x02" + b"\0" * 7 + b"[]"), "is no sound .safetensors file",
    ),
    "a safetensors file that begins otherwise": (
        lambda folder: write(folder / "d.safetensors", b"x" * 100), "its header has",
    ),
    "an empty CSV": (lambda folder: write(folder / "d.csv", b""), "is no sound CSV file"),
    "a CSV with a short row": (lambda folder: write(folder / "d.csv", b"logits,labels\n1,0\n1\n"), "d.csv"),
    "a CSV with text among its numbers": (
        lambda folder: write(folder / "d.csv", b"logits,labels\n1,0\nx,1\n"), "can't be read: In CSV column #",
    ),
    "an npy that was cut off": (lambda folder: truncated(npy(folder, "d.npy", X)), "the file was cut off"),
    "objects": (lambda folder: npy(folder, "d.npy", np.array([{}, {}])), "has dtype object; numbers were expected"),
    "a dtype without meaning": (lambda folder: npy(folder, "d.npy", np.zeros(4, "V2")), "bfloat16 can be kept in"),
    "text": (lambda folder: npy(folder, "d.npy", np.array(["a"])), "has dtype <U1; numbers were expected"),
    "a single number": (lambda folder: npy(folder, "d.npy", np.array(1.0)), "is a single number"),
    "one array for two fields": (lambda folder: npy(folder, "d.npy", X), "name the file of labels with --labels-data"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_FILES)
def test_what_is_wrong_with_a_file_is_said_with_its_name(wrong: str, tmp_path: Path) -> None:
    make, expected = WRONG_FILES[wrong]
    folder = tmp_path / "in"
    folder.mkdir()
    path = make(folder)
    alone = {"labels_data": str(path)} if "one array" not in wrong and path.suffix == ".npy" else {}
    message = said(path, tmp_path, **alone)
    assert expected in message
    assert str(path) in message


def test_arrays_of_different_lengths_in_one_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", logits=X, labels=np.zeros(3, int))
    assert "arrays have different numbers of rows: logits 4, labels 3" in said(tmp_path / "d.npz", tmp_path)


def test_a_compressed_archive_in_fortran_order_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "d.npz", logits=np.asfortranarray(X), labels=np.zeros(4, int))
    assert "is compressed in Fortran order" in said(tmp_path / "d.npz", tmp_path)


class TestTwoFiles:
    @pytest.mark.parametrize("rows", [3, 5])
    def test_of_different_lengths(self, rows: int, tmp_path: Path) -> None:
        npy(tmp_path, "x.npy", X)
        npy(tmp_path, "y.npy", np.zeros(rows, int))
        message = said(tmp_path / "x.npy", tmp_path, labels_data=str(tmp_path / "y.npy"))
        assert f"x.npy has 4 rows, but {tmp_path}/y.npy has {rows}" in message

    @pytest.mark.parametrize(("rows", "expected"), [(3, "y.csv ends at row 3, but"), (5, "x.npy ends at row 4, but")])
    def test_of_different_lengths_that_are_known_only_at_their_end(
        self, rows: int, expected: str, tmp_path: Path
    ) -> None:
        npy(tmp_path, "x.npy", X)
        write(tmp_path / "y.csv", b"labels\n" + b"0\n" * rows)
        assert expected in said(tmp_path / "x.npy", tmp_path, labels_data=str(tmp_path / "y.csv"))

    def test_of_different_number(self, tmp_path: Path) -> None:
        npy(tmp_path, "x1.npy", X)
        npy(tmp_path, "x2.npy", X)
        message = said(tmp_path / "x*.npy", tmp_path, labels_data=str(tmp_path / "x1.npy"))
        assert "x*.npy has 2 files, but" in message


@pytest.mark.parametrize("name", ["d.parquet", "d.csv", "d.npy"])
def test_a_data_set_without_rows(name: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {}
    if name == "d.parquet":
        pq.write_table(table().slice(0, 0), tmp_path / name)
    elif name == "d.csv":
        write(tmp_path / name, b"logits,labels\n")
    else:
        npy(tmp_path, name, np.zeros((0, 2), np.float32))
        options = {"labels_data": str(npy(tmp_path, "y.npy", np.zeros(0, int)))}
    assert "has no row" in said(tmp_path / name, tmp_path, **options)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    npy(tmp_path, "x.npy", X).chmod(0)
    assert "can't be read: Permission denied" in said(tmp_path / "x.npy", tmp_path)


def test_labels_that_call_for_another_loss_further_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "BLOCK_BYTES", 8 * 100)
    labels = np.zeros((300, 2), np.float32)
    labels[:, 0] = 1
    labels[250:, 1] = 1
    content = pa.table({"logits": fixed_lists(np.zeros((300, 2), np.float32)), "labels": fixed_lists(labels)})
    write_parquet(content, tmp_path / "d.parquet")
    assert "rows 200 to 299: the labels call for sigmoid_cross_entropy" in said(tmp_path / "d.parquet", tmp_path)
    assert score(str(tmp_path / "d.parquet"), tmp_path / "named", parameters={"loss_type": "sigmoid_cross_entropy"})


def test_a_row_that_can_not_be_computed_further_on_is_named(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "BLOCK_BYTES", 20 * 100)
    logits = data.logits.copy()
    logits[777, 3] = np.nan
    path = write_parquet(table_of(Data(logits, data.labels)), tmp_path / "d.parquet")
    assert said(path, tmp_path).startswith(f"{path}, row 777: logits[3]: is NaN")


class TestBadRows:
    @pytest.fixture
    def path(self, data: Data, tmp_path: Path) -> Path:
        logits, labels = data.logits.copy(), data.labels.copy()
        logits[3, 2], labels[700], logits[701] = np.nan, 9, -np.inf
        return write_parquet(table_of(Data(logits, labels)), tmp_path / "d.parquet")

    def test_the_first_stops_the_run(self, path: Path, tmp_path: Path) -> None:
        line = refusal(path, "--out", tmp_path / "out")
        assert line.startswith(f"{path}, row ")
        assert not [*(tmp_path / "out").rglob("*.parquet")]

    def test_set_aside_they_are_null_listed_and_counted(self, path: Path, data: Data, tmp_path: Path) -> None:
        run = xent("score", path, "--out", tmp_path / "out", "--bad-rows", "skip", "--include", "entropy", "--id", "id")
        assert (run.returncode, run.stderr) == (3, "")
        assert "set aside       3 rows" in run.stdout
        rows = rows_in(tmp_path / "out")
        good = np.delete(np.arange(len(data.labels)), [3, 700, 701])
        losses = np.array(rows["loss"].to_pylist(), np.float64)
        assert np.flatnonzero(np.isnan(losses)).tolist() == [3, 700, 701]
        expected = evaluate(data.logits[good], data.labels[good], include=["summary", "entropy"])
        np.testing.assert_allclose(losses[good], expected.per_sample, rtol=1e-6)
        assert rows["entropy"][3].as_py() is None
        assert rows["id"][3].as_py() == "r3"
        summary = score(str(path), tmp_path / "out", skip_bad=True, include=("entropy",), id="id")
        assert summary["summary"]["q50"] == pytest.approx(expected.summary.q50)  # type: ignore[union-attr]
        assert summary["reduced"]["denominator"] == len(good)
        assert [(row["row"], row["code"]) for row in summary["set_aside"]["first"]] == [
            (3, "nan"), (700, "label_out_of_range"), (701, "masked_row"),
        ]  # fmt: skip

    def test_a_data_set_of_nothing_else_is_refused(self, tmp_path: Path) -> None:
        path = write_parquet(table(labels=[2, 3, 4, 5]), tmp_path / "d.parquet")
        assert said(path, tmp_path, skip_bad=True) == f"{path} has no row that can be computed"

    def test_too_many_stop_the_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from xent_score import streams

        monkeypatch.setattr(streams, "MAX_SET_ASIDE", 1)
        path = write_parquet(table(labels=[0, 3, 4, 1]), tmp_path / "d.parquet")
        assert "more than 1 rows of one part can't be computed, the last of them row 2" in said(
            path, tmp_path, skip_bad=True
        )


def test_a_full_disk_is_named(data: Data, tmp_path: Path) -> None:
    """A limit on the size of files fails as a full disk does, when the file is written."""
    path = write_parquet(table_of(data), tmp_path / "d.parquet")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    try:
        message = said(path, tmp_path, id="id")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert message.startswith(f"{tmp_path}/out/rows/000000-000000.parquet can't be written: ")
    assert not [*(tmp_path / "out/rows").iterdir()]


def test_a_broken_page_of_a_parquet_file_is_named(data: Data, tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pq.write_table(table_of(data), path, compression="zstd")
    place = pq.ParquetFile(path).metadata.row_group(0).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[place : place + 100] = b"\xff" * 100
    path.write_bytes(content)
    assert said(path, tmp_path).startswith(f"{path} can't be read: ")


def test_a_file_that_vanishes_while_it_is_read(tmp_path: Path) -> None:
    file = open_file(npy(tmp_path, "x.npy", X))
    blocks = file.blocks(file.columns({"logits": "logits"}), 0, None, 2)
    assert next(blocks).rows == 2
    file.path.unlink()
    with pytest.raises(DataError, match=r"x\.npy can't be read: No such file or directory"):
        next(blocks)


def test_a_file_that_vanishes_during_the_run(data: Data, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", data.logits)
    np.save(tmp_path / "y.npy", data.labels)

    def vanish(_: object) -> None:
        (tmp_path / "x.npy").unlink(missing_ok=True)

    message = said(tmp_path / "x.npy", tmp_path, labels_data=str(tmp_path / "y.npy"), show=vanish)
    assert message == f"{tmp_path}/x.npy can't be read: No such file or directory"


def test_an_output_that_can_not_be_made_is_named(data: Data, tmp_path: Path) -> None:
    path = write_parquet(table_of(data), tmp_path / "d.parquet")
    (tmp_path / "out").write_text("a file")
    assert said(path, tmp_path) == f"{tmp_path}/out can't be written: File exists"
