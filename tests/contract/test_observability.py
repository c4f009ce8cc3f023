"""What the operator sees: ids, times, a line of the log for each request, and numbers."""

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service import PATIENCE_SECONDS, Server, start_app

pytestmark = pytest.mark.unmeasured

BATCH = {"logits": [[1.5, 2.5, 7654321], [3, 4, 5]], "labels": [0, 2]}
INFER = {
    "inputs": [
        {"name": "logits", "shape": [2, 3], "datatype": "FP32", "data": [1, 2, 3, 4, 5, 6]},
        {"name": "labels", "shape": [2], "datatype": "INT64", "data": [0, 1]},
    ]
}
PHASES = ["receive", "queue", "decode", "compute", "encode"]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a service that has responded to nothing yet."""
    with Server(tmp_path / "log") as server, server.client() as client:
        yield client


def line_of(server: Server, response: httpx.Response) -> dict[str, Any]:
    """The line of the log about this request, which may come just after its response."""
    for _ in range(3000):
        for line in server.log.read_text().splitlines():
            if response.headers["x-request-id"] in line:
                fields: dict[str, Any] = json.loads(line)
                return fields
        time.sleep(0.02)
    raise AssertionError(server.log.read_text())


def numbers(client: httpx.Client) -> dict[str, float]:
    """The metrics by their names and labels, as Prometheus writes them."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


# --- Ids


def test_a_request_keeps_the_id_it_came_with(client: httpx.Client) -> None:
    for given in ("1", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "a.b:c/d+e=f_g", "x" * 128):
        assert client.get("/livez", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", 'a"b', "ä", "a,b", "{}"])
def test_an_id_that_could_do_harm_in_a_log_is_replaced(client: httpx.Client, given: str) -> None:
    found = client.get("/livez", headers={"X-Request-ID": given.encode()}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_ids_differ(client: httpx.Client) -> None:
    assert len({client.get("/livez").headers["x-request-id"] for _ in range(20)}) == 20


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/livez"), ("POST", "/v1/loss")])
def test_errors_have_ids_too(server: Server, client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code >= 400
    assert line_of(server, response)["status"] == response.status_code


# --- Times


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/loss", BATCH), ("/v1/recommend", BATCH), ("/v2/models/auto/infer", INFER)],
    ids=["loss", "recommend", "infer"],
)
def test_a_response_says_where_its_time_went(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    began = time.perf_counter()
    response = client.post(path, json=body)
    took = (time.perf_counter() - began) * 1000
    times = re.findall(r"(\w+);dur=(\d+\.\d{3})", response.headers["server-timing"])
    assert [phase for phase, _ in times] == PHASES
    assert 0 < sum(float(milliseconds) for _, milliseconds in times) < took


def test_where_nothing_was_computed_there_is_no_time(client: httpx.Client) -> None:
    assert "server-timing" not in client.get("/livez").headers
    assert "server-timing" not in client.post("/v1/loss", json={}).headers


# --- The log


def test_a_request_is_one_line_with_forms_and_times_and_no_values(server: Server, client: httpx.Client) -> None:
    response = client.post("/v1/loss", json={**BATCH, "weights": 3, "include": ["gradient"]})
    line = line_of(server, response)
    assert (
        line.items()
        >= {
            "level": "info",
            "message": "request",
            "client": "127.0.0.1",
            "method": "POST",
            "route": "/v1/loss",
            "status": 200,
            "bytes_in": len(response.request.content),
            "bytes_out": len(response.content),
            "loss_type": "sparse_softmax_cross_entropy",
            "samples": 2,
            "elements": 2,
            "arrays": {"logits": "float64[2, 3]", "labels": "int64[2]", "weights": "int64[]"},
            "warnings": ["scalar_weight_only_rescales"],
        }.items()
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert list(line["phases"]) == PHASES
    assert 0 < sum(line["phases"].values()) <= line["seconds"] + 1e-5
    assert "7654321" not in json.dumps(line)


def test_forms_are_told_of_tensors_and_frames_too(server: Server, client: httpx.Client) -> None:
    logits = np.zeros((2, 3), np.float16)
    tensor = {"dtype": "float16", "shape": [2, 3], "data": base64.b64encode(logits.tobytes()).decode()}
    line = line_of(server, client.post("/v1/loss", json={"logits": tensor, "labels": [[0, 1, 1], [1, 1, 0]]}))
    assert line["arrays"] == {"logits": "float16[2, 3]", "labels": "int64[2, 3]"}
    assert (line["samples"], line["elements"]) == (2, 6)
    line = line_of(server, client.post("/v2/models/auto/infer", json=INFER))
    assert line["arrays"] == {"logits": "float32[2, 3]", "labels": "int64[2]"}
    assert line["route"] == "/v2/models/{model}/infer"


def test_a_refusal_has_its_reason(server: Server, client: httpx.Client) -> None:
    line = line_of(server, client.post("/v1/loss", json={**BATCH, "labels": [0, 5]}))
    assert (line["status"], line["reason"]) == (422, "label_out_of_range")
    assert line["arrays"]["labels"] == "int64[2]"


def test_a_path_at_which_nothing_is_stands_in_the_line_and_cannot_break_it(
    server: Server, client: httpx.Client
) -> None:
    line = line_of(server, client.get("/a%0A%22%7B%1b[31m" + "x" * 1000))
    assert line["path"].startswith('/a\n"{')
    assert len(line["path"]) == 200
    assert line["route"] == ""


def test_the_log_of_requests_can_be_switched_off(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_LOG_REQUESTS="false") as server, server.client() as client:
        client.post("/v1/loss", json=BATCH)
        client.get("/nothing")
        server.stop()
        assert '"message":"request"' not in server.log.read_text()


# --- Numbers


def test_what_was_done_is_counted(fresh: httpx.Client) -> None:
    computed = [fresh.post("/v1/loss", json=BATCH) for _ in range(3)]
    multi_label = fresh.post("/v1/loss", json={"logits": [[1, 2, 3]] * 4, "labels": [[1, 1, 0]] * 4, "weights": 2})
    refused = fresh.post("/v1/loss", json={**BATCH, "labels": [0, 5]})
    infer = fresh.post("/v2/models/auto/infer", json=INFER)
    fresh.head("/livez")
    fresh.get("/nothing")
    fresh.request("MKCOL", "/livez")
    found = numbers(fresh)
    assert found['xent_requests_total{method="POST",route="/v1/loss",status="200"}'] == 4
    assert found['xent_requests_total{method="POST",route="/v1/loss",status="422"}'] == 1
    assert found['xent_requests_total{method="POST",route="/v2/models/{model}/infer",status="200"}'] == 1
    assert found['xent_requests_total{method="HEAD",route="/livez",status="200"}'] == 1
    assert found['xent_requests_total{method="GET",route="",status="404"}'] == 1
    assert found['xent_requests_total{method="other",route="/livez",status="405"}'] == 1
    assert found['xent_request_seconds_count{route="/v1/loss"}'] == 5
    assert found['xent_request_seconds_bucket{le="+Inf",route="/v1/loss"}'] == 5
    assert found['xent_samples_total{loss_type="sparse_softmax_cross_entropy"}'] == 3 * 2 + 2
    assert found['xent_elements_total{loss_type="sparse_softmax_cross_entropy"}'] == 3 * 2 + 2
    assert found['xent_samples_total{loss_type="sigmoid_cross_entropy"}'] == 4
    assert found['xent_elements_total{loss_type="sigmoid_cross_entropy"}'] == 12
    assert found['xent_rejected_total{reason="label_out_of_range"}'] == 1
    assert found['xent_warnings_total{code="scalar_weight_only_rescales"}'] == 1
    sent = [*computed, multi_label, refused, infer]
    assert found["xent_received_bytes_total"] == sum(len(each.request.content) for each in sent)
    assert found["xent_sent_bytes_total"] >= sum(len(each.content) for each in sent)
    assert all(found[f'xent_phase_seconds_total{{phase="{phase}"}}'] > 0 for phase in PHASES)
    assert found["xent_in_flight_requests"] == 1
    assert found["xent_workers"] == 1
    assert found['xent_build_info{version="0.2.0"}'] == 1


def test_names_are_few_however_many_paths_are_tried(fresh: httpx.Client) -> None:
    before = len(numbers(fresh))
    for number in range(50):
        fresh.get(f"/nothing/{number}")
        fresh.get(f"/v2/models/none{number}")
        fresh.request(f"M{number}", "/livez")
    assert len(numbers(fresh)) - before < 100


def test_a_log_that_nobody_takes_any_more_is_no_requests_failure(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as stderr, start_app(subprocess.PIPE, stderr) as process:
        assert process.stdout
        (address,) = set(re.findall(r"http://[\d.:]+", process.stdout.readline()))
        process.stdout.close()
        assert httpx.post(f"{address}/v1/loss", json=BATCH).status_code == 200
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert errors.read_text() == ""
