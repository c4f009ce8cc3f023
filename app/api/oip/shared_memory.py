"""/v2/systemsharedmemory: Triton's extension for system shared memory."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import orjson
from fastapi import Body, Depends, HTTPException, Path, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field, StrictStr

from app.api.array_route import arrived, responding, validated
from app.api.examples import REGION_EXAMPLES
from app.api.fields import RequestModel, ResponseModel, Whole
from app.api.oip.inference_error import inference_errors
from app.api.oip.known_models import TRAITS
from app.middleware.route_traits import Router
from app.state import state_of
from app.wire.body import read_body
from app.wire.json import decode_body
from app.wire.names import check_names
from app.wire.oip.shared_memory import Region, Regions

ALL = "/v2/systemsharedmemory"
ONE = ALL + "/region/{region}"


class RegionRequest(RequestModel):
    """Which bytes of which object are the region."""

    key: Annotated[
        StrictStr,
        Field(
            description=(
                "The name of a POSIX shared memory object, with or without a slash before it. It must begin as "
                "XENT_SHARED_MEMORY says, and the service must be allowed to open it."
            ),
            examples=["/xent-logits"],
        ),
    ]
    offset: Annotated[
        Whole, Field(description="The first byte of the region in the object.", json_schema_extra={"minimum": 0})
    ] = 0
    byte_size: Annotated[
        Whole,
        Field(
            description="How many bytes the region has. The object must have them all.",
            json_schema_extra={"minimum": 1},
        ),
    ]


class RegionStatus(ResponseModel):
    """A registered region."""

    name: Annotated[str, Field(description="the region", examples=["logits"])]
    key: Annotated[str, Field(description="the object that it is a part of", examples=["/xent-logits"])]
    offset: Annotated[int, Field(description="its first byte in the object")]
    byte_size: Annotated[int, Field(description="how many bytes it has")]


async def _regions(request: Request) -> Regions:
    """Raises HTTPException where shared memory is off."""
    regions = state_of(request.app).regions
    if regions is None:
        raise HTTPException(404, "shared memory is off; XENT_SHARED_MEMORY turns it on")
    return regions


TheRegions = Annotated[Regions, Depends(_regions)]
RegionName = Annotated[str, Path(description="the region", examples=["logits"])]


class RegistrationRoute(APIRoute):
    """A route whose body is JSON, whatever the Content-Type says: Triton's clients send none."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = responding(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[[str, RegionRequest, Regions], Coroutine[Any, Any, Response]] = self.endpoint

        async def handle(http: Request) -> Response:
            body = await read_body(http)
            _, dialect = arrived(http)
            regions = await _regions(http)
            check_names(body)
            request = validated(RegionRequest, decode_body(body, (), dialect))
            return await endpoint(http.path_params["region"], request, regions)

        return handle


router = Router(TRAITS, tags=["inference"])
registrations = Router(TRAITS, route_class=RegistrationRoute, tags=["inference"])


@router.get(
    ALL + "/status",
    operation_id="v2_shared_memory_status",
    summary="The registered regions of shared memory",
    response_description="One entry for each region.",
    responses=inference_errors(404),
)
async def all_status(regions: TheRegions) -> list[RegionStatus]:
    """All regions, by name. They are the same in all processes of the service."""
    return _listed(regions)


@router.get(
    ONE + "/status",
    operation_id="v2_region_status",
    summary="A registered region of shared memory",
    response_description="One entry.",
    responses=inference_errors(404),
)
async def status(region: RegionName, regions: TheRegions) -> list[RegionStatus]:
    """The region. 404 where there is none of this name."""
    found = regions.get(region)
    if found is None:
        raise HTTPException(404, f"there is no region {region[:80]!r}")
    return [RegionStatus.model_validate(found._asdict())]


@registrations.post(
    ONE + "/register",
    operation_id="v2_register_region",
    summary="Register a region of shared memory",
    response_model=RegionStatus,
    response_description="The region, which all processes of the service know.",
    responses=inference_errors(400, 404, 413, 415, 500),
)
async def register(
    region: RegionName,
    request: Annotated[RegionRequest, Body(openapi_examples=REGION_EXAMPLES)],
    regions: TheRegions,
) -> Response:
    """Names bytes of a POSIX shared memory object that tensors of `infer` may be read from and written to.

    Names have up to 64 letters, digits, `_`, `-` and `.`. The object is opened at every use, never kept open: one that
    is gone by then, or smaller than its region, makes the request an error.
    """
    registered = Region(region, request.key, request.offset, request.byte_size)
    regions.register(registered)
    return Response(orjson.dumps(registered._asdict()), media_type="application/json")


@router.post(
    ONE + "/unregister",
    operation_id="v2_unregister_region",
    summary="Forget a region of shared memory",
    response_description="The regions that are left.",
    responses=inference_errors(404),
)
async def unregister(region: RegionName, regions: TheRegions) -> list[RegionStatus]:
    """No error where there was none, as with Triton. The object stays as it is."""
    regions.unregister(region)
    return _listed(regions)


@router.post(
    ALL + "/unregister",
    operation_id="v2_unregister_regions",
    summary="Forget all regions of shared memory",
    response_description="The regions that are left: none, unless one was registered meanwhile.",
    responses=inference_errors(404),
)
async def unregister_all(regions: TheRegions) -> list[RegionStatus]:
    """Those of other clients too."""
    regions.unregister_all()
    return _listed(regions)


def _listed(regions: Regions) -> list[RegionStatus]:
    return [RegionStatus.model_validate(region._asdict()) for region in regions.registered()]


router.routes.extend(registrations.routes)
