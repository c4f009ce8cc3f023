"""Servers that a client has to cope with: real ones, on a socket, with a script for each connection."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

Script = Callable[[socket.socket], None]


class Misbehaving:
    """The n-th script responds to the n-th connection, and the last one to all after it."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.arrivals: list[float] = []
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._stopped.is_set():
                    return
                self.arrivals.append(time.monotonic())
                self.requests.append(read_request(connection))
                script = self.scripts[min(len(self.arrivals), len(self.scripts)) - 1]
                with suppress(OSError):  # the client has given up, which is what some tests are about
                    script(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()


def read_request(connection: socket.socket) -> bytes:
    """One request, its body as long as its Content-Length says."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, body = received.split(b"\r\n\r\n", 1)
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while len(body) < sum(lengths):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def respond(status: int, content: bytes | dict[str, Any], **headers: str) -> Script:
    """One complete response, after which the connection is closed."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def problem(status: int, detail: str, **headers: str) -> Script:
    content = {"type": "about:blank", "title": "-", "status": status, "detail": detail, "errors": []}
    return respond(status, content, Content_Type="application/problem+json", **headers)


def die(connection: socket.socket) -> None:
    """Closes the connection in the middle of a response."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"loss_type": "sparse_')


def stall(connection: socket.socket) -> None:
    """Never responds: waits until the client has gone."""
    connection.settimeout(30)
    assert connection.recv(1) == b""


def drip(connection: socket.socket) -> None:
    """Responds a byte at a time, so that no wait for the next one times out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)
