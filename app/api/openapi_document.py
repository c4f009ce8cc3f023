"""What the OpenAPI document says that FastAPI does not know: errors, headers, keys, recorded responses, the order."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI

from app.api.fields import TENSOR_OBJECT
from app.middleware.route_traits import Access, ErrorForm, RouteTraits, TraitsByPath

RESPONSE_EXAMPLES = Path(__file__).with_name("response_examples.json")

Recorded = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Response bodies by operation id, status and name."""

TAGS = [
    {"name": "losses", "description": "Compute losses, and find out which loss a batch calls for."},
    {"name": "catalogue", "description": "What each loss computes, and when to use it."},
    {"name": "operations", "description": "Health, limits and metrics."},
    {"name": "inference", "description": "The same losses in the Open Inference Protocol (KServe V2, Triton)."},
]

KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key, where the service requires one"},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "the same key in a header of its own",
    },
}

# Responses that come before any endpoint runs.
GATES = {
    401: "The request has no API key, and one is required.",
    403: "The API key is not valid.",
    408: "The body did not arrive in time.",
    503: "The service is at capacity or shutting down, or the computation timed out. See Retry-After.",
}

HEADERS = {
    "X-Request-ID": "The request's own `X-Request-ID`, or a new one. Log lines about the request have it.",
    "Server-Timing": "The time spent in each phase, in milliseconds.",
    "Cache-Control": "`no-store`; for content that changes with the version only, `no-cache`.",
    "ETag": "The version of the content. A request with it in `If-None-Match` gets 304.",
    "Vary": "`Accept-Encoding`: caches must keep one response for each.",
    "Content-Encoding": "How the body is compressed, if it is.",
    "WWW-Authenticate": "`Bearer`",
    "Connection": "`close`: the rest of the body is not read.",
    "Accept": "The media type that is accepted.",
    "Accept-Encoding": "The content codings that are accepted.",
    "Retry-After": "Seconds to wait before the next attempt.",
}
ON_EVERY_RESPONSE = ("X-Request-ID", "Cache-Control")
BY_STATUS = {304: ("ETag", "Vary"), 401: ("WWW-Authenticate",), 408: ("Connection",), 503: ("Retry-After",)}
BY_OPERATION = {
    "loss": ("Server-Timing", "Vary", "Content-Encoding"),
    "compare": ("Server-Timing", "Vary", "Content-Encoding"),
    "recommend": ("Server-Timing", "Vary", "Content-Encoding"),
    "sampled_softmax": ("Server-Timing", "Vary", "Content-Encoding"),
    "list_losses": ("ETag", "Vary", "Content-Encoding"),
    "v2_infer": ("Server-Timing", "Content-Encoding"),
    "v2_version_infer": ("Server-Timing", "Content-Encoding"),
}
STRING, INTEGER = {"type": "string"}, {"type": "integer", "minimum": 0}


def read_recorded() -> Recorded:
    """The responses as `scripts.generate` recorded them last; none before it first ran."""
    recorded: Recorded = orjson.loads(RESPONSE_EXAMPLES.read_bytes()) if RESPONSE_EXAMPLES.exists() else {}
    return recorded


def complete(app: FastAPI, traits_by_path: TraitsByPath) -> None:
    """Have `app.openapi` make the whole document.

    FastAPI writes every model under application/json, and declares an error of its own that is never sent.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            add_operations(document, traits_by_path)
            add_responses(document, read_recorded())
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
            document["components"]["schemas"]["TensorObject"] = TENSOR_OBJECT
            document["components"]["headers"] = {
                name: {"description": description, "schema": INTEGER if name == "Retry-After" else STRING}
                for name, description in HEADERS.items()
            }
            document["components"]["securitySchemes"] = KEYS
            document["security"] = [{}, *({scheme: []} for scheme in KEYS)]
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change the document


def add_operations(document: dict[str, Any], traits_by_path: TraitsByPath) -> None:
    """The statuses and headers of all operations, in the order of the tags."""
    names = [tag["name"] for tag in TAGS]
    paths = document["paths"].items()
    document["paths"] = dict(sorted(paths, key=lambda item: min(names.index(tag) for tag in _tags(item[1]))))
    for path, operations in document["paths"].items():
        traits = traits_by_path.of(path)
        for operation in operations.values():
            responses = dict(_responses(operation["responses"], traits))
            responses |= dict(_gates(traits, takes_body="requestBody" in operation))
            operation["responses"] = {
                status: _with_headers(response, operation["operationId"], int(status), traits)
                for status, response in responses.items()
            }


def _tags(operations: dict[str, Any]) -> Iterator[str]:
    for operation in operations.values():
        yield from operation["tags"]


def add_responses(document: dict[str, Any], recorded: Recorded) -> None:
    """Show the recorded responses; those to examples of requests under the same names."""
    for operations in document["paths"].values():
        for operation in operations.values():
            requests = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for status, bodies in recorded.get(operation["operationId"], {}).items():
                content = operation["responses"][status]["content"]
                (of_json,) = (each for media_type, each in content.items() if media_type.endswith("json"))
                of_json["examples"] = {
                    name: {"summary": _summary(requests.get("examples", {}), name), "value": body}
                    for name, body in bodies.items()
                }


def _summary(requests: dict[str, Any], name: str) -> str:
    return str(requests[name]["summary"]) if name in requests else name.replace("_", " ").capitalize()


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
    for status, description in GATES.items():
        if {408: takes_body, 503: not traits.always_admitted}.get(status, traits.access is not Access.OPEN):
            content = {traits.error_form.value: {"schema": {"$ref": f"#/components/schemas/{model}"}}}
            yield str(status), {"description": description, "content": content}


def _with_headers(response: dict[str, Any], operation: str, status: int, traits: RouteTraits) -> dict[str, Any]:
    names = [*ON_EVERY_RESPONSE, *(BY_OPERATION.get(operation, ()) if status < 300 else BY_STATUS.get(status, ()))]
    if status == 415:
        names += ["Accept", "Accept-Encoding"] if traits.error_form is ErrorForm.PROBLEM else ["Accept-Encoding"]
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {**response, "headers": headers | response.get("headers", {})}
