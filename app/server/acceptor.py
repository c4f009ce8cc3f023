"""Accepts connections.

uvloop's own way accepts one at each turn of the loop, and a loop with much to do has few turns: new clients, those who
only ask for the health among them, would wait for seconds behind those who are connected.
"""

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import Callable
from typing import Any

# More would be taken from other workers that have nothing to do.
MAX_AT_ONCE = 16
# As long as the loop needs to close what was given up.
SECONDS_UNTIL_ROOM = 0.01
SECONDS_WITHOUT_ROOM = 0.5
SECONDS_BETWEEN_REPORTS = 1.0

logger = logging.getLogger("xent")


class Acceptor:
    """Connections to one listening socket, each of which gets a protocol of its own; until it is closed.

    Where there is no file descriptor for another one, `make_room` is called: it closes others, and says whether there
    were any.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        handshake_seconds: float,
        make_room: Callable[[], bool],
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._protocol = protocol
        self._make_room = make_room
        self._reported_at = -math.inf
        self._tls: dict[str, Any] = {} if tls is None else {"ssl": tls, "ssl_handshake_timeout": handshake_seconds}
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._listen()

    def use_tls(self, tls: ssl.SSLContext) -> None:
        """For the connections that are accepted from now on."""
        self._tls["ssl"] = tls

    def close(self) -> None:
        """Accept those who are connected already, and nobody after them."""
        self._is_closed = True
        list(iter(self._accept, False))
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _listen(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> bool:
        """Whether there may be more of them."""
        for _ in range(MAX_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return False
            except OSError as error:
                self._fail(error)
                return False
            connection.setblocking(False)
            task = self._loop.create_task(self._connect(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    def _fail(self, error: OSError) -> None:
        self._loop.remove_reader(self._listener)
        self._loop.call_later(SECONDS_UNTIL_ROOM if self._make_room() else SECONDS_WITHOUT_ROOM, self._listen)
        now = self._loop.time()
        if now - self._reported_at >= SECONDS_BETWEEN_REPORTS:
            self._reported_at = now
            logger.error({"message": "accept failed", "reason": str(error)})

    async def _connect(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection, **self._tls)
        except OSError as error:
            # The TLS handshake failed, or the client is gone again.
            logger.info({"message": "a connection was not made", "reason": str(error)})
