"""GET /v1/losses and GET /v1/losses/{loss_type}."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response
from pydantic import Field

from app.api.fields import ResponseModel
from app.api.loss_names import CatalogueName
from app.api.problem import problem_responses
from app.api.recommend import Equivalents
from app.api.static_response import StaticContent
from xent_core.advice.recommend import equivalents_of_example
from xent_core.framework_names import loss_hint
from xent_core.losses import CATALOGUE
from xent_core.losses.loss import Entry


class Parameter(ResponseModel):
    """What a loss takes beside logits and labels."""

    name: Annotated[str, Field(description="the request's field")]
    meaning: Annotated[str, Field(description="what it does, and what it may be")]


class Source(ResponseModel):
    """Where a loss is described."""

    title: Annotated[str, Field(description="of the paper, book or documentation")]
    where: Annotated[str, Field(description="its address")]


class CatalogueEntry(ResponseModel):
    """What a loss computes, when to use it and when not, what it takes, and how it is called elsewhere."""

    loss_type: Annotated[CatalogueName, Field(description="its name here")]
    title: Annotated[str, Field(description="its name for people")]
    endpoint: Annotated[str, Field(description="where it is computed")]
    formula: Annotated[str, Field(description="the loss of one element, in plain text")]
    latex: Annotated[str, Field(description="the same in LaTeX")]
    numpy: Annotated[
        str,
        Field(
            description=(
                "the same as a NumPy expression: x a row of logits (sigmoid losses: one), y its labels, k a class "
                "index, q the pos_weight or the parameter q, C the number of classes, T the number of true classes, "
                "which come first; gamma and epsilon are the parameters"
            )
        ),
    ]
    gradient: Annotated[str, Field(description="with respect to the logits, in plain text")]
    gradient_latex: Annotated[str, Field(description="the same in LaTeX")]
    gradient_numpy: Annotated[str, Field(description="the same as a NumPy expression")]
    use_when: Annotated[str, Field(description="when it is the right loss")]
    avoid_when: Annotated[list[str], Field(description="when it is not, and what is right then")]
    label_form: Annotated[str, Field(description="what its labels look like")]
    called_for_by: Annotated[list[str], Field(description="the label kinds for which `auto` computes it")]
    example: Annotated[dict[str, Any], Field(description="a request that runs")]
    parameters: Annotated[list[Parameter], Field(description="what it takes")]
    stability: Annotated[str, Field(description="why no finite logits break it")]
    equivalents: Annotated[Equivalents, Field(description="the example's loss in each framework")]
    same_as: Annotated[list[str], Field(description="the frameworks' names for it")]
    sources: Annotated[list[Source], Field(description="where it is described")]


class Catalogue(ResponseModel):
    """All losses."""

    losses: Annotated[list[CatalogueEntry], Field(description="one entry for each")]


router = APIRouter(tags=["catalogue"])


@router.get(
    "/v1/losses",
    operation_id="list_losses",
    summary="All losses: formulas, when to use them, framework calls",
    response_model=Catalogue,
    response_description="The catalogue.",
    responses=problem_responses(500)
    | {304: {"description": "The catalogue is the one whose ETag `If-None-Match` names."}},
)
async def list_losses(http: Request) -> Response:
    """What each loss computes, when to use it and when not, its parameters, and the matching call elsewhere."""
    return await CONTENT.response(http)


def _catalogue() -> bytes:
    return Catalogue(losses=[_content(entry) for entry in CATALOGUE.values()]).model_dump_json().encode()


CONTENT = StaticContent(_catalogue, "application/json")


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
    raise HTTPException(
        404, f"there is no loss type {loss_type[:80]!r}; there are {', '.join(CATALOGUE)}{loss_hint(loss_type)}"
    )


def _content(entry: Entry) -> CatalogueEntry:
    return CatalogueEntry.model_validate(asdict(entry) | {"equivalents": equivalents_of_example(entry)})
