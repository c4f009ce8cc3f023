"""The ways to read a JSON body. Each one reads what the one before it does not."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import simdjson
from numpy.typing import NDArray

from app.wire.cutting import Cuts, Text, cut
from app.wire.lists import NotPlain, read_array, read_plain
from app.wire.long_lists import read_long
from app.wire.parse import Amount, Dialect, NotJson, load, parse
from app.wire.pieces import Content, pieces
from app.wire.structure import Outline
from app.wire.tensor import NAN_BESIDE_NULL, read_tensor, refuse_nan
from app.wire.text import check_text, unescaped
from xent_core.errors import InvalidInput

Paths = frozenset[tuple[str, ...]]
"""The fields that hold arrays, each as the path of names to it."""

# Reading a body of this length takes at most 16 MiB, whatever it holds.
SHORT_BYTES = 1 << 18
BYTES_OF_NUMBER = 8


class Reader(NamedTuple):
    """A way to read a body up to this number of bytes. Raises NotPlain for a body that it can't read."""

    name: str
    max_bytes: float
    read: Callable[[Content, Paths, Dialect], Any]


def _read_plain_document(body: Content, paths: Paths, dialect: Dialect) -> Any:  # noqa: ARG001  as all readers
    """The document, if simdjson reads it as a whole. Raises NotPlain."""
    text = bytes(body)
    try:
        parsed: Any = simdjson.Parser().parse(text)
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
    # Lists within lists that were not read, and repeated names, are left to the readers below.
    if text.count(b"[") != lists or len(parsed) != len(document):
        raise NotPlain
    return document


def _read_objects(body: Content, paths: Paths, dialect: Dialect) -> Any:
    """The document, read into Python objects. Raises NotJson, TooManyNames, TooManyValues."""
    with _counted_from(body):
        return _with_arrays(parse(body, dialect), paths, lambda value, name: _array(value, name, dialect))


def _read_cut(body: Content, paths: Paths, dialect: Dialect) -> Any:
    """The document, whose long lists and strings never become Python objects. Raises as `_read_objects` does."""
    return survey_long(body, paths, dialect).read()


# The first one that accepts the length and reads the body is used.
READERS = (
    Reader("plain", SHORT_BYTES, _read_plain_document),
    Reader("objects", SHORT_BYTES, _read_objects),
    Reader("cut", math.inf, _read_cut),
)


class Survey(NamedTuple):
    """What is known of a long body before its arrays are read.

    elements  how many its long lists have
    nbytes    how much memory it takes to read it, at most, beside what any short body takes
    read      the document, with its arrays. Raises NotJson, TooManyValues
    """

    elements: int
    nbytes: int
    read: Callable[[], Any]


def survey_long(body: Content, paths: Paths, dialect: Dialect) -> Survey:
    """Raises NotJson, TooManyNames, TooManyValues."""
    with _counted_from(body):
        document, cuts, amount = cut(body, frozenset(path[-1] for path in paths), dialect)
    lists = [found for found in cuts.values() if isinstance(found, Outline) and found.error is None]
    elements = sum(found.size for found in lists)
    strings = sum(found.stop - found.start for found in cuts.values() if isinstance(found, Text))
    read = partial(_read_arrays, body, document, cuts, amount, paths, dialect)
    return Survey(elements, BYTES_OF_NUMBER * elements + 2 * strings + amount.length, read)


def _read_arrays(body: Content, document: Any, cuts: Cuts, amount: Amount, paths: Paths, dialect: Dialect) -> Any:
    left = dict(cuts)
    with _counted_from(body):
        document = _with_arrays(document, paths, lambda value, name: _cut_array(body, left, value, name, dialect))
        return _with_values(document, _values(body, left, amount, dialect)) if left else document


@contextmanager
def _counted_from(body: Content) -> Iterator[None]:
    """Adds the position of the first error in the body."""
    try:
        yield
    except NotJson as error:
        raise error.within(body) from None


def _with_arrays(document: Any, paths: Paths, read: Callable[[Any, str], Any]) -> Any:
    """The document with its arrays, or the errors in their place."""
    for *objects, name in paths:
        for holder in _holders(document, objects):
            if holder.get(name) is not None:
                try:
                    holder[name] = read(holder[name], name)
                except InvalidInput as reason:
                    # Else it would hold the memory of the reading, and in the document itself, until a collection of
                    # garbage.
                    reason.__context__ = None
                    holder[name] = reason.with_traceback(None)
    return document


def _array(value: Any, name: str, dialect: Dialect) -> Any:
    return _tensor(value, name, dialect) if isinstance(value, dict) else read_array(value, name, dialect)


def _tensor(value: dict[str, Any], name: str, dialect: Dialect) -> NDArray[Any]:
    """The array of a tensor object. Raises NotANumber where its NaN would be taken for a missing value."""
    array = read_tensor(value, name)
    if name in dialect.missing:
        refuse_nan(array, name, NAN_BESIDE_NULL)
    return array


def _cut_array(body: Content, left: Cuts, value: Any, name: str, dialect: Dialect) -> Any:
    """The array, which may be cut out, or its data may be; then it is no longer left. Raises InvalidInput, NotJson."""
    match value:
        case str() if isinstance(found := left.get(value), Outline):
            del left[value]
            return read_long(body, found, name, dialect)
        case {"data": str(data)} if isinstance(found := left.get(data), Text):
            del left[data]
            text = memoryview(body)[found.start + 1 : found.stop - 1]
            try:
                tensor = {**value, "data": unescaped(text) if found.escaped else text}
                return _tensor(tensor, name, dialect)
            except InvalidInput:
                check_text(text, found.start + 1)
                raise
        case _:
            return _array(value, name, dialect)


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


def _values(body: Content, left: Cuts, amount: Amount, dialect: Dialect) -> dict[str, Any]:
    """What was cut out and is in no array's place, or was overwritten by a repeated name, as Python objects."""
    for found in left.values():
        for piece in pieces(memoryview(body)[found.start : found.stop]):
            amount.add(piece)
    amount.check()
    values = {}
    for token, found in left.items():
        try:
            values[token] = load(bytes(memoryview(body)[found.start : found.stop]), dialect)
        except NotJson as error:
            if error.position is not None:
                error.position += found.start
            raise
    return values


def _with_values(document: Any, values: dict[str, Any]) -> Any:
    match document:
        case dict():
            return {name: _with_values(value, values) for name, value in document.items()}
        case list():
            return [_with_values(value, values) for value in document]
        case str():
            return values.get(document, document)
        case _:
            return document
