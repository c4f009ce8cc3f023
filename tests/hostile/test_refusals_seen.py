"""Who sends a large body while there is no room for it sees a 503, whatever the client: no reset, no broken pipe.

Many clients write all of a body before they read, or give up at the first write that fails. So how a body is refused
decides what they see.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

import httpx
import pytest

from tests.hostile.running import Service
from tests.hostile.talk import address_of

LENGTH = 2000
SECONDS = 60
# What each client prints is the status that it saw.
PYTHON = {
    "httpx": "import httpx; print(httpx.post(url, content=body, headers=headers, timeout=60).status_code)",
    "httpx async": """
import asyncio, httpx
async def ask():
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(url, content=body, headers=headers)
print(asyncio.run(ask()).status_code)""",
    "requests": "import requests; print(requests.post(url, data=body, headers=headers, timeout=60).status_code)",
    "urllib": """
import urllib.request, urllib.error
try:
    urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60)
except urllib.error.HTTPError as error:
    print(error.code)""",
    "http.client": """
import http.client
connection = http.client.HTTPConnection(url.split("/")[2], timeout=60)
connection.request("POST", "/v1/loss", body, headers)
print(connection.getresponse().status)""",
    "a socket": """
import socket
host, _, port = url.split("/")[2].partition(":")
connection = socket.create_connection((host, int(port)), 60)
connection.sendall(b"POST /v1/loss HTTP/1.1\\r\\nHost: xent\\r\\nContent-Type: application/json\\r\\n")
connection.sendall(b"Content-Length: %d\\r\\n\\r\\n" % len(body))
connection.sendall(body)
print(connection.recv(65536).split()[1].decode())""",
}
NODE_FETCH = """
const body = Buffer.alloc(Number(process.argv[2]), " ");
fetch(process.argv[1], {method: "POST", body, headers: {"content-type": "application/json"}})
    .then((response) => console.log(response.status), (error) => console.log(String(error.cause)));"""
NODE_HTTP = """
const options = {method: "POST", headers: {"content-type": "application/json", "content-length": process.argv[2]}};
const request = require("http").request(process.argv[1], options, (response) => {
    console.log(response.statusCode); process.exit(); });
request.on("error", (error) => { console.log(String(error)); process.exit(); });
request.end(Buffer.alloc(Number(process.argv[2]), " "));"""
JAVA = """
import java.net.URI;
import java.net.http.*;

class Ask {
    public static void main(String[] given) throws Exception {
        var body = HttpRequest.BodyPublishers.ofByteArray(new byte[Integer.parseInt(given[1])]);
        var request = HttpRequest.newBuilder(URI.create(given[0])).header("Content-Type", "application/json");
        var text = HttpResponse.BodyHandlers.ofString();
        var response = HttpClient.newHttpClient().send(request.POST(body).build(), text);
        System.out.println(response.statusCode());
    }
}
"""
# Where it is not started by root, nginx passes over whose its workers are to be.
NGINX = Template("""
user root; daemon off; pid $folder/nginx.pid; error_log $folder/error.log; worker_processes 1;
events { worker_connections 64; }
http {
    access_log off; client_max_body_size 64m;
    client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c;
    scgi_temp_path $folder/d; uwsgi_temp_path $folder/e;
    server {
        listen 127.0.0.1:$port;
        location / { proxy_pass $service; proxy_http_version 1.1; proxy_request_buffering $buffering; }
    }
}
""")


class Full:
    """A service whose gate has room for one body, which is worked on."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._connection: socket.socket | None = None

    def keep_full(self) -> None:
        """As long as the work goes on, nothing comes on its connection."""
        if self._connection is not None and not self._is_done(self._connection):
            return
        self.close()
        self._connection = socket.create_connection(address_of(self.service.address), SECONDS)
        body = work()
        head = "POST /v1/sampled-softmax HTTP/1.1\r\nHost: xent\r\nContent-Type: application/json\r\n"
        self._connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with self.service.client() as client:
            until = time.monotonic() + SECONDS
            while client.post("/v1/loss", content=b" " * 70_000).status_code != 503:
                assert time.monotonic() < until

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _is_done(self, connection: socket.socket) -> bool:
        connection.setblocking(False)
        try:
            return connection.recv(1) != b"?"
        except BlockingIOError:
            return False


def work() -> bytes:
    """Some seconds of it, on a thread: as many labels in each row as inputs, and as many rows."""

    def tensor(dtype: str, item: bytes) -> dict[str, object]:
        return {"dtype": dtype, "shape": [LENGTH, LENGTH], "data": b64encode(item * LENGTH**2).decode()}

    numbers = tensor("float16", b"\0\x3c")
    values = {"candidates": [1], "true_expected_count": numbers, "sampled_expected_count": [1]}
    ids = tensor("uint16", b"\0\0")
    content = {"weights": numbers, "biases": [0] * LENGTH, "inputs": numbers, "labels": ids, "sampled_values": values}
    return json.dumps(content).encode()


@pytest.fixture(scope="module")
def full_service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    settings = {
        "XENT_MAX_BYTES_AT_GATE": "1",
        "XENT_MAX_ELEMENTS": "100000000",
        "XENT_MAX_BYTES_IN_FLIGHT": str(4 << 30),
        "XENT_COMPUTE_SECONDS": "600",
    }
    python = request.config.getoption("--serve-with")
    service = Service(python, tmp_path_factory.mktemp("full") / "log", **settings)
    full = Full(service)
    yield full
    full.close()
    # Nobody waits for the work's end.
    service.process.kill()
    service.process.wait()
    service.check_log()


@pytest.fixture
def full(full_service: Full) -> str:
    full_service.keep_full()
    return f"{full_service.service.address}/v1/loss"


def printed(command: list[str | Path]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS).stdout.strip()


LENGTHS = pytest.mark.parametrize("length", [5_500_000, 60_000_000], ids=["5.5 MB", "60 MB"])


@LENGTHS
@pytest.mark.parametrize("program", PYTHON.values(), ids=[*PYTHON])
def test_clients_in_python_see_the_503(full: str, program: str, length: int) -> None:
    given = f"url, body, headers = {full!r}, b' ' * {length}, {{'Content-Type': 'application/json'}}\n"
    assert printed([sys.executable, "-c", given + program]) == "503"


@LENGTHS
@pytest.mark.parametrize("program", [NODE_FETCH, NODE_HTTP], ids=["fetch", "http"])
def test_clients_in_node_see_the_503(full: str, program: str, length: int) -> None:
    assert printed(["node", "-e", program, full, str(length)]) == "503"


@LENGTHS
def test_clients_in_java_see_the_503(full: str, length: int, tmp_path: Path) -> None:
    source = tmp_path / "Ask.java"
    source.write_text(JAVA)
    assert printed(["java", source, full, str(length)]) == "503"


def curl(url: str, length: int, folder: Path) -> str:
    body = folder / "body"
    body.write_bytes(b" " * length)
    show = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json"]
    return printed(["curl", *show, "--data-binary", f"@{body}", url])


@LENGTHS
def test_curl_sees_the_503(full: str, length: int, tmp_path: Path) -> None:
    assert curl(full, length, tmp_path) == "503"


@contextmanager
def nginx(service: str, buffering: str, folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.substitute(folder=folder, port=port, service=service, buffering=buffering))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program
    with subprocess.Popen([program, "-p", folder, "-c", configuration]) as process:
        try:
            for _ in range(200):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False)
                    break
                except httpx.ConnectError:
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/v1/loss"
        finally:
            process.terminate()


@LENGTHS
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_behind_nginx_the_503_is_seen(full: str, length: int, buffering: str, tmp_path: Path) -> None:
    with nginx(full.removesuffix("/v1/loss"), buffering, tmp_path) as proxied:
        assert curl(proxied, length, tmp_path) == "503"
