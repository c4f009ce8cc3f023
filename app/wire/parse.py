"""JSON text to Python objects."""

import json
from typing import Any, NamedTuple

import numpy as np
import orjson

from app.wire.names import MAX_NAMES, TooManyNames, count_names
from app.wire.pieces import Content, StringMask, pieces
from app.wire.tensor import MAX_DIMENSIONS

INFINITIES = frozenset({"Infinity", "-Infinity"})

# Far more than any request has, and less than overflows the stack of a recursive reader.
MAX_DEPTH = 64
MAX_VALUES = 1 << 21
# What reading into Python objects may take beside three times the body's size.
OBJECT_BYTES = 13 << 20
# The longest text that one call reads: no other thread runs during it.
MAX_OBJECT_TEXT_BYTES = 16 << 20
# The most that Python objects take for each of these characters, measured, with what is needed to read them.
BYTES_OF = {b"{": 90, b"[": 100, b",": 56, b":": 120, b'"': 36}


class Dialect(NamedTuple):
    """What is read beyond JSON's own numbers, and how much of JSON.

    bare_infinities  Infinity and -Infinity, as many write them who say JSON
    booleans         an array of nothing but true and false
    max_depth        how deep lists and objects may be nested
    max_values       how many values a text may hold that is read into Python objects
    max_rank         how many dimensions a list may have that is read into an array
    missing          the names of the arrays in which null stands for a missing value: NaN
    """

    bare_infinities: bool = False
    booleans: bool = False
    max_depth: int = MAX_DEPTH
    max_values: int = MAX_VALUES
    max_rank: int = MAX_DIMENSIONS
    missing: frozenset[str] = frozenset()


JSON = Dialect()


class NotJson(ValueError):
    """The body is not JSON. The message may be shown to the client.

    position  of the byte at which it ceases to be, where that is known and the message doesn't say it
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position

    def within(self, body: Content) -> "NotJson":
        """The same, of a position in this body, as people count it."""
        if self.position is None:
            return self
        line, line_start, at = 1, 0, 0
        for piece in pieces(memoryview(body)[: self.position]):
            if breaks := int(np.count_nonzero(np.frombuffer(piece, np.uint8) == ord("\n"))):
                line, line_start = line + breaks, at + piece.rindex(b"\n") + 1
            at += len(piece)
        column = self.position - line_start + 1
        return NotJson(f"{self} at line {line}, column {column}")


class TooManyValues(ValueError):
    """The body holds more than can be read without an object for each value. The message may be shown to the client."""


def parse(text: Content, dialect: Dialect) -> Any:
    """The document. A bare NaN, which is no JSON, is read, so that the error can say where it is.

    Raises NotJson, TooManyNames, TooManyValues.
    """
    amount = Amount(dialect, len(text))
    for piece in pieces(text):
        amount.add(piece)
    amount.check()
    if amount.brackets > dialect.max_depth:
        check_depth(text, dialect)
    return load(text, dialect)


def load(text: Content, dialect: Dialect) -> Any:
    """As parse, of a text that is short, or was checked. Raises NotJson."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("Not enough memory"):
            raise MemoryError from None  # pragma: no cover  # tests/hostile/test_torture.py has it raised
        # orjson counts characters.
        position = error.pos if len(error.doc) == len(text) else len(error.doc[: error.pos].encode())
        found = bytes(text[position : position + 8])
        message = error.msg
    if found.startswith(b"NaN") or (dialect.bare_infinities and found == b"Infinity"):
        return _parse_with_constants(text, {"NaN"} | (INFINITIES if dialect.bare_infinities else set()))
    raise _not_json(text, position, message)


class Amount:
    """How much memory a text takes that is to be read into Python objects, at most: it is refused before it is taken.

    body_bytes  of the body that the text is from
    """

    def __init__(self, dialect: Dialect, body_bytes: int) -> None:
        self.dialect = dialect
        self.most = OBJECT_BYTES + 3 * body_bytes
        self.length = self.objects = self.values = self.brackets = self.names = 0
        self.wide = False

    def add(self, piece: bytes) -> None:
        counts = {character: piece.count(character) for character in BYTES_OF}
        self.brackets += counts[b"["] + counts[b"{"]
        self.values += sum(counts.values()) - counts[b'"']
        self.objects += sum(counts[character] * size for character, size in BYTES_OF.items())
        self.names += count_names(piece)
        self.length += len(piece)
        # A string takes four bytes for each character, if one of them is beyond U+FFFF.
        self.wide = self.wide or not piece.isascii() or b"\\" in piece

    def check(self) -> None:
        """Raises TooManyNames, TooManyValues."""
        if self.names > MAX_NAMES:
            raise TooManyNames
        if self.length > self.dialect.max_values and self.values > self.dialect.max_values:
            raise TooManyValues(
                f"the body holds more than {self.dialect.max_values} values that can't be read as lists of plain "
                "numbers, the most that are accepted (XENT_MAX_JSON_VALUES)"
            )
        if self.bytes > self.most or self.length > MAX_OBJECT_TEXT_BYTES:
            raise TooManyValues(
                "the body holds too much that can't be read as lists of plain numbers: of all else, at most "
                f"{MAX_OBJECT_TEXT_BYTES >> 20} MiB of text are accepted, and what is read in about "
                f"{OBJECT_BYTES >> 20} MiB and three times the body's size"
            )

    @property
    def bytes(self) -> int:
        # The text is in memory twice while it is read.
        return self.objects + self.length * (6 if self.wide else 3)


def check_depth(text: Content, dialect: Dialect) -> None:
    """Raises NotJson. What stands in strings is not counted."""
    strings = StringMask()
    depth = 0
    for piece in pieces(text):
        depths = depth + np.cumsum(STEPS[np.frombuffer(strings.without_strings(piece), np.uint8)], dtype=np.int32)
        if depths.max() > dialect.max_depth:
            most = "the most that is accepted (XENT_MAX_JSON_DEPTH)"
            raise NotJson(f"the body is nested more than {dialect.max_depth} deep, {most}")
        depth = int(depths[-1])


STEPS = np.zeros(256, np.int8)
STEPS[list(b"[{")] = 1
STEPS[list(b"]}")] = -1


def _not_json(text: Content, position: int, reason: str) -> NotJson:
    if not text:
        return NotJson("the body is empty; a JSON object was expected")
    if text[position : position + 8] == b"Infinity":
        name = "-Infinity" if text[position - 1 : position] == b"-" else "Infinity"
        return NotJson(f'the body is not JSON: a bare {name}, to be written as the string "{name}",', position)
    return NotJson(f"the body is not JSON: {reason}", position)


def _parse_with_constants(text: Content, taken: set[str]) -> Any:
    def read_constant(constant: str) -> float:
        if constant in taken:
            return float(constant)
        raise NotJson(f'the body is not JSON: a bare {constant} stands in it; write it as the string "{constant}"')

    try:
        return json.loads(bytes(text), parse_constant=read_constant, parse_int=_whole, parse_float=_real)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON: it holds a bare NaN, and more that can't be read") from None


def _whole(digits: str) -> int | float:
    """As orjson reads it: what is far beyond 64 bits as a float."""
    return int(digits) if len(digits) <= 20 else _real(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if np.isinf(value):
        raise NotJson("the body is not JSON that can be read: a number in it is too large for 64 bits")
    return value
