"""What a request took is freed with it.

Left to the garbage collector it would stay until there are 100,000 objects of its kind: between the large arrays of
other requests, where the memory around it can't be returned.
"""

import gzip
import json
import signal
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from tests.service import Server, eventually

pytestmark = pytest.mark.unmeasured

# The service without a garbage collector. At SIGUSR1 it logs what one would have found since the last time.
PROGRAM = """
import collections, gc, json, runpy, signal

def report(*_):
    gc.set_debug(gc.DEBUG_SAVEALL)
    collect()
    found = collections.Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage)
    gc.garbage.clear()
    gc.set_debug(0)
    collect()
    print(json.dumps({"level": "info", "message": "garbage", "found": found}), flush=True)

collect, gc.collect = gc.collect, lambda: 0
gc.disable()
signal.signal(signal.SIGUSR1, report)
runpy.run_module("app", run_name="__main__", alter_sys=True)
"""
TIMES = 3
RESET = struct.pack("ii", 1, 0)

SMALL = json.dumps({"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}).encode()
LARGE = json.dumps({"logits": [[1.0] * 100] * 1000, "labels": [1] * 1000}).encode()
OF_TWO_LENGTHS = json.dumps({"logits": [[1.0] * 100] * 1000, "labels": [1, 2]}).encode()


def request(body: bytes, *headers: str, length: int | None = None, close: bool = True) -> bytes:
    """As it is sent. `length` is that which is announced, if it is another than the body's."""
    lines = ["POST /v1/loss HTTP/1.1", "Host: xent", "Content-Type: application/json", *headers]
    lines += [f"Content-Length: {len(body) if length is None else length}", *["Connection: close"] * close]
    return "\r\n".join([*lines, "", ""]).encode() + body


GZIP = "Content-Encoding: gzip"
SENT = {
    "a small batch": request(SMALL),
    "two small batches": request(SMALL, close=False) + request(SMALL),
    "a large batch": request(LARGE),
    "a compressed batch": request(gzip.compress(LARGE), GZIP),
    "no JSON": request(b"[1,"),
    "large, and no JSON": request(LARGE[:-9]),
    "no batch": request(b'{"logits": [[1, 2], [3]]}'),
    "large, and no batch": request(OF_TWO_LENGTHS),
    "a body that is too long": request(b" " * 1_100_000),
    "no gzip": request(b"none", GZIP),
    "no HTTP": b"none\r\n\r\n",
    "no path": b"GET /none HTTP/1.1\r\nHost: xent\r\nConnection: close\r\n\r\n",
    "half a head, and then nothing": request(SMALL)[:50],
    "half a body, and then nothing": request(LARGE[:100_000], length=len(LARGE)),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"XENT_MAX_BODY_BYTES": "1000000", "XENT_HEADER_SECONDS": "0.5", "XENT_BODY_SECONDS": "0.5"}
    with Server(tmp_path_factory.mktemp("garbage") / "log", ("-c", PROGRAM), **settings) as server:
        yield server


def garbage(server: Server) -> dict[str, int]:
    """How many objects of which type there were since the last time."""
    server.clear_log()
    server.process.send_signal(signal.SIGUSR1)
    assert server.logs('"garbage"')
    (line,) = [line for line in server.log.read_text().splitlines() if '"garbage"' in line]
    found: dict[str, int] = json.loads(line)["found"]
    return found


def read(connection: socket.socket) -> None:
    """What comes, until the connection is closed."""
    while connection.recv(65_536):
        pass


def leave(connection: socket.socket) -> None:
    """Close before the response."""


def reset(connection: socket.socket) -> None:
    """Close before the response, with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@pytest.mark.parametrize("end", [read, leave, reset])
@pytest.mark.parametrize("sent", SENT)
def test_what_a_request_took_is_freed_without_a_garbage_collection(
    server: Server, sent: str, end: Callable[[socket.socket], None]
) -> None:
    def took() -> dict[str, int]:
        for _ in range(TIMES):
            with server.connection() as connection:
                connection.sendall(SENT[sent])
                end(connection)
        with server.client() as client:
            assert eventually(lambda: "\nxent_in_flight_requests 1.0\n" in client.get("/metrics").text)
        return garbage(server)

    took()  # the first time, what is kept for later requests is made
    assert took() == {}
