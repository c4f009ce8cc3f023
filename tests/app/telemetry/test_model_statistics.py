"""What the models did is counted, and all of the time is accounted for."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.telemetry.model_statistics import STAGES, Statistics
from app.telemetry.request_record import RequestRecord
from tests.service import ROOT


def worked(**phases: int) -> RequestRecord:
    """A request that took so many nanoseconds in each phase."""
    record = RequestRecord()
    record.phases |= phases
    return record


def test_nothing_is_counted_before_something_was_done() -> None:
    counted = Statistics(["a"]).of("a")
    assert counted["last_inference"] == counted["inference_count"] == counted["execution_count"] == 0
    assert {total["count"] for total in counted["inference_stats"].values()} == {0}
    assert counted["batch_stats"] == []


def test_each_model_is_counted_by_itself() -> None:
    statistics = Statistics(["a", "b"])
    before = time.time_ns() // 1_000_000
    statistics.succeeded("a", worked(receive=1000, queue=1, decode=2, compute=3, encode=4))
    statistics.succeeded("a", worked(receive=1000, queue=1, decode=2, compute=3, encode=4))
    statistics.failed("b", worked(decode=5))
    a, b = statistics.of("a"), statistics.of("b")
    assert (a["inference_count"], b["inference_count"]) == (2, 0)
    assert a["last_inference"] >= before > b["last_inference"] == 0
    assert a["inference_stats"] == {
        "success": {"count": 2, "ns": 20},
        "fail": {"count": 0, "ns": 0},
        "queue": {"count": 2, "ns": 2},
        "compute_input": {"count": 2, "ns": 4},
        "compute_infer": {"count": 2, "ns": 6},
        "compute_output": {"count": 2, "ns": 8},
    }
    assert b["inference_stats"]["fail"] == {"count": 1, "ns": 5}
    assert b["inference_stats"]["success"] == {"count": 0, "ns": 0}
    assert a["batch_stats"] == [
        {
            "batch_size": 1,
            "compute_input": {"count": 2, "ns": 4},
            "compute_infer": {"count": 2, "ns": 6},
            "compute_output": {"count": 2, "ns": 8},
        }
    ]


def test_the_stages_are_all_that_the_service_does() -> None:
    record = worked(receive=16, queue=1, decode=2, compute=4, encode=8)
    assert sum(record.phases[phase] for phase in STAGES.values()) == record.worked()


def test_a_model_that_is_none_is_not_counted() -> None:
    with pytest.raises(KeyError):
        Statistics(["a"]).succeeded("b", RequestRecord())


OTHER = """
import sys
from pathlib import Path
from app.telemetry.request_record import RequestRecord
from app.telemetry.model_statistics import Statistics
statistics = Statistics(["a"], Path(sys.argv[1]))
statistics.succeeded("a", RequestRecord())
"""


def test_what_other_processes_counted_is_added_even_when_they_are_gone(tmp_path: Path) -> None:
    own = Statistics(["a"], tmp_path)
    own.succeeded("a", RequestRecord())
    for _ in range(2):
        subprocess.run([sys.executable, "-c", OTHER, str(tmp_path)], cwd=ROOT, check=True)
    assert own.of("a")["inference_count"] == 3
    assert Statistics(["a"], tmp_path).of("a")["last_inference"] > 0
