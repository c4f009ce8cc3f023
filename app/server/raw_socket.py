"""What no transport offers: questions to the system about its socket, and bytes read past it."""

import asyncio
import socket
import sys
from array import array
from contextlib import suppress
from fcntl import ioctl
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from termios import TIOCOUTQ

# For SO_LINGER: what was not sent yet is thrown away.
AT_ONCE = pack("ii", 1, 0)
# On Linux the system throws bytes away without copying them, at half the cost.
DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0
_discarded = bytearray(1 << 20)


def unacknowledged_bytes(transport: asyncio.Transport) -> int:
    """How many bytes the system has taken, which the other side has not. It takes no more until a good part is."""
    count = array("i", [0])
    with suppress(OSError):  # the connection may be lost already, and not every system counts
        ioctl(transport.get_extra_info("socket").fileno(), TIOCOUTQ, count)
    return count[0]


def reset(transport: asyncio.Transport) -> None:
    """Close at once: the system would go on to keep what it has taken, and to offer it."""
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, AT_ONCE)
    transport.abort()


def discard(transport: asyncio.Transport, at_most: int) -> int | None:
    """Throw away up to so many bytes that came, while the transport does not read; how many; None at their end.

    Only for connections without TLS.
    """
    theirs = transport.get_extra_info("socket")
    gone = 0
    try:
        ours = socket.socket(theirs.family, theirs.type, theirs.proto, theirs.fileno())
    except OSError:
        return None
    try:
        while gone < at_most:
            count = ours.recv_into(_discarded, min(at_most - gone, len(_discarded)), DISCARD)
            if not count:
                return None
            gone += count
    except BlockingIOError:
        pass
    except OSError:
        return None
    finally:
        ours.detach()
    return gone
