"""The application, put together."""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from app import __version__, docs
from app.api import loss, losses, operations, recommend, sampled_softmax
from app.api.fields import TENSOR_OBJECT
from app.api.oip import infer, models
from app.api.static_response import StaticContent
from app.middleware import problems
from app.middleware.admission import Admission, InFlight
from app.middleware.api_keys import ALWAYS_OPEN, Access, ApiKeys, digests_of
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
"""


class Application(FastAPI):
    """FastAPI's application, with what stands around its routes in our own order.

    Each stage may raise what `problems` knows; only what tells of the request stands outside of that.
    """

    def build_middleware_stack(self) -> ASGIApp:
        state, settings = self.state, self.state.settings
        app: ASGIApp = HeadAsGet(self.router)
        app = Admission(app, state.in_flight)
        app = Inflate(app, settings.max_inflated_bytes)
        app = BodyLimit(app, settings.max_body_bytes)
        if settings.requires_key:
            app = access = Access(app, state.api_keys, open_docs=settings.open_docs, open_metrics=settings.open_metrics)
            state.is_allowed = access.allows
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
        telemetry={"tracing": settings.tracing, "metrics": False, "logs": False, "auto_configure": settings.tracing},
    )
    shared = shared_folder()
    app.state.settings = settings
    app.state.api_keys = api_keys or ApiKeys(digests_of(read_api_keys(settings)))
    app.state.readiness = Readiness()
    app.state.in_flight = InFlight(settings.max_requests_in_flight, settings.max_bytes_in_flight)
    app.state.is_allowed = lambda path, headers: True
    app.state.metrics = Metrics(SnapshotFile(shared) if shared else None)
    for module in (loss, infer, recommend, sampled_softmax, losses, models, operations, docs):
        app.router.routes.extend(module.router.routes)
    for route in app.router.routes:
        if type(route) is APIRoute:
            # What FastAPI puts around all routes, and those that answer in its own way can't do without.
            route.app = AsyncExitStackMiddleware(route.app)
    app.state.routes_by_path = _routes_by_path(app)
    _declare_problems(app)
    app.state.openapi = StaticContent(lambda: orjson.dumps(app.openapi()), "application/json")
    return app


def _declare_problems(app: FastAPI) -> None:
    """Have the OpenAPI document say which errors there are, in which media type, and how a key is sent.

    FastAPI writes every model under application/json, and declares an error of its own that is never answered.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    responses = dict(_responses(operation["responses"], path))
                    operation["responses"] = responses | dict(_gates(path, takes_body="requestBody" in operation))
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
            document["components"]["schemas"]["TensorObject"] = TENSOR_OBJECT
            document["components"]["securitySchemes"] = KEYS
            document["security"] = [{}, *({scheme: []} for scheme in KEYS)]
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change the document


KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key, where the service asks for one"},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "the same, in a header of its own",
    },
}


def _responses(responses: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for status, response in responses.items():
        if int(status) < 400:
            yield status, response
            continue
        content = response["content"]["application/json"]
        if content["schema"] != {"$ref": "#/components/schemas/HTTPValidationError"}:
            yield status, response | {"content": {problems.media_type(path): content}}


def _gates(path: str, *, takes_body: bool) -> Iterator[tuple[str, Any]]:
    """What stands before every endpoint answers in its place."""
    model = "Problem" if problems.media_type(path) == problems.MEDIA_TYPE else "InferenceError"
    content = {problems.media_type(path): {"schema": {"$ref": f"#/components/schemas/{model}"}}}
    for status, description in GATES.items():
        if {408: takes_body, 503: path not in ALWAYS_ALIVE}.get(status, path not in ALWAYS_OPEN):
            yield str(status), {"description": description, "content": content}


ALWAYS_ALIVE = ("/livez", "/v2/health/live", "/metrics")
GATES = {
    401: "A key is required, and there is none.",
    403: "The key is not known.",
    408: "The body came too slowly.",
    503: "The service is full, or about to end, or the computation took too long. Retry-After says when to try again.",
}
