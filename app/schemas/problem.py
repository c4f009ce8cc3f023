"""Errors, as RFC 9457 has them."""

from typing import Annotated

from pydantic import Field

from app.schemas.base import Answer


class ProblemError(Answer):
    """One thing that is wrong, and where."""

    loc: Annotated[
        list[str | int],
        Field(description="the path to it, from the request's part on", examples=[["body", "labels", 3]]),
    ]
    code: Annotated[str, Field(description="stable, for programs", examples=["label_out_of_range"])]
    message: Annotated[str, Field(description="what was found and what was expected, for people")]


class Problem(Answer):
    """Why a request was not answered, as RFC 9457 has it. It never repeats the caller's arrays."""

    type: Annotated[str, Field(examples=["about:blank"])]
    title: Annotated[str, Field(examples=["Unprocessable Content"])]
    status: Annotated[int, Field(examples=[422])]
    detail: Annotated[str, Field(examples=["labels[3] is 10; a class index from 0 to 9 was expected"])]
    errors: Annotated[list[ProblemError], Field(description="at most 20; empty where the request as a whole is meant")]
