"""A service that is told to end does so by degrees, and in time whatever is going on."""

import asyncio
import http.client
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import orjson
import pytest
import uvicorn
from uvicorn.server import ServerState

from app.main import create_app
from app.server import uvicorn_server as server_of_uvicorn
from app.server.connection import connection_class
from app.settings import Settings
from tests.contract.test_admission import a_lot_of_work, tensor
from tests.service import PATIENCE_SECONDS, Half, Server, eventually, problem, start_app

BATCH = {"logits": [[1, 2], [3, 4]], "labels": [0, 1]}
# A loaded machine needs seconds to end a process. What is not to be waited for takes ten or more.
A_WHILE = 8


@pytest.mark.unmeasured
def test_it_finishes_what_it_began_before_it_ends(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_FINISH_SECONDS="60") as server:
        half = Half(server)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        assert half.response().status_code == 200
        assert server.status() == 0
        assert server.complaints == []


def test_what_does_not_finish_in_time_gets_503_and_the_service_ends(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_FINISH_SECONDS="1") as server:
        half = Half(server)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.status() == 0
        assert 0.9 < time.monotonic() - began < A_WHILE
        response = half.response()
        assert "the service is shutting down" in problem(response, 503)["detail"]
        assert response.headers["retry-after"] == "1"


def test_a_client_that_does_not_read_its_response_is_disconnected_and_no_error_is_logged(tmp_path: Path) -> None:
    body = orjson.dumps({"logits": tensor(np.zeros(4_000_000, np.float16)), "labels": 1, "include": ["gradient"]})
    head = f"POST /v1/loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with Server(tmp_path / "log", XENT_FINISH_SECONDS="1") as server:
        port = int(server.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + body)
            assert client.recv(12) == b"HTTP/1.1 200"
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.status() == 0
            assert time.monotonic() - began < A_WHILE
        assert server.complaints == []


def test_a_computation_that_goes_on_and_on_does_not_keep_it(tmp_path: Path) -> None:
    """A thread can't be stopped, and Python would wait for it."""
    with Server(tmp_path / "log", XENT_FINISH_SECONDS="0.5") as server, server.client() as client:
        responses: list[httpx.Response] = []

        def call() -> None:
            with suppress(httpx.HTTPError):
                responses.append(
                    httpx.post(f"{server.address}/v1/sampled-softmax", json=a_lot_of_work(1400), timeout=60)
                )

        calling = threading.Thread(target=call)
        calling.start()
        assert eventually(lambda: "xent_in_flight_requests 2.0" in client.get("/metrics").text)
        time.sleep(0.5)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < A_WHILE
        calling.join()
        assert [response.status_code for response in responses] in ([], [503])


@pytest.mark.unmeasured
def test_a_second_signal_cuts_the_draining_short(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_DRAIN_SECONDS="60") as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.drains()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < A_WHILE


@pytest.mark.unmeasured
def test_ctrl_c_does_not_wait_for_others_to_know(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_DRAIN_SECONDS="60") as server:
        began = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < A_WHILE


def test_ctrl_c_twice_waits_for_nothing(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_FINISH_SECONDS="60") as server:
        half = Half(server)
        server.process.send_signal(signal.SIGINT)
        assert eventually(server.refuses_connections)
        assert server.process.poll() is None
        began = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < A_WHILE
        half.told.set()
        half.thread.join()


LAST_LOOK = """
import atexit, os, signal, sys
atexit.register(lambda: os._exit(3) if signal.getitimer(signal.ITIMER_REAL)[0] else None)
from app.__main__ import main
sys.exit(main())
"""


@pytest.mark.unmeasured
def test_however_slowly_python_tidies_up_the_service_has_ended_well(tmp_path: Path) -> None:
    """No alarm is set when Python drops its signal handlers: it would end the process as a crash does."""
    with Server(tmp_path / "log", ("-c", LAST_LOOK)) as server:
        assert server.stop() == 0


@pytest.mark.unmeasured
def test_while_it_drains_each_response_is_the_last_of_its_connection(tmp_path: Path) -> None:
    """So that clients go elsewhere by themselves."""
    with Server(tmp_path / "log", XENT_DRAIN_SECONDS="60") as server, server.client() as client:
        assert "connection" not in client.post("/v1/loss", json=BATCH).headers
        half = Half(server)
        server.process.send_signal(signal.SIGTERM)
        assert server.drains()
        for response in (client.post("/v1/loss", json=BATCH), half.response()):
            assert (response.status_code, response.headers["connection"]) == (200, "close")
        assert server.stop() == 0


PATIENT = (
    "import sys, app.server.uvicorn_server as s; s.SECONDS_FOR_LAST_REQUESTS = 60;"
    "from app.__main__ import main; sys.exit(main())"
)


@pytest.mark.unmeasured
def test_who_is_connected_may_still_send_a_last_request(tmp_path: Path) -> None:
    """It may be on its way when the draining ends: hung up on at once, its client would not know whether it counts."""
    with Server(tmp_path / "log", ("-c", PATIENT), XENT_FINISH_SECONDS="60") as server, server.client() as client:
        assert client.get("/livez").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert eventually(server.refuses_connections)
        response = client.get("/livez")
        assert (response.status_code, response.headers["connection"]) == (200, "close")
        with pytest.raises(httpx.ConnectError):
            client.get("/livez")
        assert server.status() == 0


def test_a_request_that_has_arrived_but_is_not_read_gets_a_response_as_the_last() -> None:
    """The end comes in the iteration of the event loop before the one that would read the request."""

    async def test() -> bytes:
        app, state = create_app(Settings()), ServerState()
        protocol = connection_class(app)
        config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None)
        config.load()
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        while not state.connections:  # noqa: ASYNC110  uvicorn's set tells nobody
            await asyncio.sleep(0.01)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n")
        protocol.last_responses = True
        for connection in state.connections:
            connection.shutdown()
        received = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
        writer.close()
        listener.close()
        return received

    received = asyncio.run(test())
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in received


WAITS_LONG = (
    "import sys, app.server.gate as gate; gate.SECONDS_OF_PATIENCE = 60;"
    "import app.__main__ as program; sys.exit(program.main())"
)


def test_who_waits_at_the_gate_when_it_is_told_to_end_gets_a_response(tmp_path: Path) -> None:
    """The gate has room for one body, and a second waits for it: it is served when the first one is."""
    settings = {"XENT_MAX_BYTES_AT_GATE": "1", "XENT_FINISH_SECONDS": "60"}
    with Server(tmp_path / "log", ("-c", WAITS_LONG), **settings) as server, server.client() as client:
        work = threading.Thread(target=lambda: first.append(client.post("/v1/sampled-softmax", json=a_lot_of_work())))
        first: list[httpx.Response] = []
        work.start()
        with server.client() as other, server.connection() as connection:
            assert eventually(lambda: "xent_in_flight_requests 2.0" in other.get("/metrics").text)
            body = orjson.dumps(BATCH).ljust(70_000)
            connection.sendall(b"POST /v1/loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            connection.sendall(b"Content-Length: %d\r\n\r\n" % len(body))
            assert other.get("/livez").status_code == 200  # it has read the head by now
            assert not first
            server.process.send_signal(signal.SIGTERM)
            connection.sendall(body)
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert (response.status, response.getheader("connection")) == (200, "close")
            assert orjson.loads(response.read())["reduced"]["value"] == pytest.approx(0.8132616875)
        work.join()
        assert [each.status_code for each in first] == [200]
        assert server.status() == 0
        assert server.complaints == []


LINGERS_LONG = (
    "import sys, app.server.pump as pump; pump.SECONDS_IN_ALL = 60; from app.__main__ import main; sys.exit(main())"
)


def test_who_still_sends_a_body_that_was_refused_may_do_so_when_it_is_told_to_end(tmp_path: Path) -> None:
    """Closed at once, the connection would be reset: most clients that send on would not get to read the response."""
    with Server(tmp_path / "log", ("-c", LINGERS_LONG), XENT_FINISH_SECONDS="60") as server:
        with server.connection() as connection, server.client() as client:
            connection.sendall(b"POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
            assert client.get("/livez").status_code == 200
            server.process.send_signal(signal.SIGINT)
            assert eventually(server.refuses_connections)
            for _ in range(4):
                time.sleep(0.05)
                connection.sendall(b" ")
            assert connection.recv(12) == b"HTTP/1.1 404"
        assert server.status() == 0


def test_told_to_end_while_it_starts_it_does_not_say_that_it_listens() -> None:
    said: list[str] = []
    server = server_of_uvicorn.Server(create_app(Settings()), lambda: said.append("listens"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    server.handle_exit(signal.SIGTERM, None)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def start() -> None:
            await server.startup([listener])
            assert await server.on_tick(1)
            server.acceptors[0].close()

        asyncio.run(start())
    assert said == []


@pytest.mark.unmeasured
def test_told_to_end_while_it_starts_it_ends(tmp_path: Path) -> None:
    """However early. Before it has its handlers the signal ends it as any program; it never says that it listens."""
    for delay in (0.1, 0.5, 0.9):
        with (tmp_path / "log").open("w") as log:
            process = start_app(log, log, XENT_DRAIN_SECONDS="60")
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            listens = "listens on" in (tmp_path / "log").read_text()
            if not listens:
                assert process.wait(PATIENCE_SECONDS) in (0, -signal.SIGTERM)
                assert "Traceback" not in (tmp_path / "log").read_text()
            else:
                process.send_signal(signal.SIGINT)
                assert process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.unmeasured
def test_a_worker_computes_on_one_thread(tmp_path: Path) -> None:
    """Those that the matrix library has beside it have nothing to do: workers would only wait for one another."""
    rows, ones = tensor(np.ones((2000, 2000), np.float32)), tensor(np.ones(2000))
    values = {"candidates": tensor(np.arange(2000)), "true_expected_count": ones, "sampled_expected_count": ones}
    labels = tensor(np.zeros(2000, np.int64))
    body = {"weights": rows, "biases": ones, "inputs": rows, "labels": labels, "sampled_values": values}
    with Server(tmp_path / "log") as server, server.client() as client:
        assert client.get("/livez").status_code == 200
        before = seconds_of_threads(server.process.pid)
        del before[server.process.pid]
        assert client.post("/v1/sampled-softmax", json=body).status_code == 200
        after = seconds_of_threads(server.process.pid)
        assert [after[thread] - seconds for thread, seconds in before.items()] == [0] * len(before)


def seconds_of_threads(process: int) -> dict[int, float]:
    """How long each has run so far."""
    stats = [(task / "stat").read_text() for task in Path(f"/proc/{process}/task").iterdir()]
    fields = [(int(stat.split()[0]), stat.rpartition(")")[2].split()) for stat in stats]
    return {thread: (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK") for thread, times in fields}


@pytest.mark.unmeasured
def test_parts_of_a_second_count(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_DRAIN_SECONDS="0.4") as server:
        began = time.monotonic()
        assert server.stop() == 0
        assert 0.4 <= time.monotonic() - began < A_WHILE
