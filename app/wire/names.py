"""Counts the names of a JSON body before it is parsed."""

import re

from app.wire.pieces import Content

# The largest valid request has some 30 names, and clients may send parameters that are ignored. A million names would
# block all threads while the interpreter makes an object of each.
MAX_NAMES = 4096
# The shortest name with its value: "":1,
MIN_BYTES_OF_NAME = 5
# Searched at once, while other threads wait.
PIECE_BYTES = 1 << 18
NAME_END = re.compile(rb'"\s*:')


def has_too_many_names(body: Content) -> bool:
    """Whether the objects of the body have more than MAX_NAMES names in all."""
    if len(body) <= MAX_NAMES * MIN_BYTES_OF_NAME:
        return False
    view, names = memoryview(body), 0
    for start in range(0, len(view), PIECE_BYTES):
        piece = bytes(view[start : start + PIECE_BYTES])
        if b":" in piece:
            names += len(NAME_END.findall(piece))
    return names > MAX_NAMES
