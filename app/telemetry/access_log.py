"""What the service tells of each request: an id, headers, a line in the log, metrics."""

import os
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry.log import log_handler
from app.telemetry.metrics import Metrics
from app.telemetry.request_record import PHASES, RequestRecord

# What a client may choose as the id of a request: it is written into the log and into headers.
REQUEST_ID = re.compile(rb"[\w.:/+=-]{1,128}", re.ASCII)
MAX_PATH_CHARACTERS = 200
# A shape may have 32 dimensions of 19 digits each.
MAX_FORM_CHARACTERS = 200

ON_EVERY_ANSWER = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
# Where the answer doesn't say otherwise, as the documentation page does.
UNLESS_SAID = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
OVER_TLS = (b"strict-transport-security", b"max-age=31536000")


class AccessLog:
    """Watches each request from outside, and tells of it when its answer is sent."""

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
        scope.setdefault("state", {})["record"] = record
        https = scope["scheme"] == "https"

        async def counted() -> Message:
            message = await receive()
            record.bytes_in += len(message.get("body", b""))
            return message

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message["headers"] = [*message["headers"], *_headers(record, message["headers"], https)]
            else:
                record.bytes_out += len(message.get("body", b""))
            await send(message)

        self.metrics.began()
        try:
            await self.app(scope, counted, told)
        finally:
            route = getattr(scope.get("route"), "path", None) or self.routes_by_path.get(scope["path"], "")
            ns = time.perf_counter_ns() - record.began
            self.metrics.ended(record, scope["method"], route, ns)
            if self.log:
                log_handler().write(_line(record, scope, route, ns / 1e9))


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The request's own id, where it can do no harm in a log or header; else a new one."""
    given = headers.get(b"x-request-id", b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else new_request_id()


def new_request_id() -> str:
    return os.urandom(16).hex()


def _headers(record: RequestRecord, said: list[tuple[bytes, bytes]], https: bool) -> list[tuple[bytes, bytes]]:
    names = [name for name, _ in said]
    headers = [(b"x-request-id", record.request_id.encode()), *ON_EVERY_ANSWER]
    headers += [header for header in UNLESS_SAID if header[0] not in names]
    if record.is_computed:
        headers.append((b"server-timing", _server_timing(record)))
    if https:
        headers.append(OVER_TLS)
    return headers


def _server_timing(record: RequestRecord) -> bytes:
    """As the Server Timing specification of the W3C has it, in milliseconds."""
    return SERVER_TIMING % tuple([ns / 1e6 for ns in record.phases.values()])


SERVER_TIMING = b", ".join(b"%s;dur=%%.3f" % phase.encode() for phase in PHASES)


def _line(record: RequestRecord, scope: Scope, route: str, seconds: float) -> dict[str, Any]:
    """What the log has of a request: never a value of its arrays, nor of a header but the id."""
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
        line["arrays"] = {name: _form(dtype, shape) for name, (dtype, shape) in record.arrays.items()}
    if record.loss_type:
        line["loss_type"] = record.loss_type
        line["samples"] = record.samples
        line["elements"] = record.elements
    if record.is_computed:
        line["warnings"] = record.warnings
        line["phases"] = {phase: ns // 1000 / 1e6 for phase, ns in record.phases.items()}
    return line


@lru_cache(maxsize=256)
def _form(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"{dtype}{list(shape)}"[:MAX_FORM_CHARACTERS]
