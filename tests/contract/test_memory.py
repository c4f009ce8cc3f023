"""What a request held is free when its response is sent, however it went: nothing waits for garbage collection."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service import JSON, Server

ROUNDS = 40
NUMBERS = b"0.5," * 250_000
MOST_MEGABYTES = 40


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that is never left alone for so long that it would tidy up."""
    with Server(tmp_path_factory.mktemp("memory") / "log") as server:
        yield server


def megabytes(server: Server) -> int:
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    return int(kilobytes) // 1024


def post(body: bytes, status: int) -> Callable[[Server], None]:
    def send(server: Server) -> None:
        assert httpx.post(f"{server.address}/v1/loss", content=body, headers=JSON).status_code == status

    return send


def cut_off(server: Server) -> None:
    address = urlsplit(server.address)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        head = (
            b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n"
        )
        connection.sendall(head + b"\r\n" + NUMBERS)


REQUESTS = {
    "right": post(b'{"labels": 1, "logits": [' + NUMBERS + b"1]}", 200),
    "ragged": post(b'{"labels": 1, "logits": [' + NUMBERS + b"[1]]}", 422),
    "no JSON": post(b'{"labels": 1, "logits": [' + NUMBERS + b"x]}", 400),
    "a NaN": post(b'{"labels": 1, "logits": [' + NUMBERS + b"NaN]}", 422),
    "a label that is none": post(b'{"labels": 7, "loss_type": "sparse_softmax_cross_entropy", "logits": [0.5]}', 422),
    "an unknown field": post(b'{"labels": 1, "logits": [1], "other": [' + NUMBERS + b"1]}", 413),
    "cut off": cut_off,
}


@pytest.mark.parametrize("send", REQUESTS.values(), ids=[*REQUESTS])
def test_many_requests_take_no_more_memory_than_few(service: Server, send: Callable[[Server], None]) -> None:
    for _ in range(3):
        send(service)
    before = megabytes(service)
    for _ in range(ROUNDS):
        send(service)
    assert megabytes(service) - before < MOST_MEGABYTES
