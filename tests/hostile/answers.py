"""What comes back on a connection, read as strictly as the standard is written, and judged."""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) ([ -~]*)\r\n")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([!-~]+(?:[ \t]+[!-~]+)*)?\r\n")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
ONCE = {"content-length", "transfer-encoding", "content-type", "content-encoding", "connection", "date", "x-request-id"}
WITHOUT_BODY = (204, 304)
ERRORS = {400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 422, 431, 501, 503, 505}
MOST_ERROR_BYTES = 8192
WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class NotHttp(Exception):
    """What came is no answer as RFC 9112 has it."""


class WrongAnswer(Exception):
    """An answer says what none may say."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """As the request named itself, or another where it did not, or the connection was refused before."""
        return self.headers.get("x-request-id", "")

    @property
    def json(self) -> Any:
        body = self.body
        if coding := self.headers.get("content-encoding"):
            body = zlib.decompress(body, WINDOW_BITS[coding])
        length = int(self.headers.get("inference-header-content-length", len(body)))
        return json.loads(body[:length], parse_constant=_no_nan)


def _no_nan(constant: str) -> float:
    if constant == "NaN":
        raise WrongAnswer("an answer holds NaN")
    return float(constant)


def read_answers(received: bytes, sent: bytes) -> list[Answer]:
    """The answers to what was sent. Raises NotHttp.

    Where HEAD was asked, an answer may have a length and no body.
    """
    heads, expects = b"HEAD" in sent, b"100-continue" in sent.lower()
    answers, at, last = [], 0, False
    while at < len(received):
        if last:
            raise NotHttp(f"more follows an answer that closes: {received[at : at + 80]!r}")
        status, headers, at = _head(received, at)
        if status == 100 and expects:
            continue
        body, at = _body(received, at, status, headers, heads=heads)
        answers.append(Answer(status, headers, body))
        last = headers.get("connection") == "close"
    return answers


def _head(received: bytes, at: int) -> tuple[int, dict[str, str], int]:
    found = STATUS_LINE.match(received, at)
    if not found:
        raise NotHttp(f"no status line: {received[at : at + 80]!r}")
    headers: dict[str, str] = {}
    at = found.end()
    while not received.startswith(b"\r\n", at):
        line = FIELD_LINE.match(received, at)
        if not line:
            raise NotHttp(f"no header: {received[at : at + 80]!r}")
        name, value = line[1].decode().lower(), (line[2] or b"").decode()
        if name in headers and name in ONCE:
            raise NotHttp(f"{name} twice")
        headers[name] = value
        at = line.end()
    return int(found[1]), headers, at + 2


def _body(received: bytes, at: int, status: int, headers: dict[str, str], *, heads: bool) -> tuple[bytes, int]:
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if status in WITHOUT_BODY:
        return b"", at
    if (length is None) == (coding is None) or coding not in (None, "chunked"):
        raise NotHttp(f"the length of an answer is unclear: {headers}")
    if heads and (at == len(received) or received.startswith(b"HTTP/1.1 ", at)):
        return b"", at
    if length is None:
        return _chunks(received, at)
    if not re.fullmatch(r"\d{1,12}", length):
        raise NotHttp(f"the length of an answer is {length}")
    if len(received) < at + int(length):
        raise NotHttp(f"an answer of {length} bytes ends after {len(received) - at}")
    return received[at : at + int(length)], at + int(length)


def _chunks(received: bytes, at: int) -> tuple[bytes, int]:
    body = b""
    while True:
        size = CHUNK_SIZE.match(received, at)
        if not size:
            raise NotHttp(f"no size of a chunk: {received[at : at + 80]!r}")
        at, length = size.end(), int(size[1], 16)
        body += received[at : at + length]
        at += length
        if not received.startswith(b"\r\n", at):
            raise NotHttp("a chunk without an end")
        at += 2
        if not length:
            return body, at


def judge(answer: Answer, sent: bytes) -> None:
    """Raises WrongAnswer, or ValueError, unless it is one that may be given to somebody who sent this."""
    if answer.status in (200, 304):
        if answer.body and answer.headers["content-type"] in ("application/json", "application/octet-stream"):
            _ = answer.json
        return
    if answer.status not in ERRORS:
        raise WrongAnswer(f"status {answer.status}")
    if len(answer.body) > MOST_ERROR_BYTES:
        raise WrongAnswer(f"an error of {len(answer.body)} bytes")
    media_type = answer.headers.get("content-type")
    if media_type == "application/problem+json":
        if answer.body:
            _judge_problem(answer)
    elif media_type == "application/json":
        if b"/v2" not in unquote_to_bytes(sent) or (answer.body and answer.json.keys() != {"error"}):
            raise WrongAnswer("an error in the form of the Open Inference Protocol")
        if answer.status == 422:
            raise WrongAnswer("422, which the Open Inference Protocol does not have")
    else:
        raise WrongAnswer(f"an error of media type {media_type}")


def _judge_problem(answer: Answer) -> None:
    content = answer.json
    if content.keys() != {"type", "title", "status", "detail", "errors"}:
        raise WrongAnswer(f"a problem of {sorted(content)}")
    if content["status"] != answer.status or not content["detail"]:
        raise WrongAnswer(f"a problem that contradicts itself: {content}")
    if any(error.keys() != {"loc", "code", "message"} for error in content["errors"]):
        raise WrongAnswer(f"a problem whose errors are {content['errors']}")
