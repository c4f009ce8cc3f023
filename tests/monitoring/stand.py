"""The real Prometheus, with what is shipped for it, beside a real service that real requests were sent to.

Only addresses and times differ from those in the containers: there Docker's name server tells where the replicas are.
"""

import json
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import yaml

from tests.monitoring import shipped
from tests.service import Server

SECONDS_TO_START = 30
SECONDS_TO_STOP = 15
SECONDS_TO_SEE = 20
BETWEEN_SCRAPES = "500ms"


def program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.fail(f"needs {name} (on Debian: apt-get install prometheus)", pytrace=False)
    return found


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        port: int = each.getsockname()[1]
        return port


def wait_for(what: str, seen: Callable[[], bool], seconds: float = SECONDS_TO_SEE) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def _evaluated(rule: dict[str, Any]) -> float:
    # Python reads no more than six digits of a second, and Go writes up to nine.
    return datetime.fromisoformat(re.sub(r"\.\d+", "", rule["lastEvaluation"])).timestamp()


class Prometheus:
    """The real one, with the shipped configuration and rules; `replica` is where the one replica is."""

    def __init__(self, folder: Path, replica: str) -> None:
        configuration = shipped.yaml_of(shipped.CONFIGURATION)
        port = free_port()
        self.log = folder / "log"
        jobs = {job["job_name"]: job for job in configuration["scrape_configs"]}
        del jobs["xent"]["dns_sd_configs"]
        jobs["xent"]["static_configs"] = [{"targets": [replica.removeprefix("http://")]}]
        jobs["prometheus"]["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
        configuration["global"] = dict.fromkeys(configuration["global"], BETWEEN_SCRAPES)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        shutil.copy(shipped.RULES, folder)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    program("prometheus"),
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ],
                stdout=log,
                stderr=log,
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        try:
            wait_for("Prometheus is ready", self._is_ready, SECONDS_TO_START)
        except BaseException:
            self.close()
            raise

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.client.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str, **parameters: str) -> Any:
        """What its HTTP API answers, which must be no error."""
        answer = self.client.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """The labels and the value of each sample that the expression comes to now."""
        return [
            (sample["metric"], float(sample["value"][1])) for sample in self.get("query", query=expression)["result"]
        ]

    def value(self, expression: str) -> float:
        """The value of an expression that comes to one sample; NaN where it comes to none."""
        samples = self.query(expression)
        assert len(samples) < 2, samples
        return samples[0][1] if samples else float("nan")

    def alerts(self) -> dict[str, str]:
        """The state of each alert that is pending or fires."""
        return {alert["labels"]["alertname"]: alert["state"] for alert in self.get("alerts")["alerts"]}

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def wait_until_counted(self, requests: int) -> None:
        """Until so many requests, or more, have been seen, without its own."""
        counted = 'sum(xent_requests_total{route!="/metrics"})'
        wait_for(f"{requests} requests", lambda: self.value(counted) >= requests)

    def wait_until_judged(self) -> None:
        """Until all rules have been evaluated on what was scraped from now on."""
        now = time.time()
        wait_for("a scrape", lambda: self.value('timestamp(up{job="xent"})') > now)
        scraped = time.time()
        wait_for("an evaluation", lambda: all(_evaluated(rule) > scraped for rule in self.rules()))

    def close(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(SECONDS_TO_STOP)


LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
SPARSE = {"logits": LOGITS, "labels": [1, 2]}
DENSE = {"logits": LOGITS, "labels": [[0.5, 0.5, 0], [0, 0.2, 0.8]]}
SIGMOID = {"logits": LOGITS, "labels": [[1, 0, 1], [0, 0, 1]], "loss_type": "sigmoid_cross_entropy"}
ALREADY_PROBABILITIES = {"logits": [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], "labels": [1, 2]}
INFINITE = {"logits": [["-Infinity", 0.5]], "labels": [0]}
LABEL_OUT_OF_RANGE = {"logits": LOGITS, "labels": [1, 5]}
NOT_NUMERIC = {"logits": [[2.0, None, 1.0]], "labels": [1]}
SHAPE_ONLY = {"logits_shape": [2, 3], "labels": [1, 2]}

REQUESTS: list[tuple[str, str, Any]] = [
    *[("POST", "/v1/loss", SPARSE)] * 30,
    *[("POST", "/v1/loss", DENSE)] * 2,
    *[("POST", "/v1/loss", SIGMOID)] * 3,
    ("POST", "/v1/loss", ALREADY_PROBABILITIES),
    ("POST", "/v1/loss", INFINITE),
    *[("POST", "/v1/loss", LABEL_OUT_OF_RANGE)] * 4,
    *[("POST", "/v1/loss", NOT_NUMERIC)] * 2,
    *[("POST", "/v1/recommend", SHAPE_ONLY)] * 3,
    ("GET", "/v1/losses", None),
    ("GET", "/readyz", None),
    ("GET", "/nothing/here", None),
    ("PUT", "/v1/loss", None),
    ("POST", "/v2/repository/models/auto/load", None),
]
ROUTES = {"/nothing/here": "", "/v2/repository/models/auto/load": "/v2/repository/models/{model}/load"}


class Sent:
    """What was sent to a service, and what its answers said."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.samples: Counter[str] = Counter()
        self.elements: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.body_bytes = 0

    def send_all(self) -> None:
        """Each on a connection of its own, and several at once, so that either worker gets some."""
        with ThreadPoolExecutor(4) as threads:
            for response in threads.map(self._send, REQUESTS):
                self._count(response)

    def _send(self, request: tuple[str, str, Any]) -> httpx.Response:
        method, path, content = request
        if path == "/v1/loss" and content:
            content = {**content, "include": ["elements"]}
        with self.server.client() as client:
            return client.request(method, path, json=content)

    def _count(self, response: httpx.Response) -> None:
        path = response.request.url.path
        answer = response.json()
        self.requests[ROUTES.get(path, path), response.request.method, str(response.status_code)] += 1
        self.body_bytes += len(response.request.content)
        if response.is_success and path == "/v1/loss":
            self.samples[answer["loss_type"]] += len(answer["per_sample"])
            self.elements[answer["loss_type"]] += np.size(answer["elements"])
        if response.is_success and response.request.method == "POST":
            self.warnings.update(warning["code"] for warning in answer["warnings"])
        if response.status_code == 422:
            self.reasons[answer["errors"][0]["code"]] += 1

    def workers(self) -> set[int]:
        """The processes that answered."""
        complete = self.server.log.read_text().rpartition("\n")[0]
        lines = [json.loads(line) for line in complete.splitlines()]
        return {line["process"] for line in lines if line["message"] == "request"}
