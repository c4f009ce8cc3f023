"""Exceptions to answers, as a table. Only here is it known which exception is which status.

An answer says what was found and what was expected, and where. It never holds a stack trace, the caller's arrays, or
more than MOST_ERRORS entries, however broken the request is. It is written as problem+json (RFC 9457), but under `/v2`
as the Open Inference Protocol has it.
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

from app.middleware.admission import Full
from app.middleware.api_keys import NoKey, WrongKey
from app.middleware.body_limit import BodyTooSlow, TooLarge
from app.middleware.inflate import CODINGS, NotInflatable, UnknownCoding
from app.middleware.readiness import Draining
from app.offload import NoThread, TooLate
from app.telemetry.request_record import RequestRecord
from app.wire.describe import describe
from app.wire.oip import BadFrame
from app.wire.parse import NotJson, TooManyValues
from xent_core.errors import InvalidInput

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20
LONGEST_NAME = 80

# Python's own phrases for these differ from version to version.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


logger = logging.getLogger("xent")


class AnswerBroken(Exception):
    """A request failed when part of its answer was sent already: all that is left is to cut it off."""


class UnsupportedMediaType(Exception):
    """The body is not of a media type that this endpoint reads. The message may be shown to the caller."""


class OutOfMemory(Exception):
    """The system has no memory for the request now."""


class OutOfDescriptors(Exception):
    """The process, or the system, has no file descriptor for the request now."""


Loc = Sequence[str | int]


class Refusal(NamedTuple):
    """What a caller is told in place of an answer, before it is written in one form or the other."""

    status: int
    detail: str
    errors: Sequence[dict[str, Any]] = ()
    headers: Mapping[str, str] | None = None


def problem(refusal: Refusal) -> Response:
    """The refusal as RFC 9457 has it."""
    status, detail, errors, headers = refusal
    title = TITLES.get(status) or HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors}
    return Response(orjson.dumps(content), status, headers, MEDIA_TYPE)


def _oip_error(refusal: Refusal) -> Response:
    """The refusal as the Open Inference Protocol has it, which knows no 422."""
    status = 400 if refusal.status == 422 else refusal.status
    return Response(orjson.dumps({"error": refusal.detail}), status, refusal.headers, "application/json")


def answer_to(error: Exception, path: str) -> Response:
    """What is answered where this happens to a request for this path."""
    return _written(_refusal(error), path)


def _written(refusal: Refusal, path: str) -> Response:
    return problem(refusal) if media_type(path) == MEDIA_TYPE else _oip_error(refusal)


def media_type(path: str) -> str:
    """What errors at this path are written as."""
    return "application/json" if path == "/v2" or path.startswith("/v2/") else MEDIA_TYPE


def _entry(loc: Loc, code: str, message: str) -> dict[str, Any]:
    return {"loc": [_shown(part) for part in loc], "code": code, "message": message}


def _shown(part: str | int) -> str | int:
    """A field's name as far as it can be read: a caller may have sent anything for one."""
    if isinstance(part, int):
        return part
    return "".join(character if character.isprintable() else "?" for character in part[:LONGEST_NAME])


def _of_entries(entries: list[dict[str, Any]]) -> Refusal:
    loc, message = entries[0]["loc"], entries[0]["message"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[1:])[1:]
    more = f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""
    return Refusal(422, f"{place if len(loc) > 1 else 'the body'} {message}{more}", entries)


def _invalid_input(error: InvalidInput) -> Refusal:
    return _of_entries([_entry(("body", *error.argument.split("."), *error.position), error.code, error.message)])


def _invalid_form(error: RequestValidationError) -> Refusal:
    # The most useful come first: a field that has another name here is why one that is required is absent.
    found = sorted(error.errors(), key=lambda each: not each.get("hint"))[:MOST_ERRORS]
    return _of_entries([_form_error(each) for each in found])


def _form_error(error: dict[str, Any]) -> dict[str, Any]:
    """One of pydantic's errors in our words: its own would repeat the input."""
    loc, context = list(error["loc"]), error.get("ctx", {})
    match error["type"]:
        case "invalid_array":
            return _entry([*loc, *context["position"]], context["code"], context["message"])
        case "missing":
            return _entry(loc, "missing", "is absent; it is required")
        case "extra_forbidden":
            return _entry(loc, "unknown_field", f"is no field of this request{error['hint']}")
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
    404: "there is nothing at this path; GET /docs lists what there is",
    405: "this path does not answer to this method; the Allow header lists those it answers to",
}


def _internal(error: Exception) -> Refusal:  # noqa: ARG001  what went wrong inside is for the log, not for the caller
    return Refusal(500, "the service failed on this request; its log says why")


# Requests are short: a second later there is room, or another replica has been found.
SOON = {"Retry-After": "1"}

PROBLEMS: dict[type[Exception], Callable[[Any], Refusal]] = {
    InvalidInput: _invalid_input,
    RequestValidationError: _invalid_form,
    NotJson: _not_json,
    BadFrame: lambda error: Refusal(400, str(error)),
    NoKey: lambda error: Refusal(401, str(error), headers={"WWW-Authenticate": "Bearer"}),
    WrongKey: lambda error: Refusal(403, str(error)),
    UnsupportedMediaType: lambda error: Refusal(415, str(error), headers={"Accept": "application/json"}),
    BodyTooSlow: lambda error: Refusal(408, str(error), headers={"Connection": "close"}),
    TooLarge: lambda error: Refusal(413, str(error)),
    TooManyValues: lambda error: Refusal(413, str(error)),
    NotInflatable: _not_inflatable,
    UnknownCoding: _unknown_coding,
    Full: lambda error: Refusal(503, str(error), headers=SOON),
    TooLate: lambda error: Refusal(503, "this took too long (XENT_COMPUTE_SECONDS); send less at once", headers=SOON),
    NoThread: lambda error: Refusal(503, "the service has no thread for this request now; try again", headers=SOON),
    OutOfMemory: lambda error: Refusal(503, "the service has no memory for this request now; try again", headers=SOON),
    OutOfDescriptors: lambda error: Refusal(
        503, "the service has no free file descriptor now; try again", headers=SOON
    ),
    Draining: lambda error: Refusal(503, "the service is about to end; ask another", headers=SOON),
    HTTPException: _http,
    ClientDisconnect: lambda error: Refusal(400, "the client went away"),
    Exception: _internal,
}


def _refusal(error: Exception) -> Refusal:
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)(error)


def reason_of(error: Exception) -> str:
    """Why it is refused in one word, of which there are few: for the metrics and the log."""
    refusal = _refusal(error)
    if refusal.errors:
        code: str = refusal.errors[0]["code"]
        return code
    name = HTTPStatus(refusal.status).phrase if isinstance(error, HTTPException) else type(error).__name__
    return re.sub(r"\W+|(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _of_system(error: Exception) -> Exception:
    """What the system ran out of, where that is what went wrong; else the error."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return OutOfMemory()
    if number in (errno.EMFILE, errno.ENFILE):
        return OutOfDescriptors()
    return error


class Problems:
    """Answers every exception by the table, whatever it came from. What none should be is written to the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            await self._answer(error, scope, receive, send)
        except asyncio.CancelledError:
            # The server does so only when it ends, to what has not finished by then.
            await self._answer(Draining(), scope, receive, send)

    async def _answer(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        error = _of_system(error)
        refusal = _refusal(error)
        record: RequestRecord = scope["state"]["record"]
        record.reason = reason_of(error)
        if refusal.status == 500:
            logger.error({"message": "a request failed", "request_id": record.request_id}, exc_info=error)
        if record.status:
            raise AnswerBroken from None
        await _written(refusal, scope["path"])(scope, receive, send)
