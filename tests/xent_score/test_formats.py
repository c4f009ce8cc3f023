"""The same data in every format and layout gives the same losses and the same summary."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pytest
from safetensors.numpy import save_file

from tests.xent_score.conftest import CLASSES, ROWS, Data, fixed_lists, lists, rows_in, table_of, write_parquet
from xent_core import evaluate
from xent_score import plan
from xent_score.scoring import score


def write_ipc(table: pa.Table, path: Path, *, stream: bool, compression: str | None = None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as sink, new(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=170)


def by_class(data: Data) -> pa.Table:
    columns = {f"logit_{index}": data.logits[:, index] for index in range(CLASSES)}
    return pa.table(columns | {"labels": data.labels})


def save_npz(path: Path, data: Data, *, compressed: bool) -> None:
    (np.savez_compressed if compressed else np.savez)(path, logits=data.logits, labels=data.labels, other=np.array("x"))


def npy_pair(folder: Path, data: Data, order: str = "C") -> dict[str, Any]:
    np.save(folder / "labels.npy", data.labels)
    np.save(folder / "data.npy", np.asarray(data.logits, order=order))  # type: ignore[call-overload]
    return {"labels_data": str(folder / "labels.npy")}


def tensor_column(data: Data) -> pa.Table:
    kind = pa.fixed_shape_tensor(pa.float32(), [CLASSES])
    storage = fixed_lists(data.logits).cast(kind.storage_type)
    return pa.table({"logits": pa.ExtensionArray.from_storage(kind, storage), "labels": data.labels})


LAYOUTS: dict[str, tuple[str, Callable[[Path, Data], Any], dict[str, Any]]] = {
    "parquet, fixed-size lists": ("d.parquet", lambda path, data: write_parquet(table_of(data), path), {}),
    "parquet, lists": ("d.pq", lambda path, data: write_parquet(table_of(data, lists), path), {}),
    "parquet, large lists": (
        "d.parquet",
        lambda path, data: write_parquet(
            table_of(data, lambda each: lists(each).cast(pa.large_list(pa.float32()))), path
        ),
        {},
    ),
    "parquet, tensors": ("d.parquet", lambda path, data: write_parquet(tensor_column(data), path), {}),
    "parquet, a column for each class": (
        "d.parquet",
        lambda path, data: write_parquet(by_class(data), path),
        {"logits": "logit_*"},
    ),
    "parquet, columns by name": (
        "d.parquet",
        lambda path, data: write_parquet(by_class(data), path),
        {"logits": "logit_0,logit_1,logit_2,logit_3,logit_4"},
    ),
    "arrow file": ("d.arrow", lambda path, data: write_ipc(table_of(data), path, stream=False), {}),
    "arrow file, compressed": (
        "d.feather",
        lambda path, data: write_ipc(table_of(data), path, stream=False, compression="zstd"),
        {},
    ),
    "arrow stream": ("d.arrow", lambda path, data: write_ipc(table_of(data), path, stream=True), {}),
    "npz": ("d.npz", lambda path, data: save_npz(path, data, compressed=False), {}),
    "npz, compressed": ("d.npz", lambda path, data: save_npz(path, data, compressed=True), {}),
    "safetensors": (
        "d.safetensors",
        lambda path, data: save_file({"logits": data.logits, "labels": data.labels}, path),
        {},
    ),
}


@pytest.fixture(scope="session")
def expected(data: Data) -> Any:
    return evaluate(data.logits, data.labels, include=["summary", "calibration"])


def check(out: Path, summary: dict[str, Any], expected: Any) -> None:
    rows = rows_in(out)
    np.testing.assert_array_equal(
        rows["loss"].to_numpy(), expected.per_sample.astype(rows["loss"].type.to_pandas_dtype())
    )
    assert rows["row"].to_pylist() == [*range(ROWS)]
    assert summary["rows"] == ROWS
    assert summary["reduced"]["value"] == pytest.approx(expected.reduced.value, rel=1e-14)
    for name in ("mean", "standard_error", "accuracy", "q50", "q90", "q99", "mean_entropy", "prior"):
        assert summary["summary"][name] == pytest.approx(getattr(expected.summary, name), rel=1e-12), name
    assert summary["summary"]["per_class"]["count"] == expected.summary.per_class.count.tolist()
    assert summary["calibration"]["count"] == expected.calibration.count.tolist()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_format_and_layout_gives_the_same(layout: str, data: Data, expected: Any, tmp_path: Path) -> None:
    name, write, options = LAYOUTS[layout]
    write(tmp_path / name, data)
    check(tmp_path / "out", score(str(tmp_path / name), tmp_path / "out", **options), expected)


def test_an_arrow_stream_is_read_from_its_middle(
    data: Data, expected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "BLOCK_BYTES", 20 * 100)
    monkeypatch.setattr(plan, "PART_BYTES", 20 * 200)
    monkeypatch.setattr(plan, "PARTS", 1)
    write_ipc(table_of(data), tmp_path / "d.arrows", stream=True)
    score(str(tmp_path / "d.arrows"), tmp_path / "out")
    assert len([*(tmp_path / "out/rows").iterdir()]) == ROWS // 200
    np.testing.assert_array_equal(rows_in(tmp_path / "out")["loss"].to_numpy(), expected.per_sample)


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_files_in_both_orders(order: str, data: Data, expected: Any, tmp_path: Path) -> None:
    options = npy_pair(tmp_path, data, order)
    check(tmp_path / "out", score(str(tmp_path / "data.npy"), tmp_path / "out", **options), expected)


@pytest.mark.parametrize(("name", "delimiter"), [("d.csv", ","), ("d.tsv", "\t"), ("d.csv.gz", ",")])
def test_csv_is_computed_in_float64(name: str, delimiter: str, data: Data, tmp_path: Path) -> None:
    exact = Data(data.logits.astype(np.float64), data.labels)
    options = pa.csv.WriteOptions(delimiter=delimiter)
    with pa.output_stream(str(tmp_path / name)) as sink:
        pa.csv.write_csv(by_class(exact), sink, options)
    summary = score(str(tmp_path / name), tmp_path / "out", logits="logit_*")
    check(tmp_path / "out", summary, evaluate(*exact, include=["summary", "calibration"]))
    assert rows_in(tmp_path / "out")["loss"].type == pa.float64()


def test_whole_numbers_in_a_csv_may_have_fractions_further_on(tmp_path: Path) -> None:
    lines = ["a,b,labels", *["1,2,0"] * 700_000, "0.5,-1.25,1"]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    summary = score(str(tmp_path / "d.csv"), tmp_path / "out", logits="a,b")
    assert summary["rows"] == 700_001
    assert rows_in(tmp_path / "out")["loss"][-1].as_py() == evaluate([[0.5, -1.25]], [1]).per_sample[0]


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16"])
def test_other_dtypes_are_computed_as_the_service_does(dtype: str, data: Data, tmp_path: Path) -> None:
    import ml_dtypes

    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype)
    logits = data.logits.astype(kind)
    save_file({"logits": logits, "labels": data.labels}, tmp_path / "d.safetensors")
    score(str(tmp_path / "d.safetensors"), tmp_path / "out")
    losses = rows_in(tmp_path / "out")["loss"].to_numpy()
    np.testing.assert_array_equal(losses, evaluate(logits, data.labels).per_sample)


def test_rows_as_arrow_files(data: Data, expected: Any, tmp_path: Path) -> None:
    write_parquet(table_of(data), tmp_path / "d.parquet")
    summary = score(str(tmp_path / "d.parquet"), tmp_path / "out", suffix="arrow", id="id")
    (path,) = (tmp_path / "out/rows").iterdir()
    with pa.memory_map(str(path)) as source:
        rows = pa.ipc.open_file(source).read_all()
        np.testing.assert_array_equal(rows["loss"].to_numpy(), expected.per_sample)
        assert rows["id"].to_pylist() == [f"r{row}" for row in range(ROWS)]
    assert summary["summary"]["q50"] == pytest.approx(expected.summary.q50)


class TestManyFiles:
    @pytest.fixture
    def folder(self, data: Data, tmp_path: Path) -> Path:
        folder = tmp_path / "shards"
        (folder / "later").mkdir(parents=True)
        (folder / "_temporary").mkdir()
        write_parquet(table_of(Data(data.logits[:700], data.labels[:700])), folder / "a.parquet")
        write_parquet(table_of(Data(data.logits[700:], data.labels[700:])), folder / "later/b.parquet")
        (folder / "_temporary/c.parquet").write_text("half written")
        (folder / "README.md").write_text("not data")
        return folder

    @pytest.mark.parametrize("pattern", ["", "/**/[ab]*.parquet"])
    def test_a_folder_or_a_glob_is_read_in_the_order_of_names(
        self, pattern: str, folder: Path, expected: Any, tmp_path: Path
    ) -> None:
        summary = score(f"{folder}{pattern}", tmp_path / "out")
        rows = rows_in(tmp_path / "out")
        np.testing.assert_array_equal(rows["loss"].to_numpy(), expected.per_sample)
        assert rows["file"].to_pylist() == [f"{folder}/a.parquet"] * 700 + [f"{folder}/later/b.parquet"] * 300
        assert rows["row"].to_pylist() == [*range(700), *range(300)]
        assert (summary["files"], summary["rows"]) == (2, ROWS)

    def test_labels_may_be_in_files_of_their_own_of_another_format(
        self, folder: Path, data: Data, expected: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "labels").mkdir()
        for name, part in (("a", slice(0, 700)), ("b", slice(700, None))):
            table = pa.table({"labels": data.labels[part], "id": np.arange(ROWS)[part]})
            pa.csv.write_csv(table, tmp_path / f"labels/{name}.csv")
        score(str(folder), tmp_path / "out", labels_data=str(tmp_path / "labels"), id="id")
        rows = rows_in(tmp_path / "out")
        np.testing.assert_array_equal(rows["loss"].to_numpy(), expected.per_sample)
        assert rows["id"].to_pylist() == [*range(ROWS)]


def test_the_processes_give_what_one_process_gives(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    logits = random.standard_normal((30_000, 700), np.float32)
    np.save(tmp_path / "logits.npy", logits)
    np.save(tmp_path / "labels.npy", random.integers(0, 700, 30_000))
    summaries = [
        score(str(tmp_path / "logits.npy"), tmp_path / f"out{count}", labels_data=str(tmp_path / "labels.npy"),
              processes=count)
        for count in (1, 2)
    ]  # fmt: skip
    assert summaries[0] == summaries[1]
    assert rows_in(tmp_path / "out1").equals(rows_in(tmp_path / "out2"))
