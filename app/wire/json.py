"""JSON bodies: bytes to a document whose numbers stand in arrays, and answers back to bytes.

JSON has no infinities: they are read and written as the strings "Infinity" and "-Infinity". A NaN, which no JSON can
hold, is read all the same, so that whoever judges the numbers can say where it stands; none is ever written.
"""

import json
from collections.abc import Collection
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import orjson
from numpy.typing import NDArray

from xent_core.errors import Empty, InvalidInput, NotNumeric, Ragged, WrongShape

NAMED_NUMBERS = {"Infinity": np.inf, "-Infinity": -np.inf, "NaN": np.nan}
# NumPy's own limit is 64.
MOST_DIMENSIONS = 32


class NotJson(ValueError):
    """The body is not JSON. The message may be shown to the caller."""


def decode_body(body: bytes, arrays: Collection[str]) -> Any:
    """The document, with arrays where the fields named in `arrays` hold lists or numbers.

    A field of an object in the document is named "object.field". Where a field holds no array, the reason stands in its
    place: an InvalidInput, for the validation to raise. Raises NotJson.
    """
    document = _parse(body)
    for path in arrays:
        *objects, name = path.split(".")
        holder = document
        for each in objects:
            holder = holder.get(each) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and name in holder:
            holder[name] = _array_or_reason(holder[name], name)
    return document


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if body[error.pos : error.pos + 3] == b"NaN":
            return _parse_with_nan(body)
        raise _not_json(body, error) from None


def _not_json(body: bytes, error: orjson.JSONDecodeError) -> NotJson:
    if not body:
        return NotJson("the body is empty; a JSON object was expected")
    where = f"at line {error.lineno}, column {error.colno}"
    if body[error.pos : error.pos + 8] == b"Infinity":
        name = "-Infinity" if body[error.pos - 1 : error.pos] == b"-" else "Infinity"
        return NotJson(f'the body is not JSON: {where} stands a bare {name}; write it as the string "{name}"')
    return NotJson(f"the body is not JSON: {error.msg} {where}")


def _parse_with_nan(body: bytes) -> Any:
    """The document with its bare NaNs, which is no JSON: so that it can be said where they stand."""
    try:
        return json.loads(body, parse_constant=_nan_only, parse_int=_whole, parse_float=_real)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON: it holds a bare NaN, and more that can't be read") from None


def _nan_only(constant: str) -> float:
    if constant == "NaN":
        return np.nan
    raise NotJson(f'the body is not JSON: a bare {constant} stands in it; write it as the string "{constant}"')


def _whole(digits: str) -> int | float:
    """As orjson reads it: what is far beyond 64 bits as a float."""
    return int(digits) if len(digits) <= 20 else _real(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if np.isinf(value):
        raise NotJson("the body is not JSON that can be read: a number in it is too large for 64 bits")
    return value


def _array_or_reason(value: Any, name: str) -> Any:
    if value is None:
        return None
    try:
        return read_array(value, name)
    except InvalidInput as reason:
        return reason


def read_array(value: Any, name: str) -> NDArray[Any]:
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
    if not kinds <= {int, float}:
        level = _with_named_numbers(level, shape, name)
    array = np.array(level, np.float64 if float in kinds or str in kinds else None).reshape(shape)
    if array.dtype.kind == "O":
        raise NotNumeric(name, "holds a whole number that does not fit 64 bits")
    return array


def _with_named_numbers(level: list[Any], shape: tuple[int, ...], name: str) -> list[Any]:
    """The level with the strings of NAMED_NUMBERS as numbers. Raises NotNumeric for all else that is no number."""
    for index, value in enumerate(level):
        if type(value) not in (int, float) and not (type(value) is str and value in NAMED_NUMBERS):
            expected = "a number" if shape else "a number or a nested list of numbers"
            raise NotNumeric(name, f"is {describe(value)}; {expected} was expected", _position(index, shape))
    return [NAMED_NUMBERS[value] if type(value) is str else value for value in level]


def _refuse_uneven(level: list[Any], shape: tuple[int, ...], name: str) -> NoReturn:
    """A level of lists and of what is none: the first that differs from the very first is refused."""
    of_lists = isinstance(level[0], list)
    index = next(i for i, value in enumerate(level) if isinstance(value, list) != of_lists)
    expected = "a list, as its neighbours are" if of_lists else "a number, as its neighbours are"
    raise Ragged(name, f"is {describe(level[index])}; {expected}, was expected", _position(index, shape))


def describe(value: Any) -> str:
    """What a JSON value is, in words that never repeat it at length."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'the string "{value}"' if len(value) <= 40 and value.isprintable() else "a string"
        case int() | float():
            return f"{value:.17g}" if isinstance(value, float) or abs(value) < 1 << 64 else "a very large number"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "an array"


def _refuse_ragged(level: list[Any], shape: tuple[int, ...], name: str) -> NoReturn:
    expected = len(level[0])
    index = next(i for i, row in enumerate(level) if len(row) != expected)
    first = "".join("[0]" for _ in shape)
    raise Ragged(
        name,
        f"has length {len(level[index])}, but {name}{first} has length {expected}; all must be of one length",
        _position(index, shape),
    )


def _position(index: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(index, shape)) if shape else ()


def encode_body(answer: dict[str, Any]) -> bytes:
    """The answer as JSON, arrays and all, in one pass; what is not finite as a string."""
    return orjson.dumps({name: _finite(value) for name, value in answer.items()}, option=orjson.OPT_SERIALIZE_NUMPY)


def _finite(value: Any) -> Any:
    """The value as orjson can write it: it would turn infinities into null."""
    match value:
        case np.ndarray():
            return _finite_array(value)
        case float():
            return value if np.isfinite(value) else _name_of(value)
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value


def _finite_array(array: NDArray[Any]) -> Any:
    if array.ndim == 0:
        return array[()] if np.isfinite(array) else _name_of(float(array))
    if np.isfinite(array).all():
        return array
    named = array.astype(object)
    named[np.isposinf(array)] = "Infinity"
    named[np.isneginf(array)] = "-Infinity"
    return named.tolist()


def _name_of(infinity: float) -> str:
    return "Infinity" if infinity > 0 else "-Infinity"
