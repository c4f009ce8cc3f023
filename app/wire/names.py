"""How many names a body has, before it is parsed."""

import re

from app.wire.parse import Content

# The largest request has some 30 names, and a client may send parameters that are ignored. A million names would keep
# the interpreter for as long as it takes to make an object of each, whatever thread that is in.
MAX_NAMES = 4096
# A name takes at least this much: "":1,
MIN_BYTES_OF_NAME = 5
# What is looked at while other threads wait.
PIECE_BYTES = 1 << 18
NAME_END = re.compile(rb'"\s*:')


def has_too_many_names(body: Content) -> bool:
    """Whether the objects of the body have more names in all than any request does."""
    if len(body) <= MAX_NAMES * MIN_BYTES_OF_NAME:
        return False
    view, names = memoryview(body), 0
    for start in range(0, len(view), PIECE_BYTES):
        piece = bytes(view[start : start + PIECE_BYTES])
        if b":" in piece:
            names += len(NAME_END.findall(piece))
    return names > MAX_NAMES
