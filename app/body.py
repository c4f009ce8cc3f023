"""A request's body, whole, in one piece of memory."""

from mmap import mmap

import numpy as np
from starlette.requests import ClientDisconnect, Request

from app.wire.parse import Content

# What NumPy's loops over the largest numbers want; memory itself begins at a multiple of it.
ALIGNMENT = 16
# From here on a body gets pages of its own, which go back to the system with it: in pieces, and joined, it would stand
# in memory twice.
LARGE_BYTES = 1 << 20


async def read_body(request: Request) -> Content:
    """The body. Raises ClientDisconnect, and what the limits raise."""
    piece, more = await _piece(request)
    if not more:
        return piece
    length = _announced(request)
    if length is not None and length > LARGE_BYTES:
        body = mmap(-1, length)
        body.write(piece)
        while more:
            piece, more = await _piece(request)
            body.write(piece)
        return body
    pieces = [piece]
    while more:
        piece, more = await _piece(request)
        pieces.append(piece)
    return b"".join(pieces)


async def read_frame(request: Request, header_length: int) -> memoryview:
    """The body, with what stands behind a header of this length where arrays may begin. Raises as read_body does."""
    lead = -header_length % ALIGNMENT
    length = _announced(request)
    if length is None:
        return memoryview(b"".join((bytes(lead), await read_body(request))))[lead:]
    body = np.empty(lead + length, np.uint8).data
    at, more = lead, True
    while more:
        piece, more = await _piece(request)
        body[at : at + len(piece)] = piece
        at += len(piece)
    return body[lead:at]


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
