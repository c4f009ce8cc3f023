"""One connection: what uvicorn leaves open of HTTP/1.1, which is callers who are slow, stall, or offer otherwise."""

import asyncio
import logging
import math
import re
from array import array
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fcntl import ioctl
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from termios import TIOCOUTQ

import httptools
from fastapi import FastAPI, Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.middleware.admission import RequestsFull
from app.middleware.body_limit import BODY_IS_LATE
from app.middleware.problems import Refusal, problem, response_to
from app.middleware.route_traits import ErrorForm, TraitsByPath
from app.state import state_of
from app.telemetry.access_log import DEFAULT_HEADERS, ON_EVERY_RESPONSE, new_request_id, request_id_of
from app.telemetry.metrics import Metrics

MOST_URL_BYTES = 16 * 1024
MOST_HEAD_BYTES = 64 * 1024
SECONDS_TO_READ_WHY = 1.0
HOST = re.compile(rb"[^\x00-\x20\x7f/?#@\\<>\"^`{|},]*")
# For SO_LINGER: what was not sent yet is thrown away.
AT_ONCE = pack("ii", 1, 0)

logger = logging.getLogger("xent")


class Refused(Exception):
    """A request is refused before it is one. The message may be shown to the caller; the reason is one word."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason


NOT_HTTP = Refused(400, "not_http", "malformed request or unknown method")
NO_MEMORY = Refused(503, "out_of_memory", "the service is out of memory; try again")


def _refused_by(error: httptools.HttpParserError) -> Refused:
    """Why the parser gave up: what was raised to it, or what it found."""
    match error.__context__:
        case Refused() as refused:
            return refused
        case MemoryError():
            return NO_MEMORY
    return NOT_HTTP


def _say_nothing(data: bytes) -> None:
    """Where nobody is."""


Ready = tuple[bytes, bytes]
"""The first line of an answer, and all that stands behind the lines that differ each time."""


class Outlet:
    """What a request's answer is written to."""

    def __init__(self, connection: "Connection") -> None:
        self.write = connection.write
        self.is_closing = connection.is_closing
        self.close = connection.end


class Connection(HttpToolsProtocol):
    """uvicorn's, with a time for everything that a caller may keep us waiting for.

    httptools parses; uvicorn makes a request of it, which is `self.cycle` from the end of its head to the end of its
    answer. Nothing is timed for a request that comes whole, in one piece.
    """

    metrics: Metrics
    routes_by_path: Mapping[str, str]
    traits: TraitsByPath
    max_requests: float
    refusals: Mapping[ErrorForm, Ready]
    """What is said where there is no room, by the form of errors."""
    header_seconds: float
    body_seconds: float
    answer_seconds: float
    last_answers = False
    """Each answer is the last of its connection: the service is about to end."""

    # Where in a request what comes next stands.
    _in_head = _in_body = False
    # Bytes since anything came of them. httptools puts no bound to what it keeps of a header or a trailer.
    _unused_bytes = 0
    _offers_upgrade = False
    # This request was answered that there is no room for it, and what comes of it is not looked at.
    _is_turned_away = False
    _is_over = False
    # When the request has to be there that is not.
    _deadline: asyncio.TimerHandle | None = None
    # How many bytes the caller left unread, and since when.
    _unread = 0
    _unread_since = 0.0

    @property
    def is_idle(self) -> bool:
        """No request is in hand."""
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._deadline = self.loop.call_later(self.header_seconds, self._be_too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        self._unused_bytes += len(data)
        try:
            self._parse(data)
            if self._unused_bytes > MOST_HEAD_BYTES:
                raise Refused(431, "headers_too_large", f"the headers have more than {MOST_HEAD_BYTES} bytes")
        except httptools.HttpParserError as error:
            self._refuse(_refused_by(error))
        except Refused as refused:
            self._refuse(refused)
        else:
            if not (self._in_body or self.is_idle):
                self._end_deadline()
            elif self._deadline is None:
                seconds = self.body_seconds if self._in_body else self.header_seconds
                self._deadline = self.loop.call_later(seconds, self._be_too_slow)

    def _parse(self, data: bytes) -> None:
        """Offers of another protocol are declined by going on as if they had not been made (RFC 9110, 7.8).

        httptools would take what follows for the other protocol: a parser that never heard of the offer goes on.
        """
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
                head = self._head_without_offer()
                self._offers_upgrade = False
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(head)
            else:
                return

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in _without_offer(self.headers)]
        return b"\r\n".join([*lines, b"", b""])

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._check_head()
        if self._offers_upgrade:
            return
        self._is_turned_away = self._is_to_be_turned_away()
        if self._is_turned_away:
            self._turn_away()
        else:
            self._hand_on()
        self._in_head, self._in_body = False, True
        self._unused_bytes = 0
        self._end_deadline()

    def _hand_on(self) -> None:
        # Trailers come to the same list, and must not pass for headers.
        self.scope["headers"] = self.headers.copy()
        super().on_headers_complete()
        self.cycle.transport = Outlet(self)  # type: ignore[assignment]  # as much of a transport as is used of it
        if self.last_answers:
            self.cycle.keep_alive = False

    def _check_head(self) -> None:
        """Raises Refused."""
        if len(self.url) > MOST_URL_BYTES:
            raise Refused(414, "url_too_long", f"the URL has more than {MOST_URL_BYTES} bytes")
        if self._unused_bytes > MOST_HEAD_BYTES and _size(self.headers) > MOST_HEAD_BYTES:
            raise Refused(431, "headers_too_large", f"the headers have more than {MOST_HEAD_BYTES} bytes")
        self._check_framing()
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise Refused(400, "connect", "CONNECT is not supported; this server is not a proxy")
            self._offers_upgrade = True

    def _check_framing(self) -> None:
        """Raises Refused for what a proxy may read otherwise than httptools does (RFC 9112, 2.3, 3.2 and 6.1)."""
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Refused(505, "http_version", "unsupported HTTP version; HTTP/1.1 was expected")
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) != 1 and (hosts or version == "1.1"):
            raise Refused(400, "host", f"there are {len(hosts)} Host headers; one was expected")
        if hosts and not HOST.fullmatch(hosts[0]):
            raise Refused(400, "host", "the Host header is not a valid host")
        codings = [value.strip().lower() for name, value in self.headers if name == b"transfer-encoding"]
        if codings not in ([], [b"chunked"]):
            raise Refused(501, "transfer_encoding", "unsupported Transfer-Encoding; chunked was expected")

    def _is_to_be_turned_away(self) -> bool:
        """Whether there is no room for this request, so that it can be told so without more ado.

        Small batches are done in one go, and wait here before they are counted as in hand. Who is refused where the
        others are costs as much as who is not.
        """
        return (
            len(self.server_state.tasks) > self.max_requests
            and self.is_idle
            and not self.last_answers
            and self.parser.should_keep_alive()
            and self.parser.get_http_version() == "1.1"
            and self.parser.get_method() != b"HEAD"
            and not self.traits.of(self._path()).always_admitted
        )

    def _turn_away(self) -> None:
        path = self._path()
        self.metrics.turned_away(self.routes_by_path.get(path, ""), self.parser.get_method().decode())
        request_id = request_id_of(dict(self.headers))
        refusal = self.refusals[self.traits.of(path).error_form]
        self.transport.write(_complete(refusal, request_id, self.server_state.default_headers))

    def _path(self) -> str:
        return self.url.partition(b"?")[0].decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._unused_bytes = 0
        if not self._is_turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._offers_upgrade:
            return
        self._in_body = False
        self._unused_bytes = 0
        self._end_deadline()
        if not self._is_turned_away:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def evict(self) -> None:
        """Close, as others need the room and no request is in flight."""
        self.metrics.rejected("connection_evicted")
        self.transport.close()

    def write(self, data: bytes) -> None:
        """To who is still there: of several requests at once uvicorn tells only the last that nobody is any more."""
        say = _say_nothing if self.transport.is_closing() else self.transport.write
        say(data)

    def is_closing(self) -> bool:
        """Nothing more is to be said, as by 100 Continue to whom was answered already."""
        return self._is_over or self.transport.is_closing()

    def end(self) -> None:
        """Close, as what was sent to this connection was its last answer."""
        if self._in_body:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Give a caller who still sends the time to read why: closed at once, the answer would be lost."""
        self._is_over = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(SECONDS_TO_READ_WHY, self.transport.close)

    def resume_writing(self) -> None:
        self._unread = 0
        super().resume_writing()

    def cut_off_if_stalled(self, now: float) -> None:
        """Drop a caller who has read nothing of what was sent to it for too long. To be called again and again."""
        waiting = self.transport.get_write_buffer_size()
        unread = waiting + self._on_its_way() if waiting else 0
        if unread != self._unread or not unread:
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since >= self.answer_seconds:
            logger.info({"message": "client stopped reading its response; connection closed", "client": self._peer()})
            self.metrics.rejected("answer_not_read")
            # Or the system would go on to keep what it has, and to offer it.
            self.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, AT_ONCE)
            self.transport.abort()

    def _on_its_way(self) -> int:
        """How many bytes the system has taken, which the other side has not. It takes no more until a good part is."""
        count = array("i", [0])
        with suppress(OSError):  # the connection may be lost already, and not every system counts
            ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, count)
        return count[0]

    def _be_too_slow(self) -> None:
        self._deadline = None
        if self._in_head:
            self._refuse(Refused(408, "headers_too_slow", "the headers did not arrive in time (XENT_HEADER_SECONDS)"))
        elif self._in_body and not self.is_idle:
            self.scope["state"][BODY_IS_LATE] = True
            self.cycle.message_event.set()
        else:
            self.transport.close()

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, refused: Refused) -> None:
        """Answer what can't be a request, as far as an answer would be taken for its own, and close."""
        self._is_over = True
        self._end_deadline()
        self.metrics.rejected(refused.reason)
        request_id = new_request_id()
        line = {"message": "a connection was refused", "request_id": request_id, "client": self._peer()}
        logger.info(line | {"status": refused.status, "reason": refused.reason, "detail": str(refused)})
        if self.is_idle and not self._in_body:
            self._answer(refused, request_id)
        elif self._in_body and not (self.is_idle or self.cycle.response_started or self.pipeline):
            # The request in hand goes wrong in its body: this is its answer, and the application is out of it.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._answer(refused, request_id)
        elif self._in_body:
            self.transport.close()
        else:
            # What was asked before is answered first, and nothing after it.
            self.cycle.keep_alive = False

    def _answer(self, refused: Refused, request_id: str) -> None:
        answer = _ready(problem(Refusal(refused.status, str(refused), headers={"Connection": "close"})))
        self.transport.write(_complete(answer, request_id, self.server_state.default_headers))
        self._linger()

    def _peer(self) -> str | None:
        return self.client[0] if self.client else None


def connection_class(app: FastAPI) -> type[Connection]:
    """The class of all connections of a server of this application."""
    state = state_of(app)
    settings = state.settings
    full = RequestsFull(settings.max_requests_in_flight)
    # A page of another origin would not be let see what is said without the headers for that.
    turns_away = not settings.origins
    attributes = {
        "metrics": state.metrics,
        "routes_by_path": state.routes_by_path,
        "traits": state.traits,
        "max_requests": settings.max_requests_in_flight if turns_away else math.inf,
        "refusals": {form: _ready(response_to(full, form)) for form in ErrorForm},
        **{name: getattr(settings, name) for name in ("header_seconds", "body_seconds", "answer_seconds")},
    }
    return type("Connection", (Connection,), attributes)


def _without_offer(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            yield name, b", ".join(option for option in options if option.lower() not in OFFERS)
        elif name not in OFFERS:
            yield name, value


OFFERS = {b"upgrade", b"http2-settings"}


def _size(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)


def _ready(response: Response) -> Ready:
    headers = _lines([*response.raw_headers, *ON_EVERY_RESPONSE, *DEFAULT_HEADERS])
    return STATUS_LINE[response.status_code], b"%s\r\n%s" % (headers, response.body)


def _complete(ready: Ready, request_id: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    first, rest = ready
    return b"".join((first, _lines(headers), b"x-request-id: ", request_id.encode(), b"\r\n", rest))


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])
