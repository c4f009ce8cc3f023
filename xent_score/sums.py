"""What a part adds to the summary, and how parts merge: exactly, and alike in whichever order they were computed."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from xent_core import InvalidInput
from xent_core.results import Evaluation
from xent_score.files import Block
from xent_score.quantiles import count_buckets

HARDEST = 100


class Sums:
    """The sums over the rows of a part.

    blocks    how many were computed
    rows      how many rows of files, and samples in them; a row of a sequence has several
    reduced   numerator and denominator of each block
    buckets   how many losses are in each bucket of `quantiles`
    hardest   the rows with the largest losses
    bad_rows  those that can't be computed, and why
    """

    def __init__(self) -> None:
        self.blocks = self.rows = self.samples = 0
        self.numerators: list[float] = []
        self.denominators: list[float] = []
        self.buckets: Counter[int] = Counter()
        self.hardest: list[dict[str, Any]] = []
        self.bad_rows: list[dict[str, Any]] = []
        self.warnings: dict[str, dict[str, Any]] = {}
        self.checked: Counter[str] = Counter()
        self.positions: tuple[list[float], list[int]] = ([], [])
        self.loss_type = ""
        self.label_kinds: Counter[str] = Counter()

    def add(self, path: str, block: Block, result: Evaluation) -> None:
        self.blocks += 1
        self.rows += block.rows
        losses = result.per_sample
        self.samples += losses.size
        self.loss_type = result.loss_type
        if result.reduced is not None:
            self.numerators.append(result.reduced.numerator)
            self.denominators.append(result.reduced.denominator)
        self.buckets.update(count_buckets(losses.reshape(-1)))
        self._add_hardest(path, block, result)
        self._add_positions(result)
        self.checked.update(result.checked)
        if result.recommendation is not None:
            self.label_kinds[result.recommendation.label_kind] += block.rows
        for warning in result.warnings:
            known = self.warnings.setdefault(
                warning.code,
                {
                    "severity": warning.severity,
                    "message": warning.message,
                    "fix": warning.fix,
                    "change": warning.change,
                    "first": {"file": path, "rows": [block.first, block.first + block.rows - 1]},
                    "blocks": 0,
                },
            )
            known["blocks"] += 1

    def set_aside(self, path: str, row: int, error: InvalidInput) -> None:
        self.rows += 1
        self.bad_rows.append({"file": path, "row": row, "code": error.code, "argument": error.argument,
                              "message": error.message})  # fmt: skip

    def _add_hardest(self, path: str, block: Block, result: Evaluation) -> None:
        losses = result.per_sample.reshape(-1)
        each = losses.size // block.rows
        if losses.size > HARDEST:
            chosen = np.argpartition(losses, losses.size - HARDEST)[-HARDEST:]
        else:
            chosen = np.arange(losses.size)
        for index in chosen.tolist():
            row, position = divmod(index, each)
            entry: dict[str, Any] = {"loss": float(losses[index]), "file": path, "row": block.first + row}
            if block.ids is not None:
                entry["id"] = block.ids[row].as_py()
            if result.per_sample.ndim > 1:
                entry["position"] = position
            self.hardest.append(entry)
        self.hardest = hardest(self.hardest)

    def _add_positions(self, result: Evaluation) -> None:
        losses = result.per_sample
        if losses.ndim != 2:
            return
        sums, counts = self.positions
        longer = losses.shape[1] - len(sums)
        sums.extend([0.0] * longer)
        counts.extend([0] * longer)
        for index, value in enumerate(losses.sum(axis=0, dtype=np.float64).tolist()):
            sums[index] += value
            counts[index] += len(losses)

    def written(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "blocks": self.blocks,
            "rows": self.rows,
            "samples": self.samples,
            "numerators": self.numerators,
            "denominators": self.denominators,
            "buckets": [[*pair] for pair in sorted(self.buckets.items())],
            "hardest": self.hardest,
            "bad_rows": self.bad_rows,
            "warnings": self.warnings,
            "checked": dict(self.checked),
            "positions": [*self.positions],
            "loss_type": self.loss_type,
            "label_kinds": dict(self.label_kinds),
        }


def hardest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the largest losses, the earlier one first where losses are the same."""
    return sorted(rows, key=lambda each: (-each["loss"], each["file"], each["row"], each.get("position", 0)))[:HARDEST]


def total(numbers: list[float]) -> float:
    """Their sum, rounded once; infinite where it is too large."""
    try:
        return math.fsum(numbers)
    except OverflowError:
        return sum(numbers)
