"""POST /v2/repository."""

from typing import Annotated, Literal, NoReturn

from fastapi import HTTPException
from pydantic import Field

from app.api.fields import ResponseModel
from app.api.oip.inference_error import InferenceError, inference_errors
from app.api.oip.known_models import MODELS, TRAITS, VERSION, ModelName
from app.middleware.route_traits import Router


class RepositoryModel(ResponseModel):
    """A model of the repository."""

    name: Annotated[str, Field(description="the model")]
    version: Annotated[str, Field(description="its version", examples=["1"])]
    state: Annotated[Literal["READY"], Field(description="all models are ready")]
    reason: Annotated[str, Field(description="empty: nothing keeps it from being ready", examples=[""])]


router = Router(TRAITS, tags=["inference"])


@router.post(
    "/v2/repository/index",
    operation_id="v2_repository_index",
    summary="The models and their states",
    response_description="One entry for each model.",
)
async def repository_index() -> list[RepositoryModel]:
    """All models, whatever the body says: Triton's `ready` would leave out those that are not, and all are."""
    return [RepositoryModel(name=model, version=VERSION, state="READY", reason="") for model in MODELS]


@router.post(
    "/v2/repository/models/{model}/load",
    operation_id="v2_load",
    summary="Load a model: refused",
    status_code=501,
    response_model=InferenceError,
    response_description="The models are fixed.",
    responses=inference_errors(404),
)
async def load(model: ModelName) -> NoReturn:
    """Always an error: the models are fixed, and all are ready. 501 is what Triton's status UNSUPPORTED maps to."""
    raise HTTPException(501, f"{model} can't be loaded: the models are fixed, and all of them are ready")


@router.post(
    "/v2/repository/models/{model}/unload",
    operation_id="v2_unload",
    summary="Unload a model: refused",
    status_code=501,
    response_model=InferenceError,
    response_description="The models are fixed.",
    responses=inference_errors(404),
)
async def unload(model: ModelName) -> NoReturn:
    """Always an error: the models are fixed, and all are ready. 501 is what Triton's status UNSUPPORTED maps to."""
    raise HTTPException(501, f"{model} can't be unloaded: the models are fixed, and all of them stay ready")
