"""What a process does: compute the parts of a stream, write their rows, and commit them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from xent_core import InvalidInput
from xent_score.errors import DataError
from xent_score.files import Block
from xent_score.plan import Plan
from xent_score.readahead import read_ahead
from xent_score.rows import write_rows
from xent_score.store import Part, Store
from xent_score.writebehind import WriteBehind

MAX_SET_ASIDE = 10_000


@dataclass
class PartSums(ABC):
    """What a part adds to the summary. bad_rows: those that can't be computed, and why."""

    rows: int = 0
    bad_rows: list[dict[str, Any]] = field(default_factory=list)

    @abstractmethod
    def add(self, path: str, block: Block, result: Any) -> None:
        """Add a computed block."""

    @abstractmethod
    def written(self) -> dict[str, Any]:
        """As JSON can hold it: the commit marker."""

    def set_aside(self, path: str, row: int, error: InvalidInput) -> None:
        self.rows += 1
        self.bad_rows.append(
            {"file": path, "row": row, "code": error.code, "argument": error.argument, "message": error.message}
        )


@dataclass(frozen=True)
class Job(ABC):
    """A run, as each of its processes gets it.

    skip_bad  whether rows that can't be computed are set aside
    run       the token of the run, see `Store`
    """

    plan: Plan
    out: Path
    suffix: str
    skip_bad: bool
    run: str = field(default="", kw_only=True)

    @property
    def store(self) -> Store:
        return Store(self.out, self.suffix, self.run)

    @abstractmethod
    def compute(self, path: Path, block: Block) -> Any:
        """Raises InvalidInput, DataError."""

    @abstractmethod
    def table(self, path: Path, block: Block, result: Any) -> pa.Table:
        """The rows of a block; with a result of None those of rows that can't be computed."""

    @abstractmethod
    def sums(self) -> PartSums:
        """Those of a new part."""


def run_stream(job: Job, number: int, first_part: int, report: Callable[[int], None], writer: WriteBehind) -> None:
    """Compute the parts of a stream from one of them on, and have each committed. Raises DataError."""
    stream = job.plan.streams[number]
    part_rows = job.plan.part_rows_of(stream)
    aligned = job.plan.source.open(stream.file)
    blocks = read_ahead(aligned.blocks(stream.start + first_part * part_rows, stream.stop, job.plan.block_rows))
    following = next(blocks, None)
    if following is None:
        raise DataError(f"{aligned.path} has no rows")
    part = Part(number, first_part)
    while following is not None:
        sums, tables = job.sums(), list[pa.Table]()
        for block in chain([following], islice(blocks, part_rows // job.plan.block_rows - 1)):
            tables.extend(_computed(job, aligned.path, block, sums))
            report(block.rows)
        following = next(blocks, None)
        writer.do(partial(_commit, job, part, tables, sums.written() | {"last": following is None}))
        part = part._replace(number=part.number + 1)


def _commit(job: Job, part: Part, tables: list[pa.Table], marker: dict[str, Any]) -> None:
    table = pa.concat_tables(tables)
    job.store.commit(part, lambda path: write_rows(path, table, job.suffix), marker)


def _computed(job: Job, path: Path, block: Block, sums: PartSums) -> Iterator[pa.Table]:
    """The rows of a block, added to the sums. Raises DataError."""
    try:
        result = job.compute(path, block)
    except InvalidInput as error:
        if not job.skip_bad or not error.position:
            raise failure(path, block, error) from None
        if block.rows == 1:
            sums.set_aside(str(path), block.first, error)
            if len(sums.bad_rows) > MAX_SET_ASIDE:
                raise DataError(
                    f"{path}: more than {MAX_SET_ASIDE} rows of one part can't be computed, the last of them row "
                    f"{block.first}: {error}"
                ) from None
            yield job.table(path, block, None)
            return
        for half in halves(block):
            yield from _computed(job, path, half, sums)
        return
    sums.add(str(path), block, result)
    yield job.table(path, block, result)


def first_result(job: Job) -> tuple[Block, Any]:
    """The first block that can be computed, and what it gives. Raises DataError."""
    stream = job.plan.streams[0]
    aligned = job.plan.source.open(stream.file)
    for block in aligned.blocks(stream.start, stream.stop, job.plan.block_rows):
        found = _first_result(job, aligned.path, block)
        if found is not None:
            return found
    raise DataError(f"{aligned.path} has no row that can be computed")


def _first_result(job: Job, path: Path, block: Block) -> tuple[Block, Any] | None:
    """The block, or the first part of it that can be computed."""
    try:
        return block, job.compute(path, block)
    except InvalidInput as error:
        if not job.skip_bad or not error.position:
            raise failure(path, block, error) from None
    if block.rows == 1:
        return None
    first, second = halves(block)
    return _first_result(job, path, first) or _first_result(job, path, second)


def halves(block: Block) -> tuple[Block, Block]:
    middle = block.rows // 2
    return _sliced(block, 0, middle), _sliced(block, middle, block.rows)


def _sliced(block: Block, start: int, stop: int) -> Block:
    return Block(
        block.first + start,
        stop - start,
        {name: array[start:stop] for name, array in block.fields.items()},
        None if block.ids is None else block.ids.slice(start, stop - start),
    )


def failure(path: Path, block: Block, error: InvalidInput) -> DataError:
    """The error with the file, and the row in it."""
    if not error.position:
        return DataError(f"{path}, rows {block.first} to {block.first + block.rows - 1}: {error}")
    row, rest = block.first + error.position[0], [*error.position[1:]]
    return DataError(f"{path}, row {row}: {error.argument}{rest or ''}: {error.message}")
