"""The folder that a run writes: its parts, their commit markers, and what it was asked to do.

    OUT/rows/000000-000000.parquet  the rows of one part
    OUT/state/plan.json             inputs and options, by which a resumed run knows that it is the same, and its token
    OUT/state/000000-000000.json    the commit marker of a part, with its sums: written after the rows
    OUT/summary.json, OUT/report.html

A file appears whole or not at all: it is written under another name, and renamed. Each fresh start has a token, which
is in its markers: a process that outlives a killed run cannot commit a part into the run that replaced it.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from socket import gethostname
from typing import Any, NamedTuple

from xent_score.errors import DataError, os_failure


class Part(NamedTuple):
    """A part of a run: the number of its stream, and its own within the stream."""

    stream: int
    number: int

    @property
    def name(self) -> str:
        return f"{self.stream:06}-{self.number:06}"


class Store:
    """run: the token of the run, empty before the folder is held."""

    def __init__(self, folder: Path, suffix: str, run: str = "") -> None:
        self.folder, self.run = folder, run
        self.rows, self.state = folder / "rows", folder / "state"
        self.suffix = suffix

    @contextmanager
    def held(self, plan: dict[str, Any], *, restart: bool) -> Iterator[None]:
        """Take the folder for this run, and set its token: empty, or left by an interrupted run of the same plan.

        Raises DataError where it holds something else, and where another run writes to it.
        """
        try:
            for each in (self.folder, self.rows, self.state):
                each.mkdir(parents=each is self.folder, exist_ok=True)
            lock = (self.state / "lock").open("w")
        except OSError as error:
            raise os_failure(self.folder, "written", error) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DataError(f"another run writes to {self.folder} now") from None
            self._begin(plan, restart=restart)
            yield

    def _begin(self, plan: dict[str, Any], *, restart: bool) -> None:
        """Raises DataError."""
        if restart:
            # First, as whoever still writes for an earlier run goes by it.
            self.plan.unlink(missing_ok=True)
            for path in [*self.state.glob("*.json"), *self.rows.iterdir()]:
                path.unlink()
            for path in (self.summary, self.report):
                path.unlink(missing_ok=True)
        for path in (*self.folder.glob("*.tmp"), *self.state.glob("*.tmp"), *self.rows.glob("*.tmp")):
            path.unlink(missing_ok=True)
        if self.plan.exists():
            before = json.loads(self.plan.read_text("utf-8"))
            self.run = before.pop("run", "")
            changed = difference(before, plan)
            if changed:
                raise DataError(
                    f"{self.folder} holds a run of other inputs or options: {changed}; name another --out, or start "
                    "afresh with --restart"
                )
        elif any(self.rows.iterdir()):
            raise DataError(f"{self.rows} holds files of something else; name another --out")
        else:
            self.run = token_hex(8)
            self.write(self.plan, json.dumps(plan | {"run": self.run}, indent=1).encode())

    @property
    def plan(self) -> Path:
        return self.state / "plan.json"

    @property
    def summary(self) -> Path:
        return self.folder / "summary.json"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    def rows_of(self, part: Part) -> Path:
        return self.rows / f"{part.name}.{self.suffix}"

    def marker_of(self, part: Part) -> Path:
        return self.state / f"{part.name}.json"

    def commit(self, part: Part, write_rows: Callable[[Path], None], marker: dict[str, Any]) -> None:
        """Write a part's rows, and then its marker. Raises DataError, also where the run was replaced."""
        rows = self.rows_of(part)

        def write(path: Path) -> None:
            write_rows(path)
            if self._run_of_plan() != self.run:
                path.unlink()
                raise DataError(f"another run was started in {self.folder}")

        self.write_with(rows, write)
        marker = marker | {"bytes": rows.stat().st_size, "run": self.run}
        self.write(self.marker_of(part), json.dumps(marker).encode())

    def _run_of_plan(self) -> str | None:
        """None while another run begins."""
        try:
            found: str = json.loads(self.plan.read_text("utf-8")).get("run", "")
        except (FileNotFoundError, ValueError):
            return None
        return found

    def committed(self, part: Part) -> dict[str, Any] | None:
        """The marker of a part, if that is complete: its rows are there too, and as long as they were."""
        try:
            marker: dict[str, Any] = json.loads(self.marker_of(part).read_text("utf-8"))
            is_whole = self.rows_of(part).stat().st_size == marker["bytes"]
            return marker if is_whole and marker.get("run", "") == self.run else None
        except (FileNotFoundError, ValueError):
            return None

    def markers(self, stream: int, first: int = 0) -> Iterator[dict[str, Any]]:
        """The markers of a stream's parts, from a part on, up to the first that is not complete."""
        while (marker := self.committed(Part(stream, first))) is not None:
            yield marker
            if marker["last"]:
                return
            first += 1

    def write(self, path: Path, content: bytes) -> None:
        """Raises DataError."""
        self.write_with(path, lambda temporary: _write_bytes(temporary, content))

    def write_with(self, path: Path, write: Callable[[Path], None]) -> None:
        """Have the file appear whole. Raises DataError."""
        # The name is this process's own: one that outlives a killed run, or is on another node, may still write.
        temporary = path.with_name(f".{path.name}.{gethostname()}.{os.getpid()}.tmp")
        try:
            write(temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise os_failure(path, "written", error) from None


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The first thing in which two plans differ, in words; empty where they are the same."""
    # As JSON has it, in which tuples are lists.
    now = json.loads(json.dumps(now))
    for name in [*before, *(name for name in now if name not in before)]:
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            return difference(old, new)
        if isinstance(old, list) and isinstance(new, list) and name == "files":
            return _difference_of_files(old, new)
        return f"{name} was {old!r:.100}, and is {new!r:.100}"
    return ""


def _difference_of_files(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> str:
    there, here = {each["path"]: each for each in before}, {each["path"]: each for each in now}
    for path in there.keys() - here.keys():
        return f"the file {path} is not there any more"
    for path in here.keys() - there.keys():
        return f"the file {path} was not there"
    for path, file in here.items():
        if file != there[path]:
            return f"the file {path} was changed (it had {there[path]['bytes']} bytes, and has {file['bytes']})"
    return "the files come in another order"
