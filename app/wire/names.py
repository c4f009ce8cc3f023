"""How many names a body may have, before it is parsed."""

from app.wire.parse import Content, TooManyValues

# The largest request has some 30 names, and a client may send parameters that are ignored. A million names keep the
# interpreter for as long as it takes to make an object of each, whatever thread that is in.
MAX_NAMES = 4096
# A name takes at least this much: "":1,
MIN_BYTES_OF_NAME = 5
# What is looked at while other threads wait.
PIECE_BYTES = 1 << 20


def check_names(body: Content) -> None:
    """Raises TooManyValues. A colon within a string counts as a name."""
    if len(body) <= MAX_NAMES * MIN_BYTES_OF_NAME:
        return
    view, count = memoryview(body), 0
    for start in range(0, len(view), PIECE_BYTES):
        count += bytes(view[start : start + PIECE_BYTES]).count(b":")
        if count > MAX_NAMES:
            raise TooManyValues(f"the body has more than {MAX_NAMES} names, the most that its objects may have in all")
