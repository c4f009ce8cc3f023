"""What the service refuses to take, whatever it holds."""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# In the state of a request whose body did not come in time; then `receive` returns, whatever it has.
BODY_IS_LATE = "body is late"


class TooLarge(Exception):
    """There is more of something than is accepted. The message may be shown to the caller."""


class BodyTooLarge(TooLarge):
    """The body has more bytes than are accepted."""


class BodyTooSlow(Exception):
    """The body was not there in time. The message may be shown to the caller."""


class TooManyElements(TooLarge):
    """The arrays have more elements than are accepted, or what is to be computed of them would."""


def check_elements(count: int, most: int) -> None:
    """Raises TooManyElements."""
    if count > most:
        raise TooManyElements(
            f"the request's arrays and what is to be computed of them have {count} elements; at most {most} are "
            "accepted (XENT_MAX_ELEMENTS)"
        )


class BodyLimit:
    """Stops reading a body at the limit: at once where its announced length is over it, else when it gets there.

    A body that the connection has found late is waited for no longer. Errors are raised to whoever reads the body, so
    that they are written in the form of that place.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limited = self._as_sent(headers.get(b"content-length", b"0"), receive, scope.get("state", {}))
        await self.app(scope, limited, send)

    def _as_sent(self, announced: bytes, receive: Receive, state: dict[str, Any]) -> Receive:
        received = int(announced) if announced.isdigit() and int(announced) > self.max_bytes else 0
        refusal = f"the body has more than {self.max_bytes} bytes, the most that is accepted (XENT_MAX_BODY_BYTES)"

        async def limited() -> Message:
            nonlocal received
            if received > self.max_bytes:
                raise BodyTooLarge(refusal)
            message = await receive()
            if BODY_IS_LATE in state:
                raise BodyTooSlow("the body did not arrive in time (XENT_BODY_SECONDS)")
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise BodyTooLarge(refusal)
            return message

        return limited
