"""Exceptions to problem+json (RFC 9457), as a table. Only here is it known which exception is which status.

A problem says what was found and what was expected, and where. It never holds a stack trace, the caller's arrays, or
more than MOST_ERRORS entries, however broken the request is.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.limits import BodyTooLarge
from app.wire.json import NotJson, describe
from xent_core.errors import InvalidInput

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20
LONGEST_NAME = 80

# Python's own phrases for these differ from version to version.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class UnsupportedMediaType(Exception):
    """The body is not of a media type that this endpoint reads. The message may be shown to the caller."""


Loc = Sequence[str | int]


def problem(status: int, detail: str, errors: list[dict[str, Any]] | None = None, headers: Any = None) -> Response:
    title = TITLES.get(status) or HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors or []}
    return Response(orjson.dumps(content), status, headers, MEDIA_TYPE)


def _entry(loc: Loc, code: str, message: str) -> dict[str, Any]:
    return {"loc": [_shown(part) for part in loc], "code": code, "message": message}


def _shown(part: str | int) -> str | int:
    """A field's name as far as it can be read: a caller may have sent anything for one."""
    if isinstance(part, int):
        return part
    return "".join(character if character.isprintable() else "?" for character in part[:LONGEST_NAME])


def _of_entries(entries: list[dict[str, Any]]) -> Response:
    loc, message = entries[0]["loc"], entries[0]["message"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[1:])[1:]
    more = f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""
    return problem(422, f"{place if len(loc) > 1 else 'the body'} {message}{more}", entries)


def _invalid_input(error: InvalidInput) -> Response:
    return _of_entries([_entry(("body", *error.argument.split("."), *error.position), error.code, error.message)])


def _invalid_form(error: RequestValidationError) -> Response:
    found = error.errors()[:MOST_ERRORS]
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
            return _entry(loc, "unknown_field", f"is no field of this request{_meant(error['input'])}")
        case "literal_error":
            expected = context["expected"].replace("'", "")
            return _entry(loc, "unknown_value", f"is {describe(error['input'])}; {expected} was expected")
        case kind:
            expected = EXPECTED.get(kind, error["msg"].lower())
            return _entry(loc, "wrong_type", f"is {describe(error['input'])}; {expected} was expected")


EXPECTED = {
    "bool_type": "true or false",
    "float_type": "a number",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "model_attributes_type": "a JSON object",
    "dict_type": "a JSON object",
    "model_type": "a JSON object",
    "greater_than_equal": "a whole number of 64 bits",
    "less_than": "a whole number of 64 bits",
    "too_long": "each name at most once, so a shorter list",
}


def _meant(close: list[str]) -> str:
    return f"; did you mean {close[0]}?" if close else ""


def _not_json(error: NotJson) -> Response:
    return problem(400, str(error), [_entry(("body",), "not_json", str(error))])


def _too_large(error: BodyTooLarge) -> Response:
    return problem(413, f"the body has more than {error.limit} bytes, the most that is accepted (XENT_MAX_BODY_BYTES)")


def _http(error: HTTPException) -> Response:
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        detail = HTTP_DETAILS.get(error.status_code, detail)
    return problem(error.status_code, detail, headers=error.headers)


HTTP_DETAILS = {
    404: "there is nothing at this path; GET /docs lists what there is",
    405: "this path does not answer to this method; the Allow header lists those it answers to",
}


def _internal(error: Exception) -> Response:  # noqa: ARG001  what went wrong inside is for the log, not for the caller
    return problem(500, "the service failed on this request; its log says why")


PROBLEMS: dict[type[Exception], Callable[[Any], Response]] = {
    InvalidInput: _invalid_input,
    RequestValidationError: _invalid_form,
    NotJson: _not_json,
    UnsupportedMediaType: lambda error: problem(415, str(error), headers={"Accept": "application/json"}),
    BodyTooLarge: _too_large,
    HTTPException: _http,
    ClientDisconnect: lambda error: problem(400, "the client went away"),
    Exception: _internal,
}


def install(app: FastAPI) -> None:
    """Have the application answer every exception of the table by it."""
    for exception, answer in PROBLEMS.items():

        async def handle(request: Request, error: Exception, answer: Callable[[Any], Response] = answer) -> Response:  # noqa: ARG001
            return answer(error)

        app.add_exception_handler(exception, handle)
