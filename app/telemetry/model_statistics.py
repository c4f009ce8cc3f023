"""What each model did, as the Open Inference Protocol's statistics extension counts it."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.telemetry.request_record import RequestRecord

STAGES = {"queue": "queue", "compute_input": "decode", "compute_infer": "compute", "compute_output": "encode"}
"""The protocol's names of ours."""

COLUMNS = ("last_inference", "success", "success_ns", "fail", "fail_ns", *STAGES)


class Statistics:
    """Counts and times of each model; to be added to from one thread only.

    Of several workers each has its row of counts in a file of the shared folder, so that whichever is asked can add up
    all of them, those of workers that are gone included.
    """

    def __init__(self, models: Iterable[str], shared: Path | None = None) -> None:
        self._rows = {model: row for row, model in enumerate(models)}
        self._shared = shared
        shape = (len(self._rows), len(COLUMNS))
        self._own: NDArray[np.int64] = (
            np.zeros(shape, np.int64)
            if shared is None
            else np.memmap(shared / f"statistics-{os.getpid()}.bin", np.int64, "w+", shape=shape)
        )

    def succeeded(self, model: str, record: RequestRecord) -> None:
        counts = self._own[self._rows[model]]
        phases = record.phases
        counts[0] = time.time_ns() // 1_000_000
        counts[1:] += [1, record.worked(), 0, 0, *(phases[phase] for phase in STAGES.values())]

    def failed(self, model: str, record: RequestRecord) -> None:
        self._own[self._rows[model], 3:5] += [1, record.worked()]

    def of(self, model: str) -> dict[str, Any]:
        """The model's counts and times, in the form of `app.api.oip.model_schema.ModelStatistics`."""
        of_workers = np.stack([counts[self._rows[model]] for counts in self._of_all()])
        total = dict(zip(COLUMNS, of_workers.sum(axis=0).tolist(), strict=True))
        executions = total["success"]
        stages = {stage: {"count": executions, "ns": total[stage]} for stage in STAGES}
        return {
            "last_inference": int(of_workers[:, 0].max()),
            "inference_count": executions,
            "execution_count": executions,
            "inference_stats": {
                "success": {"count": executions, "ns": total["success_ns"]},
                "fail": {"count": total["fail"], "ns": total["fail_ns"]},
            }
            | stages,
            "batch_stats": [{"batch_size": 1} | {stage: stages[stage] for stage in list(STAGES)[1:]}]
            if executions
            else [],
        }

    def _of_all(self) -> list[NDArray[np.int64]]:
        if self._shared is None:
            return [self._own]
        files = self._shared.glob("statistics-*.bin")
        return [np.fromfile(file, np.int64).reshape(self._own.shape) for file in files]
