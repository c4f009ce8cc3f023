"""A service that real requests were sent to, and Prometheus, which saw it before."""

from collections.abc import Iterator

import pytest

from tests.monitoring.stand import Prometheus, Sent, program, wait_for
from tests.service import Server

MOST_ROUNDS = 20


@pytest.fixture(scope="session")
def promtool() -> str:
    return program("promtool")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("service") / "log", XENT_WORKERS="2") as running:
        yield running


@pytest.fixture(scope="session")
def going(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Prometheus]]:
    """A service that is to be stopped, and a Prometheus of its own."""
    folder = tmp_path_factory.mktemp("going")
    with Server(folder / "service", XENT_WORKERS="2") as server:
        running = Prometheus(folder, server.address)
        try:
            yield server, running
        finally:
            running.close()


@pytest.fixture(scope="session")
def prometheus(
    service: Server,
    going: object,  # noqa: ARG001  each takes five seconds until it begins to scrape, so that it is begun with the other
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """It has seen the service before any request was sent."""
    running = Prometheus(tmp_path_factory.mktemp("prometheus"), service.address)
    try:
        wait_for("the service", lambda: running.value("sum(xent_workers)") == 2)
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def sent(service: Server, prometheus: Prometheus) -> Sent:
    """Rates need to see a counter twice: all is sent at least twice, and seen by Prometheus each time."""
    sent = Sent(service)
    rounds = 0
    while rounds < 2 or len(sent.workers()) < 2:
        assert rounds < MOST_ROUNDS, "one worker gets all requests"
        sent.send_all()
        rounds += 1
        prometheus.wait_until_counted(sent.requests.total())
    prometheus.wait_until_judged()
    return sent
