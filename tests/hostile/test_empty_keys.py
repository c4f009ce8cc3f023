"""A setting for keys that holds no key opens the service to nobody, whenever and however it came to be empty."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.running import ROOT, Service

BATCH = {"logits": [1, 2], "labels": [0, 1]}
SECONDS = 20


@pytest.fixture(scope="module")
def python(request: pytest.FixtureRequest) -> str:
    option: str = request.config.getoption("--serve-with")
    return option


@pytest.mark.parametrize("keys", ["", " ", ",", " , "])
def test_a_list_without_a_key_stops_the_start(python: str, keys: str) -> None:
    check_refused(python, XENT_API_KEYS=keys)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n  \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", bytes(64)],
    ids=["empty", "blank", "byte order mark", "byte order mark and blank", "zeros"],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_file_without_a_key_stops_the_start(python: str, tmp_path: Path, content: bytes, workers: str) -> None:
    (tmp_path / "keys").write_bytes(content)
    check_refused(python, XENT_API_KEYS_FILE=str(tmp_path / "keys"), XENT_WORKERS=workers)


def check_refused(python: str, **settings: str) -> None:
    """Fails unless the service says in one line that it can't start, and doesn't."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("XENT_")}
    command = [ROOT / python, "-m", "app"]
    environment = inherited | {"XENT_PORT": "0"} | settings
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("xent: XENT_API_KEYS")
    assert run.stderr.count("\n") == 1


def test_a_byte_order_mark_does_not_lock_clients_out(python: str, tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"\xef\xbb\xbfsecret\n")
    service = Service(python, tmp_path / "log", XENT_API_KEYS_FILE=str(tmp_path / "keys"))
    try:
        assert statuses(service, "secret") == {200}
        assert statuses(service) == {401}
    finally:
        service.stop()


@pytest.mark.parametrize("by", ["the death of a worker", "SIGHUP"])
def test_a_file_that_is_empty_for_a_while_opens_nothing(python: str, tmp_path: Path, by: str) -> None:
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    service = Service(python, tmp_path / "log", XENT_API_KEYS_FILE=str(keys), XENT_WORKERS="2")
    try:
        before = workers(service)
        keys.write_text("")
        if by == "SIGHUP":
            service.process.send_signal(signal.SIGHUP)
            wait(lambda: not workers(service) & before)
        else:
            os.kill(min(before), signal.SIGKILL)
            wait(lambda: min(before) not in workers(service))
        wait(lambda: "reloading the API keys failed" in service.log.read_text() and len(workers(service)) == 2)
        time.sleep(2)  # until the new one serves
        assert statuses(service) == {401}
        assert statuses(service, "secret") == {200}
        keys.write_text("secret2\n")
        wait(lambda: statuses(service, "secret2") == {200})
        assert statuses(service) == {401}
        assert statuses(service, "secret") == {403}
    finally:
        service.stop()


def statuses(service: Service, key: str = "") -> set[int]:
    """Of many connections, so that each worker takes some."""
    found = set()
    for _ in range(24):
        with service.client(**{"X-API-Key": key}) as client:
            found.add(client.post("/v1/loss", json=BATCH).status_code)
    return found


def workers(service: Service) -> set[int]:
    of_thread = Path(f"/proc/{service.process.pid}/task/{service.process.pid}")
    return set(map(int, (of_thread / "children").read_text().split()))


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not until():
        assert time.monotonic() < end
        time.sleep(0.1)
