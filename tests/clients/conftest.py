"""A running service for clients that others wrote. It runs in an environment of its own, and they in theirs."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tritonclient.http
import tritonclient.http.aio

ROOT = Path(__file__).parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--serve-with", default=sys.executable, help="the interpreter whose environment has the service")


def pytest_configure(config: pytest.Config) -> None:
    # Triton's aio client leaves responses that it doesn't read, and with them their sockets, to the garbage collector.
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


def serve(python: str, **settings: str) -> Iterator[str]:
    """The host and port of a service, until it is no longer needed."""
    command = [python, "-m", "app"]
    # One process, which ends at once; and nobody reads what it tells.
    ours = {"XENT_PORT": "0", "XENT_WORKERS": "1", "XENT_DRAIN_SECONDS": "0", "XENT_LOG_REQUESTS": "false"}
    environment = os.environ | ours | settings
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            announcement: str = json.loads(process.stdout.readline())["message"]
            yield announcement.split()[3].removeprefix("http://").rstrip(",")
            assert process.poll() is None
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from serve(request.config.getoption("--serve-with"))


@pytest.fixture(scope="session")
def narrow_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """A service that takes a thousand bytes, compressed or not."""
    limits = {"XENT_MAX_BODY_BYTES": "1000", "XENT_MAX_INFLATED_BYTES": "1000"}
    yield from serve(request.config.getoption("--serve-with"), **limits)


Call = Callable[..., Any]


def calls(kind: str, address: str) -> Iterator[Call]:
    """Calls methods of Triton's client by name, whether it is the one that waits or the one that is waited for."""
    if kind == "sync":
        with tritonclient.http.InferenceServerClient(address) as client:
            yield lambda method, *arguments, **options: getattr(client, method)(*arguments, **options)
        return

    async def call(method: str, *arguments: Any, **options: Any) -> Any:
        async with tritonclient.http.aio.InferenceServerClient(address) as client:
            return await getattr(client, method)(*arguments, **options)

    yield lambda *arguments, **options: asyncio.run(call(*arguments, **options))


@pytest.fixture(scope="session", params=["sync", "aio"])
def call(request: pytest.FixtureRequest, address: str) -> Iterator[Call]:
    yield from calls(request.param, address)


@pytest.fixture(scope="session", params=["sync", "aio"])
def call_narrow(request: pytest.FixtureRequest, narrow_address: str) -> Iterator[Call]:
    yield from calls(request.param, narrow_address)
