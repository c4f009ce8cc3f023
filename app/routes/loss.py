"""POST /v1/loss."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from app import offload
from app.examples import LOSS_EXAMPLES
from app.routes.decoding import ArrayRoute
from app.schemas.loss import LossRequest, LossResponse
from app.schemas.problem import Problem
from app.wire.json import encode_body
from xent_core.evaluate import Evaluation, evaluate

router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
Per-sample and reduced losses of one batch, the loss type its labels call for, and warnings about likely mistakes.

Losses are in nats, and equal those of TensorFlow, Keras and PyTorch to the last digits that the dtype has. Nested
lists are computed in float64.

A *sample* is one entry of the batch dimensions (the logits' shape without the class axis); with logits of rank 1 each
logit is a sample for sigmoid losses, and for softmax losses they are one sample. An *element* is one loss before any
averaging: one per row for softmax losses, one per logit for sigmoid losses.

0 · ∞ is 0: a weight of 0, or a label of 0 at a masked class, costs nothing. A row masked whole is an error unless its
label is ignored or its weight is 0; its probabilities and its gradient are then 0.

`warnings` name what looks wrong; nothing is ever changed because of them, and silence proves nothing: `checked` lists
the checks that ran.
"""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    413: {"model": Problem, "description": "The body has more bytes than are accepted."},
    415: {"model": Problem, "description": "The body is not application/json."},
    422: {
        "model": Problem,
        "description": (
            "The request can't be computed: ragged or empty arrays, shapes that don't fit, NaN anywhere, +Infinity in "
            "logits, infinite labels or weights, a label out of range or not whole, a row masked whole, a parameter "
            "that the loss type doesn't take, an unknown field."
        ),
    },
    500: {"model": Problem, "description": "The service failed; its log says why."},
}


@router.post(
    "/v1/loss",
    operation_id="loss",
    summary="Compute the losses of a batch",
    description=DESCRIPTION,
    response_model=LossResponse,
    response_description="The losses.",
    responses=PROBLEMS,
    tags=["losses"],
)
async def loss(request: Annotated[LossRequest, Body(openapi_examples=LOSS_EXAMPLES)]) -> Response:
    body = await offload.run(partial(_answer, request), request.logits.nbytes)
    return Response(body, media_type="application/json")


def _answer(request: LossRequest) -> bytes:
    return encode_body(_content(evaluate(**dict(request))))


def _content(result: Evaluation) -> dict[str, Any]:
    """The evaluation in the form of `LossResponse`."""
    recommendation, reduced = result.recommendation, result.reduced
    suggested = recommendation.suggested
    content = {
        "loss_type": result.loss_type,
        "per_sample": result.per_sample,
        "reduced": None
        if reduced is None
        else {
            "reduction": reduced.reduction,
            "value": reduced.value,
            "numerator": reduced.numerator,
            "denominator": reduced.denominator,
        },
        "recommendation": {
            "loss_type": recommendation.loss_type,
            "label_kind": recommendation.label_kind,
            "reasons": [reason._asdict() for reason in recommendation.reasons],
            "alternatives": [alternative._asdict() for alternative in recommendation.alternatives],
            "suggested": None
            if suggested is None
            else {"pos_weight": suggested.pos_weight, "class_weights": suggested.class_weights},
        },
        "warnings": [
            {"code": each.code, "message": each.message, "evidence": each.evidence, "fix": each.fix}
            for each in result.warnings
        ],
        "checked": result.checked,
    }
    asked_for = {
        "elements": result.elements,
        "gradient": result.gradient,
        "probabilities": result.probabilities,
    }
    return content | {name: value for name, value in asked_for.items() if value is not None}
