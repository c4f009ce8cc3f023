"""Closes connections whose client still sends, so that the client can read its response (a lingering close).

Closed at once, unread bytes would cause a reset, and most clients would lose the response. So the sending half is shut
down, and nothing is read for a moment: most clients see the response and close. After that, incoming bytes are
discarded for a while, for clients that read only after they have sent everything.
"""

import asyncio
from typing import Protocol

SECONDS_UNREAD = 0.1
SECONDS_IN_ALL = 1.0
SECONDS_OF_A_TICK = 0.01
# Discarding costs 0.11 to 0.18 ms of CPU per megabyte: at most 4 % of a core.
BYTES_PER_SECOND = 256 << 20
# The size of one read of a transport, for connections over TLS.
BYTES_OF_A_READ = 256 << 10
MAX_CONNECTIONS = 256


class Draining(Protocol):
    """A connection whose last response is written."""

    def discard(self, at_most: int) -> int | None:
        """Discard up to so many received bytes. Their number; None at the end of the stream."""

    def cut_off(self) -> None:
        """Close it at once."""


class Pump:
    """The lingering connections of a worker. Their number and the bytes discarded per second are bounded."""

    def __init__(self) -> None:
        self._since: dict[Draining, float] = {}
        self._is_running = False
        self._next = 0

    def add(self, connection: Draining) -> None:
        loop = asyncio.get_running_loop()
        if len(self._since) >= MAX_CONNECTIONS:
            next(iter(self._since)).cut_off()
        self._since[connection] = loop.time()
        if not self._is_running:
            self._is_running = True
            loop.call_later(SECONDS_UNREAD, self._tick)

    def remove(self, connection: Draining) -> None:
        self._since.pop(connection, None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection, since in list(self._since.items()):
            if now - since >= SECONDS_IN_ALL:
                connection.cut_off()
        self._discard([each for each, since in self._since.items() if now - since >= SECONDS_UNREAD])
        self._is_running = bool(self._since)
        if self._is_running:
            loop.call_later(SECONDS_OF_A_TICK, self._tick)

    def _discard(self, connections: list[Draining]) -> None:
        """Discard a tick's worth of bytes, starting after the connections of the last tick."""
        budget = int(BYTES_PER_SECOND * SECONDS_OF_A_TICK)
        first = self._next % len(connections) if connections else 0
        for connection in connections[first:] + connections[:first]:
            if budget <= 0:
                return
            self._next += 1
            count = connection.discard(budget)
            if count is None:
                connection.cut_off()
            else:
                budget -= count
