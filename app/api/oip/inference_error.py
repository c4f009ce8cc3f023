"""Errors in the form of the Open Inference Protocol, and the statuses that the document declares."""

from typing import Annotated, Any

from pydantic import Field

from app.api.fields import ResponseModel
from app.api.problem import TOO_LARGE


class InferenceError(ResponseModel):
    """Why a request failed, as the Open Inference Protocol has it. It never repeats the client's arrays."""

    error: Annotated[
        str,
        Field(
            description="what was found and what was expected, and where",
            examples=["labels[3] is 10; a class index from 0 to 9 was expected"],
        ),
    ]


RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {
        "model": InferenceError,
        "description": (
            "The body is no JSON or no frame, or the request can't be computed: see statuses 400 and 422 of "
            "`POST /v1/loss`, which are one here."
        ),
    },
    404: {"model": InferenceError, "description": "There is no such model, version or region, or no shared memory."},
    413: {"model": InferenceError, "description": TOO_LARGE},
    415: {"model": InferenceError, "description": "The body is compressed otherwise than by gzip, deflate or zstd."},
    500: {"model": InferenceError, "description": "The service failed; its log says why."},
    503: {"model": InferenceError, "description": "The service is shutting down. Retry-After says when to try again."},
}


def inference_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How these error statuses are described in the OpenAPI document."""
    return {status: RESPONSES[status] for status in statuses}
