"""A long text, piece by piece: no call looks at more of it than stays in the cache, so that other threads get their
turn between two pieces.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Content = bytes | bytearray | memoryview

PIECE_BYTES = 1 << 18
SPACE = b" \t\r\n"
# Strings that stand for numbers, and hold nothing that could be taken for the structure of a list.
NAMED = (b'"-Infinity"', b'"Infinity"', b'"NaN"')


def pieces(text: Content) -> Iterator[bytes]:
    view = memoryview(text)
    return (bytes(view[at : at + PIECE_BYTES]) for at in range(0, len(view), PIECE_BYTES))


def skip_space(body: Content, at: int) -> int:
    """Where the next character stands that is no white space; the length of the body if there is none."""
    view = memoryview(body)
    while at < len(view):
        piece = bytes(view[at : at + PIECE_BYTES])
        rest = piece.lstrip(SPACE)
        at += len(piece) - len(rest)
        if rest:
            break
    return at


def squeezed(text: Content) -> bytes:
    """The text with one character of each run of white space, within a piece. No strings may be in it."""
    return b"".join(map(_squeezed, pieces(text)))


IS_SPACE = np.zeros(256, np.bool_)
IS_SPACE[list(SPACE)] = True


def is_space(text: Content) -> NDArray[np.bool_]:
    return IS_SPACE[np.frombuffer(text, np.uint8)]


def _squeezed(piece: bytes) -> bytes:
    spaces = is_space(piece)
    spaces[1:] &= spaces[:-1].copy()
    spaces[0] = False
    return np.frombuffer(piece, np.uint8)[~spaces].tobytes()


class StringMask:
    """Blanks what stands in strings, but for the quotes that end them, in the pieces of one text."""

    def __init__(self) -> None:
        self.inside = False
        self.has_escapes = False
        self._escaped = False

    def without_strings(self, piece: bytes) -> bytes:
        """The next piece."""
        if not self.inside and not self._escaped:
            if b'"' not in piece:
                return piece
            if piece.count(b'"') == 2 * sum(map(piece.count, NAMED)):
                return piece
        text = np.frombuffer(piece, np.uint8)
        quotes = text == ord('"')
        if self._escaped or b"\\" in piece:
            self._unflag_escaped(text, quotes)
        inside = (np.cumsum(quotes, dtype=np.uint8) + self.inside) & 1
        self.inside = bool(inside[-1])
        return np.where(inside, np.uint8(ord(" ")), text).tobytes()

    def skip(self, piece: bytes) -> None:
        """As without_strings, where only `inside` matters."""
        if self._escaped or b"\\" in piece:
            self.without_strings(piece)
        else:
            self.inside ^= bool(piece.count(b'"') & 1)

    def find_end(self, piece: bytes) -> int:
        """Where the string ends that the next piece begins in: the place of its quote, or -1."""
        if not self._escaped and b"\\" not in piece:
            return piece.find(b'"')
        self.has_escapes = True
        text = np.frombuffer(piece, np.uint8)
        quotes = text == ord('"')
        self._unflag_escaped(text, quotes)
        first = int(quotes.argmax())
        return first if quotes[first] else -1

    def _unflag_escaped(self, text: NDArray[np.uint8], quotes: NDArray[np.bool_]) -> None:
        """Of a run of backslashes, each second is escaped; the last escapes what follows where their number is odd."""
        slashes = np.flatnonzero(text == ord("\\"))
        first = np.diff(slashes, prepend=-2) != 1
        starts = slashes[first][np.cumsum(first) - 1]
        odd = (slashes - starts) & 1
        if self._escaped:
            odd ^= starts == 0
            quotes[0] = False
        escaped = slashes[odd == 0] + 1
        self._escaped = bool(len(escaped)) and escaped[-1] == len(text)
        quotes[escaped[: len(escaped) - self._escaped]] = False
