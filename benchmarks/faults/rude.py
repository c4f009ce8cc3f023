"""Callers who break off, dawdle or lie, and what must become of them."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from benchmarks.faults.bad import MOST_BODY_BYTES, PIECE
from benchmarks.faults.good import JSON, Good, tensor
from benchmarks.faults.wire import Answer, Connection, Cut, Request

HEADER_SECONDS, BODY_SECONDS, ANSWER_SECONDS = 3.0, 4.0, 3.0
# On a machine that has more to do than it can.
SLACK_BEFORE, SLACK = 1.0, 8.0
SECONDS_BEYOND = 4.0
draw = random.Random(0)  # noqa: S311  the same requests every time
BETWEEN_BYTES = 0.05
SMALL_ROOM, SOME_ROOM = 4096, 1 << 18
LEFT = "left"
CUT, CUT_AMISS, NOT_CUT = "cut", "cut when it was not due", "not cut"


class Rude(NamedTuple):
    """One way to misbehave. `act` does it on a connection, and says what came of it; `due` is what must.

    room     what the system may keep of what is not read; 0: as much as it likes
    is_idle  a worker that ends in good order does not wait for this: there is no whole head yet, or it is refused and
             only the rest of its body is still to come
    """

    name: str
    act: Callable[[Connection, Good, str], Awaitable[str]]
    due: frozenset[str]
    weight: int = 1
    room: int = 0
    is_idle: bool = False


async def cut_in_head(connection: Connection, good: Good, key: str) -> str:
    head = good.request.head(X_API_Key=key)
    await connection.send(head[: draw.randrange(1, len(head))])
    return LEFT


async def cut_in_body(connection: Connection, good: Good, key: str) -> str:
    body = good.request.body
    await connection.send(good.request.head(X_API_Key=key) + body[: draw.randrange(len(body))])
    await asyncio.sleep(draw.choice((0, 0.05)))
    return LEFT


async def cut_before_answer(connection: Connection, good: Good, key: str) -> str:
    await connection.send(good.request.head(X_API_Key=key) + good.request.body)
    await asyncio.sleep(draw.choice((0, 0.001, 0.01)))
    return LEFT


async def reset_in_body(connection: Connection, good: Good, key: str) -> str:
    await cut_in_body(connection, good, key)
    connection.reset()
    return LEFT


async def reset_before_answer(connection: Connection, good: Good, key: str) -> str:
    await cut_before_answer(connection, good, key)
    connection.reset()
    return LEFT


async def reset_in_answer(connection: Connection, _: Good, key: str) -> str:
    await connection.send(LARGE.head(X_API_Key=key) + LARGE.body)
    await connection.receive(1000)
    connection.reset()
    return LEFT


async def say_nothing(connection: Connection, _good: Good, _key: str) -> str:
    return await in_time(HEADER_SECONDS, cut_off(connection))


async def stop_in_head(connection: Connection, good: Good, key: str) -> str:
    head = good.request.head(X_API_Key=key)
    await connection.send(head[: len(head) // 2])
    return await in_time(HEADER_SECONDS, status(connection))


async def stop_in_body(connection: Connection, good: Good, key: str) -> str:
    await connection.send(good.request.head(X_API_Key=key) + good.request.body[:-1])
    return await in_time(BODY_SECONDS, status(connection))


async def head_by_bytes(connection: Connection, good: Good, key: str) -> str:
    head = good.request.head(X_API_Key=key, X_Filler="x" * 4000)
    return await in_time(HEADER_SECONDS, dripping(connection, head))


async def body_by_bytes(connection: Connection, good: Good, key: str) -> str:
    await connection.send(good.request.head(X_API_Key=key))
    return await in_time(BODY_SECONDS, dripping(connection, good.request.body))


async def slow_but_in_time(connection: Connection, good: Good, key: str) -> str:
    whole = good.request.head(X_API_Key=key) + good.request.body
    step = len(whole) // 10 + 1
    for start in range(0, len(whole), step):
        await connection.send(whole[start : start + step])
        await asyncio.sleep(HEADER_SECONDS / 60)
    return judged(await connection.answer(), good)


async def read_slowly(connection: Connection, _: Good, key: str) -> str:
    """Some of the answer every now and then: whoever does so is only cut off where memory runs out."""
    await connection.send(LARGE.head(X_API_Key=key) + LARGE.body)
    answer = await connection.answer(most=1 << 17, pause=0.01)
    if answer.status == 200 and len(answer.document()["gradient"]) != LARGE_ROWS:
        return "200, but not whole"
    return str(answer.status)


async def read_nothing(connection: Connection, _: Good, key: str) -> str:
    await connection.send(LARGE.head(X_API_Key=key) + LARGE.body)
    await connection.begin()
    await asyncio.sleep(ANSWER_SECONDS + SECONDS_BEYOND)
    found = await status(connection)
    return NOT_CUT if found == "200" else found


async def two_at_once(connection: Connection, good: Good, key: str) -> str:
    """The second is sent before the first is answered."""
    whole = good.request.head(X_API_Key=key) + good.request.body
    await connection.send(whole + whole)
    answer = await connection.answer()
    first = judged(answer, good)
    return first if first != "right" or answer.is_last else judged(await connection.answer(), good)


async def oversized(connection: Connection, _: Good, key: str) -> str:
    """Its length is announced, and refused before it is sent."""
    request = Request("/v1/loss", {**JSON, "Content-Length": str(MOST_BODY_BYTES + 1)})
    return await sending(connection, request.head(X_API_Key=key), bytes(PIECE))


async def oversized_chunked(connection: Connection, _: Good, key: str) -> str:
    head = Request("/v1/loss", {**JSON, "Content-Length": "", "Transfer-Encoding": "chunked"}).head(X_API_Key=key)
    return await sending(connection, head, b"%x\r\n%s\r\n" % (PIECE, bytes(PIECE)))


async def sending(connection: Connection, head: bytes, piece: bytes) -> str:
    """Goes on sending until it is answered, or has sent twice what is accepted."""

    async def send() -> None:
        try:
            await connection.send(head)
            for _ in range(2 * MOST_BODY_BYTES // PIECE):
                await connection.send(piece)
        except Cut:
            return  # the answer may be there all the same

    sender = asyncio.ensure_future(send())
    try:
        return str((await connection.answer()).status)
    finally:
        sender.cancel()
        await asyncio.wait([sender])


async def dripping(connection: Connection, data: bytes) -> str:
    """The status of the answer that came while this was sent byte by byte."""
    answer = asyncio.ensure_future(status(connection))
    with suppress(Cut):  # likewise
        for at in range(len(data)):
            if answer.done():
                break
            await connection.send(data[at : at + 1])
            await asyncio.wait([answer], timeout=BETWEEN_BYTES)
    return await answer


async def status(connection: Connection) -> str:
    return str((await connection.answer()).status)


async def cut_off(connection: Connection) -> str:
    return "200, out of nothing" if await connection.receive() else CUT


async def in_time(seconds: float, outcome: Awaitable[str]) -> str:
    """The outcome, where it came about when it should."""
    began = time.monotonic()
    found = await outcome
    took = time.monotonic() - began
    is_timely = seconds - SLACK_BEFORE <= took <= seconds + SLACK
    if found == CUT and not is_timely:
        return CUT_AMISS
    if found != "503" and not is_timely:
        return f"{found}, but after {took:.1f} s"
    return found


def judged(answer: Answer, good: Good) -> str:
    if answer.status != 200:
        return str(answer.status)
    fault = good.fault(answer)
    return f"wrong: {fault}" if fault else "right"


LARGE_ROWS = 200
LARGE = Request(
    "/v1/loss",
    JSON,
    json.dumps(
        {
            "logits": tensor(np.random.default_rng(0).standard_normal((LARGE_ROWS, 1000))),
            "labels": [0] * LARGE_ROWS,
            "include": ["gradient", "probabilities"],
        }
    ).encode(),
)
"""A request whose answer is more than systems keep for a caller who reads nothing."""

READS_SLOWLY = "reads slowly"

KINDS = (
    Rude("left in the head", cut_in_head, frozenset({LEFT}), 6),
    Rude("left in the body", cut_in_body, frozenset({LEFT}), 6),
    Rude("left before the answer", cut_before_answer, frozenset({LEFT}), 6),
    Rude("reset in the body", reset_in_body, frozenset({LEFT}), 6),
    Rude("reset before the answer", reset_before_answer, frozenset({LEFT}), 6),
    Rude("reset in the answer", reset_in_answer, frozenset({LEFT}), 1, SMALL_ROOM),
    Rude("connected and silent", say_nothing, frozenset({CUT}), is_idle=True),
    Rude("stopped in the head", stop_in_head, frozenset({"408"}), is_idle=True),
    Rude("stopped in the body", stop_in_body, frozenset({"408", "503"})),
    Rude("head byte by byte", head_by_bytes, frozenset({"408"}), is_idle=True),
    Rude("body byte by byte", body_by_bytes, frozenset({"408", "503"})),
    Rude("slow, but in time", slow_but_in_time, frozenset({"right", "503"}), 2, is_idle=True),
    Rude("two requests at once", two_at_once, frozenset({"right", "503"}), 2),
    Rude(READS_SLOWLY, read_slowly, frozenset({"200", "503"}), 1, SOME_ROOM),
    Rude("reads nothing", read_nothing, frozenset({CUT, "503"}), 1, SMALL_ROOM, is_idle=True),
    Rude("oversized, announced", oversized, frozenset({"413", "503"}), 2, is_idle=True),
    Rude("oversized, chunked", oversized_chunked, frozenset({"413", "503"}), 2, is_idle=True),
)
