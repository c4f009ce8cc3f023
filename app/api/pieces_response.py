"""How answers that hold arrays are sent."""

import asyncio
from collections.abc import Sequence

from fastapi import Response
from starlette.types import Receive, Scope, Send


class PiecesResponse(Response):
    """An answer whose body is in pieces, which are sent as they are: joined, they would stand in memory twice."""

    def __init__(
        self,
        pieces: Sequence[bytes | memoryview],
        headers: dict[str, str] | None = None,
        media_type: str = "application/json",
    ) -> None:
        self.pieces = pieces
        length = {"content-length": str(sum(map(len, pieces)))}
        super().__init__(None, headers={**length, **(headers or {})}, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the protocol's form
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self.pieces[:-1]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # a client that reads fast would have the event loop for itself
        await send({"type": "http.response.body", "body": self.pieces[-1]})
