"""POST /v1/recommend."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from app import offload
from app.examples import RECOMMEND_EXAMPLES
from app.observation import Observation, observation_of
from app.routes.decoding import ArrayRoute
from app.routes.encoding import PiecesResponse
from app.routes.judgement import judgement_content
from app.schemas.problem import problem_responses
from app.schemas.recommendation import RecommendRequest, RecommendResponse
from app.wire.json import encode_body
from xent_core.judge import judge

router = APIRouter(route_class=ArrayRoute)

DESCRIPTION = """
The loss type that labels call for and the warnings, as `POST /v1/loss` answers them, without computing a loss.

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
    observation = observation_of(http)
    size = request.labels.nbytes + (0 if request.logits is None else request.logits.nbytes)
    return PiecesResponse(await offload.run(partial(_answer, request, observation), size, observation.until))


def _answer(request: RecommendRequest, observation: Observation) -> list[bytes]:
    observation.lap("queue")
    judgement = judge(**vars(request))
    observation.computed("", 0, 0, [warning.code for warning in judgement.warnings])
    pieces = encode_body(judgement_content(judgement))
    observation.lap("encode")
    return pieces
