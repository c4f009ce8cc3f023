"""Two replicas of the service behind the proxy: real processes, and nginx with the configuration that is shipped.

Only addresses and folders differ from those in the containers. A name server of our own stands for Docker's: it knows
the replicas that run, and forgets those that don't.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingUDPServer

import httpx

from tests.service import ROOT

SECONDS_TO_START = 60
SECONDS_TO_STOP = 30

# All of these are the loopback's.
HOSTS = ["127.0.0.2", "127.0.0.3"]


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("", 0))
        port: int = each.getsockname()[1]
        return port


def eventually(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it does within that time. Logs, for one, are written when the answer has left already."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_answered(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


class Names:
    """A name server that answers every question with the addresses that it is told of."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        names = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                question, sock = self.request
                sock.sendto(names.answer(question), self.client_address)

        self.server = ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, question: bytes) -> bytes:
        """As RFC 1035 has it: the header, the question once more, and a record for each address."""
        addresses = list(self.addresses)
        end_of_name = question.index(b"\0", 12) + 1
        header = question[:2] + struct.pack(">HHHHH", 0x8180, 1, len(addresses), 0, 0)
        record = struct.pack(">HHHIH", 0xC00C, 1, 1, 600, 4)
        records = b"".join(record + socket.inet_aton(address) for address in addresses)
        return header + question[12 : end_of_name + 4] + records

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Replica:
    """One service, at an address of its own, started and ended as a container would be."""

    def __init__(self, host: str, port: int, names: Names, log: Path, **variables: str) -> None:
        self.host = host
        self.port = port
        self.names = names
        self.log = log
        self.variables = {"XENT_WORKERS": "1", "XENT_DRAIN_SECONDS": "1", **variables}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("XENT_")}
        own = {**self.variables, "XENT_HOST": self.host, "XENT_PORT": str(self.port)}
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app"], cwd=ROOT, env=inherited | own, stdout=log, stderr=log
            )
        self.names.addresses.append(self.host)
        assert eventually(lambda: is_answered(f"{self.address}/readyz"), SECONDS_TO_START), self.log.read_text()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """The exit status. Its name is known as long as it runs, as with Docker."""
        assert self.process
        self.process.send_signal(by)
        status = self.process.wait(SECONDS_TO_STOP)
        self.process = None
        self.names.addresses.remove(self.host)
        return status

    @property
    def workers(self) -> list[int]:
        """The numbers of its worker processes, where it has a supervisor."""
        if not self.process:
            return []
        of_thread = Path(f"/proc/{self.process.pid}/task/{self.process.pid}")
        return [int(child) for child in (of_thread / "children").read_text().split()]

    def kill(self) -> None:
        assert self.stop(by=signal.SIGKILL) == -signal.SIGKILL

    @property
    def answered(self) -> int:
        """How many losses it has answered."""
        return self.log.read_text().count('"route":"/v1/loss"')


@dataclass(frozen=True)
class Proxy:
    """nginx before the replicas."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=30)


@contextmanager
def proxy_before(replicas: list[Replica], folder: Path, **changes: str) -> Iterator[Proxy]:
    """`changes` are what stands in its configuration, and what is to stand there instead."""
    proxy = Proxy(free_port(), folder / "log")
    configuration = (ROOT / "deploy/nginx/nginx.conf").read_text()
    for old, new in {
        "/tmp/": f"{folder}/",  # noqa: S108  as it stands there
        "listen 8080;": f"listen 127.0.0.1:{proxy.port};",
        "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{free_port()};",
        "resolver 127.0.0.11 ": f"resolver 127.0.0.1:{replicas[0].names.port} ",
        "set $replicas xent:8000;": f"set $replicas xent:{replicas[0].port};",
        "/dev/stdout": str(proxy.log),
        "/dev/stderr": str(proxy.log),
        **changes,
    }.items():
        assert old in configuration, old
        configuration = configuration.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(configuration)
    user = "user root;" if os.getuid() == 0 else ""
    process = subprocess.Popen([nginx(), "-p", folder, "-c", file, "-g", f"daemon off; {user}"])
    try:
        assert eventually(lambda: is_answered(f"{proxy.address}/livez"), SECONDS_TO_START), proxy.log.read_text()
        yield proxy
    finally:
        process.terminate()
        process.wait(SECONDS_TO_STOP)


def nginx() -> str:
    """Where it is: on Debian not on everybody's PATH."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert found, "these tests need nginx (on Debian: apt-get install nginx-light)"
    return found
