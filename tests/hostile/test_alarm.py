"""The tests of this folder can fail: each fault of a service that answers wrongly is told of."""

import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from schemathesis.core.failures import FailureGroup

from tests.hostile import noise, probes, talk
from tests.hostile.drawing import draws
from tests.hostile.running import Service
from tests.hostile.talk import Case, play
from tests.hostile.test_document import document

HEAD = "HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n%s\r\n"
PROBLEM = {"type": "about:blank", "title": "T", "status": 400, "detail": "d", "errors": []}
LIVE = '{"status":"ok"}'

Answering = Callable[[bytes], bytes]


def said(status: str, body: str, media_type: str = "application/json", headers: str = "") -> bytes:
    return (HEAD % (status, media_type, len(body), headers) + body).encode()


def well(body: str = LIVE, headers: str = "") -> bytes:
    return said("200 OK", body, headers=headers)


def problem(line: str, **changes: object) -> bytes:
    content = PROBLEM | {"status": int(line[:3])} | changes
    return said(line, json.dumps(content), "application/problem+json", "connection: close\r\n")


@contextmanager
def answering(answer: Answering) -> Iterator[str]:
    """A service that says `answer` of whatever it has read, and closes; but of /livez, as long as it has a say."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            sent = self.request.recv(1 << 20)
            self.request.sendall(well() if sent == talk.LIVEZ and answer is not no_livez else answer(sent))
            if answer is hanging:
                self.request.recv(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def hanging(sent: bytes) -> bytes:  # noqa: ARG001
    return problem("400 Bad Request")


def no_livez(sent: bytes) -> bytes:  # noqa: ARG001
    return problem("400 Bad Request")


WRONG: dict[str, tuple[Answering, str]] = {
    "a failure": (lambda sent: problem("500 Internal Server Error"), "status 500"),
    "a status that is none": (lambda sent: b"HTTP/1.1 42 Oops\r\n\r\n", "no status line"),
    "another version": (lambda sent: well().replace(b"HTTP/1.1", b"HTTP/1.0"), "no status line"),
    "bare line feeds": (lambda sent: well().replace(b"\r\n", b"\n"), "no status line"),
    "a header with a NUL": (lambda sent: well(headers="x: a\0b\r\n"), "no header"),
    "a folded header": (lambda sent: well(headers="x: a\r\n b\r\n"), "no header"),
    "no length": (lambda sent: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}", "unclear"),
    "two lengths": (lambda sent: well(headers="content-length: 15\r\n"), "content-length twice"),
    "a length and chunks": (lambda sent: well(headers="transfer-encoding: chunked\r\n"), "unclear"),
    "a body that is too short": (lambda sent: well()[:-1], "ends after"),
    "a body that is too long": (lambda sent: well() + b"!", "no status line"),
    "an answer behind the last": (lambda sent: well(headers="connection: close\r\n") + well(), "that closes"),
    "an interim answer that nobody awaits": (lambda sent: b"HTTP/1.1 100 Continue\r\n\r\n" + well(), "unclear"),
    "NaN": (lambda sent: well('{"a": [NaN]}'), "NaN"),
    "no JSON": (lambda sent: well('{"a"'), "JSONDecodeError"),
    "an error as text": (lambda sent: said("404 Not Found", "?", "text/plain"), "media type text/plain"),
    "an error of another form": (lambda sent: said("404 Not Found", "{}", "application/problem+json"), "a problem of"),
    "an error with a trace": (lambda sent: problem("400 Bad Request", trace="x"), "a problem of"),
    "an error of much text": (lambda sent: problem("400 Bad Request", detail="x" * 9000), "bytes"),
    "an error of another status": (lambda sent: problem("400 Bad Request", status=404), "contradicts"),
    "the protocol's error elsewhere": (lambda sent: said("400 Bad Request", '{"error": ""}'), "Open Inference"),
    "another's answer": (lambda sent: well(headers=f"x-request-id: {id_of(sent)}\r\n"), "was answered with 200"),
    "what stands in a body": (lambda sent: well(headers="x-request-id: never\r\n"), "stands in another's body"),
    "nothing": (lambda sent: b"", "answered were []"),
    "a connection left open": (hanging, "the connection was not ended"),
    "no /livez afterwards": (no_livez, "/livez was afterwards"),
}


def id_of(sent: bytes) -> str:
    found = re.search(rb"X-Request-ID: (\S+)", sent)
    return found[1].decode() if found else ""


@pytest.mark.parametrize(("answer", "fault"), WRONG.values(), ids=[*WRONG])
def test_a_wrong_answer_is_told_of(monkeypatch: pytest.MonkeyPatch, answer: Answering, fault: str) -> None:
    monkeypatch.setattr(talk, "SECONDS_TO_END", 1)
    probe = probes.unknown(draws(0), "first")
    case = Case("alarm", (probe.request,), probes=(probe,), is_clear=True, never=("never",))
    with answering(answer) as url:
        (told,) = play(url, [case], 7).faults
    assert fault in told
    assert "seed 7, number 0 (alarm, waiting)" in told
    assert repr(probe.request) in told


def test_answers_in_another_order_are_told_of() -> None:
    asked = tuple(probes.livez(draws(number), f"id{number}") for number in range(2))
    answers = b"".join(well(headers=f"x-request-id: {each.id}\r\n") for each in reversed(asked))
    case = Case("alarm", (asked[0].request + asked[1].request,), probes=asked)
    with answering(lambda sent: answers) as url:
        (told,) = play(url, [case], 7).faults
    assert "answered in the order ['id1', 'id0']" in told


def test_a_case_can_be_sent_again() -> None:
    assert [*noise.cases(1, 300)] != [*noise.cases(2, 300)]
    assert [case.pieces for case in noise.cases(1, 300)] == [noise.case(1, number).pieces for number in range(300)]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (well('{"status": "bad"}'), "Response violates schema"),
        (well('{"status": NaN}'), "holds_no_nan"),
        (said("200 OK", LIVE, "text/html"), "Undocumented Content-Type"),
        (said("418 I'm a teapot", "{}"), "Undocumented status code"),
        (problem("500 Internal Server Error"), "Server error"),
    ],
    ids=["schema", "NaN", "media type", "status", "failure"],
)
def test_an_answer_that_the_document_does_not_have_is_told_of(answer: bytes, fault: str) -> None:
    case = document["/livez"]["GET"].Case()
    with answering(lambda sent: answer) as url, pytest.raises(FailureGroup, match=fault):
        case.call_and_validate(base_url=url)


def test_a_service_that_complains_or_ends_is_told_of(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    service = Service(request.config.getoption("--serve-with"), tmp_path / "log")
    service.check_unharmed()
    with service.log.open("a") as log:
        log.write('{"level": "warning"}\n')
    with pytest.raises(AssertionError, match="warning"):
        service.check_unharmed()
    service.process.kill()
    service.process.wait()
    with pytest.raises(AssertionError, match="ended with -9"):
        service.check_unharmed()
