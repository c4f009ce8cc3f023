"""Long lists of numbers from their text straight into an array, part by part, without a Python object for each number.

The list's outline says where it may be parted, and how many numbers each part holds; so the array is made once, in the
size it will have. simdjson reads a part; what it doesn't read is read into Python objects, which say what is wrong, and
where.
"""

import secrets
from contextlib import suppress
from itertools import chain, pairwise
from typing import Any, NoReturn

import numpy as np
import simdjson
from numpy.typing import NDArray

from app.wire.lists import to_numbers
from app.wire.parse import Dialect, NotJson, load
from app.wire.pieces import PIECE_BYTES, SPACE, Content, squeezed
from app.wire.rectangle import PART_BYTES, Cut
from app.wire.structure import Outline
from xent_core.errors import InvalidInput, NotNumeric

# A part is longer where it holds no comma; without its white space only what is no number can be so long.
MAX_PART_BYTES = 4 * PART_BYTES
# What stands for numbers that simdjson doesn't know. A part that holds just these is read into Python objects, which
# takes long. They are random, so that no client can send them on purpose.
STAND_INS = {
    name: least + secrets.randbelow(1 << 53) / (1 << 53) * 1e306
    for name, least in (("-Infinity", -8.9e307), ("Infinity", 8.9e307), ("NaN", 8.7e307))
}
INT64, UINT64, FLOAT64 = np.dtype(np.int64), np.dtype(np.uint64), np.dtype(np.float64)


def read_long(body: Content, outline: Outline, name: str, dialect: Dialect) -> NDArray[Any]:
    """The list as `read_array` reads it. It is looked at only once it is known that it has this outline.

    Raises NotNumeric, NotJson, and what the outline found wrong.
    """
    reader = _Reader(body, outline, name, dialect)
    if outline.error is not None:
        reader.check()
        raise outline.error
    column = _Column(outline, name)
    for part in pairwise(outline.cuts):
        column.add(reader.read(*part, whole=column.whole))
    return column.values.reshape(outline.shape)


def refuse_broken(body: Content, outline: Outline, name: str, dialect: Dialect) -> NoReturn:
    """Find the position where a list stops being JSON. Raises NotJson."""
    _Reader(body, outline, name, dialect).check()
    raise NotJson("the body is not JSON: a list is not closed", outline.cuts[-1].at)


class _Reader:
    """Reads the parts of a list."""

    def __init__(self, body: Content, outline: Outline, name: str, dialect: Dialect) -> None:
        self.view = memoryview(body)
        self.outline = outline
        self.name = name
        self.dialect = dialect
        self.parser = simdjson.Parser()

    def read(self, cut: Cut, end: Cut, *, whole: bool = True) -> NDArray[Any]:
        """The numbers of a part, as integers if `whole` and all of them are. Raises NotNumeric, NotJson."""
        text = self.text(cut, end)
        if len(text) > MAX_PART_BYTES:
            text = squeezed(text)
            if len(text) > MAX_PART_BYTES:
                found = "is longer than any number; a number was expected"
                raise NotNumeric(self.name, found, self.outline.position(cut.numbers))
        try:
            if self.name in self.dialect.missing and b"NaN" in text:
                raise ValueError("NaN would be taken for a missing value")
            numbers = _plain(self.parser, text, self.dialect, whole=whole)
        except (ValueError, TypeError, RuntimeError):
            numbers = self._read_objects(text, cut)
        if len(numbers) != end.numbers - cut.numbers:
            self._refuse_absent(cut, end)
        return numbers

    def _refuse_absent(self, cut: Cut, end: Cut) -> None:
        """Where the text is parted a value may be absent, which a part alone doesn't show. Raises NotJson."""
        inside = bytes(self.view[cut.at : end.at]).removesuffix(b",").strip(SPACE)
        if not inside or inside.startswith(b"]"):
            raise NotJson("the body is not JSON: a value was expected behind a comma,", cut.at)
        if inside.endswith(b"["):
            raise NotJson("the body is not JSON: a value was expected before a comma,", end.at - 1)

    def text(self, cut: Cut, end: Cut) -> bytes:
        """The part as JSON."""
        behind = end.depth if end.at < self.outline.stop else 0
        stop = end.at - 1 if behind else end.at
        return b"".join((b"[" * cut.depth, self.view[cut.at : stop], b"]" * behind))

    def _read_objects(self, text: bytes, cut: Cut) -> NDArray[Any]:
        try:
            numbers = load(text, self.dialect)
        except NotJson as error:
            raise self._within(error, cut) from None
        for _ in self.outline.shape[1:]:
            # Of a list that is refused, and only looked at for what is no JSON, anything may stand among the rows.
            numbers = list(chain.from_iterable(row for row in numbers if isinstance(row, list)))
        return to_numbers(numbers, self.name, self.dialect, lambda index: self.outline.position(cut.numbers + index))

    @staticmethod
    def _within(error: NotJson, cut: Cut) -> NotJson:
        """The same, of a position in the body."""
        position = None if error.position is None else error.position + cut.at - cut.depth
        return NotJson(str(error), position)

    def check(self) -> None:
        """Look for what is no JSON before the last cut. Raises NotJson."""
        *parts, (cut, end) = pairwise(self.outline.cuts)
        for part in parts:
            with suppress(InvalidInput):
                self.read(*part)
        text = b"[" * cut.depth + self.view[cut.at : end.at]
        # Numbers of the same length, so that positions stay what they are.
        text = text.replace(b"NaN", b"100")
        if self.dialect.bare_infinities:
            text = text.replace(b"Infinity", b"10000000")
        try:
            load(text, self.dialect)
        except NotJson as error:
            # The text ends too soon by construction.
            if error.position is None or error.position < len(text):
                raise self._within(error, cut) from None


def _plain(parser: simdjson.Parser, text: bytes, dialect: Dialect, *, whole: bool) -> NDArray[Any]:
    """What simdjson reads. Raises ValueError, TypeError where there is more than numbers."""
    if b'"' not in text:
        with suppress(ValueError, TypeError):
            return _buffer(_parsed(parser, text), whole=whole)
    text, named = _without_names(text, dialect)
    if not named:
        raise ValueError("no number stands for another here")
    numbers = _buffer(_parsed(parser, text), whole=False)
    for stand_in, names in named.items():
        found = numbers == stand_in
        if np.count_nonzero(found) != names:
            raise ValueError("a number is the same as what stands for another")
        numbers[found] = NUMBER_OF[stand_in]
    return numbers


def _parsed(parser: simdjson.Parser, text: bytes) -> Any:
    try:
        return parser.parse(text)
    except RuntimeError:  # for a whole number of more than 64 bits
        return parser.parse(_with_long_reals(text))


def _with_long_reals(text: bytes) -> bytes:
    """The text, whose whole numbers of so many digits that 64 bits may not hold them are reals: the same floats."""
    characters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(characters - np.uint8(ord("0")) > 9)  # of runs of digits; less than "0" is far above it
    long = np.flatnonzero(np.diff(ends) > LONG_DIGITS)
    before, behind = characters[ends[long]], characters[ends[long + 1]]
    whole = np.isin(before, WHOLE_FOLLOWS) & ~np.isin(behind, REAL_GOES_ON)
    places = np.repeat(ends[long + 1][whole], 2)
    return np.insert(characters, places, np.resize(np.frombuffer(b".0", np.uint8), len(places))).tobytes()


LONG_DIGITS = 18
WHOLE_FOLLOWS = np.frombuffer(b"[,- \t\r\n", np.uint8)
REAL_GOES_ON = np.frombuffer(b".eE", np.uint8)


def _buffer(parsed: Any, *, whole: bool) -> NDArray[Any]:
    """The numbers of a parsed list: int64, else uint64, else float64."""
    if whole:
        try:
            return np.frombuffer(parsed.as_buffer(of_type="i"), INT64)
        except TypeError:
            pass
        except ValueError:
            try:
                return np.frombuffer(parsed.as_buffer(of_type="u"), UINT64)
            except (TypeError, ValueError):
                pass
    return np.frombuffer(parsed.as_buffer(of_type="d"), FLOAT64)


NUMBER_OF = {stand_in: float(name) for name, stand_in in STAND_INS.items()}


def _without_names(text: bytes, dialect: Dialect) -> tuple[bytes, dict[float, int]]:
    """The text with numbers in place of names, and how many of each. Spaces part them from what is beside them."""
    spellings = [(b'"%b"' % name.encode(), name) for name in STAND_INS]
    spellings += [(name.encode(), name) for name in (STAND_INS if dialect.bare_infinities else ("NaN",))]
    named: dict[float, int] = {}
    for spelling, name in spellings:
        if count := text.count(spelling):
            stand_in = STAND_INS[name]
            named[stand_in] = named.get(stand_in, 0) + count
            text = text.replace(spelling, b" %r " % stand_in)
    return text, named


class _Column:
    """The numbers of a list, in memory that is taken once: where their dtype changes, they are changed in it."""

    def __init__(self, outline: Outline, name: str) -> None:
        self.outline = outline
        self.name = name
        self.size = 0
        self.values: NDArray[Any] = np.empty(0, INT64)

    @property
    def whole(self) -> bool:
        return self.values.dtype.kind != "f"

    def add(self, numbers: NDArray[Any]) -> None:
        """Raises NotNumeric where true or false stand beside numbers."""
        if not self.size:
            self.values = np.empty(self.outline.size, numbers.dtype)
        elif numbers.dtype != self.values.dtype:
            self._change_to(numbers)
        self.values[self.size : self.size + len(numbers)] = numbers
        self.size += len(numbers)

    def _change_to(self, numbers: NDArray[Any]) -> None:
        there = self.values[: self.size]
        dtypes = {there.dtype, numbers.dtype}
        if np.dtype(np.bool_) in dtypes:
            index, value = (0, there[0]) if there.dtype.kind == "b" else (self.size, numbers[0])
            message = f"is {str(value).lower()}; a number was expected"
            raise NotNumeric(self.name, message, self.outline.position(index))
        # NumPy would make floats of these two; whole numbers from 0 up fit uint64 all the same.
        unsigned = dtypes == {INT64, UINT64} and min(there.min(), numbers.min()) >= 0
        changed = self.values.view(UINT64 if unsigned else FLOAT64)
        if not unsigned:
            for at in range(0, self.size, PIECE_BYTES):
                changed[at : min(at + PIECE_BYTES, self.size)] = there[at : at + PIECE_BYTES]
        self.values = changed
