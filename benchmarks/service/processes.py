"""A server as a tree of processes: started on its core, looked at, and ended whatever happens."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.service.work import Answer, Body

SECONDS_TO_START, SECONDS_TO_STOP, SECONDS_TO_ANSWER = 90, 5, 60
SECONDS_TO_SETTLE = 1.0
PROC = Path("/proc")


class NotStarted(Exception):
    """A server that ended, or was not ready in time. The message says what it printed last."""


def run(command: Sequence[str], folder: Path, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """A command of our own, ended after so many seconds, and with whatever status. Raises TimeoutExpired."""
    return subprocess.run(command, cwd=folder, timeout=seconds, capture_output=True, text=True, check=False)  # noqa: S603


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Running:
    """A server that is ready.

    idle  the resident bytes of all its processes before the first request
    """

    process: int
    port: int
    idle: int

    def post(self, path: str, body: Body) -> Answer:
        return ask(self.port, "POST", path, body.path.read_bytes(), body.headers)

    def processes(self) -> list[int]:
        return descendants(self.process)

    def resident(self) -> int:
        return sum(memory(each, "VmRSS") for each in self.processes())

    def peak(self) -> int:
        """The sum of every process's highest, since `forget_peak`: what is shared counts for each."""
        return sum(memory(each, "VmHWM") for each in self.processes())

    def worked(self) -> float:
        """Seconds that its processes, those which are left, have had a processor."""
        return sum(processor_time(each) for each in self.processes())

    def forget_peak(self) -> None:
        for each in self.processes():
            with suppress(OSError):
                (PROC / str(each) / "clear_refs").write_text("5")


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_TO_ANSWER)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read())
    finally:
        connection.close()


@contextmanager
def running(
    command: Sequence[str], core: int, port: int, ready_path: str, environment: Mapping[str, str], folder: Path
) -> Iterator[Running]:
    """The server that `command` starts, until the block is left. Raises NotStarted."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            pinned(core, command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, port, ready_path, log)
        time.sleep(SECONDS_TO_SETTLE)
        idle = sum(memory(each, "VmRSS") for each in descendants(process.pid))
        yield Running(process.pid, port, idle)
    finally:
        stop(process)


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """With all that it starts."""
    return ["taskset", "--cpu-list", str(core), *command]


def wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(f"ended with status {process.returncode}: {last_line(log)}")
        with suppress(OSError, http.client.HTTPException):
            if ask(port, "GET", path).status == 200:
                return
        time.sleep(0.1)
    raise NotStarted(f"was not ready after {SECONDS_TO_START} s: {last_line(log)}")


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip()[-160:] for line in reversed(lines) if line.strip()), "nothing printed")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks the first process to stop, and ends what is left of its tree and of its session."""
    family = {each: status(each, 22) for each in descendants(process.pid)}
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for each, start in family.items():
        # The number may be another's by now; the moment of its start tells.
        with suppress(ProcessLookupError):
            if start and status(each, 22) == start:
                os.kill(each, signal.SIGKILL)
    process.wait(SECONDS_TO_STOP)


def descendants(process: int) -> list[int]:
    """The process and those below it."""
    found, waiting = [], [process]
    while waiting:
        each = waiting.pop()
        with suppress(OSError):
            for children in (PROC / str(each) / "task").glob("*/children"):
                waiting += [int(child) for child in children.read_text().split()]
            found.append(each)
    return found


def memory(process: int, field: str) -> int:
    """Bytes of one line of the process's status; 0 where it has ended."""
    with suppress(OSError):
        for line in (PROC / str(process) / "status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) << 10
    return 0


def processor_time(process: int) -> float:
    """Seconds, in the process and in the kernel for it; 0 where it has ended."""
    return (status(process, 14) + status(process, 15)) / os.sysconf("SC_CLK_TCK")


def status(process: int, field: int) -> int:
    """A field of /proc/PROCESS/stat, by its number in proc(5); 0 where the process has ended."""
    with suppress(OSError):
        third_and_on = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
        return int(third_and_on[field - 3])
    return 0
