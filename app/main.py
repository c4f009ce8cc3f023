"""The application, put together."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from app import __version__, docs, problems
from app.head import HeadAsGet
from app.limits import BodyLimit
from app.routes import catalogue, inference, loss, models, operations, recommend, sampled
from app.schemas.base import TENSOR_OBJECT
from app.settings import Settings
from app.statistics import Statistics

DESCRIPTION = """
Classification losses over HTTP, so that no caller needs TensorFlow or PyTorch, and the loss type they should have used.

POST a batch of logits and labels to `/v1/loss`. Errors are `application/problem+json`, each with its place and reason.
"""


def create_app(settings: Settings) -> FastAPI:
    app = FastAPI(
        title="xent",
        version=__version__,
        summary="Classification losses, right to the last digit, and which one it should have been.",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(HeadAsGet)
    app.state.statistics = Statistics(models.MODELS)
    for room in (loss, inference, recommend, sampled, catalogue, models, operations, docs):
        app.router.routes.extend(room.router.routes)
    _declare_problems(app)
    return app


def _declare_problems(app: FastAPI) -> None:
    """Have the OpenAPI document say which errors there are, and in which media type.

    FastAPI writes every model under application/json, and declares an error of its own that is never answered.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    operation["responses"] = dict(_responses(operation["responses"], problems.media_type(path)))
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
            document["components"]["schemas"]["TensorObject"] = TENSOR_OBJECT
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change the document


def _responses(responses: dict[str, Any], error_type: str) -> Iterator[tuple[str, Any]]:
    for status, response in responses.items():
        if int(status) < 400:
            yield status, response
            continue
        content = response["content"]["application/json"]
        if content["schema"] != {"$ref": "#/components/schemas/HTTPValidationError"}:
            yield status, response | {"content": {error_type: content}}
