"""Assembles the application: routes, middleware, state and the OpenAPI document."""

from itertools import product

import orjson
from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from app import __version__, docs, learn, page
from app.api import compare, loss, losses, openapi_document, operations, recommend, sampled_softmax
from app.api.oip import infer, known_models, model, model_list, repository, server, shared_memory, statistics
from app.api.static_response import StaticContent
from app.middleware.admission import Admission
from app.middleware.api_keys import ApiKeys, KeyCheck, KeyPolicy
from app.middleware.body_limit import BodyLimit
from app.middleware.cors import Cors
from app.middleware.head_method import HeadAsGet
from app.middleware.inflate import Inflate
from app.middleware.key_digests import digests_of
from app.middleware.problems import Problems
from app.middleware.readiness import Readiness
from app.middleware.reservation import InFlight
from app.middleware.route_traits import TraitsByPath
from app.settings import Settings, read_api_keys, shared_folder
from app.state import ApplicationState, state_of
from app.telemetry.access_log import AccessLog
from app.telemetry.metrics import Metrics
from app.telemetry.snapshots import SnapshotFile
from app.wire.oip.shared_memory import Regions
from xent_core.losses import LOSS_TYPES

DESCRIPTION = """
Computes classification losses over HTTP, without TensorFlow or PyTorch, and tells you which loss you should have used.

POST a batch of logits and labels to `/v1/loss`. Errors are `application/problem+json`; each says where it is, what was
found and what was expected.

Each response has the headers `X-Content-Type-Options: nosniff`, `X-Frame-Options: DENY`, `Referrer-Policy: no-referrer`
and a `Content-Security-Policy`.
"""


class Application(FastAPI):
    """FastAPI's application with our own middleware, outermost last in the method below.

    Every layer may raise the exceptions of `problems`. Only `AccessLog` and `Cors` are outside of `Problems`, so that
    refused requests are logged and counted too.
    """

    def build_middleware_stack(self) -> ASGIApp:
        state = state_of(self)
        settings = state.settings
        app: ASGIApp = HeadAsGet(self.router)
        app = Admission(app, state.in_flight, state.traits)
        app = Inflate(app, settings.max_inflated_bytes)
        app = BodyLimit(app, settings.max_body_bytes)
        if settings.requires_key:
            app = KeyCheck(app, state.key_policy)
        app = Problems(app, state.traits)
        if settings.origins:
            app = Cors(app, settings.origins)
        return AccessLog(app, state.metrics, state.routes_by_path, log=settings.log_requests)


def _routes_by_path(routes: list[APIRoute]) -> dict[str, str]:
    """The path template of each path that has a route. It names the route of a request that is refused before it."""
    values = {
        "model": known_models.MODELS,
        "version": (known_models.VERSION,),
        "loss_type": LOSS_TYPES,
        "asset": docs.ASSETS,
        "file": page.ASSETS,
        "page": learn.PAGES,
        "region": (),
    }
    return {
        route.path.format(**dict(zip(names, combination, strict=True))): route.path
        for route in routes
        for names in [list(route.param_convertors)]
        for combination in product(*[values[name] for name in names])
    }


def create_app(settings: Settings, api_keys: ApiKeys | None = None) -> FastAPI:
    """The application. If `api_keys` is None, it reads the keys of the settings once. Raises UnfitSetting."""
    app = Application(
        title="xent",
        version=__version__,
        summary="Classification losses over HTTP, and which loss fits the labels.",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        openapi_tags=openapi_document.TAGS,
        telemetry={"tracing": settings.tracing, "metrics": False, "logs": False, "auto_configure": settings.tracing},
    )
    inference = (server, model_list, statistics, model, repository, shared_memory)
    batches = (loss, infer, recommend, compare, sampled_softmax)
    for module in (*batches, losses, *inference, operations, page, learn, docs):
        app.router.routes.extend(module.router.routes)
    for route in app.router.routes:
        if type(route) is APIRoute:
            # FastAPI's own routes need this layer, which FastAPI puts into the middleware stack that is replaced above.
            route.app = AsyncExitStackMiddleware(route.app)
    routes = [route for route in app.router.routes if isinstance(route, APIRoute)]
    routes_by_path = _routes_by_path(routes)
    traits = TraitsByPath(routes, routes_by_path)
    api_keys = api_keys or ApiKeys(digests_of(read_api_keys(settings)))
    shared = shared_folder()
    in_flight = InFlight(settings.max_requests_in_flight, settings.max_bytes_in_flight)
    state = ApplicationState(
        settings=settings,
        api_keys=api_keys,
        key_policy=KeyPolicy(
            api_keys,
            traits,
            requires_key=settings.requires_key,
            open_docs=settings.open_docs,
            open_metrics=settings.open_metrics,
        ),
        readiness=Readiness(),
        in_flight=in_flight,
        metrics=Metrics(SnapshotFile(shared) if shared else None, lambda: (in_flight.requests, in_flight.bytes)),
        routes_by_path=routes_by_path,
        traits=traits,
        openapi=StaticContent(lambda: orjson.dumps(app.openapi()), "application/json").response,
        regions=Regions(settings.shared_memory, shared) if settings.shared_memory else None,
    )
    app.state = state  # type: ignore[assignment]  # for Starlette it holds anything; `state_of` has its type
    openapi_document.complete(app, state.traits)
    return app
