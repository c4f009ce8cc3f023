"""The state of an application, and of a request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from starlette.types import Scope

from app.middleware.api_keys import ApiKeys, KeyPolicy
from app.middleware.readiness import Readiness
from app.middleware.reservation import Full, InFlight, Place, Reservation
from app.middleware.route_traits import TraitsByPath
from app.settings import Settings
from app.telemetry.metrics import Metrics
from app.telemetry.request_record import RequestRecord
from app.wire.oip.shared_memory import Regions
from xent_core.results import Evaluation


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """What the application's layers, endpoints and server share. `main` creates it."""

    settings: Settings
    api_keys: ApiKeys
    key_policy: KeyPolicy
    readiness: Readiness
    in_flight: InFlight
    metrics: Metrics
    routes_by_path: Mapping[str, str]
    """The path template of each path that has a route."""
    traits: TraitsByPath
    openapi: Callable[[Request], Awaitable[Response]]
    """Responds with the OpenAPI document."""
    regions: Regions | None
    """The registered regions of shared memory. None: shared memory is off."""


def state_of(app: FastAPI) -> ApplicationState:
    """The application's state, typed: for Starlette it holds anything."""
    return cast(ApplicationState, app.state)


@dataclass(slots=True)
class RequestState:
    """What the layers know of one request: the value of `scope["state"]`.

    The connection sets `body_is_late`, and for large bodies `until`, `place` and `refusal`.
    """

    record: RequestRecord = field(init=False)
    reservation: Reservation | None = None
    """None: the route is always admitted."""
    body_is_late: bool = False
    """The body did not arrive in time. `receive` returns at once, with what there is."""
    until: float | None = None
    """The client's deadline, by time.monotonic(), if the connection has read it."""
    place: Place | None = None
    """The room of a large body at the gate."""
    refusal: Full | None = None
    """Why the gate refused the body."""
    learn: Callable[[Evaluation, dict[str, Any]], None] | None = None
    """Makes a plan of the evaluation of a small batch and the content of the response: see `app.api.plans`."""
    drained: Callable[[], Awaitable[None]] | None = None
    """Waits until the client has read what was sent."""


def request_state(scope: Scope) -> RequestState:
    """The request's state. A server that isn't ours leaves a dictionary there, which is replaced."""
    state = scope.get("state")
    if not isinstance(state, RequestState):
        state = scope["state"] = RequestState()
    return state


def reservation_of(request: Request) -> Reservation:
    """The reservation of a request for a route that is not always admitted."""
    reservation = request_state(request.scope).reservation
    assert reservation is not None  # noqa: S101  by Admission
    return reservation
