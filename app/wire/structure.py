"""Where a long list of numbers ends, its shape, and where it may be parted: found in one pass over its text.

The text is looked at in pieces that stay in the cache. Of each piece NumPy finds the brackets and how many commas stand
before each of them; that alone says whether the list is rectangular, however deep it is nested. No number is read here,
and nothing is kept but a few figures of each piece.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.wire.bitmap import Bitmap, Integers
from app.wire.pieces import Content, StringMask
from app.wire.ragged import Broken, reason
from app.wire.rectangle import Cut, Rectangle, Unlike
from xent_core.errors import InvalidInput

# What is looked at at once: each call of NumPy costs as much as some thousands of characters,
SCAN_BYTES = 1 << 20
FIRST_SCAN_BYTES = 1 << 12
# but takes some hundred bytes for each bracket. A piece that has more of them is looked at in smaller ones.
MAX_BRACKETS = 1 << 16
DENSE_BYTES = 1 << 16


class Outline(NamedTuple):
    """The structure of a list in a body, by its brackets and commas."""

    start: int
    stop: int
    shape: tuple[int, ...]
    cuts: list[Cut]
    error: InvalidInput | None = None
    """Why it is no array. The last cut is where this shows at the latest."""
    broken: bool = False
    """It is no JSON. The last cut is where this shows at the latest."""

    @property
    def size(self) -> int:
        return self.cuts[-1].numbers

    def position(self, index: int) -> tuple[int, ...]:
        """Of the number before which so many stand."""
        reverse = []
        for length in reversed(self.shape[1:]):
            index, last = divmod(index, length)
            reverse.append(last)
        return (index, *reversed(reverse))


def outline(body: Content, start: int, name: str, max_rank: int) -> Outline:
    """Of the list that begins there. `name` is what errors call it."""
    view, rectangle = memoryview(body), Rectangle(max_rank)
    cuts = [Cut(start, 0, 0)]
    depth = 0
    error: InvalidInput | None = None
    for at, piece, large in _scanned(view, start):
        places, characters = _brackets(piece, large)
        depths = depth + np.cumsum(STEPS[characters])
        ends = np.flatnonzero((depths == 0) & (characters == ord("]")))
        last = int(ends[0]) + 1 if len(ends) else len(places)
        if error is None:
            try:
                cuts += rectangle.add(at, piece, places[:last], characters[:last], depths[:last], ended=bool(len(ends)))
            except Unlike as unlike:
                try:
                    error = reason(body, name, rectangle, unlike)
                except Broken as broken:
                    cuts.append(Cut(broken.at, 0, rectangle.size))
                    return Outline(start, len(view), rectangle.shape, cuts, broken=True)
                cuts.append(Cut(min(unlike.place + 1, len(view)), 0, rectangle.size))
        if len(ends):
            stop = at + int(places[last - 1]) + 1
            if error is None:
                cuts.append(Cut(stop, 0, rectangle.size))
            return Outline(start, stop, rectangle.shape, cuts, error)
        depth = int(depths[-1]) if len(depths) else depth
    if error is None:
        cuts.append(Cut(len(view), 0, rectangle.size))
    return Outline(start, len(view), rectangle.shape, cuts, broken=True)


def _scanned(view: memoryview, start: int) -> Iterator[tuple[int, bytes, Bitmap]]:
    """The text from there on without its strings, in pieces: where each begins, and which of its characters are large
    enough to be brackets.
    """
    strings, any_strings = StringMask(), False
    # Most lists are short, and with many of them each would be read far beyond its end.
    stop, size = start, min(FIRST_SCAN_BYTES, SCAN_BYTES)
    while stop < len(view):
        at, stop = stop, min(stop + size, len(view))
        size = min(16 * size, SCAN_BYTES)
        piece = bytes(view[at:stop])
        if not any_strings and (quote := piece.find(b'"')) >= 0:
            # Most lists end before the first string, which is then none of theirs.
            any_strings = True
            if quote:
                piece, stop = piece[:quote], at + quote
        if any_strings:
            piece = strings.without_strings(piece)
        large = _large(piece)
        if large.total < MAX_BRACKETS:
            yield at, piece, large
        else:
            for offset in range(0, len(piece), DENSE_BYTES):
                part = piece[offset : offset + DENSE_BYTES]
                yield at + offset, part, _large(part)


def _large(piece: bytes) -> Bitmap:
    # Of what numbers are made of, only the letter of an exponent is as large as a bracket.
    return Bitmap(np.frombuffer(piece, np.uint8) >= ord("["))


# What characters add to the depth.
STEPS = np.zeros(256, np.int64)
STEPS[ord("[")], STEPS[ord("]")] = 1, -1
IS_BRACKET = np.zeros(256, np.bool_)
IS_BRACKET[list(b"[]{}")] = True


def _brackets(piece: bytes, large: Bitmap) -> tuple[Integers, NDArray[np.uint8]]:
    """The positions of brackets and braces, and which they are."""
    places = large.places()
    characters = np.frombuffer(piece, np.uint8)[places]
    wanted = IS_BRACKET[characters]
    return (places, characters) if wanted.all() else (places[wanted], characters[wanted])
