"""A client has as many requests in flight as the service takes, and no more."""

import asyncio
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client_python.misbehaving import Misbehaving, problem, respond
from xent_client import AsyncXent, Xent
from xent_client.concurrency import CUT_BY_REFUSAL, FIRST, MAX_LIMIT, MIN_LIMIT, Limit, Tasks, Threads

CATALOGUE = respond(200, {"losses": []})
FULL = problem(503, "full", Retry_After="0")


def respond_to(limit: Limit, seconds: float, *, requests: int = 1, is_refused: bool = False, at: float = 0.0) -> None:
    """As many requests as the limit allows are in flight, and one after the other ends."""
    for _ in range(requests):
        limit.in_flight = int(limit.value)
        limit.end(at, at + seconds, is_refused=is_refused)


def test_the_limit_grows_while_responses_come_as_soon_as_usual() -> None:
    limit = Limit()
    respond_to(limit, 0.1, requests=500)
    assert limit.value > 2 * FIRST
    respond_to(limit, 0.1, requests=20_000)
    assert limit.value == MAX_LIMIT


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    limit = Limit()
    for _ in range(1000):
        limit.in_flight = 2
        limit.end(0.0, 0.1, is_refused=False)
    assert limit.value == FIRST


def test_a_refusal_cuts_the_limit_once_for_all_that_were_sent_before_it() -> None:
    limit = Limit()
    respond_to(limit, 0.1, requests=10, is_refused=True, at=1.0)
    assert limit.value == FIRST * CUT_BY_REFUSAL
    respond_to(limit, 0.1, is_refused=True, at=2.0)
    assert limit.value == FIRST * CUT_BY_REFUSAL**2


def test_the_limit_never_falls_below_one() -> None:
    limit = Limit()
    for at in range(100):
        respond_to(limit, 0.1, is_refused=True, at=float(at))
    assert limit.value == MIN_LIMIT
    assert Limit().room == FIRST


def test_slow_responses_cut_the_limit_and_usual_ones_raise_it_again() -> None:
    limit = Limit()
    respond_to(limit, 0.1, requests=300)
    before = limit.value
    respond_to(limit, 1.0, requests=25)
    slow = limit.value
    assert slow < before
    respond_to(limit, 0.1, requests=300)
    assert limit.value > slow


def test_small_and_large_requests_in_turn_are_no_slowing_down() -> None:
    limit = Limit()
    for _ in range(300):
        respond_to(limit, 0.01)
        respond_to(limit, 1.0)
    assert limit.value > FIRST


def test_threads_beyond_the_limit_wait_for_their_turn() -> None:
    turns, end, inside = Threads(), threading.Event(), threading.Semaphore(0)

    def work(_: int) -> None:
        with turns.turn():
            inside.release()
            end.wait()

    with ThreadPoolExecutor(50) as threads:
        work_done = threads.map(work, range(100))
        for _ in range(FIRST):
            assert inside.acquire(timeout=60)
        assert not inside.acquire(timeout=0.1)
        assert turns.limit.in_flight == FIRST
        end.set()
        list(work_done)
    assert turns.limit.in_flight == 0


def test_threads_get_their_turns_in_the_order_in_which_they_came() -> None:
    turns, order = Threads(), list[int]()
    turns.limit.value = MIN_LIMIT

    def work(number: int) -> None:
        with turns.turn() as turn:
            turn.is_refused = True  # so that one at a time stays the limit
            order.append(number)

    with ThreadPoolExecutor(20) as threads, turns.turn() as turn:
        turn.is_refused = True
        for number in range(20):
            threads.submit(work, number)
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    assert order == list(range(20))


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("when", ["while it waits", "when its turn has come"])
def test_a_thread_that_is_interrupted_takes_no_turn_with_it(when: str) -> None:
    turns = Threads()
    turns.limit.value = MIN_LIMIT
    held = turns.turn()

    def interrupt(_number: int, _frame: object) -> None:
        if when == "when its turn has come":
            held.__exit__(None, None, None)
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        held.__enter__()
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Interrupted), turns.turn():
            pass
    finally:
        signal.signal(signal.SIGALRM, before)
    if when == "while it waits":
        held.__exit__(None, None, None)
    with turns.turn():
        assert turns.limit.in_flight == 1
    assert turns.limit.in_flight == 0


def test_tasks_beyond_the_limit_wait_for_their_turn_in_their_order() -> None:
    async def run() -> tuple[int, list[int]]:
        turns, most, order = Tasks(), 0, list[int]()

        async def work(number: int) -> None:
            nonlocal most
            async with turns.turn():
                order.append(number)
                most = max(most, turns.limit.in_flight)
                await asyncio.sleep(0.001)

        await asyncio.gather(*(work(number) for number in range(100)))
        assert turns.limit.in_flight == 0
        return most, order

    most, order = asyncio.run(run())
    assert FIRST <= most <= MAX_LIMIT
    assert order == list(range(100))


@pytest.mark.parametrize("when", ["while it waits", "when a turn is handed out", "when its turn has come"])
def test_a_task_that_is_cancelled_takes_no_turn_with_it(when: str) -> None:
    async def run() -> None:
        turns = Tasks()
        turns.limit.value = MIN_LIMIT

        async def work() -> None:
            async with turns.turn():
                pass

        async with turns.turn():
            tasks = [asyncio.create_task(work()) for _ in range(2)]
            await asyncio.sleep(0)
            if when != "when its turn has come":
                tasks[0].cancel()
            if when == "while it waits":
                await asyncio.sleep(0)
        if when == "when its turn has come":
            # It has a turn, and has not run since.
            tasks[0].cancel()
        first, second = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(first, asyncio.CancelledError)
        assert second is None
        assert turns.limit.in_flight == 0

    asyncio.run(run())


def test_a_full_service_gets_fewer_requests_at_once() -> None:
    with Misbehaving(FULL, CATALOGUE) as server, Xent(server.address) as xent:
        xent.losses()
        assert xent._turns.limit.value == FIRST * CUT_BY_REFUSAL


def test_an_asynchronous_client_learns_the_same() -> None:
    async def run(address: str) -> float:
        async with AsyncXent(address) as xent:
            await xent.losses()
            return xent._turns.limit.value

    with Misbehaving(FULL, CATALOGUE) as server:
        assert asyncio.run(run(server.address)) == FIRST * CUT_BY_REFUSAL
