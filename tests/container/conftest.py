"""Two replicas behind the proxy, which all tests share."""

from collections.abc import Iterator

import pytest

from tests.container.stand import HOSTS, Names, Proxy, Replica, free_port, proxy_before


@pytest.fixture(scope="session")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Replica]]:
    folder, names, port = tmp_path_factory.mktemp("replicas"), Names(), free_port()
    replicas = [Replica(host, port, names, folder / f"{host}.log") for host in HOSTS]
    try:
        for replica in replicas:
            replica.start()
        yield replicas
    finally:
        for replica in replicas:
            if replica.process:
                replica.kill()
        names.close()


@pytest.fixture(scope="session")
def proxy(replicas: list[Replica], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxy_before(replicas, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy
