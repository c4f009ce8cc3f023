"""Several workers, of whom there are always as many as there should be."""

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.server.cores import cores_allowed
from tests.service import Half, Server, start_app

BATCH = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}
LOSS = 1.0693116545660806
CALLERS = 4


class Load:
    """Callers that ask one thing after another, each on a connection of its own, and what came of it."""

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
                    answer = client.post("/v1/loss", json=BATCH)
                except httpx.TransportError as error:
                    self.lost.append(error)
                    continue
                if answer.status_code == 200 and answer.json()["reduced"]["value"] == LOSS:
                    self.right += 1
                else:
                    self.wrong.append(answer)

    @contextmanager
    def going(self) -> Iterator[None]:
        callers = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        try:
            time.sleep(0.5)
            yield
            time.sleep(0.5)
        finally:
            self._over.set()
            for caller in callers:
                caller.join()


def number(client: httpx.Client, name: str) -> float:
    """A metric's value, all its labels together."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def wait_until(workers: int, server: Server, gone: set[int]) -> None:
    """Until so many are there, those that are gone not among them, and all of them answer."""
    with server.client() as client:
        for _ in range(500):
            there = set(server.workers)
            if len(there) == workers and not there & gone and number(client, "xent_workers") == workers:
                return
            time.sleep(0.02)
    raise AssertionError((server.workers, gone, server.log.read_text()))


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "log", XENT_WORKERS="2") as server:
        yield server


def test_there_is_one_for_each_core_unless_set(tmp_path: Path) -> None:
    with Server(tmp_path / "log", XENT_WORKERS="0") as server, server.client() as client:
        assert number(client, "xent_workers") == cores_allowed()
        assert server.stop() == 0
        assert server.complaints == []


def test_all_of_them_answer_and_count_together(two: Server) -> None:
    for _ in range(40):
        with two.client() as client:
            assert client.post("/v1/loss", json=BATCH).status_code == 200
            infer = client.post("/v2/models/auto/infer", json={})
            assert infer.status_code == 400
    time.sleep(1.5)  # every second each puts down what it has counted
    with two.client() as client:
        assert number(client, "xent_samples_total") == 80
        (auto,) = client.get("/v2/models/auto/stats").json()["model_stats"]
        assert auto["inference_stats"]["fail"]["count"] == 40
    answered = [f'"process":{worker}}}' in two.log.read_text() for worker in two.workers]
    assert answered == [True, True]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_all_of_them_end_well(two: Server, by: signal.Signals) -> None:
    workers = two.workers
    assert two.stop(by) == 0
    assert two.complaints == []
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_while_the_last_request_is_finished_nobody_new_is_kept_waiting(two: Server) -> None:
    half = Half(two)
    two.process.send_signal(signal.SIGTERM)
    time.sleep(1.5)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{two.address}/livez", timeout=2)
    assert half.answer().status_code == 200
    assert two.process.wait(10) == 0


def test_one_that_is_killed_is_replaced_and_nothing_else_is_lost(two: Server) -> None:
    load = Load(two)
    with load.going():
        killed = two.workers[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(2, two, {killed})
    # What the killed one had in hand: at most one request of each caller, none of which was answered wrongly.
    assert len(load.lost) <= CALLERS
    assert load.wrong == []
    assert load.right > 50
    (complaint,) = two.complaints
    assert "ended unasked and is replaced" in complaint


def test_what_a_killed_one_counted_stays(two: Server) -> None:
    for _ in range(20):
        with two.client() as client:
            client.post("/v1/loss", json=BATCH)
    time.sleep(1.5)  # every second it puts down what it has counted
    killed = two.workers[0]
    os.kill(killed, signal.SIGKILL)
    wait_until(2, two, {killed})
    time.sleep(1.5)
    with two.client() as client:
        assert number(client, "xent_samples_total") == 40
        assert number(client, "xent_in_flight_requests") == 1


def test_a_hangup_replaces_all_of_them_and_loses_nothing(two: Server) -> None:
    load, before = Load(two), set(two.workers)
    with load.going():
        two.process.send_signal(signal.SIGHUP)
        wait_until(2, two, before)
    assert (load.lost, load.wrong) == ([], [])
    assert load.right > 50
    assert "all workers were replaced" in two.log.read_text()
    assert two.complaints == []


def test_a_hangup_has_keys_read_anew(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("old\n")
    with Server(tmp_path / "log", XENT_WORKERS="2", XENT_API_KEYS_FILE=str(keys), XENT_OPEN_METRICS="true") as server:
        before = set(server.workers)
        keys.write_text("new\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until(2, server, before)
        with server.client() as client:
            assert client.get("/v1/losses", headers={"X-API-Key": "old"}).status_code == 403
            assert client.get("/v1/losses", headers={"X-API-Key": "new"}).status_code == 200


def test_where_a_new_one_cannot_start_the_old_ones_go_on(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("key\n")
    with Server(tmp_path / "log", XENT_WORKERS="2", XENT_API_KEYS_FILE=str(keys)) as server:
        before = server.workers
        keys.unlink()
        server.process.send_signal(signal.SIGHUP)
        while "the restart is given up" not in server.log.read_text():
            time.sleep(0.02)
        assert server.workers == before
        with server.client() as client:
            assert client.get("/v1/losses", headers={"X-API-Key": "key"}).status_code == 200
        assert "XENT_API_KEYS_FILE" in server.errors.read_text()


def without_workers(folder: Path, script: str) -> str:
    """A folder for PYTHONPATH in which this is run at the start of every worker."""
    (folder / "sitecustomize.py").write_text(f"import sys\nif 'app.server.worker' in sys.orig_argv:\n    {script}\n")
    return str(folder)


def test_where_none_can_start_the_service_ends(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as stderr:
        path = without_workers(tmp_path, "sys.exit('no worker today')")
        process = start_app(stderr, stderr, XENT_WORKERS="2", PYTHONPATH=path)
        assert process.wait(20) == 1
    assert "no worker today" in errors.read_text()


def test_where_a_replacement_cannot_start_it_is_tried_again_and_again(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    path = without_workers(tmp_path, f"import os\n    if os.path.exists({str(broken)!r}): sys.exit(1)")
    with Server(tmp_path / "log", XENT_WORKERS="2", PYTHONPATH=path) as server:
        broken.touch()
        killed = server.workers[0]
        os.kill(killed, signal.SIGKILL)
        while server.log.read_text().count("ended unasked") < 3:
            time.sleep(0.05)
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
        assert process.wait(20) == 1
    assert errors.read_text().startswith("xent: can't start workers: ")
    assert errors.read_text().count("\n") == 1


HASTY = (
    "import sys, app.server.supervisor as s; s.SECONDS_OF_SILENCE = 2; from app.__main__ import main; sys.exit(main())"
)


def test_one_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    with Server(tmp_path / "log", ("-c", HASTY), XENT_WORKERS="2") as server:
        hanging = server.workers[0]
        os.kill(hanging, signal.SIGSTOP)
        wait_until(2, server, {hanging})
        assert [word in server.log.read_text() for word in ("hangs and is killed", "ended unasked")] == [True, True]


def test_one_that_finishes_is_not_taken_for_one_that_hangs(tmp_path: Path) -> None:
    """It beats no more, but has something in hand."""
    with Server(tmp_path / "log", ("-c", HASTY), XENT_WORKERS="2") as server:
        half = Half(server)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(4)
        assert half.answer().status_code == 200
        assert server.process.wait(10) == 0
        assert server.complaints == []


def test_a_second_hangup_while_workers_are_replaced_changes_nothing(two: Server) -> None:
    before = set(two.workers)
    for _ in range(3):
        two.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
    wait_until(2, two, before)
    assert two.log.read_text().count("all workers were replaced") == 1


@pytest.mark.parametrize("delay", [0, 0.3, 0.6, 0.9])
def test_told_to_end_while_workers_are_replaced_all_of_them_end(two: Server, delay: float) -> None:
    two.process.send_signal(signal.SIGHUP)
    time.sleep(delay)
    assert two.stop() == 0


def test_where_the_system_has_no_room_for_another_it_is_tried_again(two: Server) -> None:
    allowed = resource.prlimit(two.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(two.process.pid, resource.RLIMIT_NOFILE, (3, allowed[1]))
    killed = two.workers[0]
    os.kill(killed, signal.SIGKILL)
    while two.log.read_text().count("can't be started now") < 2:
        time.sleep(0.05)
    with two.client() as client:
        assert client.post("/v1/loss", json=BATCH).status_code == 200
    resource.prlimit(two.process.pid, resource.RLIMIT_NOFILE, allowed)
    wait_until(2, two, {killed})


@pytest.mark.parametrize("room", [0, 2], ids=["for nothing", "for the line to it only"])
def test_where_the_system_has_no_room_a_restart_is_given_up(two: Server, room: int) -> None:
    before = two.workers
    used = {int(fd.name) for fd in Path(f"/proc/{two.process.pid}/fd").iterdir()}
    first_that_is_too_many = [fd for fd in range(100) if fd not in used][room]
    allowed = resource.prlimit(two.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(two.process.pid, resource.RLIMIT_NOFILE, (first_that_is_too_many, allowed[1]))
    two.process.send_signal(signal.SIGHUP)
    while "the restart is given up" not in two.log.read_text():
        time.sleep(0.05)
    resource.prlimit(two.process.pid, resource.RLIMIT_NOFILE, allowed)
    assert two.workers == before


def test_without_a_supervisor_workers_end_by_themselves(two: Server) -> None:
    workers = two.workers
    two.process.kill()
    two.process.wait()
    for _ in range(300):
        if not any(Path(f"/proc/{worker}").exists() for worker in workers):
            break
        time.sleep(0.02)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{two.address}/livez")
