"""The files of a data set: which there are, of which format, and reading fields of their rows block by block."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xent_score.arrays import StoredArray, check_array, read_npy, read_npz, read_safetensors
from xent_score.arrow import to_arrow
from xent_score.columns import resolve, to_numpy
from xent_score.errors import DataError, os_failure
from xent_score.tables import StoredTable, read_csv, read_ipc, read_parquet

SUFFIXES = {
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "ipc", ".feather": "ipc", ".ipc": "ipc", ".arrows": "ipc",
    ".npy": "npy", ".npz": "npz", ".safetensors": "safetensors", ".csv": "csv", ".tsv": "csv", ".csv.gz": "csv",
    ".tsv.gz": "csv",
}  # fmt: skip
TABLES = {"parquet": read_parquet, "ipc": read_ipc, "csv": read_csv}
ARRAYS = {"npy": read_npy, "npz": read_npz, "safetensors": read_safetensors}

Columns = Mapping[str, tuple[str, ...]]
"""The columns of each field: logits, labels, weights, id."""


class Block(NamedTuple):
    """Rows of a file that are computed at once.

    first   the number of the first one in its file
    fields  logits, labels and weights as arrays
    ids     the id of each row, as its column has it
    """

    first: int
    rows: int
    fields: dict[str, NDArray[Any]]
    ids: pa.ChunkedArray | None = None


class DataFile(ABC):
    """One file. `rows` is None where nobody knows before they are read; `starts` are rows at which reading can begin
    without reading what is before, None where it can at every row.
    """

    path: Path
    names: list[str]
    rows: int | None
    starts: list[int] | None

    @abstractmethod
    def row_bytes(self, columns: tuple[str, ...]) -> int | None:
        """How much memory a row of these columns takes; None where that is not known before it is read."""

    @abstractmethod
    def blocks(self, columns: Columns, start: int, stop: int | None, size: int) -> Iterator[Block]:
        """The rows in blocks of this size, the last excepted. Raises DataError."""

    def columns(self, wanted: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """The columns of each field that is wanted, by what the options say. Raises DataError."""
        return {
            field: resolve(name, self.names, f"--{field.replace('_', '-')}", self.path)
            for field, name in wanted.items()
        }


class TableFile(DataFile):
    def __init__(self, table: StoredTable, *, is_mapped: bool) -> None:
        self.table = table
        self.path, self.names, self.rows = table.path, table.columns, table.rows
        # Of Arrow files, what is not wanted is only mapped.
        self.starts = None if is_mapped else table.starts

    def row_bytes(self, columns: tuple[str, ...]) -> int | None:
        sample = next(self.table.stream(columns, columns, 0, None, 1), None)
        if sample is None:
            return None
        array = to_numpy(sample, columns, self.path, 0)
        return array.nbytes

    def blocks(self, columns: Columns, start: int, stop: int | None, size: int) -> Iterator[Block]:
        names = [*dict.fromkeys(name for group in columns.values() for name in group)]
        numbers = [name for field, group in columns.items() if field != "id" for name in group]
        first = start
        for table in self.table.stream(names, numbers, start, stop, size):
            fields = {
                field: to_numpy(table, group, self.path, first) for field, group in columns.items() if field != "id"
            }
            ids = table.column(columns["id"][0]) if "id" in columns else None
            yield Block(first, len(table), fields, ids)
            first += len(table)


class ArrayFile(DataFile):
    def __init__(self, path: Path, arrays: dict[str, StoredArray]) -> None:
        self.path, self.arrays = path, arrays
        self.names = [*arrays]
        self.rows = None
        self.starts = None

    def columns(self, wanted: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        if len(self.names) == len(wanted) == 1:
            # A file with one array needs no name for it, and a .npy file has none.
            found: dict[str, tuple[str, ...]] = dict.fromkeys(wanted, (self.names[0],))
        elif self.names == [""]:
            raise DataError(
                f"{self.path} holds one array, but {' and '.join(wanted)} are wanted from it; name the file of labels "
                "with --labels-data"
            )
        else:
            found = super().columns(wanted)
        lengths: dict[str, int] = {}
        for group in found.values():
            for name in group:
                array = check_array(name, self.arrays[name])
                lengths[name] = array.shape[0]
                if array.offset is None:
                    self.starts = [0]
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise DataError(f"{self.path}: arrays have different numbers of rows: {shown}")
        self.rows = next(iter(lengths.values()))
        return found

    def row_bytes(self, columns: tuple[str, ...]) -> int | None:
        return sum(self.arrays[name].dtype.itemsize * int(np.prod(self.arrays[name].shape[1:])) for name in columns)

    def blocks(self, columns: Columns, start: int, stop: int | None, size: int) -> Iterator[Block]:
        assert self.rows is not None  # noqa: S101  `columns` was called to know them
        stop = self.rows if stop is None else min(stop, self.rows)
        streams = {
            name: self.arrays[name].stream(start, stop, size)
            for name in dict.fromkeys(name for group in columns.values() for name in group)
        }
        try:
            for first, *arrays in zip(range(start, stop, size), *streams.values(), strict=True):
                parts = dict(zip(streams, arrays, strict=True))
                fields = {
                    field: parts[group[0]] if len(group) == 1 else np.stack([parts[name] for name in group], axis=1)
                    for field, group in columns.items()
                    if field != "id"
                }
                ids = pa.chunked_array([to_arrow(parts[columns["id"][0]])]) if "id" in columns else None
                yield Block(first, min(size, stop - first), fields, ids)
        except OSError as error:
            raise os_failure(self.path, "read", error) from None


def open_file(path: Path) -> DataFile:
    """Raises DataError."""
    kind = _format_of(path)
    try:
        if kind in TABLES:
            return TableFile(TABLES[kind](path), is_mapped=kind == "ipc")
        return ArrayFile(path, ARRAYS[kind](path))
    except OSError as error:
        raise os_failure(path, "read", error) from None


def _format_of(path: Path) -> str:
    name = path.name.lower()
    for suffix, kind in SUFFIXES.items():
        if name.endswith(suffix):
            return kind
    raise DataError(f"{path} has none of the endings that are known: {', '.join(SUFFIXES)}")


def find_files(data: str) -> list[Path]:
    """The files that DATA names: a file, a folder with all in it, or a glob; sorted by name. Raises DataError."""
    path = Path(data)
    if path.is_dir():
        found = [
            each
            for each in path.rglob("*")
            if each.is_file()
            and each.name.lower().endswith(tuple(SUFFIXES))
            # As Spark and Arrow have it: what begins so is no part of a data set.
            and not any(part.startswith((".", "_")) for part in each.relative_to(path).parts)
        ]
        if not found:
            raise DataError(f"{data} is a folder without a file that ends in {', '.join(SUFFIXES)}")
        return sorted(found)
    if path.exists():
        return [path]
    # Path.glob takes no absolute patterns.
    matched = sorted(Path(each) for each in glob(data, recursive=True) if Path(each).is_file())  # noqa: PTH207
    if not matched:
        raise DataError(f"there is no file {data}")
    return matched
