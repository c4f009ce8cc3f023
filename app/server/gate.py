"""Load shedding of large bodies, decided when the head of a request has arrived.

A worker accepts only as many bytes of large bodies as it can soon compute: more would wait, and take memory and time
from the others. Further requests wait a moment with their bodies unread, and are then refused. A body of any length is
accepted while one byte is free, as otherwise the longest would starve beside shorter ones. None counts for more than
a fourth of the gate.
"""

import asyncio
from collections import deque
from typing import Protocol

from app.middleware.reservation import BodiesFull, Full, WouldBeTooLate

MAX_WAITING = 32
SECONDS_OF_PATIENCE = 0.35
# As in CoDel: a queue that empties soon is a burst and may wait; a queue that stands is overload. Further requests are
# then refused at once, until none has been refused for SECONDS_OF_OVERLOAD.
SECONDS_THAT_TELL_OVERLOAD = 0.05
SECONDS_OF_OVERLOAD = 0.5
# A body counts only while it arrives at this pace, and again once it is complete. So slow senders, and clients that
# announce a body and send nothing, don't take the room of fast ones.
SECONDS_BETWEEN_LOOKS, MIN_BYTES_PER_SECOND = 0.1, 20e6
# Subtracted from the time at the first look.
SECONDS_TO_BEGIN = 0.05
PART_FOR_ONE = 4
# In the moving average of the time of a request.
WEIGHT_OF_LATEST = 0.1


class Waiting(Protocol):
    """A request that waits for room."""

    length: int

    def received(self) -> int:
        """The number of bytes of its body that have arrived."""

    def accept(self, place: "Place") -> None:
        """There is room."""

    def shed(self, why: Full) -> None:
        """There was no room in time."""


class Place:
    """The room of one request, from its head to the start of its response."""

    __slots__ = ("_began", "_bytes", "_gate", "_look", "_request", "_whole_at")

    def __init__(self, gate: "Gate", request: Waiting) -> None:
        loop = asyncio.get_running_loop()
        self._gate = gate
        self._request = request
        self._bytes = gate.charge(request.length)
        self._began = loop.time()
        self._whole_at = 0.0
        gate.bytes += self._bytes
        self._look: asyncio.TimerHandle | None = loop.call_later(SECONDS_BETWEEN_LOOKS, self._look_at_pace)

    def _look_at_pace(self) -> None:
        loop = asyncio.get_running_loop()
        seconds = loop.time() - self._began - SECONDS_TO_BEGIN
        if self._request.received() >= seconds * MIN_BYTES_PER_SECOND:
            self._look = loop.call_later(SECONDS_BETWEEN_LOOKS, self._look_at_pace)
        else:
            self._look = None
            self._gate.free(self._bytes)

    def grow(self, count: int) -> None:
        """So many more bytes of a chunked body have arrived."""
        count = self._gate.charge(self._bytes + count) - self._bytes
        self._bytes += count
        if self._look is not None:
            self._gate.bytes += count

    def be_whole(self) -> None:
        """The body is complete; the computation starts."""
        self._whole_at = asyncio.get_running_loop().time()
        if self._look is None:
            self._gate.bytes += self._bytes
        else:
            self._look.cancel()
            self._look = None

    def leave(self) -> None:
        """The response starts, or the request is given up. Idempotent."""
        counts = self._look is not None or self._whole_at > 0
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if self._whole_at:
            self._gate.took(asyncio.get_running_loop().time() - self._whole_at)
            self._whole_at = 0.0
        if counts:
            self._gate.free(self._bytes)


class Gate:
    """The large requests of one worker."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._waiting: deque[Waiting] = deque()
        self._timers: dict[Waiting, asyncio.TimerHandle] = {}
        self._queue_stands_since = 0.0
        self._overload_until = 0.0
        self._seconds_of_one = 0.0

    def charge(self, length: int) -> int:
        """The bytes that a body of this length counts for."""
        return max(1, min(length, self.max_bytes // PART_FOR_ONE))

    def enter(self, request: Waiting) -> Place | None:
        """Room for its body, if there is some and no other request waits for it."""
        return Place(self, request) if self.bytes < self.max_bytes and not self._waiting else None

    def wait(self, request: Waiting, until: float) -> None:
        """Queue the request until `until` at the latest. Raises BodiesFull, WouldBeTooLate."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now + self._seconds_of_one > until:
            raise WouldBeTooLate
        if len(self._waiting) >= MAX_WAITING:
            raise BodiesFull(self.max_bytes)
        if not self._waiting:
            self._queue_stands_since = now
        if now < self._overload_until or now - self._queue_stands_since > SECONDS_THAT_TELL_OVERLOAD:
            self._overload_until = now + SECONDS_OF_OVERLOAD
            raise BodiesFull(self.max_bytes)
        if until - now < SECONDS_OF_PATIENCE:
            timer = loop.call_later(until - now, self._give_up, request, WouldBeTooLate())
        else:
            timer = loop.call_later(SECONDS_OF_PATIENCE, self._lose_patience, request)
        self._waiting.append(request)
        self._timers[request] = timer

    def forget(self, request: Waiting) -> None:
        """Remove a request whose connection is closed."""
        if request in self._timers:
            self._timers.pop(request).cancel()
            self._waiting.remove(request)

    def free(self, count: int) -> None:
        self.bytes -= count
        while self._waiting and self.bytes < self.max_bytes:
            request = self._waiting.popleft()
            self._timers.pop(request).cancel()
            request.accept(Place(self, request))

    def took(self, seconds: float) -> None:
        """Add the time from a body's last byte to its response's first byte to the average."""
        self._seconds_of_one += WEIGHT_OF_LATEST * (seconds - self._seconds_of_one)

    def _lose_patience(self, request: Waiting) -> None:
        self._overload_until = asyncio.get_running_loop().time() + SECONDS_OF_OVERLOAD
        self._give_up(request, BodiesFull(self.max_bytes))

    def _give_up(self, request: Waiting, why: Full) -> None:
        self.forget(request)
        request.shed(why)
