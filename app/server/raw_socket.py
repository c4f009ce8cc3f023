"""Socket operations that transports don't offer."""

import asyncio
import socket
import sys
from array import array
from contextlib import suppress
from fcntl import ioctl
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from termios import FIONREAD, TIOCOUTQ

# For SO_LINGER: discard unsent bytes on close.
AT_ONCE = pack("ii", 1, 0)
# Linux discards bytes without copying them, at half the cost.
DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0
_discarded = bytearray(1 << 20)


def unacknowledged_bytes(transport: asyncio.Transport) -> int:
    """The bytes in the system's send buffer that the client has not acknowledged."""
    return _count(transport, TIOCOUTQ)


def received_bytes(transport: asyncio.Transport) -> int:
    """The bytes in the system's receive buffer that have not been read."""
    return _count(transport, FIONREAD)


def _count(transport: asyncio.Transport, request: int) -> int:
    count = array("i", [0])
    with suppress(OSError):  # the connection may be closed, and not every system has these calls
        ioctl(transport.get_extra_info("socket").fileno(), request, count)
    return count[0]


def reset(transport: asyncio.Transport) -> None:
    """Close with a reset, so that the system drops its send buffer."""
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, AT_ONCE)
    transport.abort()


def discard(transport: asyncio.Transport, at_most: int) -> int | None:
    """Discard up to so many received bytes while the transport is paused. Their number; None at the end of the stream.

    Only for connections without TLS.
    """
    theirs = transport.get_extra_info("socket")
    gone = 0
    ours = socket.socket(theirs.family, theirs.type, theirs.proto, theirs.fileno())
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
