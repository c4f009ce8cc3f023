"""The outcome of an attempt: a result, an error, or a pause and another attempt."""

import json
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

import httpx

from xent_client.calls import Call
from xent_client.errors import (
    Forbidden,
    InvalidInput,
    Overloaded,
    ServerFailed,
    TimedOut,
    TooLarge,
    Unauthorized,
    UnexpectedResponse,
    Unreachable,
    XentError,
)
from xent_client.generated.models.problem import Problem

MIN_PAUSE, MAX_PAUSE = 0.1, 10.0
# A client that would have to wait for longer gets the error Overloaded instead.
MAX_RETRY_AFTER = 60.0

T = TypeVar("T")


class Response(NamedTuple):
    """An HTTP response, read to its end."""

    status: int
    headers: httpx.Headers
    content: bytes


Outcome = Response | httpx.RequestError


_ERRORS: dict[int, type[XentError]] = {
    400: InvalidInput,
    401: Unauthorized,
    403: Forbidden,
    408: TimedOut,
    413: TooLarge,
    422: InvalidInput,
    429: Overloaded,
    503: Overloaded,
}
_SMALLER = "; send smaller batches: evaluate(logits, labels, batch_size=…) splits them, limits() returns the limits"
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def result_of(call: Call[T], outcome: Outcome, timeout: float) -> T:
    """The result of the call. Raises XentError."""
    if not isinstance(outcome, Response):
        raise _error_without_response(outcome, timeout) from outcome
    if outcome.status != 200:
        raise _error_of(outcome)
    try:
        return call.read(json.loads(outcome.content))
    except _UNREADABLE as error:
        raise UnexpectedResponse(f"the response to {call.path} is not one of xent's", status=200) from error


def _error_of(response: Response) -> XentError:
    problem = None
    try:
        problem = Problem.from_dict(json.loads(response.content))
        message = problem.detail
    except _UNREADABLE:
        message = (
            f"the response has the status {response.status} {httpx.codes.get_reason_phrase(response.status)}".rstrip()
        )
    if response.status == 413:
        message += _SMALLER
    kind = _ERRORS.get(response.status, ServerFailed if response.status >= 500 else UnexpectedResponse)
    return kind(message, status=response.status, problem=problem, retry_after=_retry_after(response))


def _error_without_response(error: httpx.RequestError, timeout: float) -> XentError:
    match error:
        case httpx.TimeoutException():
            return TimedOut(f"there was no complete response within {timeout:g} seconds ({type(error).__name__})")
        case httpx.DecodingError():
            return UnexpectedResponse(f"the response can't be decompressed: {error}")
        case _:
            return Unreachable(
                f"{error.request.url.copy_with(path='/', query=None)}: {str(error) or type(error).__name__}"
            )


def is_refused(outcome: Outcome) -> bool:
    """Whether the service had no room for the request."""
    return isinstance(outcome, Response) and outcome.status in (429, 503)


def pause_after(outcome: Outcome, attempt: int, retries: int) -> float | None:
    """The seconds to wait before the next attempt; None where there is none to make. All calls may be repeated."""
    if attempt >= retries:
        return None
    jittered = random.uniform(0.5, 1) * min(MIN_PAUSE * 2.0 ** min(attempt, 99), MAX_PAUSE)  # noqa: S311  no secret
    match outcome:
        case Response(429 | 503):
            asked = _retry_after(outcome) or 0.0
            return asked + jittered if asked <= MAX_RETRY_AFTER else None
        case httpx.NetworkError() | httpx.RemoteProtocolError() | httpx.ProxyError():
            return jittered
        case _:
            return None


def _retry_after(response: Response) -> float | None:
    """The header in seconds, which may be written as a number or as a date."""
    value = response.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
