"""The service where the system has no more file descriptors, or no more room on the disk."""

import json
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.service import Server, eventually

BATCH = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}
LOSS = 1.0693116545660806
DESCRIPTORS = 64
# Those that read files, or count in them, and those that don't.
PATHS = ("/metrics", "/v2/models/stats", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/v1/losses", "/livez")


def limit_of(process: int) -> list[str]:
    """The soft and the hard limit of a process' file descriptors."""
    (line,) = [line for line in Path(f"/proc/{process}/limits").read_text().splitlines() if "open files" in line]
    return line.split()[3:5]


def limited(soft: int, hard: int) -> tuple[str, ...]:
    """The service, under this limit."""
    program = f"import resource, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))"
    return ("-c", f"{program}; runpy.run_module('app', run_name='__main__', alter_sys=True)")


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A file system of 256 KiB, which root only can mount."""
    folder = tmp_path_factory.mktemp("disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True).returncode:
        yield None
        return
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, small_disk: Path | None) -> Iterator[Server]:
    """Two workers whose limit of descriptors is soft, and whose temporary files are on the small disk."""
    folder = tmp_path_factory.mktemp("shared")
    settings = {"XENT_WORKERS": "2", "TMPDIR": str(small_disk or folder)}
    with Server(folder / "log", limited(100, 4096), **settings) as server:
        yield server
        assert server.stop() == 0


def test_the_soft_limit_of_file_descriptors_is_raised_to_the_hard_one(shared: Server) -> None:
    for process in (shared.process.pid, *shared.workers):
        assert limit_of(process) == ["4096", "4096"]


@pytest.mark.unmeasured
@pytest.mark.parametrize("workers", ["1", "2"])
def test_where_idle_connections_have_taken_all_descriptors_new_ones_get_responses(tmp_path: Path, workers: str) -> None:
    with (
        Server(tmp_path / "log", limited(DESCRIPTORS, DESCRIPTORS), XENT_WORKERS=workers) as server,
        ExitStack() as stack,
    ):
        for _ in range(4 * DESCRIPTORS):
            stack.enter_context(server.connection())
        for path in PATHS * 3:
            with server.client() as client:
                assert client.get(path).status_code in (200, 503), path
        with server.client() as client:
            assert client.get("/livez").status_code == 200
            response = client.post("/v1/loss", json=BATCH)
            assert (response.status_code, response.json()["reduced"]["value"]) == (200, LOSS)
        messages = {json.loads(line)["message"] for line in server.complaints}
        assert "accept failed" in messages
        assert messages <= {"accept failed", "can't write metrics; they keep their last values"}
        assert server.stop() == 0


def test_what_needs_a_descriptor_that_there_is_not_gets_503(shared: Server) -> None:
    with ExitStack() as stack:
        # Connections that stay: httpx closes those of which it made no use for five seconds, and a worker without
        # descriptors accepts no other.
        lasting = httpx.Limits(keepalive_expiry=None)
        clients = [stack.enter_context(shared.client(limits=lasting)) for _ in range(8)]
        for client in clients:
            # What is made when it is first asked for is there.
            assert [client.get(path).status_code for path in ("/livez", "/v1/losses")] == [200, 200]
        for process in shared.workers:
            stack.callback(resource.prlimit, process, resource.RLIMIT_NOFILE, (4096, 4096))
            resource.prlimit(process, resource.RLIMIT_NOFILE, (8, 4096))
        statuses = {path: {client.get(path).status_code for client in clients} for path in PATHS}
        assert statuses.pop("/livez") == statuses.pop("/v1/losses") == {200}
        assert statuses["/metrics"] == statuses["/v2/models/stats"] == {503}
        assert set().union(*statuses.values()) <= {200, 503}
        refused = clients[0].get("/metrics")
        assert refused.json()["detail"] == "the service has no free file descriptor; try again"
        assert refused.headers["retry-after"] == "1"
        for process in shared.workers:
            resource.prlimit(process, resource.RLIMIT_NOFILE, (4096, 4096))
        for path in PATHS:
            assert {client.get(path).status_code for client in clients} == {200}, path


# --- The disk


def fill(file: Path) -> None:
    """Make this file as large as the disk allows."""
    with file.open("wb", buffering=0) as filling, suppress(OSError):
        while True:
            filling.write(bytes(4096))


def number(client: httpx.Client, name: str) -> float:
    return float(re.findall(rf"^{name}\S* (\S+)$", client.get("/metrics").text, re.MULTILINE)[0])


def test_on_a_full_disk_metrics_are_lost_and_nothing_else(shared: Server, small_disk: Path | None) -> None:
    """The last of those that share the service, as it kills a worker."""
    if small_disk is None:
        pytest.skip("a file system can be mounted by root only")
    shared.clear_log()
    workers = shared.workers
    fill(small_disk / "filling")
    seen = []
    for turn in range(40):
        with shared.client() as client:
            assert client.post("/v1/loss", json=BATCH).json()["reduced"]["value"] == LOSS
            assert client.get(f"/nothing{turn}").status_code == 404
            seen.append(number(client, "xent_sent_bytes_total"))
    os.kill(workers[0], signal.SIGKILL)
    assert eventually(lambda: len(shared.workers) == 2 and workers[0] not in shared.workers)
    for _ in range(10):
        with shared.client() as client:
            seen.append(number(client, "xent_sent_bytes_total"))
    assert seen == sorted(seen)
    assert workers[1] in shared.workers
    (small_disk / "filling").unlink()
    with shared.client() as client:
        assert eventually(lambda: number(client, "xent_sent_bytes_total") > seen[-1])
        assert eventually(lambda: number(client, "xent_metrics_write_errors_total") > 0)
    lost = [line for line in shared.complaints if "can't write metrics" in line]
    assert 1 <= len(lost) <= 3, lost
