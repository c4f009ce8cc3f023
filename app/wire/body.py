"""Reads the body of a request into one piece of memory."""

import numpy as np
from starlette.requests import ClientDisconnect, Request

from app.wire.pieces import Content

# The alignment of NumPy's largest numbers. Allocated memory starts at a multiple of it.
ALIGNMENT = 16
# Memory for the whole body is allocated once a sixteenth of it has arrived: a client may announce and never send it.
PART_THAT_PROVES = 16


async def read_body(request: Request) -> Content:
    """The body. Raises ClientDisconnect, and what the limits raise."""
    piece, more = await _piece(request)
    return await _read_on(0, request, piece) if more else piece


async def read_frame(request: Request, header_length: int) -> memoryview:
    """The body, with the bytes behind a header of this length aligned for arrays. Raises as read_body does."""
    piece, more = await _piece(request)
    return await _read_on(-header_length % ALIGNMENT, request, piece, more=more)


async def _read_on(lead: int, request: Request, piece: bytes, *, more: bool = True) -> memoryview:
    """The body, `lead` bytes behind the start of its memory."""
    length = _announced(request)
    begun = bytearray(lead) + piece
    # Joining the pieces at the end would copy all of them in one go.
    while more and (length is None or (len(begun) - lead) * PART_THAT_PROVES < length):
        piece, more = await _piece(request)
        begun += piece
    if not more or length is None:
        return memoryview(begun)[lead:]
    # Each further piece is copied while it is in the cache, and freed at once.
    body = np.empty(lead + length, np.uint8).data[lead:]
    at = len(begun) - lead
    body[:at] = memoryview(begun)[lead:]
    del begun
    while more:
        piece, more = await _piece(request)
        body[at : at + len(piece)] = piece
        at += len(piece)
    return body[:at]


def _announced(request: Request) -> int | None:
    """The body's length by its header, if it is not compressed."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in request.headers else None


async def _piece(request: Request) -> tuple[bytes, bool]:
    """The next part of the body, and whether more will come."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)
