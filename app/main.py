"""Assembles the application: routes, middleware, state and the OpenAPI document."""

from collections.abc import Iterator
from itertools import product
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
from app.middleware.admission import Admission
from app.middleware.api_keys import ApiKeys, KeyCheck, KeyPolicy, digests_of
from app.middleware.body_limit import BodyLimit
from app.middleware.cors import Cors
from app.middleware.head_method import HeadAsGet
from app.middleware.inflate import Inflate
from app.middleware.problems import Problems
from app.middleware.readiness import Readiness
from app.middleware.reservation import InFlight
from app.middleware.route_traits import Access, ErrorForm, RouteTraits, TraitsByPath
from app.settings import Settings, read_api_keys, shared_folder
from app.state import ApplicationState, state_of
from app.telemetry.access_log import AccessLog
from app.telemetry.metrics import Metrics
from app.telemetry.snapshots import SnapshotFile
from xent_core.losses import LOSS_TYPES

DESCRIPTION = """
Computes classification losses over HTTP, without TensorFlow or PyTorch, and tells you which loss you should have used.

POST a batch of logits and labels to `/v1/loss`. Errors are `application/problem+json`; each says where it is, what was
found and what was expected.
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
        "model": models.MODELS,
        "version": (models.VERSION,),
        "loss_type": LOSS_TYPES,
        "asset": docs.ASSETS,
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
        telemetry={"tracing": settings.tracing, "metrics": False, "logs": False, "auto_configure": settings.tracing},
    )
    for module in (loss, infer, recommend, sampled_softmax, losses, models, operations, docs):
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
        in_flight=InFlight(settings.max_requests_in_flight, settings.max_bytes_in_flight),
        metrics=Metrics(SnapshotFile(shared) if shared else None),
        routes_by_path=routes_by_path,
        traits=traits,
        openapi=StaticContent(lambda: orjson.dumps(app.openapi()), "application/json").response,
    )
    app.state = state  # type: ignore[assignment]  # for Starlette it holds anything; `state_of` has its type
    _declare_problems(app, state.traits)
    return app


def _declare_problems(app: FastAPI, traits_by_path: TraitsByPath) -> None:
    """Add the error responses, their media types and the API keys to the OpenAPI document.

    FastAPI declares every model as application/json, and an error of its own that never occurs.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            for path, operations in document["paths"].items():
                traits = traits_by_path.of(path)
                for operation in operations.values():
                    responses = dict(_responses(operation["responses"], traits))
                    operation["responses"] = responses | dict(_gates(traits, takes_body="requestBody" in operation))
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
            document["components"]["schemas"]["TensorObject"] = TENSOR_OBJECT
            document["components"]["securitySchemes"] = KEYS
            document["security"] = [{}, *({scheme: []} for scheme in KEYS)]
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to change the document


KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key, if the service requires one"},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "an API key, if the service requires one",
    },
}


def _responses(responses: dict[str, Any], traits: RouteTraits) -> Iterator[tuple[str, Any]]:
    for status, response in responses.items():
        if int(status) < 400:
            yield status, response
            continue
        content = response["content"]["application/json"]
        if content["schema"] != {"$ref": "#/components/schemas/HTTPValidationError"}:
            yield status, response | {"content": {traits.error_form.value: content}}


def _gates(traits: RouteTraits, *, takes_body: bool) -> Iterator[tuple[str, Any]]:
    """The error responses that the middleware can send instead of the endpoint."""
    model = "Problem" if traits.error_form is ErrorForm.PROBLEM else "InferenceError"
    content = {traits.error_form.value: {"schema": {"$ref": f"#/components/schemas/{model}"}}}
    for status, description in GATES.items():
        if {408: takes_body, 503: not traits.always_admitted}.get(status, traits.access is not Access.OPEN):
            yield str(status), {"description": description, "content": content}


GATES = {
    401: "The request has no API key, and one is required.",
    403: "The API key is not valid.",
    408: "The body did not arrive in time.",
    503: "The service is at capacity or shutting down, or the computation timed out. See Retry-After.",
}
