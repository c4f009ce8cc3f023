"""The callers: processes with many connections each, which go on until the time is over."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

from benchmarks.faults.bad import Bad, bad_requests, bombs
from benchmarks.faults.good import Good, good_requests
from benchmarks.faults.rude import CUT, CUT_AMISS, KINDS, LEFT, NOT_CUT, Rude, judged
from benchmarks.faults.tally import Lost, Tally
from benchmarks.faults.wire import Answer, Connection, Cut, NotConnected, Request

SECONDS_TO_PREPARE = 60
# Longer than a worker may hang before its supervisor kills it.
MOST_SECONDS = 90
PAUSE_WHEN_FULL = 0.02
SHARE_OF_CLOSED = 0.05
SHARE_OF_BOMBS = 0.05
SECONDS_BETWEEN_LOOKS = 0.1

GOOD, BAD, RUDE, WATCH = "good", "bad", "rude", "watch"
WATCHED = ("/livez", "/readyz", "/metrics")


class Orders(NamedTuple):
    """The orders of one client process. `number` identifies it."""

    port: int
    keys: tuple[str, ...]
    group: str
    number: int
    callers: int


class Callers:
    """One process' callers."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.tally = Tally()
        self._until = 0.0
        self._draw = random.Random(orders.number)  # noqa: S311  the same requests every time
        self._ids = count()
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            GOOD: self._call_well,
            BAD: self._call_badly,
            RUDE: self._be_rude,
            WATCH: self._watch,
        }
        self._goods = good_requests(orders.number)
        self._bads, self._bombs = (bad_requests(), bombs()) if orders.group == BAD else ([], [])

    def _is_over(self) -> bool:
        return time.monotonic() >= self._until

    async def run(self, until: float) -> Tally:
        """What came of them until that time of time.monotonic()."""
        self._until = until
        call = self._kinds[self.orders.group]
        await asyncio.gather(*(call() for _ in range(self.orders.callers)))
        return self.tally

    async def _call_well(self) -> None:
        """One request after the other, most on one connection."""
        connection = None
        while not self._is_over():
            connection = connection or await self._connected(GOOD)
            if connection:
                connection = await self._ask(connection, GOOD, self._draw.choice(self._goods))

    async def _call_badly(self) -> None:
        """Likewise: what is wrong with one request must do no harm to the next."""
        connection = None
        while not self._is_over():
            connection = connection or await self._connected(BAD)
            if connection:
                bad = self._draw.choice(self._bombs if self._draw.random() < SHARE_OF_BOMBS else self._bads)
                connection = await self._ask(connection, BAD, bad)

    async def _ask(self, connection: Connection, group: str, asked: Good | Bad) -> Connection | None:
        """One exchange, and the connection where it can be used again."""
        began, name = time.monotonic(), f"{group}-{self.orders.number}-{next(self._ids)}"
        key = "" if isinstance(asked, Bad) and asked.is_keyless else self._draw.choice(self.orders.keys)
        head = asked.request.head(X_Request_Id=name, **({"X_API_Key": key} if key else {}))
        try:
            async with asyncio.timeout(MOST_SECONDS):
                answer = await exchanged(connection, head + asked.request.body)
        except Cut:
            self.tally.lose(Lost(group, asked.name, connection.opened, time.monotonic()))
            return closed(connection)
        except TimeoutError:
            self.tally.count(group, asked.name, f"no answer in {MOST_SECONDS} s", is_due=False)
            return closed(connection)
        outcome = outcome_of(answer, asked, name)
        is_due = outcome in ("right", "503", str(getattr(asked, "status", "")))
        self.tally.count(group, asked.name, outcome, is_due=is_due, example=str(answer.body[:200]))
        if outcome == "503":
            await asyncio.sleep(PAUSE_WHEN_FULL)
        elif is_due:
            self.tally.seconds[group, asked.name].append(time.monotonic() - began)
        return closed(connection) if answer.is_last or self._draw.random() < SHARE_OF_CLOSED else connection

    async def _be_rude(self) -> None:
        weights = [kind.weight for kind in KINDS]
        small = [good for good in self._goods if len(good.request.body) < 1 << 16]
        while not self._is_over():
            (kind,) = self._draw.choices(KINDS, weights)
            connection = await self._connected(RUDE, kind.room)
            if connection:
                outcome = await acted(kind, connection, self._draw.choice(small), self._draw.choice(self.orders.keys))
                if outcome in (CUT_AMISS, NOT_CUT) or (outcome == CUT and CUT not in kind.due):
                    lost = Lost(RUDE, kind.name, connection.opened, time.monotonic(), is_idle=kind.is_idle)
                    self.tally.lose(lost, outcome)
                else:
                    self.tally.count(RUDE, kind.name, outcome, is_due=outcome in kind.due)
                connection.close()

    async def _watch(self) -> None:
        """Ask what an operator's machines ask, each time on a new connection."""
        await asyncio.gather(*(self._look(Request(path, {}, method="GET")) for path in WATCHED))

    async def _look(self, request: Request) -> None:
        head = request.head(X_API_Key=self.orders.keys[0])
        while not self._is_over():
            began = time.monotonic()
            connection = await self._connected(WATCH)
            if connection:
                await self._see(connection, request.path, head, began)
                connection.close()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _see(self, connection: Connection, path: str, head: bytes, began: float) -> None:
        try:
            async with asyncio.timeout(MOST_SECONDS):
                answer = await exchanged(connection, head)
        except Cut:
            self.tally.lose(Lost(WATCH, path, connection.opened, time.monotonic()))
        except TimeoutError:
            self.tally.count(WATCH, path, f"no answer in {MOST_SECONDS} s", is_due=False)
        else:
            self.tally.count(WATCH, path, str(answer.status), is_due=answer.status == 200)
            self.tally.seconds[WATCH, path].append(time.monotonic() - began)

    async def _connected(self, group: str, room: int = 0) -> Connection | None:
        try:
            return await Connection.open(self.orders.port, room)
        except NotConnected as error:
            self.tally.count(group, "a connection", "refused", is_due=False, example=str(error))
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            return None


async def acted(kind: Rude, connection: Connection, good: Good, key: str) -> str:
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await kind.act(connection, good, key)
    except Cut:
        # Who wanted to leave anyway has lost nothing.
        return LEFT if LEFT in kind.due else CUT
    except TimeoutError:
        return f"no answer in {MOST_SECONDS} s"


async def exchanged(connection: Connection, data: bytes) -> Answer:
    """Raises Cut."""
    with suppress(Cut):  # it may be answered all the same
        await connection.send(data)
    return await connection.answer()


def closed(connection: Connection) -> Connection | None:
    """No connection any more."""
    connection.close()
    return None


def outcome_of(answer: Answer, asked: Good | Bad, request_id: str) -> str:
    has_own_id = isinstance(asked, Bad) and asked.is_none
    if not has_own_id and answer.headers.get("x-request-id") != request_id:
        return "another's answer"
    if answer.status >= 400 and (fault := fault_of_form(answer)):
        return f"{answer.status}, {fault}"
    return judged(answer, asked) if isinstance(asked, Good) else str(answer.status)


def fault_of_form(answer: Answer) -> str:
    """What is wrong with the form of a refusal."""
    media_type = answer.headers.get("content-type")
    if media_type == "application/problem+json":
        is_whole = answer.document().keys() == {"type", "title", "status", "detail", "errors"}
    else:
        is_whole = media_type == "application/json" and answer.document().keys() == {"error"}
    if not is_whole:
        return "not in our form"
    return "without Retry-After" if answer.status == 503 and "retry-after" not in answer.headers else ""


def call(start: Barrier, pipe: Pipe, orders: Orders, seconds: float) -> None:
    """What a process of callers does."""
    callers = Callers(orders)
    start.wait(SECONDS_TO_PREPARE)
    pipe.send(asyncio.run(callers.run(time.monotonic() + seconds)))
