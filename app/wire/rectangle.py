"""Whether lists of numbers make a rectangle, counted from their brackets and commas, piece by piece."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.wire.bitmap import Bitmap, Flags, Integers

# What simdjson builds of a part is several times its size, and stays in the cache.
PART_BYTES = 1 << 18


class Cut(NamedTuple):
    """A place where the text may be parted: behind a comma, or its beginning or its end."""

    at: int
    """In the body."""
    depth: int
    """How many lists are open there."""
    numbers: int
    """How many of them stand before it."""


class Unlike(Exception):
    """A bracket that no rectangle has there, or that makes too many dimensions."""

    def __init__(self, character: str, place: int, commas: int, numbers: int) -> None:
        super().__init__(character, place, commas, numbers)
        self.character = character
        self.place = place
        """In the body."""
        self.commas = commas
        """How many stand between it and the bracket before it."""
        self.numbers = numbers
        """How many were closed before it, if it closes a list of numbers with that list."""


class Rectangle:
    """What is known of a list after some pieces of it.

    Lists have levels: 0 is a number, 1 a list of numbers, and so on up to the whole, whose level is the rank.
    """

    def __init__(self, max_rank: int) -> None:
        self.max_rank = max_rank
        self.rank = 0  # until it is known
        self.depth = 0
        self.place = -1  # of the last bracket,
        self.opened = True  # which was one that opens,
        self.commas = 0  # and behind which so many commas stand,
        self.filled = False  # and more than white space
        self.closed = [0] * (max_rank + 1)  # how many of each level
        self.lengths = [0] * (max_rank + 1)  # of the first of each level, until it is known
        self.starts = [0] * (max_rank + 1)  # how many of the level below were closed when the last of each level was

    @property
    def size(self) -> int:
        """How many numbers stand in lists that are closed."""
        return self.closed[0]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(length or 1 for length in self.lengths[self.rank : 0 : -1])

    def add(
        self,
        at: int,
        piece: bytes,
        places: Integers,
        characters: NDArray[np.uint8],
        depths: Integers,
        *,
        ended: bool,
    ) -> list[Cut]:
        """The next piece, which stands at this place of the body: where it may be parted.

        Raises Unlike; what is known then is what was before that bracket.
        """
        text = np.frombuffer(piece, np.uint8)
        commas = Bitmap(text == ord(","))
        opens = characters == ord("[")
        before = commas.before(places)
        between = np.diff(before, prepend=-self.commas)
        behind = np.concatenate(([self.opened], opens))[:-1]
        leaves = behind & ~opens
        trailing = commas.total - int(before[-1]) if len(places) else self.commas + commas.total
        self._learn_rank(at, depths, between, opens, behind, 0 if ended else trailing)
        wrong = self._wrong(depths, between, opens, behind, leaves) | self._empty(text, places, between, leaves)
        wrong |= characters >= ord("{")
        good = int(wrong.argmax()) if wrong.any() else len(places)
        sizes = self.closed[0] + np.cumsum((between + 1) * leaves)
        short = self._count(opens[:good], depths[:good], sizes[:good])
        if short < good:
            good = short
            self._count(opens[:good], depths[:good], sizes[:good])
        cuts = []
        if good == len(places):
            text_of_list = piece[: int(places[-1])] if ended else piece
            cuts = self._cuts(at, text_of_list, places, opens, before, depths, sizes, commas)
        if good:
            self.place, self.opened = at + int(places[good - 1]), bool(opens[good - 1])
            self.depth, self.closed[0] = int(depths[good - 1]), int(sizes[good - 1])
        if good < len(places):
            raise Unlike(chr(characters[good]), at + int(places[good]), int(between[good]), int(sizes[good]))
        self.commas = trailing
        tail = text[places[-1] + 1 :] if len(places) else text
        self.filled = bool((tail > ord(" ")).any()) or (self.filled and not len(places))
        return cuts

    def _learn_rank(
        self, at: int, depths: Integers, commas: Integers, opens: Flags, behind: Flags, trailing: int
    ) -> None:
        """The rank is the depth of the first list that begins with no list. Raises Unlike."""
        if self.rank:
            return
        first = np.flatnonzero(behind & (~opens | (commas > 0)))
        if len(first):
            index = int(first[0])
            self.rank = int(depths[index - 1]) if index else self.depth
        elif trailing:
            self.rank = int(depths[-1]) if len(depths) else self.depth
        deepest = self.rank or (int(depths[-1]) if len(depths) else self.depth)
        if deepest > self.max_rank:
            self.depth = deepest
            raise Unlike("[", at, 0, 0)

    def _wrong(self, depths: Integers, commas: Integers, opens: Flags, behind: Flags, leaves: Flags) -> Flags:
        """The brackets that no rectangular list has there."""
        if not self.rank:
            return np.zeros(len(opens), np.bool_)
        other_commas: Flags = (commas != (opens & ~behind)) & ~leaves
        wrong: Flags = other_commas | (leaves & (depths != self.rank - 1)) | (depths > self.rank)
        return wrong

    def _empty(self, text: NDArray[np.uint8], places: Integers, commas: Integers, leaves: Flags) -> Flags:
        """The brackets that close an empty list."""
        empty: Flags = leaves & (commas == 0)
        suspects = np.flatnonzero(empty)
        if len(suspects):
            filled = Bitmap(text > ord(" "))
            # The bracket before it is one of them; the first has none in this piece.
            inside = filled.before(places[suspects]) - filled.before(places[np.maximum(suspects - 1, 0)]) - 1
            if suspects[0] == 0:
                inside[0] = int(filled.before(places[:1])[0]) + self.filled
            empty[suspects] = inside == 0
        return empty

    def _count(self, opens: Flags, depths: Integers, sizes: Integers) -> int:
        """Count these lists as closed, unless one is of another length than the first of its level: then none, and
        the index of the bracket that closes it is returned; else that of none."""
        counted: list[tuple[int, Integers, int]] = []
        first_wrong, below = len(opens), np.empty(0, np.int64)
        closes = np.flatnonzero(~opens)
        levels = (self.rank - depths[closes]).astype(np.uint8)
        # In the order of their levels, within which NumPy keeps that of the text.
        closes, counts = closes[np.argsort(levels, kind="stable")], np.bincount(levels, minlength=self.rank + 1)
        start = 0
        for level, count in enumerate(counts.tolist()):
            if not count:
                below = np.empty(0, np.int64)
                continue
            at, at_below = closes[start : start + count], below
            below, start = at, start + count
            # How many of the level below are closed at each.
            ends = sizes[at] if level == 1 else self.closed[level - 1] + np.searchsorted(at_below, at)
            length = self.lengths[level] or int(ends[0])
            first = self.closed[level] + 1
            wrong = ends != length * np.arange(first, first + count)
            if wrong.any():
                first_wrong = min(first_wrong, int(at[wrong.argmax()]))
            counted.append((length, ends, level))
        if first_wrong == len(opens):
            for length, ends, level in counted:
                self.lengths[level] = length
                self.closed[level] += len(ends)
                self.starts[level] = int(ends[-1])
        return first_wrong

    def _cuts(
        self,
        at: int,
        piece: bytes,
        places: Integers,
        opens: Flags,
        before: Integers,
        depths: Integers,
        sizes: Integers,
        commas: Bitmap,
    ) -> list[Cut]:
        """Behind the last comma of each part."""
        cuts = []
        lasts = sorted({piece.rfind(b",", start, start + PART_BYTES) for start in range(0, len(piece), PART_BYTES)})
        where = np.array([comma for comma in lasts if comma >= 0], np.int64)
        brackets = np.searchsorted(places, where) - 1  # the last before each
        for comma, count, index in zip(where.tolist(), commas.before(where).tolist(), brackets.tolist(), strict=True):
            depth, size, opened, until = self.depth, self.closed[0], self.opened, -self.commas
            if index >= 0:
                depth, size, opened, until = depths[index], sizes[index], opens[index], before[index]
            cuts.append(Cut(at + comma + 1, int(depth), int(size + count + 1 - until) if opened else int(size)))
        return cuts
