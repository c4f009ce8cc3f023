"""POST /v1/sampled-softmax."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body, Request, Response
from numpy.typing import NDArray
from pydantic import Field, StrictBool, StrictInt

from app.api.array_route import ArrayRoute, respond
from app.api.examples import SAMPLED_EXAMPLES
from app.api.fields import Array, Encoding, RequestModel, ResponseModel
from app.api.loss import Reduced
from app.api.problem import problem_responses
from app.api.recommend import LossWarning
from app.api.recommendation_content import warnings_content
from app.telemetry.request_record import RequestRecord
from app.wire.json import encode_body
from xent_core.losses import samplers
from xent_core.losses.sampled_softmax import SAMPLED_SOFTMAX, SampledEvaluation, evaluate_sampled_softmax
from xent_core.losses.samplers import SEEDS, Sampler
from xent_core.results import Reduction


class SampledValues(RequestModel):
    """What a sampler gives: `tf.random.log_uniform_candidate_sampler` and its kin give the same three."""

    candidates: Annotated[Array, Field(description="The classes drawn, [S].")]
    true_expected_count: Annotated[
        Array, Field(description="How often each label is expected among them, in the shape of `labels`. Above 0.")
    ]
    sampled_expected_count: Annotated[
        Array, Field(description="How often each candidate is expected among them, [S]. Above 0.")
    ]


class SampledSoftmaxRequest(RequestModel):
    """One batch before the last layer, that layer, and the classes to compare with.

    Either `num_sampled` is given, or `sampled_values`.
    """

    weights: Annotated[
        Array,
        Field(
            description=(
                "The last layer's weights, one row for each class: [C, d]. Only the rows that labels and candidates "
                "name are looked at. Nested lists are computed in float64."
            )
        ),
    ]
    biases: Annotated[Array, Field(description="The last layer's biases, [C].")]
    inputs: Annotated[Array, Field(description="What goes into the last layer, [B, d].")]
    labels: Annotated[
        Array, Field(description="The class or classes true of each input: ids from 0 to C − 1, [B] or [B, T].")
    ]
    num_sampled: Annotated[
        StrictInt | None,
        Field(description="How many distinct classes to draw, at most C.", json_schema_extra={"minimum": 1}),
    ] = None
    sampler: Annotated[
        Sampler | None,
        Field(
            description=(
                "How they are drawn. `log_uniform`, which absent means, for ids in order of falling frequency: "
                "P(k) = log((k + 2) / (k + 1)) / log(C + 1). `uniform`: P(k) = 1 / C."
            )
        ),
    ] = None
    seed: Annotated[
        StrictInt | None,
        Field(
            description=(
                "The same seed gives the same candidates on every machine. Absent: a fresh one, which the response has."
            ),
            json_schema_extra={"minimum": 0, "maximum": SEEDS - 1},
        ),
    ] = None
    sampled_values: Annotated[
        SampledValues | None,
        Field(
            description=(
                "In place of drawing, with `num_sampled`, `sampler` and `seed` absent: the client's own sample, or "
                "that of an earlier response."
            )
        ),
    ] = None
    remove_accidental_hits: Annotated[
        StrictBool, Field(description="Leave out of a row the candidates that are labels of it.")
    ] = True
    subtract_log_q: Annotated[
        StrictBool,
        Field(
            description=(
                "Subtract the logarithm of its expected count, q, from each logit. Without it the classes that come "
                "up often are held down too much: the layer learns probabilities in proportion to p / q, not p."
            )
        ),
    ] = True
    reduction: Annotated[
        Reduction,
        Field(
            description=(
                "How losses become one value. With w a row's weight: `sum`: Σ w·ℓ. `mean`: Σ w·ℓ / B. "
                "`weighted_mean`: Σ w·ℓ / Σ w. `mean_by_nonzero_weights`: Σ w·ℓ / number of rows with w ≠ 0. "
                "`none`: `reduced` is null. A denominator of 0 gives 0."
            )
        ),
    ] = "mean"
    sample_weights: Annotated[
        Array | None, Field(description="Multiplies losses: a scalar, or [B]. Finite. Absent: 1.")
    ] = None
    encoding: Encoding = "list"

    @property
    def num_candidates(self) -> int:
        """As far as there can be so many."""
        if self.sampled_values is not None:
            return self.sampled_values.candidates.size
        return min(max(self.num_sampled or 0, 0), self.biases.size)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        within = {} if self.sampled_values is None else self.sampled_values.arrays
        return super().arrays | {f"sampled_values.{name}": array for name, array in within.items()}

    @property
    def computed_elements(self) -> int:
        """The logits of all rows, and the weights of the candidates and of one row's labels."""
        rows = len(np.atleast_1d(self.inputs))
        labels = self.labels.size // rows
        return (self.inputs.size // rows + rows) * (self.num_candidates + labels)


class SampledSoftmaxResponse(ResponseModel):
    """The losses of one batch against a sample of the classes. Losses are in nats."""

    per_sample: Annotated[Array, Field(description="Weighted losses, [B].")]
    reduced: Annotated[Reduced | None, Field(description="null for reduction `none`")]
    sampled_values: Annotated[
        SampledValues, Field(description="What was drawn or given; `true_expected_count` is always [B, T].")
    ]
    seed: Annotated[int | None, Field(description="with which it was drawn; null where it was given")]
    warnings: Annotated[list[LossWarning], Field(description="always `train_only`")]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]


router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
The sampled softmax loss, for training over very many classes: each row's labels against a sample of the classes, as
`tf.nn.sampled_softmax_loss` computes it.

ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t) with z_k = inputs · weights_k + biases_k − log q_k, where t runs over the row's T
labels, j over them and the candidates, and q is the expected count. Losses are in nats.

Candidates are drawn without replacement: classes are drawn until `num_sampled` distinct ones are there. With n tries,
the expected count of a class of probability p is −expm1(n · log1p(−p)). The same seed gives the same draw on every
machine. Or a sample is given as `sampled_values`, and nothing is drawn.

Only the weights and biases of labels and candidates are read; the others may hold anything.

Accidental hits, candidates that are labels of the row, are left out exactly, where TensorFlow adds −3.4e38 to their
logits. Where no class came up twice, TensorFlow's samplers write n · p for the expected count, which can exceed 1.

The response always has the warning `train_only`: the value is not the cross-entropy over all classes, and changes
with the sample. Evaluate with `POST /v1/loss`.
"""


@router.post(
    "/v1/sampled-softmax",
    operation_id="sampled_softmax",
    summary="Compute the sampled softmax loss of a batch",
    description=DESCRIPTION,
    response_model=SampledSoftmaxResponse,
    response_description="The losses.",
    responses=problem_responses(400, 413, 415, 422, 500),
    tags=["losses"],
)
async def sampled_softmax(
    http: Request,
    request: Annotated[SampledSoftmaxRequest, Body(openapi_examples=SAMPLED_EXAMPLES)],
) -> Response:
    return await respond(http, partial(_response, request))


def _response(request: SampledSoftmaxRequest, record: RequestRecord) -> Iterator[bytes]:
    given = request.sampled_values
    arguments = vars(request) | {"sampled_values": None if given is None else samplers.SampledValues(**dict(given))}
    base64 = arguments.pop("encoding") == "base64"
    result = evaluate_sampled_softmax(**arguments)
    rows = result.per_sample.size
    record.computed(SAMPLED_SOFTMAX.loss_type, rows, rows, [warning.code for warning in result.warnings])
    return encode_body(_content(result), base64=base64)


def _content(result: SampledEvaluation) -> dict[str, Any]:
    """The evaluation in the form of `SampledSoftmaxResponse`."""
    values = result.sampled_values
    return {
        "per_sample": result.per_sample,
        "reduced": None if result.reduced is None else asdict(result.reduced),
        "sampled_values": {
            "candidates": values.candidates,
            "true_expected_count": values.true_expected_count,
            "sampled_expected_count": values.sampled_expected_count,
        },
        "seed": result.seed,
        "warnings": warnings_content(result.warnings),
        "checked": result.checked,
    }
