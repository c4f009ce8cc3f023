"""The service that is ill-treated: its workers, their memory, and their ends."""

import os
import resource
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.bad import MOST_BODY_BYTES, MOST_ELEMENTS, MOST_INFLATED_BYTES, MOST_VALUES
from benchmarks.faults.rude import ANSWER_SECONDS, BODY_SECONDS, HEADER_SECONDS
from benchmarks.faults.tally import Killing, Retirement
from tests.service import Server

WORKERS = 2
KEYS = ("the first key", "the second key")
MOST_REQUESTS = 32
MOST_BYTES = 96 << 20
DRAIN_SECONDS, FINISH_SECONDS = 1, 8
SETTINGS = {
    "XENT_WORKERS": str(WORKERS),
    "XENT_API_KEYS": ",".join(KEYS),
    "XENT_MAX_BODY_BYTES": str(MOST_BODY_BYTES),
    "XENT_MAX_INFLATED_BYTES": str(MOST_INFLATED_BYTES),
    "XENT_MAX_ELEMENTS": str(MOST_ELEMENTS),
    "XENT_MAX_JSON_VALUES": str(MOST_VALUES),
    "XENT_MAX_REQUESTS_IN_FLIGHT": str(MOST_REQUESTS),
    "XENT_MAX_BYTES_IN_FLIGHT": str(MOST_BYTES),
    "XENT_HEADER_SECONDS": f"{HEADER_SECONDS:g}",
    "XENT_BODY_SECONDS": f"{BODY_SECONDS:g}",
    "XENT_ANSWER_SECONDS": f"{ANSWER_SECONDS:g}",
    # The paces of the slow ones here are their own.
    "XENT_MIN_SEND_BYTES_PER_SECOND": "1",
    "XENT_MIN_READ_BYTES_PER_SECOND": "1",
    "XENT_DRAIN_SECONDS": str(DRAIN_SECONDS),
    "XENT_FINISH_SECONDS": str(FINISH_SECONDS),
}
SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_KILLINGS = 15.0
# A worker that hangs is noticed after a minute; shorter runs have no time for one.
SECONDS_FOR_A_HANG = 150
SECONDS_TO_NOTICE_A_HANG = 65
SECONDS_TO_SEE_IT = 1.0
FULL_DISK = "full disk"
# Of the time between two killings.
SHARE_OF_FULL_DISK = 0.3
SECONDS_TO_BE_GONE = 3.0
SECONDS_OF_A_RESTART = 30


@dataclass
class Memory:
    """Resident bytes of one worker over time, and their peak."""

    samples: list[tuple[float, int]] = field(default_factory=list)
    peak: int = 0

    def look(self, worker: int) -> None:
        with suppress(OSError, ValueError, KeyError):  # it may end meanwhile
            text = Path(f"/proc/{worker}/status").read_text()
            fields = dict(line.split(":", 1) for line in text.splitlines())
            self.samples.append((time.monotonic(), int(fields["VmRSS"].split()[0]) << 10))
            self.peak = int(fields["VmHWM"].split()[0]) << 10


class IllTreatment:
    """Kills, stops and replaces workers while their memory is watched. `elder` is the one that is spared in the end."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.memories: defaultdict[int, Memory] = defaultdict(Memory)
        self.killings: list[Killing] = []
        self.retirements: list[Retirement] = []
        self.deeds: Counter[str] = Counter()
        self.elder = 0
        self._replaced: set[int] = set()

    def go_on(self, seconds: float) -> None:
        """For so long: all workers are replaced once or twice, then one lives on, and others are killed beside it."""
        began = time.monotonic()
        for at, deed in plan(self, seconds):
            self.wait_until(began + at)
            deed()
        self.wait_until(began + seconds)

    def wait_until(self, moment: float) -> None:
        while time.monotonic() < moment:
            self.look()
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self) -> None:
        for worker in self.server.workers:
            self.memories[worker].look(worker)

    def replace_all(self) -> None:
        """SIGHUP."""
        self._replaced |= set(self.server.workers)
        self.deeds["SIGHUP"] += 1
        began = time.monotonic()
        self.server.process.send_signal(signal.SIGHUP)
        until = began + SECONDS_OF_A_RESTART
        while self.restarts() < self.deeds["SIGHUP"] and time.monotonic() < until:
            self.wait_until(time.monotonic() + SECONDS_BETWEEN_LOOKS)
        self.retirements.append(Retirement(began, time.monotonic() + FINISH_SECONDS + SECONDS_TO_BE_GONE))

    def restarts(self) -> int:
        return self.server.log.read_text().count("all workers restarted")

    def spare_one(self) -> None:
        self.elder = self._present()[0]

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def fill_disk(self) -> None:
        """No file grows any more, as on a full disk: neither the log nor those of the metrics."""
        self.deeds[FULL_DISK] += 1
        self._limit_files(0)

    def free_disk(self) -> None:
        self._limit_files(resource.RLIM_INFINITY)

    def _limit_files(self, nbytes: int) -> None:
        for process in (self.server.process.pid, *self.server.workers):
            _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (nbytes, most))

    def hang(self) -> None:
        """Stop one, and wait until somebody notices."""
        self._end(signal.SIGSTOP)

    def _end(self, by: signal.Signals) -> None:
        victims = [worker for worker in self._present() if worker != self.elder]
        if not victims:
            return
        self.deeds[by.name] += 1
        began = time.monotonic()
        os.kill(victims[0], by)
        while victims[0] in self.server.workers and self.server.process.poll() is None:
            self.wait_until(time.monotonic() + SECONDS_BETWEEN_LOOKS / 5)
        gone = time.monotonic() - SECONDS_TO_SEE_IT if by is signal.SIGSTOP else began
        self.killings.append(Killing(victims[0], began, gone))

    def _present(self) -> list[int]:
        return [worker for worker in self.server.workers if worker not in self._replaced]


def plan(ill: IllTreatment, seconds: float) -> list[tuple[float, Callable[[], None]]]:
    """What is done, and when."""
    opening = min(40.0, seconds / 4)
    deeds: list[tuple[float, Callable[[], None]]] = [(opening / 4, ill.replace_all)]
    if seconds >= SECONDS_FOR_A_HANG:
        deeds += [(opening / 2, ill.kill), (0.7 * opening, ill.replace_all)]
    deeds.append((opening, ill.spare_one))
    between = min(SECONDS_BETWEEN_KILLINGS, seconds / 5)
    at = opening + between / 2
    while at <= seconds - between / 2:
        deeds.append((at, ill.kill))
        at += between
    filled = opening + between  # between two of these
    deeds += [(filled, ill.fill_disk), (filled + between * SHARE_OF_FULL_DISK, ill.free_disk)]
    deeds.sort(key=lambda deed: deed[0])
    if seconds >= SECONDS_FOR_A_HANG:
        deeds[5] = deeds[5][0], ill.hang
        deeds = [each for each in deeds if not 0 < each[0] - deeds[5][0] < SECONDS_TO_NOTICE_A_HANG]
    return deeds
