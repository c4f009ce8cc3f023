"""The Open Inference Protocol's statistics of each model, derived from the metrics' counters."""

from typing import Any

from app.telemetry.snapshots import Snapshot

STAGES = {"queue": "queue", "compute_input": "decode", "compute_infer": "compute", "compute_output": "encode"}
"""The protocol's stages, and the phases of a request record that they are."""


def model_statistics(total: Snapshot, model: str) -> dict[str, Any]:
    """The model's counts and times, in the form of `app.api.oip.statistics.ModelStatistics`."""
    counts = total.counts
    executions = counts["model_requests", model, "success"]
    outcomes = {
        outcome: {"count": counts["model_requests", model, outcome], "ns": counts["model_ns", model, outcome]}
        for outcome in ("success", "fail")
    }
    stages = {
        stage: {"count": executions, "ns": counts["model_phase_ns", model, phase]} for stage, phase in STAGES.items()
    }
    return {
        "last_inference": total.last_inference.get(model, 0),
        "inference_count": executions,
        "execution_count": executions,
        "inference_stats": outcomes | stages,
        "batch_stats": [{"batch_size": 1} | {stage: stages[stage] for stage in list(STAGES)[1:]}] if executions else [],
    }
