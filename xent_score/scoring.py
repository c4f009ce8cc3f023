"""`score`: the losses of a data set, from its files to rows, summary and report."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from xent_core.results import OUTPUTS
from xent_score.errors import DataError
from xent_score.parameters import PARAMETERS
from xent_score.plan import find_source, make_plan
from xent_score.report import score_report
from xent_score.run import Progress, run
from xent_score.score import QUALITY, ScoreJob
from xent_score.summary import summarise

INCLUDABLE = (*(name for name in OUTPUTS if name not in ("gradient", "summary", "calibration")), *QUALITY)
"""The gradient of a mean over the data set is not known before all of it is computed."""


def score(
    data: str,
    out: Path,
    *,
    labels_data: str | None = None,
    logits: str = "logits",
    labels: str = "labels",
    weights: str | None = None,
    id: str | None = None,  # noqa: A002  as the option
    parameters: dict[str, Any] | None = None,
    include: tuple[str, ...] = (),
    skip_bad: bool = False,
    silence: tuple[str, ...] = (),
    processes: int = 1,
    ray: str | None = None,
    suffix: str = "parquet",
    restart: bool = False,
    show: Callable[[Progress], None] = lambda _: None,
) -> dict[str, Any]:
    """Compute the loss of every row, write rows, summary and report into `out`, and return the summary.

    data, labels_data: a file, a folder or a glob; labels_data has labels, weights and ids, file by file.
    logits, labels, weights, id: columns, see `xent_score.columns`.
    parameters: of `xent_core.evaluate`. include: by-products of the rows.
    skip_bad: set rows aside that can't be computed; else the first stops the run.
    processes: how many compute. ray: the address of the Ray cluster that they are on, None for this machine.
    restart: discard what `out` holds of another run.
    A run that was interrupted is resumed. Raises DataError.
    """
    for name in include:
        if name not in INCLUDABLE:
            raise DataError(f"--include holds {name!r:.80}; any of {', '.join(INCLUDABLE)} was expected")
    of_labels = {"labels": labels, "weights": weights, "id": id}
    source = (
        find_source((data, {"logits": logits} | of_labels))
        if labels_data is None
        else find_source((data, {"logits": logits}), (labels_data, of_labels))
    )
    plan = make_plan(source, ("logits",))
    defaults = {name: parameter.default for name, parameter in PARAMETERS.items()}
    given = defaults | (parameters or {})
    asked = given.pop("loss_type")
    job, first = ScoreJob(plan, out, suffix, skip_bad, given, asked, include, silence).resolved()
    described = plan.described() | {
        "command": "score",
        "parameters": {**given, "loss_type": asked},
        "include": [*include],
        "bad_rows": "skip" if skip_bad else "stop",
        "silence": [*silence],
        "format": suffix,
    }
    store = job.store
    with store.held(described, restart=restart):
        job = replace(job, run=store.run)
        run(job, processes, show, ray)
        summary = summarise(job, first)
        store.write(store.report, score_report(summary, data).encode())
        store.write(store.summary, json.dumps(summary, indent=1, ensure_ascii=False).encode())
    return summary
