"""A service at capacity says so at once, and probes are always admitted."""

import json
import re
import resource
import signal
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.service import JSON, Document, Server, eventually, problem

BATCH = {"logits": [[1, 2], [3, 4]], "labels": [0, 1]}
WATCHED = ["/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"]


def begin(server: Server, length: int, sent: int, *headers: str, path: str = "/v1/loss") -> socket.socket:
    """A request whose body is only partly sent."""
    connection = server.connection()
    head = [f"POST {path} HTTP/1.1", "Host: xent", "Content-Type: application/json", *headers]
    if length:
        head.append(f"Content-Length: {length}")
    connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode() + b"x" * sent)
    return connection


def wait_until(server: Server, requests: int) -> None:
    """Until so many requests are in flight, the one that asks included."""
    with server.client() as client:
        as_wanted = f"xent_in_flight_requests {requests + 1}.0"
        assert eventually(lambda: as_wanted in client.get("/metrics").text), client.get("/metrics").text


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with room for two requests, and for ten thousand bytes."""
    settings = {"XENT_MAX_REQUESTS_IN_FLIGHT": "2", "XENT_MAX_BYTES_IN_FLIGHT": "10000", "XENT_MAX_BODY_BYTES": "50000"}
    with Server(tmp_path_factory.mktemp("small") / "log", **settings) as server:
        yield server


@pytest.fixture
def small_client(small: Server, document: Document) -> Iterator[httpx.Client]:
    with small.client(event_hooks={"response": [document.check]}) as client:
        yield client
    wait_until(small, 0)


def a_lot_of_work(length: int = 600) -> dict[str, Any]:
    """A request that takes seconds: as many labels in each row as inputs, and as many rows."""
    numbers, ids = tensor(np.ones((length, length), np.float16)), tensor(np.zeros((length, length), np.uint16))
    values = {"candidates": [1], "true_expected_count": numbers, "sampled_expected_count": [1]}
    return {"weights": numbers, "biases": [0] * length, "inputs": numbers, "labels": ids, "sampled_values": values}


def tensor(array: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": array.dtype.name, "shape": array.shape, "data": b64encode(array).decode()}


@contextmanager
def working(server: Server, count: int) -> Iterator[None]:
    """So many requests are being computed: the most that may be."""

    def work() -> None:
        with server.client() as client:
            statuses.append(client.post("/v1/sampled-softmax", json=a_lot_of_work()).status_code)

    statuses: list[int] = []
    clients = [threading.Thread(target=work) for _ in range(count)]
    for each in clients:
        each.start()
    with server.client() as client:
        while client.post("/v1/loss", json=BATCH).status_code != 503:
            assert not statuses
        yield
    for each in clients:
        each.join()
    assert statuses == [200] * count


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that computes two requests at once."""
    with Server(tmp_path_factory.mktemp("two") / "log", XENT_MAX_REQUESTS_IN_FLIGHT="2") as server:
        yield server


def test_metrics_say_how_many_slots_and_bytes_are_reserved(small: Server) -> None:
    def reserved() -> tuple[float, ...]:
        with small.client() as client:
            text = client.get("/metrics").text
        names = ("xent_computing_requests", "xent_reserved_bytes")
        return tuple(float(re.findall(rf"^{name} (.+)$", text, re.MULTILINE)[0]) for name in names)

    with closing(begin(small, 2000, 1000)):
        assert eventually(lambda: reserved() == (0, 1000))
    assert eventually(lambda: reserved() == (0, 0))


def test_beyond_the_requests_that_may_be_in_flight_it_is_503_at_once(two: Server, document: Document) -> None:
    with two.client(event_hooks={"response": [document.check]}) as client, working(two, 2):
        response = client.post("/v1/loss", json=BATCH)
        assert response.headers["retry-after"] == "1"
        assert "at capacity: 2 requests in flight" in problem(response, 503)["detail"]
        response = client.post("/v2/models/auto/infer", json={})
        assert (response.status_code, list(response.json())) == (503, ["error"])
        assert response.headers["retry-after"] == "1"
        head = client.head("/v1/losses")
        assert (head.status_code, head.content) == (503, b"")
        assert [client.get(path).status_code for path in WATCHED] == [200] * len(WATCHED)
    wait_until(two, 0)
    with two.client() as client:
        assert client.post("/v1/loss", json=BATCH).status_code == 200


def test_who_has_sent_no_whole_request_takes_no_place_of_those_who_have(two: Server) -> None:
    with ExitStack() as slow, two.client() as client:
        for _ in range(150):
            slow.enter_context(closing(begin(two, 60_000, 10)))
        wait_until(two, 150)
        assert {client.post("/v1/loss", json=BATCH).status_code for _ in range(40)} == {200}
    wait_until(two, 0)


def test_beyond_the_bytes_that_may_be_in_flight_it_is_503_before_the_body_is_there(
    small: Server, small_client: httpx.Client
) -> None:
    with closing(begin(small, 9500, 9000)):
        wait_until_reserved(small, 9000)
        with closing(begin(small, 2000, 1500)) as refused:
            response = b""
            while b"}" not in response:
                response += refused.recv(4096)
            assert response.startswith(b"HTTP/1.1 503")
            assert b"at capacity: 9000 bytes of other requests in flight" in response
        assert small_client.post("/v1/loss", json=BATCH).status_code == 200


def wait_until_reserved(server: Server, count: int) -> None:
    """Until one request has so many bytes: no further one has room for what is left."""
    body = b'{"logits": [1], "labels": 1}' + b" " * (10_000 - count)
    with server.client() as client:
        assert eventually(lambda: client.post("/v1/loss", content=body, headers=JSON).status_code == 503)


def test_a_body_that_is_announced_takes_no_room_before_it_comes(small: Server, small_client: httpx.Client) -> None:
    with closing(begin(small, 9500, 10)):
        wait_until(small, 1)
        body = json.dumps(BATCH) + " " * 9000
        assert small_client.post("/v1/loss", content=body, headers=JSON).status_code == 200


def test_a_body_of_unknown_length_counts_as_it_comes(small: Server) -> None:
    with closing(begin(small, 9500, 9000)):
        wait_until_reserved(small, 9000)
        with closing(begin(small, 0, 0, "Transfer-Encoding: chunked")) as refused:
            refused.sendall(b"200\r\n" + b" " * 512 + b"\r\n")
            wait_until(small, 2)
            refused.sendall(b"300\r\n" + b" " * 768 + b"\r\n")
            assert refused.recv(4096).startswith(b"HTTP/1.1 503")


def test_a_body_alone_may_be_longer_than_all_may_be_together(small_client: httpx.Client) -> None:
    body = json.dumps(BATCH) + " " * 30_000
    headers = {"Content-Type": "application/json"}
    assert small_client.post("/v1/loss", content=body, headers=headers).status_code == 200
    pieces = (body[start : start + 1000].encode() for start in range(0, len(body), 1000))
    assert small_client.post("/v1/loss", content=pieces, headers=headers).status_code == 200


def test_what_is_announced_as_too_long_is_413_and_takes_no_room(small: Server) -> None:
    with closing(begin(small, 9000, 10)):
        wait_until(small, 1)
        with closing(begin(small, 1_000_000, 0)) as refused:
            assert refused.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_full_service_leaves_the_connection_usable(two: Server) -> None:
    with two.client() as client:
        with working(two, 2):
            assert client.post("/v1/loss", json=BATCH).status_code == 503
        wait_until(two, 0)
        assert client.post("/v1/loss", json=BATCH).status_code == 200


def test_refusals_are_counted_by_their_reason(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_MAX_REQUESTS_IN_FLIGHT="1") as server, server.client() as client:
        with working(server, 1):
            client.post("/v1/loss", json=BATCH)
        wait_until(server, 0)
        client.post("/v1/loss", json={})
        numbers = client.get("/metrics").text
        refused = re.search(r'xent_rejected_total{reason="requests_full"} (\d+)', numbers)
        counted = re.search(r'xent_requests_total{method="POST",route="/v1/loss",status="503"} (\d+)', numbers)
        assert refused
        assert counted
        assert refused[1] == counted[1]
        assert 'xent_rejected_total{reason="missing"} 1.0' in numbers


# --- Those who come at once

POST = "POST {path} HTTP/1.1\r\nHost: xent\r\nContent-Type: application/json\r\nX-Request-ID: mine\r\n"


@contextmanager
def crowd(server: Server, request: bytes, last: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections on which the same is asked at once, but on the last: they are all there before the service can look
    at one of them.

    The batch that each is about is done in one go, so that none of them is in flight while another is looked at.
    """
    with ExitStack() as connections:
        server.process.send_signal(signal.SIGSTOP)
        crowded = []
        for number in range(20):
            connection = connections.enter_context(server.connection())
            crowded.append(connection)
            connection.sendall(last if last and number == 19 else request)
        server.process.send_signal(signal.SIGCONT)
        yield crowded


def response_on(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        lines = iter(lambda: stream.readline().decode().strip(), "")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return status, headers, stream.read(int(headers["content-length"]))


@pytest.mark.parametrize(
    ("path", "media_type"), [("/v1/loss", "application/problem+json"), ("/v2/models/auto/infer", "application/json")]
)
def test_who_is_too_many_is_told_so_as_all_are(small: Server, path: str, media_type: str) -> None:
    body = json.dumps(BATCH).encode()
    head = POST.format(path=path).encode() + b"Content-Length: %d\r\n\r\n" % len(body)
    with crowd(small, head + body) as connections:
        responses = [response_on(each) for each in connections]
        shed = [(headers, body) for status, headers, body in responses if status == 503]
        assert 10 < len(shed) < 20
        for headers, body in shed:
            assert headers["content-type"] == media_type
            assert headers["retry-after"] == "1"
            assert headers["x-request-id"] == "mine"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert headers["date"]
            assert b"at capacity: 2 requests in flight" in body
        # The connection goes on, and probes are always admitted.
        for each in connections:
            each.sendall(b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n")
            assert response_on(each)[0] == 200


def test_who_is_too_many_is_counted(tmp_path: Path) -> None:
    request = b"GET /v1/losses HTTP/1.1\r\nHost: xent\r\n\r\n"
    with Server(tmp_path / "log", XENT_MAX_REQUESTS_IN_FLIGHT="2") as server, server.client() as client:
        with crowd(server, request) as connections:
            full = sum(each == 503 for each, _, _ in map(response_on, connections))
        numbers = client.get("/metrics").text
        assert full > 10
        assert f'xent_rejected_total{{reason="requests_full"}} {full}.0' in numbers
        assert f'xent_requests_total{{method="GET",route="/v1/losses",status="503"}} {full}.0' in numbers


def test_who_only_watches_is_never_too_many(small: Server) -> None:
    with crowd(small, b"GET /livez?really HTTP/1.1\r\nHost: xent\r\n\r\n") as connections:
        assert {response_on(each)[0] for each in connections} == {200}


def test_a_head_request_that_is_shed_gets_no_body(small: Server) -> None:
    with crowd(small, b"HEAD /v1/losses HTTP/1.1\r\nHost: xent\r\n\r\n") as connections:
        received = [each.recv(65536) for each in connections]
        assert {each[:12] for each in received} <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}
        assert all(each.endswith(b"\r\n\r\n") for each in received)


@pytest.mark.parametrize("line", [b"HTTP/1.1\r\nConnection: close", b"HTTP/1.0"], ids=["close", "HTTP/1.0"])
def test_who_wants_the_connection_closed_gets_it_closed(small: Server, line: bytes) -> None:
    with crowd(small, b"GET /v1/losses " + line + b"\r\nHost: xent\r\n\r\n") as connections:
        for each in connections:
            status, headers, _ = response_on(each)
            assert (status in (200, 503), headers["connection"]) == (True, "close")
            assert each.recv(1) == b""


WHOLE = POST.format(path="/v1/loss").encode() + b'Content-Length: 28\r\n\r\n{"logits": [1], "labels": 1}'


def test_the_body_of_who_is_too_many_is_no_request(small: Server) -> None:
    """Whatever it looks like."""
    looks_like_one = b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n" * 20
    head = POST.format(path="/v1/recommend").encode() + b"Content-Length: %d\r\n\r\n" % len(looks_like_one)
    with crowd(small, WHOLE, head) as (*_, connection):
        assert response_on(connection)[0] == 503
        for at in range(0, len(looks_like_one), 100):
            connection.sendall(looks_like_one[at : at + 100])
            time.sleep(0.01)
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n")
        assert response_on(connection)[0] == 200
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    wait_until(small, 0)


def test_who_is_too_many_and_sends_no_body_is_hung_up_on(tmp_path: Path) -> None:
    settings = {"XENT_MAX_REQUESTS_IN_FLIGHT": "2", "XENT_BODY_SECONDS": "0.5"}
    with Server(tmp_path / "log", **settings) as server:
        head = POST.format(path="/v1/recommend").encode() + b"Content-Length: 100\r\n\r\n"
        with crowd(server, WHOLE, head) as (*_, connection):
            assert response_on(connection)[0] == 503
            assert connection.recv(100) == b""
        assert server.complaints == []


def test_pages_of_other_origins_can_see_that_it_is_full(tmp_path: Path) -> None:
    settings = {"XENT_MAX_REQUESTS_IN_FLIGHT": "1", "XENT_CORS_ORIGINS": "https://labels.example"}
    with Server(tmp_path / "log", **settings) as server, server.client() as client, working(server, 1):
        response = client.post("/v1/loss", json=BATCH, headers={"Origin": "https://labels.example"})
        assert problem(response, 503)
        assert response.headers["access-control-allow-origin"] == "https://labels.example"


@pytest.mark.alone
def test_clients_that_come_while_others_keep_it_busy_are_accepted(tmp_path: Path) -> None:
    """All of these have something to ask at any time; a new client waits no longer than they do."""
    with Server(tmp_path / "log", XENT_LOG_REQUESTS="false") as server:
        over = threading.Event()
        theirs: list[float] = []

        def call() -> None:
            with server.client() as client:
                while not over.is_set():
                    began = time.monotonic()
                    assert client.post("/v1/loss", json=BATCH).status_code in (200, 503)
                    theirs.append(time.monotonic() - began)

        clients = [threading.Thread(target=call) for _ in range(32)]
        for each in clients:
            each.start()
        time.sleep(1)
        waits = []
        for _ in range(20):
            began = time.monotonic()
            assert httpx.get(f"{server.address}/livez").status_code == 200
            waits.append(time.monotonic() - began)
        over.set()
        for each in clients:
            each.join()
    # A second is long on a still machine; on a loaded one all wait for longer.
    assert median(waits) < max(1, 5 * median(theirs))


def test_where_the_system_has_no_room_for_a_connection_it_waits_until_there_is(tmp_path: Path) -> None:
    with Server(tmp_path / "log") as server:
        allowed = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, allowed[1]))
        with server.connection() as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n")
            assert server.logs("accept failed")
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, allowed)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            # And when it is told to end in the meantime, it ends.
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, allowed[1]))
            with server.connection():
                assert server.logs("accept failed", times=2)
                # uvloop can't close without a free descriptor. The acceptor still pauses for half a second.
                resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, allowed)
                server.process.send_signal(signal.SIGTERM)
                assert server.status() == 0
