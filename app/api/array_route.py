"""How FastAPI's own endpoints come by arrays.

An endpoint is declared to FastAPI as any other, which publishes it from the model it takes. When a request comes, its
body is decoded by `app.wire`, so that arrays arrive as arrays, and goes through the model to the endpoint. What FastAPI
would do between, and none of these endpoints has use for, costs more than the loss of a small batch.
"""

import inspect
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from email.message import Message
from functools import partial
from typing import Any, TypeVar, get_args

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app import offload
from app.api.fields import RequestModel
from app.api.pieces_response import compressed_response
from app.middleware.body_limit import check_elements
from app.middleware.problems import UnsupportedMediaType
from app.telemetry.request_record import RequestRecord, record_of
from app.wire.body import read_body
from app.wire.compress import Coding, accepted_coding
from app.wire.json import decode_body
from app.wire.names import MAX_NAMES, has_too_many_names
from app.wire.parse import Content, Dialect
from xent_core.errors import WrongShape

Model = TypeVar("Model", bound=BaseModel)
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

        async def handle(http: Request) -> Response:
            _require_json(http.headers.get("content-type"))
            body = await read_body(http)
            record, dialect = arrived(http)
            dialect = dialect._replace(missing=model.arrays_with_missing)
            read = partial(_read, model, body, arrays, dialect, record)
            request = await offload.run(read, len(body), record.until)
            admit(http, request)
            record.lap("decode")
            return await endpoint(http, request)

        return handle


def _read(model: type[Model], body: Content, arrays: Collection[str], dialect: Dialect, record: RequestRecord) -> Model:
    record.lap("queue")
    check_names(body)
    return validated(model, decode_body(body, arrays, dialect))


def arrived(request: Request) -> tuple[RequestRecord, Dialect]:
    """The body is there, and the time for the response begins. How much of JSON may be read of it."""
    record, settings = record_of(request), request.app.state.settings
    record.lap("receive")
    record.until = time.monotonic() + settings.compute_seconds
    return record, Dialect(max_depth=settings.max_json_depth, max_values=settings.max_json_values)


def admit(http: Request, request: RequestModel) -> None:
    """Reserve memory for the arrays of a request and for what is computed of them.

    Raises WrongShape, TooManyElements, BytesFull.
    """
    settings, arrays = http.app.state.settings, request.arrays
    record_of(http).took(arrays)
    for name, array in arrays.items():
        if array.ndim > settings.max_rank:
            raise WrongShape(
                name, f"has {array.ndim} dimensions; at most {settings.max_rank} are accepted (XENT_MAX_RANK)"
            )
    check_elements(request.sent_elements + request.computed_elements, settings.max_elements)
    http.scope["state"]["share"].take(request.work_bytes)


async def respond(http: Request, request: RequestModel, write: Callable[[RequestRecord], Iterable[bytes]]) -> Response:
    """The response whose JSON `write` computes, in pieces, in a coding that the client accepts.

    All of that is done off the event loop, unless the request as a whole is small.
    """
    record = record_of(http)
    work = partial(_respond, write, accepted_coding(http.headers.get("accept-encoding")), record)
    return await offload.run(work, request.work_bytes, record.until)


def _respond(
    write: Callable[[RequestRecord], Iterable[bytes]], coding: Coding | None, record: RequestRecord
) -> Response:
    record.lap("queue")
    response = compressed_response(write(record), coding)
    record.lap("encode")
    return response


def responding(handle: Handler) -> ASGIApp:
    """A route's application that does no more than call this; whoever is around it turns exceptions into responses."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive))
        await response(scope, receive, send)

    return app


def check_names(body: Content) -> None:
    """Raises RequestValidationError for a body whose objects have far more fields than are known, unparsed."""
    if has_too_many_names(body):
        message = f"has more than {MAX_NAMES} fields in all, the most that are accepted"
        context = {"code": "unknown_field", "message": message, "position": []}
        raise RequestValidationError([{"type": "invalid_array", "loc": ("body",), "ctx": context}])


def validated(model: type[Model], document: Any) -> Model:
    """The document as this model. Raises RequestValidationError, as FastAPI would."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        reasons = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(reasons) from None


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
