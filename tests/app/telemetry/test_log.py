"""The log: lines of printable JSON, which are dropped and counted where nobody reads them."""

import fcntl
import json
import logging
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.telemetry.log import MAX_LINE_BYTES, LogHandler, json_line
from tests.service import PATIENCE_SECONDS, ROOT, start_app

BATCH = {"logits": [[1.5, 2.5, 3.5], [3, 4, 5]], "labels": [0, 2]}


class Pipe:
    """A pipe that is read when the test says so."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def read(self) -> bytes:
        pieces = []
        try:
            while piece := os.read(self.reader, 65_536):
                pieces.append(piece)
        except BlockingIOError:
            pass
        return b"".join(pieces)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reader)
    os.close(pipe.writer)


def lines_of(content: bytes) -> list[dict[str, Any]]:
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content.decode("ascii").splitlines()]


# --- What a line holds


def line_of(message: object, *arguments: object, failed: bool = False) -> dict[str, Any]:
    """The line of a record."""
    pipe = Pipe()
    try:
        raise ValueError("swordfish")
    except ValueError:
        reason = sys.exc_info() if failed else None
        record = logging.LogRecord("xent", logging.ERROR, "file.py", 1, message, arguments, reason)
    LogHandler(pipe.writer).handle(record)
    (line,) = lines_of(pipe.read())
    return line


def test_fields_stand_in_the_place_of_a_message() -> None:
    line = line_of({"message": "odd", "size": 3})
    assert line.items() >= {"level": "error", "message": "odd", "size": 3, "process": os.getpid()}.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


def test_a_message_stands_beside_its_loggers_name() -> None:
    assert line_of("%s is odd", 3).items() >= {"message": "3 is odd", "logger": "xent"}.items()


def test_an_exception_is_one_field() -> None:
    exception = line_of("odd", failed=True)["exception"]
    assert exception.startswith("Traceback")
    assert "swordfish" in exception


def test_a_record_that_cannot_be_formatted_does_not_fail_its_caller() -> None:
    line = line_of("%d is odd", "three")
    assert line["message"] == "can't format a log record"
    assert line["reason"].startswith("TypeError")


anything = st.text(st.characters(codec=None), max_size=150)
HARMFUL = "\n\r\v\f\x00\x1b\x1c\x1e\x7f\x80\x85\x9b\u2028\u2029\u200e\u202e\u2066\ufeff\ud800"
harmful = st.text(st.sampled_from('a"\\é😀' + HARMFUL))


@given(st.dictionaries(st.sampled_from(["path", "method", "request_id", "client"]), anything | harmful, min_size=1))
def test_whatever_a_line_holds_it_is_one_line_of_printable_ascii(fields: dict[str, str]) -> None:
    line = json_line(fields)
    assert re.fullmatch(rb"[\x20-\x7e]*\n", line)
    assert len(line.decode().splitlines()) == 1
    if len(line) < MAX_LINE_BYTES:
        assert json.loads(line) == fields


@given(st.sampled_from("a\n\x9bé😀"), st.integers(3000, 20_000))
def test_of_a_long_line_the_middle_is_left_out(character: str, count: int) -> None:
    fields = {"level": "error", "exception": f"Traceback {character * count} ValueError: odd"}
    line = json_line(fields)
    assert len(line) <= MAX_LINE_BYTES
    found = json.loads(line)
    assert found["level"] == "error"
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: odd")


# --- Where nobody reads it


def test_lines_that_nobody_reads_are_dropped_and_reported_once_it_is_read_again(pipe: Pipe) -> None:
    log = LogHandler(pipe.writer)
    for number in range(5000):
        log.write({"level": "info", "number": number})
    assert 0 < log.dropped < 5000
    taken = 5000 - log.dropped
    assert [line["number"] for line in lines_of(pipe.read())] == list(range(taken))
    log.catch_up()
    log.write({"level": "info", "number": 5000})
    log.catch_up()
    report, last = lines_of(pipe.read())
    assert (report["level"], report["message"]) == ("warning", f"{log.dropped} log lines dropped")
    assert last["number"] == 5000


def test_a_report_that_cannot_be_written_comes_later(pipe: Pipe) -> None:
    log = LogHandler(pipe.writer)
    while not log.dropped:
        log.write({"level": "info"})
    log.catch_up()
    log.write({"level": "info"})
    pipe.read()
    log.catch_up()
    (report,) = lines_of(pipe.read())
    assert report["message"] == "2 log lines dropped"


def test_the_descriptor_that_other_processes_share_stays_as_it_was(pipe: Pipe) -> None:
    LogHandler(pipe.writer).write({"level": "info"})
    assert not fcntl.fcntl(pipe.writer, fcntl.F_GETFL) & os.O_NONBLOCK


def test_lines_of_several_processes_do_not_run_into_one_another(pipe: Pipe) -> None:
    script = (
        "import sys; from app.telemetry.log import LogHandler; log = LogHandler(1)\n"
        "number = 0\n"
        "while number - log.dropped < 50: log.write({'text': sys.argv[1] * 3900}); number += 1"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, each], cwd=ROOT, stdout=pipe.writer) for each in "abc"]
    content = b""
    while any(writer.poll() is None for writer in writers):
        content += pipe.read()
    texts = [line.get("text", "") for line in lines_of(content + pipe.read())]
    assert {text[:1] for text in texts} >= {"a", "b", "c"}
    assert all(text == text[:1] * 3900 for text in texts if text)


@pytest.mark.filterwarnings("ignore:unclosed")  # a handler lives as long as its process
def test_a_socket_that_takes_a_part_of_a_line_gets_the_rest_of_it_before_the_next() -> None:
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        log = LogHandler(writer.fileno())
        for number in range(20):
            log.write({"number": number, "text": "x" * 3900})
        assert log.dropped
        reader.setblocking(False)
        content = b""
        for _ in range(20):
            try:
                content += reader.recv(100_000)
            except BlockingIOError:
                log.catch_up()
        lines = lines_of(content)
        assert lines[0]["number"] == 0
        assert lines[-1]["message"] == f"{log.dropped} log lines dropped"


def test_a_file_takes_all(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        log = LogHandler(file.fileno())
        for number in range(5000):
            log.write({"number": number})
    assert log.dropped == 0
    assert len(lines_of((tmp_path / "log").read_bytes())) == 5000


def test_a_file_that_takes_a_part_of_a_line_gets_the_rest_of_it_before_the_next(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full and has room again later."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "log").open("wb") as file:
        log = LogHandler(file.fileno())
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
            for number in range(3):
                log.write({"number": number, "text": "x" * 200})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert (tmp_path / "log").stat().st_size == 100
        log.write({"number": 3})
    first, report, last = lines_of((tmp_path / "log").read_bytes())
    assert (first["number"], report["message"], last["number"]) == (0, "2 log lines dropped", 3)


def test_a_full_disk_drops_lines() -> None:
    with Path("/dev/full").open("wb") as full:
        log = LogHandler(full.fileno())
        log.write({"number": 1})
    assert log.dropped == 1


def test_a_pipe_that_cannot_be_opened_anew_is_not_waited_for_either(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(fifo, os.O_WRONLY)
    os.close(reader)
    log = LogHandler(writer)  # without a reader it can't be opened
    log.write({"number": -1})
    assert log.dropped == 1
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    for number in range(5000):
        log.write({"number": number})
    assert 1 < log.dropped < 5000
    assert lines_of(os.read(reader, 100_000))[:2][1]["number"] == 0
    os.close(reader)
    os.close(writer)


def test_an_exception_that_python_ignores_is_logged() -> None:
    script = "from app.telemetry.log import set_up_logging; set_up_logging()\n"
    script += "class Broken:\n    def __del__(self): raise ValueError('broken')\nBroken()"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True)
    (line,) = lines_of(run.stdout)
    assert (line["level"], run.stderr) == ("error", b"")
    assert "ValueError: broken" in line["exception"]
    assert "Broken.__del__" in line["in"]


# --- The service


@pytest.mark.unmeasured
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_whose_log_nobody_reads_responds_and_ends_in_time(workers: str) -> None:
    reader, writer = os.pipe()
    process = start_app(writer, subprocess.STDOUT, XENT_WORKERS=workers)
    os.close(writer)
    with os.fdopen(reader, "rb") as log:
        (address,) = set(re.findall(r"http://[\d.:]+", log.readline().decode()))
        with httpx.Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
            for _ in range(500):  # more lines than a pipe holds
                assert client.post("/v1/loss", json=BATCH).status_code == 200
            found = re.search(r"^xent_log_lines_dropped_total (\S+)", client.get("/metrics").text, re.MULTILINE)
            assert found
            assert float(found[1]) > 100
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_a_service_without_standard_streams_writes_its_log_nowhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    closed = "import os, runpy; [os.close(fd) for fd in (0, 1, 2)]; runpy.run_module('app', run_name='__main__')"
    with start_app(None, None, ("-c", closed), XENT_PORT=str(port), XENT_WORKERS="2") as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(3000):
            try:
                httpx.get(f"{address}/livez", timeout=PATIENCE_SECONDS)
                break
            except httpx.ConnectError:
                time.sleep(0.02)
        with httpx.Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
            for _ in range(10):
                assert client.post("/v1/loss", json=BATCH).status_code == 200
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
