"""What an attempt came to: a result, an error, or a pause and another attempt."""

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
    UnexpectedAnswer,
    Unreachable,
    XentError,
)
from xent_client.generated.models.problem import Problem

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
# Who is told to wait for longer than this had better be told that the service is overloaded.
LONGEST_RETRY_AFTER = 60.0

T = TypeVar("T")


class Answer(NamedTuple):
    """An HTTP response, read to its end."""

    status: int
    headers: httpx.Headers
    content: bytes


Outcome = Answer | httpx.RequestError


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
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def result_of(call: Call[T], outcome: Outcome, timeout: float) -> T:
    """What the call came to. Raises XentError."""
    if not isinstance(outcome, Answer):
        raise _failure(outcome, timeout) from outcome
    if outcome.status != 200:
        raise _refusal(outcome)
    try:
        return call.read(json.loads(outcome.content))
    except _UNREADABLE as error:
        raise UnexpectedAnswer(f"the answer to {call.path} is none that xent gives", status=200) from error


def _refusal(answer: Answer) -> XentError:
    problem = None
    try:
        problem = Problem.from_dict(json.loads(answer.content))
        message = problem.detail
    except _UNREADABLE:
        message = f"the answer was {answer.status} {httpx.codes.get_reason_phrase(answer.status)}".rstrip()
    kind = _ERRORS.get(answer.status, ServerFailed if answer.status >= 500 else UnexpectedAnswer)
    return kind(message, status=answer.status, problem=problem, retry_after=_retry_after(answer))


def _failure(error: httpx.RequestError, timeout: float) -> XentError:
    match error:
        case httpx.TimeoutException():
            return TimedOut(f"there was no whole answer within {timeout:g} seconds ({type(error).__name__})")
        case httpx.DecodingError():
            return UnexpectedAnswer(f"the answer can't be decompressed: {error}")
        case _:
            return Unreachable(
                f"{error.request.url.copy_with(path='/', query=None)}: {str(error) or type(error).__name__}"
            )


def pause_after(outcome: Outcome, attempt: int, retries: int) -> float | None:
    """The seconds to wait before the next attempt; None where there is none to make. All calls may be repeated."""
    if attempt >= retries:
        return None
    jittered = random.uniform(0.5, 1) * min(FIRST_PAUSE * 2.0 ** min(attempt, 99), LONGEST_PAUSE)  # noqa: S311  no secret
    match outcome:
        case Answer(429 | 503):
            asked = _retry_after(outcome) or 0.0
            return asked + jittered if asked <= LONGEST_RETRY_AFTER else None
        case httpx.NetworkError() | httpx.RemoteProtocolError() | httpx.ProxyError():
            return jittered
        case _:
            return None


def _retry_after(answer: Answer) -> float | None:
    """The header in seconds, which may be written as a number or as a date."""
    value = answer.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
