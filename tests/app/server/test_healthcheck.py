"""What the container's HEALTHCHECK says, asked of real servers."""

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

import pytest
import trustme

from app.server import healthcheck as health
from tests.service import ROOT, Server

Settle = Callable[..., None]

ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  as in the container


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch) -> Settle:
    """Sets XENT_ variables, of which there are no others."""
    for name in os.environ:
        if name.upper().startswith("XENT_"):
            monkeypatch.delenv(name)

    def settle(**settings: object) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(f"XENT_{name.upper()}", str(value))

    return settle


def responding(status: int) -> type[BaseHTTPRequestHandler]:
    """A service that responds so at /livez, and otherwise not at all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/livez"
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler


@contextmanager
def listening(handler: type[BaseRequestHandler], host: str = "127.0.0.1", tls: Path | None = None) -> Iterator[int]:
    """The port of a server of one's own."""
    with (HTTPServer if issubclass(handler, BaseHTTPRequestHandler) else TCPServer)((host, 0), handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def run(**settings: object) -> subprocess.CompletedProcess[str]:
    """`python -m app.server.healthcheck` beside a service with these settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("XENT_")}
    return subprocess.run(
        [sys.executable, "-m", "app.server.healthcheck"],
        cwd=ROOT,
        env=inherited | {f"XENT_{name.upper()}": str(value) for name, value in settings.items()},
        capture_output=True,
        text=True,
    )


def test_a_service_that_serves_is_alive(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_HOST=ALL_ADDRESSES) as server:
        asked = run(host=ALL_ADDRESSES, port=server.address.rpartition(":")[2])
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "", "")


def test_where_nobody_listens_nothing_is_alive(tmp_path: Path) -> None:
    with Server(tmp_path / "log") as server:
        port = server.address.rpartition(":")[2]
    asked = run(port=port)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == "xent: not alive: [Errno 111] Connection refused\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ALL_ADDRESSES])
def test_it_is_asked_where_it_listens(settle: Settle, host: str) -> None:
    with listening(responding(200), host) as port:
        settle(host=host, port=port)
        assert health.main() is None


@pytest.mark.parametrize("status", [404, 500, 503])
def test_any_other_response_is_none_of_a_healthy_service(settle: Settle, status: int) -> None:
    with listening(responding(status)) as port:
        settle(port=port)
        assert health.main() == f"xent: not alive: /livez returned {status}"


def test_a_certificate_for_another_name_does_not_matter(settle: Settle, tmp_path: Path) -> None:
    """It is for the clients' name of the service, which is not the loopback's."""
    certificate = tmp_path / "certificate.pem"
    trustme.CA().issue_cert("xent.example").private_key_and_cert_chain_pem.write_to_path(certificate)
    with listening(responding(200), tls=certificate) as port:
        settle(port=port, tls_certificate_file=certificate, tls_key_file=certificate)
        assert health.main() is None


def test_what_does_not_respond_in_time_is_not_alive(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.1)
    ended = threading.Event()

    class Silent(BaseRequestHandler):
        def handle(self) -> None:
            ended.wait(10)

    with listening(Silent) as port:
        settle(port=port)
        assert health.main() == "xent: not alive: timed out"
        ended.set()


def test_what_speaks_no_http_is_not_alive(settle: Settle) -> None:
    class Babbling(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)
            self.request.sendall(b"220 mail.example ESMTP\r\n")

    with listening(Babbling) as port:
        settle(port=port)
        assert health.main() == "xent: not alive: 220 mail.example ESMTP"


def test_what_closes_without_a_word_is_not_alive(settle: Settle) -> None:
    class Rude(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)

    with listening(Rude) as port:
        settle(port=port)
        assert health.main() == "xent: not alive: Remote end closed connection without response"


def test_settings_that_cannot_be_read_are_named(settle: Settle) -> None:
    settle(prot=8000)
    assert health.main() == "xent: not alive: XENT_PROT is no setting of xent; did you mean XENT_PORT?"
