"""The application, put together."""

import orjson
from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from app import __version__, docs
from app.api import loss, losses, openapi_document, operations, recommend, sampled_softmax
from app.api.oip import infer, models
from app.api.static_response import StaticContent
from app.middleware import problems
from app.middleware.admission import Admission, InFlight
from app.middleware.api_keys import Access, ApiKeys, digests_of
from app.middleware.body_limit import BodyLimit
from app.middleware.cors import Cors
from app.middleware.head_method import HeadAsGet
from app.middleware.inflate import Inflate
from app.middleware.readiness import Readiness
from app.settings import Settings, read_api_keys, shared_folder
from app.telemetry.access_log import AccessLog
from app.telemetry.metrics import Metrics
from app.telemetry.snapshots import SnapshotFile
from xent_core.losses import LOSS_TYPES

DESCRIPTION = """
Classification losses over HTTP, so that no caller needs TensorFlow or PyTorch, and the loss type they should have used.

POST a batch of logits and labels to `/v1/loss`. Errors are `application/problem+json`, each with its place and reason.

Each response has the headers of OWASP's recommendations: `X-Content-Type-Options: nosniff`, `X-Frame-Options: DENY`,
`Referrer-Policy: no-referrer` and a `Content-Security-Policy`.
"""


class Application(FastAPI):
    """FastAPI's application, with what stands around its routes in our own order.

    Each stage may raise what `problems` knows; only what tells of the request stands outside of that.
    """

    def build_middleware_stack(self) -> ASGIApp:
        state, settings = self.state, self.state.settings
        app: ASGIApp = HeadAsGet(self.router)
        app = Admission(app, state.in_flight, settings.max_body_bytes)
        app = Inflate(app, settings.max_inflated_bytes)
        app = BodyLimit(app, settings.max_body_bytes)
        if settings.requires_key:
            app = Access(app, state.api_keys, open_docs=settings.open_docs, open_metrics=settings.open_metrics)
        app = problems.Problems(app)
        if settings.origins:
            app = Cors(app, settings.origins)
        return AccessLog(app, state.metrics, state.routes_by_path, log=settings.log_requests)


def _routes_by_path(app: FastAPI) -> dict[str, str]:
    """The routes of all paths that there are, to be named also where a request never gets to its route."""
    paths = [route.path for route in app.router.routes if isinstance(route, APIRoute)]
    return {
        path.format(model=model, version=models.VERSION, asset="", loss_type=loss_type): path
        for path in paths
        for model in models.MODELS
        for loss_type in LOSS_TYPES
    }


def create_app(settings: Settings, api_keys: ApiKeys | None = None) -> FastAPI:
    """The application. Without `api_keys` the keys are read once, here. Raises UnfitSetting where that fails."""
    app = Application(
        title="xent",
        version=__version__,
        summary="Classification losses, right to the last digit, and which one it should have been.",
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
    shared = shared_folder()
    app.state.settings = settings
    app.state.api_keys = api_keys or ApiKeys(digests_of(read_api_keys(settings)))
    app.state.readiness = Readiness()
    app.state.in_flight = InFlight(settings.max_requests_in_flight, settings.max_bytes_in_flight)
    app.state.metrics = Metrics(SnapshotFile(shared) if shared else None)
    for module in (loss, infer, recommend, sampled_softmax, losses, models, operations, docs):
        app.router.routes.extend(module.router.routes)
    for route in app.router.routes:
        if type(route) is APIRoute:
            # What FastAPI puts around all routes, and those that answer in its own way can't do without.
            route.app = AsyncExitStackMiddleware(route.app)
    app.state.routes_by_path = _routes_by_path(app)
    openapi_document.complete(app)
    app.state.openapi = StaticContent(lambda: orjson.dumps(app.openapi()), "application/json")
    return app
