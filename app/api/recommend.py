"""POST /v1/recommend."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

import xent_core
from app.api.array_route import ArrayRoute, respond
from app.api.batch_fields import BatchRequest
from app.api.examples import RECOMMEND_EXAMPLES
from app.api.fields import ResponseModel, Whole, codes, list_of_codes
from app.api.loss_names import LossType
from app.api.problem import problem_responses
from app.api.recommendation_content import advice_content
from app.telemetry.request_record import RequestRecord
from app.wire.json import encode_body
from xent_core.advice.checks import WARNINGS
from xent_core.losses import LOSS_TYPES
from xent_core.results import LabelKind, Severity


class Reason(ResponseModel):
    """Why a loss is recommended."""

    code: Annotated[str, Field(description="stable, for programs", examples=["labels_are_one_hot"])]
    message: Annotated[str, Field(description="for people")]


class Alternative(ResponseModel):
    """What else the labels could call for."""

    loss_type: Annotated[str, Field(description="the other loss", examples=[LOSS_TYPES[0]])]
    when: Annotated[str, Field(description="what would have to be true for it to be the better choice")]


class Suggested(ResponseModel):
    """Parameters that would balance the labels; one of the two is there."""

    pos_weight: Annotated[float | None, Field(description="negatives / positives")] = None
    class_weights: Annotated[
        list[float] | None, Field(description="N / (K · count_c) over the K classes present; 1 for those absent")
    ] = None


class Equivalents(ResponseModel):
    """Code to paste. Its last line is the loss, or assigns it to `loss`.

    `logits`, `labels`, and where the request gives arrays for them `weights`, `pos_weight` and `class_weights` are the
    framework's tensors, in the request's shapes and the logits' dtype. Suggested class weights are written out; more
    than 20 of them are `class_weights`, too.
    """

    tensorflow1: Annotated[str, Field(description="after `import tensorflow as tf`")]
    tensorflow2: Annotated[str, Field(description="after `import tensorflow as tf`")]
    keras: Annotated[str, Field(description="after `import keras`")]
    pytorch: Annotated[str, Field(description="after `import torch` and `import torch.nn.functional as F`")]
    optax: Annotated[str, Field(description="after `import jax`, `import jax.numpy as jnp` and `import optax`")]


class Recommendation(ResponseModel):
    """The loss that the labels call for, whatever was computed."""

    loss_type: Annotated[LossType, Field(description="what is recommended")]
    label_kind: Annotated[LabelKind, Field(description="what the labels look like")]
    reasons: Annotated[list[Reason] | None, Field(description="why; absent with `advice` `brief`")] = None
    alternatives: Annotated[
        list[Alternative] | None,
        Field(description="what else the labels could mean, and when; absent with `advice` `brief`"),
    ] = None
    equivalents: Annotated[
        Equivalents | None,
        Field(
            description=(
                "the recommended call in each framework, with this request's parameters and what is suggested filled "
                "in; null where it is the call of the response's own `equivalents`, absent with `advice` `brief`"
            )
        ),
    ] = None
    suggested: Annotated[Suggested | None, Field(description="parameters against imbalance, where there is one")]


class LossWarning(ResponseModel):
    """A likely mistake. Nothing was changed because of it."""

    code: Annotated[
        str,
        Field(
            description="What was found, for programs; `/learn/{code}` explains it. New codes may be added.\n\n"
            + list_of_codes(WARNINGS),
            examples=["logits_look_like_probabilities"],
            json_schema_extra=codes(WARNINGS),
        ),
    ]
    severity: Annotated[
        Severity,
        Field(
            description=(
                "How sure it is. `certain`: it follows from the numbers. `likely`: nearly always a mistake. `hint`: "
                "often right as it is."
            )
        ),
    ]
    message: Annotated[str, Field(description="what was found, for people")]
    evidence: Annotated[dict[str, Any], Field(description="the figures that show it")]
    fix: Annotated[str, Field(description="what to change in the request")]
    change: Annotated[
        dict[str, Any] | None,
        Field(
            description="the fix as fields of the request to set; null where arrays have to change",
            examples=[{"from_logits": False}],
        ),
    ]


class RecommendRequest(BatchRequest):
    """Labels with logits, or with only the logits' shape."""

    logits_shape: Annotated[
        tuple[Whole, ...] | None,
        Field(description="In place of `logits`: their shape.", min_length=1, max_length=32, examples=[[1024, 1000]]),
    ] = None

    advice: Annotated[
        Literal["full", "brief"], Field(description="`brief` leaves out reasons, alternatives and equivalents.")
    ] = "full"

    @property
    def logits_lengths(self) -> tuple[int, ...]:
        return super().logits_lengths or self.logits_shape or ()


class RecommendResponse(ResponseModel):
    """The loss that labels call for, and what looks wrong in the batch."""

    recommendation: Annotated[Recommendation, Field(description="the loss that the labels call for")]
    warnings: Annotated[list[LossWarning], Field(description="likely mistakes; empty where none was found")]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]


router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
The loss type that labels call for and the warnings, as in the response of `POST /v1/loss`, without computing a loss.

Send `labels` with `logits`, or with only `logits_shape`: then the checks that look at logits don't run, and `checked`
leaves them out. The other fields are those of `POST /v1/loss`, and are checked as there.
"""


@router.post(
    "/v1/recommend",
    operation_id="recommend",
    summary="Recommend a loss type for labels",
    description=DESCRIPTION,
    response_model=RecommendResponse,
    response_description="The recommendation.",
    responses=problem_responses(400, 413, 415, 422, 500),
    tags=["losses"],
)
async def recommend(
    http: Request, request: Annotated[RecommendRequest, Body(openapi_examples=RECOMMEND_EXAMPLES)]
) -> Response:
    return await respond(http, partial(_response, request))


def _response(request: RecommendRequest, record: RequestRecord) -> Iterator[bytes]:
    advice = xent_core.recommend(**vars(request))
    record.computed("", 0, 0, [warning.code for warning in advice.warnings])
    return encode_body(advice_content(advice.recommendation, advice, brief=request.advice == "brief"))
