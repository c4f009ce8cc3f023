"""A running service for the tests that need one, and examples that hypothesis draws alike in every run.

What passes once passes always.
"""

from collections.abc import Iterator

import httpx
import pytest
import trustme
from hypothesis import settings

from tests.service import Document, Server

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A file of one certificate in place of the 140 that httpx reads for each client, which take 50 ms."""
    file = tmp_path_factory.mktemp("authority") / "certificate.pem"
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service with its default settings. Whatever tests send it, it has nothing to complain of."""
    with Server(tmp_path_factory.mktemp("server") / "log") as running:
        yield running
        assert running.process.poll() is None
    assert running.complaints == []


@pytest.fixture(scope="session")
def document(server: Server) -> Document:
    with server.client() as client:
        return Document(client.get("/openapi.json").json())


@pytest.fixture(scope="session")
def client(server: Server, document: Document) -> Iterator[httpx.Client]:
    """Talks to the server, and holds every response to the published schemas."""
    with server.client(event_hooks={"response": [document.check]}) as client:
        yield client
