"""Large bodies where there is no room for them: who is refused sees it, also over TLS and from another origin."""

import json
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.contract.test_admission import a_lot_of_work
from tests.service import JSON, Server, eventually, problem

BATCH = {"logits": [[1, 2], [3, 4]], "labels": [0, 1]}
LARGE = json.dumps(BATCH).encode() + b" " * 5_000_000
ONE_AT_ONCE = {"XENT_MAX_BYTES_AT_GATE": "1"}


@contextmanager
def full(server: Server, **options: Any) -> Iterator[httpx.Client]:
    """The gate has room for one body, which is worked on."""

    def work() -> None:
        # At first the gate may be taken by who asks below.
        with server.client(**options) as client:
            while (status := client.post("/v1/sampled-softmax", json=a_lot_of_work()).status_code) == 503:
                pass
        statuses.append(status)

    statuses: list[int] = []
    worker = threading.Thread(target=work)
    worker.start()
    with server.client(**options) as client:
        large = b" " * 70_000
        assert eventually(lambda: client.post("/v1/loss", content=large, headers=JSON).status_code == 503)
        yield client
    worker.join()
    assert statuses == [200]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("gate") / "log", **ONE_AT_ONCE) as running:
        yield running
    assert running.complaints == []


def test_who_waits_gets_its_turn_when_there_is_room(server: Server) -> None:
    def post() -> None:
        with server.client() as client:
            body = LARGE[:100_000]
            statuses.append(client.post("/v1/loss", content=body, headers=JSON).status_code)

    statuses: list[int] = []
    post()  # the first is slow
    assert statuses.pop() == 200
    clients = [threading.Thread(target=post) for _ in range(6)]
    # All of them are there before the first is accepted.
    server.process.send_signal(signal.SIGSTOP)
    for each in clients:
        each.start()
    time.sleep(0.5)
    server.process.send_signal(signal.SIGCONT)
    for each in clients:
        each.join()
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 1


def test_a_large_body_without_room_is_503_and_the_connection_ends(server: Server) -> None:
    with full(server) as client:
        for _ in range(3):
            response = client.post("/v1/loss", content=LARGE, headers=JSON)
            assert "bytes of large bodies in flight" in problem(response, 503)["detail"]
            assert (response.headers["connection"], response.headers["retry-after"]) == ("close", "1")
        # Small ones find theirs, and get their response.
        assert client.post("/v1/loss", json=BATCH).status_code == 200
        assert 'reason="bodies_full"' in client.get("/metrics").text
        # What can't be in time does not wait.
        hasty = JSON | {"X-Request-Timeout-Ms": "1"}
        assert "deadline" in problem(client.post("/v1/loss", content=LARGE, headers=hasty), 503)["detail"]
        assert problem(client.post("/v1/loss", content=LARGE, headers=JSON | {"X-Request-Timeout-Ms": "x"}), 400)
    with server.client() as client:
        assert client.post("/v1/loss", content=LARGE, headers=JSON).status_code == 200


def test_a_large_head_request_is_refused_without_a_body(server: Server) -> None:
    with full(server) as client:
        response = client.request("HEAD", "/v1/losses", content=LARGE)
        assert (response.status_code, response.content) == (503, b"")


def test_pages_of_other_origins_can_see_that_there_is_no_room(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "log", **ONE_AT_ONCE, XENT_CORS_ORIGINS="https://labels.example") as server,
        full(server) as client,
    ):
        response = client.post("/v1/loss", content=LARGE, headers=JSON | {"Origin": "https://labels.example"})
        assert problem(response, 503)
        assert response.headers["access-control-allow-origin"] == "https://labels.example"


def test_over_tls_who_sends_on_sees_it_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    files = {
        "XENT_TLS_CERTIFICATE_FILE": str(tmp_path / "certificate.pem"),
        "XENT_TLS_KEY_FILE": str(tmp_path / "key.pem"),
    }
    with Server(tmp_path / "log", **ONE_AT_ONCE, **files) as server, full(server, verify=context) as client:
        assert problem(client.post("/v1/loss", content=LARGE, headers=JSON), 503)


def test_without_a_key_nothing_waits_and_nothing_takes_room(tmp_path: Path) -> None:
    with Server(tmp_path / "log", **ONE_AT_ONCE, XENT_API_KEYS="key") as server, server.client() as client:
        for _ in range(20):
            assert problem(client.post("/v1/loss", content=LARGE, headers=JSON), 401)
        assert client.post("/v1/loss", content=LARGE, headers=JSON | {"X-API-Key": "key"}).status_code == 200


def test_what_is_not_computed_by_its_deadline_is_refused_then(server: Server) -> None:
    with server.client() as client:
        hasty = {"X-Request-Timeout-Ms": "300"}
        response = client.post("/v1/sampled-softmax", json=a_lot_of_work(), headers=hasty)
        assert "deadline" in problem(response, 503)["detail"]


def test_a_timeout_of_v2_is_kept_to(server: Server) -> None:
    inputs = [
        {"name": "logits", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]},
        {"name": "labels", "shape": [1], "datatype": "INT32", "data": [1]},
    ]
    with server.client() as client:
        for timeout, status in [(1, 503), (0, 200), (60_000_000, 200), (-1, 400)]:
            response = client.post("/v2/models/auto/infer", json={"inputs": inputs, "parameters": {"timeout": timeout}})
            assert response.status_code == status
