"""The summary of a run, from the sums of its parts."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xent_core import merge
from xent_core.results import Reduced
from xent_score.quantiles import quantiles, value_of
from xent_score.score import LOSS, Job
from xent_score.store import Part
from xent_score.sums import hardest

QUANTILES = {"q50": 0.5, "q90": 0.9, "q99": 0.99, "q999": 0.999}
BINS = 60
MAX_BAD_ROWS = 100


def summarise(job: Job, markers: list[dict[str, Any]]) -> dict[str, Any]:
    """The summary as JSON has it; what is not finite is a string there."""
    reduction = job.parameters["reduction"]
    parts = [
        Reduced(reduction, 0.0, numerator, denominator)
        for marker in markers
        for numerator, denominator in zip(marker["numerators"], marker["denominators"], strict=True)
    ]
    reduced = merge(parts) if parts else None
    buckets: Counter[int] = Counter()
    for marker in markers:
        buckets.update(dict(marker["buckets"]))
    not_counted = 0
    found = quantiles(buckets, not_counted, [*QUANTILES.values()], lambda: _losses(job))
    bad_rows = [row for marker in markers for row in marker["bad_rows"]]
    summary: dict[str, Any] = {
        "files": len(job.plan.source.files),
        "rows": sum(marker["rows"] for marker in markers),
        "samples": sum(marker["samples"] for marker in markers),
        "loss_type": job.parameters["loss_type"],
        "reduced": None
        if reduced is None
        else {
            "reduction": reduced.reduction,
            "value": reduced.value,
            "numerator": reduced.numerator,
            "denominator": reduced.denominator,
        },
        "quantiles": dict(zip(QUANTILES, found, strict=True)),
        "histogram": histogram(buckets),
        "by_position": _by_position(markers),
        "hardest": hardest(row for marker in markers for row in marker["hardest"]),
        "warnings": _warnings(markers),
        "checked": sorted({code for marker in markers for code in marker["checked"]}),
        "set_aside": {"rows": len(bad_rows), "first": bad_rows[:MAX_BAD_ROWS]},
    }
    written: dict[str, Any] = as_json(summary)
    return written


def _losses(job: Job) -> Iterator[NDArray[Any]]:
    """The losses of all rows, part by part, as they were written."""
    for number in range(len(job.plan.streams)):
        for index, _ in enumerate(job.store.markers(number)):
            path = job.store.rows_of(Part(number, index))
            if job.suffix == "arrow":
                with pa.memory_map(str(path)) as source:
                    column = pa.ipc.open_file(source).read_all().column(LOSS)
            else:
                column = pq.read_table(path, columns=[LOSS]).column(LOSS)
            yield column.drop_null().to_numpy()


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


def _by_position(markers: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The mean loss at each position of sequences."""
    length = max(len(marker["positions"][0]) for marker in markers)
    if not length:
        return None
    means, counts = [], []
    for index in range(length):
        there = [marker["positions"] for marker in markers if index < len(marker["positions"][0])]
        count = sum(positions[1][index] for positions in there)
        means.append(math.fsum(positions[0][index] for positions in there) / count)
        counts.append(count)
    return {"mean": means, "count": counts}


def _warnings(markers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each warning once: where it was found first, and in how many of the blocks that it was looked for in."""
    found: dict[str, dict[str, Any]] = {}
    for marker in markers:
        for code, warning in marker["warnings"].items():
            known = found.setdefault(code, {"code": code} | warning | {"blocks": 0})
            known["blocks"] += warning["blocks"]
    for code, warning in found.items():
        warning["of_blocks"] = sum(marker["checked"].get(code, 0) for marker in markers)
    return [*found.values()]


def as_json(value: Any) -> Any:
    """JSON has no infinities: they are strings, as in the service's responses."""
    match value:
        case dict():
            return {name: as_json(item) for name, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case _:
            return value
