"""Where a request ends: who is in doubt must refuse it, or what one caller sends is taken for another's request."""

import asyncio
from collections.abc import Callable

import pytest

from tests.hostile.answers import Answer, judge, read_answers
from tests.hostile.conftest import Start
from tests.hostile.drawing import draws
from tests.hostile.probes import livez, probe, request
from tests.hostile.talk import Case, address_of, converse

CROWD = 1000
BODY = b'{"logits": [1], "labels": 1}'
CHUNK = b"1c\r\n%s\r\n" % BODY
CHUNKS = CHUNK + b"0\r\n\r\n"
# Asked behind each request, as the last of its connection.
CANARY = request("canary", "/livez", None, "Connection: close")


@pytest.fixture(scope="module")
def ask(start: Start) -> Callable[[bytes], list[Answer]]:
    address = address_of(start(XENT_HEADER_SECONDS="5", XENT_BODY_SECONDS="5").address)

    def ask(sent: bytes) -> list[Answer]:
        received = asyncio.run(converse(address, Case("framing", (sent,))))
        assert received is not None, "the connection was not ended"
        answers = read_answers(received, sent)
        for answer in answers:
            judge(answer, sent)
        return answers

    return ask


def get(*headers: str, line: str = "GET /livez HTTP/1.1", host: tuple[str, ...] = ("Host: xent",)) -> bytes:
    return "\r\n".join([line, *host, "X-Request-ID: first", *headers, "", ""]).encode("latin-1")


def post(body: bytes, *headers: str, version: str = "HTTP/1.1") -> bytes:
    return get("Content-Type: application/json", *headers, line=f"POST /v1/loss {version}") + body


def sized(length: str) -> bytes:
    return post(BODY, f"Content-Length: {length}")


def coded(coding: str) -> bytes:
    return post(CHUNKS, f"Transfer-Encoding: {coding}")


def chunked(chunks: bytes) -> bytes:
    return post(chunks, "Transfer-Encoding: chunked")


def first_chunk(size: bytes) -> bytes:
    return chunked(size + BODY + b"\r\n0\r\n\r\n")


OFFER = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQBAAAA")
UNCLEAR: dict[str, bytes] = {
    "a length with a plus": sized("+28"),
    "a length below 0": sized("-28"),
    "a hexadecimal length": sized("0x1c"),
    "a length with a point": sized("28.0"),
    "a length with a letter": sized("28a"),
    "a length of two numbers": sized("28 28"),
    "a list of lengths": sized("28, 28"),
    "a length with a parameter": sized("28;q=1"),
    "an empty length": sized(""),
    "a length before a vertical tab": sized("28\x0b"),
    "a length before a NUL": sized("28\0"),
    "a length behind a vertical tab": sized("\x0b28"),
    "a length in superscript": sized("\xb2"),
    "a length of 65 bits": sized("18446744073709551644"),
    "a length of very many digits": sized("9" * 100),
    "two lengths": post(BODY, "Content-Length: 28", "Content-Length: 5"),
    "a length twice": post(BODY, "Content-Length: 28", "Content-Length: 28"),
    "a length before a space and its colon": post(BODY, "Content-Length : 28"),
    "a length before a tab and its colon": post(BODY, "Content-Length\t: 28"),
    "a length on a folded line": post(BODY, "Content-Length:\r\n 28"),
    "a length on what continues another header": post(BODY, "X: y\r\n Content-Length: 28"),
    "a length behind a bare line feed": post(BODY, "X: y\nContent-Length: 28"),
    "a length behind a bare carriage return": post(BODY, "X: y\rContent-Length: 28"),
    "a length and chunks": post(CHUNKS, "Content-Length: 28", "Transfer-Encoding: chunked"),
    "chunks and a length": post(CHUNKS, "Transfer-Encoding: chunked", "Content-Length: 28"),
    "a length, chunks and an offer": post(CHUNKS, "Content-Length: 28", "Transfer-Encoding: chunked", *OFFER),
    "two lengths and an offer": post(BODY, "Content-Length: 28", "Content-Length: 5", *OFFER),
    "chunked before identity": coded("chunked, identity"),
    "chunked before gzip": coded("chunked, gzip"),
    "chunked twice": coded("chunked, chunked"),
    "chunked in two headers": post(CHUNKS, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "chunked and identity in two headers": post(CHUNKS, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "identity and chunked in two headers": post(CHUNKS, "Transfer-Encoding: identity", "Transfer-Encoding: chunked"),
    "identity before chunked": coded("identity, chunked"),
    "another coding before chunked": coded("gzip, chunked"),
    "identity": coded("identity"),
    "identity and an offer": post(CHUNKS, "Transfer-Encoding: identity", *OFFER),
    "gzip": coded("gzip"),
    "a coding that is none": coded("xchunked"),
    "a coding that begins like chunked": coded("chunkedx"),
    "chunked in quotes": coded('"chunked"'),
    "chunked with a parameter": coded("chunked;q=1"),
    "chunked before a comma": coded("chunked,"),
    "chunked behind a vertical tab": coded("\x0bchunked"),
    "chunked before a NUL": coded("chunked\0"),
    "chunked before a tab": coded("chunked\t"),
    "chunked before a space of Latin-1": coded("chunked\xa0"),
    "no coding": coded(""),
    "chunked before a space and its colon": post(CHUNKS, "Transfer-Encoding : chunked"),
    "chunked on a folded line": post(CHUNKS, "Transfer-Encoding:\r\n chunked"),
    "chunked on what continues another header": post(CHUNKS, "X: y\r\n Transfer-Encoding: chunked"),
    "chunked behind a bare line feed": post(CHUNKS, "X: y\nTransfer-Encoding: chunked"),
    "chunked behind a bare carriage return": post(CHUNKS, "X: y\rTransfer-Encoding: chunked"),
    "a chunk with a plus": first_chunk(b"+1c\r\n"),
    "a chunk with a minus": first_chunk(b"-1c\r\n"),
    "a chunk with 0x": first_chunk(b"0x1c\r\n"),
    "a chunk with an underscore": first_chunk(b"1_c\r\n"),
    "a chunk behind a space": first_chunk(b" 1c\r\n"),
    "a chunk before a space": first_chunk(b"1c \r\n"),
    "a chunk before a tab": first_chunk(b"1c\t\r\n"),
    "a chunk of no size": first_chunk(b"\r\n"),
    "a chunk of 65 bits": first_chunk(b"1000000000000001c\r\n"),
    "a chunk of very many digits": first_chunk(b"f" * 100 + b"\r\n"),
    "a chunk before a bare line feed": first_chunk(b"1c\n"),
    "a chunk before a bare carriage return": first_chunk(b"1c\r"),
    "an extension before a bare line feed": first_chunk(b"1c;x\n"),
    "an extension with a line feed": first_chunk(b"1c;x\n\r\n"),
    "an extension with a carriage return": first_chunk(b"1c;x\ry\r\n"),
    "an extension with a NUL": first_chunk(b"1c;\0\r\n"),
    "an extension without a name": first_chunk(b"1c;\r\n"),
    "a chunk longer than it says": first_chunk(b"1b\r\n"),
    "a chunk without an end": chunked(b"1c\r\n" + BODY + b"0\r\n\r\n"),
    "a chunk with another end": chunked(b"1c\r\n" + BODY + b"xx0\r\n\r\n"),
    "a chunk with a bare line feed as its end": chunked(b"1c\r\n" + BODY + b"\n0\r\n\r\n"),
    "a last chunk before bare line feeds": chunked(CHUNK + b"0\n\n"),
    "a last chunk before a bare line feed": chunked(CHUNK + b"0\r\n\n"),
    "a trailer that is a length": chunked(CHUNK + b"0\r\nContent-Length: 57\r\n\r\n"),
    "a trailer that is a coding": chunked(CHUNK + b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "a trailer without a colon": chunked(CHUNK + b"0\r\nX\r\n\r\n"),
    "a trailer with a space before its colon": chunked(CHUNK + b"0\r\nX : y\r\n\r\n"),
    "a header without a colon": get("X"),
    "a header without a name": get(": x"),
    "a header with a space in its name": get("X Y: z"),
    "a header with a NUL in its name": get("X\0: y"),
    "a header with a NUL": get("X: a\0b"),
    "a header with a control character": get("X: a\x1bb"),
    "a folded header": get("X: a\r\n b"),
    "a folded header and an offer": get("X: a\r\n b", *OFFER),
    "a folded first header": b"GET /livez HTTP/1.1\r\n X: y\r\nHost: xent\r\n\r\n",
    "bare line feeds": get().replace(b"\r\n", b"\n"),
    "a bare line feed at the end": get()[:-2] + b"\n",
    "bare carriage returns": get().replace(b"\r\n", b"\r"),
    "no Host": get(host=()),
    "two Hosts": get("Host: other"),
    "a Host that is none": get(host=("Host: a b/c@d",)),
    "HTTP/0.9": get(line="GET /livez HTTP/0.9"),
    "HTTP/1.2": get(line="GET /livez HTTP/1.2"),
    "HTTP/2.0": get(line="GET /livez HTTP/2.0"),
    "HTTP/1.10": get(line="GET /livez HTTP/1.10"),
    "HTTP/01.1": get(line="GET /livez HTTP/01.1"),
    "http/1.1": get(line="GET /livez http/1.1"),
    "a method that is none": get(line="FETCH /livez HTTP/1.1"),
    "a method in small letters": get(line="get /livez HTTP/1.1"),
    "a tab between method and target": get(line="GET\t/livez HTTP/1.1"),
    "a space in the target": get(line="GET /li vez HTTP/1.1"),
    "a target beyond ASCII": get(line="GET /liv\xe9 HTTP/1.1"),
    "a NUL in the target": get(line="GET /livez\0 HTTP/1.1"),
    "a target that is no path": get(line="GET livez HTTP/1.1"),
    "a space at the end of the line": get(line="GET /livez HTTP/1.1 "),
}
CLEAR: dict[str, bytes] = {
    "a length": sized("28"),
    "a length with zeros before it": sized("00028"),
    "a length between spaces": sized("  28 "),
    "a length and an offer": post(BODY, "Content-Length: 28", *OFFER),
    "chunks": coded("chunked"),
    "chunks in capitals": coded("CHUNKED"),
    "chunks and an offer": post(CHUNKS, "Transfer-Encoding: chunked", *OFFER),
    "zeros before a chunk's size": first_chunk(b"0000000000000000000000001c\r\n"),
    "a chunk in capitals": first_chunk(b"1C\r\n"),
    "a chunk with an extension": first_chunk(b'1c;x;y=z;w="a;b"\r\n'),
    "a last chunk with an extension": chunked(CHUNK + b"0;x\r\n\r\n"),
    "a last chunk of many zeros": chunked(CHUNK + b"00000\r\n\r\n"),
    "a trailer": chunked(CHUNK + b"0\r\nX: y\r\n\r\n"),
    "a trailer that is an offer": chunked(CHUNK + b"0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
    "a body where none is asked for": get("Content-Length: 5") + b"12345",
    "chunks where none are asked for": get("Transfer-Encoding: chunked") + b"5\r\n12345\r\n0\r\n\r\n",
    "a body to HEAD": get("Content-Length: 5", line="HEAD /livez HTTP/1.1") + b"12345",
    "a request as a body": get(f"Content-Length: {len(CANARY)}") + CANARY,
    "a header beyond ASCII": get("X: \xe9\xff"),
    "empty lines before": b"\r\n\r\n" + get(),
    "an absolute target": get(line="GET http://other/livez HTTP/1.1"),
}
LAST: dict[str, bytes] = {
    "close": get("Connection: close"),
    "close in a list": get("Connection: x, Close"),
    "close beside keep-alive": get("Connection: keep-alive, close"),
    "close in a second header": get("Connection: keep-alive", "Connection: close"),
    "close with an offer": get("Connection: close, Upgrade", "Upgrade: h2c"),
    "close with a body": post(BODY, "Content-Length: 28", "Connection: close"),
    "HTTP/1.0": get(line="GET /livez HTTP/1.0"),
    "chunks in HTTP/1.0": post(CHUNKS, "Transfer-Encoding: chunked", version="HTTP/1.0"),
}


@pytest.mark.parametrize("sent", UNCLEAR.values(), ids=[*UNCLEAR])
def test_a_request_that_is_unclear_is_refused_and_what_follows_is_not_looked_at(
    ask: Callable[[bytes], list[Answer]], sent: bytes
) -> None:
    (refusal,) = ask(sent + CANARY)
    assert refusal.status in (400, 431, 501, 505)
    assert refusal.headers["connection"] == "close"


@pytest.mark.parametrize("sent", CLEAR.values(), ids=[*CLEAR])
def test_a_request_that_is_clear_is_answered_and_so_is_what_follows(
    ask: Callable[[bytes], list[Answer]], sent: bytes
) -> None:
    assert [(answer.id, answer.status) for answer in ask(sent + CANARY)] == [("first", 200), ("canary", 200)]


@pytest.mark.parametrize("sent", LAST.values(), ids=[*LAST])
def test_behind_the_last_request_of_a_connection_nothing_is_answered(
    ask: Callable[[bytes], list[Answer]], sent: bytes
) -> None:
    assert [(answer.id, answer.status) for answer in ask(sent + CANARY)] == [("first", 200)]


def test_a_crowd_on_one_connection_is_answered_in_its_order(ask: Callable[[bytes], list[Answer]]) -> None:
    random = draws("a crowd")
    crowd = [random.choice([livez, probe])(random, f"c{number}") for number in range(CROWD)]
    answers = ask(b"".join(each.request for each in crowd) + CANARY)
    assert [answer.id for answer in answers] == [*(each.id for each in crowd), "canary"]
    assert [each.id for each, answer in zip(crowd, answers, strict=False) if not each.fits(answer)] == []
