"""GET /v2/models."""

from typing import Annotated

from pydantic import Field

from app.api.fields import ResponseModel
from app.api.oip.known_models import MODELS, TRAITS
from app.middleware.route_traits import Router


class Models(ResponseModel):
    """All models."""

    models: Annotated[list[str], Field(description="their names: the loss types, and `auto`")]


router = Router(TRAITS, tags=["inference"])


@router.get("/v2/models", operation_id="v2_models", summary="The models' names", response_description="Their names.")
async def models() -> Models:
    """The loss types, and `auto`, which goes by the labels' form batch by batch."""
    return Models(models=list(MODELS))
