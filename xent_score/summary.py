"""The summary of a run, from the sums of its parts."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xent_core import merge
from xent_core.results import Reduced, Reduction
from xent_score.advice import recommended
from xent_score.files import Block
from xent_score.quantiles import quantiles, value_of
from xent_score.rows import LOSS, read_column
from xent_score.run import committed
from xent_score.score import ScoreJob, options_of
from xent_score.store import Part
from xent_score.sums import Sums

QUANTILES = {"q50": 0.5, "q90": 0.9, "q99": 0.99, "q999": 0.999}
BINS = 60
MAX_BAD_ROWS = 100


def summarise(job: ScoreJob, first: Block) -> dict[str, Any]:
    """The summary as JSON has it; what is not finite is a string there. Raises DataError.

    first: the first rows that can be computed.
    """
    sums = Sums()
    parts: list[Part] = []
    for part, marker in committed(job):
        sums.merge(marker)
        parts.append(part)
    summary = scored(sums, job.parameters["reduction"])
    counted = sums.merged()[0]
    not_counted = counted.samples - counted.counted_samples
    found = quantiles(sums.buckets, not_counted, [*QUANTILES.values()], lambda: _losses(job, parts))
    summary["summary"] |= dict(zip(QUANTILES, found, strict=True))
    whole = {
        "files": len(job.plan.source.files),
        "rows": sums.rows,
        "loss_type": job.parameters["loss_type"],
        **summary,
        "recommendation": recommended(first, options_of(job.parameters), sums),
        "set_aside": {"rows": len(sums.bad_rows), "first": sums.bad_rows[:MAX_BAD_ROWS]},
        "hardest": sums.hardest,
        "doubtful": sums.doubtful,
        "histogram": histogram(sums.buckets),
        "by_position": [total / count for total, count in sums.positions] or None,
    }
    written: dict[str, Any] = as_json(whole)
    return written


def scored(sums: Sums, reduction: Reduction) -> dict[str, Any]:
    """The figures of one model."""
    parts = [Reduced(reduction, 0.0, *part) for part in zip(sums.numerators, sums.denominators, strict=True)]
    return {
        "reduced": content_of(merge(parts)) if parts else None,
        "summary": {} if sums.summary is None else content_of(sums.summary),
        "calibration": None if sums.calibration is None else content_of(sums.calibration),
        "warnings": [
            {"code": code} | warning | {"of_blocks": sums.checked[code]} for code, warning in sums.warnings.items()
        ],
        "checked": sorted(sums.checked),
    }


# `sums` are for merging, and the temperature can't be had of parts.
LEFT_OUT = {"sums", "fitted"}


def content_of(value: Any) -> Any:
    """A result of xent_core as dictionaries and lists."""
    if is_dataclass(value):
        return {each.name: content_of(getattr(value, each.name)) for each in fields(value) if each.name not in LEFT_OUT}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _losses(job: ScoreJob, parts: Sequence[Part]) -> Iterator[NDArray[Any]]:
    """The losses of all rows, part by part, as they were written."""
    for part in parts:
        yield read_column(job.store.rows_of(part), LOSS)


def histogram(buckets: Counter[int]) -> dict[str, Any]:
    """Numbers of losses in bins, equally wide but for the ends of the range that few losses are in."""
    held = sorted(bucket for bucket in buckets if math.isfinite(value_of(bucket)))
    if not held:
        return {"edges": [], "counts": []}
    total = sum(buckets[bucket] for bucket in held)
    ends = np.cumsum([buckets[bucket] for bucket in held])
    low, high = value_of(held[0]), value_of(held[int(np.searchsorted(ends, 0.999 * total))] + 1)
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    values = np.array([value_of(bucket) for bucket in held])
    counts, _ = np.histogram(np.clip(values, low, edges[-1]), edges, weights=[buckets[bucket] for bucket in held])
    return {"edges": edges.tolist(), "counts": counts.astype(int).tolist()}


def as_json(value: Any) -> Any:
    """JSON has no infinities: they are strings, as in the service's responses."""
    match value:
        case dict():
            return {name: as_json(item) for name, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case np.ndarray():
            return as_json(value.tolist())
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case _:
            return value
