"""Allocations, threads and writes that fail, each in turn: a request gets the right response or none.

This is a part that is quick; `tests/hostile` plays all of it.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.app.server.test_key_rotation import Guarded
from tests.service import Server, eventually
from tests.torture import ALLOCATION, REQUESTS, THREAD, WRITE, Torture, post, post_once_replaced


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Torture:
    return Torture(tmp_path_factory.mktemp("torture"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, torture: Torture) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server") / "log", **torture.environment) as server:
        yield server


def test_without_memory_a_request_gets_503_or_no_response(server: Server, torture: Torture) -> None:
    for name in ("gzip", "lists"):
        outcome = torture.play(server.address, name, ALLOCATION, step=3)
        assert outcome.wrong == []
        assert outcome.seen["503"] > 3
        assert outcome.faults > 5


def test_a_write_that_fails_costs_its_connection_and_nothing_else(server: Server, torture: Torture) -> None:
    for name in ("small", "lists", "infer"):
        outcome = torture.play(server.address, name, WRITE)
        assert outcome.wrong == []
        assert outcome.faults > 1
        assert outcome.seen.keys() == {"200", "closed"}


def test_without_memory_for_a_heartbeat_the_supervisor_replaces_the_worker_and_goes_on(
    server: Server, torture: Torture
) -> None:
    """Each process allocates memory every second. Which one is the first to do so is not known."""

    def is_replaced() -> bool:
        torture.arm(ALLOCATION, 0)
        time.sleep(0.4)
        torture.disarm()
        return "Fatal read error" in server.log.read_text()

    workers = server.workers
    server.clear_log()
    assert eventually(is_replaced)
    assert server.logs("worker exited unexpectedly")
    assert eventually(lambda: len(server.workers) == 2 and server.workers != workers)
    response = post_once_replaced(server.address, REQUESTS["lists"])
    assert isinstance(response, httpx.Response)
    assert response.status_code == 200


def test_without_memory_for_its_periodic_work_a_service_goes_on(tmp_path: Path) -> None:
    """Every second it lists its connections. Nothing else of an idle service allocates as much."""
    torture = Torture(tmp_path)  # other services that run would use the one failure of a shared one
    bytes_of_list = 4096
    with Server(tmp_path / "log", **torture.environment | {"XENT_WORKERS": "1"}) as alone, ExitStack() as stack:
        for _ in range(bytes_of_list // 8):
            stack.enter_context(alone.connection())
        assert isinstance(post(alone.address, REQUESTS["small"]), httpx.Response)  # it has accepted all
        torture.arm(ALLOCATION, 0, smallest=bytes_of_list)
        told = "periodic work failed; trying again"
        assert eventually(lambda: told in alone.log.read_text() or alone.process.poll() is not None)
        torture.disarm()
        assert alone.process.poll() is None
        response = post(alone.address, REQUESTS["lists"])
        assert isinstance(response, httpx.Response)
        assert response.status_code == 200
        assert alone.stop() == 0


def test_without_a_thread_a_request_gets_503(tmp_path: Path, torture: Torture) -> None:
    """In a service of its own, which has no threads yet."""
    with Server(tmp_path / "log", **torture.environment) as fresh:
        torture.arm(THREAD, 0)
        refused = post(fresh.address, REQUESTS["lists"])
        assert torture.disarm()
        response = post(fresh.address, REQUESTS["lists"])
    assert isinstance(refused, httpx.Response)
    assert refused.status_code == 503
    assert refused.json()["detail"] == "the service can't start a thread now; try again"
    assert isinstance(response, httpx.Response)
    assert response.status_code == 200


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, torture: Torture) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    file = folder / "keys"
    file.write_text(many_keys("first"))
    with Server(folder / "log", **torture.environment, XENT_API_KEYS_FILE=str(file)) as server:
        yield Guarded(server, file)


def many_keys(first: str) -> str:
    """So many that reading them and sending them takes allocations that are counted."""
    return "".join(f"{first}-{number}\n" for number in range(3000))


@pytest.mark.parametrize("nth", range(4))
def test_without_memory_for_new_keys_a_worker_says_so_and_has_them_soon(
    guarded: Guarded, torture: Torture, nth: int
) -> None:
    """The n-th allocation of one worker fails after the keys were sent, while the supervisor and the other are stopped.

    Where the keys are received, that breaks the pipe, and the worker is replaced; behind that it tries again.
    """
    server = guarded.server
    worker, other = server.workers
    server.clear_log()
    for each in (worker, other):
        os.kill(each, signal.SIGSTOP)
    guarded.replace(many_keys(f"round-{nth}"))
    assert server.logs("API keys reloaded")
    os.kill(server.process.pid, signal.SIGSTOP)
    torture.arm(ALLOCATION, nth)
    os.kill(worker, signal.SIGCONT)
    assert eventually(torture.has_failed)
    torture.disarm()
    for each in (server.process.pid, other):
        os.kill(each, signal.SIGCONT)
    assert server.logs("out of memory")
    assert eventually(lambda: guarded.logged("trying again") > 0 or worker not in server.workers)
    assert eventually(lambda: len(server.workers) == 2)
    assert eventually(lambda: guarded.is_valid_everywhere(f"round-{nth}-0"))


def test_without_memory_for_new_keys_a_supervisor_reads_and_sends_them_soon(guarded: Guarded, torture: Torture) -> None:
    """One allocation of the supervisor fails, then a later one …, from the first of reading to one of sending.

    Its workers are stopped meanwhile.
    """
    server = guarded.server
    server.clear_log()
    nth = 0
    while not guarded.logged("sending the API keys failed; trying again"):
        for each in server.workers:
            os.kill(each, signal.SIGSTOP)
        torture.arm(ALLOCATION, nth)
        guarded.replace(many_keys(f"turn-{nth}"))
        has_failed = eventually(torture.has_failed)
        torture.disarm()
        for each in server.workers:
            os.kill(each, signal.SIGCONT)
        assert has_failed
        assert eventually(lambda: len(server.workers) == 2)
        assert eventually(lambda: guarded.is_valid_everywhere(f"turn-{nth}-0"))  # noqa: B023  called at once
        nth += 3  # to send them takes as many
        assert nth < 60
    assert nth > 3
