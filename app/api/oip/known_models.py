"""The models of the Open Inference Protocol: the loss types, and `auto`."""

from typing import Annotated

from fastapi import Depends, HTTPException, Path

from app.middleware.route_traits import ErrorForm, RouteTraits
from xent_core.framework_names import loss_hint
from xent_core.losses import LOSSES

TRAITS = RouteTraits(error_form=ErrorForm.OIP)

MODELS = ("auto", *LOSSES)
VERSION = "1"
A_MODEL = "/v2/models/{model}"
A_VERSION = A_MODEL + "/versions/{version}"


async def known_model(model: Annotated[str, Path(description="a loss type, or `auto`", examples=["auto"])]) -> str:
    """The model. Raises HTTPException where there is none of this name."""
    if model not in MODELS:
        raise HTTPException(404, f"there is no model {model[:80]!r}; there are {', '.join(MODELS)}{loss_hint(model)}")
    return model


async def known_version(version: Annotated[str, Path(description="always 1", examples=[VERSION])]) -> None:
    """Raises HTTPException where there is no such version."""
    if version != VERSION:
        raise HTTPException(404, f"there is no version {version[:80]!r} of this model; there is {VERSION}")


ModelName = Annotated[str, Depends(known_model)]
OF_A_VERSION = [Depends(known_version)]
