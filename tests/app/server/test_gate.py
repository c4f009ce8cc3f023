"""The gate for large bodies: who finds room, who waits and for how long, and that no room is lost."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from app.middleware.reservation import BodiesFull, Full, WouldBeTooLate
from app.server import gate
from app.server.connection_states import TRANSITIONS, Event, State
from app.server.gate import Gate, Place
from tests import virtual_time

MB = 1_000_000


class Request:
    """A request at the gate, of which nothing has come, and what became of it."""

    def __init__(self, length: int = 10 * MB) -> None:
        self.length = length
        self.place: Place | None = None
        self.why: Full | None = None
        self.came = 0

    def received(self) -> int:
        return self.came

    def accept(self, place: Place) -> None:
        self.place = place

    def shed(self, why: Full) -> None:
        self.why = why


def enter(at: Gate, length: int = 10 * MB) -> Place:
    place = at.enter(Request(length))
    assert place is not None
    place.be_whole()
    return place


def run(test: Callable[[Gate], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        at = Gate(40 * MB)
        await test(at)
        assert at.bytes == 0

    virtual_time.run(main())


def full_of(at: Gate) -> list[Place]:
    return [enter(at) for _ in range(4)]


def test_who_finds_no_room_waits_and_gets_the_first_that_is_free() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        first, second = Request(), Request()
        for each in (first, second):
            assert at.enter(each) is None
            at.wait(each, float("inf"))
        places.pop().leave()
        assert (first.place is not None, second.place) == (True, None)
        at.forget(second)
        for each in [*places, first.place]:
            assert each is not None
            each.leave()
            each.leave()

    run(test)


def test_who_waits_too_long_is_refused() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        request = Request()
        at.wait(request, float("inf"))
        await asyncio.sleep(2 * gate.SECONDS_OF_PATIENCE)
        assert isinstance(request.why, BodiesFull)
        # That it waited so long tells of overload: who comes now is refused, until nobody has been for a while.
        for _ in range(3):
            with pytest.raises(BodiesFull):
                at.wait(Request(), float("inf"))
            await asyncio.sleep(0.9 * gate.SECONDS_OF_OVERLOAD)
        await asyncio.sleep(0.2 * gate.SECONDS_OF_OVERLOAD)
        patient = Request()
        at.wait(patient, float("inf"))
        at.forget(patient)
        for each in places:
            each.leave()

    run(test)


def test_who_finds_a_queue_that_stands_is_refused_and_who_stands_in_it_is_not() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        first, second = Request(), Request()
        at.wait(first, float("inf"))
        await asyncio.sleep(0.9 * gate.SECONDS_THAT_TELL_OVERLOAD)
        at.wait(second, float("inf"))
        await asyncio.sleep(0.2 * gate.SECONDS_THAT_TELL_OVERLOAD)
        with pytest.raises(BodiesFull):
            at.wait(Request(), float("inf"))
        for each in places:
            each.leave()
        for request in (first, second):
            assert request.place is not None
            request.place.leave()

    run(test)


def test_a_queue_that_was_empty_in_between_does_not_stand() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        for _ in range(4):
            request = Request()
            at.wait(request, float("inf"))
            await asyncio.sleep(0.5 * gate.SECONDS_THAT_TELL_OVERLOAD)
            places.pop(0).leave()
            assert request.place is not None
            places.append(request.place)
        for each in places:
            each.leave()

    run(test)


def test_so_many_wait_at_most() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        waiting = [Request() for _ in range(gate.MAX_WAITING)]
        for each in waiting:
            at.wait(each, float("inf"))
        with pytest.raises(BodiesFull):
            at.wait(Request(), float("inf"))
        for each in waiting:
            at.forget(each)
        for place in places:
            place.leave()

    run(test)


def test_who_would_be_too_late_does_not_wait() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        with pytest.raises(WouldBeTooLate):
            at.wait(Request(), asyncio.get_running_loop().time() - 1)
        for place in places:
            place.leave()

    run(test)


def test_who_could_not_wait_for_long_does_not_tell_of_overload() -> None:
    async def test(at: Gate) -> None:
        places = full_of(at)
        hasty, patient = Request(), Request()
        at.wait(hasty, asyncio.get_running_loop().time() + 0.01)
        await asyncio.sleep(0.02)
        assert isinstance(hasty.why, WouldBeTooLate)
        at.wait(patient, float("inf"))
        await asyncio.sleep(gate.SECONDS_OF_PATIENCE / 4)
        assert patient.why is None
        at.forget(patient)
        for place in places:
            place.leave()

    run(test)


def test_a_body_that_does_not_come_counts_no_longer_but_again_once_it_is_whole() -> None:
    async def test(at: Gate) -> None:
        slow, fast = Request(), Request()
        places = [at.enter(each) for each in (slow, fast)]
        fast.came = 1000 * MB
        await asyncio.sleep(1.5 * gate.SECONDS_BETWEEN_LOOKS)
        assert at.bytes == 10 * MB
        for place in places:
            assert place is not None
            place.be_whole()
        assert at.bytes == 20 * MB
        for place in places:
            assert place is not None
            place.leave()

    run(test)


def test_a_body_of_unknown_length_counts_as_it_comes_and_none_for_more_than_a_fourth() -> None:
    async def test(at: Gate) -> None:
        place = at.enter(Request(MB))
        assert place is not None
        place.grow(MB)
        assert at.bytes == 2 * MB
        place.grow(100 * MB)
        assert at.bytes == 10 * MB
        await asyncio.sleep(1.5 * gate.SECONDS_BETWEEN_LOOKS)
        place.grow(MB)
        assert at.bytes == 0
        place.leave()

    run(test)


def test_the_table_of_states_is_whole() -> None:
    """Each state can be reached, can lose its connection, and leads to nothing but states."""
    assert set(TRANSITIONS) == set(State)
    assert {State.IDLE} | {new for events in TRANSITIONS.values() for new in events.values()} == set(State)
    assert all(Event.LOST in events for state, events in TRANSITIONS.items() if state is not State.CLOSED)
