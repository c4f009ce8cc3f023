"""JSON text to Python objects."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import orjson

Content = bytes | bytearray | memoryview
INFINITIES = frozenset({"Infinity", "-Infinity"})


# Far more than any request has, and less than what reads it recursively can stand.
MOST_DEPTH = 64
# Python's objects take up to forty times the memory of the text they are read from.
MOST_VALUES = 1 << 21
# What is looked at at once: others get their turn after it.
PIECE_BYTES = 1 << 18


class Dialect(NamedTuple):
    """What is read beyond JSON's own numbers, and how much of JSON.

    bare_infinities  Infinity and -Infinity, as many write them who say JSON
    booleans         an array of nothing but true and false
    max_depth        how deep lists and objects may be nested
    max_values       how many values a text may hold that is read into Python objects
    missing          the names of the arrays in which null stands for a missing value: NaN
    """

    bare_infinities: bool = False
    booleans: bool = False
    max_depth: int = MOST_DEPTH
    max_values: int = MOST_VALUES
    missing: frozenset[str] = frozenset()


JSON = Dialect()


class NotJson(ValueError):
    """The body is not JSON. The message may be shown to the caller.

    position  of the byte at which it ceases to be, where that is known and the message doesn't say it
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position

    def within(self, body: Content) -> "NotJson":
        """The same, of a position in this body, as people count it."""
        if self.position is None:
            return self
        before = bytes(body[: self.position])
        line, column = before.count(b"\n") + 1, self.position - before.rfind(b"\n")
        return NotJson(f"{self} at line {line}, column {column}")


class TooManyValues(ValueError):
    """The body holds more than can be read without an object for each value. The message may be shown to the caller."""


def parse(text: Content, dialect: Dialect) -> Any:
    """The document. A bare NaN, which is no JSON, is read, so that it can be said where it stands.

    Raises NotJson, TooManyValues.
    """
    _check_amount(text, dialect)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("Not enough memory"):
            raise MemoryError from None
        # orjson counts characters.
        position = len(error.doc[: error.pos].encode())
        found = bytes(text[position : position + 8])
        if found.startswith(b"NaN") or (dialect.bare_infinities and found == b"Infinity"):
            return _parse_with_constants(text, {"NaN"} | (INFINITIES if dialect.bare_infinities else set()))
        raise _not_json(text, position, error.msg) from None


def _check_amount(text: Content, dialect: Dialect) -> None:
    """Raises NotJson, TooManyValues, before anything is made of the text."""
    brackets = _count(text, b"[{")
    if brackets > dialect.max_depth and _depth(text) > dialect.max_depth:
        raise NotJson(
            f"the body is nested more than {dialect.max_depth} deep, the most that is accepted (XENT_MAX_JSON_DEPTH)"
        )
    if len(text) > dialect.max_values and brackets + _count(text, b",:") > dialect.max_values:
        raise TooManyValues(
            f"the body holds more than {dialect.max_values} values that can't be read as lists of plain numbers, the "
            "most that are accepted (XENT_MAX_JSON_VALUES)"
        )


def _pieces(text: Content) -> Iterator[bytes]:
    view = memoryview(text)
    return (bytes(view[at : at + PIECE_BYTES]) for at in range(0, len(view), PIECE_BYTES))


def _count(text: Content, characters: bytes) -> int:
    return sum(piece.count(character) for piece in _pieces(text) for character in characters)


STEPS = np.zeros(256, np.int8)
STEPS[list(b"[{")] = 1
STEPS[list(b"]}")] = -1


def _depth(text: Content) -> int:
    """How deep lists and objects are nested; what stands in strings is not counted."""
    if _count(text, b'"'):
        text = STRING.sub(b"", bytes(text))
    deepest = now = 0
    for piece in _pieces(text):
        depths = np.cumsum(STEPS[np.frombuffer(piece, np.uint8)], dtype=np.int64)
        deepest = max(deepest, now + int(depths.max()))
        now += int(depths[-1])
    return deepest


STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


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
