"""What may be in flight at once: bytes, which count as they come, and requests that are computed, which are whole."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.deadline import read_deadline
from app.offload import TooLate

# Whoever watches over the service must be responded to, above all when it is full.
ALWAYS_ADMITTED = frozenset({"/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"})
# A fourth of the slots is left to small requests by large ones and to large ones by small ones, and a sixteenth of the
# bytes to requests that need few: neither kind is starved by the other.
PART_OF_SLOTS, PART_OF_BYTES = 4, 16
# Up to here it does not matter how many bytes a response has, nor whether it was read.
SMALL_BYTES = 65_536


class Full(Exception):
    """There is no room for another request now. The message may be shown to the client."""


class RequestsFull(Full):
    """As many requests as may be are in flight."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} requests are in flight here, the most that may be; try again")


class BytesFull(Full):
    """As many bytes of bodies, arrays and responses as may be are in flight."""


class BodiesFull(Full):
    """As many bytes of large bodies as may be were accepted."""


class WouldBeTooLate(Full):
    """The request's own deadline can't be met."""

    def __init__(self) -> None:
        super().__init__("the response would come later than the request's deadline (X-Request-Timeout-Ms, timeout)")


class Place(Protocol):
    """A large request's room at the gate, see `app.server.gate`."""

    def grow(self, count: int) -> None:
        """So many bytes more have come of a body whose length was not announced."""

    def be_whole(self) -> None:
        """The body is there."""

    def leave(self) -> None:
        """The response begins, or the request is given up. Again does no harm."""


class InFlight:
    """What one worker has in flight: requests that are computed, and the bytes of bodies, arrays and responses.

    `make_room` is asked to free so many bytes, if it can, before a request is refused for want of them.
    """

    def __init__(self, max_requests: int, max_bytes: int) -> None:
        self.max_requests = max_requests
        self.max_bytes = max_bytes
        self.max_bytes_of_large = max_bytes - max_bytes // PART_OF_BYTES
        self.small = self.large = 0
        self.bytes = 0
        self.make_room: Callable[[int], None] = lambda _: None

    @property
    def requests(self) -> int:
        return self.small + self.large


class Reservation:
    """One request's part of what is in flight.

    `until`: when its response has to be there, by time.monotonic().
    """

    __slots__ = ("_bytes", "_in_flight", "_place", "_slot", "until")

    def __init__(self, in_flight: InFlight, place: Place | None = None, until: float = float("inf")) -> None:
        self._in_flight = in_flight
        self._place = place
        self._bytes = 0
        self._slot = False
        self.until = until

    def reserve(self, count: int) -> None:
        """So many bytes more. Raises BytesFull.

        But not where no other request has any: the largest must find room some time.
        """
        in_flight = self._in_flight
        if in_flight.bytes + count <= in_flight.max_bytes_of_large:
            in_flight.bytes += count
            self._bytes += count
            return
        if not self._fits(count):
            in_flight.make_room(in_flight.bytes + count - self._limit(count))
        if not self._fits(count):
            others = in_flight.bytes - self._bytes
            raise BytesFull(f"{others} bytes of other requests are in flight here, too many for this one; try again")
        in_flight.bytes += count
        self._bytes += count

    def _fits(self, count: int) -> bool:
        in_flight = self._in_flight
        return in_flight.bytes + count <= self._limit(count) or in_flight.bytes == self._bytes

    def _limit(self, count: int) -> int:
        in_flight = self._in_flight
        return in_flight.max_bytes if self._bytes + count <= SMALL_BYTES else in_flight.max_bytes_of_large

    def begin_work(self) -> None:
        """The request is whole, and takes one of the slots. Raises RequestsFull."""
        in_flight = self._in_flight
        of_kind = in_flight.small if self._place is None else in_flight.large
        most = in_flight.max_requests
        if in_flight.requests >= most or of_kind >= most - most // PART_OF_SLOTS:
            raise RequestsFull(in_flight.requests)
        self._slot = True
        if self._place is None:
            in_flight.small += 1
        else:
            in_flight.large += 1
            self._place.be_whole()

    def grow_place(self, count: int) -> None:
        """So many bytes have come of a body whose length was not announced."""
        if self._place is not None:
            self._place.grow(count)

    def end_work(self) -> None:
        """Give the slot back, as there is nothing more to compute."""
        if self._place is not None:
            self._place.leave()
        if self._slot:
            self._slot = False
            if self._place is None:
                self._in_flight.small -= 1
            else:
                self._in_flight.large -= 1

    def shrink(self, count: int) -> None:
        """No more than so many bytes are still needed."""
        if count < self._bytes:
            self._in_flight.bytes -= self._bytes - count
            self._bytes = count

    def release(self) -> None:
        """Give all back. Again does no harm."""
        if self._slot or self._place is not None:
            self.end_work()
        self._in_flight.bytes -= self._bytes
        self._bytes = 0

    @property
    def bytes(self) -> int:
        return self._bytes


class Admission:
    """Refuses at once what there is no room for.

    The bytes of a request that was given up on stay reserved until the work on it ends. Those of a response stay until
    the client has read it; the slot is free when it begins.
    """

    def __init__(self, app: ASGIApp, in_flight: InFlight) -> None:
        self.app = app
        self.in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS_ADMITTED:
            await self.app(scope, receive, send)
            return
        state, headers = scope["state"], dict(scope["headers"])
        reservation = state["reservation"] = self._reservation(state, headers)
        unfinished: asyncio.Future[Any] | None = None
        try:
            is_chunked = b"transfer-encoding" in headers
            if not is_chunked and b"content-length" not in headers:
                reservation.begin_work()

            def responding(message: Message) -> Awaitable[None]:
                if message["type"] == "http.response.start":
                    reservation.end_work()
                    if reservation.bytes > SMALL_BYTES:
                        reservation.shrink(_length(message))
                return send(message)

            await self.app(scope, _counted(receive, reservation, grows=is_chunked), responding)
            if reservation.bytes > SMALL_BYTES and "drained" in state:
                with suppress(asyncio.CancelledError):
                    await state["drained"]()
        except TooLate as late:
            unfinished = late.work
            if time.monotonic() >= reservation.until:
                raise WouldBeTooLate from None
            raise
        finally:
            if unfinished is None:
                reservation.release()
            else:
                unfinished.add_done_callback(lambda _: reservation.release())

    def _reservation(self, state: dict[str, Any], headers: dict[bytes, bytes]) -> Reservation:
        """As the connection found it, where it had to know. Raises Full, BadDeadline."""
        if "refusal" in state:
            raise state["refusal"]
        until = state["until"] if "until" in state else read_deadline(headers)
        return Reservation(self.in_flight, state.get("place"), until)


def _length(message: Message) -> int:
    """How long a response says it is. All that are large do."""
    return next((int(value) for name, value in message["headers"] if name == b"content-length"), 0)


def _counted(receive: Receive, reservation: Reservation, *, grows: bool) -> Receive:
    async def counted() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            reservation.reserve(len(body))
            if grows:
                reservation.grow_place(len(body))
            if not message.get("more_body", False):
                reservation.begin_work()
        return message

    return counted
