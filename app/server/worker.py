"""A worker: a process that serves requests, alone or as one of several under `supervisor`."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress

from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from app.main import create_app
from app.middleware.api_keys import ApiKeys
from app.server import pipe as pipes
from app.server.key_rotation import KeyRotation, KeyState
from app.server.listener import announce, log_ignored_variables
from app.server.memory import keep_memory, return_memory
from app.server.uvicorn_server import Server
from app.settings import Settings, UnfitSetting, read_settings
from app.state import state_of
from app.telemetry.log import log_handler

logger = logging.getLogger("xent")


def serve(settings: Settings, listener: socket.socket, keys: KeyState) -> None:
    """Serve until told to stop, in this process alone. SIGHUP reloads the API keys and the certificate."""
    app = create_app(settings, ApiKeys(keys.digests))
    rotation = KeyRotation(settings, keys, lambda state: use_keys(app, state))

    def reload() -> None:
        rotation.reload()
        server.reload_certificate()

    def start() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
        log_ignored_variables()
        announce(listener, settings)

    server = _server(app, start, rotation.watch)
    _run(server, listener)


def serve_under_supervisor(settings: Settings, listener: socket.socket, pipe: socket.socket) -> None:
    """Serve as one of several workers, until told to stop or until the supervisor closes its end of the pipe.

    The first heartbeat says that this worker listens; one a second says that it runs.
    """
    keys = pipes.receive(pipe)
    if keys is None:
        return
    app = create_app(settings, ApiKeys(keys.digests))
    use_keys(app, keys)

    def send_heartbeat() -> None:
        with suppress(OSError):  # the supervisor may have exited
            pipe.send(pipes.HEARTBEAT)

    async def follow_supervisor() -> None:
        try:
            reader, _writer = await asyncio.open_unix_connection(sock=pipe)
            async for state in pipes.receive_each(reader):
                use_keys(app, state)
        except MemoryError:
            logger.error({"message": "the pipe to the supervisor broke; exiting", "reason": "out of memory"})
        server.retire()

    pipe.setblocking(False)
    server = _server(app, send_heartbeat, follow_supervisor, send_heartbeat)
    _run(server, listener)


def use_keys(app: FastAPI, state: KeyState) -> None:
    """Have the application use keys that were read anew."""
    state_of(app).api_keys.digests = state.digests
    state_of(app).metrics.keys_reloaded(successfully=state.failure is None)


def _server(
    app: FastAPI,
    on_start: Callable[[], None],
    background: Callable[[], Coroutine[None, None, None]],
    *on_second: Callable[[], None],
) -> Server:
    """A server for the application, and a background task."""
    tasks: list[asyncio.Task[None]] = []

    def start() -> None:
        tasks.extend(asyncio.get_running_loop().create_task(each()) for each in (background, return_memory))
        on_start()

    def collect_garbage() -> None:
        if not state_of(app).in_flight.requests:
            gc.collect()

    on_second = (*on_second, state_of(app).metrics.flush, lambda: log_handler().catch_up(), collect_garbage)
    return Server(app, start, on_second)


def _run(server: Server, listener: socket.socket) -> None:
    # A full collection stops every thread, so it runs only when no request is in flight (`collect_garbage`), and skips
    # the objects that exist at the start, which are most.
    gc.set_threshold(100_000, 50, 1000)
    gc.freeze()
    keep_memory()
    with suppress(KeyboardInterrupt), threadpool_limits(1):
        server.run(sockets=[listener])


def main() -> str | None:
    """`python -m app.server.worker`, with the file descriptors of the listener and of the pipe."""
    # SIGHUP is for the supervisor, also when it is sent to all processes.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    listener, pipe = (socket.socket(fileno=int(each)) for each in sys.argv[1:])
    try:
        serve_under_supervisor(read_settings(), listener, pipe)
    except UnfitSetting as error:  # the file was valid when the service started
        return f"xent: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
