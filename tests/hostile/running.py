"""The service as strangers meet it: `python -m app` in its own environment, a process that is looked at afterwards."""

import json
import os
import re
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.hostile.known import KNOWN

ROOT = Path(__file__).parents[2]
# httpx would read all certificates for each client, which takes 30 ms.
WITHOUT_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SECONDS_TO_START = 60
SECONDS_TO_STOP = 15
# Who has gone away has left some work behind.
SECONDS_TO_FORGET = 5
# What is no failure: a model can't be loaded (501), and what is full or too slow says so (503).
DECLARED = {"501", "503"}
SHOWN_LINES, SHOWN_CHARACTERS = 10, 3000
ANSWERED = re.compile(r'^xent_requests_total\{.*status="(5\d\d)".*\} (\S+)', re.MULTILINE)


class Service:
    """A running service. `log` is the file that its stdout goes to, and `errors` that of its stderr."""

    def __init__(self, python: str, log: Path, **settings: str) -> None:
        self.log = log
        self.errors = log.with_name(f"{log.name}-errors")
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("XENT_")}
        alone = {"XENT_PORT": "0", "XENT_WORKERS": "1", "XENT_DRAIN_SECONDS": "0"}
        with self.log.open("w") as stdout, self.errors.open("w") as stderr:
            self.process = subprocess.Popen(
                [ROOT / python, "-m", "app"], cwd=ROOT, env=inherited | alone | settings, stdout=stdout, stderr=stderr
            )
        self.address = self._announced()

    def _announced(self) -> str:
        until = time.monotonic() + SECONDS_TO_START
        while self.process.poll() is None and time.monotonic() < until:
            if found := re.search(r"xent listens on (http://[\d.:]+),", self.log.read_text()):
                return found[1]
            time.sleep(0.02)
        self.process.kill()
        raise AssertionError(self.log.read_text() + self.errors.read_text())

    def client(self, **headers: str) -> httpx.Client:
        """Asks this service, and never a proxy that the environment names."""
        return httpx.Client(
            base_url=self.address, headers=headers, timeout=60, trust_env=False, verify=WITHOUT_CERTIFICATES
        )

    def check_unharmed(self, key: str = "") -> None:
        """Fails unless it is as it was before it was asked anything."""
        assert self.process.poll() is None, f"the service ended with {self.process.returncode}"
        self.check_log()
        metrics, until = self._metrics(key), time.monotonic() + SECONDS_TO_FORGET
        while "xent_in_flight_requests 1.0" not in metrics and time.monotonic() < until:
            time.sleep(0.1)
            metrics = self._metrics(key)
        assert "xent_in_flight_requests 1.0" in metrics, "a request is in hand that nobody waits for"
        failed = {status for status, count in ANSWERED.findall(metrics) if float(count)} - DECLARED
        assert not failed, f"answered with {failed}"

    def _metrics(self, key: str) -> str:
        with self.client(**{"X-API-Key": key}) as client:
            return client.get("/metrics").raise_for_status().text

    def check_log(self) -> None:
        """Fails where the operator was told of more than requests, or of anything outside of the log."""
        # What Python calls a line also ends at some characters that a path in the log may hold.
        lines = self.log.read_text().removesuffix("\n").split("\n")
        complaints = [line for line in lines if json.loads(line)["level"] != "info"]
        complaints += self.errors.read_text().splitlines()
        complaints = [line for line in complaints if not any(known in line for known in KNOWN)]
        shown = [line[:SHOWN_CHARACTERS] for line in complaints[:SHOWN_LINES]]
        assert not complaints, "\n".join([f"{len(complaints)} complaints", *shown])

    def stop(self) -> int:
        """The exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS_TO_STOP)


@contextmanager
def running(python: str, folder: Path, **settings: str) -> Iterator[Service]:
    """A service, until it is no longer needed. It must be unharmed then, and end as it is told."""
    service = Service(python, folder / "log", **settings)
    try:
        yield service
        service.check_unharmed(settings.get("XENT_API_KEYS", ""))
        status = service.stop()
        assert status == 0, f"the service ended with {status}"
        service.check_log()
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
