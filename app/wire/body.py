"""A request's body, whole, in one piece of memory."""

import numpy as np
from starlette.requests import ClientDisconnect, Request

from app.wire.pieces import Content

# What NumPy's loops over the largest numbers want; memory itself begins at a multiple of it.
ALIGNMENT = 16


async def read_body(request: Request) -> Content:
    """The body. Raises ClientDisconnect, and what the limits raise."""
    piece, more = await _piece(request)
    if not more:
        return piece
    length = _announced(request)
    if length is not None:
        return await _read_into(np.empty(length, np.uint8).data, request, piece)
    return await _read_behind(bytearray(piece), request)


async def read_frame(request: Request, header_length: int) -> memoryview:
    """The body, with what stands behind a header of this length where arrays may begin. Raises as read_body does."""
    lead = -header_length % ALIGNMENT
    length = _announced(request)
    if length is None:
        return memoryview(await _read_behind(bytearray(lead), request))[lead:]
    # Only once the first piece is there is it known that so long a body is accepted.
    piece, more = await _piece(request)
    return await _read_into(np.empty(lead + length, np.uint8).data[lead:], request, piece, more=more)


async def _read_behind(body: bytearray, request: Request) -> bytearray:
    """What is to come, behind what is there. Pieces that are joined at the end would all be copied in one go."""
    more = True
    while more:
        piece, more = await _piece(request)
        body += piece
    return body


async def _read_into(body: memoryview, request: Request, piece: bytes, *, more: bool = True) -> memoryview:
    """Each piece is copied while it is in the cache, and need never stand in memory twice."""
    body[: len(piece)] = piece
    at = len(piece)
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
