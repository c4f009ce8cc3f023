"""On Ray Serve it is the same service: same responses, same keys and limits; replicas come, go and are replaced."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from tests.ray.conftest import ROOT, Running, eventually, free_port

LOGITS = np.random.default_rng(0).standard_normal((40, 20)) * 3
BODIES: dict[str, Any] = {
    "class indices": {"logits": LOGITS.tolist(), "labels": list(range(20)) * 2, "include": ["gradient"]},
    "yes/no questions": {"logits": LOGITS.tolist(), "labels": (LOGITS > 1).astype(int).tolist()},
    "faulty": {"logits": [[1.0, 2.0]], "labels": [7]},
}


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The address of the service as it is without Ray."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("XENT_")}
    own = {"XENT_PORT": str(port), "XENT_API_KEYS": "first", "XENT_WORKERS": "1"}
    log = (tmp_path_factory.mktemp("plain") / "log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=inherited | own, stdout=log)
    address = f"http://127.0.0.1:{port}"
    assert eventually(lambda: is_ready(address))
    yield address
    process.terminate()
    process.wait(30)
    log.close()


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def pids() -> set[int]:
    """The processes of the replicas."""
    return {each.pid for each in psutil.process_iter(["cmdline"]) if is_replica(each.info["cmdline"])}


def is_replica(command: list[str] | None) -> bool:
    return "ServeReplica:xent:Xent" in " ".join(command or [])


@pytest.mark.parametrize("name", BODIES)
def test_responses_are_the_same_byte_for_byte(name: str, running: Running, plain: str) -> None:
    with running.client() as client:
        found = client.post("/v1/loss", json=BODIES[name])
    expected = httpx.post(f"{plain}/v1/loss", json=BODIES[name], headers={"X-API-Key": "first"})
    assert found.status_code == expected.status_code
    assert found.content == expected.content
    assert found.headers["content-type"] == expected.headers["content-type"]


def test_binary_tensors_and_all_paths_are_there(running: Running, plain: str) -> None:
    for path in ("/v1/losses", "/v1/limits", "/v2/models", "/openapi.json", "/livez", "/readyz"):
        with running.client() as client:
            found = client.get(path)
        assert found.status_code == 200, path
        assert found.content == httpx.get(f"{plain}{path}", headers={"X-API-Key": "first"}).content, path


def test_keys_are_required_and_rotate_without_a_restart(running: Running) -> None:
    with running.client(key="wrong") as client:
        assert client.get("/v1/losses").status_code == 403
    assert httpx.get(f"{running.address}/v1/losses").status_code == 401
    before = pids()
    running.keys.write_text("first\nsecond\n")
    with running.client(key="second") as client:
        # Either replica may respond.
        assert eventually(lambda: all(client.get("/v1/losses").status_code == 200 for _ in range(20)))
    assert pids() == before


def test_a_body_over_the_limit_is_refused(running: Running) -> None:
    with running.client() as client:
        response = client.post("/v1/loss", content=bytes((64 << 20) + 1), headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.json()["status"] == 413


class Load:
    """Clients that ask one thing after another."""

    def __init__(self, running: Running, clients: int) -> None:
        self.running = running
        self.outcomes: Counter[Any] = Counter()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(clients)]

    def _call(self) -> None:
        body = json.dumps(BODIES["class indices"]).encode()
        with self.running.client() as client:
            while not self._over.is_set():
                try:
                    response = client.post("/v1/loss", content=body, headers={"Content-Type": "application/json"})
                    self.outcomes[response.status_code] += 1
                except httpx.TransportError as error:
                    self.outcomes[type(error).__name__] += 1

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def cpu_seconds() -> dict[int, float]:
    return {pid: sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids()}


def test_both_replicas_compute(running: Running) -> None:
    assert eventually(lambda: len(pids()) == 2)
    before = cpu_seconds()
    with Load(running, 4) as load:
        assert eventually(lambda: load.outcomes[200] > 200)
    after = cpu_seconds()
    assert load.outcomes.keys() == {200}
    shares = [after[pid] - before[pid] for pid in before]
    assert min(shares) > 0.2 * max(shares)


def test_a_replica_that_is_killed_under_load_is_replaced(running: Running) -> None:
    before = pids()
    with Load(running, 4) as load:
        assert eventually(lambda: load.outcomes[200] > 50)
        os.kill(min(before), signal.SIGKILL)
        assert eventually(lambda: len(pids()) == 2 and pids() != before)
        count = load.outcomes[200]
        assert eventually(lambda: load.outcomes[200] > count + 50)
    # What it was computing is lost: at most a request of each client.
    assert load.outcomes.total() - load.outcomes[200] <= 4, load.outcomes


def test_replicas_follow_the_load(running: Running) -> None:
    scaling = {"target_ongoing_requests": 1, "upscale_delay_s": 1, "downscale_delay_s": 2, "look_back_period_s": 2}
    running.deploy(min_replicas=1, max_replicas=3, **scaling)
    assert eventually(lambda: running.has_replicas(1)), running.replicas
    with Load(running, 8):
        assert eventually(lambda: running.replicas[0] == 3), running.replicas
    assert eventually(lambda: running.has_replicas(1)), running.replicas


def test_the_file_that_is_shipped_is_the_one_that_runs(running: Running) -> None:
    text = (ROOT / "deploy/ray/serve.yaml").read_text()
    assert "import_path: deploy.ray.service:application" in text
    assert running.config["applications"][0]["import_path"] == "deploy.ray.service:application"
    assert Path(ROOT / "deploy/ray/service.py").exists()
