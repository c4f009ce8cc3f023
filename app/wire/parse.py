"""JSON text to Python objects."""

import json
from typing import Any, NamedTuple

import numpy as np
import orjson

Content = bytes | bytearray | memoryview
INFINITIES = frozenset({"Infinity", "-Infinity"})


class Dialect(NamedTuple):
    """What is read beyond JSON's own numbers.

    bare_infinities  Infinity and -Infinity, as many write them who say JSON
    booleans         an array of nothing but true and false
    """

    bare_infinities: bool = False
    booleans: bool = False


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


def parse(text: Content, dialect: Dialect) -> Any:
    """The document. A bare NaN, which is no JSON, is read, so that it can be said where it stands. Raises NotJson."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # orjson counts characters.
        position = len(error.doc[: error.pos].encode())
        found = bytes(text[position : position + 8])
        if found.startswith(b"NaN") or (dialect.bare_infinities and found == b"Infinity"):
            return _parse_with_constants(text, {"NaN"} | (INFINITIES if dialect.bare_infinities else set()))
        raise _not_json(text, position, error.msg) from None


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
