"""POST /v1/compare."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request, Response
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

import xent_core
from app.api.array_route import ArrayRoute, respond
from app.api.batch_fields import (
    LOGITS,
    LOSS_TYPE,
    Alpha,
    Axis,
    Clip,
    Epsilon,
    FromLogits,
    Gamma,
    IgnoreIndex,
    LabelsAreLogits,
    LabelSmoothing,
    Q,
    ReductionName,
    Shift,
    Temperature,
    num_samples,
)
from app.api.examples import COMPARE_EXAMPLES
from app.api.fields import Array, Encoding, Number, RequestModel, ResponseModel, Whole
from app.api.loss import Reduced
from app.api.loss_names import LossType, LossTypeOrAuto
from app.api.problem import problem_responses
from app.api.summary import EXACT, ExactSum, plain_content
from app.telemetry.request_record import RequestRecord
from app.wire.json import encode_body, encoded
from xent_core.compare import MAX_MOST
from xent_core.losses.loss import CLIP as DEFAULT_CLIP
from xent_core.results import Comparison

ELEMENTS_PER_SAMPLE = 8
"""Numbers of 8 bytes that are kept of each sample, with the text of one of them, in elements of 32 bytes."""


def _few(names: Any) -> Any:
    """A list that is too long is refused as a whole: pydantic would first look at every name."""
    if isinstance(names, list) and len(names) > 1:
        raise PydanticCustomError("too_long", "too long")
    return names


class CompareRequest(RequestModel):
    """Two models' logits for the same samples, and how their losses are to be computed."""

    arrays_with_missing = frozenset({"labels"})

    logits: Annotated[Array, Field(description=f"The first model's. {LOGITS}")]
    other_logits: Annotated[Array, Field(description="The other model's, in the same shape.")]
    labels: Annotated[
        Array | None,
        Field(description="As for `POST /v1/loss`. Absent: divergences and agreement only, of a softmax."),
    ] = None
    weights: Annotated[Array | None, Field(description="As for `POST /v1/loss`.")] = None
    loss_type: Annotated[LossTypeOrAuto, Field(description=LOSS_TYPE)] = "auto"
    pos_weight: Annotated[Array | None, Field(description="As for `POST /v1/loss`.")] = None
    class_weights: Annotated[Array | None, Field(description="As for `POST /v1/loss`.")] = None
    label_smoothing: LabelSmoothing = 0.0
    ignore_index: IgnoreIndex = None
    axis: Axis = -1
    from_logits: FromLogits = True
    reduction: ReductionName = "mean"
    clip: Clip = DEFAULT_CLIP
    shift: Shift = 0
    temperature: Temperature = 1.0
    gamma: Gamma = None
    alpha: Alpha = None
    q: Q = None
    epsilon: Epsilon = None
    labels_are_logits: LabelsAreLogits = False
    most: Annotated[
        Whole,
        Field(
            description="How many of the samples whose losses differ most are told.",
            json_schema_extra={"minimum": 0, "maximum": MAX_MOST},
        ),
    ] = 10
    include: Annotated[
        Annotated[tuple[Literal["per_sample"], ...], Field(max_length=1)],
        BeforeValidator(_few),
        Field(description="`per_sample`: the differences of all samples' losses, the other's less the first's."),
    ] = ()
    encoding: Encoding = "list"

    @property
    def computed_elements(self) -> int:
        return ELEMENTS_PER_SAMPLE * num_samples(self.logits, self.axis) + MAX_MOST


class Compared(ResponseModel):
    """One of the two models."""

    reduced: Annotated[Reduced | None, Field(description="absent for reduction `none`")] = None
    accuracy: Annotated[
        float | None, Field(description="the share of elements whose prediction is right; absent where nothing counts")
    ] = None


class Difference(ResponseModel):
    """The other's loss less the first's, paired over samples: negative where the other is better."""

    mean: Annotated[Number, Field(description="Σ w·(ℓ_other − ℓ_first) / Σ v")]
    standard_error: Annotated[
        Number | None, Field(description="of the mean; absent for fewer than two samples, and for infinite losses")
    ] = None
    interval: Annotated[
        tuple[Number, Number] | None, Field(description="in which the mean is with 95 % confidence, by Student's t")
    ] = None
    p_value: Annotated[
        float | None,
        Field(description="of a two-sided paired t-test: how likely so large a mean is between equal models"),
    ] = None
    share_better: Annotated[float, Field(description="of the samples, whose loss is lower with the other")]
    perplexity_ratio: Annotated[Number | None, Field(description="softmax losses: exp(mean)")] = None


class DivergenceFigures(ResponseModel):
    """A divergence over the samples that count, each counted once, in nats."""

    mean: Annotated[Number, Field(description="over samples")]
    standard_error: Annotated[Number | None, Field(description="of the mean")] = None
    q50: Annotated[Number | None, Field(description="the median; quantiles do not merge")] = None
    q90: Annotated[Number | None, Field(description="its quantile 0.9")] = None
    q99: Annotated[Number | None, Field(description="its quantile 0.99")] = None
    q999: Annotated[Number | None, Field(description="its quantile 0.999")] = None
    maximum: Annotated[Number, Field(description="of all samples")]


class Divergence(ResponseModel):
    """How far the predicted distributions are apart: p the first's, q the other's."""

    kl: Annotated[DivergenceFigures, Field(description="KL(p‖q) = Σ p log(p / q)")]
    reverse_kl: Annotated[DivergenceFigures, Field(description="KL(q‖p)")]
    jensen_shannon: Annotated[DivergenceFigures, Field(description="½ KL(p‖m) + ½ KL(q‖m), m = (p + q) / 2")]


class Different(ResponseModel):
    """A sample whose losses differ much."""

    position: Annotated[list[int], Field(description="where it stands in the samples' shape")]
    first: Annotated[Number, Field(description="its loss with the first, as in `per_sample` of `POST /v1/loss`")]
    other: Annotated[Number, Field(description="its loss with the other")]


class DivergenceSums(ResponseModel):
    """Σ and Σ of squares, exact, and the largest."""

    sum: ExactSum
    squares: ExactSum
    maximum: Annotated[Number, Field(description="of all samples: of many the largest")]


class ComparisonSums(ResponseModel):
    __doc__ = f"""What merges over requests: add up numbers, and exact sums as follows. {EXACT}"""

    samples: Annotated[int, Field(description="all of them")]
    counted_samples: Annotated[int, Field(description="samples of which something counts")]
    elements: Annotated[int, Field(description="elements that count")]
    first: Annotated[list[Number] | None, Field(description="Σ w·ℓ of the first")] = None
    other: Annotated[list[Number] | None, Field(description="Σ w·ℓ of the other")] = None
    first_hits: Annotated[int | None, Field(description="elements that the first predicts right")] = None
    other_hits: Annotated[int | None, Field(description="elements that the other predicts right")] = None
    weight: Annotated[list[Number] | None, Field(description="Σ v")] = None
    difference: Annotated[list[Number] | None, Field(description="Σ d over samples, d the difference of Σ w·ℓ")] = None
    difference_squared: Annotated[list[Number] | None, Field(description="Σ d²")] = None
    difference_weight: Annotated[list[Number] | None, Field(description="Σ d·b, b a sample's Σ v")] = None
    weight_squared: Annotated[list[Number] | None, Field(description="Σ b²")] = None
    better: Annotated[int | None, Field(description="samples whose loss is lower with the other")] = None
    same_top1: Annotated[int | None, Field(description="samples with one prediction")] = None
    same_top5: Annotated[int | None, Field(description="samples with the same five largest logits, as a set")] = None
    kl: Annotated[DivergenceSums | None, Field(description="of KL(p‖q)")] = None
    reverse_kl: Annotated[DivergenceSums | None, Field(description="of KL(q‖p)")] = None
    jensen_shannon: Annotated[DivergenceSums | None, Field(description="of the Jensen-Shannon divergence")] = None


class CompareResponse(ResponseModel):
    """What differs between two models. What needs labels, a softmax, or samples that count, is absent without."""

    loss_type: Annotated[LossType | None, Field(description="what was computed; absent without labels")] = None
    first: Annotated[Compared | None, Field(description="the model of `logits`")] = None
    other: Annotated[Compared | None, Field(description="the model of `other_logits`")] = None
    difference: Annotated[Difference | None, Field(description="of the losses")] = None
    divergence: Annotated[Divergence | None, Field(description="of the predicted distributions of a softmax")] = None
    same_top1: Annotated[float | None, Field(description="softmax: the share of samples with one prediction")] = None
    same_top5: Annotated[
        float | None, Field(description="softmax: the share of samples with the same five largest logits, as a set")
    ] = None
    most_different: Annotated[
        list[Different] | None, Field(description="the samples whose losses differ most, the largest difference first")
    ] = None
    per_sample: Annotated[Array | None, Field(description="differences of the losses, if asked for")] = None
    sums: Annotated[ComparisonSums, Field(description="what merges over requests")]


router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
Two models on the same samples: is one better, and how far do their predictions differ? For checkpoints, fine-tuned,
quantised and distilled models.

The mean difference of their losses has a far smaller standard error than the two means have: what makes a sample hard
for both cancels. The test is the paired t-test. It takes samples as independent, so tokens of one text make it too
sure.

`divergence`, `same_top1` and `same_top5` need no labels. Divergences of float32 logits have a relative error of about
1e-6, small ones too; those of float64 logits an error of about 1e-14 nats.
"""


@router.post(
    "/v1/compare",
    operation_id="compare",
    summary="Compare two models on the same samples",
    description=DESCRIPTION,
    response_model=CompareResponse,
    response_description="The comparison.",
    responses=problem_responses(400, 413, 415, 422, 500),
    tags=["losses"],
)
async def compare(
    http: Request, request: Annotated[CompareRequest, Body(openapi_examples=COMPARE_EXAMPLES)]
) -> Response:
    return await respond(http, partial(_response, request))


def _response(request: CompareRequest, record: RequestRecord) -> Iterator[bytes]:
    arguments = dict(vars(request))
    base64 = arguments.pop("encoding") == "base64"
    result = xent_core.compare(**arguments)
    record.computed(result.loss_type or "", result.sums.samples, result.sums.elements, [])
    return encode_body(_content(result), base64=base64)


def _content(result: Comparison) -> dict[str, Any]:
    """The comparison in the form of `CompareResponse`: all but `per_sample` is written as lists."""
    content: dict[str, Any] = {}
    for name, value in plain_content(result).items():
        content[name] = encoded(value) if isinstance(value, dict) else value
    return content
