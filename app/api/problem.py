"""Errors, as RFC 9457 has them."""

from typing import Annotated, Any

from pydantic import Field

from app.api.fields import ResponseModel, codes, list_of_codes
from xent_core.errors import InvalidInput

CODES = {error.code: str(error.__doc__) for error in InvalidInput.__subclasses__()} | {
    "not_json": "The body is not JSON.",
    "not_inflatable": "The body is not compressed as its Content-Encoding says.",
    "missing": "A field is absent that is required.",
    "unknown_field": "A field is none of this request's.",
    "unknown_value": "A value is none of those that the field knows.",
    "wrong_type": "A value is of another type than the field's.",
}


class ProblemError(ResponseModel):
    """One thing that is wrong, and where."""

    loc: Annotated[
        list[str | int],
        Field(description="the path to it, from the request's part on", examples=[["body", "labels", 3]]),
    ]
    code: Annotated[
        str,
        Field(
            description="What is wrong, for programs; `/learn/{code}` explains it. New codes may be added.\n\n"
            + list_of_codes(CODES),
            examples=["label_out_of_range"],
            json_schema_extra=codes(CODES),
        ),
    ]
    message: Annotated[str, Field(description="what was found and what was expected, for people")]


class Problem(ResponseModel):
    """Why a request failed, as RFC 9457 has it. It never repeats the client's arrays."""

    type: Annotated[
        str,
        Field(
            description=(
                "`/learn/` and the code of the first of `errors`: a page of this service that explains it. "
                "about:blank where there are none: then the status says it all."
            ),
            examples=["/learn/label_out_of_range"],
        ),
    ]
    title: Annotated[str, Field(description="the status in words", examples=["Unprocessable Content"])]
    status: Annotated[int, Field(description="the HTTP status", examples=[422])]
    detail: Annotated[
        str,
        Field(
            description="the most useful of the errors, for people",
            examples=["labels[3] is 10; a class index from 0 to 9 was expected"],
        ),
    ]
    errors: Annotated[list[ProblemError], Field(description="at most 20; empty where the request as a whole is meant")]


TOO_LARGE = (
    "The body has more bytes than are accepted, or its arrays and what is computed of them more elements, or it holds "
    "too much that is no number. GET /v1/limits says how much is accepted."
)

RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON, or not compressed as its header says."},
    404: {"model": Problem, "description": "There is nothing by this name."},
    413: {"model": Problem, "description": TOO_LARGE},
    415: {
        "model": Problem,
        "description": "The body is not application/json, or compressed otherwise than by gzip, deflate or zstd.",
    },
    422: {
        "model": Problem,
        "description": (
            "The request can't be computed: ragged or empty arrays, shapes that don't fit, NaN anywhere, +Infinity in "
            "logits, infinite labels or weights, a label out of range or not whole, a row masked whole, a parameter "
            "that the loss type doesn't take, an unknown field."
        ),
    },
    500: {"model": Problem, "description": "The service failed; its log says why."},
    503: {"model": Problem, "description": "The service is shutting down. Retry-After says when to try again."},
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How these error statuses are described in the OpenAPI document."""
    return {status: RESPONSES[status] for status in statuses}
