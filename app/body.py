"""A request's body, whole, in one piece of memory."""

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

# What NumPy's loops over the largest numbers want; memory itself begins at a multiple of it.
ALIGNMENT = 16


async def read_body(request: Request) -> bytes | bytearray:
    """The body. Raises ClientDisconnect, and what the limits raise."""
    message = await _receive(request)
    if not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        return whole
    body = bytearray()
    await _read_on(request, message, body)
    return body


async def read_frame(request: Request, header_length: int) -> memoryview:
    """The body, with what stands behind a header of this length where arrays may begin. Raises as read_body does."""
    lead = -header_length % ALIGNMENT
    body = bytearray(lead)
    await _read_on(request, await _receive(request), body)
    return memoryview(body)[lead:]


async def _read_on(request: Request, message: Message, body: bytearray) -> None:
    """Appends this part of the body, and those after it: they need never stand in memory twice."""
    body += message.get("body", b"")
    while message.get("more_body"):
        message = await _receive(request)
        body += message.get("body", b"")


async def _receive(request: Request) -> Message:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message
