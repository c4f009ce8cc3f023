"""Checks of a request's head before it reaches the application."""

import re
from collections.abc import Iterable

import httptools

MAX_URL_BYTES = 16 * 1024
MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
HOST = re.compile(rb"[^\x00-\x20\x7f/?#@\\<>\"^`{|},]*")
OFFERS = {b"upgrade", b"http2-settings"}

Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """The request is refused before it reaches the application. The message may be shown to the client."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason


NOT_HTTP = Refused(400, "not_http", "malformed request or unknown method")
TOO_MANY_HEADERS = Refused(431, "too_many_headers", f"the request has more than {MAX_HEADERS} headers")
HEADERS_TOO_LARGE = Refused(431, "headers_too_large", f"the headers have more than {MAX_HEAD_BYTES} bytes")
NO_MEMORY = Refused(503, "out_of_memory", "the service is out of memory; try again")
HEADERS_TOO_SLOW = Refused(408, "headers_too_slow", "the headers did not arrive in time (XENT_HEADER_SECONDS)")
TOO_MUCH_FRAMING = Refused(
    400, "too_much_framing", f"the chunk extensions and trailers of the body have more than {MAX_HEAD_BYTES} bytes"
)


def refused_by(error: httptools.HttpParserError) -> Refused:
    """The reason for a parser error: an exception of a callback, or malformed input."""
    match error.__context__:
        case Refused() as refused:
            return refused
        case MemoryError():
            return NO_MEMORY
    return NOT_HTTP


def check_head(parser: httptools.HttpRequestParser, url: bytes, headers: Headers) -> None:
    """Raises Refused, also for requests that a proxy may parse differently (RFC 9112, 2.3, 3.2 and 6.1)."""
    if len(url) > MAX_URL_BYTES:
        raise Refused(414, "url_too_long", f"the URL has more than {MAX_URL_BYTES} bytes")
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise Refused(505, "http_version", "unsupported HTTP version; HTTP/1.1 was expected")
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1 and (hosts or version == "1.1"):
        raise Refused(400, "host", f"there are {len(hosts)} Host headers; one was expected")
    if hosts and not HOST.fullmatch(hosts[0]):
        raise Refused(400, "host", "the Host header is not a valid host")
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings not in ([], [b"chunked"]):
        raise Refused(501, "transfer_encoding", "unsupported Transfer-Encoding; chunked was expected")
    if parser.should_upgrade() and parser.get_method() == b"CONNECT":
        raise Refused(400, "connect", "CONNECT is not supported; this server is not a proxy")


def without_offer(headers: Headers) -> Iterable[tuple[bytes, bytes]]:
    """The headers without an upgrade to another protocol."""
    for name, value in headers:
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            yield name, b", ".join(option for option in options if option.lower() not in OFFERS)
        elif name not in OFFERS:
            yield name, value
