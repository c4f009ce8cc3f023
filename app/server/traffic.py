"""What the connections of one worker share: its limits, the gate, and who may be closed for the sake of others."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response

from app.middleware.admission import Full, InFlight, RequestsFull
from app.middleware.problems import answer_to, media_type, reason_of
from app.server.gate import Gate
from app.server.pump import Pump
from app.server.uvicorn_protocol import STATUS_LINE
from app.settings import Settings
from app.telemetry.access_log import ON_EVERY_ANSWER, UNLESS_SAID
from app.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from app.server.connection import Connection

# What connections hold of requests behind one that has no response yet. Each holds one read at most, 256 KiB.
MAX_BYTES_READ_AHEAD = 16 << 20
# Who reads slowly is left so much time before it is closed for the sake of others.
SECONDS_TO_READ_UNDISTURBED = 1.0

Ready = tuple[bytes, bytes]
"""The first line of a response, and all that stands behind the lines that differ each time."""


@dataclass(frozen=True)
class ConnectionSettings:
    """What each connection keeps to."""

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
    """A page of another origin would not be let see what is said without the headers for that."""


class Traffic:
    """The connections of one worker."""

    def __init__(self, app: FastAPI) -> None:
        settings: Settings = app.state.settings
        names = [name for name in ConnectionSettings.__dataclass_fields__ if name != "sheds_by_itself"]
        self.settings = ConnectionSettings(
            **{name: getattr(settings, name) for name in names}, sheds_by_itself=not settings.origins
        )
        self.metrics: Metrics = app.state.metrics
        self.in_flight: InFlight = app.state.in_flight
        self.in_flight.make_room = self.make_room
        self.gate = Gate(settings.max_bytes_at_gate)
        self.pump = Pump()
        self._app = app
        self._routes_by_path: Mapping[str, str] = app.state.routes_by_path
        self.unaccepted: dict[Connection, None] = {}
        """Those without a request, the idlest first."""
        self.slow_readers: dict[Connection, None] = {}
        """Those whose response waits to be read."""
        self.responding_small = 0
        """How many small requests are whole, and have no response."""
        self.bytes_read_ahead = 0
        full = RequestsFull(settings.max_requests_in_flight)
        self._full = {media_type(path): ready(answer_to(full, path)) for path in ("/v1", "/v2")}

    def is_allowed(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request holds a key, where it must. The application checks again."""
        is_allowed: bool = self._app.state.is_allowed(path, headers)
        return is_allowed

    def shed(self, path: str, method: str, why: Full | None = None) -> Ready:
        """What is said to a request for which there is no room, which is counted and else leaves no trace."""
        reason = "requests_full" if why is None else reason_of(why)
        self.metrics.shed(self._routes_by_path.get(path, ""), method, reason)
        if why is None:
            return self._full[media_type(path)]
        response = answer_to(why, path)
        response.headers["Connection"] = "close"
        return ready(response)

    def make_place(self, connections: set["Connection"]) -> None:
        """Close the connection that is idle the longest; where none is, the slowest that still sends."""
        if not self.close_idlest(1):
            self._evict(min(connections, key=lambda each: each.sending_pace))

    def close_idlest(self, at_most: int) -> bool:
        """Close those without a request that are idle for longest, a part of them; whether there are any."""
        count = max(1, min(at_most, len(self.unaccepted) // 8))
        idlest = list(islice(self.unaccepted, count))
        for each in idlest:
            self._evict(each)
        return bool(idlest)

    def _evict(self, connection: "Connection") -> None:
        self.metrics.rejected("connection_evicted")
        connection.cut_off()

    def make_room(self, count: int) -> None:
        """Free so many bytes in flight, if they can be had from those who read slowly; the slowest loses first."""
        paces = {each: pace for each in self.slow_readers if (pace := each.reading_pace()) is not None}
        for each in sorted(paces, key=lambda each: paces[each]):
            if count > 0:
                self.metrics.rejected("reader_evicted")
                count -= each.give_up_response()


def ready(response: Response) -> Ready:
    headers = lines([*response.raw_headers, *ON_EVERY_ANSWER, *UNLESS_SAID])
    return STATUS_LINE[response.status_code], b"%s\r\n%s" % (headers, response.body)


def complete(ready: Ready, request_id: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    first, rest = ready
    return b"".join((first, lines(headers), b"x-request-id: ", request_id.encode(), b"\r\n", rest))


def lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])
