"""Everything that is used of uvicorn's internals. They may change in any version: pyproject.toml has an upper bound.

`HttpToolsProtocol` holds a connection's parser, flow control and the headers that are being read;
`RequestResponseCycle` runs the application for one request. Used of the one are its attributes and `on_message_begin`,
`on_url`, `on_header`, `_start_asgi_task` and `connection_made`; of the other, all.
"""

import asyncio
from typing import Any, Protocol
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

__all__ = ["STATUS_LINE", "Cycle", "Outlet", "UvicornProtocol"]


class Outlet(Protocol):
    """As much of a transport as a cycle uses."""

    def write(self, data: bytes) -> None:
        """Write a part of the response."""

    def is_closing(self) -> bool:
        """Whether nothing more may be written, such as 100 Continue after the response."""

    def close(self) -> None:
        """The last response of the connection has been written."""


class Cycle(RequestResponseCycle):
    """One request, and its response."""

    protocol: "UvicornProtocol"

    def send(self, message: ASGISendEvent) -> Any:  # a coroutine, one frame cheaper
        if not self.response_started:
            self.protocol.before_response(self)
        return super().send(message)


class UvicornProtocol(HttpToolsProtocol):
    """uvicorn's connection with one request at a time."""

    cycle: Cycle | None  # type: ignore[assignment]
    outlet: Outlet

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Date, which uvicorn renews each second."""
        return self.server_state.default_headers

    def before_response(self, cycle: Cycle) -> None:
        """The response starts."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's form
        self.connections.discard(self)
        self.end_of_client()
        self.flow.resume_writing()
        self.forget_request()
        self.parser = None  # type: ignore[assignment]  # as uvicorn has it: each refers to the other

    def new_parser(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        # Bytes after the last request of a connection are ignored.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def complete_scope(self) -> None:
        """Fill the scope from the head. Raises httptools.HttpParserError if the URL is invalid."""
        version, scope = self.parser.get_http_version(), self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        # The parser appends trailers to its list; they must not become headers.
        scope["headers"] = self.headers.copy()
        url = httptools.parse_url(self.url)
        if url.path is None:
            raise httptools.HttpParserInvalidURLError
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""

    def start_cycle(self) -> Cycle:
        """Run the application for the request."""
        cycle = self.cycle = Cycle(
            scope=self.scope,
            transport=self.outlet,  # type: ignore[arg-type]  # the part of a transport that is used
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        cycle.protocol = self
        self._start_asgi_task(cycle, self.app)
        return cycle

    @property
    def _open_cycle(self) -> Cycle:
        """The request whose body is being received."""
        return self.cycle  # type: ignore[return-value]  # it is there until its response is

    def give_body(self, body: bytes) -> None:
        """Pass a part of the body to the application."""
        cycle = self._open_cycle
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def end_body(self) -> None:
        """The body is complete."""
        self._open_cycle.more_body = False
        self._open_cycle.message_event.set()

    def wake_receiver(self) -> None:
        """Have the application's `receive` return at once."""
        self._open_cycle.message_event.set()

    def end_of_client(self) -> None:
        """Tell the application that the client has disconnected."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def forget_request(self) -> None:
        """Release everything of the request."""
        self.cycle = None
        self.url = b""
        self.scope = self.headers = None  # type: ignore[assignment]  # as uvicorn has it before the first request
