"""The client of xent, a service that computes classification losses: NumPy arrays in, NumPy arrays out.

    >>> from xent_client import Xent
    >>> with Xent("http://localhost:8000") as xent:
    ...     result = xent.loss([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2])
    >>> round(result.reduced.value, 4), result.recommendation.loss_type
    (1.0693, 'sparse_softmax_cross_entropy')

`Xent` waits for each answer, `AsyncXent` is awaited; `xent_client.generated` is what openapi-python-client makes of the
service's OpenAPI document, and holds the models of all that is small: recommendations, warnings, problems.
"""

from xent_client.batches import Evaluation
from xent_client.calls import (
    BatchOptions,
    LossOptions,
    LossResult,
    Reduced,
    SampledOptions,
    SampledResult,
    SampledValues,
)
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
from xent_client.xent import AsyncXent, Xent

__version__ = "0.1.0"

__all__ = [
    "AsyncXent",
    "BatchOptions",
    "Evaluation",
    "Forbidden",
    "InvalidInput",
    "LossOptions",
    "LossResult",
    "Overloaded",
    "Reduced",
    "SampledOptions",
    "SampledResult",
    "SampledValues",
    "ServerFailed",
    "TimedOut",
    "TooLarge",
    "Unauthorized",
    "UnexpectedAnswer",
    "Unreachable",
    "Xent",
    "XentError",
]
