"""The rows that a run writes: one for each sample, as an Arrow table."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xent_score.arrow import from_arrow, text, to_arrow
from xent_score.files import Block

LOSS = "loss"
SUFFIXES = ("parquet", "arrow")


def key_columns(path: Path, block: Block, sample_shape: tuple[int, ...], *, many_files: bool) -> dict[str, Any]:
    """The columns that say which sample a row is: its id, or its file and row; and its position in a sequence.

    sample_shape: how many samples a row of the file has, [] for one.
    """
    columns: dict[str, Any] = {}
    each = int(np.prod(sample_shape))
    if block.ids is not None:
        columns["id"] = block.ids if each == 1 else block.ids.take(to_arrow(np.repeat(np.arange(block.rows), each)))
    else:
        if many_files:
            codes = to_arrow(np.zeros(block.rows * each, np.int32))
            columns["file"] = pa.DictionaryArray.from_arrays(codes, text(str(path)))
        columns["row"] = to_arrow(np.repeat(np.arange(block.first, block.first + block.rows), each))
    if sample_shape:
        columns["position"] = to_arrow(np.tile(np.arange(each), block.rows))
    return columns


def null_rows(columns: dict[str, Any], schema: pa.Schema, rows: int) -> pa.Table:
    """Rows that can't be computed: only their key is known. schema: of the others."""
    return pa.table({field.name: columns.get(field.name, pa.nulls(rows, field.type)) for field in schema})


def value_column(values: NDArray[Any], samples: int) -> pa.Array:
    """An array of one value for each sample as a column; of several, as lists of one length."""
    values = np.ascontiguousarray(values)
    if values.size == samples:
        return to_arrow(values.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(to_arrow(values.reshape(-1)), values.size // samples)


def write_rows(path: Path, table: pa.Table, suffix: str) -> None:
    """Raises OSError."""
    if suffix == "arrow":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        return
    numbers = [name for name in ("row", "position") if name in table.column_names]
    others = [name for name in ("id", "file") if name in table.column_names]
    pq.write_table(
        table,
        path,
        # The bits of losses hold too little that repeats: to compress them costs more time than to write them.
        compression=dict.fromkeys(others, "zstd") or "none",
        use_dictionary=others,
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
    )


def read_column(path: Path, name: str) -> NDArray[Any]:
    """A column of a part, as it was written, without rows that can't be computed."""
    if path.suffix == ".arrow":
        with pa.memory_map(str(path)) as source:
            column = pa.ipc.open_file(source).read_all().column(name)
    else:
        column = pq.ParquetFile(path).read([name], use_threads=False).column(name)
    # To drop nulls imports all of PyArrow's compute functions, a third of a second.
    known = column.drop_null() if column.null_count else column
    return from_arrow(known.combine_chunks())
