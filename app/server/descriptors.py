"""The file descriptors of this process: the standard streams and the limit on open files."""

import os
import resource
from contextlib import suppress


def open_standard_streams() -> None:
    """Open /dev/null for each standard stream that is closed.

    Otherwise a client's connection could get the stream's number, and the log would be written to it.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def raise_limit() -> None:
    """Raise the soft limit of open files to the hard one; child processes inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS allows fewer than it reports
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
