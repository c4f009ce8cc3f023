"""Allocations, threads and writes that fail, each in turn: a request gets the right response or none.

This is a part that is quick; `tests/hostile` plays all of it.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import Server
from tests.torture import ALLOCATION, REQUESTS, THREAD, WRITE, Torture, post


@pytest.fixture
def torture(tmp_path: Path) -> Torture:
    return Torture(tmp_path)


@pytest.fixture
def server(tmp_path: Path, torture: Torture) -> Iterator[Server]:
    with Server(tmp_path / "log", **torture.environment) as server:
        yield server


def test_without_memory_a_request_is_answered_503_or_not_at_all(server: Server, torture: Torture) -> None:
    for name in ("gzip", "lists"):
        outcome = torture.play(server.address, name, ALLOCATION, step=2)
        assert outcome.wrong == []
        assert outcome.seen["503"] > 3
        assert outcome.faults > 5


def test_a_write_that_fails_costs_its_connection_and_nothing_else(server: Server, torture: Torture) -> None:
    for name in ("small", "lists", "infer"):
        outcome = torture.play(server.address, name, WRITE)
        assert outcome.wrong == []
        assert outcome.faults > 1
        assert outcome.seen.keys() == {"200", "closed"}


def test_without_a_thread_a_request_is_answered_503(server: Server, torture: Torture) -> None:
    torture.arm(THREAD, 0)
    refused = post(server.address, REQUESTS["lists"])
    assert torture.disarm()
    assert isinstance(refused, httpx.Response)
    assert refused.status_code == 503
    assert refused.json()["detail"] == "the service can't start a thread now; try again"
    response = post(server.address, REQUESTS["lists"])
    assert isinstance(response, httpx.Response)
    assert response.status_code == 200
