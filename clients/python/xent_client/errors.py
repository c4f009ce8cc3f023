"""Why there is no result.

XentError
├── InvalidInput      400, 422; or no array at all. Also a ValueError
├── Unauthorized      401
├── Forbidden         403
├── TooLarge          413
├── Overloaded        429, 503, still after all retries
├── ServerFailed      500 and the other 5xx
├── UnexpectedAnswer  anything that is none of xent's: another service, a proxy
├── TimedOut          no answer in time
└── Unreachable       no connection, or one that broke, after all retries
"""

from xent_client.generated.models.problem import Problem
from xent_client.generated.models.problem_error import ProblemError


class XentError(Exception):
    """Why there is no result. The base of all that the client raises on account of the service or the input.

    status: the HTTP status, None where there was no answer.
    problem: what the service said (RFC 9457), None where it said nothing of the kind.
    retry_after: the seconds that the service asked to wait for, None where it didn't.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        problem: Problem | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.retry_after = retry_after

    @property
    def errors(self) -> list[ProblemError]:
        """Each thing that is wrong, with `loc`, `code` and `message`; empty where the service named none."""
        return [] if self.problem is None else self.problem.errors


class InvalidInput(XentError, ValueError):
    """The input can't be computed; `errors` says where and why."""


class Unauthorized(XentError):
    """The service wants a key, and none was sent."""


class Forbidden(XentError):
    """The key is not one that the service knows."""


class TooLarge(XentError):
    """The batch is larger than the service accepts."""


class Overloaded(XentError):
    """The service was full at every attempt, or asked to wait for too long."""


class ServerFailed(XentError):
    """The service failed on this request."""


class UnexpectedAnswer(XentError):
    """The answer is none of xent's: another service at this address, a proxy's page, or a version too far from ours."""


class TimedOut(XentError):
    """There was no whole answer in time."""


class Unreachable(XentError):
    """No connection came about, or it broke, at every attempt."""
