"""For each request: its id, headers of the response, a log line, and metrics."""

import os
import re
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.state import request_state
from app.telemetry.log import log_handler
from app.telemetry.metrics import Metrics
from app.telemetry.request_record import PHASES, RequestRecord

# The request ids that clients may choose. They are written to the log and to headers.
REQUEST_ID = re.compile(rb"[\w.:/+=-]{1,128}", re.ASCII)
MAX_PATH_CHARACTERS = 200

ON_EVERY_RESPONSE = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
# For responses that don't set these headers themselves, as the documentation page does.
DEFAULT_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
DEFAULT_NAMES = frozenset(name for name, _ in DEFAULT_HEADERS)
OVER_TLS = (b"strict-transport-security", b"max-age=31536000")


class AccessLog:
    """The outermost layer: records each request and writes its log line once the response is sent."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes_by_path: Mapping[str, str], *, log: bool) -> None:
        self.app = app
        self.metrics = metrics
        self.routes_by_path = routes_by_path
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        record = RequestRecord(request_id_of(headers))
        request_state(scope).record = record
        https = scope["scheme"] == "https"

        async def count_bytes() -> Message:
            message = await receive()
            record.bytes_in += len(message.get("body", b""))
            return message

        async def record_response(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message["headers"] = [*message["headers"], *_headers(record, message["headers"], https)]
            else:
                record.bytes_out += len(message.get("body", b""))
            await send(message)

        self.metrics.began()
        try:
            await self.app(scope, count_bytes, record_response)
        finally:
            route = getattr(scope.get("route"), "path", None) or self.routes_by_path.get(scope["path"], "")
            ns = time.perf_counter_ns() - record.began
            self.metrics.ended(record, scope["method"], route, ns)
            if self.log:
                log_handler().write(_line(record, scope, route, ns / 1e9))


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The id that the client sent, if it is safe in a log and in a header; otherwise a new one."""
    given = headers.get(b"x-request-id", b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else new_request_id()


def new_request_id() -> str:
    return os.urandom(16).hex()


def _headers(record: RequestRecord, own: list[tuple[bytes, bytes]], https: bool) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-request-id", record.request_id.encode()), *ON_EVERY_RESPONSE]
    names = DEFAULT_NAMES.intersection([name for name, _ in own])
    headers += [header for header in DEFAULT_HEADERS if header[0] not in names] if names else DEFAULT_HEADERS
    if record.is_computed and record.status < 300:
        headers.append((b"server-timing", _server_timing(record)))
    if https:
        headers.append(OVER_TLS)
    return headers


def _server_timing(record: RequestRecord) -> bytes:
    """The phases in milliseconds, in the format of the W3C's Server Timing."""
    return SERVER_TIMING % tuple([ns / 1e6 for ns in record.phases.values()])


SERVER_TIMING = b", ".join(b"%s;dur=%%.3f" % phase.encode() for phase in PHASES)


def _line(record: RequestRecord, scope: Scope, route: str, seconds: float) -> dict[str, Any]:
    """The fields of a request's log line. They never include array values, or headers other than the id."""
    client = scope.get("client")
    line: dict[str, Any] = {
        "level": "info",
        "message": "request",
        "request_id": record.request_id,
        "client": client[0] if client else None,
        "method": scope["method"],
        "route": route,
        "status": record.status,
        "seconds": round(seconds, 6),
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
    }
    if not route:
        line["path"] = scope["path"][:MAX_PATH_CHARACTERS]
    if record.reason:
        line["reason"] = record.reason
    if record.arrays:
        line["arrays"] = record.arrays
    if record.loss_type:
        line["loss_type"] = record.loss_type
        line["samples"] = record.samples
        line["elements"] = record.elements
    if record.is_computed:
        line["warnings"] = record.warnings
        line["phases"] = {phase: ns // 1000 / 1e6 for phase, ns in record.phases.items()}
    return line
