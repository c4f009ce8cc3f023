"""What is recorded of one request, for its log line, the metrics and the response's headers."""

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

PHASES = ("receive", "queue", "decode", "compute", "encode")
"""The phases of a request, timed in nanoseconds: its body arrives, it waits for a thread, then it is processed."""
# A shape can have 32 dimensions of 19 digits each.
MAX_FORM_CHARACTERS = 200


class RequestRecord:
    """One request, from its first line to the last byte of its response.

    `status` is 0 until the response starts; `reason` is the code of an error response, otherwise empty. `until` is the
    deadline for the computation, by time.monotonic(). `model` is empty unless the request is an inference of the Open
    Inference Protocol.
    """

    __slots__ = (
        "_last",
        "arrays",
        "began",
        "bytes_in",
        "bytes_out",
        "elements",
        "loss_type",
        "model",
        "phases",
        "reason",
        "request_id",
        "samples",
        "status",
        "until",
        "warnings",
    )

    def __init__(self, request_id: str = "") -> None:
        self.request_id = request_id
        self.status = 0
        self.reason = ""
        self.bytes_in = self.bytes_out = 0
        self.loss_type = ""
        self.model = ""
        self.samples = self.elements = 0
        self.warnings: tuple[str, ...] = ()
        self.arrays: dict[str, str] = {}
        self.phases = dict.fromkeys(PHASES, 0)
        self.until = float("inf")
        self.began = self._last = time.perf_counter_ns()

    def lap(self, phase: str) -> None:
        """Add the time since the last lap to this phase."""
        now = time.perf_counter_ns()
        self.phases[phase] += now - self._last
        self._last = now

    def took(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Record the dtypes and shapes of the request's arrays, never their values."""
        self.arrays = {name: _form(array.dtype, array.shape) for name, array in arrays.items()}

    def computed(self, loss_type: str, samples: int, elements: int, warnings: Iterable[str]) -> None:
        """Record what was computed, until now. The loss type of a recommendation alone is empty."""
        self.lap("compute")
        self.loss_type, self.samples, self.elements = loss_type, samples, elements
        self.warnings = tuple(warnings)

    @property
    def is_computed(self) -> bool:
        """Whether the computation has finished."""
        return self.phases["compute"] > 0

    def worked(self) -> int:
        """The nanoseconds of all phases but `receive`, which depends on the client."""
        return sum(self.phases.values()) - self.phases["receive"]


@lru_cache(maxsize=256)
def _form(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"{dtype}{list(shape)}"[:MAX_FORM_CHARACTERS]


def record_of(request: Request) -> RequestRecord:
    """The record of this request."""
    record: RequestRecord = request.scope["state"].record
    return record
