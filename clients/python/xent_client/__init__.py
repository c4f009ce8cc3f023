"""The client of xent, a service that computes classification losses: NumPy arrays in, NumPy arrays out.

    >>> from xent_client import Xent
    >>> with Xent("http://localhost:8000") as xent:
    ...     result = xent.loss([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2])
    >>> round(result.reduced.value, 4), result.recommendation.loss_type
    (1.0693, 'sparse_softmax_cross_entropy')

`Xent` waits for each response, `AsyncXent` is awaited. `xent_client.generated` is generated from the service's OpenAPI
document and holds the models of recommendations, warnings, problems and the catalogue.
"""

from xent_client.comparison import CompareResult
from xent_client.errors import (
    Forbidden,
    InvalidInput,
    NotAnArray,
    Overloaded,
    ServerFailed,
    TimedOut,
    TooLarge,
    Unauthorized,
    UnexpectedAnswer,
    UnexpectedResponse,
    Unreachable,
    XentError,
)
from xent_client.frames import frame_batches, with_losses
from xent_client.options import BatchOptions, CompareOptions, EvaluateOptions, LossOptions, SampledOptions
from xent_client.python_warnings import XentWarning
from xent_client.results import Evaluation, LossResult, RecommendResult, Reduced, SampledResult, SampledValues
from xent_client.summaries import Calibration, Summary
from xent_client.xent import AsyncXent, Xent

__version__ = "0.2.0"

__all__ = [
    "AsyncXent",
    "BatchOptions",
    "Calibration",
    "CompareOptions",
    "CompareResult",
    "EvaluateOptions",
    "Evaluation",
    "Forbidden",
    "InvalidInput",
    "LossOptions",
    "LossResult",
    "NotAnArray",
    "Overloaded",
    "RecommendResult",
    "Reduced",
    "SampledOptions",
    "SampledResult",
    "SampledValues",
    "ServerFailed",
    "Summary",
    "TimedOut",
    "TooLarge",
    "Unauthorized",
    "UnexpectedAnswer",
    "UnexpectedResponse",
    "Unreachable",
    "Xent",
    "XentError",
    "XentWarning",
    "frame_batches",
    "with_losses",
]
