"""Lets callers in.

uvloop's own way lets in one at each turn of the loop, and a loop with much to do has few turns: callers who come, those
who only ask for the health among them, would wait for seconds behind those who are there.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

# More would be taken from other workers that have nothing to do.
MOST_AT_ONCE = 16
SECONDS_WITHOUT_ROOM = 0.5

logger = logging.getLogger("xent")


class Acceptor:
    """Connections to one listening socket, each of which gets a protocol of its own; until it is closed."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        handshake_seconds: float,
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._protocol = protocol
        self._tls: dict[str, Any] = {} if tls is None else {"ssl": tls, "ssl_handshake_timeout": handshake_seconds}
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._listen()

    def close(self) -> None:
        """Let in those who are connected already, and nobody after them."""
        self._is_closed = True
        list(iter(self._accept, False))
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _listen(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> bool:
        """Whether there may be more of them."""
        for _ in range(MOST_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return False
            except OSError as error:
                self._loop.remove_reader(self._listener)
                self._loop.call_later(SECONDS_WITHOUT_ROOM, self._listen)
                logger.error({"message": "nobody can be let in now", "reason": str(error)})
                return False
            connection.setblocking(False)
            task = self._loop.create_task(self._let_in(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    async def _let_in(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection, **self._tls)
        except OSError as error:
            # Who does not know how to shake hands, or is gone again.
            logger.info({"message": "a connection was not made", "reason": str(error)})
