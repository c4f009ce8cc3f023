"""Everything that may come over a connection, drawn from a seed: a case of a number is always the same bytes."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.hostile import bodies
from tests.hostile.drawing import damaged, draws
from tests.hostile.probes import Probe, chunked, livez, probe, request
from tests.hostile.talk import Case

METHODS = [
    *("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY", "PROPFIND", "PRI"),
    *("SOURCE", "M-SEARCH", "get", "Get", "G", "", "GET/", "GE T", "G\xcbT", "GET\0", "X" * 300, "POST\r", "{"),
]
TARGETS = [
    *("/", "/livez", "/metrics", "/v1/loss", "/v1/losses", "/v2", "/v2/", "/v2/models/auto", "/v2/models/auto/infer"),
    *("/docs", "/docs/swagger-ui.css", "/openapi.json", "*", "", "livez", "xent:80", "//livez", "/livez/", "/./livez"),
    *("/../livez", "/docs/../metrics", "/docs/%2e%2e/settings.py", "/docs/..%2f..%2fsettings.py", "/%2e%2e%5c"),
    *("http://xent/livez", "http://other/v2/x", "https://xent:99999/livez", "http://", "http://u:p@xent/", "//xent/"),
    *("/%00", "/%", "/%zz", "/%ff%fe", "/%c0%af", "/%ed%a0%80", "/%F0%9F%92%A3", "/li\xe9", "/\x7f", "/\t", "/\x01"),
    *("/livez?", "/livez?a=b&a=b", "/livez?" + "&".join(["x=%00"] * 50), "/livez#f", "/livez;x=y", "/v2%2fmodels"),
    *("/v2/models/" + "m" * 500, "/v2/models/auto/versions/%31/infer", "/v2/models/%2fauto", "/%c2%85%e2%80%a8%9b"),
    *("/" + "%41" * 6000, "/" * 5000, "/livez?" + "q" * 16_000, "/<script>"),
]
# Of targets: about as long as is read, and longer.
LENGTHS = [16_383, 16_384, 20_000, 70_000]
VERSIONS = [
    *("HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3", "HTTP/9.9", "http/1.1", "HTTP/1.1.1", "HTTP/", ""),
    *("HTTP", "HTTP/1.1 ", "ICE/1.0", "RTSP/1.0", "HTTP/01.1", "HTTP/1.\xb9", "HTTP/-1.1", "HTTP/1.1\0", "SIP/2.0"),
]
NAMES = [
    *("Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Expect"),
    *("Upgrade", "HTTP2-Settings", "Accept", "Accept-Encoding", "X-Request-ID", "Authorization", "X-API-Key"),
    *("If-None-Match", "Range", "Cookie", "Origin", "Access-Control-Request-Method", "X-Forwarded-For", "traceparent"),
    *("Inference-Header-Content-Length", "TE", "Trailer", "Via", "Date", "X", "x" * 200, "", " ", "X Y", "X:", "X\0"),
    *("\xe9", "_", ":path"),
]
VALUES = [
    *("", " ", "0", "1", "-1", "5", "+5", "0x5", "5,5", "99999999999999999999", "18446744073709551616", "1e3", "\xb2"),
    *("xent", "close", "keep-alive", "upgrade", "Upgrade, HTTP2-Settings", "h2c", "websocket", "100-continue"),
    *("200-ok", "chunked", "identity", "gzip", "gzip, chunked", "deflate", "br", "zstd", "x-gzip", "GZIP", "compress"),
    *("application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data; boundary=x", "*/*"),
    *("text/x+json", "/", "application/octet-stream", "a" * 5000, "a" * 70_000, "\xff\xfe", "\0", "a\0b", "a\rb"),
    *("a\nb", "a\r\n b", "\x1b[2J", "bytes=0-0", "*", '"', 'W/"x"', "Bearer ", "Bearer \xff", "Basic x", "http://evil"),
    *("a=b; c=d", "\t x \t", "é☃", "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "(" * 300, '"' + "\\" * 301),
    *("x;" * 400, "a b c", "id{}"),
]
PLAIN = [value for value in VALUES if value.isprintable() and value.isascii() and len(value) < 1000]
OFFER = ["Connection: Upgrade", "Upgrade: h2c"]
ENDS = ["waiting"] * 6 + ["half", "half", "leaving", "resetting"]


def cases(seed: int, count: int) -> Iterator[Case]:
    for number in range(count):
        yield case(seed, number)


def case(seed: int, number: int) -> Case:
    random = draws(seed, number)
    kind = random.choices([*KINDS], [*KINDS.values()])[0]
    return kind(random, f"n{seed}-{number}")


def _case(random: Random, kind: str, sent: bytes, end: str = "", **about: Any) -> Case:
    """Sent in a few pieces, which may be cut anywhere."""
    cuts = sorted(random.randrange(len(sent) + 1) for _ in range(random.choice([0, 0, 1, 2, 5])))
    pieces = (sent[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(sent)], strict=True))
    return Case(kind, tuple(filter(None, pieces)), end or random.choice(ENDS), **about)


def gibberish(random: Random, id_: str) -> Case:  # noqa: ARG001
    """What is no HTTP, or is too much of it."""
    length = random.choice([1, 2, 10, 100, 1000, 70_000])
    sent = random.choice(
        [
            b"",
            random.randbytes(length),
            bytes(random.choices(b' \r\n\t:/GETPOSTHTTP/1.1{}[]",0', k=length)),
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + random.randbytes(length),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + random.randbytes(length),
            b"SSH-2.0-x\r\n",
            b"\r\n" * length,
            b"GET " + b"/" * length,
            b"GET /livez HTTP/1.1\r\nX: " + b"x" * length,
        ]
    )
    return _case(random, "gibberish", sent)


def head(random: Random, id_: str) -> Case:
    """Request lines and headers of all sorts."""
    method = random.choice(METHODS if random.random() < 0.5 else METHODS[:3])
    version = random.choice(VERSIONS) if random.random() < 0.3 else "HTTP/1.1"
    space = random.choice(["  ", "\t", "\x0b", ""]) if random.random() < 0.1 else " "
    target = "/" + "x" * random.choice(LENGTHS) if random.random() < 0.05 else random.choice(TARGETS)
    lines = [space.join((method, target, version)), "Host: xent", f"X-Request-ID: {id_}"]
    if random.random() < 0.2:
        lines += OFFER
    for _ in range(random.choice([0, 1, 1, 2, 4])):
        colon = random.choice([":", " : ", "\t:", "", "=", ":\r\n "]) if random.random() < 0.3 else ": "
        lines.insert(random.randint(1, len(lines)), random.choice(NAMES) + colon + random.choice(VALUES))
    if random.random() < 0.05:
        lines += [f"X-{index}: y" for index in range(random.choice([100, 2000, 9000]))]
    end = random.choice(["\n", "\r"]) if random.random() < 0.1 else "\r\n"
    body = random.choice([b"", b"", b"{}", b"5\r\n12345\r\n0\r\n\r\n", random.randbytes(20)])
    return _case(random, "head", end.join([*lines, "", ""]).encode("latin-1", "replace") + body)


def changed(random: Random, id_: str) -> Case:
    """Requests that were whole and clear."""
    sent = _sent(_probes(random, id_, random.randint(1, 2)))
    for _ in range(random.randint(1, 4)):
        sent = damaged(random, sent)
    return _case(random, "changed", sent)


def body(random: Random, id_: str) -> Case:
    """What arrives whole, and holds what it likes."""
    path, content, headers = bodies.drawn(random)
    if random.random() < 0.1:
        name = random.choice(["Content-Type", "Content-Encoding", "Accept-Encoding", "Expect", "Connection"])
        headers = (*headers, f"{name}: {random.choice(PLAIN)}")
    if random.random() < 0.3:
        sent = request(id_, path, b"", "Transfer-Encoding: chunked", *headers) + chunked(random, content)
    else:
        sent = request(id_, path, content, *headers)
    return _case(random, "body", sent)


def chunks(random: Random, id_: str) -> Case:
    """A chunked body whose framing is its own."""
    sizes = [
        *(b"1c", b"1C", b"01c", b"+1c", b"-1", b"0x1c", b"1c ", b" 1c", b"1c;x", b"1c;", b'1c;"', b"1c;x\n", b"1c\t"),
        *(b"", b"g", b"0", b"f" * 16, b"1" + b"0" * 15 + b"1c", b"f" * 17, b"1c;" + b"x" * 3000, b"1b", b"1d", b"1c\0"),
        *(b"1_c", b"7fffffff"),
    ]
    trailers = [
        *(b"", b"X: y\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"x" * 70_000, b": y\r\n"),
        *(b"X y\r\n", b"Connection: close\r\n", b"X: " + b"y" * 70_000 + b"\r\n"),
    ]

    def end() -> bytes:
        return b"\r\n" if random.random() < 0.6 else random.choice([b"\n", b"\r", b"", b"x\r\n", b"\r\n\r\n"])

    offer = OFFER if random.random() < 0.2 else ["Expect: 100-continue"] if random.random() < 0.3 else []
    sent = request(id_, "/v1/loss", b"", "Transfer-Encoding: chunked", *offer)
    sent += random.choice(sizes) + end() + b'{"logits": [1], "labels": 1}' + end() + b"0" + end()
    return _case(random, "chunks", sent + random.choice(trailers) + end())


def pipeline(random: Random, id_: str) -> Case:
    """Nothing is wrong with these, and each has its own answer in its turn."""
    probes = _probes(random, id_, random.randint(1, 6))
    return _case(random, "pipeline", _sent(probes), "waiting", probes=probes, is_clear=True)


def crowd(random: Random, id_: str) -> Case:
    """Likewise, very many, of whose callers some go away."""
    probes = tuple(livez(random, f"{id_}-{index}") for index in range(random.randint(20, 400)))
    end = random.choice(["waiting", "half", "leaving", "resetting", "resetting"])
    return _case(random, "crowd", _sent(probes), end, probes=probes, is_clear=end == "waiting")


def left(random: Random, id_: str) -> Case:
    """Somebody goes away in the midst of it."""
    probes = _probes(random, id_, random.randint(1, 4))
    sent = _sent(probes)[: random.randrange(1000)]
    return _case(random, "left", sent, random.choice(["half", "leaving", "resetting"]), probes=probes)


def spoilt(random: Random, id_: str) -> Case:
    """Behind requests that are clear comes what is not: they have their own answers, or none."""
    probes = _probes(random, id_, random.randint(1, 3))
    sent = damaged(random, probe(random, f"{id_}-x").request)
    return _case(random, "spoilt", _sent(probes) + sent, probes=probes)


def within(random: Random, id_: str) -> Case:
    """Requests as another's body, which never are requests."""
    canary = probe(random, f"{id_}-never")
    around = canary.request * random.randint(1, 3)
    target = random.choice(["/v1/loss", "/nothing", "/livez", "/v2/models/auto/infer"])
    offer = OFFER if random.random() < 0.3 else []
    if random.random() < 0.4:
        first = request(f"{id_}-x", target, b"", "Transfer-Encoding: chunked", *offer) + chunked(random, around)
    else:
        first = request(f"{id_}-x", target, around, *offer)
    probes = _probes(random, id_, 1)
    return _case(random, "within", first + _sent(probes), probes=probes, never=(canary.id,))


def _probes(random: Random, id_: str, count: int) -> tuple[Probe, ...]:
    return tuple(probe(random, f"{id_}-{index}") for index in range(count))


def _sent(probes: tuple[Probe, ...]) -> bytes:
    return b"".join(each.request for each in probes)


KINDS: dict[Callable[[Random, str], Case], int] = {
    gibberish: 4,
    head: 22,
    changed: 15,
    body: 30,
    chunks: 6,
    pipeline: 9,
    crowd: 2,
    left: 5,
    spoilt: 5,
    within: 5,
}
