"""One connection as a state machine: time limits, pace, refusals, and offers of other protocols.

Read `connection_states` first: the states and the table of transitions. A connection parses at most one head or one
body at a time, so that it never has more than one request. Bytes of the next request wait unparsed.
"""

import asyncio
import logging
from math import inf

import httptools
from fastapi import FastAPI

from app.middleware.deadline import BadDeadline, read_deadline
from app.middleware.problems import Refusal, problem
from app.middleware.reservation import SMALL_BYTES, Full, RequestsFull, Reservation
from app.server import raw_socket
from app.server.connection_states import READS, TRANSITIONS, UNACCEPTED, Event, State
from app.server.gate import Place
from app.server.head_checks import (
    HEADERS_TOO_LARGE,
    HEADERS_TOO_SLOW,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    TOO_MANY_HEADERS,
    TOO_MUCH_FRAMING,
    Refused,
    check_head,
    refused_by,
    without_offer,
)
from app.server.pump import BYTES_OF_A_READ
from app.server.traffic import MAX_BYTES_READ_AHEAD, SECONDS_TO_READ_UNDISTURBED, Traffic, complete, ready
from app.server.uvicorn_protocol import Cycle, UvicornProtocol
from app.state import RequestState, request_state
from app.telemetry.access_log import new_request_id, request_id_of

END_OF_HEAD = b"\r\n\r\n"
# Of a chunk's own line and end: its size, in as many digits as anyone writes.
BYTES_OF_A_CHUNK = 20

IDLE, HEAD, WAITING, BODY, DISCARDING, RESPONDING, SENDING, CLOSING, CLOSED = State
BEGIN, WAIT, ACCEPT, SHED, WHOLE, BACKLOG, RESPONDED, CLOSE, LOST = Event

logger = logging.getLogger("xent")


class ConnectionOutlet:
    """The transport of a request's response."""

    def __init__(self, connection: "Connection") -> None:
        self.write = connection.write
        self.is_closing = connection.is_closing
        self.close = connection.end


class Connection(UvicornProtocol):
    """A state machine that httptools, the clock, the gate and the application drive."""

    traffic: Traffic
    last_responses = False
    """The service is shutting down: each response is the last of its connection."""

    state = IDLE
    length = 0
    """The length of the body by its header; for a chunked body, a lower bound."""
    # Received bytes, how far they are parsed, and the last parsed bytes of a head or of chunks.
    _data, _at, _tail = b"", 0, b""
    # Of the body: the bytes still to come (-1 if chunked), the bytes received, and the number of chunks.
    _to_come = _body_bytes = _chunks = _chunked_bytes = 0
    # Bytes since the last completed header or data. httptools has no limit for a header or a trailer.
    _unused_bytes = 0
    _offers_upgrade = False
    _is_half_closed = False
    # The client's deadline, and the start of the state that it applies to.
    _due, _since = inf, 0.0
    _timer: asyncio.TimerHandle | None = None
    _timer_at = inf
    _place: Place | None = None
    _read_ahead = 0
    # Of the response: the bytes written on this connection; how many of them were read when the client fell behind, and
    # when that was; how many were unread at the last check, and since when.
    _written = 0
    _reading: tuple[float, int] | None = None
    _unread, _unread_since = 0, 0.0
    _reservation: Reservation | None = None

    def _enter(self, event: Event) -> None:
        """The only way to change the state."""
        old = self.state
        new = self.state = TRANSITIONS[old][event]
        self._due = inf
        if new is old:
            return
        traffic = self.traffic
        if new is IDLE:
            traffic.unaccepted[self] = None
        elif old in UNACCEPTED and new not in UNACCEPTED:
            del traffic.unaccepted[self]
        if self._place is None:
            traffic.responding_small += (new is RESPONDING) - (old is RESPONDING)

    # --- What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.outlet = ConnectionOutlet(self)
        traffic = self.traffic
        if len(self.connections) > traffic.settings.max_connections:
            traffic.make_place(self.connections - {self})  # type: ignore[arg-type]  # all are of our class
        traffic.unaccepted[self] = None
        self._set_timer(traffic.settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._enter(LOST)
        if self._timer is not None:
            self._timer.cancel()
        # These refer to this connection, which would live on until a garbage collection.
        self._timer = None
        del self.outlet
        self.traffic.pump.remove(self)
        self.traffic.gate.forget(self)
        self._leave_gate()
        self._end_of_backlog()
        self._drop_data()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.state is CLOSING:
            self.flow.pause_reading()
            return
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0
        self._go_on()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # the transport looks at it
        """Keep the connection open where a response is outstanding: the client may have closed its half only."""
        outstanding = self.state in (WAITING, RESPONDING, SENDING) or (self._at < len(self._data))
        self._is_half_closed = outstanding and self.scheme == "http"
        return self._is_half_closed or None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reading is None and self.state is not CLOSED:
            self._reading = self.loop.time(), self._written - self._unread_bytes()
            self.traffic.slow_readers[self] = None
        self._enter(BACKLOG)

    def resume_writing(self) -> None:
        self._unread = 0
        super().resume_writing()
        if self.state is SENDING and self.cycle is None:
            self._be_ready_for_next()

    def _end_of_backlog(self) -> None:
        self._reading = self._reservation = None
        self.traffic.slow_readers.pop(self, None)

    # --- What comes is parsed

    def _go_on(self) -> None:
        """Parse received bytes as far as the state allows. The rest waits, and reading pauses."""
        try:
            while self._at < len(self._data) and self.state in READS:
                self._parse(self._next_piece())
                if self._unused_bytes > MAX_HEAD_BYTES:
                    raise HEADERS_TOO_LARGE
                if self.headers and len(self.headers) > MAX_HEADERS:
                    raise TOO_MANY_HEADERS
                if self._chunked_bytes - self._body_bytes - BYTES_OF_A_CHUNK * self._chunks > MAX_HEAD_BYTES:
                    raise TOO_MUCH_FRAMING
        except httptools.HttpParserError as error:
            self._refuse(refused_by(error))
        except Refused as refused:
            self._refuse(refused)
        else:
            if self._at < len(self._data):
                self._keep_for_later()
            else:
                self._data, self._at = b"", 0
            self._time_state()

    def _next_piece(self) -> bytes | memoryview:
        """At most one head, or one body, or as much of it as came."""
        data, at = self._data, self._at
        rest = len(data) - at
        if self.state in (BODY, DISCARDING) and self._to_come >= 0:
            size = min(rest, self._to_come)
        else:
            size = self._up_to_empty_line(data, at, rest)
            self._unused_bytes += size
            if self.state is not IDLE and self.state is not HEAD:
                self._chunked_bytes += size
        self._at = at + size
        return data if size == len(data) else memoryview(data)[at : at + size]

    def _up_to_empty_line(self, data: bytes, at: int, rest: int) -> int:
        """No head, and no body in chunks, goes on behind an empty line."""
        if tail := self._tail:
            self._tail = b""
            found = (tail + data[at : at + 3]).find(END_OF_HEAD)
            if found >= 0:
                return found + len(END_OF_HEAD) - len(tail)
        found = data.find(END_OF_HEAD, at)
        if found >= 0:
            return found + len(END_OF_HEAD) - at
        self._tail = (tail + data[max(at, len(data) - 3) :])[-3:]
        return rest

    def _parse(self, piece: bytes | memoryview) -> None:
        """Offers of another protocol are declined by going on as if they had not been made (RFC 9110, 7.8).

        httptools would take what follows for the other protocol: a parser that never heard of the offer goes on.
        """
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            head = self._head_without_offer()
            self._offers_upgrade = False
            self.new_parser()
            self.parser.feed_data(head)

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in without_offer(self.headers)]
        return b"\r\n".join([*lines, b"", b""])

    def on_message_begin(self) -> None:
        if self.state is IDLE:
            self._enter(BEGIN)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._unused_bytes > MAX_HEAD_BYTES:
            raise HEADERS_TOO_LARGE
        if len(self.headers) > MAX_HEADERS:
            raise TOO_MANY_HEADERS
        check_head(self.parser, self.url, self.headers)
        if self.parser.should_upgrade():
            self._offers_upgrade = True
            return
        self._unused_bytes = self._body_bytes = self._chunks = self._chunked_bytes = 0
        self._admit(dict(self.headers))

    def on_chunk_header(self) -> None:
        self._chunks += 1

    def on_body(self, body: bytes) -> None:
        count = len(body)
        self._body_bytes += count
        self._to_come -= count if self._to_come > 0 else 0
        self._unused_bytes = 0
        if self.state is BODY:
            self.give_body(body)

    def on_message_complete(self) -> None:
        if self._offers_upgrade:
            return
        self._unused_bytes, self._tail = 0, b""
        if self.state is BODY:
            self._enter(WHOLE)
            self.end_body()
        else:
            self._enter(WHOLE)
            self._be_idle()

    def _keep_for_later(self) -> None:
        """Keep the bytes of the next request, but few: its key has not been checked."""
        self.flow.pause_reading()
        self._data, self._at = self._data[self._at :], 0
        traffic = self.traffic
        self._read_ahead = len(self._data)
        traffic.bytes_read_ahead += self._read_ahead
        if traffic.bytes_read_ahead > MAX_BYTES_READ_AHEAD and self.cycle is not None:
            # The request in flight gets its response; those after it get none.
            self.cycle.keep_alive = False
            self._drop_data()

    def _drop_data(self) -> None:
        self._data, self._at = b"", 0
        self.traffic.bytes_read_ahead -= self._read_ahead
        self._read_ahead = 0

    # --- Admission of a complete head

    def _admit(self, headers: dict[bytes, bytes]) -> None:
        """Small requests go to the application at once; large ones must find room at the gate."""
        is_chunked = b"transfer-encoding" in headers
        self._to_come = to_come = -1 if is_chunked else int(headers.get(b"content-length", 0))
        self.complete_scope()
        if is_chunked or to_come > SMALL_BYTES or (to_come and b"content-encoding" in headers):
            self.length = max(to_come, SMALL_BYTES)
            self._admit_large(headers)
        elif self._is_one_too_many():
            self._shed_small(headers)
        else:
            self._hand_on()

    def _is_one_too_many(self) -> bool:
        """Whether to shed this small request here.

        Small batches are computed in one go and queue here before they take a slot. A refusal by the application costs
        as much as a computation.
        """
        settings = self.traffic.settings
        return (
            self.traffic.responding_small > settings.max_requests_in_flight
            and settings.sheds_by_itself
            and not self.last_responses
            and self.parser.should_keep_alive()
            and self.scope["http_version"] == "1.1"
            and self.scope["method"] != "HEAD"
            and not self.traffic.traits.of(self.scope["path"]).always_admitted
        )

    def _shed_small(self, headers: dict[bytes, bytes]) -> None:
        response = self.traffic.shed(self.scope["path"], self.scope["method"], RequestsFull)
        self.write(complete(response, request_id_of(headers), self.default_headers))
        self._enter(SHED)

    def _admit_large(self, headers: dict[bytes, bytes]) -> None:
        """Only a request that will be accepted otherwise takes room at the gate, or waits for it."""
        traffic, path = self.traffic, self.scope["path"]
        if (
            traffic.traits.of(path).always_admitted
            or self._to_come > traffic.settings.max_body_bytes
            or not traffic.is_allowed(path, headers)
        ):
            self._hand_on()
            return
        try:
            until = read_deadline(headers)
        except BadDeadline:
            # The application refuses it in the route's error form.
            self._hand_on()
            return
        self._request_state.until = until
        self._place = traffic.gate.enter(self)
        if self._place is not None:
            self._hand_on()
            return
        try:
            traffic.gate.wait(self, until)
        except Full as why:
            self._shed_large(why)
        else:
            self._enter(WAIT)

    def received(self) -> int:
        """The number of bytes of the body that have arrived."""
        return self._body_bytes

    def accept(self, place: Place) -> None:
        """The gate has room."""
        self._place = place
        self._hand_on()
        self.flow.resume_reading()
        self._go_on()

    def shed(self, why: Full) -> None:
        """The gate had no room in time."""
        self._shed_large(why)
        if self.state is BODY:
            self.flow.resume_reading()
            self._go_on()

    def _shed_large(self, why: Full) -> None:
        scope = self.scope
        if not self.traffic.settings.sheds_by_itself or scope["method"] == "HEAD":
            self._request_state.refusal = why
            self._hand_on()
            return
        response = self.traffic.shed(scope["path"], scope["method"], type(why))
        self.write(complete(response, request_id_of(dict(self.headers)), self.default_headers))
        self._close_while_client_sends()

    def _hand_on(self) -> None:
        state = self._request_state
        state.drained = self.flow.drain
        if self._place is not None:
            state.place = self._place
        self._enter(ACCEPT)
        self.start_cycle()

    # --- The application responds

    def before_response(self, cycle: Cycle) -> None:
        """Announce that the connection ends with this response: at the end, or if a large body is still being sent."""
        is_sending = cycle is self.cycle and self.state is BODY and not 0 <= self._to_come <= SMALL_BYTES
        if self.last_responses or is_sending:
            cycle.keep_alive = False

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self._written += len(data)
            self.transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing more may be written, such as 100 Continue after the response."""
        return self.state in (CLOSING, CLOSED) or self.transport.is_closing()

    def end(self) -> None:
        """Close after the last response of the connection."""
        if self.state is BODY:
            self._close_while_client_sends()
        else:
            self._reservation = self._reservation_of_request()
            self._enter(CLOSE)
            self.transport.close()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.state is BODY:
            self._enter(RESPONDED)
            self._leave_gate()
            self.cycle = None
            self.flow.resume_reading()
            self._time_state()
        elif self.state in (RESPONDING, SENDING):
            self._reservation = self._reservation_of_request()
            self.forget_request()
            if not self.flow.write_paused:
                self._be_ready_for_next()

    def _be_ready_for_next(self) -> None:
        self._enter(RESPONDED)
        self._leave_gate()
        self._be_idle()
        self.flow.resume_reading()
        if self._data:
            self.traffic.bytes_read_ahead -= self._read_ahead
            self._read_ahead = 0
            self._go_on()
        if self._is_half_closed and self.state in READS:
            self.transport.close()

    def _be_idle(self) -> None:
        """Wait for the next request, and hold nothing of the last one."""
        self._end_of_backlog()
        self.forget_request()
        self._set_timer(self.traffic.settings.idle_seconds)

    def _leave_gate(self) -> None:
        if self._place is not None:
            self._place.leave()
            self._place = None

    # --- Slow clients

    def _set_timer(self, seconds: float) -> None:
        """Set the client's deadline. One timer serves all states; it is replaced only if it would fire too late."""
        now = self._since = self.loop.time()
        due = self._due = now + seconds
        if due < self._timer_at:
            self._start_timer(due, seconds)

    def _start_timer(self, due: float, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at, self._timer = due, self.loop.call_later(seconds, self._look_at_clock)

    def _look_at_clock(self) -> None:
        self._timer, self._timer_at = None, inf
        seconds = self._due - self.loop.time()
        if seconds < inf:
            if seconds > 0:
                self._start_timer(self._due, seconds)
            else:
                self._be_too_slow()

    def _time_state(self) -> None:
        """Start the timer of the state. A request that arrives in one piece needs none."""
        if self._due == inf:
            if self.state is HEAD:
                self._set_timer(self.traffic.settings.header_seconds)
            elif self.state in (BODY, DISCARDING):
                self._set_timer(self.traffic.settings.body_seconds)

    def _be_too_slow(self) -> None:
        if self.state is HEAD:
            self._refuse(HEADERS_TOO_SLOW)
        elif self.state is BODY:
            self._request_state.body_is_late = True
            self.wake_receiver()
        else:
            self._enter(CLOSE)
            self.transport.close()

    def check_pace(self, now: float) -> None:
        """Refuse a body that arrives too slowly, and close a connection that is read too slowly. Call it every second.

        The pace is that of the whole transfer after the grace period, so a byte now and then does not help.
        """
        settings = self.traffic.settings
        if self.state in (BODY, DISCARDING) and not self.flow.read_paused:
            seconds = now - self._since - settings.grace_seconds
            if seconds > 0 and self._body_bytes < seconds * settings.min_send_bytes_per_second:
                self._be_too_slow()
        unread = self._unread_bytes() if self.transport.get_write_buffer_size() else 0
        if unread != self._unread or not unread:
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since >= settings.answer_seconds:
            self._cut_off_reader("answer_not_read")
        if self._reading is not None and unread:
            began, read = self._reading
            seconds = now - began - settings.grace_seconds
            if seconds > 0 and self._written - unread - read < seconds * settings.min_read_bytes_per_second:
                self._cut_off_reader("answer_read_too_slowly")

    def _cut_off_reader(self, reason: str) -> None:
        logger.info({"message": "client stopped reading its response; connection closed", "client": self._peer()})
        self.traffic.metrics.rejected(reason)
        self.give_up_response()

    def give_up_response(self) -> int:
        """Close without the rest of the response. The number of bytes in flight that this frees."""
        reservation = self._reservation or self._reservation_of_request()
        self._end_of_backlog()
        raw_socket.reset(self.transport)
        if reservation is None:
            return 0
        count: int = reservation.bytes
        reservation.release()
        return count

    @property
    def _request_state(self) -> RequestState:
        return request_state(self.scope)  # type: ignore[arg-type]  # a mapping, which uvicorn declares as a TypedDict

    def _reservation_of_request(self) -> Reservation | None:
        return None if self.cycle is None else self._request_state.reservation

    def reading_pace(self) -> float | None:
        """Bytes per second that the client reads of its response; None if it has not waited long."""
        began, read = self._reading or (inf, 0)
        seconds = self.loop.time() - began
        is_slow = seconds >= SECONDS_TO_READ_UNDISTURBED
        return (self._written - self._unread_bytes() - read) / seconds if is_slow else None

    @property
    def sending_pace(self) -> float:
        """Bytes per second of the body; infinity if none is being received."""
        is_receiving = self.state in (BODY, DISCARDING)
        return self._body_bytes / max(self.loop.time() - self._since, 0.001) if is_receiving else inf

    def _unread_bytes(self) -> int:
        return self.transport.get_write_buffer_size() + raw_socket.unacknowledged_bytes(self.transport)

    # --- The end

    @property
    def is_idle(self) -> bool:
        """No request is in flight."""
        return self.state in (IDLE, HEAD, DISCARDING)

    def shutdown(self) -> None:
        """The service shuts down: a request in flight gets its response, as the last of the connection.

        So does one that waits at the gate, which accepts or refuses it soon, and one that has arrived but is not read.
        """
        if self.cycle is not None:
            self.cycle.keep_alive = False
        elif self.state is DISCARDING:
            # Closed at once, the connection would be reset, and the client might not get to read its response.
            self._close_while_client_sends()
        elif self.state not in (WAITING, CLOSING) and not raw_socket.received_bytes(self.transport):
            self._enter(CLOSE)
            self.transport.close()

    def _close_while_client_sends(self) -> None:
        self._enter(CLOSE)
        self._leave_gate()
        self._drop_data()
        self.flow.pause_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.traffic.pump.add(self)

    def discard(self, at_most: int) -> int | None:
        """For the pump. Over TLS the transport must read; `data_received` pauses it again."""
        if self.scheme == "http":
            return None if self.transport.is_closing() else raw_socket.discard(self.transport, at_most)
        self.flow.resume_reading()
        return BYTES_OF_A_READ

    def cut_off(self) -> None:
        """Close at once."""
        self._enter(CLOSE)
        self.traffic.pump.remove(self)
        self.connections.discard(self)
        self.transport.abort()

    def _refuse(self, refused: Refused) -> None:
        """Refuse a malformed or late request, with a response if none has started, and close."""
        self.traffic.metrics.rejected(refused.reason)
        request_id = new_request_id()
        line = {"message": "request refused", "request_id": request_id, "client": self._peer()}
        logger.info(line | {"status": refused.status, "reason": refused.reason, "detail": str(refused)})
        if self.state is DISCARDING or (self.cycle is not None and self.cycle.response_started):
            self._enter(CLOSE)
            self.transport.close()
            return
        # If the body is malformed, the application must not respond.
        self.end_of_client()
        response = ready(problem(Refusal(refused.status, str(refused), headers={"Connection": "close"})))
        self.write(complete(response, request_id, self.default_headers))
        self._close_while_client_sends()

    def _peer(self) -> str | None:
        return self.client[0] if self.client else None


def connection_class(app: FastAPI) -> type[Connection]:
    """The class of all connections of a server of this application."""
    return type("Connection", (Connection,), {"traffic": Traffic(app)})
