"""Where a long list of numbers ends, its shape, and where it may be parted: found in one pass over its text.

The text is looked at in pieces that stay in the cache. Of each piece NumPy finds the brackets and how many commas stand
before each of them; that alone says whether the list is rectangular, however deep it is nested. No number is read here,
and nothing is kept but a few figures of each piece.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import numpy as np
import orjson
from numpy.typing import NDArray

from app.wire.describe import describe
from app.wire.pieces import SPACE, Content, StringMask, skip_space
from xent_core.errors import Empty, InvalidInput, NotNumeric, Ragged, WrongShape

# What is looked at at once: each call of NumPy costs as much as some thousands of characters,
SCAN_BYTES = 1 << 20
FIRST_SCAN_BYTES = 1 << 12
# but takes some hundred bytes for each bracket. A piece that has more of them is looked at in smaller ones.
MAX_BRACKETS = 1 << 16
DENSE_BYTES = 1 << 15
# What simdjson builds of a part is several times its size, and stays in the cache.
PART_BYTES = 1 << 17
SHOWN_BYTES = 4096
VALUE = re.compile(rb'"(?:[^"\\\\]|\\\\.)*"?|[^][{}:," \\t\\r\\n]+')

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Cut(NamedTuple):
    """A place where the text may be parted: behind a comma, or its beginning or its end."""

    at: int
    """In the body."""
    depth: int
    """How many lists are open there."""
    numbers: int
    """How many of them stand before it."""


class Outline(NamedTuple):
    """What brackets and commas say of a list in a body."""

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
    view, lists = memoryview(body), _Lists(body, name, max_rank)
    cuts = [Cut(start, 0, 0)]
    depth = 0
    error: InvalidInput | None = None
    for at, piece, words in _scanned(view, start):
        places, characters = _brackets(piece, words)
        depths = depth + np.cumsum(STEPS[characters])
        ends = np.flatnonzero((depths == 0) & (characters == ord("]")))
        last = int(ends[0]) + 1 if len(ends) else len(places)
        if error is None:
            try:
                lists.add(at, piece, places[:last], characters[:last], depths[:last], ended=bool(len(ends)))
                cuts += lists.cuts
            except _Broken as broken:
                return Outline(start, len(view), lists.shape, [*cuts, Cut(broken.at, 0, lists.size)], broken=True)
            except InvalidInput as reason:
                error = reason
                cuts.append(Cut(min(lists.wrong_at + 1, len(view)), 0, lists.size))
        if len(ends):
            stop = at + int(places[last - 1]) + 1
            if error is None:
                cuts.append(Cut(stop, 0, lists.size))
            return Outline(start, stop, lists.shape, cuts, error)
        depth = int(depths[-1]) if len(depths) else depth
    if error is None:
        cuts.append(Cut(len(view), 0, lists.size))
    return Outline(start, len(view), lists.shape, cuts, broken=True)


def _scanned(view: memoryview, start: int) -> Iterator[tuple[int, bytes, NDArray[np.uint64]]]:
    """The text from there on without its strings, in pieces: where each begins, and flags of its large characters."""
    strings = StringMask()
    # Most lists are short, and whoever sends many of them would have each looked at far beyond its end.
    stop, size = start, min(FIRST_SCAN_BYTES, SCAN_BYTES)
    while stop < len(view):
        at, stop = stop, min(stop + size, len(view))
        size = min(4 * size, SCAN_BYTES)
        piece = strings.without_strings(bytes(view[at:stop]))
        # Of what numbers are made of, only the letter of an exponent is as large as a bracket.
        words = _packed(np.frombuffer(piece, np.uint8) >= ord("["))
        if np.count_nonzero(words) < MAX_BRACKETS // 64 or np.bitwise_count(words).sum(dtype=np.int64) < MAX_BRACKETS:
            yield at, piece, words
            continue
        for offset in range(0, len(piece), DENSE_BYTES):
            step = DENSE_BYTES // 64
            yield at + offset, piece[offset : offset + DENSE_BYTES], words[offset // 64 : offset // 64 + step]


class _Broken(Exception):
    """Up to here the text may be JSON, and no further."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


# What characters add to the depth.
STEPS = np.zeros(256, np.int64)
STEPS[ord("[")], STEPS[ord("]")] = 1, -1
IS_BRACKET = np.zeros(256, np.bool_)
IS_BRACKET[list(b"[]{}")] = True


def _brackets(piece: bytes, words: NDArray[np.uint64]) -> tuple[Integers, NDArray[np.uint8]]:
    """Where brackets and braces stand, and which they are, among the characters that are flagged."""
    filled = np.flatnonzero(words)
    bits = np.flatnonzero(np.unpackbits(words[filled].astype(">u8").view(np.uint8)))
    places = filled[bits >> 6] * 64 + (bits & 63)
    characters = np.frombuffer(piece, np.uint8)[places]
    wanted = IS_BRACKET[characters]
    return (places, characters) if wanted.all() else (places[wanted], characters[wanted])


def _packed(flags: Flags) -> NDArray[np.uint64]:
    """64 flags in each number, the first in its highest bit."""
    bits = np.packbits(flags)
    if len(bits) % 8:
        bits = np.concatenate((bits, np.zeros(-len(bits) % 8, np.uint8)))
    return bits.view(">u8").astype(np.uint64)


class _Ranks:
    """How many flags are set before each place."""

    def __init__(self, flags: Flags) -> None:
        self._words = _packed(flags)
        counts = np.bitwise_count(self._words)
        self._until = np.cumsum(counts, dtype=np.int64)
        self.total = int(self._until[-1])

    def before(self, places: Integers) -> Integers:
        """For places of flags."""
        index = places >> 6
        # All bits from the place on are shifted out at the left.
        behind = np.bitwise_count(self._words[index] << (places & 63).astype(np.uint64))
        before: Integers = self._until[index] - behind
        return before


class _Lists:
    """What is known of a list after some pieces of it.

    Lists have levels: 0 is a number, 1 a list of numbers, and so on up to the whole, whose level is the rank.
    """

    def __init__(self, body: Content, name: str, max_rank: int) -> None:
        self.body = body
        self.name = name
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
        self.cuts: list[Cut] = []
        self.wrong_at = 0  # the place of the bracket that can't be

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
    ) -> None:
        """The next piece, which stands at this place of the body. Raises Ragged, Empty, WrongShape; _Broken."""
        text = np.frombuffer(piece, np.uint8)
        ranks = _Ranks(text == ord(","))
        opens = characters == ord("[")
        before = ranks.before(places)
        commas = np.diff(before, prepend=-self.commas)
        behind = np.concatenate(([self.opened], opens))[:-1]
        leaves = behind & (characters == ord("]"))
        trailing = ranks.total - int(before[-1]) if len(places) else self.commas + ranks.total
        self._learn_rank(at, depths, commas, opens, behind, 0 if ended else trailing)
        wrong = self._wrong(depths, commas, opens, behind, leaves) | self._empty(text, places, commas, leaves)
        wrong |= (characters == ord("{")) | (characters == ord("}"))
        good = int(wrong.argmax()) if wrong.any() else len(places)
        sizes = self.closed[0] + np.cumsum(np.where(leaves, commas + 1, 0))
        short = self._count(opens[:good], depths[:good], sizes[:good])
        if short < good:
            good = short
            self._count(opens[:good], depths[:good], sizes[:good])
        text_of_list = piece[: int(places[-1])] if ended else piece
        self.cuts = []
        if good == len(places):
            self.cuts = self._cuts(at, text_of_list, places, opens, before, depths, sizes, ranks)
        if good:
            self.place, self.opened = at + int(places[good - 1]), bool(opens[good - 1])
            self.depth, self.closed[0] = int(depths[good - 1]), int(sizes[good - 1])
        if good < len(places):
            self.commas = int(commas[good])
            self.wrong_at = at + int(places[good])
            self._refuse(chr(characters[good]), at + int(places[good]), int(sizes[good]))
        self.commas = trailing
        tail = text[places[-1] + 1 :] if len(places) else text
        self.filled = bool((tail > ord(" ")).any()) or (self.filled and not len(places))

    def _learn_rank(
        self, at: int, depths: Integers, commas: Integers, opens: Flags, behind: Flags, trailing: int
    ) -> None:
        """The rank is the depth of the first list that begins with no list. Raises WrongShape."""
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
            self.wrong_at = at
            raise WrongShape(
                self.name, f"has more than {self.max_rank} dimensions, the most that are accepted (XENT_MAX_RANK)"
            )

    def _wrong(self, depths: Integers, commas: Integers, opens: Flags, behind: Flags, leaves: Flags) -> Flags:
        """The brackets that no rectangular list has there."""
        if not self.rank:
            return np.zeros(len(opens), np.bool_)
        other_commas: Flags = (commas != (opens & ~behind)) & ~leaves
        wrong: Flags = other_commas | (leaves & (depths != self.rank - 1)) | (depths > self.rank)
        return wrong

    def _empty(self, text: NDArray[np.uint8], places: Integers, commas: Integers, leaves: Flags) -> Flags:
        """The brackets that close an empty list."""
        suspect: Flags = leaves & (commas == 0)
        if not suspect.any():
            return suspect
        before = _Ranks(text > ord(" ")).before(places)
        characters = np.diff(before, prepend=0)
        characters[1:] -= 1  # the bracket itself
        if self.filled:
            characters[0] += 1
        empty: Flags = suspect & (characters == 0)
        return empty

    def _count(self, opens: Flags, depths: Integers, sizes: Integers) -> int:
        """Count these lists as closed, unless one is of another length than the first of its level: then none, and
        the index of the bracket that closes it is returned; else that of none."""
        counted: list[tuple[int, Integers, int]] = []
        first_wrong, below = len(opens), np.empty(0, np.int64)
        closes = ~opens
        for level in range(1, self.rank + 1):
            at = np.flatnonzero(closes & (depths == self.rank - level))
            below, at_below = at, below
            if not len(at):
                continue
            # How many of the level below are closed at each.
            ends = sizes[at] if level == 1 else self.closed[level - 1] + np.searchsorted(at_below, at)
            length = self.lengths[level] or int(ends[0])
            expected = length * np.arange(self.closed[level] + 1, self.closed[level] + len(at) + 1)
            wrong = ends != expected
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
        ranks: _Ranks,
    ) -> list[Cut]:
        """Behind the last comma of each part."""
        found = {piece.rfind(b",", start, start + PART_BYTES) for start in range(0, len(piece), PART_BYTES)}
        commas = np.array(sorted(found - {-1}), np.int64)
        lasts = np.searchsorted(places, commas)  # brackets; 0 is the one before this piece
        counts = ranks.before(commas) + 1 - np.append(-self.commas, before)[lasts]
        columns = np.append(self.depth, depths)[lasts], np.append(self.closed[0], sizes)[lasts]
        inside = np.append(self.opened, opens)[lasts]
        return [
            Cut(at + comma + 1, depth, size + count if opened else size)
            for comma, depth, size, count, opened in zip(
                *(column.tolist() for column in (commas, *columns, counts, inside)), strict=True
            )
        ]

    def _place_in(self, level: int) -> tuple[int, ...]:
        """The position of what is being read, or would follow, of a level."""
        return tuple(self.closed[each] - self.starts[each + 1] for each in range(self.rank - 1, level - 1, -1))

    def _refuse(self, character: str, place: int, size: int) -> NoReturn:
        """The bracket there can't be, after all those before it. Raises Ragged, Empty, NotNumeric; _Broken."""
        self.rank = self.rank or self.depth
        level = self.rank - self.depth + 1  # of the list that is open
        at = skip_space(self.body, self.place + 1)
        if character == "}":
            raise _Broken(place + 1)
        if self.opened and self.depth == self.rank:
            self._refuse_among_numbers(character, at, place, size)
        if self.opened and at == place and character == "]":
            raise self._of_another_length(level, 0)
        if not self.opened and not self.commas:
            if character != "]":
                raise _Broken(place + 1)
            raise self._of_another_length(level, self.closed[level - 1] - self.starts[level])
        if not self.opened:
            at = skip_space(self.body, at + 1)
        found = "an object" if at == place else self._described(at)
        raise Ragged(self.name, f"is {found}; a list, as its neighbours are, was expected", self._place_in(level - 1))

    def _refuse_among_numbers(self, character: str, at: int, place: int, size: int) -> NoReturn:
        """Behind the bracket that opens a list of numbers; the next character stands at this place."""
        if character == "]":
            found = 0 if at == place else size - self.starts[1]
            if found or self.lengths[1]:
                raise self._of_another_length(1, found)
            first = (
                f"is empty, as {self.name}{'[0]' * (self.rank - 1)} is" if self.rank > 1 else "is empty, with shape [0]"
            )
            raise Empty(self.name, f"{first}; at least one value is needed")
        text = bytes(memoryview(self.body)[max(at, place - SHOWN_BYTES) : place]).rstrip(SPACE)
        if at != place and not text.endswith(b","):
            raise _Broken(place + 1)
        position = (*self._place_in(1), self.commas)
        if character == "{":
            raise NotNumeric(self.name, "is an object; a number was expected", position)
        raise Ragged(self.name, "is a list; a number, as its neighbours are, was expected", position)

    def _of_another_length(self, level: int, found: int) -> Ragged:
        return Ragged(
            self.name,
            of_another_length(self.name, self.rank - level, found, self.lengths[level]),
            self._place_in(level),
        )

    def _described(self, at: int) -> str:
        """The value that stands there. Raises _Broken."""
        token = VALUE.match(bytes(memoryview(self.body)[at : at + SHOWN_BYTES]))
        try:
            return describe(orjson.loads(token.group() if token else b""))
        except orjson.JSONDecodeError:
            if token and token.group().startswith(b'"'):
                return "a string"
            raise _Broken(at + (len(token.group()) if token else 0) + 1) from None


def of_another_length(name: str, depth: int, found: int, expected: int) -> str:
    return f"has length {found}, but {name}{'[0]' * depth} has length {expected}; all must be of one length"
