"""How responses that hold arrays are sent."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from fastapi import Response
from starlette.types import Receive, Scope, Send

from app.wire.compress import Coding, Piece, compress_long

# The number of bytes written at once: TLS encrypts them in one step, and other tasks run after it.
SENT_BYTES = 1 << 18
VARY = {"Vary": "Accept-Encoding"}


class PiecesResponse(Response):
    """A response whose body is in pieces. They are not joined, as that would take the memory twice."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        headers: dict[str, str] | None = None,
        media_type: str = "application/json",
    ) -> None:
        # Not by Starlette's constructor, which takes several times as long.
        self.pieces = pieces
        self.status_code, self.media_type, self.background, self.body = 200, media_type, None, b""
        content_type = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
        written = {"content-length": str(sum(map(len, pieces))), **(headers or {}), "content-type": content_type}
        self.raw_headers = [(name.lower().encode(), value.encode()) for name, value in written.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the protocol's form
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        *pieces, last = _parts(self.pieces)
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # a client that reads fast would have the event loop for itself
        await send({"type": "http.response.body", "body": last})


def _parts(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces, the large ones in parts that are not copied."""
    for piece in pieces:
        if len(piece) <= SENT_BYTES:
            yield piece
        else:
            view = memoryview(piece)
            yield from (view[start : start + SENT_BYTES] for start in range(0, len(view), SENT_BYTES))


def compressed_response(pieces: Iterable[Piece], coding: Coding | None) -> PiecesResponse:
    """The response with this JSON body, in a coding that the client accepts, unless it is short."""
    body, coding = compress_long(pieces, coding)
    return PiecesResponse(body, VARY if coding is None else {**VARY, "Content-Encoding": coding})
