"""What is known of one request: for its log line, the metrics, and the answer's headers."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

PHASES = ("receive", "queue", "decode", "compute", "encode")
"""Where a request's time goes: its body comes, it waits for a thread, and is worked on. Nanoseconds, each."""


class RequestRecord:
    """One request, from its first line to the last byte of its response.

    `status` is 0 until a response has begun; `reason` says why it is a refusal, where it is one. `until` is when its
    response has to be there, by time.monotonic(). `model` is that of the Open Inference Protocol, where it infers.
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
        self.arrays: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        self.phases = dict.fromkeys(PHASES, 0)
        self.until = float("inf")
        self.began = self._last = time.perf_counter_ns()

    def lap(self, phase: str) -> None:
        """What has passed since the last lap was spent in this phase."""
        now = time.perf_counter_ns()
        self.phases[phase] += now - self._last
        self._last = now

    def took(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """These are the request's arrays. Their forms are kept, never their values."""
        self.arrays = {name: (array.dtype, array.shape) for name, array in arrays.items()}

    def computed(self, loss_type: str, samples: int, elements: int, warnings: Iterable[str]) -> None:
        """What the answer is about, which took the time until now; a judgement alone has no loss type."""
        self.lap("compute")
        self.loss_type, self.samples, self.elements = loss_type, samples, elements
        self.warnings = tuple(warnings)

    @property
    def is_computed(self) -> bool:
        """Whether there was something to compute, and it was."""
        return self.phases["compute"] > 0

    def worked(self) -> int:
        """The nanoseconds of all phases but the first: what the service itself took."""
        return sum(self.phases.values()) - self.phases["receive"]


def record_of(request: Request) -> RequestRecord:
    """What is known of this request."""
    record: RequestRecord = request.scope["state"]["record"]
    return record
