"""The pipe between the supervisor and a worker, a pair of connected sockets.

The worker sends heartbeats. The supervisor sends the API keys: once when the worker starts, and whenever they change.
The end of the stream tells either side that the other has exited.
"""

import socket
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator
from contextlib import suppress

from app.server.key_rotation import KeyState

HEARTBEAT = b"."
SIZE_BYTES = 4


def frame(state: KeyState) -> bytes:
    """The API keys as they are sent: the length of the message, then the message."""
    message = state.encode()
    return len(message).to_bytes(SIZE_BYTES, "big") + message


def receive(pipe: socket.socket) -> KeyState | None:
    """Wait for the API keys. None: the supervisor has exited."""
    size = int.from_bytes(pipe.recv(SIZE_BYTES, socket.MSG_WAITALL), "big")
    message = pipe.recv(size, socket.MSG_WAITALL)
    return KeyState.decode(message) if message else None


async def receive_each(reader: StreamReader) -> AsyncIterator[KeyState]:
    """Yield the API keys whenever they change, until the supervisor closes its end."""
    with suppress(IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(SIZE_BYTES), "big")
            yield KeyState.decode(await reader.readexactly(size))
