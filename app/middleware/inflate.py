"""Request bodies in gzip, deflate or zstd."""

import asyncio
import sys
import zlib
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.body_limit import BodyTooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# gzip of RFC 1952; HTTP's deflate is the zlib format.
WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
CODINGS = (*WINDOW_BITS, "zstd")
# The largest window of a zstd frame, as a power of two: 8 MiB, the maximum for HTTP (RFC 9659).
ZSTD_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
# Errors of zlib and zstd that are not the data's fault: Z_MEM_ERROR and ZSTD_error_memory_allocation.
NO_MEMORY = ("Error -4 ", "Allocation error")
# Inflated at once; other requests get a turn after it.
PIECE_BYTES = 1 << 18


class UnknownCoding(Exception):
    """The body has a Content-Encoding that is not supported."""

    def __init__(self, coding: str) -> None:
        super().__init__(coding)
        self.coding = coding


class NotInflatable(ValueError):
    """The body is not compressed as its Content-Encoding says. The message may be shown to the client."""


class Inflate:
    """Inflates compressed bodies as they arrive, up to a limit of inflated bytes.

    Errors are raised from `receive`, to the endpoint that reads the body.
    """

    def __init__(self, app: ASGIApp, max_inflated_bytes: int) -> None:
        self.app = app
        self.max_inflated_bytes = max_inflated_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"content-encoding")
            coding = "identity" if given is None else given.decode("latin-1").strip().lower()
            if coding != "identity":
                receive = self._inflated(coding, receive)
        await self.app(scope, receive, send)

    def _inflated(self, coding: str, receive: Receive) -> Receive:
        if coding not in CODINGS:

            async def refuse() -> Message:
                raise UnknownCoding(coding)

            return refuse
        inflate = _inflater(coding)
        total, data, more_within, more_to_come = 0, b"", False, True

        async def inflated() -> Message:
            nonlocal total, data, more_within, more_to_come
            if more_within:
                data = b""
                await asyncio.sleep(0)
            elif more_to_come:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                data, more_to_come = message.get("body", b""), message.get("more_body", False)
            if total <= self.max_inflated_bytes:
                piece, more_within = inflate(data, not more_to_come)
                total += len(piece)
            if total > self.max_inflated_bytes:
                raise BodyTooLarge(
                    f"the inflated body has more than {self.max_inflated_bytes} bytes, the maximum "
                    "(XENT_MAX_INFLATED_BYTES)"
                )
            return {"type": "http.request", "body": piece, "more_body": more_within or more_to_come}

        return inflated


Inflater = Callable[[bytes, bool], tuple[bytes, bool]]
"""Takes the next bytes and whether they are the last; returns inflated bytes, and whether more of them are available
without further input. Raises NotInflatable.
"""


def _inflater(coding: str) -> Inflater:
    step = _zstd() if coding == "zstd" else _zlib(WINDOW_BITS[coding])

    def inflate(data: bytes, last: bool) -> tuple[bytes, bool]:
        try:
            piece, more, ended, left_over = step(data)
        except (zlib.error, zstd.ZstdError) as error:
            if any(text in str(error) for text in NO_MEMORY):
                raise MemoryError from None  # pragma: no cover  # tests/hostile/test_torture.py has it raised
            raise NotInflatable(f"Content-Encoding is {coding}, but the body is not {coding} data") from None
        if left_over:
            raise NotInflatable(f"the {coding} data ends before the body does")
        if last and not more and not ended:
            raise NotInflatable(f"the {coding} data is truncated")
        return piece, more

    return inflate


Step = Callable[[bytes], tuple[bytes, bool, bool, bytes]]
"""Inflated bytes, whether more are available, whether the stream has ended, and the bytes after its end."""


def _zlib(window_bits: int) -> Step:
    inflater = zlib.decompressobj(window_bits)

    def step(data: bytes) -> tuple[bytes, bool, bool, bytes]:
        piece = inflater.decompress(inflater.unconsumed_tail + data, PIECE_BYTES)
        return piece, bool(inflater.unconsumed_tail), inflater.eof, inflater.unused_data

    return step


def _zstd() -> Step:
    inflater = zstd.ZstdDecompressor(options=ZSTD_WINDOW)

    def step(data: bytes) -> tuple[bytes, bool, bool, bytes]:
        if inflater.eof:
            return b"", False, True, data
        piece = inflater.decompress(data, PIECE_BYTES)
        return piece, not (inflater.needs_input or inflater.eof), inflater.eof, inflater.unused_data

    return step
