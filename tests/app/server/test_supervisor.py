"""Several workers, of whom there are always as many as there should be."""

import os
import resource
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import trustme
from prometheus_client.parser import text_string_to_metric_families

from app.server.cores import cores_allowed
from tests.service import PATIENCE_SECONDS, Half, Server, eventually, start_app

BATCH = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}
LOSS = 1.0693116545660806
CLIENTS = 4


class Load:
    """Clients that send one request after another, each on a connection of its own, and what came of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.right = 0
        self.lost: list[httpx.TransportError] = []
        self.wrong: list[httpx.Response] = []
        self._over = threading.Event()

    def _call(self) -> None:
        with self.server.client() as client:
            while not self._over.is_set():
                try:
                    response = client.post("/v1/loss", json=BATCH)
                except httpx.TransportError as error:
                    self.lost.append(error)
                    continue
                if response.status_code == 200 and response.json()["reduced"]["value"] == LOSS:
                    self.right += 1
                else:
                    self.wrong.append(response)

    @contextmanager
    def going(self) -> Iterator[None]:
        clients = [threading.Thread(target=self._call) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            assert eventually(lambda: self.right > 25)
            yield
            right = self.right
            assert eventually(lambda: self.right > right + 25)
        finally:
            self._over.set()
            for client in clients:
                client.join()


def number(client: httpx.Client, name: str) -> float:
    """A metric's value, all its labels together."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def counts(server: Server) -> tuple[float, int]:
    """All samples, and all failures of one model. Each worker puts down every second what it has counted."""
    with server.client() as client:
        (auto,) = client.get("/v2/models/auto/stats").json()["model_stats"]
        return number(client, "xent_samples_total"), auto["inference_stats"]["fail"]["count"]


def wait_until(workers: int, server: Server, gone: set[int]) -> None:
    """Until so many are there, those that are gone not among them, and all of them respond."""

    def are_there() -> bool:
        there = set(server.workers)
        return len(there) == workers and not there & gone and number(client, "xent_workers") == workers

    with server.client() as client:
        assert eventually(are_there), (server.workers, gone, server.log.read_text())


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Server]:
    """For a test that ends it."""
    with Server(tmp_path / "log", XENT_WORKERS="2", XENT_FINISH_SECONDS="60") as server:
        yield server


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("lasting") / "log", XENT_WORKERS="2") as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
def shared(lasting: Server) -> Server:
    """For tests that leave two workers behind, whatever they do to those that there are."""
    wait_until(2, lasting, set())
    lasting.clear_log()
    return lasting


@pytest.mark.unmeasured
@pytest.mark.parametrize(("by", "setting"), [(signal.SIGTERM, 0), (signal.SIGINT, 2)])
def test_there_is_one_for_each_core_unless_set_and_told_to_end_all_of_them_end_well(
    tmp_path: Path, by: signal.Signals, setting: int
) -> None:
    with Server(tmp_path / "log", XENT_WORKERS=str(setting)) as server, server.client() as client:
        assert number(client, "xent_workers") == (setting or cores_allowed())
        workers = server.workers or [server.process.pid]
        assert server.stop(by) == 0
        assert server.complaints == []
        for worker in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)


def test_all_of_them_respond_and_count_together(shared: Server) -> None:
    samples, failures = counts(shared)
    for _ in range(40):
        with shared.client() as client:
            assert client.post("/v1/loss", json=BATCH).status_code == 200
            infer = client.post("/v2/models/auto/infer", json={})
            assert infer.status_code == 400
    assert eventually(lambda: counts(shared) == (samples + 80, failures + 40))
    served = [f'"process":{worker}}}' in shared.log.read_text() for worker in shared.workers]
    assert served == [True, True]


@pytest.mark.unmeasured
def test_while_the_last_request_is_finished_nobody_new_is_kept_waiting(two: Server) -> None:
    half = Half(two)
    two.process.send_signal(signal.SIGTERM)
    assert eventually(two.refuses_connections)
    assert half.response().status_code == 200
    assert two.status() == 0


def test_one_that_is_killed_is_replaced_and_nothing_else_is_lost(shared: Server) -> None:
    load = Load(shared)
    with load.going():
        killed = shared.workers[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(2, shared, {killed})
    # What the killed one had in flight: at most one request of each client, none of which got a wrong response.
    assert len(load.lost) <= CLIENTS
    assert load.wrong == []
    assert load.right > 50
    (complaint,) = shared.complaints
    assert "worker exited unexpectedly; restarting it" in complaint


def test_what_a_killed_one_counted_stays(shared: Server) -> None:
    # What the tests before had counted may still be on its way: workers report each second.
    before = None
    while before != (before := counts(shared)):
        time.sleep(1.5)
    samples, failures = before
    for _ in range(20):
        with shared.client() as client:
            client.post("/v1/loss", json=BATCH)
    assert eventually(lambda: counts(shared) == (samples + 40, failures))
    killed = shared.workers[0]
    os.kill(killed, signal.SIGKILL)
    wait_until(2, shared, {killed})
    assert counts(shared) == (samples + 40, failures)
    with shared.client() as client:
        assert eventually(lambda: number(client, "xent_in_flight_requests") == 1)


def test_a_hangup_replaces_all_of_them_and_loses_nothing(shared: Server) -> None:
    load, before = Load(shared), set(shared.workers)
    with load.going():
        shared.process.send_signal(signal.SIGHUP)
        wait_until(2, shared, before)
    assert (load.lost, load.wrong) == ([], [])
    assert load.right > 50
    assert "all workers restarted" in shared.log.read_text()
    assert shared.complaints == []


def test_after_a_hangup_who_was_connected_may_still_send_a_last_request(tmp_path: Path) -> None:
    """For half of the time to finish: hung up on sooner, a client that sends at that moment would lose its request."""
    with Server(tmp_path / "log", XENT_WORKERS="2", XENT_FINISH_SECONDS="60") as two, ExitStack() as stack:
        # Connections that stay: httpx closes those of which it made no use for five seconds.
        lasting = httpx.Limits(keepalive_expiry=None)
        clients = [stack.enter_context(two.client(limits=lasting)) for _ in range(8)]
        assert ["connection" in client.get("/livez").headers for client in clients] == [False] * 8
        two.process.send_signal(signal.SIGHUP)
        assert two.logs("all workers restarted")
        time.sleep(1.5)
        assert [client.get("/livez").headers["connection"] for client in clients] == ["close"] * 8


def certificate(folder: Path) -> dict[str, str]:
    """The settings for a new certificate in this folder."""
    issued = trustme.CA().issue_cert("localhost")
    file, key = folder / "certificate.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(file)
    issued.private_key_pem.write_to_path(key)
    return {"XENT_TLS_CERTIFICATE_FILE": str(file), "XENT_TLS_KEY_FILE": str(key)}


def served_certificate(server: Server) -> str:
    host, port = server.address.removeprefix("https://").split(":")
    return ssl.get_server_certificate((host, int(port)))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_hangup_reloads_the_certificate(tmp_path: Path, workers: str) -> None:
    settings = certificate(tmp_path)
    key = Path(settings["XENT_TLS_KEY_FILE"])
    with Server(tmp_path / "log", XENT_WORKERS=workers, **settings) as server:
        before, old_key, count = served_certificate(server), key.read_bytes(), len(server.workers)
        certificate(tmp_path)
        new_key = key.read_bytes()
        key.write_bytes(old_key)
        server.process.send_signal(signal.SIGHUP)
        assert server.logs("can't be used together: key values mismatch")
        assert {served_certificate(server) for _ in range(8)} == {before}
        key.write_bytes(new_key)
        server.process.send_signal(signal.SIGHUP)
        assert server.logs("all workers restarted" if workers == "2" else "certificate reloaded")
        # The last old worker may still take a connection.
        assert eventually(lambda: len(server.workers) == count)
        after = {served_certificate(server) for _ in range(8)}
        assert len(after) == 1
        assert before not in after
        assert len(server.complaints) == 1


def without_workers(folder: Path, script: str) -> str:
    """A folder for PYTHONPATH in which this is run at the start of every worker."""
    (folder / "sitecustomize.py").write_text(f"import sys\nif 'app.server.worker' in sys.orig_argv:\n    {script}\n")
    return str(folder)


@pytest.fixture(scope="module")
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """Two workers, and a file: while it exists, no further worker can start."""
    folder = tmp_path_factory.mktemp("breakable")
    broken = folder / "broken"
    path = without_workers(folder, f"import os\n    if os.path.exists({str(broken)!r}): sys.exit(1)")
    with Server(folder / "log", XENT_WORKERS="2", PYTHONPATH=path) as server:
        yield server, broken


def test_where_a_new_one_cannot_start_the_old_ones_go_on(breakable: tuple[Server, Path]) -> None:
    server, broken = breakable
    before = server.workers
    broken.touch()
    server.process.send_signal(signal.SIGHUP)
    assert server.logs("restart failed")
    assert server.workers == before
    with server.client() as client:
        assert client.post("/v1/loss", json=BATCH).status_code == 200
    broken.unlink()


def test_one_that_finds_its_certificate_unusable_says_so_in_a_line_and_is_tried_again(tmp_path: Path) -> None:
    settings = certificate(tmp_path)
    file = Path(settings["XENT_TLS_CERTIFICATE_FILE"])
    with Server(tmp_path / "log", XENT_WORKERS="2", **settings) as server:
        content = file.read_text()
        file.write_text("")
        killed = server.workers[0]
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: server.errors.read_text().endswith("\n"))
        file.write_text(content)
        assert server.logs("worker exited unexpectedly", times=2)
        assert eventually(lambda: len(server.workers) == 2)
        (line, *_) = server.errors.read_text().splitlines()
        assert line.startswith("xent: XENT_TLS_CERTIFICATE_FILE and XENT_TLS_KEY_FILE can't be used together: ")


def test_where_none_can_start_the_service_ends(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as stderr:
        path = without_workers(tmp_path, "sys.exit('no worker today')")
        process = start_app(stderr, stderr, XENT_WORKERS="2", PYTHONPATH=path)
        assert process.wait(PATIENCE_SECONDS) == 1
    assert "no worker today" in errors.read_text()


def test_where_a_replacement_cannot_start_it_is_tried_again_and_again(breakable: tuple[Server, Path]) -> None:
    server, broken = breakable
    broken.touch()
    killed = server.workers[0]
    os.kill(killed, signal.SIGKILL)
    assert server.logs("worker exited unexpectedly", times=3)
    with server.client() as client:
        assert client.post("/v1/loss", json=BATCH).status_code == 200
    broken.unlink()
    wait_until(2, server, {killed})


def test_where_there_is_no_place_for_what_they_share_it_says_so(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as stderr:
        nowhere = str(tmp_path / "nowhere")
        script = (
            f"import sys, tempfile; tempfile.tempdir = {nowhere!r}; from app.__main__ import main; sys.exit(main())"
        )
        process = start_app(stderr, stderr, ("-c", script), XENT_WORKERS="2")
        assert process.wait(PATIENCE_SECONDS) == 1
    assert errors.read_text().startswith("xent: can't start workers: ")
    assert errors.read_text().count("\n") == 1


HASTY = (
    "import sys, app.server.supervisor as s; s.HEARTBEAT_TIMEOUT_SECONDS = 3;"
    "from app.__main__ import main; sys.exit(main())"
)


def test_one_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    with Server(tmp_path / "log", ("-c", HASTY), XENT_WORKERS="2") as server:
        hanging = server.workers[0]
        os.kill(hanging, signal.SIGSTOP)
        wait_until(2, server, {hanging})
        assert [
            word in server.log.read_text()
            for word in ("worker sends no heartbeat; killing it", "worker exited unexpectedly")
        ] == [True, True]


def test_one_that_finishes_is_not_taken_for_one_that_hangs(tmp_path: Path) -> None:
    """It sends no heartbeat any more, but has a request in flight."""
    with Server(tmp_path / "log", ("-c", HASTY), XENT_WORKERS="2", XENT_FINISH_SECONDS="60") as server:
        half = Half(server)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(4)
        assert half.response().status_code == 200
        assert server.status() == 0
        assert server.complaints == []


def test_hangups_while_workers_are_replaced_have_them_replaced_once_more(shared: Server) -> None:
    """What was changed in the meantime is read then. However many there were, one more is enough."""
    shared.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: len(shared.workers) == 3)
    for _ in range(2):
        shared.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
    assert shared.logs("all workers restarted", times=2)
    time.sleep(1)
    assert shared.log.read_text().count("all workers restarted") == 2
    assert shared.complaints == []


@pytest.mark.unmeasured
def test_a_hangup_while_workers_start_has_them_replaced_when_they_are_up(tmp_path: Path) -> None:
    path = without_workers(tmp_path, "import time; time.sleep(1)")
    with (tmp_path / "log").open("w") as log:
        process = start_app(log, log, XENT_WORKERS="2", PYTHONPATH=path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    assert eventually(lambda: bool(children.read_text()))
    process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "all workers restarted" in (tmp_path / "log").read_text())
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0


def test_a_hangup_of_a_worker_changes_nothing(shared: Server) -> None:
    """As of all processes whose name has `python -m app` in it."""
    workers = shared.workers
    for worker in workers:
        os.kill(worker, signal.SIGHUP)
    time.sleep(0.5)
    assert (shared.workers, shared.complaints) == (workers, [])


@pytest.mark.unmeasured
@pytest.mark.parametrize("delay", [0, 0.5])
def test_told_to_end_while_workers_are_replaced_all_of_them_end(two: Server, delay: float) -> None:
    two.process.send_signal(signal.SIGHUP)
    time.sleep(delay)
    assert two.stop() == 0


def test_told_to_end_while_a_replacement_starts_all_of_them_end(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    path = without_workers(tmp_path, f"import os, time\n    if os.path.exists({str(slow)!r}): time.sleep(60)")
    with Server(tmp_path / "log", XENT_WORKERS="2", PYTHONPATH=path) as server:
        slow.touch()
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: len(server.workers) == 3)
        assert server.stop() == 0


def test_where_the_system_has_no_room_for_another_it_is_tried_again(shared: Server) -> None:
    allowed = resource.prlimit(shared.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(shared.process.pid, resource.RLIMIT_NOFILE, (3, allowed[1]))
    killed = shared.workers[0]
    os.kill(killed, signal.SIGKILL)
    assert shared.logs("can't start a worker", times=2)
    with shared.client() as client:
        assert client.post("/v1/loss", json=BATCH).status_code == 200
    resource.prlimit(shared.process.pid, resource.RLIMIT_NOFILE, allowed)
    wait_until(2, shared, {killed})


@pytest.mark.parametrize("room", [0, 2], ids=["for nothing", "for the pipe to it only"])
def test_where_the_system_has_no_room_a_restart_is_given_up(shared: Server, room: int) -> None:
    before = shared.workers
    used = {int(fd.name) for fd in Path(f"/proc/{shared.process.pid}/fd").iterdir()}
    first_that_is_too_many = [fd for fd in range(100) if fd not in used][room]
    allowed = resource.prlimit(shared.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(shared.process.pid, resource.RLIMIT_NOFILE, (first_that_is_too_many, allowed[1]))
    shared.process.send_signal(signal.SIGHUP)
    assert shared.logs("restart failed")
    resource.prlimit(shared.process.pid, resource.RLIMIT_NOFILE, allowed)
    assert shared.workers == before


def is_running(process: int) -> bool:
    """Neither gone nor left over for a parent that doesn't look."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.unmeasured
def test_without_a_supervisor_workers_end_by_themselves(two: Server) -> None:
    workers = two.workers
    two.process.kill()
    two.process.wait()
    assert eventually(two.refuses_connections)
    assert eventually(lambda: not any(is_running(worker) for worker in workers))
