"""What a run has to do: its files, the columns of its fields, and the streams that its parts are in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from xent_score.errors import DataError
from xent_score.files import Block, Columns, DataFile, find_files, open_file

# A part is computed again as a whole if the run is interrupted in it. Blocks bound the memory: some copies of one.
PART_BYTES = 64 << 20
BLOCK_BYTES = 8 << 20
MAX_PART_ROWS = 1 << 22


class Stream(NamedTuple):
    """Rows of a file that are read one after the other, by one process. stop: None where the file's end is unknown."""

    file: int
    start: int
    stop: int | None


@dataclass(frozen=True)
class Source:
    """The data set: pairs of files whose rows belong together, and the columns of each field in both.

    files         with logits, and whatever else is in them
    label_files   with labels, where these have files of their own
    columns       for each file: its fields
    """

    files: list[Path]
    label_files: list[Path] | None
    wanted: Mapping[str, str | None]
    wanted_of_labels: Mapping[str, str | None] = field(default_factory=dict)

    def open(self, number: int) -> "Pair":
        """Raises DataError."""
        first = open_file(self.files[number])
        columns = first.columns(self.wanted)
        if self.label_files is None:
            return Pair(first, columns)
        second = open_file(self.label_files[number])
        pair = Pair(first, columns, second, second.columns(self.wanted_of_labels))
        if first.rows is not None and second.rows is not None and first.rows != second.rows:
            raise DataError(
                f"{first.path} has {first.rows} rows, but {second.path} has {second.rows}; rows of one sample were "
                "expected at the same place in both"
            )
        return pair


@dataclass(frozen=True)
class Pair:
    """A file, and the file of its labels if there is one."""

    file: DataFile
    columns: Columns
    labels: DataFile | None = None
    label_columns: Columns = field(default_factory=dict)

    @property
    def rows(self) -> int | None:
        return self.file.rows if self.file.rows is not None or self.labels is None else self.labels.rows

    def blocks(self, start: int, stop: int | None, size: int) -> Iterator[Block]:
        """Raises DataError."""
        blocks = self.file.blocks(self.columns, start, stop, size)
        if self.labels is None:
            yield from blocks
            return
        others = self.labels.blocks(self.label_columns, start, stop, size)
        end = start
        for block in blocks:
            other = next(others, None)
            if other is None or other.rows != block.rows:
                raise self._uneven(self.file, self.labels, end + (0 if other is None else other.rows), block, other)
            end += block.rows
            yield block._replace(fields=block.fields | other.fields, ids=block.ids if other.ids is None else other.ids)
        if next(others, None) is not None:
            raise DataError(f"{self.labels.path} has more rows than {self.file.path}, which has {end}")

    @staticmethod
    def _uneven(file: DataFile, labels: DataFile, end: int, block: Block, other: Block | None) -> DataError:
        if other is not None and other.rows > block.rows:
            return DataError(f"{labels.path} has more rows than {file.path}, which has {block.first + block.rows}")
        return DataError(f"{labels.path} ends at row {end}, but {file.path} has more rows")


def find_source(
    data: str, labels_data: str | None, wanted: Mapping[str, str | None], of_labels: tuple[str, ...]
) -> Source:
    """The files, paired in the order of their names. Raises DataError."""
    files = find_files(data)
    if labels_data is None:
        return Source(files, None, wanted)
    label_files = find_files(labels_data)
    if len(label_files) != len(files):
        raise DataError(f"{data} has {len(files)} files, but {labels_data} has {len(label_files)}; they go in pairs")
    return Source(
        files,
        label_files,
        {name: column for name, column in wanted.items() if name not in of_labels},
        {name: column for name, column in wanted.items() if name in of_labels},
    )


@dataclass(frozen=True)
class Plan:
    """Parts of a run have at most about `part_rows` rows; they are computed in blocks of `block_rows`."""

    source: Source
    streams: list[Stream]
    rows: list[int | None]
    part_rows: int
    block_rows: int

    def part_rows_of(self, stream: Stream) -> int:
        """Parts of about equal length, of whole blocks, so that blocks are the same wherever a run is resumed."""
        if stream.stop is None:
            return self.part_rows
        parts = -(-(stream.stop - stream.start) // self.part_rows)
        rows = -(-(stream.stop - stream.start) // parts)
        return -(-rows // self.block_rows) * self.block_rows

    def described(self) -> dict[str, Any]:
        """What has to be the same for a run to be resumed."""
        paths = [*self.source.files, *(self.source.label_files or ())]
        stats = [path.stat() for path in paths]
        return {
            "files": [
                {"path": str(path.resolve()), "bytes": stat.st_size, "modified": stat.st_mtime_ns}
                for path, stat in zip(paths, stats, strict=True)
            ],
            "columns": {**self.source.wanted, **self.source.wanted_of_labels},
            "part_rows": self.part_rows,
            "streams": [[*stream] for stream in self.streams],
        }


def make_plan(source: Source, row_fields: tuple[str, ...]) -> Plan:
    """Look at each file, and cut it. `row_fields` are those whose size decides how many rows a part has.

    Raises DataError.
    """
    pairs = [source.open(number) for number in range(len(source.files))]
    row_bytes = 0
    for pair in pairs:
        sizes = [pair.file.row_bytes(pair.columns[name]) for name in row_fields if name in pair.columns]
        row_bytes = max(row_bytes, sum(size or 0 for size in sizes))
    part_rows = max(1, min(MAX_PART_ROWS, PART_BYTES // max(row_bytes, 1)))
    block_rows = max(1, min(part_rows, BLOCK_BYTES // max(row_bytes, 1)))
    part_rows -= part_rows % block_rows
    streams = [
        Stream(number, start, stop) for number, pair in enumerate(pairs) for start, stop in _cut(pair, part_rows)
    ]
    return Plan(source, streams, [pair.rows for pair in pairs], part_rows, block_rows)


def _cut(pair: Pair, part_rows: int) -> Iterator[tuple[int, int | None]]:
    """Where reading begins anew: as often as a part is full, if the files can be read from there."""
    rows = pair.rows
    if rows is None or pair.file.rows is None or (pair.labels is not None and pair.labels.rows is None):
        # One of two files may turn out to be longer than the other.
        yield 0, None
        return
    if not rows:
        return
    starts = pair.file.starts
    if pair.labels is not None and pair.labels.starts is not None:
        # Both have to be readable from there without reading what is before.
        starts = pair.labels.starts if starts is None else sorted({*starts} & {*pair.labels.starts})
    if starts is None:
        starts = [*range(0, rows, part_rows)]
    begin = 0
    for start in [*starts[1:], rows]:
        if start == rows or start - begin >= part_rows // 2:
            yield begin, start
            begin = start
