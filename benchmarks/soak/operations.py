"""What is done to the replicas while they serve, and what of them is watched."""

import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import httpx

from benchmarks.faults.tally import Killing
from benchmarks.soak.callers import key
from tests.container.stand import Replica

WORKERS = 2
DRAIN_SECONDS, FINISH_SECONDS = 2, 8
SECONDS_BETWEEN_LOOKS = 0.1
# A changed file is used within a second, if the machine has time.
SECONDS_TO_RELOAD = 20
SECONDS_TO_REPLACE = 30
# Requests with the old key that are on their way are done by then.
SECONDS_OF_BOTH_KEYS = 3.0
MOST_SECONDS_LATE = 10.0

Samples = list[tuple[float, int]]


def settings(keys: Path, folder: Path) -> dict[str, str]:
    """The variables of a replica. Its metrics are in a folder of its own, so that their files can be counted."""
    return {
        "XENT_WORKERS": str(WORKERS),
        "XENT_API_KEYS_FILE": str(keys),
        "XENT_OPEN_METRICS": "true",
        "XENT_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "XENT_FINISH_SECONDS": str(FINISH_SECONDS),
        # A line for each request would fill the disk within hours.
        "XENT_LOG_REQUESTS": "false",
        "TMPDIR": str(folder),
    }


class Operator:
    """Restarts replicas, kills workers and rotates keys. `elders` are processes that nobody ends in the middle part."""

    def __init__(self, replicas: list[Replica], keys: Path, version: "Synchronized[int]") -> None:
        self.replicas = replicas
        self.keys = keys
        self.version = version
        self.deeds: Counter[str] = Counter()
        self.failures: list[str] = []
        self.killings: list[Killing] = []
        self.elders: dict[int, str] = {}
        self.memory: defaultdict[str, Samples] = defaultdict(list)
        self.descriptors: defaultdict[str, Samples] = defaultdict(list)
        self.files: defaultdict[str, Samples] = defaultdict(list)

    def go_on(self, seconds: float) -> None:
        """For so long: restarts at first and at last, and between them what a replica has to bear without one."""
        began = time.monotonic()
        for at, deed in plan(self, seconds):
            self.wait_until(began + at)
            # On a slow machine fewer of them fit into the time; the callers end in any case.
            if time.monotonic() <= began + at + MOST_SECONDS_LATE or deed == self.name_elders:
                deed()
        self.wait_until(began + seconds)

    def wait_until(self, moment: float) -> None:
        while time.monotonic() < moment:
            self.look()
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self) -> None:
        for replica in self.replicas:
            files = sum(path.is_file() for path in Path(replica.variables["TMPDIR"]).rglob("*"))
            self.files[replica.host].append((time.monotonic(), files))
        for process, name in self.elders.items():
            with suppress(OSError):  # it may end meanwhile
                self.memory[name].append((time.monotonic(), resident_bytes(process)))
                self.descriptors[name].append((time.monotonic(), len(list(Path(f"/proc/{process}/fd").iterdir()))))

    def restart_all(self) -> None:
        """One replica after the other, as a rollout does."""
        self.elders.clear()
        for replica in self.replicas:
            self.deeds["replica restarted"] += 1
            status = replica.stop()
            if status:
                self.failures.append(f"a replica that was told to stop ended with status {status}")
            replica.start()
            self._await_workers(replica)

    def name_elders(self) -> None:
        """From now on these live: the supervisors and a worker of each replica."""
        for replica in self.replicas:
            if replica.process:
                self.elders[replica.process.pid] = f"supervisor of {replica.host}"
            self.elders[replica.workers[0]] = f"worker of {replica.host}"

    def kill_worker(self) -> None:
        """Of each replica in turn, and none of the elders."""
        replica = self.replicas[self.deeds["worker killed"] % len(self.replicas)]
        victim = next(worker for worker in replica.workers if worker not in self.elders)
        self.deeds["worker killed"] += 1
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        self.killings.append(Killing(victim, began, began))
        self._await_workers(replica)

    def reload(self) -> None:
        """SIGHUP replaces all workers of a replica."""
        for replica in self.replicas:
            self.deeds["SIGHUP"] += 1
            before, restarts = replica.workers, restarted(replica)
            if replica.process:
                replica.process.send_signal(signal.SIGHUP)
            if not self._eventually(lambda: restarted(replica) > restarts, SECONDS_TO_REPLACE):  # noqa: B023  called at once
                self.failures.append("workers were not replaced after SIGHUP")
            if set(before) & set(replica.workers) and not self._eventually(
                lambda: not set(before) & set(replica.workers),  # noqa: B023  called at once
                SECONDS_TO_REPLACE,
            ):
                self.failures.append("a worker did not end after SIGHUP")

    def rotate_keys(self) -> None:
        """Both keys, then the clients change, then the new one alone."""
        old = self.version.value
        self.deeds["key rotated"] += 1
        self._write_keys(old, old + 1)
        self._await_status(key(old + 1), 200, "a new key was not accepted")
        self.version.value = old + 1
        self.wait_until(time.monotonic() + SECONDS_OF_BOTH_KEYS)
        self._write_keys(old + 1)
        self._await_status(key(old), 403, "an old key was still accepted")

    def _write_keys(self, *versions: int) -> None:
        """In one step."""
        new = self.keys.with_name("new")
        new.write_text("".join(f"{key(version)}\n" for version in versions))
        new.replace(self.keys)

    def _await_status(self, sent: str, status: int, failure: str) -> None:
        """Both replicas, and both workers of each: several times in a row."""
        for replica in self.replicas:

            def holds(replica: Replica = replica) -> bool:
                return all(answered(replica, sent) == status for _ in range(8))

            if not self._eventually(holds, SECONDS_TO_RELOAD):
                self.failures.append(failure)

    def _eventually(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it does within that time, in which all is watched."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
            self.wait_until(time.monotonic() + SECONDS_BETWEEN_LOOKS)
        return True

    def _await_workers(self, replica: Replica) -> None:
        if not self._eventually(lambda: metric(replica, "xent_workers") == WORKERS, SECONDS_TO_REPLACE):
            self.failures.append("a worker was not replaced")


def plan(operator: Operator, seconds: float) -> list[tuple[float, Callable[[], None]]]:
    """What is done, and when. A deed that takes longer delays the next one, or leaves it out."""
    ends = max(10.0, seconds / 6)
    deeds: list[tuple[float, Callable[[], None]]] = []
    step = max(15.0, ends / 4)
    at = 2.0
    while at < ends:
        deeds += [(at, operator.restart_all), (at, operator.rotate_keys)]
        at += step
    deeds += [(ends, operator.reload), (ends, operator.name_elders)]
    middle = [operator.kill_worker, operator.rotate_keys]
    pause = max(5.0, (seconds - 2 * ends) / 60)
    turns = int((seconds - 2 * ends) / pause)
    deeds += [(ends + pause * (turn + 0.5), middle[turn % 2]) for turn in range(turns)]
    deeds += [(seconds - ends, operator.restart_all), (seconds - ends, operator.kill_worker)]
    return deeds


def resident_bytes(process: int) -> int:
    text = Path(f"/proc/{process}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) << 10


def answered(replica: Replica, sent: str) -> int:
    """The status of a request with this key; 0: none."""
    try:
        return httpx.get(f"{replica.address}/v1/losses", headers={"X-API-Key": sent}, timeout=10).status_code
    except httpx.TransportError:
        return 0


def metric(replica: Replica, name: str) -> float:
    """A metric's sum over its labels."""
    try:
        text = httpx.get(f"{replica.address}/metrics", timeout=10).text
    except httpx.TransportError:
        return float("nan")
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def restarted(replica: Replica) -> int:
    return replica.log.read_text().count("all workers restarted")
