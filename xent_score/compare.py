"""The job of `xent compare`: two models' losses of the same rows, and how far apart their predictions are."""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xent_core import evaluate
from xent_core.compute.divergence import divergences, largest_classes, same_largest, tile_buffers
from xent_core.compute.exact_sums import canonical_number, exact_total, square
from xent_core.compute.layout import FloatType, row_tiles
from xent_core.errors import UnexpectedParameter, WrongShape
from xent_core.losses import LOSSES
from xent_core.results import Evaluation
from xent_score.arrow import to_arrow
from xent_score.errors import DataError
from xent_score.files import Block
from xent_score.quantiles import count_buckets
from xent_score.rows import LOSS, key_columns, null_rows, value_column
from xent_score.score import options_of
from xent_score.streams import Job, PartSums, first_result
from xent_score.sums import Sums

KEPT = 100
TOP = 5
OTHER_LOSS, DIFFERENCE = "other_loss", "difference"
DIVERGENCES = ("kl", "reverse_kl", "jensen_shannon")
FIGURES = ("summary", "calibration")


class Apart(NamedTuple):
    """How far apart the predictions for each row are: divergences in nats, and whether the largest logits are those of
    the same classes.
    """

    kl: NDArray[Any]
    reverse_kl: NDArray[Any]
    jensen_shannon: NDArray[Any]
    same_top1: NDArray[Any]
    same_top5: NDArray[Any]


class Compared(NamedTuple):
    """The evaluations of both models, and for softmax losses how far apart they are."""

    first: Evaluation
    second: Evaluation
    apart: Apart | None


@dataclass(frozen=True)
class CompareJob(Job):
    """A run of `xent compare`. parameters: of evaluate, with the loss type resolved before blocks are computed."""

    parameters: dict[str, Any]
    schema: pa.Schema | None = None

    def resolved(self) -> "CompareJob":
        """With the loss type that the first rows call for, if it is "auto". Raises DataError."""
        block, result = first_result(self)
        schema = self.table(self.plan.source.files[0], block, result).schema
        return replace(self, parameters=self.parameters | {"loss_type": result.first.loss_type}, schema=schema)

    def sums(self) -> PartSums:
        options = options_of(self.parameters)
        return CompareSums(first=Sums(options=options), second=Sums(options=options))

    def compute(self, path: Path, block: Block) -> Compared:
        """Raises InvalidInput, DataError."""
        logits, other = block.fields["logits"], block.fields["other_logits"]
        if logits.shape != other.shape:
            raise WrongShape("other_logits", f"has shape {list(other.shape)}; that of logits is {list(logits.shape)}")
        arguments = {
            "weights": block.fields.get("weights"),
            "include": FIGURES,
            "fit_temperature": False,
        } | self.parameters
        first = evaluate(logits, block.fields["labels"], **arguments)
        if first.per_sample.shape[:1] != (block.rows,):
            raise DataError(f"{path}: the rows of logits are no samples of {first.loss_type}")
        second = evaluate(other, block.fields["labels"], **arguments | {"advice": "none"})
        if LOSSES[first.loss_type].is_elementwise or not self.parameters["from_logits"]:
            return Compared(first, second, None)
        if self.parameters["axis"] not in (-1, logits.ndim - 1):
            raise UnexpectedParameter(
                "axis", f"is {self.parameters['axis']}; to compare, the classes are on the last axis"
            )
        if shift := self.parameters["shift"]:
            logits, other = logits[:, :-shift], other[:, :-shift]
        classes = logits.shape[-1]
        found = apart(logits.reshape(-1, classes), other.reshape(-1, classes), self.parameters["temperature"])
        return Compared(first, second, found)

    def table(self, path: Path, block: Block, result: Compared | None) -> pa.Table:
        many_files = len(self.plan.source.files) > 1
        if result is None:
            columns = key_columns(path, block, (), many_files=many_files)
            assert self.schema is not None  # noqa: S101  the job is resolved
            return null_rows(columns, self.schema, block.rows)
        losses, others = result.first.per_sample, result.second.per_sample
        columns = key_columns(path, block, losses.shape[1:], many_files=many_files)
        columns[LOSS] = value_column(losses, losses.size)
        columns[OTHER_LOSS] = value_column(others, losses.size)
        if result.apart is not None:
            for name in DIVERGENCES:
                columns[name] = to_arrow(getattr(result.apart, name).astype(losses.dtype))
        return pa.table(columns)


@np.errstate(all="ignore")
def apart(first: NDArray[Any], second: NDArray[Any], temperature: float = 1.0) -> Apart:
    """How far apart the softmax of each row of two matrices of logits [rows, classes] are.

    A class that is masked (−Infinity) in both counts for nothing; in one of them a KL divergence is infinite.
    """
    rows, classes = first.shape
    dtype: FloatType = np.dtype(np.float64 if np.result_type(first, second) == np.float64 else np.float32)
    found = Apart(*(np.empty(rows) for _ in range(3)), *(np.empty(rows, bool) for _ in range(2)))
    buffers = tile_buffers(rows, classes, dtype)
    for tile in row_tiles(rows, classes):
        x, y = (np.divide(each[tile], temperature, dtype=dtype) for each in (first, second))
        same = same_largest(largest_classes(x, TOP), largest_classes(y, TOP))
        for whole, part in zip(found, (*divergences(x, y, buffers), *same), strict=True):
            whole[tile] = part
    return found


def differences(result: Compared) -> NDArray[Any]:
    """Of the samples' losses, the second less the first; 0 where both are the same infinity."""
    first, second = (each.per_sample.reshape(-1).astype(np.float64) for each in (result.first, result.second))
    with np.errstate(invalid="ignore"):
        found: NDArray[Any] = np.where(first == second, 0.0, second - first)
    return found


@dataclass
class CompareSums(PartSums):
    """The sums over the rows of a part, or of several.

    first, second   as of `xent score`
    samples         how many differences there are; better: in how many the second model's loss is less
    total, squares  their sum, and that of their squares, exactly
    same            rows with the same prediction, and with the same five largest logits
    compared        rows with divergences
    divergences     of each kind: exact sum and sum of squares
    buckets         of each kind, as in `quantiles`
    most            the samples whose losses differ most
    """

    first: Sums = field(default_factory=Sums)
    second: Sums = field(default_factory=Sums)
    samples: int = 0
    better: int = 0
    worse: int = 0
    total: list[float] = field(default_factory=lambda: [0.0])
    squares: list[float] = field(default_factory=lambda: [0.0])
    compared: int = 0
    same: list[int] = field(default_factory=lambda: [0, 0])
    divergences: dict[str, list[list[float]]] = field(default_factory=dict)
    buckets: dict[str, Counter[int]] = field(default_factory=dict)
    most: list[dict[str, Any]] = field(default_factory=list)

    def add(self, path: str, block: Block, result: Compared) -> None:
        self.rows += block.rows
        self.first.add(path, block, result.first)
        self.second.add(path, block, result.second)
        difference = differences(result)
        self.samples += difference.size
        self.better += int(np.count_nonzero(difference < 0))
        self.worse += int(np.count_nonzero(difference > 0))
        self._add(self.total, self.squares, difference)
        self._add_most(path, block, result, difference)
        if result.apart is None:
            return
        self.compared += len(result.apart.kl)
        self.same[0] += int(np.count_nonzero(result.apart.same_top1))
        self.same[1] += int(np.count_nonzero(result.apart.same_top5))
        for name in DIVERGENCES:
            values = getattr(result.apart, name)
            total, squares = self.divergences.setdefault(name, [[0.0], [0.0]])
            self._add(total, squares, values)
            written = values.astype(result.first.per_sample.dtype)
            self.buckets.setdefault(name, Counter()).update(count_buckets(written))

    @staticmethod
    def _add(total: list[float], squares: list[float], values: NDArray[Any]) -> None:
        # Infinities of both signs have no sum, and it then says that there is none.
        with np.errstate(invalid="ignore"):
            total[:] = canonical_number([*total, *exact_total(values).tolist()]).tolist()
            squares[:] = canonical_number([*squares, *exact_total(*square(values)).tolist()]).tolist()

    def _add_most(self, path: str, block: Block, result: Compared, difference: NDArray[Any]) -> None:
        sizes = np.abs(difference)
        places = np.argpartition(sizes, sizes.size - KEPT)[-KEPT:] if sizes.size > KEPT else np.arange(sizes.size)
        losses, others = result.first.per_sample.reshape(-1), result.second.per_sample.reshape(-1)
        each = losses.size // block.rows
        for place in places.tolist():
            row, position = divmod(place, each)
            entry: dict[str, Any] = {
                "file": path,
                "row": block.first + row,
                LOSS: float(losses[place]),
                OTHER_LOSS: float(others[place]),
                DIFFERENCE: float(difference[place]),
            }
            if each > 1:
                entry["position"] = position
            if block.ids is not None:
                entry["id"] = block.ids[row].as_py()
            self.most.append(entry)
        self.most = _most(self.most)

    def merge(self, marker: Mapping[str, Any]) -> None:
        """Add what `written` gave of another part."""
        self.rows += marker["rows"]
        self.bad_rows += marker["bad_rows"]
        self.first.merge(marker["first"])
        self.second.merge(marker["second"])
        self.samples += marker["samples"]
        self.better += marker["better"]
        self.worse += marker["worse"]
        self.total = canonical_number([*self.total, *marker["total"]]).tolist()
        self.squares = canonical_number([*self.squares, *marker["squares"]]).tolist()
        self.compared += marker["compared"]
        self.same = [a + b for a, b in zip(self.same, marker["same"], strict=True)]
        for name, sums in marker["divergences"].items():
            known = self.divergences.setdefault(name, [[0.0], [0.0]])
            self.divergences[name] = [canonical_number([*a, *b]).tolist() for a, b in zip(known, sums, strict=True)]
            self.buckets.setdefault(name, Counter()).update(dict(marker["buckets"][name]))
        self.most = _most([*self.most, *marker["most"]])

    def written(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "bad_rows": self.bad_rows,
            "first": self.first.written(),
            "second": self.second.written(),
            "samples": self.samples,
            "better": self.better,
            "worse": self.worse,
            "total": self.total,
            "squares": self.squares,
            "compared": self.compared,
            "same": self.same,
            "divergences": self.divergences,
            "buckets": {name: [[*pair] for pair in sorted(each.items())] for name, each in self.buckets.items()},
            "most": self.most,
        }


def _most(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that differ most, the earlier one first where they differ alike."""
    return heapq.nsmallest(
        KEPT, rows, key=lambda row: (-abs(row[DIFFERENCE]), row["file"], row["row"], row.get("position", 0))
    )
