"""What the service tells of each request: an id, headers, a line in the log, metrics."""

import logging
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry.metrics import Metrics
from app.telemetry.request_record import PHASES, RequestRecord

# What a caller may choose as the id of a request: it is written into the log and into headers.
REQUEST_ID = re.compile(rb"[\w.:/+=-]{1,128}", re.ASCII)
LONGEST_PATH = 200

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
            seconds = (time.perf_counter_ns() - record.began) / 1e9
            self.metrics.ended(record, scope["method"], route, seconds)
            if self.log:
                _write(_line(record, scope, route, seconds))


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
        line["path"] = scope["path"][:LONGEST_PATH]
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
    return f"{dtype}{list(shape)}"


class JsonLines(logging.Formatter):
    """A line of JSON for each record: time, level, and the message, or the fields that stand in its place."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {"time": _written_time(record.created), "level": record.levelname.lower()}
        if isinstance(record.msg, dict):
            fields |= record.msg
        else:
            fields |= {"message": record.getMessage(), "logger": record.name}
        fields["process"] = record.process
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str).decode()


def _write(line: dict[str, Any]) -> None:
    """A line of the log, past what logging does for each record: that takes as long as the loss of a small batch."""
    fields = {"time": _written_time(time.time()), "level": "info"} | line
    # At once, so that the lines of several workers don't run into one another. A log that nobody takes is no request's
    # failure, as it is none for logging.
    with suppress(OSError):
        os.write(STDOUT, orjson.dumps(fields | {"process": os.getpid()}, option=orjson.OPT_APPEND_NEWLINE))


STDOUT = 1


def _written_time(seconds: float) -> str:
    return f"{_written_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


@lru_cache(maxsize=1)
def _written_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.telemetry.access_log.JsonLines"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"level": "WARNING", "handlers": ["stdout"]},
    "loggers": {"xent": {"level": "INFO"}},
}
"""For logging.config.dictConfig, and uvicorn's log_config."""
