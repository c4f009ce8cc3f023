"""Nested lists of numbers that were read into Python objects, or by simdjson as a whole, to arrays."""

from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import simdjson
from numpy.typing import NDArray

from app.wire.describe import describe
from app.wire.parse import JSON, Dialect
from app.wire.ragged import of_another_length
from app.wire.tensor import MAX_DIMENSIONS, NAN_BESIDE_NULL
from xent_core.checks.causes import of_strings
from xent_core.errors import Empty, NotANumber, NotNumeric, Ragged, WrongShape

NAMED_NUMBERS = {"Infinity": np.inf, "-Infinity": -np.inf, "NaN": np.nan}


class NotPlain(Exception):
    """A list holds more than numbers, or is not rectangular."""


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
        if len(shape) > MAX_DIMENSIONS:
            raise WrongShape(name, f"has more than {MAX_DIMENSIONS} dimensions")
        level = list(chain.from_iterable(level))
        kinds = set(map(type, level))
    if list in kinds:
        _refuse_uneven(level, shape, name)
    return to_numbers(level, name, dialect, lambda index: _position(index, shape), whole=not shape).reshape(shape)


def to_numbers(
    values: list[Any], name: str, dialect: Dialect, position: Callable[[int], tuple[int, ...]], *, whole: bool = False
) -> NDArray[Any]:
    """What read_array makes of the values, in one row. Errors say the position of the value with an index; `whole` if
    the value is all there is.

    Raises NotNumeric.
    """
    kinds = set(map(type, values))
    if name in dialect.missing and not kinds <= {int}:
        values = _with_missing(values, name, position)
    if not kinds <= {int, float} and not (dialect.booleans and kinds == {bool}):
        expected = "a number, a nested list of numbers or a tensor object" if whole else "a number"
        values = _with_named_numbers(values, name, position, expected)
    return _whole_numbers(values, name) if kinds == {int} else np.array(values, _dtype_of(kinds))


def _dtype_of(kinds: set[type]) -> type:
    return np.bool_ if kinds == {bool} else np.float64


def _whole_numbers(level: list[int], name: str) -> NDArray[Any]:
    for dtype in (np.int64, np.uint64):
        with suppress(OverflowError):
            return np.array(level, dtype)
    if min(level) < -(2**63) or max(level) >= 2**64:
        raise NotNumeric(name, "holds a whole number that does not fit 64 bits")
    return np.array(level, np.float64)


def _with_missing(values: list[Any], name: str, position: Callable[[int], tuple[int, ...]]) -> list[Any]:
    """The list with NaN for null. Raises NotANumber for NaN, which would count as a missing value."""
    for index, value in enumerate(values):
        if value == "NaN" or value != value:
            raise NotANumber(name, NAN_BESIDE_NULL, position(index))
    return [np.nan if value is None else value for value in values]


def _with_named_numbers(
    values: list[Any], name: str, position: Callable[[int], tuple[int, ...]], expected: str
) -> list[Any]:
    """The list with numbers for the strings of NAMED_NUMBERS. Raises NotNumeric for anything else that is no number."""
    for index, value in enumerate(values):
        if type(value) not in (int, float) and not (type(value) is str and value in NAMED_NUMBERS):
            cause = of_strings(name) if isinstance(value, str) else ""
            raise NotNumeric(name, f"is {describe(value)}; {expected} was expected{cause}", position(index))
    return [NAMED_NUMBERS[value] if type(value) is str else value for value in values]


def _refuse_uneven(level: list[Any], shape: tuple[int, ...], name: str) -> NoReturn:
    """A level of lists and of what is none: the first that differs from the very first is refused."""
    of_lists = isinstance(level[0], list)
    index = next(i for i, value in enumerate(level) if isinstance(value, list) != of_lists)
    expected = "a list, as its neighbours are" if of_lists else "a number, as its neighbours are"
    raise Ragged(name, f"is {describe(level[index])}; {expected}, was expected", _position(index, shape))


def _refuse_ragged(level: list[Any], shape: tuple[int, ...], name: str) -> NoReturn:
    expected = len(level[0])
    index = next(i for i, row in enumerate(level) if len(row) != expected)
    raise Ragged(name, of_another_length(name, len(shape), len(level[index]), expected), _position(index, shape))


def _position(index: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(index, shape)) if shape else ()


def read_plain(entries: Any) -> tuple[NDArray[Any], int]:
    """The numbers of a list that simdjson has parsed, and how many lists it is made of, so far as they were looked at:
    the calling function must compare this with the brackets, for of deeper lists the numbers would be taken alone.

    int64 where all of them are whole and fit it; else float64.

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
        if len(shape) > MAX_DIMENSIONS:
            raise NotPlain
        if type(first) is int:
            with suppress(TypeError):
                return np.frombuffer(entries.as_buffer(of_type="i"), np.int64).reshape(shape), lists
        return np.frombuffer(entries.as_buffer(of_type="d"), np.float64).reshape(shape), lists
    except (IndexError, TypeError, ValueError):
        raise NotPlain from None
