"""What the operator can count: Prometheus metrics, which are of all workers together."""

import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from app import __version__
from app.telemetry.log import log_handler
from app.telemetry.request_record import PHASES, RequestRecord
from app.telemetry.snapshots import Key, Snapshot, SnapshotFile

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From a small batch's half millisecond to what the compute deadline allows.
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

# Anyone may send a method of any name.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

COUNTERS = {
    "requests": ("Requests answered.", ["route", "method", "status"]),
    "phase_seconds": ("Seconds spent on requests that were computed.", ["phase"]),
    "samples": ("Samples whose loss was computed.", ["loss_type"]),
    "elements": ("Elements, losses before any averaging, that were computed.", ["loss_type"]),
    "warnings": ("Warnings in responses.", ["code"]),
    "rejected": ("Requests and connections refused.", ["reason"]),
    "received_bytes": ("Bytes of bodies received, as sent.", []),
    "sent_bytes": ("Bytes of bodies sent.", []),
    "log_lines_dropped": ("Lines of the log that were dropped, as nobody read it.", []),
    "metrics_write_errors": ("How often a worker could not write its metrics, so that they stayed as they were.", []),
}
"""What each is for, and its labels. Seconds are counted in nanoseconds."""

logger = logging.getLogger("xent")


class _Sums:
    """Of requests of one kind: to add these up costs a fraction of what it costs to count each by its labels."""

    __slots__ = (
        "buckets",
        "bytes_in",
        "bytes_out",
        "elements",
        "last_ended",
        "ns",
        "phases",
        "requests",
        "samples",
        "worked_ns",
    )

    def __init__(self) -> None:
        self.requests = self.bytes_in = self.bytes_out = self.samples = self.elements = 0
        self.ns = self.worked_ns = 0
        self.last_ended = 0.0
        self.phases = dict.fromkeys(PHASES, 0)
        self.buckets = [0] * (len(SECONDS) + 1)

    def add(self, record: RequestRecord, ns: int) -> None:
        self.requests += 1
        self.bytes_in += record.bytes_in
        self.bytes_out += record.bytes_out
        self.ns += ns
        self.buckets[bisect_left(SECONDS, ns / 1e9)] += 1
        if record.is_computed:
            self.samples += record.samples
            self.elements += record.elements
            phases = self.phases
            for phase, phase_ns in record.phases.items():
                phases[phase] += phase_ns
        if record.model:
            self.worked_ns += record.worked()
            self.last_ended = time.time()


class Metrics:
    """The numbers of one application, and of all workers, where it shares them in a file."""

    def __init__(self, file: SnapshotFile | None = None) -> None:
        self._file = file
        self._own = Snapshot(workers=1)
        self._sums: dict[tuple[str, str, int, str, str], _Sums] = {}
        self._shed: Counter[tuple[str, str, str]] = Counter()
        self._is_lost = False

    def began(self) -> None:
        self._own.requests_in_flight += 1

    def ended(self, record: RequestRecord, method: str, route: str, ns: int) -> None:
        """A request is over. An empty route stands for all paths at which nothing is."""
        self._own.requests_in_flight -= 1
        key = (route, method, record.status, record.loss_type, record.model)
        sums = self._sums.get(key)
        if sums is None:
            sums = self._sums[key] = _Sums()
        sums.add(record, ns)
        if record.reason:
            self.rejected(record.reason)
        for code in record.warnings:
            self._own.counts["warnings", code] += 1

    def rejected(self, reason: str) -> None:
        """A request was refused, or a connection before it had one."""
        self._own.counts["rejected", reason] += 1

    def shed(self, route: str, method: str, reason: str) -> None:
        """There was no room for a request, which was not even begun."""
        self._shed[route, method, reason] += 1

    def keys_reloaded(self, *, successfully: bool) -> None:
        self._own.keys_reload_failed = not successfully

    def flush(self) -> None:
        """Write what has been counted, for all workers to see. To be called every second, and at the end."""
        self._count()
        if self._file is None:
            return
        try:
            self._file.write(self._own)
        except OSError as error:
            self._own.counts["metrics_write_errors",] += 1
            if not self._is_lost:
                logger.error({"message": "metrics can't be written and stay as they were", "reason": str(error)})
            self._is_lost = True
        else:
            self._is_lost = False

    def total(self) -> Snapshot:
        """What all workers have counted; the others as of a second ago. Raises OSError.

        Where this one's can't be written, they are as they were, too: the counters of several workers would seem to go
        back, if each knew more of itself than the others do.
        """
        self.flush()
        return self._own if self._file is None else self._file.read_all()

    def exposition(self) -> bytes:
        """All numbers in Prometheus' text format. Raises OSError."""
        registry = CollectorRegistry()
        registry.register(_Families(self.total()))
        return generate_latest(registry)

    def _count(self) -> None:
        counts = self._own.counts
        for (route, method, status, loss_type, model), sums in self._sums.items():
            counts["requests", route, _known(method), str(status or "none")] += sums.requests
            counts["received_bytes",] += sums.bytes_in
            counts["sent_bytes",] += sums.bytes_out
            counts["request_ns", route] += sums.ns
            for bucket, count in enumerate(sums.buckets):
                counts["request_bucket", route, str(bucket)] += count
            if loss_type:
                counts["samples", loss_type] += sums.samples
                counts["elements", loss_type] += sums.elements
            if sums.phases["compute"]:
                for phase, ns in sums.phases.items():
                    counts["phase_seconds", phase] += ns
            if model:
                self._count_model(model, status, sums)
        self._sums.clear()
        for (route, method, reason), count in self._shed.items():
            counts["requests", route, _known(method), "503"] += count
            counts["rejected", reason] += count
        self._shed.clear()
        counts["log_lines_dropped",] = log_handler().dropped

    def _count_model(self, model: str, status: int, sums: _Sums) -> None:
        """For `app.telemetry.model_statistics`."""
        own = self._own
        outcome = "success" if status == 200 else "fail"
        own.counts["model_requests", model, outcome] += sums.requests
        own.counts["model_ns", model, outcome] += sums.worked_ns
        if outcome == "success":
            own.last_inference[model] = int(sums.last_ended * 1000)
            for phase, ns in sums.phases.items():
                own.counts["model_phase_ns", model, phase] += ns


class _Families(Collector):
    """Counts as Prometheus' families of metrics."""

    def __init__(self, total: Snapshot) -> None:
        self._total = total

    def collect(self) -> Iterable[Metric]:
        total = self._total
        for name, (purpose, labels) in COUNTERS.items():
            family = CounterMetricFamily(f"xent_{name}", purpose, labels=labels)
            found = dict(_labelled(total.counts, name)) or ({} if labels else {(): 0})
            for values, count in found.items():
                family.add_metric(values, count / 1e9 if name.endswith("seconds") else count)
            yield family
        yield _request_seconds(total.counts)
        yield GaugeMetricFamily("xent_in_flight_requests", "Requests in flight.", total.requests_in_flight)
        yield GaugeMetricFamily("xent_workers", "Workers that are running.", total.workers)
        yield GaugeMetricFamily(
            "xent_keys_last_reload_successful",
            "0: the last attempt to reload the API keys failed, and the keys are those of before.",
            not total.keys_reload_failed,
        )
        info = GaugeMetricFamily("xent_build_info", "Which xent this is.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


def _request_seconds(counts: Counter[Key]) -> Metric:
    family = HistogramMetricFamily(
        "xent_request_seconds", "From a request's first line to its response's last byte.", labels=["route"]
    )
    bounds = [*map(str, map(float, SECONDS)), "+Inf"]
    for values, ns in _labelled(counts, "request_ns"):
        buckets = [counts["request_bucket", *values, str(bucket)] for bucket in range(len(bounds))]
        family.add_metric(values, list(zip(bounds, accumulate(buckets), strict=True)), ns / 1e9)
    return family


def _labelled(counts: Counter[Key], name: str) -> Iterator[tuple[Key, int]]:
    for (counted, *labels), count in counts.items():
        if counted == name:
            yield tuple(labels), count


def _known(method: str) -> str:
    return method if method in METHODS else "other"
