"""The pipe between the supervisor and a worker, a pair of connected sockets.

The worker sends heartbeats. The supervisor sends the API keys: once when the worker starts, and whenever they change.
The end of the stream tells either side that the other has exited.
"""

import asyncio
import logging
import socket
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from app.server.key_rotation import KeyState

Result = TypeVar("Result")

HEARTBEAT = b"."
SIZE_BYTES = 4
SECONDS_BETWEEN_TRIES = 0.25

logger = logging.getLogger("xent")


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
    """Yield the API keys whenever they change, until the supervisor closes its end.

    Without memory for them it logs that and tries again. Raises MemoryError if the pipe broke because of it.
    """
    with suppress(IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await _retried(partial(reader.readexactly, SIZE_BYTES), reader), "big")
            message = await _retried(partial(reader.readexactly, size), reader)
            yield await _retried(partial(_decoded, message), reader)


async def _decoded(message: bytes) -> KeyState:
    return KeyState.decode(message)


async def _retried(step: Callable[[], Awaitable[Result]], reader: StreamReader) -> Result:
    """The result of a step that can be repeated: what it could not take from the reader is still there."""
    while True:
        try:
            return await step()
        except MemoryError:
            if reader.exception() is not None:
                raise
            logger.error({"message": "receiving the API keys failed; trying again", "reason": "out of memory"})
        await asyncio.sleep(SECONDS_BETWEEN_TRIES)
