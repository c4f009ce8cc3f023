"""The processes of a run: each computes streams, one after the other, and is told the next one over a pipe.

A pipe ends with the process at its other end, so that workers end with the run, and the run learns of a worker's death.
"""

import ctypes
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from xent_score.errors import DataError
from xent_score.writebehind import WriteBehind

# Processes are forked from one that has imported what they need and has no threads: to import takes half a second.
_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = ["xent_score.score", "xent_score.compare"]

# A stream of a run: its number, and the number of the first part to compute.
Task = tuple[int, int]
Work = Callable[[Any, int, int, Callable[[int], None], WriteBehind], None]


def warm_up() -> None:
    """Start that process, which then imports beside this one."""
    _CONTEXT.set_forkserver_preload(_PRELOADED)
    # To start it would unblock SIGINT again.
    resource_tracker.ensure_running()
    # Ctrl-C reaches the run, which ends the others: they inherit that they don't see it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def keep_memory() -> None:
    """Have glibc keep freed memory: to get it back from the system for each block took a fifth of a run's time."""
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 64 << 20)


# Constants of <malloc.h>.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def run_here(work: Work, job: Any, tasks: Iterable[Task]) -> Iterator[int]:
    """Compute in this process. Yields the numbers of rows as they are done. Raises DataError."""
    with WriteBehind() as writer:
        for number, first_part in tasks:
            done: list[int] = []
            work(job, number, first_part, done.append, writer)
            yield from done


def run_in_processes(work: Work, job: Any, tasks: Iterable[Task], count: int) -> Iterator[int]:
    """Compute in so many processes. Yields the numbers of rows as they are done. Raises DataError."""
    warm_up()
    left = iter(tasks)
    workers: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(count):
            ours, theirs = _CONTEXT.Pipe()
            process = _CONTEXT.Process(target=_serve, args=(work, job, theirs), daemon=True)
            process.start()
            theirs.close()
            workers[ours] = process
            ours.send(next(left, None))
        while workers:
            for ready in wait([*workers]):
                assert isinstance(ready, Connection)  # noqa: S101  nothing else is waited for
                try:
                    message = ready.recv()
                except EOFError:
                    ended = workers.pop(ready)
                    ended.join()
                    ready.close()
                    if ended.exitcode:
                        raise DataError(_death(ended.exitcode)) from None
                    continue
                match message:
                    case int():
                        yield message
                    case None:
                        ready.send(next(left, None))
                    case _:
                        raise DataError(message)
    finally:
        for worker in workers.values():
            worker.kill()
        for connection, worker in workers.items():
            worker.join()
            connection.close()


def _death(exitcode: int) -> str:
    if exitcode == -signal.SIGKILL:
        return "a process of the run was killed, as the system does when memory runs out; --processes 1 needs less"
    return f"a process of the run ended with exit status {exitcode}"


def _serve(work: Work, job: Any, pipe: Connection) -> None:
    """Do what is asked until there is nothing left, or nobody to ask."""
    keep_memory()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            with WriteBehind() as writer:
                while (task := pipe.recv()) is not None:
                    number, first_part = task
                    work(job, number, first_part, pipe.send, writer)
                    pipe.send(None)
        except DataError as error:
            pipe.send(str(error))
