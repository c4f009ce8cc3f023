"""GET /v2 and /v2/health."""

from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from app import __version__
from app.api.fields import ResponseModel
from app.api.oip.inference_error import inference_errors
from app.api.oip.known_models import TRAITS
from app.middleware.route_traits import Access, ErrorForm, Router, RouteTraits, with_traits
from app.state import state_of

PROBE = RouteTraits(access=Access.OPEN, always_admitted=True, error_form=ErrorForm.OIP)
EXTENSIONS = ["binary_tensor_data", "model_configuration", "model_repository", "parameters", "statistics"]
SHARED_MEMORY = ["system_shared_memory"]


class ServerMetadata(ResponseModel):
    """Which server this is."""

    name: Annotated[str, Field(description="always xent")]
    version: Annotated[str, Field(description="of the service", examples=["0.2.0"])]
    extensions: Annotated[list[str], Field(description="what is there beyond the protocol's core")]


class ServerLive(ResponseModel):
    """That the process responds."""

    live: Annotated[Literal[True], Field(description="it does; if not, the status is not 200")]


class ServerReady(ResponseModel):
    """That requests are taken."""

    ready: Annotated[Literal[True], Field(description="they are; if not, the status is not 200")]


router = Router(TRAITS, tags=["inference"])


@router.get("/v2/", include_in_schema=False)
@router.get(
    "/v2",
    operation_id="v2_server",
    summary="The server's name, version and extensions",
    response_description="The server.",
)
async def server(request: Request) -> ServerMetadata:
    """Which server this is, and which of the protocol's extensions it has."""
    shared = [] if state_of(request.app).regions is None else SHARED_MEMORY
    return ServerMetadata(name="xent", version=__version__, extensions=EXTENSIONS + shared)


@router.get("/v2/health/live", operation_id="v2_live", summary="Is the process alive?", response_description="It is.")
@with_traits(PROBE)
async def live() -> ServerLive:
    """Responds as long as the process can respond at all."""
    return ServerLive(live=True)


@router.get(
    "/v2/health/ready",
    operation_id="v2_ready",
    summary="Can it take requests?",
    response_description="Yes.",
    responses=inference_errors(503),
)
@with_traits(PROBE)
async def ready(request: Request) -> ServerReady:
    """Responds with 200 as long as the server, and so each model, accepts requests."""
    state_of(request.app).readiness.check()
    return ServerReady(ready=True)
