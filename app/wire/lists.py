"""Nested lists of numbers to arrays.

Short ones come as Python's lists. Long ones come as their JSON text, and never become Python objects: they are read
chunk by chunk, by simdjson, straight into arrays, which stays in the cache, takes little memory beside the result, and
lets other threads run between two chunks. A chunk that simdjson does not take is read the way of short lists, which
says what is wrong and where.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import simdjson
from numpy.typing import NDArray

from app.wire.describe import describe
from app.wire.parse import JSON, Content, Dialect, NotJson, parse
from app.wire.tensor import MOST_DIMENSIONS, NAN_BESIDE_NULL
from xent_core.checks.causes import of_strings
from xent_core.errors import Empty, InvalidInput, NotANumber, NotNumeric, Ragged, WrongShape

NAMED_NUMBERS = {"Infinity": np.inf, "-Infinity": -np.inf, "NaN": np.nan}
# What simdjson builds of a chunk is about eight times its size, and stays in the cache.
CHUNK_BYTES = 1 << 18
# An entry of this length is taken apart as well: of one of tens of megabytes, what is built would fill the memory.
LONG_ENTRY_BYTES = 8 * CHUNK_BYTES


class NotPlain(Exception):
    """A list holds more than numbers, or is not rectangular."""


class Unclear(Exception):
    """What is wrong with a text can only be told from the whole body."""


def read_array(value: Any, name: str, dialect: Dialect = JSON) -> NDArray[Any]:
    """A number or a nested list of numbers as an array: integers where all are whole and fit one dtype, else float64.

    Raises Ragged, Empty, NotNumeric, WrongShape.
    """
    shape: tuple[int, ...] = ()
    level = [value]
    kinds = {type(value)}
    while kinds == {list}:
        lengths = set(map(len, level))
        if len(lengths) > 1:
            _refuse_ragged(level, shape, name)
        (length,) = lengths
        shape = (*shape, length)
        if not length:
            raise Empty(name, f"is empty, with shape {list(shape)}; at least one value is needed")
        if len(shape) > MOST_DIMENSIONS:
            raise WrongShape(name, f"has more than {MOST_DIMENSIONS} dimensions")
        level = list(chain.from_iterable(level))
        kinds = set(map(type, level))
    if list in kinds:
        _refuse_uneven(level, shape, name)
    if not kinds <= {int, float} and not (dialect.booleans and kinds == {bool}):
        level = _with_named_numbers(level, shape, name, may_miss=name in dialect.missing)
    return (_whole_numbers(level, name) if kinds == {int} else np.array(level, _dtype_of(kinds))).reshape(shape)


def _dtype_of(kinds: set[type]) -> type:
    return np.bool_ if kinds == {bool} else np.float64


def _whole_numbers(level: list[int], name: str) -> NDArray[Any]:
    for dtype in (np.int64, np.uint64):
        with suppress(OverflowError):
            return np.array(level, dtype)
    if min(level) < -(2**63) or max(level) >= 2**64:
        raise NotNumeric(name, "holds a whole number that does not fit 64 bits")
    return np.array(level, np.float64)


def _with_named_numbers(level: list[Any], shape: tuple[int, ...], name: str, *, may_miss: bool) -> list[Any]:
    """The level with the strings of NAMED_NUMBERS as numbers, and null as NaN where values may be missing.

    Raises NotNumeric for all else that is no number; NotANumber for NaN where it would be taken for a missing value.
    """
    if may_miss:
        if "NaN" in level:
            raise NotANumber(name, NAN_BESIDE_NULL, _position(level.index("NaN"), shape))
        level = [np.nan if value is None else value for value in level]
    for index, value in enumerate(level):
        if type(value) not in (int, float) and not (type(value) is str and value in NAMED_NUMBERS):
            expected = "a number" if shape else "a number, a nested list of numbers or a tensor object"
            expected += " was expected" + (of_strings(name) if isinstance(value, str) else "")
            raise NotNumeric(name, f"is {describe(value)}; {expected}", _position(index, shape))
    return [NAMED_NUMBERS[value] if type(value) is str else value for value in level]


def _refuse_uneven(level: list[Any], shape: tuple[int, ...], name: str) -> NoReturn:
    """A level of lists and of what is none: the first that differs from the very first is refused."""
    of_lists = isinstance(level[0], list)
    index = next(i for i, value in enumerate(level) if isinstance(value, list) != of_lists)
    expected = "a list, as its neighbours are" if of_lists else "a number, as its neighbours are"
    raise Ragged(name, f"is {describe(level[index])}; {expected}, was expected", _position(index, shape))


def _refuse_ragged(level: list[Any], shape: tuple[int, ...], name: str) -> NoReturn:
    expected = len(level[0])
    index = next(i for i, row in enumerate(level) if len(row) != expected)
    raise Ragged(name, _of_another_length(name, len(shape), len(level[index]), expected), _position(index, shape))


def _of_another_length(name: str, depth: int, found: int, expected: int) -> str:
    return f"has length {found}, but {name}{'[0]' * depth} has length {expected}; all must be of one length"


def _position(index: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(index, shape)) if shape else ()


def read_plain(entries: Any, *, whole: bool = True) -> tuple[NDArray[Any], int]:
    """The numbers of a list that simdjson has parsed, and how many lists it is made of, so far as they were looked at:
    whoever calls must compare this with the brackets, for of deeper lists the numbers would be taken alone.

    int64 where all of them are whole and fit it, unless `whole` is false; else float64.

    Raises NotPlain where it holds anything else, or is not rectangular.
    """
    try:
        shape: tuple[int, ...] = (len(entries),)
        lists, level = 1, [entries]
        first = entries[0]
        while type(first) is simdjson.Array:
            level = list(chain.from_iterable(level))
            lengths = set(map(len, level))
            if len(lengths) > 1:
                raise NotPlain
            shape += tuple(lengths)
            lists += len(level)
            first = first[0]
        if len(shape) > MOST_DIMENSIONS:
            raise NotPlain
        if whole and type(first) is int:
            with suppress(TypeError):
                return np.frombuffer(entries.as_buffer(of_type="i"), np.int64).reshape(shape), lists
        return np.frombuffer(entries.as_buffer(of_type="d"), np.float64).reshape(shape), lists
    except (IndexError, TypeError, ValueError):
        raise NotPlain from None


def read_long(body: Content, place: slice, name: str, dialect: Dialect = JSON) -> NDArray[Any]:
    """As read_array, of the list whose text stands at this place of the body.

    Raises Ragged, Empty, NotNumeric, WrongShape; and NotJson, or Unclear, where the text is no list.
    """
    text = memoryview(body)[place]
    parser = simdjson.Parser()

    def read(at: int, chunk: bytes, rows: int, *, whole: bool) -> NDArray[Any]:
        try:
            if len(chunk) > LONG_ENTRY_BYTES:
                return _read_long_entry(body, slice(place.start + at, place.start + at + len(chunk) - 2), name, dialect)
            return _read_plain_chunk(parser, chunk, whole=whole)
        except NotPlain:
            return _read_carefully(chunk, place.start + at, name, rows, dialect)

    chunks = _chunks(text, name)
    at, chunk = next(chunks)
    first = read(at, chunk, 0, whole=True)
    if len(chunk) == len(text):
        return first
    values, rows, size = first.reshape(-1), len(first), first.size
    for at, chunk in chunks:
        piece = read(at, chunk, rows, whole=values.dtype.kind != "f")
        if piece.shape[1:] != first.shape[1:]:
            _refuse_unlike(piece, first, rows, name)
        values = _with_room(values, size, piece, size + piece.size * (len(text) - at) // len(chunk) * 9 // 8)
        values[size : size + piece.size] = piece.reshape(-1)
        rows += len(piece)
        size += piece.size
    return values[:size].reshape(rows, *first.shape[1:])


def _read_long_entry(body: Content, place: slice, name: str, dialect: Dialect) -> NDArray[Any]:
    """What stands at this place, where it is one list, as an array with one entry. Raises NotPlain."""
    text = bytes(memoryview(body)[place])
    entry = text.strip()
    if not entry.startswith(b"["):
        raise NotPlain
    start = place.start + text.index(b"[")
    try:
        return read_long(body, slice(start, start + len(entry)), name, dialect)[np.newaxis]
    except (InvalidInput, NotJson, Unclear):
        raise NotPlain from None


OPENING = re.compile(rb"(?:\[\s*){1,%d}" % (MOST_DIMENSIONS + 1))


def _chunks(text: memoryview, name: str) -> Iterator[tuple[int, bytes]]:
    """The list's text as lists of about CHUNK_BYTES, parted where an entry of the outermost list ends, each with where
    in the text it begins.

    Raises WrongShape.
    """
    opening = OPENING.match(text)
    rank = opening.group().count(b"[") if opening else 0
    if rank > MOST_DIMENSIONS:
        raise WrongShape(name, f"has more than {MOST_DIMENSIONS} dimensions")
    boundary = re.compile(rb"\]\s*" * (rank - 1) + b",")
    at, end = 1, len(text) - 1
    while at <= end:
        found = boundary.search(text, at + CHUNK_BYTES, end) if end - at > CHUNK_BYTES else None
        until = found.end() - 1 if found else end
        yield at, b"".join((b"[", text[at:until], b"]"))
        at = until + 1


# Stand for the infinities where simdjson reads, which takes no strings among numbers. Whoever sends these numbers has
# them read the careful way.
STAND_INS = {b'"-Infinity"': b"-8.9e307", b'"Infinity"': b"8.9e307"}


def _read_plain_chunk(parser: simdjson.Parser, chunk: bytes, *, whole: bool) -> NDArray[Any]:
    if b'"' not in chunk:
        return _read_numbers(parser, chunk, whole=whole)
    named = {text: chunk.count(text) for text in STAND_INS}
    for text, stand_in in STAND_INS.items():
        chunk = chunk.replace(text, stand_in)
    array = _read_numbers(parser, chunk, whole=False).copy()
    for text, stand_in in STAND_INS.items():
        found = array == float(stand_in)
        if np.count_nonzero(found) != named[text]:
            raise NotPlain
        array[found] = float(text[1:-1])
    return array


def _read_numbers(parser: simdjson.Parser, chunk: bytes, *, whole: bool) -> NDArray[Any]:
    try:
        array, lists = read_plain(parser.parse(chunk), whole=whole)
    except (ValueError, RuntimeError):  # the latter for a number of more than 64 bits
        raise NotPlain from None
    if np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("[")) != lists:
        raise NotPlain
    return array


def _read_carefully(chunk: bytes, at: int, name: str, rows: int, dialect: Dialect) -> NDArray[Any]:
    """What simdjson does not take: the chunk stands at this place of the body, and rows before it."""
    try:
        entries = parse(chunk, dialect)
        if not entries and rows:
            raise Unclear
        return read_array(entries, name, dialect)
    except NotJson as error:
        parted_right = chunk.count(b"[") == chunk.count(b"]") and b'"' not in chunk
        if error.position is None or not parted_right:
            raise Unclear from None
        raise NotJson(str(error), at + error.position - 1) from None
    except InvalidInput as reason:
        if reason.position:
            reason.position = (rows + reason.position[0], *reason.position[1:])
        raise


def _refuse_unlike(piece: NDArray[Any], first: NDArray[Any], rows: int, name: str) -> NoReturn:
    """Entries of another shape than the first."""
    if piece.ndim != first.ndim:
        depths = f"is nested {piece.ndim} deep, but {name}[0] is nested {first.ndim} deep; all must be of one depth"
        raise Ragged(name, depths, (rows,))
    axis = next(axis for axis in range(1, first.ndim) if piece.shape[axis] != first.shape[axis])
    message = _of_another_length(name, axis, piece.shape[axis], first.shape[axis])
    raise Ragged(name, message, (rows, *[0] * (axis - 1)))


def _with_room(values: NDArray[Any], size: int, piece: NDArray[Any], expected: int) -> NDArray[Any]:
    """The values so far in an array that takes the piece too: both its dtype and its size."""
    dtype = np.result_type(values, piece)
    if {values.dtype, piece.dtype} == {np.dtype(np.int64), np.dtype(np.uint64)}:
        # NumPy would make them floats; whole numbers from 0 up fit uint64 all the same.
        negative = min(values[:size].min(), piece.min()) < 0
        dtype = np.dtype(np.float64 if negative else np.uint64)
    if dtype == values.dtype and size + piece.size <= values.size:
        return values
    # Of memory that is never written to, none is taken.
    roomier = np.empty(max(expected, size + piece.size), dtype)
    roomier[:size] = values[:size]
    return roomier
