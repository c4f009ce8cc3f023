"""What the operator's endpoints answer."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Answer


class Limits(Answer):
    """What the service takes at most. What is over is refused with the status in the description."""

    max_body_bytes: Annotated[int, Field(description="bytes of a request's body as sent: 413")]
    max_inflated_bytes: Annotated[int, Field(description="bytes of a compressed body, inflated: 413")]
    max_elements: Annotated[
        int, Field(description="elements of a request's arrays and of what is computed of them, together: 413")
    ]
    max_rank: Annotated[int, Field(description="dimensions of an array: 422")]
    max_json_depth: Annotated[int, Field(description="levels to which lists and objects may be nested: 400")]
    max_json_values: Annotated[
        int, Field(description="values of a body that can't be read as lists of plain numbers: 413")
    ]
    header_seconds: Annotated[float, Field(description="seconds until a request's headers are there: 408")]
    body_seconds: Annotated[float, Field(description="seconds until a request's body is there: 408")]
    compute_seconds: Annotated[float, Field(description="seconds that a request may wait and be worked on: 503")]
    answer_seconds: Annotated[
        float, Field(description="seconds in which a caller reads nothing of an answer: the connection is cut")
    ]
    idle_seconds: Annotated[
        float, Field(description="seconds that a connection may be idle between requests: it is closed")
    ]
    max_requests_in_flight: Annotated[int, Field(description="requests that each worker has in hand: 503")]
    max_bytes_in_flight: Annotated[
        int, Field(description="bytes of bodies, arrays and answers that each worker has in hand: 503")
    ]
    content_encodings: Annotated[list[str], Field(description="how a request's body may be compressed: 415")]


class Health(Answer):
    """That the service is well; where it is not, it does not answer 200."""

    status: Annotated[Literal["ok"], Field(description="the service answers")]
