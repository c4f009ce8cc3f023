"""`compare`: two models on the rows of a data set, from its files to rows, summary and report."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from xent_core.comparison import CONFIDENCE
from xent_core.compute.exact_sums import exp_or_infinity, spread_of_mean
from xent_core.compute.student import two_sided_p, two_sided_quantile
from xent_score.compare import OTHER_LOSS, CompareJob, CompareSums
from xent_score.parameters import PARAMETERS
from xent_score.plan import find_source, make_plan
from xent_score.quantiles import quantiles
from xent_score.report import compare_report
from xent_score.rows import LOSS, read_column
from xent_score.run import Progress, committed, run
from xent_score.summary import MAX_BAD_ROWS, QUANTILES, as_json, scored

MAX_POINTS = 2000


def compare(
    data: str,
    out: Path,
    *,
    other_data: str | None = None,
    labels_data: str | None = None,
    logits: str = "logits",
    other_logits: str = "other_logits",
    labels: str = "labels",
    weights: str | None = None,
    id: str | None = None,  # noqa: A002  as the option
    parameters: dict[str, Any] | None = None,
    skip_bad: bool = False,
    processes: int = 1,
    ray: str | None = None,
    suffix: str = "parquet",
    restart: bool = False,
    show: Callable[[Progress], None] = lambda _: None,
) -> dict[str, Any]:
    """Compute both models' losses of every row, write rows, summary and report into `out`, and return the summary.

    data, other_data, labels_data: a file, a folder or a glob. Without other_data, `data` has the other logits too, and
    without labels_data it has the labels. The others: as for `score`. Raises DataError.
    """
    of_labels: dict[str, str | None] = {"labels": labels, "weights": weights, "id": id}
    groups: list[tuple[str, dict[str, str | None]]] = [(data, {"logits": logits})]
    of_other: dict[str, str | None] = {"other_logits": other_logits}
    for where, fields in ((other_data, of_other), (labels_data, of_labels)):
        if where is None:
            groups[0][1].update(fields)
        else:
            groups.append((where, fields))
    plan = make_plan(find_source(*groups), ("logits", "other_logits"))
    given = {name: parameter.default for name, parameter in PARAMETERS.items()} | (parameters or {})
    job = CompareJob(plan, out, suffix, skip_bad, given).resolved()
    described = plan.described() | {
        "command": "compare",
        "parameters": given,
        "bad_rows": "skip" if skip_bad else "stop",
        "format": suffix,
    }
    store = job.store
    with store.held(described, restart=restart):
        job = replace(job, run=store.run)
        run(job, processes, show, ray)
        summary = summarise(job)
        title = data if other_data is None else f"{data} and {other_data}"
        store.write(store.report, compare_report(summary, _sample(job), title).encode())
        store.write(store.summary, json.dumps(summary, indent=1, ensure_ascii=False).encode())
    return summary


def summarise(job: CompareJob) -> dict[str, Any]:
    """The summary as JSON has it. Raises DataError."""
    sums = CompareSums()
    for _, marker in committed(job):
        sums.merge(marker)
    reduction = job.parameters["reduction"]
    first, second = (scored(each, reduction) for each in (sums.first, sums.second))
    summary = {
        "files": len(job.plan.source.files),
        "rows": sums.rows,
        "loss_type": job.parameters["loss_type"],
        "first": first,
        "second": second,
        "difference": _difference(sums, first, second),
        "divergence": {name: _divergence(job, sums, name) for name in sums.divergences} or None,
        "same_top1": sums.same[0] / sums.compared if sums.compared else None,
        "same_top5": sums.same[1] / sums.compared if sums.compared else None,
        "most_different": sums.most,
        "set_aside": {"rows": len(sums.bad_rows), "first": sums.bad_rows[:MAX_BAD_ROWS]},
    }
    written: dict[str, Any] = as_json(summary)
    return written


def _sample(job: CompareJob) -> list[tuple[float, float]]:
    """Both losses of some rows, evenly taken from all parts, for the picture."""
    parts = [(part, marker["samples"]) for part, marker in committed(job)]
    every = -(-sum(samples for _, samples in parts) // MAX_POINTS) or 1
    sample: list[tuple[float, float]] = []
    for part, _ in parts:
        path = job.store.rows_of(part)
        pairs = zip(read_column(path, LOSS)[::every], read_column(path, OTHER_LOSS)[::every], strict=True)
        sample += [(float(a), float(b)) for a, b in pairs if math.isfinite(a) and math.isfinite(b)]
    return sample


def _difference(sums: CompareSums, first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any] | None:
    """The paired difference over samples, the second less the first."""
    n = sums.samples
    if not n or not math.isfinite(sums.total[0]):
        return None
    mean = float(exactly(sums.total) / n)
    found: dict[str, Any] = {
        "mean": mean,
        "share_better": sums.better / n,
        "share_worse": sums.worse / n,
        "standard_error": None,
        "interval": None,
        "p_value": None,
    }
    error = mean_error(sums.total, sums.squares, n)
    if error is not None:
        half = two_sided_quantile(CONFIDENCE, n - 1) * error
        found |= {"standard_error": error, "interval": [mean - half, mean + half]}
        found["p_value"] = two_sided_p(mean / error, n - 1) if error else (1.0 if mean == 0 else 0.0)
    means = [each["summary"].get("mean") for each in (first, second)]
    if first["summary"].get("perplexity") is not None and None not in means:
        found["perplexity_ratio"] = exp_or_infinity(means[1] - means[0])
    return found


def exactly(components: Sequence[float]) -> Fraction:
    """The sum of an exact sum's components."""
    return sum(map(Fraction, components), Fraction(0))


def mean_error(total: Sequence[float], squares: Sequence[float], n: int) -> float | None:
    """The standard error of the mean of n values, from the exact sums of them and of their squares."""
    sums, ones = np.array(total), np.array([float(n)])
    return spread_of_mean(n, sums, ones, np.array(squares), sums, ones)


def _divergence(job: CompareJob, sums: CompareSums, name: str) -> dict[str, Any]:
    total, squares = sums.divergences[name]
    n = sums.compared
    found = quantiles(
        sums.buckets[name],
        0,
        [*QUANTILES.values(), 1.0],
        lambda: (read_column(job.store.rows_of(part), name) for part, _ in committed(job)),
    )
    infinite = not math.isfinite(total[0])
    return {
        "mean": total[0] if infinite else float(exactly(total) / n),
        "standard_error": mean_error(total, squares, n),
        **dict(zip([*QUANTILES, "maximum"], found, strict=True)),
    }
