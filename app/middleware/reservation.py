"""What is in flight: bytes, which count as they arrive, and requests that are computed, which count once complete."""

from collections.abc import Callable
from typing import Protocol

# A fourth of the slots is reserved for small requests and a fourth for large ones, and a sixteenth of the bytes for
# small requests, so that neither kind starves.
PART_OF_SLOTS, PART_OF_BYTES = 4, 16
# Up to this size a response is not accounted for while the client reads it.
SMALL_BYTES = 65_536


class Full(Exception):
    """The service is at capacity. The message may be shown to the client."""


class RequestsFull(Full):
    """The maximum number of requests is in flight."""

    def __init__(self, count: int) -> None:
        super().__init__(f"at capacity: {count} requests in flight; try again")


class BytesFull(Full):
    """The maximum number of bytes of bodies, arrays and responses is in flight."""


class BodiesFull(Full):
    """The gate is full."""

    def __init__(self, count: int) -> None:
        super().__init__(f"at capacity: {count} bytes of large bodies in flight (XENT_MAX_BYTES_AT_GATE); try again")


class WouldBeTooLate(Full):
    """The request's deadline can't be met."""

    def __init__(self) -> None:
        super().__init__("the request's deadline can't be met (X-Request-Timeout-Ms, timeout)")


class Place(Protocol):
    """A large request's room at the gate of `app.server.gate`."""

    def grow(self, count: int) -> None:
        """So many more bytes of a chunked body have arrived."""

    def be_whole(self) -> None:
        """The body is complete."""

    def leave(self) -> None:
        """The response starts, or the request is given up. Idempotent."""


class InFlight:
    """What one worker has in flight: requests that are computed, and the bytes of bodies, arrays and responses.

    `make_room` frees up to so many bytes if it can. It is called before a request is refused.
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
    """The slot and the bytes of one request.

    `until` is the client's deadline for the response, by time.monotonic(). `bytes` are those reserved now.
    """

    __slots__ = ("_in_flight", "_place", "_slot", "bytes", "until")

    def __init__(self, in_flight: InFlight, place: Place | None = None, until: float = float("inf")) -> None:
        self._in_flight = in_flight
        self._place = place
        self.bytes = 0
        self._slot = False
        self.until = until

    def reserve(self, count: int) -> None:
        """Reserve so many more bytes. Raises BytesFull.

        If no other request holds bytes it always succeeds: the largest request must be possible.
        """
        in_flight = self._in_flight
        if in_flight.bytes + count <= in_flight.max_bytes_of_large:
            in_flight.bytes += count
            self.bytes += count
            return
        if not self._fits(count):
            in_flight.make_room(in_flight.bytes + count - self._limit(count))
        if not self._fits(count):
            others = in_flight.bytes - self.bytes
            raise BytesFull(f"at capacity: {others} bytes of other requests in flight; try again")
        in_flight.bytes += count
        self.bytes += count

    def _fits(self, count: int) -> bool:
        in_flight = self._in_flight
        return in_flight.bytes + count <= self._limit(count) or in_flight.bytes == self.bytes

    def _limit(self, count: int) -> int:
        in_flight = self._in_flight
        return in_flight.max_bytes if self.bytes + count <= SMALL_BYTES else in_flight.max_bytes_of_large

    def begin_work(self) -> None:
        """The request is complete: take a slot. Raises RequestsFull."""
        in_flight = self._in_flight
        of_kind = in_flight.small if self._place is None else in_flight.large
        most = in_flight.max_requests
        if in_flight.small + in_flight.large >= most or of_kind >= most - most // PART_OF_SLOTS:
            raise RequestsFull(in_flight.requests)
        self._slot = True
        if self._place is None:
            in_flight.small += 1
        else:
            in_flight.large += 1
            self._place.be_whole()

    def grow_place(self, count: int) -> None:
        """So many more bytes of a chunked body have arrived."""
        if self._place is not None:
            self._place.grow(count)

    def end_work(self) -> None:
        """Free the slot: the computation is done."""
        if self._place is not None:
            self._place.leave()
        if self._slot:
            self._slot = False
            if self._place is None:
                self._in_flight.small -= 1
            else:
                self._in_flight.large -= 1

    def shrink(self, count: int) -> None:
        """Free the bytes beyond `count`."""
        if count < self.bytes:
            self._in_flight.bytes -= self.bytes - count
            self.bytes = count

    def release(self) -> None:
        """Free everything. Idempotent."""
        if self._slot or self._place is not None:
            self.end_work()
        self._in_flight.bytes -= self.bytes
        self.bytes = 0
