"""`GET /v1/losses`."""

from typing import Annotated, Any

from pydantic import Field

from app.schemas.base import Answer
from xent_core.catalogue import CatalogueName


class Parameter(Answer):
    name: str
    meaning: str


class Source(Answer):
    title: str
    where: str


class CatalogueEntry(Answer):
    """What a loss computes, when to use it and when not, what it takes, and how it is called elsewhere."""

    loss_type: CatalogueName
    title: str
    endpoint: Annotated[str, Field(description="where it is computed")]
    formula: Annotated[str, Field(description="the loss of one element, in plain text")]
    latex: Annotated[str, Field(description="the same in LaTeX")]
    numpy: Annotated[
        str,
        Field(
            description=(
                "the same as a NumPy expression: x a row of logits (sigmoid losses: one), y its labels, k a class "
                "index, q the pos_weight, C the number of classes, T the number of true classes, which come first"
            )
        ),
    ]
    gradient: Annotated[str, Field(description="with respect to the logits, in plain text")]
    gradient_latex: str
    gradient_numpy: str
    use_when: str
    avoid_when: list[str]
    label_form: str
    called_for_by: Annotated[list[str], Field(description="the label kinds for which `auto` computes it")]
    example: Annotated[dict[str, Any], Field(description="a request that runs")]
    parameters: list[Parameter]
    stability: Annotated[str, Field(description="why no finite logits break it")]
    same_as: Annotated[list[str], Field(description="the frameworks' names for it")]
    sources: list[Source]


class Catalogue(Answer):
    losses: list[CatalogueEntry]
