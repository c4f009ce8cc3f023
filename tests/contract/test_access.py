"""Who may call, as callers meet it."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from tests.service import Document, Server, problem

BATCH = {"logits": [[1, 2], [3, 4]], "labels": [0, 1]}
INFER = {
    "inputs": [
        {"name": "logits", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]},
        {"name": "labels", "shape": [1], "datatype": "INT64", "data": [0]},
    ]
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    keys = folder / "keys"
    keys.write_text("of-a-file\n\n  and-another  \n")
    settings = {"XENT_API_KEYS": "first, another-key", "XENT_API_KEYS_FILE": str(keys), "XENT_OPEN_DOCS": "false"}
    with Server(folder / "log", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def caller(guarded: Server, document: Document) -> Iterator[httpx.Client]:
    """Holds every answer to the published schemas."""
    with guarded.client(event_hooks={"response": [document.check]}) as client:
        yield client


@pytest.mark.parametrize("key", ["first", "another-key", "of-a-file", "and-another"])
def test_each_key_is_taken_in_either_header(caller: httpx.Client, key: str) -> None:
    for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer  {key}"}, {"X-API-Key": key}):
        assert caller.post("/v1/loss", json=BATCH, headers=headers).status_code == 200
        assert caller.post("/v2/models/auto/infer", json=INFER, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("X-API-Key", " \tfirst \t ", 200),
        ("Authorization", "Bearer  first \t ", 200),
        ("X-API-Key", "  \t", 401),
        ("X-API-Key", "fir st", 403),
    ],
)
def test_space_around_a_key_is_ignored(guarded: Server, name: str, value: str, status: int) -> None:
    """httpx would not send it."""
    with closing(HTTPConnection(guarded.address.removeprefix("http://"), timeout=60)) as connection:
        connection.request("GET", "/v1/losses", headers={name: value})
        assert connection.getresponse().status == status


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Basic Zmlyc3Q6"}, {"Authorization": "Bearer"}, {"X-API-Key": ""}],
    ids=str,
)
def test_without_a_key_it_is_401_and_says_how_to_send_one(caller: httpx.Client, headers: dict[str, str]) -> None:
    response = caller.post("/v1/loss", json=BATCH, headers=headers)
    assert response.headers["www-authenticate"] == "Bearer"
    assert "X-API-Key" in problem(response, 401)["detail"]
    response = caller.post("/v2/models/auto/infer", json=INFER, headers=headers)
    assert (response.status_code, list(response.json())) == (401, ["error"])


@pytest.mark.parametrize("key", ["third", "firs", "first2", "FIRST", "first, another-key", "ключ"])
def test_a_wrong_key_is_403_and_is_not_repeated(caller: httpx.Client, key: str) -> None:
    response = caller.post("/v1/loss", json=BATCH, headers={"X-API-Key": key.encode()})
    assert key not in problem(response, 403)["detail"]
    response = caller.post("/v2/models/auto/infer", json=INFER, headers={"Authorization": b"Bearer " + key.encode()})
    assert (response.status_code, list(response.json())) == (403, ["error"])


def test_a_wrong_key_is_not_outdone_by_a_right_one(caller: httpx.Client) -> None:
    headers = {"Authorization": "Bearer wrong", "X-API-Key": "first"}
    assert caller.post("/v1/loss", json=BATCH, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v2/health/live", "/v2/health/ready"])
def test_health_needs_no_key(caller: httpx.Client, path: str) -> None:
    assert caller.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/assets/none", "/learn", "/docs", "/docs/swagger-ui.css", "/openapi.json"),
        *("/metrics", "/v1/losses", "/v2", "/v1/limits", "/nothing"),
    ],
)
def test_everything_else_does_where_nothing_else_is_set(caller: httpx.Client, path: str) -> None:
    assert caller.get(path).status_code == 401
    assert caller.get(path, headers={"X-API-Key": "first"}).status_code in (200, 404)


@pytest.mark.parametrize(
    "path", ["//livez", "/livez/", "/livez/../metrics", "/LIVEZ", "/livez%2f..%2fmetrics", "/docsx"]
)
def test_what_only_looks_like_an_open_path_is_closed(guarded: Server, path: str) -> None:
    with guarded.client() as client:
        assert client.get(httpx.URL(guarded.address).copy_with(raw_path=path.encode())).status_code == 401


def test_documentation_and_metrics_can_be_open(tmp_path: Path) -> None:
    settings = {"XENT_API_KEYS": "first", "XENT_OPEN_METRICS": "true"}
    with Server(tmp_path / "log", **settings) as server, server.client() as client:
        for path in ("/", "/learn", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/metrics"):
            assert client.get(path).status_code == 200, path
        assert client.get("/assets/none").status_code == 404
        assert client.get("/v1/losses").status_code == 401


def test_keys_are_in_no_log(guarded: Server, caller: httpx.Client) -> None:
    caller.post("/v1/loss", json=BATCH, headers={"X-API-Key": "a-wrong-key"})
    caller.post("/v1/loss", json=BATCH, headers={"X-API-Key": "first"})
    log = guarded.log.read_text()
    assert "wrong_key" in log
    for key in ("first", "another-key", "of-a-file", "a-wrong-key"):
        assert key not in log


def test_pages_of_other_origins_may_not_call(server: Server) -> None:
    with server.client(headers={"Origin": "https://labels.example"}) as client:
        assert "access-control-allow-origin" not in client.get("/v1/losses").headers
        preflight = client.options("/v1/loss", headers={"Access-Control-Request-Method": "POST"})
        assert "access-control-allow-origin" not in preflight.headers


def test_pages_of_named_origins_may_even_where_a_key_is_missing(tmp_path: Path) -> None:
    origins = "https://labels.example, https://other.example"
    with (
        Server(tmp_path / "log", XENT_CORS_ORIGINS=origins, XENT_API_KEYS="first") as server,
        server.client() as client,
    ):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-API-Key"}
        preflight = client.options("/v1/loss", headers={"Origin": "https://labels.example", **asked})
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://labels.example"
        refused = client.post("/v1/loss", json=BATCH, headers={"Origin": "https://other.example"})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://other.example"
        stranger = client.post(
            "/v1/loss", json=BATCH, headers={"Origin": "https://stranger.example", "X-API-Key": "first"}
        )
        assert "access-control-allow-origin" not in stranger.headers


def test_every_answer_has_its_security_headers(guarded: Server) -> None:
    with guarded.client() as client:
        for response in (
            client.get("/livez"),
            client.post("/v1/loss", json=BATCH),
            client.post("/v1/loss", json=BATCH, headers={"X-API-Key": "first"}),
            client.get("/docs", headers={"X-API-Key": "first"}),
            client.get("/nothing", headers={"X-API-Key": "first"}),
            client.delete("/livez"),
        ):
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["x-frame-options"] == "DENY"
            assert response.headers["referrer-policy"] == "no-referrer"
            assert response.headers["content-security-policy"].startswith("default-src 'none'")
            assert response.headers["cache-control"]
            assert "server" not in response.headers
            assert "strict-transport-security" not in response.headers
