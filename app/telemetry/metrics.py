"""Prometheus metrics, summed over all workers."""

import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from app import __version__
from app.telemetry.log import log_handler
from app.telemetry.request_record import PHASES, RequestRecord
from app.telemetry.snapshots import Key, Snapshot, SnapshotFile

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From half a millisecond, for a small batch, to more than the compute deadline.
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

# Clients can send methods of any name, and each label value is kept for ever.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

COUNTERS = {
    "requests": ("Requests that got a response.", ["route", "method", "status"]),
    "phase_seconds": ("Seconds spent on requests that were computed.", ["phase"]),
    "samples": ("Samples whose loss was computed.", ["loss_type"]),
    "elements": ("Elements, losses before any averaging, that were computed.", ["loss_type"]),
    "warnings": ("Warnings in responses.", ["code"]),
    "rejected": ("Requests and connections refused.", ["reason"]),
    "received_bytes": ("Bytes of bodies received, as sent.", []),
    "sent_bytes": ("Bytes of bodies sent.", []),
    "log_lines_dropped": ("Log lines dropped because standard output was not read.", []),
    "metrics_write_errors": ("Failed writes of a worker's metrics.", []),
}
"""Help text and labels of each counter. Seconds are counted in nanoseconds."""

logger = logging.getLogger("xent")


class _Sums:
    """The sums of requests with the same labels. Adding to them is several times cheaper than labelled counters."""

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
    """The metrics of this application, and of all workers if they share them through files.

    `reserved` gives the requests that are computed now, and the bytes that all requests have reserved.
    """

    def __init__(
        self, file: SnapshotFile | None = None, reserved: Callable[[], tuple[int, int]] = lambda: (0, 0)
    ) -> None:
        self._file = file
        self._reserved = reserved
        self._own = Snapshot(workers=1)
        self._sums: dict[tuple[str, str, int, str, str], _Sums] = {}
        self._shed: Counter[tuple[str, str, str]] = Counter()
        self._is_lost = False

    def began(self) -> None:
        self._own.requests_in_flight += 1

    def ended(self, record: RequestRecord, method: str, route: str, ns: int) -> None:
        """A request has ended. The route is empty for paths that have none."""
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
        """A request was refused, or a connection before its first request."""
        self._own.counts["rejected", reason] += 1

    def shed(self, route: str, method: str, reason: str) -> None:
        """There was no room for a request, which was not even begun."""
        self._shed[route, method, reason] += 1

    def keys_reloaded(self, *, successfully: bool) -> None:
        self._own.keys_reload_failed = not successfully

    def flush(self) -> None:
        """Publish the counts to the other workers. Call it every second and before the process exits."""
        self._count()
        if self._file is None:
            return
        try:
            self._file.write(self._own)
        except OSError as error:
            self._own.counts["metrics_write_errors",] += 1
            if not self._is_lost:
                logger.error({"message": "can't write metrics; they keep their last values", "reason": str(error)})
            self._is_lost = True
        else:
            self._is_lost = False

    def total(self) -> Snapshot:
        """The counts of all workers; those of other workers are up to a second old. Raises OSError.

        If this worker's counts can't be written, the total holds the last ones that were: counters would seem to go
        back if each worker reported more of itself than the others can see.
        """
        self.flush()
        return self._own if self._file is None else self._file.read_all()

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format. Raises OSError."""
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
        self._own.requests_computing, self._own.bytes_reserved = self._reserved()

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
    """The counts as Prometheus metric families."""

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
        yield GaugeMetricFamily("xent_computing_requests", "Requests that hold a slot.", total.requests_computing)
        yield GaugeMetricFamily("xent_reserved_bytes", "Bytes reserved by requests in flight.", total.bytes_reserved)
        yield GaugeMetricFamily("xent_workers", "Workers that are running.", total.workers)
        yield GaugeMetricFamily(
            "xent_keys_last_reload_successful",
            "0: the last reload of the API keys failed and the old keys stay valid.",
            not total.keys_reload_failed,
        )
        info = GaugeMetricFamily("xent_build_info", "The version of xent.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


def _request_seconds(counts: Counter[Key]) -> Metric:
    family = HistogramMetricFamily(
        "xent_request_seconds", "Seconds from a request's first line to its response's last byte.", labels=["route"]
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
