"""How much is in hand at once."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.route_traits import TraitsByPath
from app.offload import TooLate


class Full(Exception):
    """There is no room for another request now. The message may be shown to the caller."""


class RequestsFull(Full):
    """As many requests as may be are in hand."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} requests are in hand here, the most that may be; try again")


class BytesFull(Full):
    """As many bytes of bodies, arrays and answers as may be are in hand."""


class InFlight:
    """What one worker has in hand: requests, and the bytes of their bodies, arrays and answers."""

    def __init__(self, max_requests: int, max_bytes: int) -> None:
        self.max_requests = max_requests
        self.max_bytes = max_bytes
        self.requests = 0
        self.bytes = 0


class Share:
    """One request's part of what is in hand. Raises RequestsFull."""

    def __init__(self, in_flight: InFlight) -> None:
        if in_flight.requests >= in_flight.max_requests:
            raise RequestsFull(in_flight.requests)
        in_flight.requests += 1
        self._in_flight = in_flight
        self._bytes = 0

    def take(self, count: int) -> None:
        """So many bytes more. Raises BytesFull.

        But not where no other request has any: the largest must find room some time.
        """
        in_flight = self._in_flight
        others = in_flight.bytes - self._bytes
        if others and in_flight.bytes + count > in_flight.max_bytes:
            raise BytesFull(f"{others} bytes of other requests are in hand here, too many for this one; try again")
        in_flight.bytes += count
        self._bytes += count

    def end(self) -> None:
        self._in_flight.requests -= 1
        self._in_flight.bytes -= self._bytes


class Admission:
    """Refuses at once what there is no room for. A body counts from when its length is known, or as it comes.

    The share of a request that was given up on ends with the work on it.
    """

    def __init__(self, app: ASGIApp, in_flight: InFlight, max_body_bytes: int, traits: TraitsByPath) -> None:
        self.app = app
        self.traits = traits
        self.in_flight = in_flight
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.traits.of(scope["path"]).always_admitted:
            await self.app(scope, receive, send)
            return
        share = Share(self.in_flight)
        unfinished: asyncio.Future[Any] | None = None
        try:
            announced = self._announced(dict(scope["headers"]))
            share.take(announced)
            scope["state"]["share"] = share
            await self.app(scope, _counted(receive, share, announced), send)
        except TooLate as late:
            unfinished = late.work
            raise
        finally:
            if unfinished is None:
                share.end()
            else:
                unfinished.add_done_callback(lambda _: share.end())

    def _announced(self, headers: dict[bytes, bytes]) -> int:
        """How long the body will be, where that is known. What is too long is refused when it is read."""
        length = headers.get(b"content-length", b"")
        known = int(length) if length.isdigit() and b"content-encoding" not in headers else 0
        return known if known <= self.max_body_bytes else 0


def _counted(receive: Receive, share: Share, taken: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received, taken
        message = await receive()
        received += len(message.get("body", b""))
        if received > taken:
            share.take(received - taken)
            taken = received
        return message

    return counted
