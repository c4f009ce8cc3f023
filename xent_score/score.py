"""What a process does for `xent score`: compute the parts of a stream, write their rows, and commit them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xent_core import InvalidInput, evaluate
from xent_core.losses import AUTO, LOSSES
from xent_core.results import Evaluation
from xent_score.errors import DataError
from xent_score.files import Block
from xent_score.plan import Plan
from xent_score.readahead import read_ahead
from xent_score.rows import LOSS, key_columns, value_column, write_rows
from xent_score.store import Part, Store
from xent_score.sums import Sums

FIGURES = ("summary", "calibration")
FIGURES_OF_ROWS = ("predictions", "margin", "label_rank")
Report = Callable[[int], None]


@dataclass(frozen=True)
class Job:
    """A run of `xent score`, as each of its processes gets it.

    parameters  of evaluate, with the loss type resolved
    loss_type   as it was asked for: for "auto" each block has to call for the same loss
    include     by-products that the rows have beside the loss
    skip_bad    whether rows that can't be computed are set aside
    """

    plan: Plan
    out: Path
    suffix: str
    parameters: dict[str, Any]
    loss_type: str
    include: tuple[str, ...]
    skip_bad: bool
    silence: tuple[str, ...] = ()

    @property
    def store(self) -> Store:
        return Store(self.out, self.suffix)


MAX_SET_ASIDE = 10_000


def resolve(job: Job) -> Job:
    """The job with the loss type that the first rows call for, if it is "auto". Raises DataError."""
    stream = job.plan.streams[0]
    aligned = job.plan.source.open(stream.file)
    for block in aligned.blocks(stream.start, stream.stop, job.plan.block_rows):
        result = _first_result(job, aligned.path, block)
        if result is not None:
            return replace(job, parameters=job.parameters | {"loss_type": result.loss_type})
    raise DataError(f"{aligned.path} has no row that can be computed")


def _first_result(job: Job, path: Path, block: Block) -> Evaluation | None:
    """The evaluation of the block, or of the first part of it that can be computed."""
    try:
        return compute(job, path, block)
    except InvalidInput as error:
        if not job.skip_bad or not error.position:
            raise DataError(_said(path, block, error)) from None
    if block.rows == 1:
        return None
    middle = block.rows // 2
    first = _first_result(job, path, sliced(block, 0, middle))
    return _first_result(job, path, sliced(block, middle, block.rows)) if first is None else first


def run_stream(job: Job, number: int, first_part: int, report: Report) -> None:
    """Compute the parts of a stream from one of them on, and commit each. Raises DataError."""
    stream = job.plan.streams[number]
    part_rows = job.plan.part_rows_of(stream)
    aligned = job.plan.source.open(stream.file)
    start = stream.start + first_part * part_rows
    blocks = read_ahead(aligned.blocks(start, stream.stop, job.plan.block_rows))
    part = Part(number, first_part)
    blocks_of_part = part_rows // job.plan.block_rows
    following = next(blocks, None)
    if following is None:
        raise DataError(f"{aligned.path} has no rows")
    while following is not None:
        sums = Sums()
        tables: list[pa.Table] = []
        for block in chain([following], islice(blocks, blocks_of_part - 1)):
            tables.extend(_computed(job, aligned.path, block, sums))
            report(block.rows)
        following = next(blocks, None)
        # Of rows that can't be computed, all but the key is null.
        table = pa.concat_tables(tables, promote_options="permissive")
        marker = sums.written() | {"last": following is None}
        job.store.commit(part, lambda path, table=table: write_rows(path, table, job.suffix), marker)  # type: ignore[misc]
        part = Part(number, part.number + 1)


def _computed(job: Job, path: Path, block: Block, sums: Sums) -> Iterator[pa.Table]:
    """The rows of a block, added to the sums. Raises DataError."""
    try:
        result = compute(job, path, block)
    except InvalidInput as error:
        if not job.skip_bad or not error.position:
            raise DataError(_said(path, block, error)) from None
        if block.rows == 1:
            sums.set_aside(str(path), block.first, error)
            if len(sums.bad_rows) > MAX_SET_ASIDE:
                raise DataError(
                    f"{path}: more than {MAX_SET_ASIDE} rows of one part can't be computed, the last of them row "
                    f"{block.first}: {error}"
                ) from None
            yield rows_table(job, path, block, None)
            return
        middle = block.rows // 2
        yield from _computed(job, path, sliced(block, 0, middle), sums)
        yield from _computed(job, path, sliced(block, middle, block.rows), sums)
        return
    sums.add(str(path), block, result)
    yield rows_table(job, path, block, result)


def sliced(block: Block, start: int, stop: int) -> Block:
    return Block(
        block.first + start,
        stop - start,
        {name: array[start:stop] for name, array in block.fields.items()},
        None if block.ids is None else block.ids.slice(start, stop - start),
    )


def compute(job: Job, path: Path, block: Block) -> Evaluation:
    """Raises InvalidInput, and DataError where the block's labels call for another loss than the first's."""
    fields = block.fields
    loss_type = job.parameters.get("loss_type")
    include: list[Any] = [name for name in job.include if name not in QUALITY]
    if loss_type is not None:
        include += (*FIGURES, *(() if LOSSES[loss_type].is_elementwise else FIGURES_OF_ROWS))
    result = evaluate(
        fields["logits"],
        fields["labels"],
        weights=fields.get("weights"),
        include=include,
        fit_temperature=False,
        silence=job.silence,
        **job.parameters | {"loss_type": loss_type or job.loss_type},
    )
    if result.per_sample.shape[:1] != (block.rows,):
        raise DataError(
            f"{path}: the rows of logits, of shape {list(fields['logits'].shape)}, are no samples of "
            f"{result.loss_type}; one row for each sample was expected, and the classes on a later axis"
        )
    if job.loss_type == "auto" and result.recommendation is not None:
        called_for = AUTO.get(result.recommendation.label_kind)
        # The other way round, a few rows of yes/no questions may each happen to hold a single 1.
        if called_for is not None and called_for.is_elementwise and not LOSSES[result.loss_type].is_elementwise:
            raise DataError(
                f"{path}, rows {block.first} to {block.first + block.rows - 1}: the labels call for {called_for.name}, "
                f"those of the first rows for {result.loss_type}; name the loss with --loss-type"
            )
    return result


def _said(path: Path, block: Block, error: InvalidInput) -> str:
    if not error.position:
        return f"{path}, rows {block.first} to {block.first + block.rows - 1}: {error}"
    row, rest = block.first + error.position[0], [*error.position[1:]]
    return f"{path}, row {row}: {error.argument}{rest or ''}: {error.message}"


def rows_table(job: Job, path: Path, block: Block, result: Evaluation | None) -> pa.Table:
    """A row for each sample: its key, its loss, and what was asked for. A row that can't be computed has null."""
    many_files = len(job.plan.source.files) > 1
    if result is None:
        columns = key_columns(path, block, (), many_files=many_files)
        return pa.table(columns | {LOSS: pa.nulls(block.rows, pa.float32())})
    losses = result.per_sample
    columns = key_columns(path, block, losses.shape[1:], many_files=many_files)
    columns[LOSS] = pa.array(losses.reshape(-1))
    for name in job.include:
        columns[name] = value_column(output_of(job, name, block, result), losses.size)
    return pa.table(columns)


QUALITY = ("self_confidence", "normalized_margin")
"""Label-quality scores, as cleanlab has them: low where the label is doubtful."""


def output_of(job: Job, name: str, block: Block, result: Evaluation) -> NDArray[Any]:
    """A by-product, or a label-quality score."""
    if name == "normalized_margin":
        assert result.margin is not None  # noqa: S101  it was asked for
        return (result.margin + 1) / 2
    if name == "self_confidence":
        return _self_confidence(job, block, result)
    output: NDArray[Any] = getattr(result, name)
    return output


def _self_confidence(job: Job, block: Block, result: Evaluation) -> NDArray[Any]:
    """The probability of the label, 1 where none counts."""
    logits, labels = block.fields["logits"], block.fields["labels"]
    taken = {name: job.parameters[name] for name in ("axis", "from_logits", "temperature") if name in job.parameters}
    if labels.ndim == logits.ndim:
        labels = labels.argmax(axis=job.parameters["axis"])
    elif job.parameters["ignore_index"] is not None:
        taken["ignore_index"] = job.parameters["ignore_index"]
    of_label = AUTO["class_indices"].name
    weights = block.fields.get("weights")
    counts = None if weights is None else (weights != 0).astype(np.float32)
    losses = evaluate(logits, labels, loss_type=of_label, weights=counts, advice="none", **taken).per_sample
    confidence: NDArray[Any] = np.exp(-losses)
    return confidence.reshape(result.per_sample.shape)
