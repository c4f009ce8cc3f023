"""XENT_UDS: the service on a Unix socket, whose file comes and goes with it."""

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from app.server import healthcheck
from tests.service import JSON, start_app
from xent_client import Xent

BATCH: dict[str, Any] = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}
LOSS = 1.0693116545660806


@pytest.fixture
def path() -> Iterator[Path]:
    """Short, as the path of a socket has at most 107 bytes."""
    with TemporaryDirectory(prefix="xent-", dir="/tmp") as folder:
        yield Path(folder) / "xent.sock"


class Service:
    """A service on a Unix socket, from its announcement on."""

    def __init__(self, path: Path, **settings: str) -> None:
        self.path = path
        self.process = start_app(subprocess.PIPE, subprocess.STDOUT, **({"XENT_UDS": str(path)} | settings))
        assert self.process.stdout
        self.announcement = self.process.stdout.readline()

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self.path))
        return httpx.Client(transport=transport, base_url="http://localhost", timeout=60)

    def loss(self) -> float:
        with self.client() as client:
            value: float = client.post("/v1/loss", json=BATCH).json()["reduced"]["value"]
            return value

    def wait_for(self, words: str) -> None:
        """Until its log has a line with these words."""
        assert self.process.stdout
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError(words)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        self.process.communicate(timeout=30)
        return self.process.returncode

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()


def refusal(path: Path, **settings: str) -> str:
    process = start_app(subprocess.PIPE, subprocess.PIPE, **({"XENT_UDS": str(path)} | settings))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    return str(line)


@pytest.mark.unmeasured
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_on_the_socket_and_removes_it_at_the_end(path: Path, workers: str) -> None:
    with Service(path, XENT_WORKERS=workers) as service:
        assert f"xent listens on unix:{path}" in service.announcement
        assert service.loss() == LOSS
        mode = path.stat().st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o660)
        assert service.stop() == 0
    assert not path.exists()


@pytest.mark.unmeasured
def test_the_python_client_reaches_it(path: Path) -> None:
    transport = httpx.HTTPTransport(uds=str(path))
    with Service(path), Xent("http://localhost", transport=transport) as client:
        reduced = client.loss(BATCH["logits"], BATCH["labels"]).reduced
        assert reduced
        assert reduced.value == LOSS


@pytest.mark.unmeasured
def test_a_restart_of_the_workers_loses_no_request(path: Path) -> None:
    with Service(path, XENT_WORKERS="2") as service:
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("all workers restarted")
        assert [service.loss() for _ in range(4)] == [LOSS] * 4
        assert service.stop() == 0


def test_the_file_of_a_service_that_was_killed_is_replaced(path: Path) -> None:
    with Service(path) as service:
        service.stop(signal.SIGKILL)
    assert path.exists()
    with Service(path) as service:
        assert service.loss() == LOSS


def test_the_socket_of_another_service_is_left_alone(path: Path) -> None:
    with Service(path) as service:
        line = f"xent: can't listen on {path}: another process listens there (XENT_UDS)"
        assert refusal(path) == line
        assert service.loss() == LOSS


def test_a_service_with_a_full_backlog_is_another_service_too(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as waiting:
        other.bind(str(path))
        other.listen(0)
        waiting.connect(str(path))
        assert "another process listens there" in refusal(path)


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.write_text("precious")
    line = f"xent: can't listen on {path}: there is a file of that name, which is no socket (XENT_UDS)"
    assert refusal(path) == line
    assert path.read_text() == "precious"


def test_a_path_where_no_socket_can_be_is_refused(path: Path) -> None:
    assert "No such file or directory (XENT_UDS)" in refusal(path / "xent.sock")
    assert "a Unix socket's path has at most 107 bytes (XENT_UDS)" in refusal(path.with_name("x" * 108))


def test_there_is_no_tls_on_it(path: Path, tmp_path: Path) -> None:
    for file in ("certificate", "key"):
        (tmp_path / file).write_text("")
    files = {"XENT_TLS_CERTIFICATE_FILE": str(tmp_path / "certificate"), "XENT_TLS_KEY_FILE": str(tmp_path / "key")}
    assert "there is no TLS on a Unix socket" in refusal(path, **files)
    assert not path.exists()


def test_a_service_removes_no_file_but_its_own(path: Path) -> None:
    """As one that is slow to stop, and whose successor is there already."""
    with Service(path) as service:
        path.unlink()
        path.write_text("another's")
        assert service.stop() == 0
    assert path.read_text() == "another's"
    path.unlink()
    with Service(path) as service:
        path.unlink()
        assert service.stop() == 0


def test_the_healthcheck_asks_on_the_socket(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("XENT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XENT_UDS", str(path))
    assert healthcheck.main() == "xent: not alive: [Errno 2] No such file or directory"
    with Service(path):
        assert healthcheck.main() is None


@pytest.mark.unmeasured
def test_a_client_that_stops_reading_is_disconnected_as_on_any_socket(path: Path) -> None:
    """Connections look at their system's buffers, which Unix sockets have too."""
    body = b'{"logits": [%s], "labels": [%s]}' % (b",".join([b"[1, 2]"] * 60_000), b",".join([b"0"] * 60_000))
    head = b"POST /v1/loss HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    with Service(path, XENT_ANSWER_SECONDS="1") as service, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(path))
        client.sendall(head + body)
        time.sleep(4)
        received = 0
        with suppress(ConnectionError):
            while data := client.recv(1 << 20):
                received += len(data)
        with service.client() as reader:
            assert received < len(reader.post("/v1/loss", content=body, headers=JSON).content)
