"""GET /livez, GET /readyz, GET /metrics and GET /v1/limits."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.api.fields import ResponseModel
from app.api.problem import problem_responses
from app.middleware.inflate import CODINGS
from app.middleware.route_traits import Access, RouteTraits, with_traits
from app.state import state_of
from app.telemetry.metrics import CONTENT_TYPE


class Limits(ResponseModel):
    """What the service takes at most. What is over is refused with the status in the description."""

    max_body_bytes: Annotated[int, Field(description="bytes of a request's body as sent: 413")]
    max_inflated_bytes: Annotated[int, Field(description="bytes of a compressed body, inflated: 413")]
    max_elements: Annotated[
        int, Field(description="elements of a request's arrays and of what is computed of them, together: 413")
    ]
    max_rank: Annotated[int, Field(description="dimensions of an array: 422")]
    max_json_depth: Annotated[int, Field(description="levels to which lists and objects may be nested: 400")]
    max_json_values: Annotated[
        int, Field(description="values of a body that can't be read as lists of plain numbers: 413")
    ]
    header_seconds: Annotated[float, Field(description="seconds until a request's headers are there: 408")]
    body_seconds: Annotated[float, Field(description="seconds until a request's body is there: 408")]
    compute_seconds: Annotated[float, Field(description="seconds that a request may wait and be worked on: 503")]
    answer_seconds: Annotated[
        float, Field(description="seconds in which a client reads nothing of a response; then its connection is closed")
    ]
    idle_seconds: Annotated[
        float, Field(description="seconds that a connection may be idle between requests: it is closed")
    ]
    max_requests_in_flight: Annotated[int, Field(description="requests in flight in each worker; more get 503")]
    max_bytes_in_flight: Annotated[
        int, Field(description="bytes of bodies, arrays and responses in flight in each worker; more get 503")
    ]
    content_encodings: Annotated[list[str], Field(description="how a request's body may be compressed: 415")]


class Health(ResponseModel):
    """That the service is healthy; if not, the status is not 200."""

    status: Annotated[Literal["ok"], Field(description="the service responds")]


router = APIRouter(tags=["operations"])


PROBE = RouteTraits(access=Access.OPEN, always_admitted=True)


@router.get("/livez", operation_id="livez", summary="Is the process alive?", response_description="It is.")
@with_traits(PROBE)
async def livez() -> Health:
    """Responds as long as the process can respond at all. Restart it if this fails."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can it take requests?",
    response_description="It can.",
    responses=problem_responses(503),
)
@with_traits(PROBE)
async def readyz(request: Request) -> Health:
    """Responds with 200 as long as the service accepts requests. Send it none if this fails."""
    state_of(request.app).readiness.check()
    return Health(status="ok")


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="What it did, in numbers",
    response_class=Response,
    response_description="Prometheus metrics.",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
@with_traits(RouteTraits(access=Access.METRICS, always_admitted=True))
async def metrics(request: Request) -> Response:
    """Counts, times and sizes of all workers together, in Prometheus' text format."""
    return Response(state_of(request.app).metrics.exposition(), media_type=CONTENT_TYPE)


@router.get(
    "/v1/limits",
    operation_id="limits",
    summary="How much it takes",
    response_description="The limits.",
    responses=problem_responses(500),
)
async def limits(request: Request) -> Limits:
    """What a request may hold, how long it may take, and how many there may be at once: settings of this service."""
    return Limits(**vars(state_of(request.app).settings), content_encodings=list(CODINGS))
