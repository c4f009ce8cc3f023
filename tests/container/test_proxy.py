"""What the proxy lets through, what it refuses, and in which words."""

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.container.stand import Proxy, Replica, eventually, proxy_before
from tests.service import TITLES, problem

BATCH = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}
LOSS = 1.0693116545660806
LARGEST = 64 * 1024 * 1024
JSON = {"Content-Type": "application/json"}
ON_EVERY_RESPONSE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.fixture
def client(proxy: Proxy) -> Iterator[httpx.Client]:
    with proxy.client() as client:
        yield client


@pytest.fixture
def impatient(replicas: list[Replica], tmp_path: Path) -> Iterator[Proxy]:
    """A proxy that allows little and waits for nothing long, so that tests need not either."""
    changes = {
        "rate=500r/s": "rate=1r/s",
        "burst=1000 nodelay": "burst=9 nodelay",
        "client_header_timeout 10s": "client_header_timeout 1s",
        "client_body_timeout 15s": "client_body_timeout 1s",
    }
    with proxy_before(replicas, tmp_path, **changes) as proxy:
        yield proxy


def oip_error(response: httpx.Response, status: int) -> str:
    """The error as the Open Inference Protocol has it."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    content: dict[str, str] = response.json()
    assert list(content) == ["error"]
    return content["error"]


def answered_in_place(response: httpx.Response) -> None:
    """As xent answers, although it wasn't asked."""
    assert response.headers["server"] == "nginx"
    assert response.headers["x-request-id"]
    for name, value in ON_EVERY_RESPONSE.items():
        assert response.headers[name] == value


def spoken(proxy: Proxy, *said: bytes, pause: float = 0) -> httpx.Response:
    """What is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as connection:
        for each in said:
            connection.sendall(each)
            time.sleep(pause)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    pairs = [(name, value) for name, _, value in (line.partition(": ") for line in headers)]
    return httpx.Response(int(status.split()[1]), headers=pairs, content=body)


def is_logged(text: str, *logs: Path) -> bool:
    return eventually(lambda: any(text in log.read_text() for log in logs))


def test_both_replicas_are_asked(replicas: list[Replica], client: httpx.Client) -> None:
    before = [replica.answered for replica in replicas]
    for _ in range(40):
        assert client.post("/v1/loss", json=BATCH).json()["reduced"]["value"] == LOSS
    assert eventually(lambda: sum(replica.answered for replica in replicas) == sum(before) + 40)
    assert all(replica.answered > early for replica, early in zip(replicas, before, strict=True))


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/docs", "/openapi.json", "/v1/losses", "/v2", "/v2/health/ready"]
)
def test_what_xent_has_is_there(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "//metrics",
        "/%6detrics",
        "/docs/../metrics",
        "/metrics?name=xent",
        "http://xent/metrics",
        "/.refusal/problem",
    ],
)
def test_what_is_for_the_inside_only_is_not_found(proxy: Proxy, path: str) -> None:
    response = spoken(proxy, f"GET {path} HTTP/1.1\r\nHost: xent\r\nConnection: close\r\n\r\n".encode())
    assert problem(response, 404)["detail"] == "no such path; GET /docs lists all paths"
    answered_in_place(response)


def test_xents_own_errors_come_as_they_are(client: httpx.Client) -> None:
    assert problem(client.post("/v1/loss", json={"logits": [1], "labels": "x"}), 422)["errors"]
    assert problem(client.get("/nowhere"), 404)
    assert oip_error(client.get("/v2/models/none"), 404)


def test_a_replica_that_refuses_a_body_unread_is_heard(proxy: Proxy, client: httpx.Client) -> None:
    """At the first replica: a connection that is closed on an unread body loses the answer, as a rule."""
    for each in range(20):
        headers = {"Content-Type": "text/plain", "X-Request-ID": f"unread-{each}"}
        assert problem(client.post("/v1/loss", content=bytes(4 << 20), headers=headers), 415)
    assert is_logged("unread-19", proxy.log)
    lines = [json.loads(line) for line in proxy.log.read_text().splitlines() if '"unread-' in line]
    assert {line["statuses"] for line in lines} == {"415"}


def test_a_compressed_body_goes_through_as_it_is(client: httpx.Client) -> None:
    content = gzip.compress(json.dumps(BATCH).encode())
    answer = client.post("/v1/loss", content=content, headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.json()["reduced"]["value"] == LOSS


@pytest.mark.parametrize("given", ["abc-123", "a/b:c.d+e=f_g"])
def test_a_request_keeps_its_id(proxy: Proxy, replicas: list[Replica], client: httpx.Client, given: str) -> None:
    assert client.get("/v1/losses", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    assert is_logged(f'"request_id":"{given}"', proxy.log)
    assert is_logged(f'"request_id":"{given}"', *(replica.log for replica in replicas))


@pytest.mark.parametrize("given", ["", "a b", 'a"b', "x" * 129])
def test_a_request_gets_an_id_that_both_logs_have(
    proxy: Proxy, replicas: list[Replica], client: httpx.Client, given: str
) -> None:
    made = client.get("/v1/losses", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert is_logged(f'"request_id":"{made}"', proxy.log)
    assert is_logged(f'"request_id":"{made}"', *(replica.log for replica in replicas))


def test_nobody_can_say_to_be_another(replicas: list[Replica], client: httpx.Client) -> None:
    """The replicas take the proxy's word for where a request comes from."""
    client.get("/v1/losses", headers={"X-Forwarded-For": "203.0.113.7", "X-Request-ID": "whose"})
    assert is_logged('"request_id":"whose","client":"127.0.0.1"', *(replica.log for replica in replicas))


def test_a_line_of_its_log_is_json(proxy: Proxy, client: httpx.Client) -> None:
    client.get('/no"where?secret=1', headers={"X-Request-ID": "this-one"})
    assert is_logged("this-one", proxy.log)
    (line,) = (line for line in proxy.log.read_text().splitlines() if "this-one" in line)
    told: dict[str, Any] = json.loads(line)
    assert (told["method"], told["path"], told["status"]) == ("GET", "/no%22where", 404)
    assert told["seconds"] >= 0


def test_the_largest_body_goes_through_and_a_larger_one_does_not(client: httpx.Client) -> None:
    text = json.dumps(BATCH).encode()
    assert client.post("/v1/loss", content=text.ljust(LARGEST), headers=JSON).status_code == 200
    for path in ("/v1/loss", "/v1/recommend"):
        response = client.post(path, content=text.ljust(LARGEST + 1), headers=JSON)
        assert "GET /v1/limits" in problem(response, 413)["detail"]
        answered_in_place(response)
    response = client.post("/v2/models/auto/infer", content=text.ljust(LARGEST + 1), headers=JSON)
    assert "GET /v1/limits" in oip_error(response, 413)
    answered_in_place(response)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: xent\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: xent\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: xent\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"TRACE / HTTP/1.1\r\nHost: xent\r\nConnection: close\r\n\r\n", 405),
        (b"GET / HTTP/3.0\r\nHost: xent\r\n\r\n", 505),
    ],
)
def test_what_is_no_request_is_told_so_in_our_form(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, said: bytes, status: int
) -> None:
    monkeypatch.setitem(TITLES, 414, "URI Too Long")  # as of RFC 9110, and of Python from 3.13 on
    response = spoken(proxy, said)
    problem(response, status)
    answered_in_place(response)


def test_under_v2_it_is_the_protocols_form(proxy: Proxy) -> None:
    said = b"POST /v2/models/auto/infer HTTP/1.1\r\nHost: xent\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n"
    assert oip_error(spoken(proxy, said), 400) == "the request is not HTTP as it should be"


def test_where_no_replica_is_left_it_says_so(replicas: list[Replica], client: httpx.Client) -> None:
    for replica in replicas:
        replica.kill()
    try:
        time.sleep(1.5)
        response = client.post("/v1/loss", json=BATCH)
        problem(response, 502)
        assert response.headers["retry-after"] == "1"
        answered_in_place(response)
        assert oip_error(client.post("/v2/models/auto/infer", json={}), 502)
    finally:
        for replica in replicas:
            replica.start()
    time.sleep(1.5)
    assert client.post("/v1/loss", json=BATCH).status_code == 200


def test_who_asks_too_often_is_told_to_wait(impatient: Proxy) -> None:
    with impatient.client() as client:
        answers = [client.post("/v1/loss", json=BATCH) for _ in range(20)]
        refused = [each for each in answers if each.status_code != 200]
        assert len(refused) > 5
        for response in refused:
            problem(response, 429)
            assert response.headers["retry-after"] == "1"
            answered_in_place(response)
        assert oip_error(client.post("/v2/models/auto/infer", json={}), 429)


@pytest.mark.parametrize(
    "begun", [b"GET / HTTP/1.1\r\nHost", b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nContent-Length: 100\r\n\r\n{"]
)
def test_who_is_too_slow_is_left_without_a_word(impatient: Proxy, begun: bytes) -> None:
    """As nginx does it. xent itself would answer 408."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=5) as connection:
        connection.sendall(begun)
        assert connection.recv(1024) == b""
    assert 1 <= time.monotonic() - began < 3


def test_an_address_has_so_many_connections_at_most(proxy: Proxy) -> None:
    """Of which each is at a request: idle ones do not count."""

    def slow_request() -> int:
        begun = b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
        return spoken(proxy, begun, b"{", b"}", pause=1).status_code

    with ThreadPoolExecutor(160) as callers:
        statuses = [each.result() for each in [callers.submit(slow_request) for _ in range(160)]]
    assert statuses.count(415) == 128
    assert statuses.count(429) == 32
