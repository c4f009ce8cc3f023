"""A service that is full says so at once, and those who watch over it are always answered."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service import Document, Server, problem

BATCH = {"logits": [[1, 2], [3, 4]], "labels": [0, 1]}
WATCHED = ["/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"]


def begin(server: Server, length: int, sent: int, *headers: str, path: str = "/v1/loss") -> socket.socket:
    """A request whose body is only partly sent."""
    address = urlsplit(server.address)
    connection = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10)
    head = [f"POST {path} HTTP/1.1", "Host: xent", "Content-Type: application/json", *headers]
    if length:
        head.append(f"Content-Length: {length}")
    connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode() + b"x" * sent)
    return connection


def wait_until(server: Server, requests: int) -> None:
    """Until so many requests are in hand, the one that asks included."""
    with server.client() as client:
        for _ in range(200):
            if f"xent_in_flight_requests {requests + 1}.0" in client.get("/metrics").text:
                return
            time.sleep(0.02)
    raise AssertionError(client.get("/metrics").text)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with room for two requests, and for ten thousand bytes."""
    settings = {"XENT_MAX_REQUESTS_IN_FLIGHT": "2", "XENT_MAX_BYTES_IN_FLIGHT": "10000", "XENT_MAX_BODY_BYTES": "50000"}
    with Server(tmp_path_factory.mktemp("small") / "log", **settings) as server:
        yield server


@pytest.fixture
def caller(small: Server, document: Document) -> Iterator[httpx.Client]:
    with small.client(event_hooks={"response": [document.check]}) as client:
        yield client
    wait_until(small, 0)


def test_beyond_the_requests_that_may_be_in_hand_it_is_503_at_once(small: Server, caller: httpx.Client) -> None:
    with closing(begin(small, 50, 10)), closing(begin(small, 50, 10)):
        wait_until(small, 2)
        began = time.monotonic()
        response = caller.post("/v1/loss", json=BATCH)
        assert time.monotonic() - began < 0.5
        assert response.headers["retry-after"] == "1"
        assert "2 requests are in hand" in problem(response, 503)["detail"]
        response = caller.post("/v2/models/auto/infer", json={})
        assert (response.status_code, list(response.json())) == (503, ["error"])
        assert response.headers["retry-after"] == "1"
        assert [caller.get(path).status_code for path in WATCHED] == [200] * len(WATCHED)
    wait_until(small, 0)
    assert caller.post("/v1/loss", json=BATCH).status_code == 200


def test_beyond_the_bytes_that_may_be_in_hand_it_is_503_before_the_body_is_there(
    small: Server, caller: httpx.Client
) -> None:
    with closing(begin(small, 9000, 10)):
        wait_until(small, 1)
        with closing(begin(small, 2000, 10)) as refused:
            answer = b""
            while b"}" not in answer:
                answer += refused.recv(4096)
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"9000 bytes of other requests are in hand" in answer
        assert caller.post("/v1/loss", json=BATCH).status_code == 200


def test_a_body_of_unknown_length_counts_as_it_comes(small: Server) -> None:
    with closing(begin(small, 9000, 10)):
        wait_until(small, 1)
        with closing(begin(small, 0, 0, "Transfer-Encoding: chunked")) as refused:
            refused.sendall(b"200\r\n" + b" " * 512 + b"\r\n")
            wait_until(small, 2)
            refused.sendall(b"300\r\n" + b" " * 768 + b"\r\n")
            assert refused.recv(4096).startswith(b"HTTP/1.1 503")


def test_a_body_alone_may_be_longer_than_all_may_be_together(caller: httpx.Client) -> None:
    body = json.dumps(BATCH) + " " * 30_000
    headers = {"Content-Type": "application/json"}
    assert caller.post("/v1/loss", content=body, headers=headers).status_code == 200
    pieces = (body[start : start + 1000].encode() for start in range(0, len(body), 1000))
    assert caller.post("/v1/loss", content=pieces, headers=headers).status_code == 200


def test_what_is_announced_as_too_long_is_413_and_takes_no_room(small: Server) -> None:
    with closing(begin(small, 9000, 10)):
        wait_until(small, 1)
        with closing(begin(small, 1_000_000, 0)) as refused:
            assert refused.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_full_service_leaves_the_connection_usable(small: Server, caller: httpx.Client) -> None:
    with closing(begin(small, 50, 10)) as first, closing(begin(small, 50, 10)) as second:
        wait_until(small, 2)
        assert caller.post("/v1/loss", json=BATCH).status_code == 503
        first.close()
        second.close()
        wait_until(small, 0)
        assert caller.post("/v1/loss", json=BATCH).status_code == 200


def test_refusals_are_counted_by_their_reason(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_MAX_REQUESTS_IN_FLIGHT="1") as server, server.client() as client:
        with closing(begin(server, 50, 10)):
            wait_until(server, 1)
            client.post("/v1/loss", json=BATCH)
        wait_until(server, 0)
        client.post("/v1/loss", json={})
        numbers = client.get("/metrics").text
        assert 'xent_rejected_total{reason="requests_full"} 1.0' in numbers
        assert 'xent_requests_total{method="POST",route="/v1/loss",status="503"} 1.0' in numbers
        assert 'xent_rejected_total{reason="missing"} 1.0' in numbers
