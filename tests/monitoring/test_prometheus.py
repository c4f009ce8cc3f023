"""The service as Prometheus sees it: every number is right, and what asks for numbers finds them."""

import math
import os
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.test_admission import working
from tests.monitoring import shipped
from tests.monitoring.stand import SPARSE, Prometheus, Sent, wait_for
from tests.service import Server

# What the healthy service gives no data for.
EMPTY_WHEN_WELL = {
    "Alerts": "there is none",
    "Failures by route": "no request makes the service fail",
    "Load shed, by reason": "there was room and time for all",
}
KEY = "a-key"


def by(label: str, samples: list[tuple[dict[str, str], float]]) -> dict[str, float]:
    return {labels.get(label, ""): value for labels, value in samples}


def test_prometheus_gets_an_answer_from_the_service_and_from_itself(prometheus: Prometheus, service: Server) -> None:
    wait_for("both are up", lambda: prometheus.value("sum(up)") == 2)
    targets = {target["labels"]["job"]: target for target in prometheus.get("targets")["activeTargets"]}
    assert targets.keys() == {"xent", "prometheus"}
    assert targets["xent"]["scrapeUrl"] == f"{service.address}/metrics"
    assert {target["health"] for target in targets.values()} == {"up"}


def test_every_request_is_counted_once_whichever_worker_answered_it(prometheus: Prometheus, sent: Sent) -> None:
    assert len(sent.workers()) == 2
    counted = prometheus.query('sum by (route, method, status) (xent_requests_total{route!="/metrics"})')
    assert {(each.get("route", ""), each["method"], each["status"]): value for each, value in counted} == sent.requests
    seconds = prometheus.query('xent_request_seconds_count{route!="/metrics"}')
    assert by("route", seconds) == {
        path: sum(count for (each, _, _), count in sent.requests.items() if each == path)
        for path, _, _ in sent.requests
    }


def test_what_was_computed_and_said_is_counted_as_the_answers_have_it(prometheus: Prometheus, sent: Sent) -> None:
    assert len(sent.samples) == 3
    assert by("loss_type", prometheus.query("xent_samples_total")) == sent.samples
    assert by("loss_type", prometheus.query("xent_elements_total")) == sent.elements
    assert {"infinite_loss", "logits_look_like_probabilities"} <= sent.warnings.keys()
    assert by("code", prometheus.query("xent_warnings_total")) == sent.warnings
    assert len(sent.reasons) == 2
    others = {"not_found", "method_not_allowed", "not_implemented"}
    rejected = by("reason", prometheus.query("xent_rejected_total"))
    assert {reason: value for reason, value in rejected.items() if reason not in others} == sent.reasons
    assert others <= rejected.keys()
    assert prometheus.value("xent_received_bytes_total") == sent.body_bytes


def test_the_phases_of_all_requests_take_less_than_the_requests_do(prometheus: Prometheus, sent: Sent) -> None:  # noqa: ARG001
    phases = by("phase", prometheus.query("xent_phase_seconds_total"))
    assert phases.keys() == {"receive", "queue", "decode", "compute", "encode"}
    assert 0 < sum(phases.values()) < prometheus.value('sum(xent_request_seconds_sum{route=~"/v1/.*"})')


@pytest.mark.parametrize("panel", shipped.panels(), ids=shipped.title)
def test_a_panel_has_something_to_show(panel: dict[str, Any], prometheus: Prometheus, sent: Sent) -> None:  # noqa: ARG001
    for expression in shipped.asked_by(panel):
        values = [value for _, value in prometheus.query(expression)]
        assert any(not math.isnan(value) for value in values) != (panel["title"] in EMPTY_WHEN_WELL), values


def test_a_version_that_comes_is_marked(prometheus: Prometheus) -> None:
    for expression in shipped.asked_for_annotations():
        assert [value for _, value in prometheus.query(expression)] == [1]


def test_every_metric_that_is_asked_for_is_one_that_the_service_has(prometheus: Prometheus, sent: Sent) -> None:  # noqa: ARG001
    asked_for = set().union(*map(shipped.metrics_in, shipped.all_expressions())) - shipped.OF_PROMETHEUS
    assert asked_for
    exposed = {name for name in prometheus.get("label/__name__/values") if name.startswith("xent_")}
    assert asked_for <= exposed
    # The other way round, nothing is counted that nobody looks at.
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in exposed - asked_for} <= {"xent_request_seconds"}


def test_every_rule_asks_for_series_that_there_are(prometheus: Prometheus, sent: Sent) -> None:  # noqa: ARG001
    """But for failures, which there are none of, and refusals, all of which are made to happen below."""
    selectors = set().union(*(shipped.selectors_in(rule["expr"]) for rule in shipped.alerts().values()))
    found = {selector for selector in selectors if prometheus.query(selector)}
    assert found
    assert [each for each in selectors - found if "reason=" not in each and 'status=~"5.."' not in each] == []


def test_the_rules_are_tested_with_series_as_the_service_has_them(prometheus: Prometheus, sent: Sent) -> None:  # noqa: ARG001
    for test in shipped.yaml_of(shipped.RULES_TEST)["tests"]:
        for series in test["input_series"]:
            (name,) = re.findall(r"^\w+", series["series"])
            labels = set(re.findall(r"(\w+)=", series["series"]))
            real = prometheus.get("series", **{"match[]": name})
            assert labels in [each.keys() - {"__name__"} for each in real], series["series"]


def test_a_healthy_service_raises_no_alert(prometheus: Prometheus, sent: Sent) -> None:  # noqa: ARG001
    prometheus.wait_until_judged()
    rules = prometheus.rules()
    assert {rule["name"] for rule in rules} == shipped.alerts().keys()
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    assert prometheus.alerts() == {}


def test_a_service_that_is_gone_raises_an_alert_and_one_that_came_back_ends_it(
    going: tuple[Server, Prometheus], tmp_path: Path
) -> None:
    server, prometheus = going
    wait_for("several scrapes", lambda: prometheus.value("changes(xent_sent_bytes_total[1m])") >= 3)
    assert server.stop() == 0
    wait_for("the alert", lambda: prometheus.alerts().get("XentDown") in {"pending", "firing"})
    assert prometheus.value('up{job="xent"}') == 0
    (shown,) = shipped.asked_by(next(panel for panel in shipped.panels() if panel["title"] == "Alerts"))
    wait_for("the panel of alerts", lambda: "XentDown" in by("alertname", prometheus.query(shown)))

    port = server.address.rpartition(":")[2]
    with Server(tmp_path / "log", XENT_WORKERS="2", XENT_PORT=port):
        wait_for("its end", lambda: "XentDown" not in prometheus.alerts())
        wait_for("the new start", lambda: prometheus.value("resets(xent_sent_bytes_total[1m])") == 1)


def metrics_of(client: httpx.Client) -> dict[str, float]:
    """The service's own exposition, by series as they stand there."""
    lines = client.get("/metrics").text.splitlines()
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def test_a_worker_that_ends_is_not_counted_until_another_stands_in_its_place(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_WORKERS="2") as server:
        with server.client() as client:
            client.post("/v1/loss", json=SPARSE)
        wait_for("a line in the log", lambda: len(Sent(server).workers()) == 1)
        (worker,) = Sent(server).workers()

        def seen() -> dict[str, float]:
            while True:
                try:
                    with server.client() as client:
                        return metrics_of(client)
                except httpx.TransportError:
                    time.sleep(0.01)

        before = seen()
        assert before["xent_workers"] == 2
        os.kill(worker, signal.SIGKILL)
        wait_for("one worker", lambda: seen()["xent_workers"] == 1)
        wait_for("two workers", lambda: seen()["xent_workers"] == 2)
        assert seen()["xent_sent_bytes_total"] > before["xent_sent_bytes_total"]


def held(server: Server, length: int) -> socket.socket:
    """A request that has sent all but one byte of a body of this length."""
    connection = socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])))
    head = f"POST /v1/loss HTTP/1.1\r\nHost: here\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + b" " * (length - 1))
    return connection


def refusals(server: Server) -> set[str]:
    """The reasons of refusals that it has counted."""
    with server.client() as client:
        counted = metrics_of(client)
    return {series for series, value in counted.items() if value and "xent_rejected_total" in series}


def test_every_reason_that_is_asked_for_is_one_that_the_service_gives(tmp_path: Path) -> None:
    with Server(tmp_path / "busy", XENT_MAX_REQUESTS_IN_FLIGHT="1") as busy, working(busy, 1):
        given = refusals(busy)
    access = {"XENT_API_KEYS": KEY, "XENT_OPEN_METRICS": "true"}
    headers = {"X-API-Key": KEY}
    small = Server(tmp_path / "small", XENT_MAX_BYTES_IN_FLIGHT="1000", **access)
    with small, small.client(headers=headers) as client, held(small, 990):
        wait_for("room is taken", lambda: client.post("/v1/loss", json=SPARSE).status_code == 503)
        given |= refusals(small)
    slow = Server(tmp_path / "slow", XENT_COMPUTE_SECONDS="0.001", XENT_DRAIN_SECONDS="20", **access)
    with slow, slow.client(headers=headers) as client:
        assert client.post("/v1/loss", json=SPARSE, headers={"X-API-Key": "no-key-of-ours"}).status_code == 403
        assert client.post("/v1/loss", json={"logits": [[0.25] * 500_000], "labels": [0]}).status_code == 503
        slow.process.send_signal(signal.SIGTERM)
        wait_for("it drains", lambda: client.get("/readyz").status_code == 503)
        given |= refusals(slow)
        slow.stop(signal.SIGINT)
    asked_for = set().union(*map(shipped.reasons_in, shipped.all_expressions()))
    assert {f'xent_rejected_total{{reason="{reason}"}}' for reason in asked_for} <= given
