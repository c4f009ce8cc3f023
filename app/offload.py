"""The only way from the event loop to a thread: large work runs in a thread, small work on the loop."""

import asyncio
import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import anyio

Result = TypeVar("Result")

# Switching to a thread and back costs about as much as decoding this many bytes.
SMALL_BYTES = 32_768
# Sizes of work that is small or large whatever its input.
SMALL, LARGE = 0, SMALL_BYTES + 1
# Kernels and decoders are memory-bound: more of them at once would thrash the cache.
_threads = anyio.CapacityLimiter(2)


class TooLate(Exception):
    """The work missed its deadline. A thread can't be stopped: `work` is done when its thread ends, if it had one."""

    def __init__(self, work: asyncio.Future[Any]) -> None:
        super().__init__("the work missed its deadline")
        self.work = work


class NoThread(Exception):
    """The system can't start a thread."""


async def run(work: Callable[[], Result], size: int, until: float) -> Result:
    """The result of `work`, whose input and output have about `size` bytes.

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
    except RuntimeError:  # one raised by `work` would be in `error`
        raise NoThread from None
    if error is None:
        return result  # type: ignore[return-value]  # one of the two is set
    try:
        raise error
    finally:
        del error, task, done


def _outcome(work: Callable[[], Result]) -> tuple[Result | None, Exception | None]:
    """The result, or the exception.

    The thread library raises an exception while a variable refers to it. This cycle keeps the frames of the exception,
    and so all memory of the work, until a garbage collection. The frames are cleared here because freeing large arrays
    takes time, which the event loop does not have.
    """
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001  `run` raises it again
        cause: BaseException | None = error
        while cause is not None:
            traceback.clear_frames(cause.__traceback__)
            cause = cause.__context__
        return None, error
