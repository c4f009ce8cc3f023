"""What the service answers to a request, computed here, so that a page has its numbers before a script runs."""

import json
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError

from app.api.array_route import validated
from app.api.loss import LossRequest
from app.middleware.problems import response_to
from app.middleware.route_traits import ErrorForm
from app.wire.json import decode_body
from app.wire.parse import JSON, NotJson
from xent_core.errors import InvalidInput
from xent_core.evaluate import evaluate
from xent_core.losses.sampled_softmax import SAMPLED_SOFTMAX, evaluate_sampled_softmax
from xent_core.results import Evaluation, LossWarning, Reduced

Fields = dict[str, Any]
"""A request's fields, as JSON has them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page shows of a response: the loss and the warnings, or the error."""

    reduced: Reduced | None = None
    warnings: tuple[LossWarning, ...] = ()
    status: int = 200
    error: Fields | None = None


def answer(endpoint: str, body: str) -> Answer:
    """The answer of an endpoint that computes losses."""
    try:
        if endpoint == SAMPLED_SOFTMAX.endpoint:
            sampled = evaluate_sampled_softmax(**json.loads(body))
            return Answer(sampled.reduced, sampled.warnings)
        result = evaluated(body.encode())
        return Answer(result.reduced, result.warnings)
    except (InvalidInput, RequestValidationError, NotJson) as error:
        problem = orjson.loads(response_to(error, ErrorForm.PROBLEM).body)
        return Answer(status=problem["status"], error=problem["errors"][0])


def evaluated(body: bytes) -> Evaluation:
    """The evaluation of a request's body. Raises InvalidInput, RequestValidationError, NotJson."""
    dialect = JSON._replace(missing=LossRequest.arrays_with_missing)
    request = validated(LossRequest, decode_body(body, LossRequest.array_fields(), dialect))
    arguments = dict(vars(request))
    del arguments["encoding"]
    return evaluate(**arguments)


def written(fields: Fields) -> str:
    """A request as people write it: a line for each field, and for each row of an array of rows."""
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {_value(value)}" for name, value in fields.items()) + "\n}"


def _value(value: Any) -> str:
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], list):
        return "[\n    " + ",\n    ".join(json.dumps(row) for row in value) + "\n  ]"
    return json.dumps(value)
