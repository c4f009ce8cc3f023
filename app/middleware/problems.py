"""Exceptions to error responses, by one table: only this file knows which exception is which status.

An error response says where the error is, what was found and what was expected. It never holds a stack trace, the
client's arrays, or more than MAX_ERRORS entries. It is problem+json (RFC 9457), or the error object of the Open
Inference Protocol for routes of that form.
"""

import asyncio
import errno
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.api_keys import NoKey, WrongKey
from app.middleware.body_limit import BodyTooSlow, TooLarge
from app.middleware.deadline import BadDeadline
from app.middleware.inflate import CODINGS, NotInflatable, UnknownCoding
from app.middleware.readiness import Draining
from app.middleware.reservation import Full
from app.middleware.route_traits import ErrorForm, TraitsByPath
from app.offload import NoThread, TooLate
from app.state import request_state
from app.wire.describe import describe
from app.wire.names import TooManyNames
from app.wire.oip.errors import BadFrame
from app.wire.parse import NotJson, TooManyValues
from xent_core.errors import InvalidInput

MAX_ERRORS = 20
MAX_NAME_CHARACTERS = 80

# Python's phrases for these statuses depend on its version.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


logger = logging.getLogger("xent")


class ResponseBroken(Exception):
    """A request failed after its response had started. The connection is closed without the rest."""


class UnsupportedMediaType(Exception):
    """The endpoint does not read bodies of this media type. The message may be shown to the client."""


class OutOfMemory(Exception):
    """The system has no memory for the request."""


class OutOfDescriptors(Exception):
    """The process or the system has no file descriptor left."""


Loc = Sequence[str | int]


class Refusal(NamedTuple):
    """The content of an error response, before it is encoded in one of the forms."""

    status: int
    detail: str
    errors: Sequence[dict[str, Any]] = ()
    headers: Mapping[str, str] | None = None


def problem(refusal: Refusal) -> Response:
    """The refusal as problem+json of RFC 9457."""
    status, detail, errors, headers = refusal
    title = TITLES.get(status) or HTTPStatus(status).phrase
    # A reference without a host: it holds wherever the service is, and `app.learn` has a page for each code.
    kind = f"/learn/{errors[0]['code']}" if errors else "about:blank"
    content = {"type": kind, "title": title, "status": status, "detail": detail, "errors": errors}
    return Response(orjson.dumps(content), status, headers, ErrorForm.PROBLEM.value)


def _oip_error(refusal: Refusal) -> Response:
    """The refusal as an error of the Open Inference Protocol, which has no 422."""
    status = 400 if refusal.status == 422 else refusal.status
    return Response(orjson.dumps({"error": refusal.detail}), status, refusal.headers, ErrorForm.OIP.value)


def response_to(error: Exception, form: ErrorForm) -> Response:
    """The response to a request that raised this error."""
    return _written(_refusal(error), form)


def _written(refusal: Refusal, form: ErrorForm) -> Response:
    return problem(refusal) if form is ErrorForm.PROBLEM else _oip_error(refusal)


def _entry(loc: Loc, code: str, message: str) -> dict[str, Any]:
    return {"loc": [_shown(part) for part in loc], "code": code, "message": message}


def _shown(part: str | int) -> str | int:
    """The printable start of a field's name: clients can send any string for one."""
    if isinstance(part, int):
        return part
    return "".join(character if character.isprintable() else "?" for character in part[:MAX_NAME_CHARACTERS])


def _of_entries(entries: list[dict[str, Any]]) -> Refusal:
    loc, message = entries[0]["loc"], entries[0]["message"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[1:])[1:]
    more = f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""
    return Refusal(422, f"{place if len(loc) > 1 else 'the body'} {message}{more}", entries)


def _invalid_input(error: InvalidInput) -> Refusal:
    return _of_entries([_entry(("body", *error.argument.split("."), *error.position), error.code, error.message)])


def _invalid_form(error: RequestValidationError) -> Refusal:
    # The most useful come first: a field that has another name here is why one that is required is absent.
    found = sorted(error.errors(), key=lambda each: not each.get("hint"))[:MAX_ERRORS]
    return _of_entries([_form_error(each) for each in found])


def _form_error(error: dict[str, Any]) -> dict[str, Any]:
    """One of pydantic's errors without the input, which pydantic's own message repeats."""
    loc, context = list(error["loc"]), error.get("ctx", {})
    match error["type"]:
        case "invalid_array":
            return _entry([*loc, *context["position"]], context["code"], context["message"])
        case "missing":
            return _entry(loc, "missing", "is absent; it is required")
        case "extra_forbidden":
            return _entry(loc, "unknown_field", f"is not a field of this request{error['hint']}")
        case "literal_error":
            expected = context["expected"].replace("'", "")
            return _entry(
                loc, "unknown_value", f"is {describe(error['input'])}; {expected} was expected{error['hint']}"
            )
        case "string_too_long":
            most = context["max_length"]
            return _entry(loc, "wrong_type", f"has {len(error['input'])} characters; at most {most} are accepted")
        case kind:
            expected = EXPECTED.get(kind, error["msg"].lower())
            return _entry(loc, "wrong_type", f"is {describe(error['input'])}; {expected} was expected")


EXPECTED = {
    "bool_type": "true or false",
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "a string",
    "tuple_type": "a list",
    "model_attributes_type": "a JSON object",
    "dict_type": "a JSON object",
    "model_type": "a JSON object",
    "greater_than_equal": "a whole number of 64 bits",
    "less_than_equal": "a whole number of 64 bits",
    "too_long": "each name at most once, so a shorter list",
}


def _not_json(error: NotJson) -> Refusal:
    return Refusal(400, str(error), [_entry(("body",), "not_json", str(error))])


def _not_inflatable(error: NotInflatable) -> Refusal:
    return Refusal(400, str(error), [_entry(("body",), "not_inflatable", str(error))])


def _unknown_coding(error: UnknownCoding) -> Refusal:
    codings = ", ".join(CODINGS)
    detail = f"Content-Encoding is {_shown(error.coding)}; one of {codings} was expected, or none"
    return Refusal(415, detail, headers={"Accept-Encoding": codings})


def _http(error: HTTPException) -> Refusal:
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        detail = HTTP_DETAILS.get(error.status_code, detail)
    return Refusal(error.status_code, detail, headers=error.headers)


HTTP_DETAILS = {
    404: "no such path; GET /docs lists all paths",
    405: "method not allowed at this path; the Allow header lists the allowed methods",
}


def _internal(error: Exception) -> Refusal:  # noqa: ARG001  the cause is for the log, not for the client
    return Refusal(500, "internal error; the service's log has the details")


# Requests are short: after a second there is capacity, or the client has another replica.
SOON = {"Retry-After": "1"}

PROBLEMS: dict[type[Exception], Callable[[Any], Refusal]] = {
    InvalidInput: _invalid_input,
    RequestValidationError: _invalid_form,
    NotJson: _not_json,
    TooManyNames: lambda error: _of_entries([_entry(["body"], "unknown_field", str(error))]),
    BadFrame: lambda error: Refusal(400, str(error)),
    BadDeadline: lambda error: Refusal(400, str(error)),
    NoKey: lambda error: Refusal(401, str(error), headers={"WWW-Authenticate": "Bearer"}),
    WrongKey: lambda error: Refusal(403, str(error)),
    UnsupportedMediaType: lambda error: Refusal(415, str(error), headers={"Accept": "application/json"}),
    BodyTooSlow: lambda error: Refusal(408, str(error), headers={"Connection": "close"}),
    TooLarge: lambda error: Refusal(413, str(error)),
    TooManyValues: lambda error: Refusal(413, str(error)),
    NotInflatable: _not_inflatable,
    UnknownCoding: _unknown_coding,
    Full: lambda error: Refusal(503, str(error), headers=SOON),
    TooLate: lambda error: Refusal(
        503, "computation timed out (XENT_COMPUTE_SECONDS); send a smaller batch", headers=SOON
    ),
    NoThread: lambda error: Refusal(503, "the service can't start a thread now; try again", headers=SOON),
    OutOfMemory: lambda error: Refusal(503, "the service is out of memory; try again", headers=SOON),
    OutOfDescriptors: lambda error: Refusal(503, "the service has no free file descriptor; try again", headers=SOON),
    Draining: lambda error: Refusal(
        503, "the service is shutting down; send the request to another replica", headers=SOON
    ),
    HTTPException: _http,
    ClientDisconnect: lambda error: Refusal(400, "the client disconnected"),
    Exception: _internal,
}


def _refusal(error: Exception) -> Refusal:
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)(error)


def reason_of(error: Exception) -> str:
    """The reason as one of a fixed set of words, for the metrics and the log."""
    refusal = _refusal(error)
    if refusal.errors:
        code: str = refusal.errors[0]["code"]
        return code
    name = HTTPStatus(refusal.status).phrase if isinstance(error, HTTPException) else type(error).__name__
    return re.sub(r"\W+|(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _of_system(error: Exception) -> Exception:
    """The resource that the system ran out of, if that caused the error; otherwise the error itself."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return OutOfMemory()
    if number in (errno.EMFILE, errno.ENFILE):
        return OutOfDescriptors()
    return error


class Problems:
    """Turns every exception into a response by the table. Unexpected exceptions are logged."""

    def __init__(self, app: ASGIApp, traits: TraitsByPath) -> None:
        self.app = app
        self._traits = traits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            await self._respond(error, scope, receive, send)
        except asyncio.CancelledError:
            # The server cancels only the requests that are unfinished when its time to stop is over.
            await self._respond(Draining(), scope, receive, send)

    async def _respond(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        error = _of_system(error)
        refusal = _refusal(error)
        record = request_state(scope).record
        record.reason = reason_of(error)
        if refusal.status == 500:
            logger.error({"message": "request failed", "request_id": record.request_id}, exc_info=error)
        if record.status:
            raise ResponseBroken from None
        await _written(refusal, self._traits.of(scope["path"]).error_form)(scope, receive, send)
