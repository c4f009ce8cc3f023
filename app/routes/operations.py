"""GET /livez, GET /readyz, GET /metrics and GET /v1/limits."""

from fastapi import APIRouter, Request, Response

from app.limits import CODINGS
from app.metrics import CONTENT_TYPE
from app.schemas.operations import Health, Limits
from app.schemas.problem import problem_responses

router = APIRouter(tags=["operations"])


@router.get("/livez", operation_id="livez", summary="Is the process alive?", response_description="It is.")
async def livez() -> Health:
    """Answers for as long as the process can answer at all. Restart it where this fails."""
    return Health(status="ok")


@router.get("/readyz", operation_id="readyz", summary="Can it take requests?", response_description="It can.")
async def readyz(request: Request) -> Health:
    """Answers 200 for as long as the service can take requests. Send it none where this fails."""
    request.app.state.readiness.check()
    return Health(status="ok")


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="What it did, in numbers",
    response_class=Response,
    response_description="Prometheus metrics.",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Counts, times and sizes of all workers together, in Prometheus' text format."""
    return Response(request.app.state.metrics.exposition(), media_type=CONTENT_TYPE)


@router.get(
    "/v1/limits",
    operation_id="limits",
    summary="How much it takes",
    response_description="The limits.",
    responses=problem_responses(500),
)
async def limits(request: Request) -> Limits:
    """What a request may hold, how long it may take, and how many there may be at once: settings of this service."""
    return Limits(**vars(request.app.state.settings), content_encodings=list(CODINGS))
