"""All that is used of uvicorn's internals, which no version of it promises: hence the upper bound in pyproject.toml.

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
        """Nothing more is to be written, as by 100 Continue to whom was responded already."""

    def close(self) -> None:
        """What was written was the last response of the connection."""


class Cycle(RequestResponseCycle):
    """One request, and its response."""

    protocol: "UvicornProtocol"

    def send(self, message: ASGISendEvent) -> Any:  # a coroutine, one frame cheaper
        if not self.response_started:
            self.protocol.before_response(self)
        return super().send(message)


class UvicornProtocol(HttpToolsProtocol):
    """uvicorn's connection, of which only one request at a time is handed to the application."""

    cycle: Cycle | None  # type: ignore[assignment]
    outlet: Outlet

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Date, which uvicorn writes anew each second."""
        return self.server_state.default_headers

    def before_response(self, cycle: Cycle) -> None:
        """The application begins to respond."""
        raise NotImplementedError

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's form
        self.connections.discard(self)
        self.end_of_client()
        self.flow.resume_writing()
        self.forget_request()
        self.parser = None  # type: ignore[assignment]  # as uvicorn has it: each refers to the other

    def new_parser(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        # What comes behind a last request is not looked at, and is no error.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def complete_scope(self) -> None:
        """The head is read. Raises httptools.HttpParserError where its URL is none."""
        version, scope = self.parser.get_http_version(), self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        # Trailers come to the list that the parser fills, and must not pass for headers.
        scope["headers"] = self.headers.copy()
        url = httptools.parse_url(self.url)
        if url.path is None:
            raise httptools.HttpParserInvalidURLError
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""

    def start_cycle(self) -> Cycle:
        """Hand the request on to the application."""
        cycle = self.cycle = Cycle(
            scope=self.scope,
            transport=self.outlet,  # type: ignore[arg-type]  # as much of a transport as is used of it
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

    def give_body(self, body: bytes) -> None:
        """A part of the body, for the application to receive."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def end_body(self) -> None:
        """The body is whole."""
        cycle = self.cycle
        if cycle is not None:
            cycle.more_body = False
            cycle.message_event.set()

    def wake_receiver(self) -> None:
        """Have the application's `receive` return, whatever there is."""
        if self.cycle is not None:
            self.cycle.message_event.set()

    def end_of_client(self) -> None:
        """Nobody is there any more for whom the application would respond."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def forget_request(self) -> None:
        """Hold nothing of a request any more."""
        self.cycle = None
        self.url = b""
        self.scope = self.headers = None  # type: ignore[assignment]  # as uvicorn has it before the first request
