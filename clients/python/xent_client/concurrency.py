"""How many requests of a client are in flight at once: as many as the service takes without refusing or slowing down.

Threads or tasks beyond that wait for their turn. Otherwise a hundred threads of one program would fill a service that
others use too, and most of their requests would be refused.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

FIRST, MIN_LIMIT, MAX_LIMIT = 16, 1, 100
# Factors of the limit: after a refusal, and at each response while responses are slow.
CUT_BY_REFUSAL, CUT_BY_DELAY = 0.7, 0.98
# Responses are slow when the latest SHORT took this many times as long as the latest LONG.
SLOW = 2.0
LONG, SHORT = 200, 20


class Limit:
    """Additive increase, multiplicative decrease, as TCP does it; by refusals and by the time that responses take."""

    def __init__(self) -> None:
        self.value = float(FIRST)
        self.in_flight = 0
        self._last_cut = float("-inf")
        self._long = self._short = 0.0
        self._responses = 0

    @property
    def room(self) -> int:
        """How many more requests may be sent now."""
        return max(0, int(self.value) - self.in_flight)

    def end(self, began: float, now: float, *, is_refused: bool) -> None:
        """A request that was sent at `began` has its response, in seconds of a monotonic clock."""
        self.in_flight -= 1
        if is_refused:
            # What was sent before the last cut says nothing about the limit since.
            if began >= self._last_cut:
                self._last_cut = now
                self.value = max(MIN_LIMIT, self.value * CUT_BY_REFUSAL)
            return
        self._responses += 1
        # Means of all at first, of the last ones later. Both are of the same mixture of small and large requests.
        self._long += (now - began - self._long) / min(self._responses, LONG)
        self._short += (now - began - self._short) / min(self._responses, SHORT)
        if self._short > SLOW * self._long:
            self.value = max(MIN_LIMIT, self.value * CUT_BY_DELAY)
        elif self.in_flight + 1 >= int(self.value):
            self.value = min(MAX_LIMIT, self.value + 1 / self.value)


class Turn:
    """One request's. Whoever has it sets `is_refused` where the service was too full for it."""

    def __init__(self) -> None:
        self.is_refused = False
        self.began = time.monotonic()


class _Turns:
    """The limit, and the places of those who wait for their turn, in the order in which they came."""

    def __init__(self) -> None:
        self.limit = Limit()
        self._waiting: deque[threading.Event | asyncio.Event] = deque()

    def _join(self, place: threading.Event | asyncio.Event) -> None:
        self._waiting.append(place)
        self._admit()

    def _leave(self, place: threading.Event | asyncio.Event) -> None:
        """Give up the place, or the turn where it was admitted in the same moment."""
        if place in self._waiting:
            self._waiting.remove(place)
        else:
            self.limit.in_flight -= 1
            self._admit()

    def _end(self, turn: Turn) -> None:
        self.limit.end(turn.began, time.monotonic(), is_refused=turn.is_refused)
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.limit.room:
            self.limit.in_flight += 1
            self._waiting.popleft().set()


class Threads(_Turns):
    """The turns of threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        place = threading.Event()
        with self._lock:
            self._join(place)
        try:
            place.wait()
        except BaseException:  # such as KeyboardInterrupt
            with self._lock:
                self._leave(place)
            raise
        turn = Turn()
        try:
            yield turn
        finally:
            with self._lock:
                self._end(turn)


class Tasks(_Turns):
    """The turns of the tasks of an event loop."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        place = asyncio.Event()
        self._join(place)
        try:
            await place.wait()
        except asyncio.CancelledError:
            self._leave(place)
            raise
        turn = Turn()
        try:
            yield turn
        finally:
            self._end(turn)
