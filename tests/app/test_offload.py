"""Small work is done on the event loop's thread, large work leaves it, and not too much of it at once."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from app import offload

SMALL, LARGE = offload.SMALL_BYTES, offload.SMALL_BYTES + 1


async def run(work: Callable[[], Any], size: int, seconds: float = 10) -> Any:
    return await offload.run(work, size, time.monotonic() + seconds)


@pytest.mark.parametrize("size", [0, SMALL])
def test_small_work_stays_on_the_loops_thread(size: int) -> None:
    assert asyncio.run(run(threading.get_ident, size)) == threading.get_ident()


def test_large_work_leaves_it() -> None:
    assert asyncio.run(run(threading.get_ident, LARGE)) != threading.get_ident()


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_what_goes_wrong_in_it_reaches_whoever_waits(size: int) -> None:
    def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        asyncio.run(run(fail, size))


def test_the_loop_goes_on_while_large_work_is_done() -> None:
    """The work ends only when the loop says so."""
    loop_went_on = threading.Event()

    async def both() -> bool:
        work = asyncio.create_task(run(lambda: loop_went_on.wait(10), LARGE))
        await asyncio.sleep(0)
        loop_went_on.set()
        return await work

    assert asyncio.run(both())


def test_two_are_worked_on_at_once_and_no_more() -> None:
    working, two_began, finish = set(), threading.Event(), threading.Event()

    def work() -> None:
        working.add(threading.get_ident())
        if len(working) == 2:
            two_began.set()
        finish.wait(10)

    async def six() -> int:
        tasks = [asyncio.create_task(run(work, LARGE)) for _ in range(6)]
        await asyncio.to_thread(two_began.wait, 60)
        await asyncio.sleep(0.1)
        at_once = len(working)
        finish.set()
        await asyncio.gather(*tasks)
        return at_once

    assert asyncio.run(six()) == 2


class Memory:
    """What work needs while it is done."""


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_work_that_goes_wrong_leaves_nothing_to_the_garbage_collector(size: int) -> None:
    """Which comes late, and a body of the largest size is kept until then."""
    held: list[weakref.ref[Memory]] = []

    def fail() -> None:
        memory = Memory()
        held.append(weakref.ref(memory))
        raise ValueError("wrong")

    async def twice() -> None:
        for _ in range(2):
            with suppress(ValueError):
                await run(fail, size)
        # A thread may be about to drop what it returned.
        for _ in range(1000):
            if any(reference() for reference in held):
                await asyncio.sleep(0.01)

    gc.collect()
    gc.disable()
    try:
        asyncio.run(twice())
        assert [reference() for reference in held] == [None, None]
    finally:
        gc.enable()


def test_who_waits_is_told_in_time_that_it_takes_too_long_and_the_work_goes_on() -> None:
    finish = threading.Event()

    async def late() -> bool:
        began = time.monotonic()
        with pytest.raises(offload.TooLate) as caught:
            await run(lambda: finish.wait(10), LARGE, seconds=0.1)
        assert 0.1 <= time.monotonic() - began < 8
        assert not caught.value.work.done()
        finish.set()
        await asyncio.wait([caught.value.work], timeout=60)
        return caught.value.work.done()

    assert asyncio.run(late())


def test_work_that_has_not_begun_in_time_never_begins() -> None:
    finish, begun = threading.Event(), threading.Event()

    async def late() -> None:
        ahead = [asyncio.create_task(run(lambda: finish.wait(10), LARGE)) for _ in range(2)]
        await asyncio.sleep(0.1)
        with pytest.raises(offload.TooLate) as caught:
            await run(begun.set, LARGE, seconds=0.1)
        await asyncio.sleep(0)
        assert caught.value.work.done()
        finish.set()
        await asyncio.gather(*ahead)
        await asyncio.sleep(0.1)

    asyncio.run(late())
    assert not begun.is_set()


def test_who_waits_no_longer_has_no_work_begun() -> None:
    finish, begun = threading.Event(), threading.Event()

    async def cancelled() -> None:
        ahead = [asyncio.create_task(run(lambda: finish.wait(10), LARGE)) for _ in range(2)]
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(run(begun.set, LARGE))
        await asyncio.sleep(0.1)
        waiting.cancel()
        finish.set()
        await asyncio.gather(*ahead, waiting, return_exceptions=True)
        await asyncio.sleep(0.1)

    asyncio.run(cancelled())
    assert not begun.is_set()


def test_the_memory_of_work_that_goes_wrong_is_freed_where_it_was_done() -> None:
    """To free much of it takes time, which is not the event loop's."""
    freed_by: list[int] = []

    class Held:
        def __del__(self) -> None:
            freed_by.append(threading.get_ident())

    def cause() -> None:
        held = Held()
        raise KeyError(id(held))

    def fail() -> None:
        held = Held()
        try:
            cause()
        except KeyError:
            raise ValueError(id(held)) from None

    with pytest.raises(ValueError, match=r"[0-9]+"):
        asyncio.run(run(fail, LARGE))
    assert len(freed_by) == 2
    assert threading.get_ident() not in freed_by
