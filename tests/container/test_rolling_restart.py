"""Replicas come and go behind the proxy, and no caller sees it."""

import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.container.stand import Proxy, Replica, eventually

# Bodies and what comes of them: one caller's are of megabytes, so that some are always on their way.
SMALL = json.dumps({"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}), 1.0693116545660806
LARGE = json.dumps({"logits": [[0.0] * 1000] * 500, "labels": [0] * 500}), math.log(1000)
CALLERS = [SMALL, SMALL, SMALL, SMALL, SMALL, LARGE]
# Between two requests of one caller, in seconds: together they keep below what the proxy allows to one address.
PAUSE = 0.015


class Load:
    """Callers that ask one thing after another, and what came of it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.right = 0
        self.wrong: list[Any] = []
        self._over = threading.Event()

    @property
    def cut_off(self) -> list[Any]:
        """What went wrong when the answer had begun."""
        return [each for each in self.wrong if isinstance(each, httpx.RemoteProtocolError) and "complete" in str(each)]

    def call(self, body: str, loss: float) -> None:
        headers = {"Content-Type": "application/json"}
        with httpx.Client(base_url=self.address, headers=headers, timeout=30) as client:
            while not self._over.wait(PAUSE):
                try:
                    answer = client.post("/v1/loss", content=body)
                    if answer.status_code == 200 and math.isclose(answer.json()["reduced"]["value"], loss):
                        self.right += 1
                    else:
                        self.wrong.append((answer.status_code, answer.text))
                except httpx.HTTPError as error:
                    self.wrong.append(error)

    @contextmanager
    def going(self) -> Iterator[None]:
        callers = [threading.Thread(target=self.call, args=each) for each in CALLERS]
        for caller in callers:
            caller.start()
        try:
            time.sleep(1)
            yield
            time.sleep(1)
        finally:
            self._over.set()
            for caller in callers:
                caller.join()


def test_a_rolling_restart_loses_no_request(proxy: Proxy, replicas: list[Replica]) -> None:
    load = Load(proxy.address)
    with load.going():
        for replica in replicas:
            assert replica.stop() == 0
            before = replica.answered
            time.sleep(0.5)
            replica.start()
            assert eventually(lambda: replica.answered > before)  # noqa: B023  called at once
    assert load.wrong == []
    assert load.right > 100


@pytest.mark.parametrize("which", [0, 1])
def test_a_replica_that_is_killed_takes_no_request_with_it_but_what_it_was_answering(
    proxy: Proxy, replicas: list[Replica], which: int
) -> None:
    """Of which the caller has the head already: the other replica can't be asked any more."""
    load, replica = Load(proxy.address), replicas[which]
    with load.going():
        replica.kill()
        time.sleep(0.5)
        replica.start()
    assert load.right > 100
    assert load.cut_off == load.wrong
    assert len(load.wrong) <= len(CALLERS)


def test_load_sees_what_is_lost(proxy: Proxy, replicas: list[Replica]) -> None:
    """Or the tests above would prove nothing."""
    load = Load(proxy.address)
    with load.going():
        for replica in replicas:
            replica.kill()
        time.sleep(0.5)
        for replica in replicas:
            replica.start()
    assert load.wrong
