"""Small work is done on the event loop's thread, large work leaves it, and not too much of it at once."""

import asyncio
import threading

import pytest

from app import offload

SMALL, LARGE = offload.SMALL_BYTES, offload.SMALL_BYTES + 1


@pytest.mark.parametrize("size", [0, SMALL])
def test_small_work_stays_on_the_loops_thread(size: int) -> None:
    assert asyncio.run(offload.run(threading.get_ident, size)) == threading.get_ident()


def test_large_work_leaves_it() -> None:
    assert asyncio.run(offload.run(threading.get_ident, LARGE)) != threading.get_ident()


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_what_goes_wrong_in_it_reaches_whoever_waits(size: int) -> None:
    def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        asyncio.run(offload.run(fail, size))


def test_the_loop_goes_on_while_large_work_is_done() -> None:
    """The work ends only when the loop says so."""
    loop_went_on = threading.Event()

    async def both() -> bool:
        work = asyncio.create_task(offload.run(lambda: loop_went_on.wait(10), LARGE))
        await asyncio.sleep(0)
        loop_went_on.set()
        return await work

    assert asyncio.run(both())


def test_two_are_worked_on_at_once_and_no_more() -> None:
    working, finish = set(), threading.Event()

    def work() -> None:
        working.add(threading.get_ident())
        finish.wait(10)

    async def six() -> int:
        tasks = [asyncio.create_task(offload.run(work, LARGE)) for _ in range(6)]
        await asyncio.sleep(0.3)
        at_once = len(working)
        finish.set()
        await asyncio.gather(*tasks)
        return at_once

    assert asyncio.run(six()) == 2
