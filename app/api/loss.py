"""POST /v1/loss."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.api.array_route import ArrayRoute, respond
from app.api.batch_fields import LOGITS, AdviceLevelName, BatchRequest, included_elements, num_samples
from app.api.examples import LOSS_EXAMPLES
from app.api.fields import Array, Encoding, Number, ResponseModel
from app.api.loss_names import LossType
from app.api.problem import problem_responses
from app.api.recommend import Equivalents, LossWarning, Recommendation
from app.api.recommendation_content import advice_content, equivalents_content, losses_content, record_evaluation
from app.api.summary import Calibration, Summary, calibration_content, summary_content
from app.state import request_state
from app.telemetry.request_record import RequestRecord
from app.wire.json import encode_body
from xent_core.evaluate import evaluate
from xent_core.results import ARRAYS, OUTPUTS, AdviceLevel, Evaluation, Output, Reduction


def _few(names: Any) -> Any:
    """A list that is too long is refused as a whole: pydantic would first look at every name."""
    if isinstance(names, list) and len(names) > len(OUTPUTS):
        raise PydanticCustomError("too_long", "too long")
    return names


class LossRequest(BatchRequest):
    """One batch of logits and labels, and how its losses are to be computed."""

    logits: Annotated[Array, Field(description=LOGITS)]
    include: Annotated[
        Annotated[tuple[Output, ...], Field(max_length=len(OUTPUTS))],
        BeforeValidator(_few),
        Field(
            description=(
                "Heavier outputs, on demand. `elements`: weighted losses, unreduced. `gradient`: of the reduced "
                "loss with respect to `logits` as given; of the sum where the reduction is `none`. "
                "`probabilities`: softmax or sigmoid of the logits. For each sample of a softmax loss: `predictions`, "
                "the class of the largest logit, the first of equals; `label_rank`, how many classes come before the "
                "label's (of a distribution that is its largest), 0 where it is the prediction, −1 where the sample "
                "does not count; `margin`, the label's probability less the largest other one; `entropy` of the "
                "predicted distribution, in nats; `logsumexp`. Sigmoid losses have `predictions` (1 for a logit above "
                "0, else 0) and `entropy`, for each logit. `summary`: figures of the whole, with sums that merge "
                "over requests. `calibration`: how well the predicted probabilities are calibrated."
            ),
        ),
    ] = ()
    encoding: Encoding = "list"
    advice: AdviceLevelName = "full"

    @property
    def computed_elements(self) -> int:
        samples = num_samples(self.logits, self.axis)
        return samples + sum(included_elements(name, self.logits, self.labels, samples) for name in self.include)


class Reduced(ResponseModel):
    """The reduced loss. Of several batches, add up numerators and (but for `sum`) denominators and divide once."""

    reduction: Annotated[Reduction, Field(description="as asked for")]
    value: Annotated[Number, Field(description="numerator / denominator, accumulated in float64; 0 where that is 0")]
    numerator: Annotated[Number, Field(description="Σ w·ℓ")]
    denominator: Annotated[Number, Field(description="what it is divided by, see the request's `reduction`")]


class LossResponse(ResponseModel):
    """The losses of one batch, the loss it should have been, and what looks wrong in it. Losses are in nats."""

    loss_type: Annotated[LossType, Field(description="what was computed")]
    per_sample: Annotated[
        Array,
        Field(
            description=(
                "Weighted losses in the samples' shape (the logits' shape without the class axis; for sigmoid "
                "losses of rank-1 logits, that shape). For sigmoid losses the mean over the class axis."
            )
        ),
    ]
    reduced: Annotated[Reduced | None, Field(description="null for reduction `none`")]
    equivalents: Annotated[
        Equivalents | None,
        Field(description="the call that gives this very value in each framework; only with `advice` `full`"),
    ] = None
    recommendation: Annotated[
        Recommendation | None, Field(description="the loss that the labels call for; absent with `advice` `none`")
    ] = None
    warnings: Annotated[
        list[LossWarning] | None,
        Field(description="likely mistakes; empty where none was found, absent with `advice` `none`"),
    ] = None
    checked: Annotated[
        list[str] | None,
        Field(description="codes of the checks that ran: without a warning of another check, nothing is known"),
    ] = None
    elements: Annotated[Array | None, Field(description="weighted losses before any averaging, if asked for")] = None
    gradient: Annotated[Array | None, Field(description="in the logits' shape, if asked for")] = None
    probabilities: Annotated[Array | None, Field(description="in the logits' shape, if asked for")] = None
    predictions: Annotated[Array | None, Field(description="predicted classes, if asked for")] = None
    label_rank: Annotated[Array | None, Field(description="ranks of the labels, if asked for")] = None
    margin: Annotated[Array | None, Field(description="margins of the labels, if asked for")] = None
    entropy: Annotated[Array | None, Field(description="of the predictions, in nats, if asked for")] = None
    logsumexp: Annotated[Array | None, Field(description="log Σ exp(x_c), if asked for")] = None
    summary: Annotated[Summary | None, Field(description="figures of the whole, if asked for")] = None
    calibration: Annotated[Calibration | None, Field(description="of the whole, if asked for")] = None


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
    return await respond(http, partial(_response, request, request_state(http.scope).learn))


def _response(
    request: LossRequest, learn: Callable[[Evaluation, dict[str, Any]], None] | None, record: RequestRecord
) -> Iterator[bytes]:
    arguments = dict(vars(request))
    base64 = arguments.pop("encoding") == "base64"
    result = evaluate(**arguments)
    record_evaluation(record, result, request.logits)
    content = _content(result, request.advice)
    if learn is not None:
        learn(result, content)
    return encode_body(content, base64=base64)


def _content(result: Evaluation, advice: AdviceLevel) -> dict[str, Any]:
    """The evaluation in the form of `LossResponse`."""
    content = losses_content(result.loss_type, result.per_sample, result.reduced)
    if result.equivalents is not None:
        content["equivalents"] = equivalents_content(result.equivalents)
    if result.recommendation is not None:
        content |= advice_content(result.recommendation, result, brief=advice == "brief")
    arrays = {name: getattr(result, name) for name in ARRAYS}
    content |= {name: value for name, value in arrays.items() if value is not None}
    if result.summary is not None:
        content["summary"] = summary_content(result.summary)
    if result.calibration is not None:
        content["calibration"] = calibration_content(result.calibration)
    return content
