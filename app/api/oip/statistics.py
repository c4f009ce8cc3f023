"""GET /v2/models/stats and /v2/models/{model}/stats."""

from typing import Annotated

from fastapi import Request
from pydantic import Field

from app.api.fields import ResponseModel
from app.api.oip.inference_error import inference_errors
from app.api.oip.known_models import A_MODEL, A_VERSION, MODELS, OF_A_VERSION, TRAITS, VERSION, ModelName
from app.middleware.route_traits import Router
from app.state import state_of
from app.telemetry.model_statistics import model_statistics as statistics_of
from app.telemetry.snapshots import Snapshot

Count = Annotated[int, Field(ge=0)]


class Duration(ResponseModel):
    """How often, and how long in all."""

    count: Annotated[Count, Field(description="how often")]
    ns: Annotated[Count, Field(description="nanoseconds in all")]


class InferenceStatistics(ResponseModel):
    """Requests and their stages. The time in which a body arrives or leaves is the network's, and not counted."""

    success: Annotated[Duration, Field(description="requests with status 200, as a whole")]
    fail: Annotated[Duration, Field(description="requests with an error after the model was found")]
    queue: Annotated[Duration, Field(description="waiting for a thread; small requests need none")]
    compute_input: Annotated[Duration, Field(description="reading the frame and checking the request")]
    compute_infer: Annotated[Duration, Field(description="computing the losses")]
    compute_output: Annotated[Duration, Field(description="writing the frame, and compressing it")]


class BatchStatistics(ResponseModel):
    """The same by batch size. Requests are never joined to batches here, so there is only the size 1."""

    batch_size: Annotated[int, Field(description="always 1")]
    compute_input: Annotated[Duration, Field(description="as in `inference_stats`")]
    compute_infer: Annotated[Duration, Field(description="as in `inference_stats`")]
    compute_output: Annotated[Duration, Field(description="as in `inference_stats`")]


class ModelStatistics(ResponseModel):
    """What a model did since this process started."""

    name: Annotated[str, Field(description="the model")]
    version: Annotated[str, Field(description="its version", examples=["1"])]
    last_inference: Annotated[
        Count, Field(description="when the last response was sent, in milliseconds since 1970; 0 for never")
    ]
    inference_count: Annotated[Count, Field(description="requests computed")]
    execution_count: Annotated[Count, Field(description="the same: requests are never joined to batches here")]
    inference_stats: Annotated[InferenceStatistics, Field(description="counts and times")]
    batch_stats: Annotated[list[BatchStatistics], Field(description="the same by batch size; empty before the first")]


class AllStatistics(ResponseModel):
    """The statistics of one model or of all."""

    model_stats: Annotated[list[ModelStatistics], Field(description="one entry for each model")]


router = Router(TRAITS, tags=["inference"])


@router.get(
    "/v2/models/stats",
    operation_id="v2_statistics",
    summary="Counts and times of all models",
    response_description="One entry for each model.",
)
async def all_statistics(request: Request) -> AllStatistics:
    """What the models did since the service started, in all of its processes."""
    total = state_of(request.app).metrics.total()
    return AllStatistics(model_stats=[_statistics(model, total) for model in MODELS])


@router.get(
    A_VERSION + "/stats",
    operation_id="v2_version_statistics",
    summary="Counts and times of a version of a model",
    response_description="One entry.",
    responses=inference_errors(404),
    dependencies=OF_A_VERSION,
)
@router.get(
    A_MODEL + "/stats",
    operation_id="v2_model_statistics",
    summary="Counts and times of a model",
    response_description="One entry.",
    responses=inference_errors(404),
)
async def model_statistics(model: ModelName, request: Request) -> AllStatistics:
    """What the model did since the service started, in all of its processes."""
    return AllStatistics(model_stats=[_statistics(model, state_of(request.app).metrics.total())])


def _statistics(model: str, total: Snapshot) -> ModelStatistics:
    return ModelStatistics.model_validate({"name": model, "version": VERSION} | statistics_of(total, model))
