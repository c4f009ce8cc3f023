"""JSON bodies: bytes to a document whose numbers stand in arrays, and responses back to bytes.

JSON has no infinities: they are read and written as the strings "Infinity" and "-Infinity". A NaN, which no JSON can
hold, is read all the same, so that the check of the numbers can say where it is; none is ever written.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from math import isfinite
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.wire.documents import READERS, Survey, survey_long
from app.wire.lists import NotPlain
from app.wire.parse import JSON, Dialect
from app.wire.pieces import Content
from app.wire.tensor import tensor_object, tensor_pieces


def decode_body(body: Content, arrays: Collection[str], dialect: Dialect = JSON) -> Any:
    """The document, with arrays where the fields named in `arrays` hold lists, numbers or tensor objects.

    A field of an object in the document is named "object.field"; where a list stands on the way, each object in it is
    meant. Where a field holds no array, the reason stands in its place: an InvalidInput, for the validation to raise.

    Takes at most three times the body's size and 16 MiB of memory, or eight bytes for each number and 16 MiB where
    that is more. Raises NotJson, TooManyNames, TooManyValues.
    """
    paths = _paths(arrays if isinstance(arrays, frozenset) else frozenset(arrays))
    *short, last = READERS
    for reader in short:
        if len(body) <= reader.max_bytes:
            with suppress(NotPlain):
                return reader.read(body, paths, dialect)
    return last.read(body, paths, dialect)


def survey_body(body: Content, arrays: Collection[str], dialect: Dialect = JSON) -> Survey:
    """What decode_body would read, and how much, before it takes memory in proportion. For long bodies, as it looks at
    all of the text. Raises NotJson, TooManyNames, TooManyValues.
    """
    return survey_long(body, _paths(frozenset(arrays)), dialect)


@cache
def _paths(arrays: frozenset[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(path.split(".")) for path in arrays)


def encode_body(response: dict[str, Any], *, base64: bool = False) -> Iterator[bytes]:
    """The response as JSON, in pieces of no great length, each written straight from the arrays in one pass.

    Arrays become lists, what is not finite in them a string; or with `base64`, tensor objects.
    """
    if _has_long_array(response):
        yield from _pieces(response, base64=base64)
    else:
        yield encode_short(response, base64=base64)


def encode_short(response: dict[str, Any], *, base64: bool = False) -> bytes:
    """The same of a response without long arrays."""
    return _dumps(_finite(_with_tensors(response) if base64 else response))


Encoded = orjson.Fragment
"""A part of a response that is already JSON."""


def encoded(part: dict[str, Any]) -> Encoded:
    return orjson.Fragment(_dumps(_finite(part)))


# The size of one write, during which other threads wait.
LONG_ELEMENTS = 1 << 16


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _has_long_array(value: dict[str, Any]) -> bool:
    for item in value.values():
        kind = type(item)
        if kind is np.ndarray:
            if item.size > LONG_ELEMENTS:
                return True
        elif kind is dict and _has_long_array(item):
            return True
    return False


def _with_tensors(value: Any) -> Any:
    match value:
        case np.ndarray():
            return tensor_object(value)
        case dict():
            return {name: _with_tensors(item) for name, item in value.items()}
        case _:
            return value


def _pieces(response: dict[str, Any], *, base64: bool) -> Iterator[bytes]:
    """The response. Each long array has its own pieces."""
    opening = b"{"
    for name, value in response.items():
        yield b"%b%b:" % (opening, _dumps(name))
        if not _has_long_array({name: value}):
            yield _dumps(_finite(_with_tensors(value) if base64 else value))
        elif isinstance(value, dict):
            yield from _pieces(value, base64=base64)
        else:
            yield from tensor_pieces(value) if base64 else _list_pieces(value)
        opening = b","
    yield b"}"


def _list_pieces(array: NDArray[Any]) -> Iterator[bytes]:
    opening = b"["
    rows = max(1, LONG_ELEMENTS * len(array) // array.size)
    for start in range(0, len(array), rows):
        strip = array[start : start + rows]
        if strip.size > LONG_ELEMENTS:
            yield opening
            yield from _list_pieces(strip[0])
        else:
            yield opening + _dumps(_finite_array(strip))[1:-1]
        opening = b","
    yield b"]"


WRITTEN_AS_IS = frozenset({str, int, bool, type(None), Encoded})


def _finite(value: Any) -> Any:
    """The value as orjson can write it: it would turn infinities into null."""
    kind = type(value)
    if kind is dict:
        return {
            key: item if type(item) in WRITTEN_AS_IS or (type(item) is float and isfinite(item)) else _finite(item)
            for key, item in value.items()
        }
    if kind is list or kind is tuple:
        return [item if type(item) in WRITTEN_AS_IS else _finite(item) for item in value]
    if kind is float:
        return value if isfinite(value) else _name_of(value)
    return _finite_array(value) if kind is np.ndarray else value


def _finite_array(array: NDArray[Any]) -> Any:
    if array.ndim == 0:
        return array[()] if np.isfinite(array) else _name_of(float(array))
    if np.isfinite(array).all():
        return np.ascontiguousarray(array)
    named = array.astype(object)
    named[np.isposinf(array)] = "Infinity"
    named[np.isneginf(array)] = "-Infinity"
    return named.tolist()


def _name_of(infinity: float) -> str:
    return "Infinity" if infinity > 0 else "-Infinity"
