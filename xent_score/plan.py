"""What a run has to do: its files, the columns of its fields, and the streams that its parts are in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from xent_score.errors import DataError
from xent_score.files import Block, Columns, DataFile, find_files, open_file

# A part is computed again as a whole if the run is interrupted in it: it is a block, or so small a share of the rows
# that it matters little. Blocks bound the memory: some copies of one.
PART_BYTES = 64 << 20
PARTS = 128
BLOCK_BYTES = 4 << 20
# Of rows that have many classes a block has more: what it costs for each class is shared by few rows.
WIDE_ROW_BYTES, WIDER = 2048, 3
MAX_PART_ROWS = 1 << 22


class Stream(NamedTuple):
    """Rows of a file that are read one after the other, by one process. stop: None where the file's end is unknown."""

    file: int
    start: int
    stop: int | None


@dataclass(frozen=True)
class Group:
    """Files, in the order of their names, and the columns that are wanted of each by the name of the field."""

    data: str
    files: list[Path]
    wanted: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """The data set. Files at the same place in all groups belong together, row by row."""

    groups: tuple[Group, ...]

    @property
    def files(self) -> list[Path]:
        """Those of the first group, after which rows are called."""
        return self.groups[0].files

    def open(self, number: int) -> "Aligned":
        """Raises DataError."""
        opened = [open_file(group.files[number]) for group in self.groups]
        columns = [file.columns(group.wanted) for file, group in zip(opened, self.groups, strict=True)]
        known = [file for file in opened if file.rows is not None]
        for file in known:
            if file.rows != known[0].rows:
                raise DataError(
                    f"{known[0].path} has {known[0].rows} rows, but {file.path} has {file.rows}; rows of one sample "
                    "were expected at the same place in both"
                )
        return Aligned(opened, columns)


@dataclass(frozen=True)
class Aligned:
    """Files whose rows belong together, and the fields in each."""

    files: list[DataFile]
    columns: Sequence[Columns]

    @property
    def path(self) -> Path:
        return self.files[0].path

    @property
    def rows(self) -> int | None:
        """None where one of them does not say, and may turn out to be longer than the others."""
        return None if any(file.rows is None for file in self.files) else self.files[0].rows

    @property
    def starts(self) -> list[int] | None:
        """The rows at which all can be read without reading what is before; None: every row."""
        limited = [{*file.starts} for file in self.files if file.starts is not None]
        return sorted(set.intersection(*limited)) if limited else None

    def row_bytes(self, field: str) -> int:
        return sum(
            file.row_bytes(columns[field]) or 0
            for file, columns in zip(self.files, self.columns, strict=True)
            if field in columns
        )

    def blocks(self, start: int, stop: int | None, size: int) -> Iterator[Block]:
        """Raises DataError."""
        streams = [
            file.blocks(columns, start, stop, size) for file, columns in zip(self.files, self.columns, strict=True)
        ]
        for parts in zip_longest(*streams):
            counts = [0 if part is None else part.rows for part in parts]
            if len({*counts}) > 1:
                shortest, longest = counts.index(min(counts)), counts.index(max(counts))
                end = start + min(counts)
                raise DataError(
                    f"{self.files[shortest].path} ends at row {end}, but {self.files[longest].path} has more rows"
                )
            fields: dict[str, Any] = {}
            ids = None
            for part in parts:
                fields |= part.fields
                ids = part.ids if ids is None else ids
            yield Block(start, counts[0], fields, ids)
            start += counts[0]


def find_source(*groups: tuple[str, Mapping[str, str | None]]) -> Source:
    """The files of each group, whose fields may have no column. A group without any is left out. Raises DataError."""
    found = [
        Group(data, find_files(data), {field: column for field, column in wanted.items() if column is not None})
        for data, wanted in groups
    ]
    for group in found:
        if len(group.files) != len(found[0].files):
            raise DataError(
                f"{found[0].data} has {len(found[0].files)} files, but {group.data} has {len(group.files)}; their "
                "files go in pairs"
            )
    return Source(tuple(found))


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
        paths = [path for group in self.source.groups for path in group.files]
        stats = [path.stat() for path in paths]
        return {
            "files": [
                {"path": str(path.resolve()), "bytes": stat.st_size, "modified": stat.st_mtime_ns}
                for path, stat in zip(paths, stats, strict=True)
            ],
            "columns": {field: column for group in self.source.groups for field, column in group.wanted.items()},
            "part_rows": self.part_rows,
            "streams": [[*stream] for stream in self.streams],
        }


def make_plan(source: Source, row_fields: tuple[str, ...]) -> Plan:
    """Look at each file, and cut it. `row_fields` are those whose size decides how many rows a part has.

    Raises DataError.
    """
    opened = [source.open(number) for number in range(len(source.files))]
    row_bytes = max(sum(each.row_bytes(field) for field in row_fields) for each in opened)
    part_rows = max(1, min(MAX_PART_ROWS, PART_BYTES // max(row_bytes, 1)))
    block_bytes = BLOCK_BYTES * (WIDER if row_bytes >= WIDE_ROW_BYTES else 1)
    block_rows = max(1, min(part_rows, block_bytes // max(row_bytes, 1)))
    rows = [each.rows for each in opened]
    known = [each for each in rows if each is not None]
    if len(known) == len(rows):
        part_rows = min(part_rows, max(block_rows, sum(known) // PARTS))
    part_rows -= part_rows % block_rows
    streams = [
        Stream(number, start, stop) for number, each in enumerate(opened) for start, stop in _cut(each, part_rows)
    ]
    if not streams:
        raise DataError(f"{source.groups[0].data} has no rows")
    return Plan(source, streams, rows, part_rows, block_rows)


def _cut(aligned: Aligned, part_rows: int) -> Iterator[tuple[int, int | None]]:
    """Where reading begins anew: as often as a part is full, if the files can be read from there."""
    rows, starts = aligned.rows, aligned.starts
    if rows is None:
        yield 0, None
        return
    begin = 0
    for start in [*(range(part_rows, rows, part_rows) if starts is None else starts[1:]), rows]:
        if start == rows or start - begin >= part_rows // 2:
            if start > begin:
                yield begin, start
            begin = start
