"""GET /v1/losses and GET /v1/losses/{loss_type}."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from app.schemas.catalogue import Catalogue, CatalogueEntry
from app.schemas.problem import problem_responses
from xent_core.catalogue import CATALOGUE, Entry
from xent_core.judge import equivalents_of_example

router = APIRouter(tags=["catalogue"])


@router.get(
    "/v1/losses",
    operation_id="list_losses",
    summary="All losses: formulas, when to use them, framework calls",
    response_description="The catalogue.",
    responses=problem_responses(500),
)
async def list_losses() -> Catalogue:
    """What each loss computes, when to use it and when not, its parameters, and the matching call elsewhere."""
    return Catalogue(losses=[_content(entry) for entry in CATALOGUE.values()])


@router.get(
    "/v1/losses/{loss_type}",
    operation_id="get_loss",
    summary="One loss of the catalogue",
    response_description="The entry.",
    responses=problem_responses(404, 500),
)
async def get_loss(loss_type: Annotated[str, Path(description="one of the catalogue's names")]) -> CatalogueEntry:
    """One entry of the catalogue."""
    for entry in CATALOGUE.values():
        if entry.loss_type == loss_type:
            return _content(entry)
    raise HTTPException(404, f"there is no loss type {loss_type[:80]!r}; there are {', '.join(CATALOGUE)}")


def _content(entry: Entry) -> CatalogueEntry:
    return CatalogueEntry.model_validate(asdict(entry) | {"equivalents": equivalents_of_example(entry)})
