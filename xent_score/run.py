"""A run over a data set: plan it, compute what is not committed yet, and say how far it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from xent_score.errors import DataError
from xent_score.plan import Plan
from xent_score.processes import Task, run_here, run_in_processes
from xent_score.store import Part
from xent_score.streams import Job, run_stream

# What a process takes beside reading, which is not worth it for less.
BYTES_WORTH_A_PROCESS = 16 << 20


@dataclass
class Progress:
    """How far a run is. rows_resumed: done by runs before this one; total: None where files don't say."""

    rows_done: int
    rows_resumed: int
    total: int | None


Shown = Callable[[Progress], None]


def run(job: Job, processes: int, show: Shown, ray: str | None = None) -> None:
    """Compute all that is not committed: in processes, or on the Ray cluster at the address `ray`. Raises DataError."""
    tasks: list[Task] = []
    resumed = 0
    for number in range(len(job.plan.streams)):
        parts, last = 0, False
        for marker in job.store.markers(number):
            parts, last = parts + 1, marker["last"]
            resumed += marker["rows"]
        if not last:
            tasks.append((number, parts))
    rows = [each for each in job.plan.rows if each is not None]
    progress = Progress(resumed, resumed, sum(rows) if len(rows) == len(job.plan.rows) else None)
    count = min(processes, len(tasks), 1 + _bytes(job.plan) // BYTES_WORTH_A_PROCESS)
    show(progress)
    if ray is not None and tasks:
        from xent_score.cluster import run_on_ray

        steps = run_on_ray(job, tasks, ray, processes)
    elif count <= 1:
        steps = run_here(run_stream, job, tasks)
    else:
        steps = run_in_processes(run_stream, job, tasks, count)
    for done in steps:
        progress.rows_done += done
        show(progress)


def committed(job: Job) -> Iterator[tuple[Part, dict[str, Any]]]:
    """The parts in order, with their markers. Raises DataError where one is missing: the folder was changed."""
    for number in range(len(job.plan.streams)):
        last = False
        for index, marker in enumerate(job.store.markers(number)):
            last = marker["last"]
            yield Part(number, index), marker
        if not last:
            raise DataError(f"{job.store.folder} lacks parts that were written; was it changed during the run?")


def _bytes(plan: Plan) -> int:
    return sum(path.stat().st_size for path in plan.source.files)
