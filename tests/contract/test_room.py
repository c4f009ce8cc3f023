"""What clients who mean no good can make the service hold, and what that costs the others: as SECURITY.md says."""

import json
import re
import signal
import socket
import sys
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hostile.running import Service, running
from tests.hostile.talk import address_of

Start = Callable[..., Service]
BODY = b'{"logits":[[2.0,0.5,1.0],[0.1,1.0,3.0]],"labels":[0,2]}'
JSON = {"Content-Type": "application/json"}
POST = b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nContent-Type: application/json\r\n"
GET = b"GET /nothing HTTP/1.1\r\nHost: xent\r\n\r\n"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n"


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    with ExitStack() as services:

        def start(**settings: str) -> Service:
            folder = tmp_path_factory.mktemp("service")
            return services.enter_context(running(sys.executable, folder, **settings))

        yield start


@pytest.fixture
def service(start: Start) -> Service:
    return start(XENT_LOG_REQUESTS="false")


def connected(service: Service, stack: ExitStack, receive_buffer: int = 0) -> socket.socket:
    connection = stack.enter_context(socket.socket())
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.connect(address_of(service.address))
    return connection


def resident_kib(service: Service, key: str = "VmRSS") -> int:
    found = re.search(rf"{key}:\s+(\d+)", Path(f"/proc/{service.process.pid}/status").read_text())
    assert found
    return int(found[1])


def statuses(client: httpx.Client, count: int = 40) -> set[int]:
    """What honest clients get."""
    return {client.post("/v1/loss", content=BODY, headers=JSON).status_code for _ in range(count)}


@pytest.mark.unmeasured
def test_pipelined_requests_are_not_read_ahead(service: Service) -> None:
    """8,000 requests of 33 bytes on each of 200 connections; 744 MiB were held of 50 MB."""
    many = GET * 8000
    before = resident_kib(service, "VmHWM")
    with ExitStack() as stack:
        # All of it is there before the service can respond to any.
        with stopped(service):
            for _ in range(60):
                connection = connected(service, stack)
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    connection.send(many)
        with service.client() as client:
            assert client.get("/livez").status_code == 200
        assert resident_kib(service, "VmHWM") - before < 60 * len(many) // 1024 + 32_000


@contextmanager
def stopped(service: Service) -> Iterator[None]:
    service.process.send_signal(signal.SIGSTOP)
    yield
    service.process.send_signal(signal.SIGCONT)


def test_beyond_16_mb_behind_requests_without_a_response_connections_get_that_one_response(start: Start) -> None:
    service = start(XENT_MAX_REQUESTS_IN_FLIGHT="1000")
    behind = (GET[:-2] + b"x: " + b"y" * 30_000 + b"\r\n\r\n") * 8
    with ExitStack() as stack:
        connections = [connected(service, stack) for _ in range(300)]
        assert {livez(each) for each in connections} == {b"200"}
        with stopped(service):
            for each in connections:
                each.setblocking(False)
                with suppress(BlockingIOError):
                    each.send(GET + behind)
        closed = 0
        for each in connections:
            each.settimeout(30)
            with suppress(ConnectionResetError):
                received = each.recv(4096)
                assert received.startswith(b"HTTP/1.1 404")
                closed += b"connection: close" in received.partition(b"\r\n\r\n")[0]
        assert 0 < closed < 300


def test_a_request_has_at_most_100_headers(service: Service) -> None:
    with ExitStack() as stack:
        for count, status in [(100, b"200"), (101, b"431")]:
            connection = connected(service, stack)
            connection.sendall(LIVEZ[:-2] + b"a:b\r\n" * (count - 1) + b"\r\n")
            assert connection.recv(65536)[9:12] == status
        # Also where they have no end, and where they are trailers.
        for begun in (LIVEZ[:-2], POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"):
            connection = connected(service, stack)
            connection.sendall(begun + b"a:b\r\n" * 110)
            assert connection.recv(65536)[9:12] == b"431"


@pytest.mark.unmeasured
def test_an_idle_connection_holds_nothing_of_its_last_request(service: Service) -> None:
    """1,475 KiB were held for each, of 64 KB."""
    request = LIVEZ[:-2] + b"".join(b"h%d: %s\r\n" % (number, b"x" * 600) for number in range(98)) + b"\r\n"
    with ExitStack() as stack:
        before = resident_kib(service)
        for _ in range(300):
            connection = connected(service, stack)
            connection.sendall(request)
            assert connection.recv(65536)[9:12] == b"200"
        time.sleep(1)
        assert (resident_kib(service) - before) / 300 < 32


def livez(connection: socket.socket) -> bytes:
    """The status that it is answered with."""
    connection.sendall(LIVEZ)
    received = b""
    while not received.endswith(b"}"):
        received += connection.recv(4096)
    return received[9:12]


def test_beyond_the_connections_that_may_be_the_idlest_is_closed(start: Start) -> None:
    service = start(XENT_MAX_CONNECTIONS="10")
    with ExitStack() as stack:
        slow = connected(service, stack)
        slow.sendall(POST + b"Content-Length: 100\r\n\r\n" + b" ")
        idle = [connected(service, stack) for _ in range(9)]
        assert [livez(each) for each in [*idle, idle[0]]] == [b"200"] * 10
        assert livez(connected(service, stack)) == b"200"
        with suppress(ConnectionResetError):
            assert idle[1].recv(1) == b""
        assert [livez(each) for each in (idle[0], idle[2])] == [b"200"] * 2
        slow.sendall(b" " * 99)
        assert slow.recv(4096)[9:12] == b"400"


def test_where_none_is_idle_the_slowest_sender_is_closed(start: Start) -> None:
    service = start(XENT_MAX_CONNECTIONS="3")
    head = POST + b"Content-Length: 50000\r\n\r\n"
    with ExitStack() as stack:
        fast, slow, also_fast = (connected(service, stack) for _ in range(3))
        for each, count in [(fast, 10_000), (slow, 1), (also_fast, 10_000)]:
            each.sendall(head + b" " * count)
        time.sleep(0.5)
        assert livez(connected(service, stack)) == b"200"
        with suppress(ConnectionResetError):
            assert slow.recv(1) == b""
        fast.sendall(b" " * 40_000)
        assert fast.recv(4096)[9:12] == b"400"


@pytest.mark.unmeasured
@pytest.mark.parametrize("length", [60_000, 64 << 20])
def test_bodies_that_are_announced_and_not_sent_stop_nobody(service: Service, length: int) -> None:
    """150 connections and 13 KB stopped all honest requests."""
    large = BODY + b" " * 200_000
    with ExitStack() as stack, service.client() as client:
        for _ in range(150):
            connected(service, stack).sendall(POST + b"Content-Length: %d\r\n\r\n{" % length)
        assert statuses(client) == {200}
        # Those at the gate lose their room when they have not kept their pace for a moment.
        time.sleep(1)
        found = [client.post("/v1/loss", content=large, headers=JSON).status_code for _ in range(20)]
        assert found == [200] * 20


@pytest.mark.parametrize("room", [512 << 20, 50 << 20])
def test_responses_that_are_read_slowly_stop_nobody(start: Start, room: int) -> None:
    """8 readers stopped all honest requests for ever. Where there is no room besides them, the slowest are cut off."""
    service = start(XENT_MAX_BYTES_IN_FLIGHT=str(room))
    raw = b'{"labels":1,"include":["gradient","probabilities","elements"],"logits":[' + b"0.1," * 400_000 + b"0]}"
    body = zlib.compress(raw, 9)
    head = POST + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(body)
    with ExitStack() as stack, service.client() as client:
        readers = [connected(service, stack, 4096) for _ in range(32)]
        for each in readers:
            each.sendall(head + body)
        for each in readers:
            each.recv(100)
        time.sleep(1.5)
        assert statuses(client) == {200}
        # One that needs as much memory as each of theirs.
        deflated = JSON | {"Content-Encoding": "deflate"}
        assert client.post("/v1/loss", content=body, headers=deflated).status_code == 200


def test_who_trickles_gains_nothing_by_it(start: Start) -> None:
    """A byte now and then is no pace, neither of a sender nor of a reader."""
    service = start(
        XENT_GRACE_SECONDS="1", XENT_MIN_SEND_BYTES_PER_SECOND="1000", XENT_MIN_READ_BYTES_PER_SECOND="1000000"
    )
    raw = b'{"labels":1,"include":["gradient","probabilities","elements"],"logits":[' + b"0.1," * 400_000 + b"0]}"
    with ExitStack() as stack:
        sender, reader = connected(service, stack), connected(service, stack, 4096)
        reader.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(raw) + raw)
        sender.sendall(POST + b"Content-Length: 50000\r\n\r\n")
        with pytest.raises(OSError):  # noqa: PT011, PT012  a broken pipe, at some time
            for _ in range(100):
                sender.sendall(b" ")
                time.sleep(0.1)
        assert sender.recv(4096)[9:12] == b"408"
        with pytest.raises(ConnectionResetError):  # noqa: PT012
            for _ in range(100):
                assert reader.recv(100)
                time.sleep(0.1)


def a_lot_of_work(length: int = 500) -> bytes:
    """A request that takes a second: as many labels in each row as inputs, and as many rows."""
    numbers, ids = tensor("float16", length, b"\x00\x3c"), tensor("uint16", length, b"\x00\x00")
    sampled = {"candidates": [1], "true_expected_count": numbers, "sampled_expected_count": [1]}
    biases = [0] * length
    batch = {"weights": numbers, "biases": biases, "inputs": numbers, "labels": ids, "sampled_values": sampled}
    return json.dumps(batch).encode()


def tensor(dtype: str, length: int, element: bytes) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [length, length], "data": b64encode(element * length**2).decode()}


def test_who_closes_its_sending_half_gets_its_response(service: Service) -> None:
    with ExitStack() as stack:
        for path, body in ((b"loss", BODY), (b"sampled-softmax", a_lot_of_work())):
            connection = connected(service, stack)
            connection.sendall(POST.replace(b"loss", path) + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])
            time.sleep(0.2)
            connection.sendall(body[-1:])
            # The service sees the end while it computes.
            time.sleep(0.1)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as stream:
                assert stream.read().startswith(b"HTTP/1.1 200")


def test_chunk_extensions_are_bounded(service: Service) -> None:
    with ExitStack() as stack:
        connection = connected(service, stack)
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            for _ in range(200):
                connection.sendall(b"1;x=" + b"y" * 30_000 + b"\r\n \r\n")
        assert connection.recv(4096)[9:12] == b"400"


def test_a_deadline_that_can_not_be_met_is_refused(service: Service) -> None:
    with service.client() as client:
        large = BODY + b" " * 5_000_000
        response = client.post("/v1/loss", content=large, headers=JSON | {"X-Request-Timeout-Ms": "1"})
        assert (response.status_code, "deadline" in response.json()["detail"]) == (503, True)
        assert (
            client.post("/v1/loss", content=BODY, headers=JSON | {"X-Request-Timeout-Ms": "60000"}).status_code == 200
        )
        response = client.post("/v1/loss", content=BODY, headers=JSON | {"X-Request-Timeout-Ms": "soon"})
        assert (response.status_code, "soon" in response.json()["detail"]) == (400, True)
