"""The only crossing from the event loop to a thread: large work leaves the loop, small work is done where it stands."""

from collections.abc import Callable
from typing import TypeVar

import anyio

Result = TypeVar("Result")

# A hop to a thread and back costs about what this many bytes cost to decode.
SMALL_BYTES = 32_768
# Kernels and decoders are bound by memory: more of them at once would only thrash the cache.
_threads = anyio.CapacityLimiter(2)


async def run(work: Callable[[], Result], size: int) -> Result:
    """The result of `work`, whose input takes `size` bytes."""
    if size <= SMALL_BYTES:
        return work()
    return await anyio.to_thread.run_sync(work, limiter=_threads)
