"""`python -m app`: the service, on a laptop as in a container."""

import ctypes
import gc
import socket
import sys
from contextlib import suppress

import uvicorn
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from app.main import create_app
from app.settings import Settings, UnknownSetting, read_settings

SECONDS_TO_FINISH = 10


class Server(uvicorn.Server):
    """uvicorn's server, which says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            host, port = (sockets or [])[0].getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            print(f"xent listens on {address}, its documentation is at {address}/docs", flush=True)  # noqa: T201  for the operator


def main() -> int | str:
    """The exit status: 0, or one line that says why the service can't start."""
    try:
        settings = read_settings()
    except UnknownSetting as error:
        return f"xent: {error}"
    except ValidationError as error:
        return f"xent: {_first_reason(error)}"
    try:
        listener = _listen(settings)
    except OSError as error:
        return f"xent: can't listen on {settings.host} port {settings.port}: {error.strerror} (XENT_HOST, XENT_PORT)"
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    # Bodies of millions of small lists would set off full collections, which stop every thread for seconds.
    gc.set_threshold(100_000, 50, 1000)
    _keep_memory()
    with suppress(KeyboardInterrupt), threadpool_limits(1):
        Server(config).run(sockets=[listener])
    return 0


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


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(2048)
    return listener


def _first_reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"XENT_{str(first['loc'][0]).upper()} is {first['input']!r:.80}: {first['msg']}"


if __name__ == "__main__":
    sys.exit(main())
