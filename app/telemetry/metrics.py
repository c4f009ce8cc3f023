"""What the operator can count: Prometheus metrics, which are of all workers together.

Where several workers answer, each keeps its numbers in files of one folder (`PROMETHEUS_MULTIPROC_DIR`, which the
supervisor sets), and whichever is asked adds up those of all.
"""

from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app import __version__
from app.telemetry.request_record import PHASES, RequestRecord

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From a small batch's half millisecond to what the compute deadline allows.
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
# Else each counter has a second number beside it, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Anyone may send a method of any name.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Sums:
    """Of requests of one kind: to add these up costs a fraction of what it costs to count each by its labels."""

    __slots__ = ("bytes_in", "bytes_out", "elements", "phases", "requests", "samples")

    def __init__(self) -> None:
        self.requests = self.bytes_in = self.bytes_out = self.samples = self.elements = 0
        self.phases = dict.fromkeys(PHASES, 0)

    def add(self, record: RequestRecord) -> None:
        self.requests += 1
        self.bytes_in += record.bytes_in
        self.bytes_out += record.bytes_out
        if record.is_computed:
            self.samples += record.samples
            self.elements += record.elements
            phases = self.phases
            for phase, ns in record.phases.items():
                phases[phase] += ns


class Metrics:
    """The numbers of one application."""

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "xent_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "xent_request_seconds",
            "From a request's first line to its answer's last byte.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._phases = Counter(
            "xent_phase_seconds", "Seconds spent on requests that were computed.", ["phase"], registry=registry
        )
        self._samples = Counter("xent_samples", "Samples whose loss was computed.", ["loss_type"], registry=registry)
        self._elements = Counter(
            "xent_elements",
            "Elements, losses before any averaging, that were computed.",
            ["loss_type"],
            registry=registry,
        )
        self._warnings = Counter("xent_warnings", "Warnings in answers.", ["code"], registry=registry)
        self._rejected = Counter("xent_rejected", "Requests and connections refused.", ["reason"], registry=registry)
        self._bytes_in = Counter("xent_received_bytes", "Bytes of bodies received, as sent.", registry=registry)
        self._bytes_out = Counter("xent_sent_bytes", "Bytes of bodies sent.", registry=registry)
        self._in_flight = Gauge(
            "xent_in_flight_requests", "Requests in hand now.", multiprocess_mode="livesum", registry=registry
        )
        workers = Gauge("xent_workers", "Workers that are there.", multiprocess_mode="livesum", registry=registry)
        workers.set(1)
        info = Gauge(
            "xent_build_info", "Which xent this is.", ["version"], multiprocess_mode="livemax", registry=registry
        )
        info.labels(__version__).set(1)

        self._of_route = cache(self._seconds.labels)
        self._now_in_flight = 0
        self._sums: dict[tuple[str, str, int, str], _Sums] = {}
        self._shed: dict[tuple[str, str, str], int] = {}

    def began(self) -> None:
        self._now_in_flight += 1

    def ended(self, record: RequestRecord, method: str, route: str, seconds: float) -> None:
        """A request is over. An empty route stands for all paths at which nothing is."""
        self._now_in_flight -= 1
        self._of_route(route).observe(seconds)
        key = (route, method, record.status, record.loss_type)
        sums = self._sums.get(key)
        if sums is None:
            sums = self._sums[key] = _Sums()
        sums.add(record)
        if record.reason:
            self.rejected(record.reason)
        for code in record.warnings:
            self._warnings.labels(code).inc()

    def rejected(self, reason: str) -> None:
        """A request was refused, or a connection before it had one."""
        self._rejected.labels(reason).inc()

    def shed(self, route: str, method: str, reason: str) -> None:
        """There was no room for a request, which was not even begun."""
        key = (route, method, reason)
        self._shed[key] = self._shed.get(key, 0) + 1

    def flush(self) -> None:
        """Put down what has been summed up, for all workers to see. To be called every second, and at the end."""
        self._in_flight.set(self._now_in_flight)
        for (route, method, status, loss_type), sums in self._sums.items():
            self._requests.labels(route, _known(method), status or "none").inc(sums.requests)
            self._bytes_in.inc(sums.bytes_in)
            self._bytes_out.inc(sums.bytes_out)
            if loss_type:
                self._samples.labels(loss_type).inc(sums.samples)
                self._elements.labels(loss_type).inc(sums.elements)
            if sums.phases["compute"]:
                for phase, ns in sums.phases.items():
                    self._phases.labels(phase).inc(ns / 1e9)
        self._sums.clear()
        for (route, method, reason), count in self._shed.items():
            self._requests.labels(route, _known(method), 503).inc(count)
            self._rejected.labels(reason).inc(count)
        self._shed.clear()

    def exposition(self) -> bytes:
        """All numbers in Prometheus' text format; those of other workers as of a second ago."""
        self.flush()
        if self._shared is None:
            return generate_latest(self._registry)
        of_all = CollectorRegistry()
        MultiProcessCollector(of_all, str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(of_all)


def _known(method: str) -> str:
    return method if method in METHODS else "other"
