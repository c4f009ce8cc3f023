"""What each worker has counted, in files of one folder, so that whichever worker is asked can add up all of them.

Each worker writes its counts whole, to a file of its own. The supervisor adds those of workers that have ended to one
file. Nothing is mapped into memory: on a full disk a write fails, where a mapped page would kill the process.
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
# Names that a reader may have read the files of just before those were added to the others.
MAX_NAMES = 100

Key = tuple[str, ...]
"""What is counted, and its labels."""


@dataclass
class Snapshot:
    """Counts, which only grow, and what a worker has now. `last_inference` is a time in milliseconds for each model."""

    counts: Counter[Key] = field(default_factory=Counter)
    last_inference: dict[str, int] = field(default_factory=dict)
    requests_in_flight: int = 0
    workers: int = 0
    keys_reload_failed: bool = False

    def add(self, other: "Snapshot", *, has_ended: bool = False) -> None:
        """Add what another worker counted, and what it has now unless it has ended."""
        self.counts.update(other.counts)
        for model, milliseconds in other.last_inference.items():
            self.last_inference[model] = max(milliseconds, self.last_inference.get(model, 0))
        if not has_ended:
            self.requests_in_flight += other.requests_in_flight
            self.workers += other.workers
            self.keys_reload_failed |= other.keys_reload_failed


class SnapshotFile:
    """The file of this process in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Of two processes that get one number, one after the other, each has a name.
        self._name = f"worker-{os.getpid()}-{time.time_ns()}.json"

    def write(self, snapshot: Snapshot) -> None:
        """Replace what this process wrote before. Raises OSError, and then that stays."""
        _write(self._folder / self._name, _encoded(snapshot, []))

    def read_all(self) -> Snapshot:
        """The sum of all workers, those that have ended included. Raises OSError."""
        total = Snapshot()
        found = list(_read_workers(self._folder))
        # After the workers' own: a file that was missing by then has been added to it, and one that was not may be.
        ended, names = _read_ended(self._folder)
        total.add(ended)
        for name, snapshot in found:
            if name not in names:
                total.add(snapshot, has_ended=not _is_running(name))
        return total


def add_ended(folder: Path) -> None:
    """Add the files of workers that have ended to one, and remove them. To be called by one process only.

    Raises OSError, and then they stay.
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
    for name in os.listdir(folder):  # noqa: PTH208  raises where no file can be opened
        if name.startswith("worker-") and name.endswith(".json"):
            with suppress(FileNotFoundError):  # it was just added to the others
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
    now = (snapshot.last_inference, snapshot.requests_in_flight, snapshot.workers, snapshot.keys_reload_failed)
    return orjson.dumps([list(snapshot.counts.items()), *now, names])


def _decoded(content: bytes) -> tuple[Snapshot, list[str]]:
    counts, *now, names = orjson.loads(content)
    return Snapshot(Counter({tuple(key): count for key, count in counts}), *now), names
