"""Files of tables: Parquet, Arrow IPC and CSV, read batch by batch."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from xent_score.errors import DataError, os_failure

PARQUET_BUFFER_BYTES = 4 << 20
CSV_BLOCK_BYTES = 4 << 20


class StoredTable(NamedTuple):
    """A table in a file.

    columns  their names
    starts   the rows at which reading can begin without reading what is before; the first is 0
    rows     how many there are; None: nobody knows before they are read
    batches  reads columns, of which some are known to be numbers, from the start of this number on, so many rows at
             once if it can
    """

    path: Path
    columns: list[str]
    starts: list[int]
    rows: int | None
    batches: Callable[[Sequence[str], Sequence[str], int, int], Iterator[pa.RecordBatch]]

    def stream(
        self, columns: Sequence[str], numbers: Sequence[str], start: int, stop: int | None, size: int
    ) -> Iterator[pa.Table]:
        """The rows in blocks of exactly this size, the last excepted. Raises DataError."""
        number = bisect_right(self.starts, start) - 1
        try:
            yield from _exactly(
                self.batches(columns, numbers, number, size), start - self.starts[number], start, stop, size
            )
        except pa.ArrowException as error:
            raise DataError(f"{self.path} can't be read: {_one_line(error)}") from None
        except OSError as error:
            raise os_failure(self.path, "read", error) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]


def _exactly(
    batches: Iterable[pa.RecordBatch], skip: int, start: int, stop: int | None, size: int
) -> Iterator[pa.Table]:
    """The rows after the first `skip` ones, joined and cut to tables of `size` rows."""
    left = None if stop is None else stop - start
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if skip:
            dropped = min(skip, len(batch))
            batch = batch.slice(dropped)  # noqa: PLW2901  what is left of it
            skip -= dropped
        if left is not None:
            batch = batch.slice(0, left)  # noqa: PLW2901
            left -= len(batch)
        while len(batch):
            taken = batch.slice(0, size - count)
            held.append(taken)
            count += len(taken)
            batch = batch.slice(len(taken))  # noqa: PLW2901
            if count == size:
                yield pa.Table.from_batches(held)
                held, count = [], 0
        if left == 0:
            break
    if held:
        yield pa.Table.from_batches(held)


def read_parquet(path: Path) -> StoredTable:
    """Raises DataError, OSError."""
    try:
        # Without a buffer, a column of a row group would be read whole, which may be all of the file.
        file = pq.ParquetFile(path, buffer_size=PARQUET_BUFFER_BYTES, pre_buffer=False)
    except pa.ArrowException as error:
        raise DataError(f"{path} is no sound Parquet file: {_one_line(error)}") from None
    starts, rows = [], 0
    for number in range(file.num_row_groups):
        starts.append(rows)
        rows += file.metadata.row_group(number).num_rows

    def batches(columns: Sequence[str], _numbers: Sequence[str], number: int, size: int) -> Iterator[pa.RecordBatch]:
        groups = range(number, file.num_row_groups)
        found: Iterator[pa.RecordBatch] = file.iter_batches(
            min(size, MAX_BATCH_ROWS), row_groups=[*groups], columns=[*columns], use_threads=False
        )
        return found

    return StoredTable(path, file.schema_arrow.names, starts or [0], rows, batches)


MAX_BATCH_ROWS = 1 << 16


def read_ipc(path: Path) -> StoredTable:
    """The file format, and the format of streams, as Hugging Face's datasets are stored. Raises DataError, OSError."""
    try:
        source = pa.memory_map(str(path))
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        schema = pa.ipc.open_file(source).schema if is_file else pa.ipc.open_stream(source).schema
        lengths = [len(batch) for batch in _ipc_batches(path, _cheapest(schema), is_file=is_file)]
    except pa.ArrowException as error:
        raise DataError(f"{path} is no sound Arrow file: {_one_line(error)}") from None
    starts = [sum(lengths[:0])]
    for length in lengths[:-1]:
        starts.append(starts[-1] + length)

    def batches(columns: Sequence[str], _numbers: Sequence[str], number: int, _size: int) -> Iterator[pa.RecordBatch]:
        fields = [schema.get_field_index(name) for name in columns]
        return (batch.select([*columns]) for batch in _ipc_batches(path, fields, is_file=is_file, first=number))

    return StoredTable(path, schema.names, starts, sum(lengths), batches)


def _cheapest(schema: pa.Schema) -> list[int]:
    """A column to count rows by, as compressed ones are decompressed for it."""
    flat = [index for index, field in enumerate(schema) if not pa.types.is_nested(field.type)]
    return flat[:1]


def _ipc_batches(path: Path, fields: list[int], *, is_file: bool, first: int = 0) -> Iterator[pa.RecordBatch]:
    """Batches from a number on. What is not compressed is only mapped into memory."""
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    with pa.memory_map(str(path)) as source:
        if is_file:
            file = pa.ipc.open_file(source, options=options)
            for number in range(first, file.num_record_batches):
                yield file.get_batch(number)
        else:
            for number, batch in enumerate(pa.ipc.open_stream(source, options=options)):
                if number >= first:
                    yield batch


def read_csv(path: Path) -> StoredTable:
    """A header with the names of columns is expected. Raises DataError, OSError."""
    parse = pa.csv.ParseOptions(delimiter="\t" if ".tsv" in path.suffixes else ",")

    def open_csv(
        columns: list[str] | None = None, types: dict[str, pa.DataType] | None = None
    ) -> pa.csv.CSVStreamingReader:
        read = pa.csv.ReadOptions(block_size=CSV_BLOCK_BYTES)
        convert = pa.csv.ConvertOptions(include_columns=columns, column_types=types)
        return pa.csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert)

    def batches(columns: Sequence[str], numbers: Sequence[str], _: int, _size: int) -> Iterator[pa.RecordBatch]:
        # The reader goes by the first block, in which numbers may look whole that are not further on.
        yield from open_csv([*columns], dict.fromkeys(numbers, pa.float64()))

    try:
        with open_csv() as reader:
            names = reader.schema.names
    except pa.ArrowException as error:
        raise DataError(f"{path} is no sound CSV file: {_one_line(error)}") from None
    return StoredTable(path, names, [0], None, batches)
