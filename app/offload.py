"""The only crossing from the event loop to a thread: large work leaves the loop, small work is done where it stands."""

import asyncio
import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import anyio

Result = TypeVar("Result")

# A hop to a thread and back costs about what this many bytes cost to decode.
SMALL_BYTES = 32_768
# The size of work that is small, or large, whatever its input is.
SMALL, LARGE = 0, SMALL_BYTES + 1
# Kernels and decoders are bound by memory: more of them at once would only thrash the cache.
_threads = anyio.CapacityLimiter(2)


class TooLate(Exception):
    """The work was not done in time. A thread can't be stopped: `work` ends when it does, or at once if none began."""

    def __init__(self, work: asyncio.Future[Any]) -> None:
        super().__init__("the work was not done in time")
        self.work = work


class NoThread(Exception):
    """The system has no thread for the work now."""


async def run(work: Callable[[], Result], size: int, until: float) -> Result:
    """The result of `work`, which has to do with `size` bytes: its input, and all that is made of it.

    Raises NoThread, and TooLate at `until`, a time of time.monotonic().
    """
    if size <= SMALL_BYTES:
        return work()
    task = asyncio.ensure_future(anyio.to_thread.run_sync(_outcome, work, limiter=_threads))
    try:
        done, _ = await asyncio.wait([task], timeout=until - time.monotonic())
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        raise TooLate(task)
    try:
        result, error = task.result()
    except RuntimeError:  # of `work` it would be `error`
        raise NoThread from None
    if error is None:
        return result  # type: ignore[return-value]  # one of the two is there
    try:
        raise error
    finally:
        del error, task, done


def _outcome(work: Callable[[], Result]) -> tuple[Result | None, Exception | None]:
    """The result, or what went wrong.

    An exception that is raised where a variable holds it is freed by a collection only, and with it what its frames
    hold, which is all memory of the work. The thread library raises it so. To free that memory takes time as well, so
    it is done here, and not by the event loop.
    """
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001  raised again by who waits
        cause: BaseException | None = error
        while cause is not None:
            traceback.clear_frames(cause.__traceback__)
            cause = cause.__context__
        return None, error
