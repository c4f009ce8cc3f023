"""A request's body, whole, in one piece of memory."""

import numpy as np
from starlette.requests import ClientDisconnect, Request

from app.wire.parse import Content

# What NumPy's loops over the largest numbers want; memory itself begins at a multiple of it.
ALIGNMENT = 16
# Memory is taken for all of a body once this part of it is there: before, it may be announced and never sent.
PART_THAT_PROVES = 16


async def read_body(request: Request) -> Content:
    """The body. Raises ClientDisconnect, and what the limits raise."""
    piece, more = await _piece(request)
    return await _read_on(0, request, piece) if more else piece


async def read_frame(request: Request, header_length: int) -> memoryview:
    """The body, with what stands behind a header of this length where arrays may begin. Raises as read_body does."""
    piece, more = await _piece(request)
    return await _read_on(-header_length % ALIGNMENT, request, piece, more=more)


async def _read_on(lead: int, request: Request, piece: bytes, *, more: bool = True) -> memoryview:
    """The body, so many bytes behind the beginning of its memory."""
    length = _announced(request)
    begun = bytearray(lead) + piece
    # Pieces that are joined at the end would all be copied in one go.
    while more and (length is None or (len(begun) - lead) * PART_THAT_PROVES < length):
        piece, more = await _piece(request)
        begun += piece
    if not more or length is None:
        return memoryview(begun)[lead:]
    # Each further piece is copied while it is in the cache, and need never stand in memory twice.
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
    """The body's length, where it is known beforehand. Not even then is memory taken before it is written to."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in request.headers else None


async def _piece(request: Request) -> tuple[bytes, bool]:
    """The next part of the body, and whether more will come."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)
