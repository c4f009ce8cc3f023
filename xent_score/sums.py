"""What a part adds to the summary, and how parts merge: exactly, and alike in whichever order they were computed."""

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xent_core.calibration import calibration_of, merge_calibration_sums
from xent_core.losses import LOSSES
from xent_core.prepare import Options, prepare
from xent_core.results import Calibration, CalibrationSums, Evaluation, Summary
from xent_core.results import Sums as SummarySums
from xent_core.summary import merge_sums, summary_of
from xent_score.files import Block
from xent_score.quantiles import count_buckets
from xent_score.state import dumped, loaded
from xent_score.streams import PartSums

KEPT = 100
# Parts are merged in groups of this size: merging them one at a time took a tenth of a run.
MAX_UNMERGED = 8
LABEL_ROWS = ("rows_not_one", "rows_of_zeros", "rows_of_several")
Row = dict[str, Any]


@dataclass
class Sums(PartSums):
    """The sums over the rows of a part, or of several.

    rows       of files; `summary` counts samples, of which a row of a sequence has several
    options    of evaluate
    numerators, denominators   of the reduced loss of each block
    buckets    how many losses are in each bucket of `quantiles`
    hardest    the rows with the largest losses
    doubtful   the rows whose label has the least margin over other classes, where margins were asked for
    warnings   by code: the first, and in how many blocks it was found; checked: in how many it was looked for
    label_kinds  of how many rows the labels look like what
    label_rows   of labels of the logits' shape: how many rows don't sum to 1, are zeros, hold several ones
    label_range  their least and largest label and row sum
    positions  of sequences: sum and number of losses at each position
    unmerged   sums of the summary and the calibration
    """

    options: Options = field(default_factory=Options)
    numerators: list[float] = field(default_factory=list)
    denominators: list[float] = field(default_factory=list)
    buckets: Counter[int] = field(default_factory=Counter)
    hardest: list[Row] = field(default_factory=list)
    doubtful: list[Row] = field(default_factory=list)
    warnings: dict[str, Row] = field(default_factory=dict)
    checked: Counter[str] = field(default_factory=Counter)
    label_kinds: Counter[str] = field(default_factory=Counter)
    label_rows: Counter[str] = field(default_factory=Counter)
    label_range: list[float] | None = None
    positions: list[list[float]] = field(default_factory=list)
    unmerged: list[tuple[SummarySums, CalibrationSums]] = field(default_factory=list)

    @property
    def summary(self) -> Summary | None:
        """None where no row could be computed, as of the calibration."""
        return summary_of(self.merged()[0]) if self.unmerged else None

    @property
    def calibration(self) -> Calibration | None:
        return calibration_of(self.merged()[1]) if self.unmerged else None

    def add(self, path: str, block: Block, result: Evaluation) -> None:
        """Add an evaluated block."""
        losses = result.per_sample
        self.rows += block.rows
        if result.reduced is not None:
            self.numerators.append(result.reduced.numerator)
            self.denominators.append(result.reduced.denominator)
        self.buckets.update(count_buckets(losses.reshape(-1)))
        hardest = _largest(losses, self.hardest[-1]["loss"] if len(self.hardest) == KEPT else -np.inf)
        self.hardest = _most(self.hardest, _listed(self.options, path, block, result, hardest, "loss", losses))
        if result.margin is not None:
            # What has no label that counts is not doubtful.
            margins = np.where(result.label_rank == -1, np.inf, result.margin)
            candidates = _largest(-margins, -self.doubtful[-1]["margin"] if len(self.doubtful) == KEPT else -np.inf)
            candidates = candidates[margins.reshape(-1)[candidates] < np.inf]
            self.doubtful = _least(
                self.doubtful, _listed(self.options, path, block, result, candidates, "margin", margins)
            )
        if losses.ndim == 2:
            sums = losses.sum(axis=0, dtype=np.float64).tolist()
            self._add_positions([[value, float(len(losses))] for value in sums])
        self.checked.update(result.checked)
        if result.recommendation is not None:
            self.label_kinds[result.recommendation.label_kind] += block.rows
        self._add_label_facts(block)
        for warning in result.warnings:
            self._add_warning(
                warning.code,
                {
                    "severity": warning.severity,
                    "message": warning.message,
                    "fix": warning.fix,
                    "change": warning.change,
                    "first": {"file": path, "rows": [block.first, block.first + block.rows - 1]},
                    "blocks": 1,
                },
            )
        assert result.summary is not None  # noqa: S101  it was asked for
        assert result.calibration is not None  # noqa: S101  as well
        self._add_figures(result.summary.sums, result.calibration.sums)

    def merge(self, marker: dict[str, Any]) -> None:
        """Add what `written` gave of another part."""
        self.rows += marker["rows"]
        self.numerators += marker["numerators"]
        self.denominators += marker["denominators"]
        self.buckets.update(dict(marker["buckets"]))
        least = self.hardest[-1]["loss"] if len(self.hardest) == KEPT else -math.inf
        self.hardest = _most(self.hardest, [row for row in marker["hardest"] if row["loss"] >= least])
        self.doubtful = _least(self.doubtful, marker["doubtful"])
        self.bad_rows += marker["bad_rows"]
        self.checked.update(marker["checked"])
        self.label_kinds.update(marker["label_kinds"])
        self.label_rows.update(marker["label_rows"])
        self._widen(marker["label_range"])
        for code, warning in marker["warnings"].items():
            self._add_warning(code, warning)
        self._add_positions(marker["positions"])
        # A part of nothing but rows that can't be computed has none.
        if marker["summary"] is not None:
            summary = loaded(SummarySums, marker["summary"])
            self._add_figures(summary, loaded(CalibrationSums, marker["calibration"]))

    def written(self) -> dict[str, Any]:
        """As JSON can hold it."""
        summary, calibration = self.merged() if self.unmerged else (None, None)
        return {
            "rows": self.rows,
            "numerators": self.numerators,
            "denominators": self.denominators,
            "buckets": [[*pair] for pair in sorted(self.buckets.items())],
            "hardest": self.hardest,
            "doubtful": self.doubtful,
            "bad_rows": self.bad_rows,
            "warnings": self.warnings,
            "checked": dict(self.checked),
            "label_kinds": dict(self.label_kinds),
            "label_rows": dict(self.label_rows),
            "label_range": self.label_range,
            "positions": self.positions,
            "summary": dumped(summary),
            "calibration": dumped(calibration),
        }

    def _add_figures(self, summary: SummarySums, calibration: CalibrationSums) -> None:
        self.unmerged.append((summary, calibration))
        if len(self.unmerged) > MAX_UNMERGED:
            self.merged()

    def merged(self) -> tuple[SummarySums, CalibrationSums]:
        """There is at least one."""
        if len(self.unmerged) > 1:
            summaries, calibrations = zip(*self.unmerged, strict=True)
            self.unmerged = [(merge_sums(summaries), merge_calibration_sums(calibrations))]
        return self.unmerged[0]

    def _add_label_facts(self, block: Block) -> None:
        logits, labels = block.fields["logits"], block.fields["labels"]
        if labels.shape != logits.shape or logits.ndim < 2:
            return
        options = self.options._replace(weights=block.fields.get("weights"))
        facts = prepare(None, logits.shape, labels, options).facts
        for name in LABEL_ROWS:
            self.label_rows[name] += getattr(facts, name).rows
        assert facts.row_sums is not None  # noqa: S101  labels are rows here
        self._widen([facts.minimum, facts.maximum, *facts.row_sums])

    def _widen(self, found: list[float] | None) -> None:
        if self.label_range is None or found is None:
            self.label_range = found or self.label_range
            return
        pairs = zip((min, max, min, max), self.label_range, found, strict=True)
        self.label_range = [choose(known, more) for choose, known, more in pairs]

    def _add_warning(self, code: str, warning: Row) -> None:
        if code in self.warnings:
            self.warnings[code]["blocks"] += warning["blocks"]
        else:
            self.warnings[code] = warning

    def _add_positions(self, positions: list[list[float]]) -> None:
        self.positions.extend([0.0, 0.0] for _ in range(len(positions) - len(self.positions)))
        for known, (total, count) in zip(self.positions, positions, strict=False):
            known[0] += total
            known[1] += count


def _largest(values: NDArray[Any], least: float) -> NDArray[Any]:
    """The places of the largest values that are not below this one."""
    flat = values.reshape(-1)
    places = np.argpartition(flat, flat.size - KEPT)[-KEPT:] if flat.size > KEPT else np.arange(flat.size)
    kept: NDArray[Any] = places[~(flat[places] < least)]
    return kept


def _listed(
    options: Options,
    path: str,
    block: Block,
    result: Evaluation,
    places: NDArray[Any],
    name: str,
    values: NDArray[Any],
) -> Iterator[Row]:
    """The samples at these places, as the summary lists them."""
    losses = result.per_sample
    each = losses.size // block.rows
    flat = values.reshape(-1)
    logits, labels = block.fields["logits"], block.fields["labels"]
    if options.shift:
        logits, labels = logits[:, : -options.shift], labels[:, options.shift :]
    logits, labels = logits.reshape(losses.size, -1), labels.reshape(losses.size, -1)
    is_choice = options.axis == -1 and not LOSSES[result.loss_type].is_elementwise
    for place in places.tolist():
        row, position = divmod(place, each)
        entry: Row = {name: float(flat[place]), "file": path, "row": block.first + row}
        if block.ids is not None:
            entry["id"] = block.ids[row].as_py()
        if losses.ndim > 1:
            entry["position"] = position
        if labels.shape[1] == 1:
            entry["label"] = labels[place, 0].item()
        elif is_choice:
            entry["label"] = int(labels[place].argmax())
        if is_choice:
            # NumPy takes far longer for the largest of half-precision numbers.
            entry["prediction"] = int(logits[place].astype(np.promote_types(logits.dtype, np.float32)).argmax())
        yield entry


def _place(row: Row) -> tuple[Any, ...]:
    """Of rows with the same value the earlier comes first."""
    return row["file"], row["row"], row.get("position", 0)


def _most(known: list[Row], more: Iterable[Row]) -> list[Row]:
    return heapq.nsmallest(KEPT, [*known, *more], key=lambda row: (-row["loss"], *_place(row)))


def _least(known: list[Row], more: Iterable[Row]) -> list[Row]:
    return heapq.nsmallest(KEPT, [*known, *more], key=lambda row: (row["margin"], *_place(row)))
