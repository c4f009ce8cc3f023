"""Whether anything is left in flight when nobody calls any more.

What a worker has in hand is not told, but its bounds are known. If as many requests are let in at once as are accepted
at all, none was left before; and if as many bytes, none of those.
"""

import asyncio
import re
import time
from typing import NamedTuple

from benchmarks.faults.bad import MOST_BODY_BYTES
from benchmarks.faults.callers import exchanged
from benchmarks.faults.good import JSON
from benchmarks.faults.service import KEYS, MOST_BYTES, MOST_REQUESTS, WORKERS
from benchmarks.faults.wire import Connection, Cut, NotConnected, Request

# Less than a body may take to come: those who were let in are still there at the end.
SECONDS_TO_PROBE = 2.0
ROUND = 40
SECONDS_BETWEEN_ROUNDS = 0.1
SECONDS_TO_REFUSE = 0.25


class Room(NamedTuple):
    """How many requests found room beside one another, and how many should."""

    found: int
    expected: int


def room_for_requests(port: int) -> Room:
    return Room(asyncio.run(admitted(port, 1)), WORKERS * MOST_REQUESTS)


def room_for_bytes(port: int) -> Room:
    return Room(asyncio.run(admitted(port, MOST_BODY_BYTES)), WORKERS * (MOST_BYTES // MOST_BODY_BYTES))


async def admitted(port: int, length: int) -> int:
    """How many requests of which only the heads are sent are let in, until no worker takes any more."""
    request = Request("/v1/loss", {**JSON, "Content-Length": str(length), "X-API-Key": KEYS[0]})
    held: list[Connection] = []
    until = time.monotonic() + SECONDS_TO_PROBE
    while time.monotonic() < until:
        held += await held_of(port, request.head())
        await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
    for connection in held:
        connection.close()
    return len(held)


async def held_of(port: int, head: bytes) -> list[Connection]:
    """A round of requests, and those that were not refused."""
    connections = await asyncio.gather(*(Connection.open(port) for _ in range(ROUND)))
    refused = await asyncio.gather(*(is_refused(connection, head) for connection in connections))
    return [each for each, is_out in zip(connections, refused, strict=True) if not is_out]


async def is_refused(connection: Connection, head: bytes) -> bool:
    try:
        await connection.send(head)
        async with asyncio.timeout(SECONDS_TO_REFUSE):
            await connection.answer()
    except TimeoutError:
        return False
    except Cut:
        pass
    connection.close()
    return True


def metric(port: int, name: str) -> float:
    """A metric's sum over its labels, or nan."""

    async def ask() -> str:
        connection = await Connection.open(port)
        answer = await exchanged(connection, Request("/metrics", {"X-API-Key": KEYS[0]}, method="GET").head())
        connection.close()
        return answer.body.decode()

    try:
        values = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", asyncio.run(ask()), re.MULTILINE)
    except (Cut, NotConnected):
        return float("nan")
    return sum(map(float, values)) if values else float("nan")
