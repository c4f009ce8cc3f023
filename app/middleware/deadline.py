"""The deadline that a client sends as X-Request-Timeout-Ms."""

import time
from collections.abc import Mapping

HEADER = b"x-request-timeout-ms"
MAX_DIGITS = 9


class BadDeadline(ValueError):
    """The header is not a number of milliseconds. The message may be shown to the client."""


def read_deadline(headers: Mapping[bytes, bytes]) -> float:
    """The deadline of the response by time.monotonic(); infinity if the client sends none.

    Raises BadDeadline.
    """
    value = headers.get(HEADER)
    if value is None:
        return float("inf")
    if not value.isdigit() or len(value) > MAX_DIGITS or int(value) == 0:
        found = value[:20].decode("latin-1").encode("unicode_escape").decode()
        raise BadDeadline(
            f"X-Request-Timeout-Ms is {found!r}; a whole number of milliseconds from 1 to 999999999 was expected"
        )
    return time.monotonic() + int(value) / 1000
