"""What the connections of one worker share: limits, the gate, and which connections may be closed for others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from fastapi import FastAPI, Response

from app.middleware.problems import reason_of, response_to
from app.middleware.reservation import BodiesFull, Full, RequestsFull, WouldBeTooLate
from app.middleware.route_traits import ErrorForm
from app.server.gate import Gate
from app.server.pump import Pump
from app.server.uvicorn_protocol import STATUS_LINE
from app.state import state_of
from app.telemetry.access_log import DEFAULT_HEADERS, ON_EVERY_RESPONSE

# Bytes of pipelined requests that all connections may hold. Each holds at most one read, 256 KiB.
MAX_BYTES_READ_AHEAD = 16 << 20
# A slow reader has this long before it may be closed to free memory.
SECONDS_TO_READ_UNDISTURBED = 1.0

Ready = tuple[bytes, bytes]
"""A response's first line, and the rest behind the headers that differ for each request."""


class Evictable(Protocol):
    """A connection, as far as `Traffic` uses it."""

    @property
    def sending_pace(self) -> float:
        """Bytes per second of the body."""

    def reading_pace(self) -> float | None:
        """Bytes per second that the client reads of its response; None if it has not waited long."""

    def cut_off(self) -> None:
        """Close it at once."""

    def give_up_response(self) -> int:
        """Close it without the rest of its response. The number of bytes in flight that this frees."""


@dataclass(frozen=True)
class ConnectionSettings:
    """The limits of each connection."""

    header_seconds: float
    body_seconds: float
    answer_seconds: float
    idle_seconds: float
    grace_seconds: float
    min_send_bytes_per_second: int
    min_read_bytes_per_second: int
    max_connections: int
    max_requests_in_flight: int
    max_body_bytes: int
    sheds_by_itself: bool
    """False with CORS: a browser hides responses that lack its headers."""


class Traffic:
    """The connections of one worker."""

    def __init__(self, app: FastAPI) -> None:
        state = state_of(app)
        settings = state.settings
        names = [name for name in ConnectionSettings.__dataclass_fields__ if name != "sheds_by_itself"]
        self.settings = ConnectionSettings(
            **{name: getattr(settings, name) for name in names}, sheds_by_itself=not settings.origins
        )
        self.metrics = state.metrics
        self.traits = state.traits
        self.in_flight = state.in_flight
        self.in_flight.make_room = self.make_room
        self.gate = Gate(settings.max_bytes_at_gate)
        self.pump = Pump()
        self._routes_by_path = state.routes_by_path
        self._key_policy = state.key_policy
        self.unaccepted: dict[Evictable, None] = {}
        """Connections without a request, those idle for longest first."""
        self.slow_readers: dict[Evictable, None] = {}
        """Connections whose client has not read all of its response."""
        self.responding_small = 0
        """The number of complete small requests without a response."""
        self.bytes_read_ahead = 0
        # Made beforehand: under overload they are most of all responses.
        refusals: tuple[Full, ...] = (
            RequestsFull(settings.max_requests_in_flight),
            BodiesFull(settings.max_bytes_at_gate),
            WouldBeTooLate(),
        )
        self._reasons = {type(why): reason_of(why) for why in refusals}
        self._ready = {(type(why), form): _refusal(why, form) for why in refusals for form in ErrorForm}

    def is_allowed(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request has a valid key, if it needs one. The application checks again."""
        return self._key_policy.allows(path, headers)

    def shed(self, path: str, method: str, why: type[Full]) -> Ready:
        """The response to a request that is shed. Shed requests are counted, but not logged."""
        self.metrics.shed(self._routes_by_path.get(path, ""), method, self._reasons[why])
        return self._ready[why, self.traits.of(path).error_form]

    def make_place(self, connections: Collection[Evictable]) -> None:
        """Close the connection that is idle for longest or, if none is idle, the slowest sender."""
        if not self.close_idlest(1):
            self._evict(min(connections, key=lambda each: each.sending_pace))

    def close_idlest(self, at_most: int) -> bool:
        """Close an eighth of the connections without a request, those idle for longest. Whether there were any."""
        count = max(1, min(at_most, len(self.unaccepted) // 8))
        idlest = list(islice(self.unaccepted, count))
        for each in idlest:
            self._evict(each)
        return bool(idlest)

    def _evict(self, connection: Evictable) -> None:
        self.metrics.rejected("connection_evicted")
        connection.cut_off()

    def make_room(self, count: int) -> None:
        """Free up to so many bytes in flight by closing slow readers, the slowest first."""
        paces = {each: pace for each in self.slow_readers if (pace := each.reading_pace()) is not None}
        for each in sorted(paces, key=lambda each: paces[each]):
            if count > 0:
                self.metrics.rejected("reader_evicted")
                count -= each.give_up_response()


def _refusal(why: Full, form: ErrorForm) -> Ready:
    """The connection ends with the refusal of a large body, which the client may not have sent yet."""
    response = response_to(why, form)
    if not isinstance(why, RequestsFull):
        response.headers["Connection"] = "close"
    return ready(response)


def ready(response: Response) -> Ready:
    headers = lines([*response.raw_headers, *ON_EVERY_RESPONSE, *DEFAULT_HEADERS])
    return STATUS_LINE[response.status_code], b"%s\r\n%s" % (headers, response.body)


def complete(ready: Ready, request_id: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    first, rest = ready
    return b"".join((first, lines(headers), b"x-request-id: ", request_id.encode(), b"\r\n", rest))


def lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])
