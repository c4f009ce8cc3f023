"""POST /v1/loss."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from app import offload
from app.examples import LOSS_EXAMPLES
from app.observation import Observation, observation_of
from app.routes.decoding import ArrayRoute
from app.routes.encoding import PiecesResponse
from app.routes.judgement import judgement_content, observe
from app.schemas.loss import LossRequest, LossResponse
from app.schemas.problem import problem_responses
from app.wire.json import encode_body
from xent_core.evaluate import Evaluation, evaluate

router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
Per-sample and reduced losses of one batch, the loss type its labels call for, and warnings about likely mistakes.

Losses are in nats, and equal those of TensorFlow, Keras and PyTorch to the last digits that the dtype has. Nested
lists are computed in float64, and so is what the dtype of a tensor object doesn't say otherwise: float16, bfloat16 and
float32 are computed in float32.

A *sample* is one entry of the batch dimensions (the logits' shape without the class axis); with logits of rank 1 each
logit is a sample for sigmoid losses, and for softmax losses they are one sample. An *element* is one loss before any
averaging: one per row for softmax losses, one per logit for sigmoid losses.

0 · ∞ is 0: a weight of 0, or a label of 0 at a masked class, costs nothing. A row masked whole is an error unless its
label is ignored or its weight is 0; its probabilities and its gradient are then 0.

`warnings` name what looks wrong; nothing is ever changed because of them, and silence proves nothing: `checked` lists
the checks that ran.
"""


@router.post(
    "/v1/loss",
    operation_id="loss",
    summary="Compute the losses of a batch",
    description=DESCRIPTION,
    response_model=LossResponse,
    response_description="The losses.",
    responses=problem_responses(400, 413, 415, 422, 500),
    tags=["losses"],
)
async def loss(http: Request, request: Annotated[LossRequest, Body(openapi_examples=LOSS_EXAMPLES)]) -> Response:
    observation = observation_of(http)
    work = partial(_answer, request, observation)
    return PiecesResponse(await offload.run(work, request.logits.nbytes, observation.until))


def _answer(request: LossRequest, observation: Observation) -> list[bytes]:
    observation.lap("queue")
    arguments = dict(vars(request))
    base64 = arguments.pop("encoding") == "base64"
    result = evaluate(**arguments)
    observe(observation, result, request.logits)
    pieces = encode_body(_content(result), base64=base64)
    observation.lap("encode")
    return pieces


def _content(result: Evaluation) -> dict[str, Any]:
    """The evaluation in the form of `LossResponse`."""
    reduced = result.reduced
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
    } | judgement_content(result)
    asked_for = {
        "elements": result.elements,
        "gradient": result.gradient,
        "probabilities": result.probabilities,
    }
    return content | {name: value for name, value in asked_for.items() if value is not None}
