"""A Unix socket to listen on: its file, from the start of the service to its end."""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The owner and the group may connect, whatever the umask.
UMASK = 0o117
# What fits into the kernel's address, its last byte 0.
MAX_PATH_BYTES = 107


def bind(listener: socket.socket, path: Path) -> None:
    """Bind the listener to the path, in place of the file that a service left there which has ended. Raises OSError."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, f"a Unix socket's path has at most {MAX_PATH_BYTES} bytes")
    with suppress(FileNotFoundError):
        _remove_stale(path)
    before = os.umask(UMASK)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)


def _remove_stale(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise OSError(errno.EEXIST, "there is a file of that name, which is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a service with a full backlog is alive, too
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass
    raise OSError(errno.EADDRINUSE, "another process listens there")


@contextmanager
def removed_at_end(path: Path | None) -> Iterator[None]:
    """Remove the socket's file at the end, unless another service has put its own there meanwhile."""
    if path is None:
        yield
        return
    file = path.lstat()
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if os.path.samestat(path.lstat(), file):
                path.unlink()
