"""The state of an application."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from fastapi import FastAPI, Request, Response

from app.middleware.admission import InFlight
from app.middleware.api_keys import ApiKeys
from app.middleware.readiness import Readiness
from app.middleware.route_traits import TraitsByPath
from app.settings import Settings
from app.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """What the application's layers, endpoints and server share. `main` creates it."""

    settings: Settings
    api_keys: ApiKeys
    readiness: Readiness
    in_flight: InFlight
    metrics: Metrics
    routes_by_path: Mapping[str, str]
    """The path template of each path that has a route."""
    traits: TraitsByPath
    openapi: Callable[[Request], Awaitable[Response]]
    """Responds with the OpenAPI document."""


def state_of(app: FastAPI) -> ApplicationState:
    """The application's state, typed: for Starlette it holds anything."""
    return cast(ApplicationState, app.state)
