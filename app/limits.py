"""What the service refuses to take, whatever it holds."""

import asyncio
import zlib
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# gzip as RFC 1952 has it; deflate as HTTP means it, in a zlib wrapper.
WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
# What is inflated at once: others get their turn after it.
PIECE_BYTES = 1 << 18


class BodyTooLarge(Exception):
    """The body has more bytes than are accepted."""

    def __init__(self, limit: int, *, inflated: bool = False) -> None:
        super().__init__(limit, inflated)
        self.limit = limit
        self.inflated = inflated


class UnknownCoding(Exception):
    """The body is compressed in a way that is not known here."""

    def __init__(self, coding: str) -> None:
        super().__init__(coding)
        self.coding = coding


class NotInflatable(ValueError):
    """The body is not compressed as its header says. The message may be shown to the caller."""


class BodyLimit:
    """Stops reading a body at the limit: at once where its announced length is over it, else when it gets there.

    A compressed body is inflated on the way, and the limit holds for what comes of it as well. Errors are raised to
    whoever reads the body, so that they are answered in the form of that place.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limited = self._as_sent(headers.get(b"content-length", b"0"), receive)
        coding = headers.get(b"content-encoding", b"identity").decode("latin-1").strip().lower()
        await self.app(scope, limited if coding == "identity" else self._inflated(coding, limited), send)

    def _as_sent(self, announced: bytes, receive: Receive) -> Receive:
        received = int(announced) if announced.isdigit() and int(announced) > self.max_bytes else 0

        async def limited() -> Message:
            nonlocal received
            if received > self.max_bytes:
                raise BodyTooLarge(self.max_bytes)
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise BodyTooLarge(self.max_bytes)
            return message

        return limited

    def _inflated(self, coding: str, receive: Receive) -> Receive:
        if coding not in WINDOW_BITS:

            async def refuse() -> Message:
                raise UnknownCoding(coding)

            return refuse
        inflate = _inflater(coding)
        total, rest, more_to_come = 0, b"", True

        async def inflated() -> Message:
            nonlocal total, rest, more_to_come
            if not rest and more_to_come:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                rest, more_to_come = message.get("body", b""), message.get("more_body", False)
            else:
                await asyncio.sleep(0)
            piece, rest = inflate(rest, not more_to_come)
            total += len(piece)
            if total > self.max_bytes:
                raise BodyTooLarge(self.max_bytes, inflated=True)
            return {"type": "http.request", "body": piece, "more_body": bool(rest) or more_to_come}

        return inflated


def _inflater(coding: str) -> Callable[[bytes, bool], tuple[bytes, bytes]]:
    """Takes bytes, and whether they are the last; gives a piece of what they come to, and those to take next.

    Raises NotInflatable.
    """
    inflater = zlib.decompressobj(WINDOW_BITS[coding])

    def inflate(data: bytes, last: bool) -> tuple[bytes, bytes]:
        try:
            piece = inflater.decompress(data, PIECE_BYTES)
        except zlib.error:
            raise NotInflatable(f"Content-Encoding is {coding}, but the body is not {coding} data") from None
        if inflater.unused_data:
            raise NotInflatable(f"the {coding} data ends, but the body goes on behind it")
        rest = inflater.unconsumed_tail
        if last and not rest and not inflater.eof:
            raise NotInflatable(f"the {coding} data ends too early")
        return piece, rest

    return inflate
