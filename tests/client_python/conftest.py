"""Both clients by one name, so that each test holds for both."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.service import Server
from xent_client import AsyncXent, Xent

Call = Callable[..., Any]


class Awaited:
    """An AsyncXent as if it were a Xent: each call in an event loop of its own, with its own connections."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.arguments, self.options = arguments, options

    def __getattr__(self, name: str) -> Call:
        def call(*arguments: Any, **options: Any) -> Any:
            async def main() -> Any:
                async with AsyncXent(*self.arguments, **self.options) as xent:
                    return await getattr(xent, name)(*arguments, **options)

            return asyncio.run(main())

        return call

    def __enter__(self) -> "Awaited":
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client takes its address and key from the test alone."""
    monkeypatch.delenv("XENT_URL", raising=False)
    monkeypatch.delenv("XENT_API_KEY", raising=False)


@pytest.fixture(params=[Xent, Awaited], ids=["sync", "async"])
def client_class(request: pytest.FixtureRequest) -> type[Xent]:
    kind: type[Xent] = request.param
    return kind


@pytest.fixture
def xent(server: Server, client_class: type[Xent]) -> Iterator[Xent]:
    with client_class(server.address, python_warnings=False) as client:
        yield client


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that takes 2000 bytes."""
    with Server(tmp_path_factory.mktemp("narrow") / "log", XENT_MAX_BODY_BYTES="2000") as server:
        yield server
