"""The parts of a run on a Ray cluster: a task for each stream, which a node runs as a process of this machine would.

A task whose node is lost runs again elsewhere, from the first part on that is not committed. Rows and markers reach the
run through the file system, so that what a lost node has committed counts, and once.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from socket import create_connection, gethostname
from typing import Any

import ray
from ray.exceptions import RayError

from xent_score.errors import DataError
from xent_score.processes import Task, keep_memory, run_here
from xent_score.streams import Job, run_stream

MAX_RETRIES = 5
# How long to wait for the end of a task before looking for parts of those that run.
TICK_SECONDS = 1.0
CONNECT_SECONDS = 10.0
SHARED = "input and output of --ray have to be on a file system that all nodes see, at equal paths"
NEEDED = "; each node needs this version of xent, and what it needs: pip install 'xent[ray,score]'"


def run_on_ray(job: Job, tasks: Iterable[Task], address: str, count: int) -> Iterator[int]:
    """Compute up to `count` streams at a time. Yields the number of rows of each part once it is committed.

    Raises DataError.
    """
    left = iter(tasks)
    running: dict[Any, Task] = {}
    _connect(address)
    try:
        shared, folder = ray.put(job), str(Path.cwd())
        compute = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_compute)
        while True:
            for number, part in islice(left, count - len(running)):
                running[compute.remote(shared, folder, number)] = number, part
            if not running:
                return
            ended, _ = ray.wait([*running], timeout=TICK_SECONDS)
            for each in ended or [*running]:
                number, part = running[each]
                node = _node_of(each) if ended else None
                last = False
                if ended:
                    _look_anew(job.store.state)
                for marker in job.store.markers(number, part):
                    part, last = part + 1, marker["last"]
                    yield marker["rows"]
                running[each] = number, part
                if node is not None:
                    del running[each]
                    if not last:
                        raise DataError(f"{job.store.folder} lacks a part that node {node} has written; {SHARED}")
    finally:
        ray.shutdown()


def _look_anew(folder: Path) -> None:
    """Have a network file system forget for how long it need not ask which files are there."""
    with os.scandir(folder) as entries:
        next(entries, None)


def _connect(address: str) -> None:
    """Raises DataError."""
    # Before Ray starts a cluster of its own: nothing is told to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    own = {"include_dashboard": False} if address == "local" else {}
    host, _, port = address.rpartition(":")
    try:
        if port.isdecimal() and "://" not in host:
            # Ray alone would wait for minutes, and write about it.
            create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        ray.init(address, log_to_driver=False, logging_level="ERROR", **own)
    except (RayError, OSError, OverflowError, RuntimeError, ValueError) as error:
        reason = str(error).partition(". ")[0]
        raise DataError(f"--ray {address}: {reason:.400}") from None


def _node_of(task: Any) -> str:
    """The node on which a task that has ended did all of it. Raises DataError."""
    try:
        node, error = ray.get(task)
    except RayError as failed:
        cause = getattr(failed, "cause", None) or failed
        reason = str(cause).strip().partition("\n")[0]
        needed = NEEDED if "No module" in reason else ""
        raise DataError(f"a task of the run failed on Ray: {type(cause).__name__}: {reason:.400}{needed}") from None
    if error is not None:
        raise DataError(error)
    return str(node)


def _compute(job: Job, folder: str, number: int) -> tuple[str, str | None]:
    """Compute what is not committed of a stream. Returns the node's name and, if it could not, the reason."""
    keep_memory()
    # Paths may be relative to where the run was started.
    with suppress(OSError):
        os.chdir(folder)
    try:
        _check_files(job, number)
        markers = [*job.store.markers(number)]
        if not (markers and markers[-1]["last"]):
            for _ in run_here(run_stream, job, [(number, len(markers))]):
                pass
    except DataError as error:
        return gethostname(), str(error)
    return gethostname(), None


def _check_files(job: Job, number: int) -> None:
    """Raises DataError where this node does not see the files that the run has planned for."""
    source, place = job.plan.source, job.plan.streams[number].file
    try:
        planned = json.loads(job.store.plan.read_text("utf-8"))["files"][place :: len(source.files)]
        for group, file in zip(source.groups, planned, strict=True):
            path = group.files[place]
            stat = path.stat()
            if (stat.st_size, stat.st_mtime_ns) != (file["bytes"], file["modified"]):
                raise DataError(f"{path} is another file on node {gethostname()}; {SHARED}")
    except OSError as error:
        raise DataError(f"node {gethostname()} can't read {error.filename}: {error.strerror}; {SHARED}") from None
