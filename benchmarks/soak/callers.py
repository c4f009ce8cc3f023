"""Callers who send one good request after the other, and compare every response with what xent_core computes."""

import asyncio
import random
import time
from itertools import count
from multiprocessing.connection import Connection as Pipe
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

from benchmarks.faults.callers import exchanged, outcome_of
from benchmarks.faults.good import good_requests
from benchmarks.faults.tally import Lost, Tally
from benchmarks.faults.wire import Connection, Cut, NotConnected

GROUP = "good"
SECONDS_TO_PREPARE = 60
MOST_SECONDS = 60
# Between two requests of a caller: all together stay below what the proxy allows to one address, 500 in a second.
PAUSE = 0.05
SHARE_OF_CLOSED = 0.02


class Orders(NamedTuple):
    """The orders of one client process. `number` identifies it; `seconds` is how long it sends."""

    port: int
    number: int
    callers: int
    seconds: float


class Callers:
    """One process' callers. `version` is that of the API key which they send."""

    def __init__(self, orders: Orders, version: "Synchronized[int]") -> None:
        self.orders = orders
        self.version = version
        self.tally = Tally()
        self._draw = random.Random(orders.number)  # noqa: S311  the same requests every time
        self._goods = good_requests(orders.number)
        self._ids = count()

    async def run(self) -> Tally:
        until = time.monotonic() + self.orders.seconds
        await asyncio.gather(*(self._call(until) for _ in range(self.orders.callers)))
        return self.tally

    async def _call(self, until: float) -> None:
        connection: Connection | None = None
        while time.monotonic() < until:
            try:
                connection = connection or await Connection.open(self.orders.port)
            except NotConnected as error:
                self.tally.count(GROUP, "a connection", "refused", is_due=False, example=str(error))
            else:
                connection = await self._ask(connection)
            await asyncio.sleep(PAUSE)
        if connection:
            connection.close()

    async def _ask(self, connection: Connection) -> Connection | None:
        """One exchange, and the connection where it can be used again."""
        asked, began = self._draw.choice(self._goods), time.monotonic()
        name = f"soak-{self.orders.number}-{next(self._ids)}"
        head = asked.request.head(X_Request_Id=name, X_API_Key=key(self.version.value))
        try:
            async with asyncio.timeout(MOST_SECONDS):
                answer = await exchanged(connection, head + asked.request.body)
        except Cut:
            self.tally.lose(Lost(GROUP, asked.name, connection.opened, time.monotonic()))
            connection.close()
            return None
        except TimeoutError:
            self.tally.count(GROUP, asked.name, f"no response in {MOST_SECONDS} s", is_due=False)
            connection.close()
            return None
        outcome = outcome_of(answer, asked, name)
        self.tally.count(GROUP, asked.name, outcome, is_due=outcome == "right", example=str(answer.body[:200]))
        self.tally.seconds[GROUP, asked.name].append(time.monotonic() - began)
        if answer.is_last or self._draw.random() < SHARE_OF_CLOSED:
            connection.close()
            return None
        return connection


def key(version: int) -> str:
    """The API key that is valid at a version."""
    return f"the key of version {version}"


def call(start: Barrier, pipe: Pipe, orders: Orders, version: "Synchronized[int]") -> None:
    """What a process of callers does."""
    callers = Callers(orders, version)
    start.wait(SECONDS_TO_PREPARE)
    pipe.send(asyncio.run(callers.run()))
