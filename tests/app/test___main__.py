"""`python -m app` starts, stops, and says in one line why it can't."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.settings import GROUPS, Settings
from tests.service import PATIENCE_SECONDS, ROOT, Server, start_app


def refusal(**settings: str) -> str:
    """The one line that a service which doesn't start says."""
    process = start_app(subprocess.PIPE, subprocess.PIPE, **settings)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert output == ""
    (line,) = errors.splitlines()
    assert line.startswith("xent: ")
    return line


def test_it_says_where_it_listens_and_where_its_page_and_documentation_are(server: Server) -> None:
    address, *pages = re.findall(r"https?://[^\s,\"]+", server.announcement)
    assert address == server.address
    assert httpx.get(f"{server.address}/livez").json() == {"status": "ok"}
    assert httpx.get(f"{server.address}/readyz").json() == {"status": "ok"}
    assert pages == [f"{server.address}/", f"{server.address}/docs"]
    assert all(httpx.get(page).headers["content-type"].startswith("text/html") for page in pages)


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant() -> None:
    assert refusal(XENT_PROT="8001") == "xent: XENT_PROT is no setting of xent; did you mean XENT_PORT?"


@pytest.mark.parametrize("keys", ["", " ", ","])
def test_a_list_of_keys_without_a_key_is_refused(keys: str) -> None:
    assert refusal(XENT_API_KEYS=keys) == "xent: XENT_API_KEYS holds no key; unset the variable if clients need none"


@pytest.mark.parametrize("content", ["", "\n  \n", "\ufeff"], ids=["empty", "blank", "byte order mark"])
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    line = refusal(XENT_API_KEYS_FILE=str(file), XENT_WORKERS="2")
    assert line == f"xent: XENT_API_KEYS_FILE is {file}, which holds no key; unset the variable if clients need none"


def test_what_kubernetes_injects_for_a_service_is_ignored_and_named_once(tmp_path: Path) -> None:
    injected = {
        "XENT_SERVICE_HOST": "10.0.0.11",
        "XENT_SERVICE_PORT": "8000",
        "XENT_SERVICE_PORT_HTTP": "8000",
        "XENT_PORT": "tcp://10.0.0.11:8000",
        "XENT_PORT_8000_TCP": "tcp://10.0.0.11:8000",
        "XENT_PORT_8000_TCP_PROTO": "tcp",
        "XENT_PORT_8000_TCP_PORT": "8000",
        "XENT_PORT_8000_TCP_ADDR": "10.0.0.11",
    }
    # The port is then the default, which another service on this machine may have, and so may another run of this test:
    # addresses of our own.
    network = f"127.81.{os.getpid() % 256}"
    for workers, host in (("1", f"{network}.1"), ("2", f"{network}.2")):
        with Server(tmp_path / workers, XENT_HOST=host, XENT_WORKERS=workers, **injected) as server:
            assert server.address == f"http://{host}:8000"
            (line,) = (line for line in server.log.read_text().splitlines() if "Kubernetes" in line)
            assert sorted(json.loads(line)["variables"]) == sorted(injected)


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "app", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_help_is_one_page_with_every_setting() -> None:
    run = command_line("--help")
    assert (run.returncode, run.stderr) == (0, "")
    page = " ".join(run.stdout.split())
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"[{str(field.default).lower()}] "
        assert f"XENT_{name.upper()}, --{name.replace('_', '-')} {default}{field.description}" in page
    for heading in GROUPS.values():
        assert f"\n{heading}:\n" in run.stdout
    assert "exit status: 0 " in page
    assert max(map(len, run.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["--prot", "8001"], "; did you mean --port?"), (["serve"], ""), (["--hel"], "; did you mean --help?")],
)
def test_an_unknown_argument_is_refused(arguments: list[str], hint: str) -> None:
    run = command_line(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Settings are environment variables, or options" in run.stderr
    assert run.stderr.splitlines()[-1] == f"xent: error: unrecognized arguments: {' '.join(arguments)}{hint}"


def test_an_option_without_its_value_is_refused() -> None:
    run = command_line("--port")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[-1] == "xent: error: argument --port: expected one argument"


@pytest.mark.unmeasured
@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_process_has_the_settings_of_the_command_line_before_those_of_the_environment(workers: str) -> None:
    command = [sys.executable, "-m", "app", "--port", "0", "--workers", workers, "--max-rank=3"]
    environment = os.environ | {"XENT_PORT": "1", "XENT_MAX_RANK": "5"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            address = re.findall(r"http://[^\s,\"]+", process.stdout.readline())[0]
            assert httpx.get(f"{address}/v1/limits").json()["max_rank"] == 3
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0


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


@pytest.mark.unmeasured
@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_HOST="::1") as server, server.client() as client:
        assert server.address.startswith("http://[::1]:")
        assert client.get("/livez").status_code == 200


@pytest.mark.unmeasured
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_ends_quietly_and_well(tmp_path: Path, by: signal.Signals) -> None:
    with Server(tmp_path / "log") as server:
        assert server.stop(by) == 0
        assert server.complaints == []
