"""Why there is no result.

XentError
├── InvalidInput        400, 422; or an argument that the client refuses. Also a ValueError
│   └── NotAnArray      an argument that is no array. Also a TypeError
├── Unauthorized        401
├── Forbidden           403
├── TooLarge            413
├── Overloaded          429, 503, after all retries
├── ServerFailed        500 and the other 5xx
├── UnexpectedResponse  the response is not xent's: another service, a proxy
├── TimedOut            no response in time
└── Unreachable         no connection, or one that broke, after all retries
"""

from xent_client.generated.models.problem import Problem
from xent_client.generated.models.problem_error import ProblemError


class XentError(Exception):
    """Why there is no result. The base of all errors about the service or the input.

    status: the HTTP status; None where there was no response.
    problem: the service's problem details (RFC 9457); None where the response held none.
    retry_after: the seconds of the header `Retry-After`; None where there was none.
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
        """The service's list of errors, each with `loc`, `code` and `message`; empty where it sent none."""
        return [] if self.problem is None else self.problem.errors


class InvalidInput(XentError, ValueError):
    """The loss of this input can't be computed; `errors` says where and why."""


class NotAnArray(InvalidInput, TypeError):
    """An argument is neither an array nor anything that converts to one: a mapping, text, an arbitrary object."""


class Unauthorized(XentError):
    """The service requires a key, and the request had none."""


class Forbidden(XentError):
    """The service does not know the key."""


class TooLarge(XentError):
    """The request exceeds a limit of the service.

    `evaluate(logits, labels, batch_size=…)` splits a batch over several requests; `limits()` returns the limits.
    """


class Overloaded(XentError):
    """The service shed the request at every attempt, or asked to wait for longer than a minute."""


class ServerFailed(XentError):
    """The service failed on this request."""


class UnexpectedResponse(XentError):
    """The response is not xent's: another service at this address, a proxy's page, or a version too far from ours."""


UnexpectedAnswer = UnexpectedResponse
"""The name that `UnexpectedResponse` had in 0.1."""


class TimedOut(XentError):
    """There was no complete response in time."""


class Unreachable(XentError):
    """No connection could be made, or it broke, at every attempt."""
