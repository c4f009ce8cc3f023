"""Load shedding: how many bytes of large bodies a worker accepts at once, decided when a request's head is there.

What is accepted beyond what can be computed only waits, and costs those who are computed: memory, time, and the
loop's turns. So few bodies are accepted, further ones wait a moment with nothing read of them, and then are refused.
Any length fits while there is room for one byte, or the longest bodies would never find room beside shorter ones; and
none counts for more than a fourth of the room.
"""

import asyncio
from collections import deque
from typing import Protocol

from app.middleware.admission import BodiesFull, Full, WouldBeTooLate

MAX_WAITING = 32
# As CoDel does: a queue that empties soon is a burst, and may wait; one that stands is overload, and must not.
SECONDS_OF_PATIENCE, SECONDS_OF_PATIENCE_IN_OVERLOAD = 0.25, 0.005
SECONDS_THAT_TELL_OVERLOAD = 0.1
SECONDS_OF_OVERLOAD = 0.5
# A body counts while it keeps this pace, looked at every so often, and again once it is whole: slow senders, and who
# announces much and sends nothing, don't take the room of fast ones.
SECONDS_BETWEEN_LOOKS, MIN_BYTES_PER_SECOND = 0.1, 20e6
# For the first look the body has had half of the time.
SECONDS_TO_BEGIN = 0.05
PART_FOR_ONE = 4
# Of the moving average of how long a request takes.
WEIGHT_OF_LATEST = 0.1


class Waiting(Protocol):
    """A request that waits for room."""

    length: int

    def received(self) -> int:
        """How many bytes of its body have come."""

    def accept(self, place: "Place") -> None:
        """There is room."""

    def shed(self, why: Full) -> None:
        """There was none in time."""


class Place:
    """The room that one request has, from its head to the beginning of its response."""

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
        """So many bytes more have come of a body whose length was not announced."""
        count = self._gate.charge(self._bytes + count) - self._bytes
        self._bytes += count
        if self._look is not None:
            self._gate.bytes += count

    def be_whole(self) -> None:
        """The body is there, and is worked on from now on."""
        self._whole_at = asyncio.get_running_loop().time()
        if self._look is None:
            self._gate.bytes += self._bytes
        else:
            self._look.cancel()
            self._look = None

    def leave(self) -> None:
        """The response begins, or the request is given up. Again does no harm."""
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
        self._since: dict[Waiting, tuple[float, asyncio.TimerHandle]] = {}
        self._overload_until = 0.0
        self._seconds_of_one = 0.0

    def charge(self, length: int) -> int:
        """What a body of this length counts for."""
        return max(1, min(length, self.max_bytes // PART_FOR_ONE))

    def enter(self, request: Waiting) -> Place | None:
        """Room for its body, where there is some and nobody waits for it."""
        return Place(self, request) if self.bytes < self.max_bytes and not self._waiting else None

    def wait(self, request: Waiting, until: float) -> None:
        """Have it wait for room, but no longer than until then. Raises BodiesFull, WouldBeTooLate."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now + self._seconds_of_one > until:
            raise WouldBeTooLate
        if len(self._waiting) >= MAX_WAITING:
            raise self._full()
        patience = SECONDS_OF_PATIENCE_IN_OVERLOAD if now < self._overload_until else SECONDS_OF_PATIENCE
        timer = loop.call_later(min(patience, until - now), self._lose_patience, request)
        self._waiting.append(request)
        self._since[request] = now, timer

    def forget(self, request: Waiting) -> None:
        """It is gone."""
        if request in self._since:
            self._end_of_wait(request)
            self._waiting.remove(request)

    def free(self, count: int) -> None:
        self.bytes -= count
        while self._waiting and self.bytes < self.max_bytes:
            request = self._waiting.popleft()
            self._end_of_wait(request)
            request.accept(Place(self, request))

    def took(self, seconds: float) -> None:
        """A request's time from its body's last byte to its response's first."""
        self._seconds_of_one += WEIGHT_OF_LATEST * (seconds - self._seconds_of_one)

    def _lose_patience(self, request: Waiting) -> None:
        self._waiting.remove(request)
        self._end_of_wait(request)
        if (now := asyncio.get_running_loop().time()) < self._overload_until:
            self._overload_until = now + SECONDS_OF_OVERLOAD
        request.shed(self._full())

    def _end_of_wait(self, request: Waiting) -> None:
        since, timer = self._since.pop(request)
        timer.cancel()
        now = asyncio.get_running_loop().time()
        if now - since > SECONDS_THAT_TELL_OVERLOAD:
            self._overload_until = now + SECONDS_OF_OVERLOAD

    def _full(self) -> BodiesFull:
        return BodiesFull(f"{self.bytes} bytes of large bodies are in flight here, the most that may be; try again")
