"""A body over the limit is refused, to whoever reads it, before it is all there; a compressed one is inflated."""

import asyncio
import gzip
import sys
import zlib
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from app.middleware.body_limit import BodyLimit, BodyTooLarge, BodyTooSlow
from app.middleware.inflate import PIECE_BYTES, Inflate, NotInflatable, UnknownCoding
from app.state import RequestState

LIMIT = 10


class Client:
    """Sends these pieces of a body, and counts how many were asked for."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.asked = 0
        self.state = RequestState()

    async def receive(self) -> Message:
        self.asked += 1
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}


async def send(message: Message) -> None:
    raise AssertionError(f"nothing is computed here, but {message} was")


def read(
    client: Client,
    *,
    announced: bytes | None = None,
    coding: bytes | None = None,
    kind: str = "http",
    reads: int = 1,
    limit: int = LIMIT,
    inflated: int | None = None,
) -> list[Any]:
    """What an application gets that asks for a message so many times: messages and errors."""
    got: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  an ASGI application
        for _ in range(reads):
            try:
                got.append(await receive())
            except (BodyTooLarge, BodyTooSlow, NotInflatable, UnknownCoding) as error:
                got.append(error)
                continue
            if not got[-1].get("more_body"):
                break

    given = {b"content-length": announced, b"content-encoding": coding}
    headers = [(name, value) for name, value in given.items() if value is not None]
    asyncio.run(
        BodyLimit(Inflate(application, limit if inflated is None else inflated), limit)(
            {"type": kind, "headers": headers, "state": client.state}, client.receive, send
        )
    )
    return got


def test_a_body_up_to_the_limit_arrives_as_it_was_sent() -> None:
    first, last = read(Client(b"12345", b"67890"), reads=2)
    assert first["body"] + last["body"] == b"1234567890"


def test_the_piece_that_passes_the_limit_is_refused() -> None:
    first, last = read(Client(b"12345", b"678901"), reads=2)
    assert first["body"] == b"12345"
    assert isinstance(last, BodyTooLarge)
    assert f"more than {LIMIT} bytes" in str(last)


@pytest.mark.parametrize("announced", [b"11", b"99999999999999999999"])
def test_an_announced_length_over_the_limit_is_refused_with_nothing_read(announced: bytes) -> None:
    client = Client(b"12345678901")
    (error,) = read(client, announced=announced)
    assert isinstance(error, BodyTooLarge)
    assert client.asked == 0


@pytest.mark.parametrize("announced", [b"2", b"0", b"ten", b"-1"])
def test_what_is_announced_is_not_believed(announced: bytes) -> None:
    (error,) = read(Client(b"12345678901"), announced=announced)
    assert isinstance(error, BodyTooLarge)


def test_whoever_reads_on_is_refused_again() -> None:
    client = Client(b"12345678901", b"2")
    first, second = read(client, reads=2)
    assert isinstance(first, BodyTooLarge)
    assert isinstance(second, BodyTooLarge)
    assert client.asked == 1


def test_what_is_not_http_passes() -> None:
    (message,) = read(Client(b"12345678901"), kind="lifespan")
    assert message["body"] == b"12345678901"


def test_a_body_that_is_late_is_waited_for_no_longer() -> None:
    class Late(Client):
        async def receive(self) -> Message:
            if self.asked == 2:
                self.state.body_is_late = True
            return await super().receive()

    *arrived, late = read(Late(b"1", b"2", b"3", b"4"), reads=4)
    assert [message["body"] for message in arrived[:2]] == [b"1", b"2"]
    assert isinstance(late, BodyTooSlow)


# --- Compressed bodies

CODINGS = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"zstd": zstd.compress,
    b"GZip ": gzip.compress,
}
CONTENT = b"numbers, " * 100


def in_pieces(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_compressed_body_arrives_inflated_however_it_is_cut(coding: bytes, size: int) -> None:
    got = read(Client(*in_pieces(CODINGS[coding](CONTENT), size)), coding=coding, reads=1000, limit=1000)
    assert b"".join(message["body"] for message in got) == CONTENT


@pytest.mark.parametrize("pieces", [[gzip.compress(CONTENT), b""], [b"", gzip.compress(CONTENT)]])
def test_pieces_of_nothing_do_no_harm(pieces: list[bytes]) -> None:
    got = read(Client(*pieces), coding=b"gzip", reads=1000, limit=1000)
    assert b"".join(message["body"] for message in got) == CONTENT


@pytest.mark.parametrize("coding", CODINGS)
def test_what_comes_of_it_has_a_limit_of_its_own(coding: bytes) -> None:
    content = CODINGS[coding](CONTENT)
    *_, error = read(Client(content), coding=coding, reads=9, limit=10_000, inflated=len(CONTENT) - 1)
    assert isinstance(error, BodyTooLarge)
    assert f"the inflated body has more than {len(CONTENT) - 1} bytes" in str(error)
    *_, message = read(Client(content), coding=coding, reads=9, limit=len(content), inflated=len(CONTENT))
    assert message["more_body"] is False


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_not_inflated_beyond_the_limit(coding: bytes) -> None:
    """Thousands of times: to no more than a piece beyond it."""
    bomb = CODINGS[coding](bytes(50_000_000))
    got = read(Client(bomb), coding=coding, reads=1000, limit=1_000_000)
    assert isinstance(got[-1], BodyTooLarge)
    inflated = [len(message["body"]) for message in got if isinstance(message, dict)]
    assert sum(inflated) <= 1_000_000
    assert max(inflated) <= PIECE_BYTES


def test_a_zstd_frame_that_asks_for_more_memory_than_http_allows_is_refused() -> None:
    """RFC 9659 has 8 MiB for the window."""
    for window, refused in [(23, False), (24, True)]:
        options = {zstd.CompressionParameter.window_log: window, zstd.CompressionParameter.content_size_flag: 0}
        compressor = zstd.ZstdCompressor(options=options)
        frame = compressor.compress(CONTENT) + compressor.flush()
        *_, last = read(Client(frame), coding=b"zstd", reads=9, limit=10_000)
        assert isinstance(last, NotInflatable) == refused


def test_what_is_sent_has_a_limit_too() -> None:
    *_, error = read(Client(gzip.compress(CONTENT)), coding=b"gzip", limit=10, inflated=10_000)
    assert isinstance(error, BodyTooLarge)
    assert "inflated" not in str(error)


@pytest.mark.parametrize("coding", [b"br", b"compress", b"gzip, gzip", b"", b"gz\xffip"])
def test_another_coding_is_refused_with_nothing_read(coding: bytes) -> None:
    client = Client(b"1234")
    (error,) = read(client, coding=coding)
    assert isinstance(error, UnknownCoding)
    assert client.asked == 0


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"zstd"])
def test_a_compressed_body_cut_anywhere_is_refused(coding: bytes) -> None:
    content = CODINGS[coding](CONTENT)
    for length in range(len(content)):
        *_, error = read(Client(content[:length]), coding=coding, reads=3, limit=1000)
        assert isinstance(error, NotInflatable), length


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"zstd"])
@pytest.mark.parametrize("in_one_piece", [True, False])
def test_nothing_may_follow_it(coding: bytes, in_one_piece: bool) -> None:
    content = CODINGS[coding](CONTENT)
    pieces = [content + b"x"] if in_one_piece else [content, b"x"]
    *_, error = read(Client(*pieces), coding=coding, reads=3, limit=1000)
    assert isinstance(error, NotInflatable)
    assert "before the body does" in str(error)


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        (b"gzip", zlib.compress(CONTENT)),
        (b"deflate", gzip.compress(CONTENT)),
        (b"zstd", gzip.compress(CONTENT)),
        (b"gzip", zstd.compress(CONTENT)),
    ],
    ids=["zlib as gzip", "gzip as deflate", "gzip as zstd", "zstd as gzip"],
)
def test_one_coding_is_not_the_other(coding: bytes, content: bytes) -> None:
    (error,) = read(Client(content), coding=coding, limit=1000)
    assert isinstance(error, NotInflatable)


def test_who_goes_away_is_known_to_have_gone() -> None:
    class Leaver(Client):
        async def receive(self) -> Message:
            return {"type": "http.disconnect"}

    (message,) = read(Leaver(), coding=b"gzip")
    assert message["type"] == "http.disconnect"
