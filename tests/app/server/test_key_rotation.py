"""API keys change while the service runs, in all workers alike. A broken file opens nothing and locks nobody out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.app.server.test_supervisor import number
from tests.service import PATIENCE_SECONDS, ROOT, Server, eventually


class Guarded(NamedTuple):
    server: Server
    file: Path

    def write(self, content: str) -> None:
        self.file.write_text(content)

    def replace(self, content: str) -> None:
        """In one step."""
        other = self.file.with_name("other")
        other.write_text(content)
        other.replace(self.file)

    def statuses(self, key: str | None) -> set[int]:
        """What each worker responds with, while the others are stopped."""
        workers = self.server.workers or [self.server.process.pid]
        return {self._status(key, stopped=[each for each in workers if each != worker]) for worker in workers}

    def _status(self, key: str | None, stopped: list[int]) -> int:
        try:
            for worker in stopped:
                os.kill(worker, signal.SIGSTOP)
            return httpx.get(
                f"{self.server.address}/v1/losses", headers=key_header(key), timeout=PATIENCE_SECONDS
            ).status_code
        finally:
            for worker in stopped:
                os.kill(worker, signal.SIGCONT)

    def hang_up(self) -> None:
        """And wait until the workers were replaced, where there are several."""
        count, restarts = len(self.server.workers), self.logged("all workers restarted")
        self.server.process.send_signal(signal.SIGHUP)
        if count:
            assert eventually(lambda: self.logged("all workers restarted") > restarts)
            assert eventually(lambda: len(self.server.workers) == count)

    def is_valid_everywhere(self, key: str) -> bool:
        return self.statuses(key) == {200}

    def is_valid_nowhere(self, key: str) -> bool:
        return self.statuses(key) == {403}

    def logged(self, text: str) -> int:
        return self.server.log.read_text().count(text)

    @property
    def is_reloaded(self) -> bool:
        with self.server.client() as client:
            return number(client, "xent_keys_last_reload_successful") == 1


def key_header(key: str | None) -> dict[str, str]:
    return {} if key is None else {"X-API-Key": key}


def start(folder: Path, workers: str) -> Iterator[Guarded]:
    file = folder / "keys"
    file.write_text("first\n")
    settings = {"XENT_API_KEYS_FILE": str(file), "XENT_OPEN_METRICS": "true", "XENT_WORKERS": workers}
    with Server(folder / "log", **settings) as server:
        yield Guarded(server, file)


@pytest.fixture(scope="module", params=["1", "2"], ids=["one worker", "two workers"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    if request.param == "2":
        yield request.getfixturevalue("two")
    else:
        yield from start(tmp_path_factory.mktemp("one"), request.param)


@pytest.fixture
def fresh(guarded: Guarded) -> Guarded:
    """With one key, which is valid."""
    guarded.replace("first\n")
    assert eventually(lambda: guarded.is_valid_everywhere("first") and guarded.is_reloaded)
    return guarded


def test_a_changed_file_is_a_rotation_without_a_restart(fresh: Guarded) -> None:
    workers = fresh.server.workers
    fresh.write("first\nsecond\n")
    assert eventually(lambda: fresh.is_valid_everywhere("second"))
    assert fresh.is_valid_everywhere("first")
    fresh.replace("second\n")
    assert eventually(lambda: fresh.is_valid_nowhere("first"))
    assert fresh.is_valid_everywhere("second")
    assert fresh.server.workers == workers


def test_a_change_of_the_same_size_is_seen(fresh: Guarded) -> None:
    """Also where the file's times don't tell."""
    times = fresh.file.stat()
    fresh.write("fir5t\n")
    os.utime(fresh.file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert eventually(lambda: fresh.is_valid_everywhere("fir5t") and fresh.is_valid_nowhere("first"))


def test_a_mounted_secret_of_kubernetes_is_a_rotation_too(tmp_path: Path) -> None:
    """Its file never changes: it is a link through the link `..data`, which the kubelet replaces."""

    def mount(version: str, content: str) -> None:
        (tmp_path / version).mkdir()
        (tmp_path / version / "keys").write_text(content)
        link = tmp_path / "..data_tmp"
        link.symlink_to(version)
        link.replace(tmp_path / "..data")

    mount("..1", "first\n")
    file = tmp_path / "keys"
    file.symlink_to("..data/keys")
    with Server(tmp_path / "log", XENT_API_KEYS_FILE=str(file), XENT_WORKERS="1") as server:
        guarded = Guarded(server, file)
        assert guarded.is_valid_everywhere("first")
        mount("..2", "second\n")
        assert eventually(lambda: guarded.is_valid_everywhere("second") and guarded.is_valid_nowhere("first"))


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"], ids=["empty", "blank", "byte order mark"])
def test_a_file_that_no_longer_holds_a_key_changes_nothing_and_is_told_of(fresh: Guarded, content: str) -> None:
    failures = fresh.logged("holds no key")
    fresh.write(content)
    assert eventually(lambda: fresh.logged("holds no key") > failures)
    assert eventually(lambda: not fresh.is_reloaded)
    assert fresh.statuses(None) == {401}
    assert fresh.is_valid_everywhere("first")
    time.sleep(1)
    assert fresh.logged("holds no key") == failures + 1
    fresh.write("second\n")
    assert eventually(lambda: fresh.is_valid_everywhere("second") and fresh.is_reloaded)


def test_a_file_that_is_gone_changes_nothing_and_is_told_of(fresh: Guarded) -> None:
    failures = fresh.logged("No such file")
    fresh.file.unlink()
    assert eventually(lambda: fresh.logged("No such file") > failures and not fresh.is_reloaded)
    assert fresh.is_valid_everywhere("first")
    assert fresh.statuses(None) == {401}
    fresh.write("first\n")
    assert eventually(lambda: fresh.is_reloaded)


def test_a_hangup_reloads_the_keys_and_the_service_goes_on(fresh: Guarded) -> None:
    reloads = fresh.logged("API keys reloaded")
    fresh.hang_up()
    assert eventually(lambda: fresh.logged("API keys reloaded") > reloads)
    assert fresh.is_valid_everywhere("first")
    assert fresh.server.process.poll() is None


def test_a_hangup_with_a_file_without_a_key_changes_nothing_and_is_told_of(fresh: Guarded) -> None:
    failures = fresh.logged("reloading the API keys failed")
    fresh.write("")
    fresh.hang_up()
    assert eventually(lambda: fresh.logged("reloading the API keys failed") > failures and not fresh.is_reloaded)
    assert fresh.is_valid_everywhere("first")
    assert fresh.statuses(None) == {401}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    yield from start(tmp_path_factory.mktemp("two"), "2")


def wait_for_replacement(of: int, guarded: Guarded) -> None:
    assert eventually(lambda: of not in guarded.server.workers and len(guarded.server.workers) == 2)
    with guarded.server.client() as client:
        assert eventually(lambda: number(client, "xent_workers") == 2)


@pytest.mark.parametrize("state", ["empty", "gone"])
def test_a_worker_that_starts_while_the_file_is_rewritten_gets_the_keys_that_the_others_have(
    two: Guarded, state: str
) -> None:
    two.write("first\n")
    assert eventually(lambda: two.is_valid_everywhere("first") and two.is_reloaded)
    two.write("") if state == "empty" else two.file.unlink()
    killed = two.server.workers[0]
    os.kill(killed, signal.SIGKILL)
    wait_for_replacement(killed, two)
    assert two.statuses(None) == {401}
    assert two.is_valid_everywhere("first")
    assert not two.is_reloaded


def test_a_worker_that_dies_before_it_read_the_new_keys_is_replaced(two: Guarded) -> None:
    stopped = two.server.workers[0]
    os.kill(stopped, signal.SIGSTOP)
    reloads = two.logged("API keys reloaded")
    two.replace(f"another-{reloads}\n")
    assert eventually(lambda: two.logged("API keys reloaded") > reloads)
    os.kill(stopped, signal.SIGKILL)
    wait_for_replacement(stopped, two)
    assert two.is_valid_everywhere(f"another-{reloads}")


def test_keys_of_a_file_are_in_no_environment_and_no_command_line(two: Guarded) -> None:
    two.replace("in-no-environment\n")
    assert eventually(lambda: two.is_valid_everywhere("in-no-environment"))
    for process in (two.server.process.pid, *two.server.workers):
        for name in ("environ", "cmdline"):
            assert b"in-no-environment" not in Path(f"/proc/{process}/{name}").read_bytes()


def test_a_worker_whose_supervisor_is_gone_before_it_sent_keys_does_not_serve() -> None:
    script = (
        "import socket, sys; ours, its = socket.socketpair(); listener = socket.create_server(('127.0.0.1', 0));"
        "ours.close(); sys.argv[1:] = [str(listener.detach()), str(its.detach())];"
        "from app.server.worker import main; sys.exit(main())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
