"""What each model did since the process started, as the Open Inference Protocol's statistics extension counts it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

STAGES = ("queue", "compute_input", "compute_infer", "compute_output")


class Stopwatch:
    """How many nanoseconds one inference spent in each stage: together all of the time since `start`."""

    def __init__(self) -> None:
        self.stages = dict.fromkeys(STAGES, 0)
        self.start()

    def start(self) -> None:
        self._began = self._last = time.perf_counter_ns()

    def lap(self, stage: str) -> None:
        """What has passed since the last lap was spent in this stage."""
        now = time.perf_counter_ns()
        self.stages[stage] += now - self._last
        self._last = now

    def elapsed(self) -> int:
        return time.perf_counter_ns() - self._began


@dataclass(slots=True)
class _Total:
    count: int = 0
    ns: int = 0

    def add(self, nanoseconds: int) -> None:
        self.count += 1
        self.ns += nanoseconds

    def content(self) -> dict[str, int]:
        return {"count": self.count, "ns": self.ns}


@dataclass(slots=True)
class _Model:
    last_inference: int = 0
    success: _Total = field(default_factory=_Total)
    fail: _Total = field(default_factory=_Total)
    stages: dict[str, _Total] = field(default_factory=lambda: {stage: _Total() for stage in STAGES})


class Statistics:
    """Counts and times of each model; to be added to from one thread only."""

    def __init__(self, models: Iterable[str]) -> None:
        self._models = {model: _Model() for model in models}

    def succeeded(self, model: str, watch: Stopwatch) -> None:
        counted = self._models[model]
        counted.last_inference = time.time_ns() // 1_000_000
        elapsed = watch.elapsed()
        counted.success.add(elapsed)
        for stage, nanoseconds in watch.stages.items():
            counted.stages[stage].add(nanoseconds)

    def failed(self, model: str, watch: Stopwatch) -> None:
        self._models[model].fail.add(watch.elapsed())

    def of(self, model: str) -> dict[str, Any]:
        """The model's counts and times, in the form of `app.schemas.models.ModelStatistics`."""
        counted = self._models[model]
        stages = {stage: total.content() for stage, total in counted.stages.items()}
        executions = counted.success.count
        return {
            "last_inference": counted.last_inference,
            "inference_count": executions,
            "execution_count": executions,
            "inference_stats": {"success": counted.success.content(), "fail": counted.fail.content()} | stages,
            "batch_stats": [{"batch_size": 1} | {name: stages[name] for name in STAGES[1:]}] if executions else [],
        }
