"""A run over a data set: plan it, compute what is not committed yet, and say how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from xent_score.errors import DataError
from xent_score.plan import Plan
from xent_score.processes import Task, Work, run_here, run_in_processes
from xent_score.store import Store

# What a process takes beside reading, which is not worth it for less.
BYTES_WORTH_A_PROCESS = 16 << 20


class Job(Protocol):
    """What a process needs to compute a stream: picklable."""

    @property
    def plan(self) -> Plan: ...

    @property
    def store(self) -> Store: ...


@dataclass
class Progress:
    """How far a run is. rows_resumed: done by runs before this one; total: None where files don't say."""

    rows_done: int
    rows_resumed: int
    total: int | None


Shown = Callable[[Progress], None]


def run(job: Job, work: Work, processes: int, show: Shown) -> list[dict[str, Any]]:
    """Compute all that is not committed, and return the markers of all parts, in order. Raises DataError."""
    tasks: list[Task] = []
    resumed = 0
    for number in range(len(job.plan.streams)):
        markers = [*job.store.markers(number)]
        resumed += sum(marker["rows"] for marker in markers)
        if not markers or not markers[-1]["last"]:
            tasks.append((number, len(markers)))
    rows = [each for each in job.plan.rows if each is not None]
    progress = Progress(resumed, resumed, sum(rows) if len(rows) == len(job.plan.rows) else None)
    show(progress)
    count = min(processes, len(tasks), 1 + _bytes(job.plan) // BYTES_WORTH_A_PROCESS)
    steps = run_here(work, job, tasks) if count <= 1 else run_in_processes(work, job, tasks, count)
    for done in steps:
        progress.rows_done += done
        show(progress)
    found = [marker for number in range(len(job.plan.streams)) for marker in job.store.markers(number)]
    _check_complete(job, found)
    return found


def _check_complete(job: Job, markers: list[dict[str, Any]]) -> None:
    """Raises DataError where rows are missing: somebody else wrote to the folder."""
    ends = sum(marker["last"] for marker in markers)
    if ends != len(job.plan.streams):
        raise DataError(f"{job.store.folder} lacks parts that were written; was it changed during the run?")


def _bytes(plan: Plan) -> int:
    return sum(path.stat().st_size for path in plan.source.files)
