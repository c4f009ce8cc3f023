"""`python -m app` starts, stops, and says in one line why it can't."""

import asyncio
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.__main__ import Server as AnnouncingServer
from app.main import create_app
from app.settings import Settings
from tests.service import Server, start_app


def refusal(**settings: str) -> str:
    """The one line that a service which doesn't start says."""
    process = start_app(subprocess.PIPE, **settings)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output == ""
    (line,) = errors.splitlines()
    assert line.startswith("xent: ")
    return line


def test_it_says_where_it_listens_and_where_its_documentation_is(server: Server) -> None:
    address, documentation = (word for word in server.announcement.split() if word.startswith("http://"))
    assert address == f"{server.address},"
    assert httpx.get(f"{server.address}/livez").json() == {"status": "ok"}
    assert httpx.get(f"{server.address}/readyz").json() == {"status": "ok"}
    assert httpx.get(documentation).headers["content-type"].startswith("text/html")


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant() -> None:
    assert refusal(XENT_PROT="8001") == "xent: XENT_PROT is no setting of xent; did you mean XENT_PORT?"


def test_a_port_that_is_none_is_refused_with_its_value() -> None:
    assert refusal(XENT_PORT="abc").startswith("xent: XENT_PORT is 'abc': ")


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refusal(XENT_PORT=str(port))
    assert f"127.0.0.1 port {port}" in line
    assert "in use" in line
    assert "XENT_PORT" in line


def test_an_address_that_is_not_this_machines_is_refused() -> None:
    line = refusal(XENT_HOST="192.0.2.1")
    assert "can't listen on 192.0.2.1" in line
    assert "XENT_HOST" in line


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_HOST="::1") as server, server.client() as client:
        assert server.address.startswith("http://[::1]:")
        assert client.get("/livez").status_code == 200


def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    with Server(tmp_path / "log") as server:
        assert server.stop(by=signal.SIGINT) == 0
        assert server.log.read_text() == ""


def test_sigterm_ends_it_quietly(tmp_path: Path) -> None:
    with Server(tmp_path / "log") as server:
        assert server.stop(by=signal.SIGTERM) in (0, -signal.SIGTERM)
        assert server.log.read_text() == ""


def test_it_finishes_what_it_began_before_it_ends(tmp_path: Path) -> None:
    """Half of a body is there when the service is told to end; it waits for the other half, and answers."""
    told = threading.Event()

    def body() -> object:
        yield b'{"logits": [1],'
        assert told.wait(10)
        yield b'"labels": 1}'

    with Server(tmp_path / "log") as server, server.client() as client:
        answers: list[httpx.Response] = []
        headers = {"Content-Type": "application/json"}
        caller = threading.Thread(
            target=lambda: answers.append(client.post("/v1/loss", content=body(), headers=headers))
        )
        caller.start()
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        told.set()
        caller.join(10)
        assert [answer.status_code for answer in answers] == [200]
        server.process.wait(10)
        assert server.log.read_text() == ""


def test_told_to_end_while_it_starts_it_does_not_say_that_it_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(create_app(Settings()), lifespan="off")
        config.load()
        server = AnnouncingServer(config)
        server.lifespan = config.lifespan_class(config)
        server.should_exit = True
        asyncio.run(server.startup([listener]))
    assert capsys.readouterr().out == ""
