"""A process that answers requests: the only one, or one of several under `supervisor`."""

import asyncio
import ctypes
import gc
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from threadpoolctl import threadpool_limits

from app.main import create_app
from app.server.listener import announce
from app.server.uvicorn_server import Server
from app.settings import Settings, read_settings

BEAT = b"."


def serve(settings: Settings, listener: socket.socket) -> None:
    """Answer requests until told to end, in this process alone."""
    _run(_server(settings, lambda: announce(listener, settings)), listener)


def serve_under_supervisor(settings: Settings, listener: socket.socket, line: socket.socket) -> None:
    """Likewise, as one of several. Down the line goes a beat when this one listens, and every second from then on.

    When the other end of the line is closed, this one is wanted no more, or the supervisor is gone.
    """

    def beat() -> None:
        with suppress(OSError):  # there may be nobody any more
            line.send(BEAT)

    def hear() -> None:
        asyncio.get_running_loop().remove_reader(line)
        server.retire()

    def start() -> None:
        asyncio.get_running_loop().add_reader(line, hear)
        beat()

    line.setblocking(False)
    server = _server(settings, start, beat)
    _run(server, listener)


def _server(settings: Settings, on_start: Callable[[], None], on_second: Callable[[], None] = lambda: None) -> Server:
    app = create_app(settings)

    def each_second() -> None:
        app.state.metrics.flush()
        on_second()
        if not app.state.in_flight.requests:
            gc.collect()

    return Server(app, on_start, each_second)


def _run(server: Server, listener: socket.socket) -> None:
    # Full collections stop every thread: they come when nothing is in hand, and what is there from the start, which is
    # most, is not looked at.
    gc.set_threshold(100_000, 50, 1000)
    gc.freeze()
    _keep_memory()
    with suppress(KeyboardInterrupt), threadpool_limits(1):
        server.run(sockets=[listener])


def _keep_memory() -> None:
    """Have the C library keep up to 32 MiB of what was freed, where it is glibc.

    It would give the memory of every larger body back to the system, and be given it anew, page by page, for the next:
    half of what a binary body of 4 MB costs.
    """
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 16 << 20)
        mallopt(M_TRIM_THRESHOLD, 32 << 20)
        mallopt(M_ARENA_MAX, 1)


# As <malloc.h> has them.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def main() -> None:
    """`python -m app.server.worker`, with the numbers of two sockets that it inherits."""
    listener, line = (socket.socket(fileno=int(each)) for each in sys.argv[1:])
    serve_under_supervisor(read_settings(), listener, line)


if __name__ == "__main__":
    main()
