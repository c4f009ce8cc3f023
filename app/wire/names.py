"""Counts the names of a JSON body before it is parsed."""

import re

from app.wire.pieces import Content, pieces

# The largest valid request has some 30 names, and clients may send parameters that are ignored. A million names would
# block all threads while the interpreter makes an object of each.
MAX_NAMES = 4096
# The shortest name with its value: "":1,
MIN_BYTES_OF_NAME = 5
NAME_END = re.compile(rb'"\s*:')


class TooManyNames(ValueError):
    """The objects of a body have more than MAX_NAMES names in all. The message may be shown to the client."""

    def __init__(self) -> None:
        super().__init__(f"has more than {MAX_NAMES} fields in total, the maximum")


def check_names(body: Content) -> None:
    """Raises TooManyNames."""
    if has_too_many_names(body):
        raise TooManyNames


def has_too_many_names(body: Content) -> bool:
    """Whether the objects of the body have more than MAX_NAMES names in all."""
    if len(body) <= MAX_NAMES * MIN_BYTES_OF_NAME:
        return False
    return sum(map(count_names, pieces(body))) > MAX_NAMES


def count_names(piece: bytes) -> int:
    return len(NAME_END.findall(piece)) if b":" in piece else 0
