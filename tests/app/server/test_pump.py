"""Connections that are closed while their clients still send: their number and the bytes discarded are bounded."""

import asyncio

import pytest

from app.server import pump
from app.server.pump import Pump
from tests import virtual_time


class Connection:
    """A client that has so many bytes to send in all."""

    def __init__(self, at: Pump, to_send: int) -> None:
        self._pump = at
        self.to_send = to_send
        self.discarded = 0
        self.is_cut_off = False

    def discard(self, at_most: int) -> int | None:
        if self.discarded >= self.to_send:
            return None
        count = min(at_most, self.to_send - self.discarded)
        self.discarded += count
        return count

    def cut_off(self) -> None:
        self.is_cut_off = True
        self._pump.remove(self)


def test_beyond_so_many_connections_the_oldest_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "MAX_CONNECTIONS", 2)

    async def test() -> None:
        at = Pump()
        connections = [Connection(at, 1) for _ in range(3)]
        for each in connections:
            at.add(each)
        assert [each.is_cut_off for each in connections] == [True, False, False]
        await asyncio.sleep(2 * pump.SECONDS_UNREAD)
        assert [each.discarded for each in connections] == [0, 1, 1]
        assert all(each.is_cut_off for each in connections)

    virtual_time.run(test())


def test_all_together_discard_at_a_bounded_rate_and_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "BYTES_PER_SECOND", 1000)

    async def test() -> None:
        at = Pump()
        connections = [Connection(at, 1_000_000) for _ in range(2)]
        for each in connections:
            at.add(each)
        await asyncio.sleep(pump.SECONDS_IN_ALL + 2 * pump.SECONDS_UNREAD)
        first, second = (each.discarded for each in connections)
        assert 0 < first + second <= 1000 * pump.SECONDS_IN_ALL
        assert abs(first - second) <= 1000 * pump.SECONDS_OF_A_TICK
        assert all(each.is_cut_off for each in connections)

    virtual_time.run(test())
