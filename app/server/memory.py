"""The freed memory of a worker: some is kept for the next requests, the rest is returned to the system."""

import asyncio
import ctypes
from contextlib import suppress
from math import inf

from app import offload

# Freed and allocated again page by page, the memory of a large body costs half as much as a binary body of 4 MB does.
KEPT_BYTES = 32 << 20
# Larger arrays are mapped and unmapped one by one.
MAX_HEAP_BYTES = 16 << 20
# Returning memory takes a few milliseconds of a thread, in which others that allocate wait.
SECONDS_BETWEEN_RETURNS = 2.0

# Constants of <malloc.h>.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


class _Mallinfo2(ctypes.Structure):
    """What glibc tells of its heap. `fordblks` is the number of free bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def keep_memory() -> None:
    """Have glibc keep up to KEPT_BYTES of freed memory at the end of its heap, and use one heap for all threads."""
    with suppress(AttributeError, OSError):  # not glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, MAX_HEAP_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_ARENA_MAX, 1)


async def return_memory() -> None:
    """Return memory that is free within the heap, every few seconds, until cancelled.

    glibc by itself returns only what is free at the end. Small objects that live on between large arrays that do not
    would let the heap grow to the worst combination of requests that there was.
    """
    with suppress(AttributeError, OSError):  # not glibc
        libc = ctypes.CDLL(None)
        mallinfo, trim = libc.mallinfo2, libc.malloc_trim
        mallinfo.restype, trim.argtypes = _Mallinfo2, (ctypes.c_size_t,)
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_RETURNS)
            with suppress(offload.NoThread, MemoryError):
                if mallinfo().fordblks > KEPT_BYTES:
                    await offload.run(lambda: trim(KEPT_BYTES), offload.LARGE, inf)
