"""A body over the limit is refused, to whoever reads it, before it is all there."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.limits import BodyLimit, BodyTooLarge

LIMIT = 10


class Caller:
    """Sends these pieces of a body, and counts how many were asked for."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.asked = 0

    async def receive(self) -> Message:
        self.asked += 1
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}


async def send(message: Message) -> None:
    raise AssertionError(f"nothing is answered here, but {message} was")


def read(caller: Caller, *, announced: bytes | None = None, kind: str = "http", reads: int = 1) -> list[Any]:
    """What an application gets that asks for a message so many times: messages and errors."""
    got: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  an ASGI application
        for _ in range(reads):
            try:
                got.append(await receive())
            except BodyTooLarge as error:
                got.append(error)

    headers = [] if announced is None else [(b"content-length", announced)]
    asyncio.run(BodyLimit(application, LIMIT)({"type": kind, "headers": headers}, caller.receive, send))
    return got


def test_a_body_up_to_the_limit_arrives_as_it_was_sent() -> None:
    first, last = read(Caller(b"12345", b"67890"), reads=2)
    assert first["body"] + last["body"] == b"1234567890"


def test_the_piece_that_passes_the_limit_is_refused() -> None:
    first, last = read(Caller(b"12345", b"678901"), reads=2)
    assert first["body"] == b"12345"
    assert isinstance(last, BodyTooLarge)
    assert last.limit == LIMIT


@pytest.mark.parametrize("announced", [b"11", b"99999999999999999999"])
def test_an_announced_length_over_the_limit_is_refused_with_nothing_read(announced: bytes) -> None:
    caller = Caller(b"12345678901")
    (error,) = read(caller, announced=announced)
    assert isinstance(error, BodyTooLarge)
    assert caller.asked == 0


@pytest.mark.parametrize("announced", [b"2", b"0", b"ten", b"-1"])
def test_what_is_announced_is_not_believed(announced: bytes) -> None:
    (error,) = read(Caller(b"12345678901"), announced=announced)
    assert isinstance(error, BodyTooLarge)


def test_whoever_reads_on_is_refused_again() -> None:
    caller = Caller(b"12345678901", b"2")
    first, second = read(caller, reads=2)
    assert isinstance(first, BodyTooLarge)
    assert isinstance(second, BodyTooLarge)
    assert caller.asked == 1


def test_what_is_not_http_passes() -> None:
    (message,) = read(Caller(b"12345678901"), kind="lifespan")
    assert message["body"] == b"12345678901"
