"""How FastAPI's own endpoints come by arrays.

An endpoint is declared to FastAPI as any other, which publishes it from the model it takes. When a request comes, its
body is decoded by `app.wire`, so that arrays arrive as arrays, and goes through the model to the endpoint. What FastAPI
would do between, and none of these endpoints has use for, costs more than the loss of a small batch.
"""

import inspect
import re
import time
from collections.abc import Callable, Coroutine, Iterable
from email.message import Message
from functools import partial
from typing import Any, TypeVar, get_args
from weakref import WeakKeyDictionary

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.types import ASGIApp, Receive, Scope, Send

from app import offload
from app.api.fields import RequestModel
from app.api.pieces_response import compressed_response
from app.api.plans import Plans
from app.middleware.body_limit import check_elements
from app.middleware.problems import UnsupportedMediaType
from app.middleware.reservation import WouldBeTooLate
from app.state import request_state, reservation_of, state_of
from app.telemetry.request_record import RequestRecord, record_of
from app.wire.body import read_body
from app.wire.compress import Coding, accepted_coding
from app.wire.documents import SHORT_BYTES, Survey
from app.wire.json import decode_body, survey_body
from app.wire.names import check_names
from app.wire.parse import Dialect
from app.wire.pieces import Content
from xent_core.errors import WrongShape
from xent_core.framework_names import loss_hint, nearest, reduction_hint

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ArrayRoute(APIRoute):
    """The route of an endpoint that takes the request as it came and as an `app.api.fields.RequestModel`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = responding(self.get_route_handler())

    def get_route_handler(self) -> Handler:
        endpoint: Callable[[Request, RequestModel], Coroutine[Any, Any, Response]] = self.endpoint
        _, parameter = inspect.signature(endpoint, eval_str=True).parameters.values()
        model: type[RequestModel] = get_args(parameter.annotation)[0]
        arrays = model.array_fields()
        # Applications that have the same route have other settings.
        plans_by_app: WeakKeyDictionary[ASGIApp, Plans] = WeakKeyDictionary()

        async def handle(http: Request) -> Response:
            _require_json(http.headers.get("content-type"))
            body = await read_body(http)
            record, dialect = arrived(http, model.arrays_with_missing)
            decode = partial(decode_body, body, arrays, dialect)
            if len(body) > offload.SMALL_BYTES:
                survey = partial(survey_body, body, arrays, dialect)
                request, reserved = await read_request(http, model, body, len(body), decode, survey)
                admit(http, request, reserved)
                record.lap("decode")
                return await endpoint(http, request)
            record.lap("queue")
            check_names(body)
            document, reservation = decode(), reservation_of(http)
            plans = plans_by_app.get(http.app)
            if plans is None:
                plans = plans_by_app[http.app] = Plans()
            attempt = plans.attempt(document, record, reservation)
            if attempt.body is not None:
                response = compressed_response([attempt.body], accepted_coding(http.headers.get("accept-encoding")))
                record.lap("encode")
                return response
            request = validated(model, document)
            admit(http, request, attempt.reserved)
            record.lap("decode")
            if reservation.bytes <= offload.SMALL_BYTES:
                request_state(http.scope).learn = partial(plans.learn, attempt, request, record)
            return await endpoint(http, request)

        return handle


async def read_request(
    http: Request,
    model: type[Model],
    json: Content,
    size: int,
    decode: Callable[[], Any],
    survey: Callable[[], Survey],
) -> tuple[Model, int]:
    """The request that a body holds, and how many bytes were reserved to decode it.

    `json` is the part of the body that is JSON, and decoding is as much work as for so many bytes of it. A short body
    takes little memory to decode, whatever it holds. A long one is surveyed first, and what it takes is reserved.

    Raises what `decode` and `survey` do; RequestValidationError, TooManyNames, TooManyElements, BytesFull, TooLate.
    """
    record = record_of(http)

    def first(work: Callable[[], Result]) -> Result:
        record.lap("queue")
        return work()

    def validate(read: Callable[[], Any]) -> Model:
        return validated(model, read())

    def decode_short() -> Model:
        check_names(json)
        return validate(decode)

    if size <= SHORT_BYTES:
        return await offload.run(partial(first, decode_short), size, record.until), 0
    surveyed = await offload.run(partial(first, survey), size, record.until)
    check_elements(surveyed.elements, state_of(http.app).settings.max_elements)
    reservation_of(http).reserve(surveyed.nbytes)
    return await offload.run(partial(validate, surveyed.read), size, record.until), surveyed.nbytes


def arrived(request: Request, missing: frozenset[str] = frozenset()) -> tuple[RequestRecord, Dialect]:
    """The body is there, and the time for the response begins. How much of JSON may be read of it.

    missing: the arrays that may have missing values.
    Raises WouldBeTooLate.
    """
    record, settings = record_of(request), state_of(request.app).settings
    record.lap("receive")
    reservation = reservation_of(request)
    now = time.monotonic()
    if now >= reservation.until:
        raise WouldBeTooLate
    record.until = min(now + settings.compute_seconds, reservation.until)
    return record, Dialect(
        max_depth=settings.max_json_depth,
        max_values=settings.max_json_values,
        max_rank=settings.max_rank,
        missing=missing,
    )


def keep_to_timeout(request: Request, microseconds: int | None) -> None:
    """Set the request's deadline, counted from its start. Raises WouldBeTooLate."""
    if not microseconds:
        return
    record, reservation = record_of(request), reservation_of(request)
    elapsed = (time.perf_counter_ns() - record.began) / 1e9
    now = time.monotonic()
    reservation.until = min(reservation.until, now - elapsed + microseconds / 1e6)
    if now >= reservation.until:
        raise WouldBeTooLate
    record.until = min(record.until, reservation.until)


def admit(http: Request, request: RequestModel, reserved: int) -> None:
    """Reserve memory for the arrays of a request, beside what was reserved to decode them, and for what is computed.

    Raises WrongShape, TooManyElements, BytesFull.
    """
    settings, arrays = state_of(http.app).settings, request.arrays
    record_of(http).took(arrays)
    for name, array in arrays.items():
        if array.ndim > settings.max_rank:
            raise WrongShape(
                name, f"has {array.ndim} dimensions; at most {settings.max_rank} are accepted (XENT_MAX_RANK)"
            )
    check_elements(request.sent_elements + request.computed_elements, settings.max_elements)
    reservation_of(http).reserve(max(0, request.work_bytes - reserved))


async def respond(http: Request, write: Callable[[RequestRecord], Iterable[bytes]]) -> Response:
    """The response whose JSON `write` computes, in pieces, in a coding that the client accepts.

    All of that is done off the event loop, unless the request as a whole is small.
    """
    record = record_of(http)
    work = partial(_respond, write, accepted_coding(http.headers.get("accept-encoding")), record)
    return await offload.run(work, reservation_of(http).bytes, record.until)


def _respond(
    write: Callable[[RequestRecord], Iterable[bytes]], coding: Coding | None, record: RequestRecord
) -> Response:
    record.lap("queue")
    response = compressed_response(write(record), coding)
    record.lap("encode")
    return response


def responding(handle: Handler) -> ASGIApp:
    """A route's application that only calls this; the layers around it turn exceptions into responses."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive))
        await response(scope, receive, send)

    return app


def validated(model: type[Model], document: Any) -> Model:
    """The document as this model. Raises RequestValidationError, as FastAPI would."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        reasons = [
            {**each, "loc": ("body", *each["loc"]), "hint": _hint(each)} for each in error.errors(include_url=False)
        ]
        raise RequestValidationError(reasons) from None


NAMES_ELSEWHERE = {"loss_type": loss_hint, "reduction": reduction_hint}


def _hint(error: ErrorDetails) -> str:
    """A hint at what an unknown field or value may mean."""
    match error["type"], error["input"]:
        case "extra_forbidden", str(hint):
            return hint
        case "literal_error", str(value):
            known = re.findall("'([^']*)'", error["ctx"]["expected"])
            hint_of = NAMES_ELSEWHERE.get(str(error["loc"][-1]))
            return hint_of(value) if hint_of else nearest(value, known)
        case _:
            return ""


def _require_json(content_type: str | None) -> None:
    """Raises UnsupportedMediaType for what is not JSON."""
    if content_type == "application/json":
        return
    message = Message()
    message["content-type"] = content_type or ""
    subtype = message.get_content_subtype()
    if message.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json")):
        found = f"is {content_type[:80]}" if content_type else "is absent"
        raise UnsupportedMediaType(f"Content-Type {found}; application/json was expected")
