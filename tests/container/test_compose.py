"""The containers as `docker compose up` makes them. Needs an engine, and is skipped where there is none."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.container.stand import eventually, free_port, is_answered
from tests.container.test_rolling_restart import CALLERS, SMALL, Load
from tests.service import ROOT

PROJECT = f"xent-test-{os.getpid()}"


def docker(*arguments: str, **variables: str) -> str:
    run = subprocess.run(["docker", *arguments], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def compose(*arguments: str, **variables: str) -> str:
    return docker("compose", "-p", PROJECT, *arguments, **variables)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the proxy is, in front of two replicas, all of them containers."""
    try:
        docker("version")
        compose("version")
    except (AssertionError, OSError):
        pytest.skip("needs a Docker engine with compose")
    port = str(free_port())
    try:
        compose("up", "--detach", "--build", "--wait", "--wait-timeout", "120", PUBLISH_PORT=port)
        address = f"http://127.0.0.1:{port}"
        assert eventually(lambda: is_answered(f"{address}/readyz"))
        yield address
    finally:
        compose("down", "--volumes", "--timeout", "20")


def containers(service: str) -> list[str]:
    return compose("ps", "--quiet", service).split()


def logged(container: str) -> list[dict[str, Any]]:
    """The lines of its log that tell of a loss."""
    return [json.loads(line) for line in docker("logs", container).splitlines() if '/v1/loss"' in line]


def state(container: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("inspect", "--format", "{{json .State}}", container))
    return found


def is_healthy(container: str) -> bool:
    return bool(state(container)["Health"]["Status"] == "healthy")


def test_there_are_two_replicas_and_both_answer(address: str) -> None:
    replicas = containers("xent")
    before = [len(logged(replica)) for replica in replicas]
    with httpx.Client(base_url=address) as client:
        for _ in range(40):
            assert client.post("/v1/loss", json={"logits": [0.5], "labels": [1]}).status_code == 200
    assert len(replicas) == 2
    assert eventually(lambda: sum(len(logged(replica)) for replica in replicas) == sum(before) + 40)
    assert all(len(logged(replica)) > early for replica, early in zip(replicas, before, strict=True))


def test_a_replica_knows_who_called(address: str) -> None:
    """The proxy says so, and no caller can."""
    named = {"X-Request-ID": "who-called", "X-Forwarded-For": "203.0.113.7"}
    assert httpx.post(f"{address}/v1/loss", json={"logits": [0.5], "labels": [1]}, headers=named).status_code == 200

    def callers() -> list[str]:
        lines = [line for service in ("xent", "proxy") for each in containers(service) for line in logged(each)]
        return [line["client"] for line in lines if line["request_id"] == "who-called"]

    assert eventually(lambda: len(callers()) == 2)
    assert len(set(callers())) == 1
    assert "203.0.113.7" not in callers()


def test_more_large_bodies_than_there_is_room_for_do_no_harm(address: str) -> None:
    body = SMALL[0].ljust(Settings.model_construct().max_body_bytes).encode()

    def status(_: int) -> int:
        headers = {"Content-Type": "application/json"}
        return httpx.post(f"{address}/v1/loss", content=body, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(16) as callers:
        assert set(callers.map(status, range(16))) <= {200, 503}
    assert not any(state(each)["OOMKilled"] for service in ("xent", "proxy") for each in containers(service))
    assert eventually(lambda: status(0) == 200)


def test_restarting_each_replica_in_turn_loses_no_request(address: str) -> None:
    load = Load(address)
    with load.going():
        for container in containers("xent"):
            docker("restart", "-t", "20", container)
            assert eventually(lambda: is_healthy(container), 60)  # noqa: B023  called at once
    assert load.wrong == []
    assert load.right > 100


def test_making_each_replica_anew_loses_no_request(address: str) -> None:
    """As an update to another image does. The new one has another address than the old one had."""
    load, old = Load(address), containers("xent")
    with load.going():
        for container in old:
            docker("stop", "-t", "20", container)
            docker("rm", container)
            compose("up", "--detach", "--no-recreate", "--wait", "xent")
        new = containers("xent")
        assert eventually(lambda: all(logged(container) for container in new))
    assert not set(old) & set(new)
    assert load.wrong == []
    assert load.right > 100


def test_a_replica_that_is_killed_takes_no_request_with_it_but_what_it_was_answering(address: str) -> None:
    load = Load(address)
    with load.going():
        container = containers("xent")[0]
        docker("kill", container)
        time.sleep(3)
        docker("start", container)
        assert eventually(lambda: is_healthy(container), 60)
    assert load.cut_off == load.wrong
    assert len(load.wrong) <= len(CALLERS)


def test_a_replica_ends_by_itself_when_it_is_stopped(address: str) -> None:
    assert is_answered(f"{address}/readyz")
    container = containers("xent")[0]
    docker("stop", "-t", "20", container)
    assert state(container)["ExitCode"] == 0
    assert state(container)["OOMKilled"] is False
