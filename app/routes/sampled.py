"""POST /v1/sampled-softmax."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from app import offload
from app.examples import SAMPLED_EXAMPLES
from app.observation import Observation, observation_of
from app.routes.decoding import ArrayRoute
from app.routes.encoding import PiecesResponse
from app.schemas.problem import problem_responses
from app.schemas.sampled import SampledSoftmaxRequest, SampledSoftmaxResponse
from app.wire.json import encode_body
from xent_core.sampled import SampledEvaluation, evaluate_sampled_softmax
from xent_core.samplers import SampledValues

router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
The sampled softmax loss, for training over very many classes: each row's labels against a sample of the classes, as
`tf.nn.sampled_softmax_loss` computes it.

ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t) with z_k = inputs · weights_k + biases_k − log q_k, where t runs over the row's T
labels, j over them and the candidates, and q is the expected count. Losses are in nats.

Candidates are drawn without replacement: classes are drawn until `num_sampled` distinct ones are there. With n tries,
the expected count of a class of probability p is −expm1(n · log1p(−p)). The same seed gives the same draw on every
machine. Or a sample is given as `sampled_values`, and nothing is drawn.

Only the weights and biases of labels and candidates are looked at; what stands in the others' is not judged.

Accidental hits, candidates that are labels of the row, are left out exactly, where TensorFlow adds −3.4e38 to their
logits. Where no class came up twice, TensorFlow's samplers write n · p for the expected count, which can exceed 1.

The answer always carries the warning `train_only`: the value is not the cross-entropy over all classes, and changes
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
    observation = observation_of(http)
    size = request.weights.nbytes + request.inputs.nbytes * request.num_candidates
    return PiecesResponse(await offload.run(partial(_answer, request, observation), size, observation.until))


def _answer(request: SampledSoftmaxRequest, observation: Observation) -> list[bytes]:
    observation.lap("queue")
    given = request.sampled_values
    arguments = vars(request) | {"sampled_values": None if given is None else SampledValues(**dict(given))}
    base64 = arguments.pop("encoding") == "base64"
    result = evaluate_sampled_softmax(**arguments)
    rows = result.per_sample.size
    observation.computed("sampled_softmax", rows, rows, [warning.code for warning in result.warnings])
    pieces = encode_body(_content(result), base64=base64)
    observation.lap("encode")
    return pieces


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
        "warnings": [asdict(warning) for warning in result.warnings],
        "checked": result.checked,
    }
