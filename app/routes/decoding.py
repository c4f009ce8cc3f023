"""How FastAPI's own endpoints come by arrays: the body is decoded by `app.wire` before FastAPI looks at it."""

from collections.abc import Callable, Coroutine
from email.message import Message
from functools import partial
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from app import offload
from app.problems import UnsupportedMediaType
from app.schemas.base import Request as RequestModel
from app.wire.json import decode_body


class DecodedRequest(Request):
    """A request whose JSON was read already."""

    document: Any = None

    async def json(self) -> Any:
        return self.document


class ArrayRoute(APIRoute):
    """A route whose request model holds arrays: it gets them as NumPy arrays, straight from the bytes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        arrays = self._array_fields()

        async def decode_then_handle(request: Request) -> Response:
            _require_json(request.headers)
            body = await request.body()
            decoded = DecodedRequest(request.scope, request.receive)
            decoded._body = body
            decoded.document = await offload.run(partial(decode_body, body, arrays), len(body))
            return await handle(decoded)

        return decode_then_handle

    def _array_fields(self) -> frozenset[str]:
        model = self.body_field.field_info.annotation if self.body_field else None
        if isinstance(model, type) and issubclass(model, RequestModel):
            return model.array_fields()
        return frozenset()


def _require_json(headers: Headers) -> None:
    """Raises UnsupportedMediaType for what is not JSON, and for what is compressed."""
    content_type, encoding = headers.get("content-type"), headers.get("content-encoding", "identity")
    message = Message()
    message["content-type"] = content_type or ""
    subtype = message.get_content_subtype()
    if message.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json")):
        found = f"is {content_type[:80]}" if content_type else "is absent"
        raise UnsupportedMediaType(f"Content-Type {found}; application/json was expected")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding is {encoding[:80]}; an uncompressed body was expected")
