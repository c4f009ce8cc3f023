"""How FastAPI's own endpoints come by arrays.

An endpoint is declared to FastAPI as any other, which publishes it from the model it takes. When a request comes, its
body is decoded by `app.wire`, so that arrays arrive as arrays, and goes through the model to the endpoint. What FastAPI
would do between, and none of these endpoints has use for, costs more than the loss of a small batch.
"""

import inspect
import time
from collections.abc import Callable, Collection, Coroutine
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
from app.middleware.admission import Reservation, WouldBeTooLate
from app.middleware.body_limit import check_elements
from app.middleware.problems import UnsupportedMediaType
from app.telemetry.request_record import RequestRecord, record_of
from app.wire.body import read_body
from app.wire.json import decode_body
from app.wire.parse import Content, Dialect
from xent_core.errors import WrongShape

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ArrayRoute(APIRoute):
    """The route of an endpoint that takes the request as it came and as an `app.api.fields.RequestModel`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = answering(self.get_route_handler())

    def get_route_handler(self) -> Handler:
        endpoint: Callable[[Request, RequestModel], Coroutine[Any, Any, Response]] = self.endpoint
        _, parameter = inspect.signature(endpoint, eval_str=True).parameters.values()
        model: type[RequestModel] = get_args(parameter.annotation)[0]
        arrays = model.array_fields()

        async def handle(request: Request) -> Response:
            _require_json(request.headers.get("content-type"))
            body = await read_body(request)
            record, dialect = arrived(request)
            decode = partial(_decode, body, arrays, dialect, record)
            decoded = validated(model, await offload.run(decode, len(body), record.until))
            admit(request, decoded)
            record.lap("decode")
            return await endpoint(request, decoded)

        return handle


def _decode(body: Content, arrays: Collection[str], dialect: Dialect, record: RequestRecord) -> Any:
    record.lap("queue")
    return decode_body(body, arrays, dialect)


def arrived(request: Request) -> tuple[RequestRecord, Dialect]:
    """The body is there, and the time for the response begins. How much of JSON may be read of it.

    Raises WouldBeTooLate.
    """
    record, settings = record_of(request), request.app.state.settings
    record.lap("receive")
    reservation: Reservation = request.scope["state"]["reservation"]
    now = time.monotonic()
    if now >= reservation.until:
        raise WouldBeTooLate
    record.until = min(now + settings.compute_seconds, reservation.until)
    return record, Dialect(max_depth=settings.max_json_depth, max_values=settings.max_json_values)


def keep_to_timeout(request: Request, microseconds: int | None) -> None:
    """Have the response be there so long after the request began, or not at all. Raises WouldBeTooLate."""
    if not microseconds:
        return
    record, reservation = record_of(request), request.scope["state"]["reservation"]
    elapsed = (time.perf_counter_ns() - record.began) / 1e9
    now = time.monotonic()
    reservation.until = min(reservation.until, now - elapsed + microseconds / 1e6)
    if now >= reservation.until:
        raise WouldBeTooLate
    record.until = min(record.until, reservation.until)


# An array's own, in the dtype of the computation, and then the text of an answer.
BYTES_OF_SENT, BYTES_OF_COMPUTED = 8, 32


def admit(http: Request, request: RequestModel) -> None:
    """Find room for the arrays of a request and for what is computed of them.

    Raises WrongShape, TooManyElements, BytesFull.
    """
    settings, arrays = http.app.state.settings, request.arrays
    record_of(http).took(arrays)
    sent, computed = 0, request.computed_elements
    for name, array in arrays.items():
        sent += array.size
        if array.ndim > settings.max_rank:
            raise WrongShape(
                name, f"has {array.ndim} dimensions; at most {settings.max_rank} are accepted (XENT_MAX_RANK)"
            )
    check_elements(sent + computed, settings.max_elements)
    reservation: Reservation = http.scope["state"]["reservation"]
    reservation.reserve(BYTES_OF_SENT * sent + BYTES_OF_COMPUTED * computed)


def answering(handle: Handler) -> ASGIApp:
    """A route's application that does no more than call this; whoever is around it turns exceptions into answers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive))
        await response(scope, receive, send)

    return app


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
