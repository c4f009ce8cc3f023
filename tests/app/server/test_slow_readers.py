"""Clients that read their response slowly, or not at all."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app import docs
from tests.service import Server

# Long enough for the write of its end to be one that does not fit any more.
ASSET = b"GET /docs/swagger-ui.css HTTP/1.1\r\nHost: xent\r\n"
CONTENT = (Path(docs.__file__).parent / "swagger-ui.css").read_bytes()
# 6 MB: more than the systems of both sides take of what is not read.
COUNT = 35
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("slow") / "log", XENT_ANSWER_SECONDS="2") as running:
        with running.client() as client:  # it is made when it is first asked for
            assert client.get("/docs/swagger-ui.css").status_code == 200
        yield running
    assert running.complaints == []


def connected(server: Server) -> socket.socket:
    """A client whose system takes little of a response before it is read."""
    parts = urlsplit(server.address)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect((parts.hostname, parts.port))
    return connection


def test_who_reads_slowly_gets_all_of_it_and_then_the_next_response(server: Server) -> None:
    with closing(connected(server)) as connection, connection.makefile("rb") as stream:
        # The body of the last of them comes when its response has been read.
        connection.sendall((ASSET + b"\r\n") * (COUNT - 1) + ASSET + b"Content-Length: 4\r\n\r\n")
        time.sleep(0.5)
        for _ in range(COUNT):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            while stream.readline() != b"\r\n":
                pass
            received = b""
            while len(received) < len(CONTENT):
                received += stream.read(min(16_384, len(CONTENT) - len(received)))
                time.sleep(0.001)
            assert received == CONTENT
        connection.sendall(b"body" + LIVEZ)
        assert stream.readline() == b"HTTP/1.1 200 OK\r\n"


def test_who_asks_again_and_again_and_reads_nothing_is_cut_off(server: Server) -> None:
    with closing(connected(server)) as connection, pytest.raises(OSError):  # noqa: PT011, PT012  reset, or a broken pipe
        while True:
            connection.sendall(LIVEZ * 100)
