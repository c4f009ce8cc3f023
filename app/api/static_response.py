"""Responses that are the same for every request."""

import hashlib
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fastapi import Request, Response

from app import offload
from app.api.pieces_response import VARY, PiecesResponse
from app.state import state_of
from app.wire.compress import CODINGS, MIN_BYTES, SUFFIXES, THOROUGH, Coding, Piece, accepted_coding, compress


class Representation(NamedTuple):
    """A body as it is sent, and its name for caches."""

    pieces: list[Piece]
    etag: str


Representations = dict[Coding | None, Representation]
Compressed = dict[Coding, list[Piece]]


def _compress(content: bytes) -> Compressed:
    worth_it = CODINGS if len(content) >= MIN_BYTES else ()
    return {coding: compress([content], coding, THOROUGH) for coding in worth_it}


class StaticContent:
    """A body that is made and compressed once, when it is first asked for, off the event loop."""

    def __init__(
        self, make: Callable[[], bytes], media_type: str, compressed: Callable[[bytes], Compressed] = _compress
    ) -> None:
        def representations() -> Representations:
            content = make()
            return _named(content, compressed(content))

        self.media_type = media_type
        self._representations = cache(representations)

    @classmethod
    def of_file(cls, path: Path, media_type: str) -> "StaticContent":
        """A file that is compressed beforehand: beside it stands what it is in each coding."""
        beside = {coding: path.with_name(path.name + suffix) for coding, suffix in SUFFIXES.items()}
        return cls(
            path.read_bytes, media_type, lambda _: {coding: [file.read_bytes()] for coding, file in beside.items()}
        )

    async def _made(self, seconds: float) -> Representations:
        is_made = self._representations.cache_info().currsize
        return await offload.run(
            self._representations, offload.SMALL if is_made else offload.LARGE, time.monotonic() + seconds
        )

    async def response(self, http: Request, headers: dict[str, str] | None = None) -> Response:
        """The body in a coding that the client accepts; 304 where the client has it already."""
        representations = await self._made(state_of(http.app).settings.compute_seconds)
        coding = accepted_coding(http.headers.get("accept-encoding"))
        coding = coding if coding in representations else None
        pieces, etag = representations[coding]
        sent = {
            "Cache-Control": "no-cache",  # kept, but asked about each time: an upgrade shows at once
            "ETag": etag,
            **VARY,
            **(headers or {}),
        }
        if http.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=sent)
        if coding is not None:
            sent["Content-Encoding"] = coding
        return PiecesResponse(pieces, sent, self.media_type)


def _named(content: bytes, compressed: Compressed) -> Representations:
    name = hashlib.sha256(content).hexdigest()
    representations: Representations = {None: Representation([content], f'"{name}"')}
    for coding, pieces in compressed.items():
        representations[coding] = Representation(pieces, f'"{name}-{coding}"')
    return representations
