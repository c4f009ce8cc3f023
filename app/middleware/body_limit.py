"""Limits of a request: the bytes of its body, its time to arrive, and the elements of its arrays."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.state import RequestState, request_state


class TooLarge(Exception):
    """The request exceeds a limit. The message may be shown to the client."""


class BodyTooLarge(TooLarge):
    """The body exceeds the limit of bytes."""


class BodyTooSlow(Exception):
    """The body did not arrive in time. The message may be shown to the client."""


class TooManyElements(TooLarge):
    """The arrays of the request, or those that are computed from them, exceed the limit of elements."""


def check_elements(count: int, maximum: int) -> None:
    """Raises TooManyElements."""
    if count > maximum:
        raise TooManyElements(
            f"the request's arrays and what is computed from them have {count} elements; at most {maximum} are "
            "accepted (XENT_MAX_ELEMENTS)"
        )


class BodyLimit:
    """Refuses a body that exceeds the limit: at once by its Content-Length, otherwise when the limit is reached.

    It also refuses a body that the connection has found late. Errors are raised from `receive`, to the endpoint that
    reads the body.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limited = self._as_sent(headers.get(b"content-length", b"0"), receive, request_state(scope))
        await self.app(scope, limited, send)

    def _as_sent(self, announced: bytes, receive: Receive, state: RequestState) -> Receive:
        received = int(announced) if announced.isdigit() and int(announced) > self.max_bytes else 0
        refusal = f"the body has more than {self.max_bytes} bytes, the maximum (XENT_MAX_BODY_BYTES)"

        async def limited() -> Message:
            nonlocal received
            if received > self.max_bytes:
                raise BodyTooLarge(refusal)
            message = await receive()
            if state.body_is_late:
                raise BodyTooSlow("the body did not arrive in time (XENT_BODY_SECONDS)")
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise BodyTooLarge(refusal)
            return message

        return limited
