"""The counts of all workers, in files of one folder, so that any worker can report the total.

Each worker replaces a file of its own. The supervisor merges the files of exited workers into one. Files are written,
not mapped into memory: on a full disk a write fails, but access to a mapped page kills the process.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

ENDED = "ended.json"
# A reader may have read a worker's file just before it was merged, and must not count it twice.
MAX_NAMES = 100

Key = tuple[str, ...]
"""A counter's name and the values of its labels."""


@dataclass
class Snapshot:
    """Counters and the current gauges of a worker. `last_inference` is a time in milliseconds for each model."""

    counts: Counter[Key] = field(default_factory=Counter)
    last_inference: dict[str, int] = field(default_factory=dict)
    requests_in_flight: int = 0
    workers: int = 0
    keys_reload_failed: bool = False
    requests_computing: int = 0
    bytes_reserved: int = 0

    def add(self, other: "Snapshot", *, has_ended: bool = False) -> None:
        """Add the counters of another worker, and its gauges unless it has exited."""
        self.counts.update(other.counts)
        for model, milliseconds in other.last_inference.items():
            self.last_inference[model] = max(milliseconds, self.last_inference.get(model, 0))
        if not has_ended:
            self.requests_in_flight += other.requests_in_flight
            self.workers += other.workers
            self.keys_reload_failed |= other.keys_reload_failed
            self.requests_computing += other.requests_computing
            self.bytes_reserved += other.bytes_reserved


class SnapshotFile:
    """This process's file in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # The time makes the name unique if the system reuses a process id.
        self._name = f"worker-{os.getpid()}-{time.time_ns()}.json"

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file of this process. If it raises OSError, the old file stays."""
        _write(self._folder / self._name, _encoded(snapshot, []))

    def read_all(self) -> Snapshot:
        """The sum of all workers, including those that exited. Raises OSError."""
        total = Snapshot()
        found = list(_read_workers(self._folder))
        # Read after the workers' own files: it holds every file that was gone by then, and names those it holds.
        ended, names = _read_ended(self._folder)
        total.add(ended)
        for name, snapshot in found:
            if name not in names:
                total.add(snapshot, has_ended=not _is_running(name))
        return total


def add_ended(folder: Path) -> None:
    """Merge the files of exited workers into one and remove them. Call it from one process only.

    If it raises OSError, the files stay.
    """
    gone = {name: snapshot for name, snapshot in _read_workers(folder) if not _is_running(name)}
    total, names = _read_ended(folder)
    for name, snapshot in gone.items():
        if name not in names:
            total.add(snapshot, has_ended=True)
    _write(folder / ENDED, _encoded(total, [*names, *gone][-MAX_NAMES:]))
    for name in gone:
        (folder / name).unlink()
        _temporary(folder / name).unlink(missing_ok=True)


def _read_workers(folder: Path) -> Iterator[tuple[str, Snapshot]]:
    for name in os.listdir(folder):  # noqa: PTH208  unlike iterdir(), it raises here if no file can be opened
        if name.startswith("worker-") and name.endswith(".json"):
            with suppress(FileNotFoundError):  # it was just merged
                yield name, _decoded((folder / name).read_bytes())[0]


def _read_ended(folder: Path) -> tuple[Snapshot, list[str]]:
    try:
        return _decoded((folder / ENDED).read_bytes())
    except FileNotFoundError:
        return Snapshot(), []


def _is_running(name: str) -> bool:
    try:
        os.kill(int(name.split("-")[1]), 0)
    except OSError:
        return False
    return True


def _write(file: Path, content: bytes) -> None:
    temporary = _temporary(file)
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _temporary(file: Path) -> Path:
    return file.with_suffix(".tmp")


def _encoded(snapshot: Snapshot, names: list[str]) -> bytes:
    now = (
        snapshot.last_inference,
        snapshot.requests_in_flight,
        snapshot.workers,
        snapshot.keys_reload_failed,
        snapshot.requests_computing,
        snapshot.bytes_reserved,
    )
    return orjson.dumps([list(snapshot.counts.items()), *now, names])


def _decoded(content: bytes) -> tuple[Snapshot, list[str]]:
    counts, *now, names = orjson.loads(content)
    return Snapshot(Counter({tuple(key): count for key, count in counts}), *now), names
