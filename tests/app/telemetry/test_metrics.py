"""What was done is counted, over all workers and their ends, and all of the time is accounted for."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.telemetry import snapshots
from app.telemetry.metrics import Metrics
from app.telemetry.model_statistics import STAGES, model_statistics
from app.telemetry.request_record import RequestRecord
from app.telemetry.snapshots import MAX_NAMES, SnapshotFile, add_ended
from tests.service import ROOT


def inferred(model: str, status: int = 200, **phases: int) -> RequestRecord:
    """A request of this model that took so many nanoseconds in each phase."""
    record = RequestRecord()
    record.model, record.status = model, status
    record.phases |= phases
    return record


def statistics(metrics: Metrics, model: str = "a") -> dict[str, Any]:
    return model_statistics(metrics.total(), model)


def requests(metrics: Metrics) -> float:
    """How many of the path /x there were."""
    found = re.search(r'^xent_requests_total\{.*route="/x".*\} (\S+)$', metrics.exposition().decode(), re.MULTILINE)
    return float(found[1]) if found else 0


def value(metrics: Metrics, name: str) -> float:
    (found,) = re.findall(rf"^{name} (\S+)$", metrics.exposition().decode(), re.MULTILINE)
    return float(found)


# --- Models


def test_nothing_is_counted_before_something_was_done() -> None:
    counted = statistics(Metrics())
    assert counted["last_inference"] == counted["inference_count"] == counted["execution_count"] == 0
    assert {total["count"] for total in counted["inference_stats"].values()} == {0}
    assert counted["batch_stats"] == []


def test_each_model_is_counted_by_itself() -> None:
    metrics = Metrics()
    before = time.time_ns() // 1_000_000
    for _ in range(2):
        metrics.ended(inferred("a", receive=1000, queue=1, decode=2, compute=3, encode=4), "POST", "/x", 1010)
    metrics.ended(inferred("b", 400, decode=5), "POST", "/x", 5)
    a, b = statistics(metrics, "a"), statistics(metrics, "b")
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
    record = inferred("a", receive=16, queue=1, decode=2, compute=4, encode=8)
    assert sum(record.phases[phase] for phase in STAGES.values()) == record.worked()


# --- Times


def test_a_histogram_has_each_request_in_the_first_bucket_that_holds_it() -> None:
    metrics = Metrics()
    for ns in (500_000, 500_001, 2_000_000_000, 99_000_000_000):
        metrics.ended(RequestRecord(), "GET", "/x", ns)
    found = re.findall(r'_bucket\{le="(\S+)",route="/x"\} (\S+)', metrics.exposition().decode())
    assert [float(count) for _, count in found] == [1, *[2] * 10, *[3] * 5, 4]
    assert [bound for bound, _ in found][::8] == ["0.0005", "0.2", "+Inf"]
    assert 'xent_request_seconds_count{route="/x"} 4.0' in metrics.exposition().decode()
    assert 'xent_request_seconds_sum{route="/x"} 101.001000001' in metrics.exposition().decode()


# --- Several workers

OTHER = """
import sys, time
from pathlib import Path
from app.telemetry.metrics import Metrics
from app.telemetry.request_record import RequestRecord
from app.telemetry.snapshots import SnapshotFile
metrics = Metrics(SnapshotFile(Path(sys.argv[1])))
record = RequestRecord()
record.model, record.status = "a", 200
metrics.began()
metrics.began()
metrics.ended(record, "GET", "/x", 1)
metrics.flush()
print("ready", flush=True)
sys.stdin.read()
"""


class Other:
    """Another worker, which has had two requests, of which one is still in flight."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == b"ready\n"

    def end(self) -> None:
        self.process.communicate()


def test_counts_of_workers_that_have_ended_stay_and_what_they_had_in_flight_is_gone(tmp_path: Path) -> None:
    metrics = Metrics(SnapshotFile(tmp_path))
    others = [Other(tmp_path) for _ in range(2)]
    assert (requests(metrics), value(metrics, "xent_workers"), value(metrics, "xent_in_flight_requests")) == (2, 3, 2)
    others[0].end()
    for _ in range(2):  # before and after its counts are added to the others
        assert requests(metrics) == statistics(metrics)["inference_count"] == 2
        assert statistics(metrics)["last_inference"] > 0
        assert (value(metrics, "xent_workers"), value(metrics, "xent_in_flight_requests")) == (2, 1)
        add_ended(tmp_path)
    others[1].end()
    add_ended(tmp_path)
    assert (requests(metrics), value(metrics, "xent_workers"), value(metrics, "xent_in_flight_requests")) == (2, 1, 0)
    # However many have ended, there is one file of them.
    assert len(list(tmp_path.iterdir())) == 2


def test_what_could_not_be_removed_counts_once(tmp_path: Path) -> None:
    Other(tmp_path).end()
    (file,) = tmp_path.glob("worker-*")
    content = file.read_bytes()
    add_ended(tmp_path)
    file.write_bytes(content)
    metrics = Metrics(SnapshotFile(tmp_path))
    assert requests(metrics) == 1
    add_ended(tmp_path)
    assert requests(metrics) == 1


def test_names_of_workers_that_have_ended_are_forgotten_some_time(tmp_path: Path) -> None:
    Other(tmp_path).end()
    (file,) = tmp_path.glob("worker-*")
    content = file.read_bytes()
    file.unlink()
    for number in range(MAX_NAMES + 20):
        file.with_stem(f"{file.stem}{number}").write_bytes(content)
        add_ended(tmp_path)
    assert requests(Metrics(SnapshotFile(tmp_path))) == MAX_NAMES + 20
    assert len(snapshots._read_ended(tmp_path)[1]) == MAX_NAMES


# --- Where they can't be written


def test_metrics_that_cannot_be_written_stay_as_they_were_until_they_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics(SnapshotFile(tmp_path / "folder"))
    (tmp_path / "folder").mkdir()
    metrics.ended(RequestRecord(), "GET", "/x", 1)
    assert requests(metrics) == 1
    (tmp_path / "folder").rename(tmp_path / "elsewhere")
    for _ in range(3):
        metrics.ended(RequestRecord(), "GET", "/x", 1)
        metrics.flush()
    (tmp_path / "elsewhere").rename(tmp_path / "folder")
    assert [record.msg["message"] for record in caplog.records] == ["can't write metrics; they keep their last values"]
    assert requests(metrics) == 4
    assert value(metrics, "xent_metrics_write_errors_total") == 3
