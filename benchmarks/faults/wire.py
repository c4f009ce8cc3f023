"""HTTP/1.1 by hand: a caller that wants to break off, dawdle or lie can't have a library that knows better."""

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from struct import pack
from typing import Any, NamedTuple, Self

HOST = "127.0.0.1"
MOST_AT_ONCE = 1 << 16
SECONDS_TO_CONNECT = 20
# For SO_LINGER: closing resets the connection.
AT_ONCE = pack("ii", 1, 0)


class Cut(Exception):
    """The connection ended before the answer did."""


class NotConnected(Exception):
    """Nobody let this caller in."""


class Answer(NamedTuple):
    """What the service said. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_last(self) -> bool:
        """The connection ends with it."""
        return self.headers.get("connection", "").lower() == "close"

    def document(self) -> Any:
        """The JSON in it, without the bytes of tensors behind that."""
        return json.loads(self.body[: self.length_of_document])

    @property
    def length_of_document(self) -> int:
        return int(self.headers.get("inference-header-content-length", len(self.body)))


class Request(NamedTuple):
    """A request that is whole and true, but for what was put wrong into it on purpose."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"

    def head(self, **further: str) -> bytes:
        """Its head. A header's name is written with _ for -."""
        headers = {"Host": HOST, "Content-Length": str(len(self.body)), **self.headers}
        headers |= {name.replace("_", "-"): value for name, value in further.items()}
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items() if value),
        ]
        return "\r\n".join([*lines, "", ""]).encode()


class Connection:
    """One connection. `opened` is a time of time.monotonic(), which is the same for all processes."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.opened = time.monotonic()
        self._received = b""

    @classmethod
    async def open(cls, port: int, room: int = 0) -> Self:
        """`room` is how many bytes the system keeps of what is not read. Raises NotConnected."""
        sock = socket.socket()
        sock.setblocking(False)
        if room:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.timeout(SECONDS_TO_CONNECT):
                await asyncio.get_running_loop().sock_connect(sock, (HOST, port))
        except OSError as error:  # a TimeoutError is one, too
            sock.close()
            raise NotConnected(str(error)) from None
        return cls(sock)

    async def send(self, data: bytes) -> None:
        """Raises Cut."""
        try:
            await asyncio.get_running_loop().sock_sendall(self.sock, data)
        except OSError:
            raise Cut from None

    async def receive(self, most: int = MOST_AT_ONCE) -> bytes:
        """What has come; nothing: the other side is done. Raises Cut."""
        try:
            return await asyncio.get_running_loop().sock_recv(self.sock, most)
        except OSError:
            raise Cut from None

    async def answer(self, most: int = MOST_AT_ONCE, pause: float = 0) -> Answer:
        """The next answer, read in pieces of so many bytes and with a pause after each. Raises Cut."""
        while b"\r\n\r\n" not in self._received:
            self._received += await self._more(most)
        head, _, rest = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body, length = bytearray(rest), int(headers["content-length"])
        while len(body) < length:
            body += await self._more(most)
            if pause:
                await asyncio.sleep(pause)
        self._received = bytes(body[length:])
        return Answer(int(first.split()[1]), headers, bytes(body[:length]))

    async def begin(self) -> None:
        """Wait for an answer to begin. Raises Cut."""
        self._received += await self._more(1)

    async def _more(self, most: int) -> bytes:
        piece = await self.receive(most)
        if not piece:
            raise Cut
        return piece

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """End it without a farewell."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.sock.close()
