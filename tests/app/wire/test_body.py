"""A body arrives whole, in one piece of memory, with arrays behind a header where arrays may begin."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from app.wire.body import ALIGNMENT, read_body, read_frame


def request(*pieces: bytes, cut_off: bool = False, announced: bool = False) -> Request:
    """A request whose body comes in these pieces; or whose client disconnects after them."""

    def messages() -> Iterator[Message]:
        for index, piece in enumerate(pieces):
            yield {"type": "http.request", "body": piece, "more_body": cut_off or index < len(pieces) - 1}
        yield {"type": "http.disconnect"}

    coming = messages()

    async def receive() -> Message:
        return next(coming)

    headers = [(b"content-length", str(sum(map(len, pieces))).encode())] if announced else []
    return Request({"type": "http", "headers": headers}, receive)


PIECES = [[b"whole"], [b"in ", b"two"], [b"", b"with ", b"", b"gaps", b""], [b""]]


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("pieces", PIECES)
def test_a_body_is_the_pieces_that_it_comes_in(pieces: list[bytes], announced: bool) -> None:
    assert asyncio.run(read_body(request(*pieces, announced=announced))) == b"".join(pieces)
    assert asyncio.run(read_frame(request(*pieces, announced=announced), 3)) == b"".join(pieces)


def test_a_body_in_one_piece_is_not_copied() -> None:
    piece = bytes(100)
    assert asyncio.run(read_body(request(piece))) is piece


def test_a_message_without_a_body_is_an_empty_one() -> None:
    async def receive() -> Message:
        return {"type": "http.request"}

    assert asyncio.run(read_body(Request({"type": "http", "headers": []}, receive))) == b""


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("header_length", [1, 7, 8, ALIGNMENT, ALIGNMENT + 1, 150, 10_000])
def test_arrays_behind_a_header_lie_where_arrays_may(header_length: int, announced: bool) -> None:
    pieces = [bytes(header_length), np.arange(50_000.0).tobytes()]
    frame = asyncio.run(read_frame(request(*pieces, announced=announced), header_length))
    assert frame == b"".join(pieces)
    assert np.frombuffer(frame[header_length:], np.float64).flags.aligned


@pytest.mark.parametrize("pieces", [[], [b"half"], [b"a ", b"third"]])
def test_whoever_goes_away_before_the_end_sends_no_body(pieces: list[bytes]) -> None:
    with pytest.raises(ClientDisconnect):
        asyncio.run(read_body(request(*pieces, cut_off=True)))
    with pytest.raises(ClientDisconnect):
        asyncio.run(read_frame(request(*pieces, cut_off=True), 3))
