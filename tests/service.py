"""The service as its users meet it: `python -m app`, a process of its own, reached over HTTP."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[1]
# More than a loaded machine needs. What is awaited for so long is as wrong as what never comes.
PATIENCE_SECONDS = 120
JSON = {"Content-Type": "application/json"}
MOST_BYTES = 8192
MOST_ENTRIES = 20
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within what a loaded machine may need."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def start_app(
    stdout: Any, stderr: Any, program: tuple[str, ...] = ("-m", "app"), **settings: str
) -> subprocess.Popen[str]:
    """`python -m app` with these variables and no other XENT_ ones, on a free port, as one process that ends at once,
    unless they say otherwise.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("XENT_")}
    return subprocess.Popen(
        [sys.executable, *program],
        cwd=ROOT,
        env={**inherited, "XENT_PORT": "0", "XENT_WORKERS": "1", "XENT_DRAIN_SECONDS": "0", **settings},
        stdout=stdout,
        stderr=stderr,
        text=True,
    )


class Server:
    """A running service. `log` is the file that its stdout goes to, and `errors` that of its stderr.

    SIGTERM ends it, which keeps its coverage.
    """

    def __init__(self, log: Path, program: tuple[str, ...] = ("-m", "app"), **settings: str) -> None:
        self.log = log
        self.errors = log.with_name(f"{log.name}-errors")
        with self.log.open("a") as stdout, self.errors.open("a") as stderr:
            self.process = start_app(stdout, stderr, program, **settings)
        self.announcement = self._announcement()
        self.address = re.findall(r"https?://[^\s,]+", self.announcement)[0]

    def _announcement(self) -> str:
        """The line that says where it listens."""
        while self.process.poll() is None:
            for line in self.log.read_text().splitlines(keepends=True):
                if "xent listens on" in line and line.endswith("\n"):
                    return line
            time.sleep(0.01)
        raise AssertionError(self.log.read_text() + self.errors.read_text())

    @property
    def complaints(self) -> list[str]:
        """What it logged that the operator should know: warnings and worse, and all that is no line of its log."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if json.loads(line)["level"] != "info"] + self.errors.read_text().splitlines()

    def refuses_connections(self) -> bool:
        try:
            httpx.get(f"{self.address}/livez", timeout=2)
        except httpx.TransportError as error:
            return isinstance(error, httpx.ConnectError)
        return False

    def drains(self) -> bool:
        """Wait until /readyz responds 503, as it does after a stop signal. False: it did not in time."""
        return eventually(lambda: httpx.get(f"{self.address}/readyz").status_code == 503)

    def clear_log(self) -> None:
        """For a test that shares this service with others, and looks for what was logged because of it alone."""
        for file in (self.log, self.errors):
            os.truncate(file, 0)

    @property
    def workers(self) -> list[int]:
        """The numbers of its worker processes."""
        of_thread = Path(f"/proc/{self.process.pid}/task/{self.process.pid}")
        return [int(child) for child in (of_thread / "children").read_text().split()]

    @property
    def cpu_seconds(self) -> float:
        """That its first process has computed for, which other processes of the machine make no longer."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connection(self) -> socket.socket:
        parts = urlsplit(self.address)
        return socket.create_connection((str(parts.hostname), int(parts.port or 0)), PATIENCE_SECONDS)

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60, **options)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """The exit status, which is minus the signal's number where the signal ended it."""
        self.process.send_signal(by)
        return self.status()

    def status(self) -> int:
        """The exit status of a service that was told to stop."""
        return self.process.wait(PATIENCE_SECONDS)

    def logs(self, text: str, times: int = 1) -> bool:
        """Wait until the log contains the text `times` times. False: it did not in time."""
        return eventually(lambda: self.log.read_text().count(text) >= times)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.stop()


class Half:
    """A request of which half of the body is there, and the rest comes when it is told to."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sent = threading.Event()
        self.told = threading.Event()
        self.responses: list[httpx.Response | httpx.HTTPError] = []
        self.thread = threading.Thread(target=self._call, daemon=True)
        self.thread.start()
        assert self.sent.wait(PATIENCE_SECONDS)
        time.sleep(0.3)

    def _body(self) -> Iterator[bytes]:
        yield b'{"logits": [1],'
        self.sent.set()
        self.told.wait(PATIENCE_SECONDS)
        yield b'"labels": 1}'

    def _call(self) -> None:
        with self.server.client() as client:
            try:
                self.responses.append(client.post("/v1/loss", content=self._body(), headers=JSON))
            except httpx.HTTPError as error:
                self.responses.append(error)

    def response(self) -> httpx.Response:
        self.told.set()
        self.thread.join(PATIENCE_SECONDS)
        (response,) = self.responses
        assert isinstance(response, httpx.Response), response
        return response


# Of HTTP itself, for browsers, and of the response to their preflight.
ON_ANY_RESPONSE = {
    *("content-length", "content-type", "date", "connection", "transfer-encoding"),
    *("x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy"),
}


class Document:
    """The published OpenAPI document, and whether responses keep to it."""

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

    def validate(self, schema: dict[str, Any], instance: Any) -> None:
        """Raises ValidationError unless the instance is of this schema."""
        self._validator(schema).validate(instance)

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        key = str(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**schema, "components": self.content["components"]})
        return self._validators[key]

    def check(self, response: httpx.Response) -> None:
        """Fails unless the response is one that the document declares, and of the form that it publishes.

        Errors are problems at every path, declared or not, and of the Open Inference Protocol's form under /v2. A hook
        for httpx.
        """
        response.read()
        operation = self._operation(response.request)
        if operation is not None:
            assert str(response.status_code) in operation["responses"], f"undeclared status {response.status_code}"
            declared = operation["responses"][str(response.status_code)]
            undeclared = {*response.headers} - {name.lower() for name in declared["headers"]} - ON_ANY_RESPONSE
            assert not undeclared, f"undeclared headers {undeclared}"
            if "content" not in declared:
                assert response.content == b""
                return
            content = declared["content"]
            media_type = response.headers["content-type"].partition(";")[0]
            assert media_type in content
            if media_type != "text/plain":
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
    """The response's JSON, without the tensors' bytes that may follow it."""
    length = response.headers.get("Inference-Header-Content-Length")
    assert (length is None) == (response.headers["content-type"] != "application/octet-stream")
    return json.loads(response.content if length is None else response.content[: int(length)])


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that every error is: whole, bounded, and without the client's numbers."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert len(response.content) < MOST_BYTES
    assert "7654321" not in response.text
    content: dict[str, Any] = response.json()
    assert content.keys() == {"type", "title", "status", "detail", "errors"}
    assert content["status"] == status
    codes = [error["code"] for error in content["errors"]]
    assert content["type"] == (f"/learn/{codes[0]}" if codes else "about:blank")
    assert content["title"] == (TITLES.get(status) or HTTPStatus(status).phrase)
    assert content["detail"]
    assert len(content["errors"]) <= MOST_ENTRIES
    for error in content["errors"]:
        assert error["loc"][0] == "body"
        assert error["code"]
        assert error["message"]
    return content
