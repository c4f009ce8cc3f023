"""What clients who mean no good can make the service hold, asked in the environment of `make test` as well."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.hostile.running import running
from tests.hostile.test_room import *  # noqa: F403  the same tests, of a service whose coverage counts
from tests.hostile.test_room import Service, Start


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    with ExitStack() as services:

        def start(**settings: str) -> Service:
            folder = tmp_path_factory.mktemp("service")
            return services.enter_context(running(sys.executable, folder, **settings))

        yield start
