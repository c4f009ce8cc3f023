"""Traces, as a collector gets them: a stand-in for one, which speaks OTLP over HTTP."""

import gzip
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.service import PATIENCE_SECONDS, Server, start_app

pytestmark = pytest.mark.unmeasured

BATCH = {"logits": [[1, 2], [3, 7654321]], "labels": [0, 1]}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


class Collector:
    """Keeps the spans that it is sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                each.value.string_value for each in of_resource.resource.attributes if each.key == "service.name"
            }
            for of_scope in of_resource.scope_spans:
                self.spans += of_scope.spans

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def tracing(collector: Collector, log: Path, **settings: str) -> Server:
    """A service that sends traces there, every 200 ms."""
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "OTEL_SERVICE_NAME": "losses"}
    return Server(log, XENT_TRACING="true", OTEL_BSP_SCHEDULE_DELAY="200", **where, **settings)


def test_a_request_is_a_span_within_its_callers_trace(collector: Collector, tmp_path: Path) -> None:
    with tracing(collector, tmp_path / "log") as server, server.client() as client:
        parent = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
        assert client.post("/v1/loss", json=BATCH, headers=parent).status_code == 200
        assert client.post("/v1/loss", json={}).status_code == 422
        assert server.stop() == 0
        assert server.complaints == []
    assert collector.services == {"losses"}
    good, bad = sorted((span for span in collector.spans if span.kind == 2), key=lambda span: span.start_time_unix_nano)
    assert (good.name, good.trace_id.hex(), good.parent_span_id.hex()) == ("POST /v1/loss", TRACE, SPAN)
    assert attributes(good).items() >= {"http.route": "/v1/loss", "http.response.status_code": 200}.items()
    assert attributes(bad)["http.response.status_code"] == 422
    assert "7654321" not in str(collector.spans)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_not_sent_yet_is_sent_at_the_end(collector: Collector, tmp_path: Path, workers: str) -> None:
    with tracing(collector, tmp_path / "log", XENT_WORKERS=workers) as server:
        for _ in range(10):
            with server.client() as client:
                client.post("/v1/loss", json=BATCH)
        assert server.stop() == 0
    assert sum(span.kind == 2 for span in collector.spans) == 10


def test_a_collector_that_is_not_there_is_no_reason_not_to_answer(tmp_path: Path, collector: Collector) -> None:
    collector.server.server_close()
    with tracing(collector, tmp_path / "log") as server, server.client() as client:
        for _ in range(5):
            assert client.post("/v1/loss", json=BATCH).status_code == 200
        time.sleep(0.5)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 30


def refusal(**settings: str) -> str:
    process = start_app(subprocess.PIPE, subprocess.PIPE, **settings)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, output) == (1, "")
    return errors


def test_without_a_place_for_traces_it_does_not_start() -> None:
    expected = "xent: XENT_TRACING is true, but OTEL_EXPORTER_OTLP_ENDPOINT does not say where traces are to go\n"
    assert refusal(XENT_TRACING="true") == expected


def test_nothing_is_traced_unless_asked_for(collector: Collector, tmp_path: Path) -> None:
    with Server(tmp_path / "log", OTEL_EXPORTER_OTLP_ENDPOINT=collector.address) as server, server.client() as client:
        client.post("/v1/loss", json=BATCH)
        assert server.stop() == 0
    assert collector.spans == []
