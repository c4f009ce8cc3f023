"""`python -m app` starts, stops, and says in one line why it can't."""

import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.service import Server, start_app


def refusal(**settings: str) -> str:
    """The one line that a service which doesn't start says."""
    process = start_app(subprocess.PIPE, subprocess.PIPE, **settings)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output == ""
    (line,) = errors.splitlines()
    assert line.startswith("xent: ")
    return line


def test_it_says_where_it_listens_and_where_its_documentation_is(server: Server) -> None:
    address, documentation = re.findall(r"https?://[^\s,\"]+", server.announcement)
    assert address == server.address
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


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_ends_quietly_and_well(tmp_path: Path, by: signal.Signals) -> None:
    with Server(tmp_path / "log") as server:
        assert server.stop(by) == 0
        assert server.complaints == []
