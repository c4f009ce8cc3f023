"""Admission: a request takes bytes and a slot while it is in flight, and is refused with 503 if there are none."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.deadline import read_deadline
from app.middleware.reservation import SMALL_BYTES, InFlight, Reservation, WouldBeTooLate
from app.middleware.route_traits import TraitsByPath
from app.offload import TooLate
from app.state import RequestState, request_state


class Admission:
    """Refuses requests at once if the service is at capacity.

    The slot of a request is freed when its response starts. Its bytes stay reserved until the client has read the
    response, or until the work on a request that was given up has ended.
    """

    def __init__(self, app: ASGIApp, in_flight: InFlight, traits: TraitsByPath) -> None:
        self.app = app
        self.in_flight = in_flight
        self._traits = traits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._traits.of(scope["path"]).always_admitted:
            await self.app(scope, receive, send)
            return
        state, headers = request_state(scope), dict(scope["headers"])
        reservation = state.reservation = self._reservation(state, headers)
        unfinished: asyncio.Future[Any] | None = None
        try:
            is_chunked = b"transfer-encoding" in headers
            if not is_chunked and b"content-length" not in headers:
                reservation.begin_work()

            def responding(message: Message) -> Awaitable[None]:
                if message["type"] == "http.response.start":
                    reservation.end_work()
                    if reservation.bytes > SMALL_BYTES:
                        reservation.shrink(_length(message))
                return send(message)

            await self.app(scope, _counted(receive, reservation, grows=is_chunked), responding)
            if reservation.bytes > SMALL_BYTES and state.drained is not None:
                with suppress(asyncio.CancelledError):
                    await state.drained()
        except TooLate as late:
            unfinished = late.work
            # The clock does not tell which it was: timers are early by up to a millisecond.
            if state.record.until == reservation.until:
                raise WouldBeTooLate from None
            raise
        finally:
            if unfinished is None:
                reservation.release()
            else:
                unfinished.add_done_callback(lambda _: reservation.release())

    def _reservation(self, state: RequestState, headers: dict[bytes, bytes]) -> Reservation:
        """A reservation with what the connection has already found. Raises Full, BadDeadline."""
        if state.refusal is not None:
            raise state.refusal
        until = read_deadline(headers) if state.until is None else state.until
        return Reservation(self.in_flight, state.place, until)


def _length(message: Message) -> int:
    """The Content-Length of a response, which all large ones have."""
    return next((int(value) for name, value in message["headers"] if name == b"content-length"), 0)


def _counted(receive: Receive, reservation: Reservation, *, grows: bool) -> Receive:
    async def counted() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            reservation.reserve(len(body))
            if grows:
                reservation.grow_place(len(body))
            if not message.get("more_body", False):
                reservation.begin_work()
        return message

    return counted
