"""Accepts connections, several per iteration of the event loop.

uvloop accepts one per iteration. Under load iterations are long, and new connections, health checks among them, would
wait for seconds.
"""

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import Callable
from typing import Any

# Accepting more would take connections from idle workers.
MAX_AT_ONCE = 16
# Enough for the loop to close the evicted connections.
SECONDS_UNTIL_ROOM = 0.01
SECONDS_WITHOUT_ROOM = 0.5
SECONDS_BETWEEN_REPORTS = 1.0

logger = logging.getLogger("xent")


class Acceptor:
    """Accepts the connections of one listening socket until it is closed. Each gets a protocol of its own.

    If no file descriptor is left, it calls `make_room`, which closes idle connections and returns whether there were
    any.
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
        """Use this context for the connections that are accepted from now on."""
        self._tls["ssl"] = tls

    @property
    def is_connecting(self) -> bool:
        """Whether an accepted connection has no protocol yet."""
        return bool(self._tasks)

    def close(self) -> None:
        """Accept the connections in the backlog, then stop listening."""
        self._is_closed = True
        list(iter(self._accept, False))
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _listen(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> bool:
        """Accept up to MAX_AT_ONCE connections. Whether more may be waiting."""
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
            # The TLS handshake failed, or the client has disconnected.
            logger.info({"message": "connection failed", "reason": str(error)})
