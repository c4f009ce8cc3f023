"""The service as its users meet it: `python -m app`, a process of its own, reached over HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[1]
SECONDS_TO_STOP = 15
MOST_BYTES = 8192
MOST_ENTRIES = 20
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


def start_app(stderr: Any, **settings: str) -> subprocess.Popen[str]:
    """`python -m app` with these XENT_ variables and no others; on a free port, unless they name one."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("XENT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env={**inherited, "XENT_PORT": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


class Server:
    """A running service. `log` is the file that its stderr goes to; SIGTERM ends it, which keeps its coverage."""

    def __init__(self, log: Path, **settings: str) -> None:
        self.log = log
        with log.open("w") as stderr:
            self.process = start_app(stderr, **settings)
        assert self.process.stdout
        self.announcement = self.process.stdout.readline()
        assert self.announcement, log.read_text()
        self.address = self.announcement.split()[3].rstrip(",")

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60, **options)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """The exit status, which is minus the signal's number where the signal ended it."""
        self.process.send_signal(by)
        return self.process.wait(SECONDS_TO_STOP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.stop()
        assert self.process.stdout
        self.process.stdout.close()


class Document:
    """The published OpenAPI document, and whether answers keep to it."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self._validators: dict[str, Draft202012Validator] = {}

    @property
    def operations(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every operation by method and path."""
        return {
            (method.upper(), path): operation
            for path, methods in self.content["paths"].items()
            for method, operation in methods.items()
        }

    def examples(self, method: str, path: str) -> dict[str, dict[str, Any]]:
        return self.operations[method, path]["requestBody"]["content"]["application/json"]["examples"]

    def validator(self, name: str) -> Draft202012Validator:
        """What checks instances of the schema of this name."""
        return self._validator({"$ref": f"#/components/schemas/{name}"})

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        key = str(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**schema, "components": self.content["components"]})
        return self._validators[key]

    def check(self, response: httpx.Response) -> None:
        """Fails unless the answer is one that the document declares, and of the form that it publishes.

        Errors are problems at every path, declared or not, and of the Open Inference Protocol's form under /v2. A hook
        for httpx.
        """
        response.read()
        operation = self._operation(response.request)
        if operation is not None:
            assert str(response.status_code) in operation["responses"], f"undeclared status {response.status_code}"
            content = operation["responses"][str(response.status_code)]["content"]
            assert response.headers["content-type"] in content
            (schema,) = (each["schema"] for media_type, each in content.items() if media_type.endswith("json"))
            self._validator(schema).validate(json_of(response))
        elif response.status_code >= 400:
            v2 = (response.request.url.path + "/").startswith("/v2/")
            assert response.headers["content-type"] == ("application/json" if v2 else "application/problem+json")
            if response.request.method != "HEAD":
                self.validator("InferenceError" if v2 else "Problem").validate(response.json())

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        for (method, path), operation in self.operations.items():
            if method == request.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path):
                return operation
        return None


def json_of(response: httpx.Response) -> Any:
    """The answer's JSON, without the tensors' bytes that may follow it."""
    length = response.headers.get("Inference-Header-Content-Length")
    assert (length is None) == (response.headers["content-type"] != "application/octet-stream")
    return json.loads(response.content if length is None else response.content[: int(length)])


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that every error is: whole, bounded, and without the caller's numbers."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert len(response.content) < MOST_BYTES
    assert "7654321" not in response.text
    content: dict[str, Any] = response.json()
    assert content.keys() == {"type", "title", "status", "detail", "errors"}
    assert (content["type"], content["status"]) == ("about:blank", status)
    assert content["title"] == (TITLES.get(status) or HTTPStatus(status).phrase)
    assert content["detail"]
    assert len(content["errors"]) <= MOST_ENTRIES
    for error in content["errors"]:
        assert error["loc"][0] == "body"
        assert error["code"]
        assert error["message"]
    return content
