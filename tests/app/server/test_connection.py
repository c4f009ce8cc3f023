"""Connections with clients that are slow, stall, send what is no HTTP, or offer another protocol."""

import itertools
import json
import re
import select
import signal
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from tests.service import Server

# More than a loaded machine needs for what takes a second; less than the default of each limit.
A_WHILE = 8
BODY = b'{"logits": [1], "labels": 1}'
JSON = b"Host: xent\r\nContent-Type: application/json\r\n"
POST = b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n" % len(BODY)
# As Java's HttpClient sends it with its first request.
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAA\r\n"
GET = b"GET /livez HTTP/1.1\r\nHost: xent\r\n\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that doesn't wait long."""
    times = {f"XENT_{name}_SECONDS": "1" for name in ("HEADER", "BODY", "IDLE")}
    with Server(tmp_path_factory.mktemp("hasty") / "log", XENT_ANSWER_SECONDS="2", **times) as running:
        yield running
        assert running.process.poll() is None
    assert running.complaints == []


def test_who_is_refused_and_resets_the_connection_does_no_harm(hasty: Server) -> None:
    with hasty.connection() as connection:
        connection.sendall(b"no HTTP\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 400"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.2)
    with hasty.client() as client:
        assert client.get("/livez").status_code == 200


def test_who_is_refused_just_before_the_end_gets_to_read_why(tmp_path: Path) -> None:
    with Server(tmp_path / "log") as server:
        with server.connection() as connection:
            connection.sendall(b"no HTTP\r\n\r\n")
            time.sleep(0.1)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.4)
            with suppress(ConnectionError):  # the second in which what still comes is read may have passed
                connection.sendall(b"and more")
            assert connection.recv(12) == b"HTTP/1.1 400"
        assert server.status() == 0


class Client:
    """A client that writes any bytes, and reads responses."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.stream = connection.makefile("rb")

    def send(self, *pieces: bytes, pause: float = 0.05) -> None:
        """Piece by piece, each in a segment of its own."""
        for number, piece in enumerate(pieces):
            time.sleep(pause if number else 0)
            self.connection.sendall(piece)

    def drip(self, content: bytes) -> None:
        """Send a byte every tenth of a second, until there is something to read."""
        for byte in content:
            if select.select([self.connection], [], [], 0.1)[0]:
                return
            self.connection.sendall(bytes([byte]))

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next response."""
        status = int(self.stream.readline().split()[1])
        headers = {}
        while line := self.stream.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        if "content-length" in headers:
            return status, headers, self.stream.read(int(headers["content-length"]))
        body = b""
        while size := int(self.stream.readline(), 16):
            body += self.stream.read(size)
            self.stream.readline()
        self.stream.readline()
        return status, headers, body

    def refusal(self, status: int) -> str:
        """What a problem with this status says, after which nothing comes."""
        found, headers, body = self.response()
        content = json.loads(body)
        assert found == content["status"] == status
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"]
        assert headers["x-request-id"]
        assert set(content) == {"type", "title", "status", "detail", "errors"}
        assert self.is_hung_up()
        detail: str = content["detail"]
        return detail

    def is_hung_up(self) -> bool:
        """Nothing more came; the other side closed."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def calling(server: Server, tls: ssl.SSLContext | None = None) -> Iterator[Client]:
    plain = server.connection()
    with tls.wrap_socket(plain, server_hostname="localhost") if tls else plain as connection:
        client = Client(connection)
        with client.stream:
            yield client


def loss_of(client: Client) -> float:
    status, _, body = client.response()
    assert status == 200, body
    value: float = json.loads(body)["reduced"]["value"]
    return value


def seconds_since(began: float) -> float:
    return time.monotonic() - began


# --- Slow clients


@pytest.mark.parametrize("head", [b"", b"\r\n\r\n"], ids=["nothing", "empty lines"])
def test_a_client_that_says_nothing_is_hung_up_on(hasty: Server, head: bytes) -> None:
    with calling(hasty) as client:
        began = time.monotonic()
        client.send(head)
        assert client.is_hung_up()
        assert 0.8 < seconds_since(began) < A_WHILE


def test_headers_that_do_not_come_in_time_get_408(hasty: Server) -> None:
    with calling(hasty) as client:
        began = time.monotonic()
        client.send(b"GET /livez HTTP/1.1\r\nHost:")
        assert "headers did not arrive in time" in client.refusal(408)
        assert 0.8 < seconds_since(began) < A_WHILE


def test_a_client_that_sends_a_byte_now_and_then_gains_no_time_by_it(hasty: Server) -> None:
    with calling(hasty) as client:
        began = time.monotonic()
        client.drip(b"GET /livez HTTP/1.1\r\nX: " + b"x" * 200)
        assert client.refusal(408)
        assert seconds_since(began) < A_WHILE


def test_the_second_request_of_a_connection_has_its_time_from_its_first_byte(hasty: Server) -> None:
    with calling(hasty) as client:
        for _ in range(4):
            client.send(GET)
            assert client.response()[0] == 200
            time.sleep(0.4)
        began = time.monotonic()
        client.send(GET[:-2])
        assert client.refusal(408)
        assert 0.8 < seconds_since(began) < A_WHILE


def test_a_connection_that_is_not_used_is_closed_after_a_while(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(GET)
        assert client.response()[0] == 200
        began = time.monotonic()
        assert client.is_hung_up()
        assert 0.8 < seconds_since(began) < A_WHILE


def test_empty_lines_do_not_keep_an_unused_connection_open(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(GET)
        assert client.response()[0] == 200
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011, PT012  a reset or a broken pipe, at some time
            for _ in range(100):
                client.send(b"\r\n")
                time.sleep(0.1)
        assert seconds_since(began) < A_WHILE


@pytest.mark.parametrize("begun", [b"", b'{"logits": ['], ids=["nothing", "a part"])
def test_a_body_that_does_not_come_in_time_gets_408(hasty: Server, begun: bytes) -> None:
    with calling(hasty) as client:
        began = time.monotonic()
        client.send(POST + b"\r\n" + begun)
        assert "body did not arrive in time" in client.refusal(408)
        assert 0.8 < seconds_since(began) < A_WHILE


def test_a_body_that_comes_byte_by_byte_gains_no_time_by_it(hasty: Server) -> None:
    with calling(hasty) as client:
        began = time.monotonic()
        client.send(b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: 1000\r\n\r\n")
        client.drip(b" " * 200)
        assert client.refusal(408)
        assert seconds_since(began) < A_WHILE


def test_under_v2_a_slow_body_is_refused_in_the_protocols_form(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"POST /v2/models/auto/infer HTTP/1.1\r\nHost: xent\r\nContent-Length: 9\r\n\r\n{")
        status, headers, body = client.response()
        assert (status, headers["content-type"]) == (408, "application/json")
        assert list(json.loads(body)) == ["error"]
        assert client.is_hung_up()


def test_what_is_left_of_a_body_that_was_refused_does_not_come_for_ever(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"POST /v1/nothing HTTP/1.1\r\n" + JSON + b"Content-Length: 1000\r\n\r\n")
        assert client.response()[0] == 404
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011, PT012  a reset or a broken pipe, at some time
            for _ in range(100):
                client.send(b" ")
                time.sleep(0.1)
        assert seconds_since(began) < A_WHILE


def test_what_is_left_of_a_body_that_was_refused_may_come_and_the_connection_goes_on(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"POST /v1/nothing HTTP/1.1\r\n" + JSON + b"Content-Length: 4\r\n\r\n")
        assert client.response()[0] == 404
        client.send(b"12", b"34", GET)
        assert client.response()[0] == 200


def test_who_closes_behind_a_body_that_is_refused_can_read_why(hasty: Server) -> None:
    """Closed at once, the connection would be reset by what still comes, and the response lost with it."""
    for _ in range(5):
        with calling(hasty) as client:
            head = b"POST /v1/nothing HTTP/1.1\r\n" + JSON + b"Connection: close\r\nContent-Length: 4000000\r\n\r\n"
            client.send(head, b"x" * 3_000_000, b"x" * 1_000_000)
            assert client.response()[0] == 404


# --- Clients that don't read

LARGE_BATCH = json.dumps({"logits": [0.5] * 500_000, "labels": [1] * 500_000, "include": ["gradient"]}).encode()
LARGE_REQUEST = b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % len(LARGE_BATCH) + LARGE_BATCH


def ask_for_much(client: Client) -> None:
    client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    client.send(LARGE_REQUEST)


def received_of_all(client: Client, pauses: float = 0) -> tuple[int, int]:
    """How many bytes come of a response, and of how many, with pauses before the first pieces."""
    received = bytearray()
    expected = -1
    with suppress(ConnectionResetError):
        for number in itertools.count():
            time.sleep(pauses if number < 4 else 0)
            piece = client.connection.recv(1 << 19)
            received += piece
            if expected < 0:
                expected = int(re.findall(rb"content-length: (\d+)", received)[0]) + received.index(b"\r\n\r\n") + 4
            if not piece or len(received) == expected:
                break
    return len(received), expected


def test_a_client_that_does_not_read_its_response_is_cut_off(hasty: Server) -> None:
    with calling(hasty) as client:
        ask_for_much(client)
        assert hasty.logs("client stopped reading its response")
        received, expected = received_of_all(client)
        assert received < expected


def test_a_client_that_reads_slowly_gets_all_of_its_response(hasty: Server) -> None:
    with calling(hasty) as client:
        ask_for_much(client)
        received, expected = received_of_all(client, pauses=0.7)
        assert received == expected


# --- What is no HTTP, or too much of it


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
        b"CONNECT xent:443 HTTP/1.1\r\nHost: xent\r\n\r\n",
        b"GET http://xent HTTP/1.1\r\nHost: xent\r\n\r\n",
        b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: x\r\n\r\n",
        b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        POST + H2C + b"Transfer-Encoding: chunked\r\n\r\n" + BODY,
    ],
)
def test_what_is_no_http_gets_400_as_a_problem(hasty: Server, request_: bytes) -> None:
    with calling(hasty) as client:
        client.send(request_)
        assert client.refusal(400)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        (b"GET /livez HTTP/1.0\r\nHost: a\r\nHost: a\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a b\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a/b\r\n", 400),
        (b"POST /v1/loss HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        (b"POST /v1/loss HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", 501),
        (b"GET /livez HTTP/2.0\r\nHost: a\r\n", 505),
        (b"GET /livez HTTP/0.9\r\nHost: a\r\n", 505),
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(hasty: Server, head: bytes, status: int) -> None:
    with calling(hasty) as client:
        client.send(head + b"\r\n")
        assert client.refusal(status)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez HTTP/1.0\r\n",
        b"GET /livez HTTP/1.1\r\nHost:\r\n",
        b"GET /livez HTTP/1.1\r\nHost: [::1]:8000\r\n",
        b"GET http://xent.example:80/livez HTTP/1.1\r\nHost: xent.example:80\r\n",
    ],
)
def test_hosts_of_any_form_are_taken(hasty: Server, head: bytes) -> None:
    with calling(hasty) as client:
        client.send(head + b"\r\n")
        assert client.response()[0] == 200


def test_who_waits_to_send_and_then_sends_nonsense_gets_one_response(hasty: Server) -> None:
    with calling(hasty) as client:
        head = b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.send(head + b"not a size\r\n")
        assert client.refusal(400)


def test_who_waits_to_send_is_told_to(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(POST + b"Expect: 100-continue\r\n\r\n")
        assert client.stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert client.stream.readline() == b"\r\n"
        client.send(BODY)
        assert loss_of(client) > 0


def test_a_url_that_is_too_long_gets_414(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"GET /" + b"x" * 16_384 + b" HTTP/1.1\r\nHost: xent\r\n\r\n")
        assert "more than 16384 bytes" in client.refusal(414)


@pytest.mark.parametrize("pieces", [1, 7])
def test_headers_that_are_too_large_get_431(hasty: Server, pieces: int) -> None:
    with calling(hasty) as client:
        head = b"GET /livez HTTP/1.1\r\nHost: xent\r\n" + (b"X-Filler: " + b"abcdefgh" * 100 + b"\r\n") * 90 + b"\r\n"
        size = len(head) // pieces + 1
        client.send(*(head[start : start + size] for start in range(0, len(head), size)), pause=0.02)
        assert "more than 65536 bytes" in client.refusal(431)


def test_one_header_without_an_end_is_not_kept(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"GET /livez HTTP/1.1\r\nX: ", *[b"x" * 30_000] * 3)
        assert client.refusal(431)


def test_a_large_body_right_behind_its_head_is_none_of_the_headers(hasty: Server) -> None:
    with calling(hasty) as client:
        body = BODY + b" " * 200_000
        client.send(b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert loss_of(client) > 0


def test_one_trailer_without_an_end_is_not_kept(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ")
        client.send(*[b"x" * 30_000] * 4, pause=0.02)
        assert client.refusal(431)


def test_trailers_do_not_pass_for_headers(hasty: Server) -> None:
    with calling(hasty) as client:
        chunks = b"%x\r\n%s\r\n0\r\nX-Request-ID: trailing\r\n\r\n" % (len(BODY), BODY)
        client.send(b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        status, headers, _ = client.response()
        assert status == 200
        assert headers["x-request-id"] != "trailing"


def test_nonsense_behind_a_request_does_not_pass_for_its_response(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(POST + b"\r\n" + BODY + b"nonsense\r\n\r\n")
        assert loss_of(client) > 0
        assert client.refusal(400)


def test_nonsense_in_the_body_of_a_request_behind_another_is_refused_in_its_turn(hasty: Server) -> None:
    with calling(hasty) as client:
        chunked = b"POST /v1/loss HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
        client.send(POST + b"\r\n" + BODY + chunked + b"not a size\r\n")
        assert loss_of(client) > 0
        assert client.refusal(400)


def test_what_comes_after_a_refusal_is_not_looked_at(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"nonsense\r\n\r\n", GET, GET)
        assert client.refusal(400)


def test_a_refusal_is_one_line_of_the_log_without_what_was_sent(hasty: Server) -> None:
    with calling(hasty) as peer:
        peer.send(b"nonsense-to-find\r\n\r\n")
        peer.refusal(400)
    lines = [json.loads(line) for line in hasty.log.read_text().splitlines()]
    refusals = [line for line in lines if line["message"] == "request refused"]
    assert {"level", "status", "reason", "detail", "client", "request_id"} <= set(refusals[-1])
    with hasty.client() as client:
        assert 'xent_rejected_total{reason="not_http"}' in client.get("/metrics").text
    assert "nonsense-to-find" not in hasty.log.read_text()


# --- Offers of another protocol


@pytest.mark.parametrize(
    "pieces",
    [
        [POST + H2C + b"\r\n" + BODY],
        [POST + H2C + b"\r\n", BODY],
        [POST, H2C, b"\r\n", BODY[:5], BODY[5:]],
        [(POST + H2C)[:-5], (POST + H2C)[-5:] + b"\r\n" + BODY],
        [POST + b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n" + BODY],
        [POST + b"Connection: keep-alive, Upgrade\r\nUpgrade: TLS/1.3, h2c\r\n\r\n" + BODY],
    ],
    ids=["one segment", "body after", "many segments", "cut in the head", "websocket", "several"],
)
def test_an_offered_protocol_is_declined_and_no_byte_lost(hasty: Server, pieces: list[bytes]) -> None:
    with calling(hasty) as client:
        client.send(*pieces)
        first = loss_of(client)
        client.send(POST + b"\r\n" + BODY)
        assert loss_of(client) == first
        client.send(GET)
        assert client.response()[0] == 200


def test_an_offer_with_a_chunked_body_is_declined_too(hasty: Server) -> None:
    with calling(hasty) as client:
        head = b"POST /v1/loss HTTP/1.1\r\n" + JSON + H2C + b"Transfer-Encoding: chunked\r\n\r\n"
        client.send(head + b"5\r\n%s\r\n" % BODY[:5], b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY[5:]), BODY[5:]))
        assert loss_of(client) > 0


def test_offers_can_follow_one_another(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send((POST + H2C + b"\r\n" + BODY) * 3 + b"GET /livez HTTP/1.1\r\nHost: xent\r\n" + H2C + b"\r\n" + GET)
        assert len({loss_of(client) for _ in range(3)}) == 1
        assert [client.response()[0] for _ in range(2)] == [200, 200]


def test_an_offer_beside_a_close_is_declined_and_the_connection_closed(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(POST + b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n" + BODY)
        assert loss_of(client) > 0
        assert client.is_hung_up()


def test_a_body_that_looks_like_a_request_stays_a_body(hasty: Server) -> None:
    with calling(hasty) as client:
        client.send(b"POST /v1/loss HTTP/1.1\r\n" + JSON + H2C + b"Content-Length: %d\r\n\r\n" % len(GET) + GET)
        assert client.response()[0] == 400
        client.send(POST + b"\r\n" + BODY)
        assert loss_of(client) > 0


# --- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("secure")
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    files = {"XENT_TLS_CERTIFICATE_FILE": folder / "certificate.pem", "XENT_TLS_KEY_FILE": folder / "key.pem"}
    times = {f"XENT_{name}_SECONDS": "1" for name in ("HEADER", "ANSWER")}
    with Server(folder / "log", **times, **{name: str(file) for name, file in files.items()}) as running:
        yield running
    assert running.complaints == []


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_with_a_certificate_https_is_spoken(secure: Server, trust: ssl.SSLContext) -> None:
    assert secure.address.startswith("https://")
    with secure.client(verify=trust) as client:
        response = client.post("/v1/loss", content=BODY, headers={"Content-Type": "application/json"})
        assert response.status_code == 200
        assert "strict-transport-security" in response.headers


def test_over_tls_slow_headers_get_408_as_well(secure: Server, trust: ssl.SSLContext) -> None:
    with calling(secure, trust) as client:
        client.send(b"GET /livez HTTP/1.1\r\nHost:")
        assert client.refusal(408)


def test_over_tls_a_client_that_does_not_read_is_cut_off_as_well(secure: Server, trust: ssl.SSLContext) -> None:
    with calling(secure, trust) as client:
        ask_for_much(client)
        assert secure.logs("client stopped reading its response")
        received, expected = received_of_all(client)
        assert received < expected


def test_plain_http_to_a_port_of_tls_is_hung_up_on(secure: Server) -> None:
    with calling(secure) as client:
        client.send(GET)
        assert client.is_hung_up()
