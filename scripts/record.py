"""Records the application's responses to the examples of the OpenAPI document, so that the document shows real ones.

Requests go through the whole application as a server calls it (ASGI), in this process.
"""

import asyncio
import json
import logging
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from app.api.oip.known_models import VERSION
from app.api.oip.shared_memory import ALL as SHARED_MEMORY
from app.main import create_app
from app.middleware.problems import response_to
from app.settings import Settings
from app.state import RequestState, state_of
from app.wire.oip.shared_memory import Region, Regions
from xent_core.losses import LOSS_TYPES

Bodies = dict[str, dict[str, dict[str, Any]]]
"""Response bodies by operation id, status and name."""

KNOWN = {"model": "auto", "version": VERSION, "loss_type": LOSS_TYPES[0], "region": "new"}
UNKNOWN = KNOWN | {"model": "hinge", "loss_type": "hinge", "region": "none"}
JSON = {"content-type": "application/json"}
# Results in float32 differ between processors by some 1e-7.
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 1e-6, 1e-9


class Applications(NamedTuple):
    """The application in the states that make all of its errors."""

    usual: FastAPI
    with_key: FastAPI
    full: FastAPI
    sharing: FastAPI


class Exchange(NamedTuple):
    """A request, the name of the example that its response is, and the status that it is an example of."""

    name: str
    app: FastAPI
    path: str
    headers: dict[str, str] = {}  # noqa: RUF012  never written to
    body: bytes = b""
    body_is_late: bool = False
    status: int | None = None


def record(document: dict[str, Any]) -> Bodies:
    """Responses for all operations and statuses that are declared to be JSON."""
    return asyncio.run(_record(document))


def settled(new: Any, old: Any) -> Any:
    """The new value, but the old number where it differs in the last digits only, as those depend on the processor."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: settled(value, old.get(key)) for key, value in new.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [settled(value, before) for value, before in zip(new, old, strict=True)]
    if isinstance(new, list) and isinstance(old, list) and all(isinstance(part, float) for part in new + old):
        # An exact sum, whose last digits take more or fewer parts.
        return old if _is_close(math.fsum(new), math.fsum(old)) else new
    if isinstance(new, float) and isinstance(old, float):
        return old if _is_close(new, old) else new
    return new


def _is_close(new: float, old: float) -> bool:
    return math.isclose(new, old, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)


async def _record(document: dict[str, Any]) -> Bodies:
    bodies: Bodies = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            declared = [status for status, each in operation["responses"].items() if _is_json(each)]
            of_operation: dict[str, dict[str, Any]] = {}
            # Fresh ones, as statistics tell of the requests before.
            with TemporaryDirectory() as folder:
                applications = _applications(Path(folder))
                async for name, status, body in _responses(applications, method.upper(), path, operation):
                    if status in declared:
                        of_operation.setdefault(status, {})[name] = body
            if of_operation.keys() != set(declared):
                raise SystemExit(f"xent: {method} {path} declares {declared}, but gives {sorted(of_operation)}")
            bodies[operation["operationId"]] = {status: of_operation[status] for status in sorted(declared)}
    return bodies


def _is_json(response: dict[str, Any]) -> bool:
    return any(media_type.endswith("json") for media_type in response.get("content", ()))


def _applications(folder: Path) -> Applications:
    """`folder` is in place of the machine's shared memory."""
    settings = (Settings(log_requests=False, api_keys=key) for key in (None, KEY, None, None))
    usual, with_key, full, sharing = map(create_app, settings)
    state_of(full).in_flight.max_requests = 0
    state_of(full).readiness.draining = True
    (folder / "xent-batch").write_bytes(bytes(4096))
    regions = Regions("xent-", folder, folder)
    regions.register(Region("batch", "/xent-batch", 0, 4096))
    sharing.state = replace(state_of(sharing), regions=regions)  # type: ignore[assignment]  # as in `create_app`
    return Applications(usual, with_key, full, sharing)


KEY = SecretStr("a key of the examples only")


async def _responses(
    applications: Applications, method: str, path: str, operation: dict[str, Any]
) -> AsyncIterator[tuple[str, str, Any]]:
    """Names, statuses and bodies."""
    logging.disable(logging.CRITICAL)
    for exchange in _exchanges(applications, path, operation):
        status, body = await _send(method, exchange)
        if status == 500:
            raise SystemExit(f"xent: {method} {exchange.path} fails with the example {exchange.name}")
        if exchange.status in (None, status):
            yield exchange.name, str(status), _json(body)
    logging.disable(logging.NOTSET)
    form = state_of(applications.usual).traits.of(path).error_form
    # An endpoint that fails has a defect, so there is no request for it.
    yield "failed", "500", _json(bytes(response_to(Exception(), form).body))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _exchanges(applications: Applications, path: str, operation: dict[str, Any]) -> Iterator[Exchange]:
    usual, with_key, full, sharing = applications
    known = path.format(**KNOWN)
    if path.startswith(SHARED_MEMORY):
        yield Exchange("off", usual, known, JSON, b"{}", status=404)
        known, usual = known.replace("new/status", "batch/status"), sharing
    if "requestBody" in operation:
        examples = operation["requestBody"]["content"]["application/json"]["examples"]
        for name, example in examples.items():
            yield Exchange(name, usual, known, JSON, json.dumps(example["value"]).encode())
        yield Exchange("not_json", usual, known, JSON, b'{"logits": [[2.0, 0.5], "labels": [0]}', status=400)
        yield Exchange("too_slow", usual, known, JSON, body_is_late=True, status=408)
        yield Exchange("too_large", usual, known, JSON | {"content-length": str(10**12)}, status=413)
        yield Exchange("no_json", usual, known, {"content-type": "text/csv"}, b"2.0,0.5,0", status=415)
        yield Exchange("unknown_coding", usual, known, JSON | {"content-encoding": "br"}, b"\x0b", status=415)
    else:
        yield Exchange("response", usual, known)
    if "{" in path:
        yield Exchange("unknown_name", usual, path.format(**UNKNOWN), JSON, b"{}", status=404)
    yield Exchange("no_key", with_key, known, status=401)
    yield Exchange("wrong_key", with_key, known, {"x-api-key": "another key"}, status=403)
    yield Exchange("full", full, known, JSON, b"{}" if "requestBody" in operation else b"", status=503)


async def _send(method: str, exchange: Exchange) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": exchange.body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    length = {"content-length": str(len(exchange.body))} if exchange.body else {}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": exchange.path,
        "raw_path": exchange.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in (length | exchange.headers).items()],
        "client": None,
        "server": None,
        "state": RequestState(body_is_late=exchange.body_is_late),
    }
    await exchange.app(scope, receive, send)
    start, *bodies = sent
    return start["status"], b"".join(bytes(message.get("body", b"")) for message in bodies)
