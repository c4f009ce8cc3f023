"""The file descriptors of this process: those it starts with, and how many it may have."""

import os
import resource
from contextlib import suppress


def open_standard_streams() -> None:
    """Open /dev/null for each standard stream that is closed.

    Or a connection to a client would take its number, and get what is written to the log.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def raise_limit() -> None:
    """Raise the soft limit of open files to the hard one; child processes inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS allows fewer than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
