"""JSON bodies: bytes to a document whose numbers stand in arrays, and answers back to bytes.

A long list, or the long string of a tensor object, is cut out of the body before the rest of it is read as any JSON.

JSON has no infinities: they are read and written as the strings "Infinity" and "-Infinity". A NaN, which no JSON can
hold, is read all the same, so that whoever judges the numbers can say where it stands; none is ever written.
"""

import math
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import orjson
import simdjson
from numpy.typing import NDArray

from app.wire.lists import CHUNK_BYTES, NotPlain, Unclear, read_array, read_long, read_plain
from app.wire.parse import JSON, Content, Dialect, NotJson, parse
from app.wire.tensor import NAN_BESIDE_NULL, read_tensor, refuse_nan, tensor_object, tensor_pieces
from xent_core.errors import InvalidInput

# To cut a list out of the body pays from about this length on.
LONG_BYTES = 1024


Cut = dict[str, slice]
"""Where the long lists and strings are in the body, by the placeholders that the document has for them."""


def decode_body(body: Content, arrays: Collection[str], dialect: Dialect = JSON) -> Any:
    """The document, with arrays where the fields named in `arrays` hold lists, numbers or tensor objects.

    A field of an object in the document is named "object.field"; where a list stands on the way, each object in it is
    meant. Where a field holds no array, the reason stands in its place: an InvalidInput, for the validation to raise.

    Raises NotJson, TooManyValues.
    """
    paths = _paths(arrays if isinstance(arrays, frozenset) else frozenset(arrays))
    try:
        if len(body) <= CHUNK_BYTES:
            with suppress(NotPlain):
                return _read_plain_document(bytes(body), paths)
        else:
            with suppress(Unclear):
                document, cut = _parse_around(body, frozenset(path[-1] for path in paths), dialect)
                return _with_arrays(document, paths, dialect, body, cut)
        return _with_arrays(parse(body, dialect), paths, dialect)
    except NotJson as error:
        raise error.within(body) from None


Paths = frozenset[tuple[str, ...]]


@cache
def _paths(arrays: frozenset[str]) -> Paths:
    return frozenset(tuple(path.split(".")) for path in arrays)


def _read_plain_document(body: bytes, paths: Paths) -> Any:
    """The document, where simdjson takes it as a whole. Raises NotPlain."""
    try:
        parsed: Any = simdjson.Parser().parse(body)
    except (ValueError, RuntimeError):
        raise NotPlain from None
    if type(parsed) is not simdjson.Object:
        raise NotPlain
    document: dict[str, Any] = {}
    lists = 0
    for name in parsed:
        try:
            value: Any = parsed[name]
        except KeyError:  # of a name with a null character in it
            raise NotPlain from None
        if type(value) is simdjson.Array:
            if (name,) in paths:
                value, count = read_plain(value)
                lists += count
            else:
                value = value.as_list()
                lists += 1
        elif type(value) is simdjson.Object or (value is not None and (name,) in paths):
            raise NotPlain
        document[name] = value
    # Lists within lists that were not looked into, and names that came twice, are for more careful readers.
    if body.count(b"[") != lists or len(parsed) != len(document):
        raise NotPlain
    return document


def _with_arrays(document: Any, paths: Paths, dialect: Dialect, body: Content = b"", cut: Cut | None = None) -> Any:
    """The document with its arrays, some of which may be cut out of it. Raises Unclear where one that is was none."""
    places = dict(cut or {})
    for *objects, name in paths:
        for holder in _holders(document, objects):
            if name in holder:
                holder[name] = _array_or_reason(holder[name], name, dialect, body, places)
    if places:
        raise Unclear
    return document


def _array_or_reason(value: Any, name: str, dialect: Dialect, body: Content, places: Cut) -> Any:
    """What stands for a field; the places of what was cut out are used up. Raises NotJson, Unclear."""
    try:
        match value:
            case None:
                return None
            case str() if value in places and body[places[value].start] == ord("["):
                return read_long(body, places.pop(value), name, dialect)
            case {"data": str(data)} if data in places:
                place = places.pop(data)
                whole = {**value, "data": memoryview(body)[place.start + 1 : place.stop - 1]}
                return _tensor(whole, name, dialect)
            case dict():
                return _tensor(value, name, dialect)
            case _:
                return read_array(value, name, dialect)
    except InvalidInput as reason:
        # Else it would hold the memory of the reading, and in the document itself, until a collection of garbage.
        reason.__context__ = None
        return reason.with_traceback(None)


def _tensor(value: dict[str, Any], name: str, dialect: Dialect) -> NDArray[Any]:
    """The array of a tensor object. Raises NotANumber where its NaN would be taken for a missing value."""
    array = read_tensor(value, name)
    if name in dialect.missing:
        refuse_nan(array, name, NAN_BESIDE_NULL)
    return array


def _holders(document: Any, objects: list[str]) -> Iterator[dict[str, Any]]:
    """The objects at the end of the path."""
    if isinstance(document, list):
        for item in document:
            if isinstance(item, dict):
                yield from _holders(item, objects)
    elif isinstance(document, dict):
        if objects:
            yield from _holders(document.get(objects[0]), objects[1:])
        else:
            yield document


def _parse_around(body: Content, names: frozenset[str], dialect: Dialect) -> tuple[Any, Cut]:
    """The document, but for the long lists that stand after one of the names, and the long strings after "data".

    Raises Unclear where what is left is no JSON, so also where what was taken for a list is none.
    """
    view, done = memoryview(body), 0
    pieces: list[bytes | memoryview] = []
    cut: Cut = {}
    for place in _long_values(body, names):
        # No JSON text holds the character itself, and one with its escape is not cut.
        pieces += [view[done : place.start], b'"\\u0000%d"' % len(cut)]
        cut[f"\x00{len(cut)}"] = place
        done = place.stop
    rest = b"".join((*pieces, view[done:]))
    if rest.count(b"\\u0000") > len(cut):
        raise Unclear
    try:
        return parse(rest, dialect), cut
    except NotJson:
        raise Unclear from None


def _long_values(body: Content, names: frozenset[str]) -> Iterator[slice]:
    """Where they stand. Raises Unclear."""
    key, at = _key_pattern(names), 0
    while found := key.search(body, at):
        at = start = found.end()
        if SHORT.match(body, start, start + LONG_BYTES):
            continue
        end = _end_of_list(body, start) if body[start] == ord("[") else _end_of_string(body, start)
        if end - start > LONG_BYTES:
            yield slice(start, end)
            at = end


@cache
def _key_pattern(names: frozenset[str]) -> re.Pattern[bytes]:
    return re.compile(rb'"(?:(?:%s)"\s*:\s*(?=\[)|data"\s*:\s*(?="))' % "|".join(sorted(names)).encode())


def _end_of_list(body: Content, start: int) -> int:
    """Behind the last bracket before the next name or brace.

    Numbers have no colons, nor have the strings among them: where the next colon follows no name, it is no list of
    theirs. Raises Unclear.
    """
    colon = _find(b":", body, start, len(body))
    next_name = NAME.search(body, max(start, colon - LONGEST_NAME), colon) if colon >= 0 else None
    if colon >= 0 and not next_name:
        raise Unclear
    until = next_name.start() if next_name else len(body)
    brace = _find(b"}", body, start, until)
    end = _rfind(b"]", body, start, until if brace < 0 else brace) + 1
    if not end:
        raise Unclear
    return end


# Most lists and strings end soon, and so cost next to nothing here, however many of them there are.
SHORT = re.compile(rb'"[^"]*"|\[[^:}]*[:}]')
LONGEST_NAME = 100
NAME = re.compile(rb'"[^"]*"\s*\Z')


def _end_of_string(body: Content, start: int) -> int:
    """Behind the quote that ends the string; its start where it holds an escape, and must be read as JSON."""
    end = _find(b'"', body, start + 1, len(body)) + 1
    return start if _find(b"\\", body, start, end) >= 0 else end


# At once, so that they stay in the cache.
SEARCHED_BYTES = 1 << 18


def _find(byte: bytes, body: Content, start: int, stop: int) -> int:
    """As bytes.find: a memoryview has no such method."""
    content = np.frombuffer(body, np.uint8)
    for at in range(start, stop, SEARCHED_BYTES):
        found = content[at : min(at + SEARCHED_BYTES, stop)] == ord(byte)
        first = int(found.argmax())
        if found[first]:
            return at + first
    return -1


def _rfind(byte: bytes, body: Content, start: int, stop: int) -> int:
    for until in range(stop, start, -SEARCHED_BYTES):
        at = max(start, until - SEARCHED_BYTES)
        found = bytes(body[at:until]).rfind(byte)
        if found >= 0:
            return at + found
    return -1


def encode_body(response: dict[str, Any], *, base64: bool = False) -> Iterator[bytes]:
    """The response as JSON, in pieces of no great length, each written straight from the arrays in one pass.

    Arrays become lists, what is not finite in them a string; or with `base64`, tensor objects.
    """
    if _has_long_array(response):
        yield from _pieces(response, base64=base64)
    else:
        yield _dumps(_finite(_with_tensors(response) if base64 else response))


Encoded = orjson.Fragment
"""A part of a response that is JSON already."""


def encoded(part: dict[str, Any]) -> Encoded:
    return orjson.Fragment(_dumps(_finite(part)))


# What one call writes: other threads wait for it.
LONG_ELEMENTS = 1 << 16


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _has_long_array(value: Any) -> bool:
    kind = type(value)
    if kind is np.ndarray:
        return bool(value.size > LONG_ELEMENTS)
    if kind is dict:
        for item in value.values():
            if _has_long_array(item):
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
    """The response, whose long arrays each take pieces of their own."""
    opening = b"{"
    for name, value in response.items():
        yield b"%b%b:" % (opening, _dumps(name))
        if not _has_long_array(value):
            yield _dumps(_finite(_with_tensors(value) if base64 else value))
        elif isinstance(value, dict):
            yield from _pieces(value, base64=base64)
        else:
            yield from tensor_pieces(value) if base64 else _list_pieces(value)
        opening = b","
    yield b"}"


def _list_pieces(array: NDArray[Any]) -> Iterator[bytes]:
    if array.size <= LONG_ELEMENTS:
        yield _dumps(_finite_array(array))
        return
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


def _finite(value: Any) -> Any:
    """The value as orjson can write it: it would turn infinities into null."""
    kind = type(value)
    if kind is dict:
        return {key: item if type(item) is str else _finite(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) is str else _finite(item) for item in value]
    if kind is float:
        return value if math.isfinite(value) else _name_of(value)
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
