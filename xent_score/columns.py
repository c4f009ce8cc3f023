"""Columns of Arrow tables to NumPy arrays: numbers, lists, fixed-size lists, and one column per class."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xent_score.arrow import from_arrow
from xent_score.errors import DataError

Array = NDArray[Any]


def resolve(wanted: str, there_are: Sequence[str], option: str, where: object) -> tuple[str, ...]:
    """The columns that an option names: one by its name, several by a comma-separated list or a pattern with `*`.

    Columns of a pattern come in the order of the file. Raises DataError.
    """
    if wanted in there_are:
        return (wanted,)
    names: list[str] = []
    for part in wanted.split(","):
        found = [part] if part in there_are else [each for each in there_are if fnmatchcase(each, part)]
        if not found:
            shown = ", ".join(there_are[:20]) + (", …" if len(there_are) > 20 else "")
            raise DataError(f"{where} has no column {part!r}, which {option} names; it has {shown}")
        names += found
    return tuple(names)


def to_numpy(table: pa.Table, columns: tuple[str, ...], where: object, first_row: int) -> Array:
    """The columns as one array with a row for each of the table's; several columns are stacked as classes.

    The table has rows, and so has each of its chunks. A null is NaN. Raises DataError where lists differ in length or
    hold no numbers; `where` and `first_row` say where.
    """
    if len(columns) == 1:
        return _column(table.column(columns[0]), f"{where}: column {columns[0]!r}", first_row)
    arrays = [_column(table.column(name), f"{where}: column {name!r}", first_row) for name in columns]
    for name, array in zip(columns, arrays, strict=True):
        if array.ndim != 1:
            raise DataError(f"{where}: column {name!r} holds lists; with one column per class each holds numbers")
    # np.stack would write the result column by column too, but through an array of arrays of its own.
    stacked = np.empty((len(table), len(columns)), np.result_type(*arrays))
    for index, array in enumerate(arrays):
        stacked[:, index] = array
    return stacked


def _column(column: pa.ChunkedArray, where: str, first_row: int) -> Array:
    parts: list[Array] = []
    row = first_row
    for chunk in column.chunks:
        parts.append(_values(chunk, where, row))
        row += len(chunk)
    widths = [part.shape[1:] for part in parts]
    if len(set(widths)) > 1:
        odd = next(index for index, width in enumerate(widths) if width != widths[0])
        row = first_row + sum(map(len, parts[:odd]))
        raise _ragged(where, row, widths[odd], widths[0])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _values(chunk: pa.Array, where: str, first_row: int) -> Array:
    kind = chunk.type
    if isinstance(chunk, pa.ExtensionArray):
        array = _values(chunk.storage, where, first_row)
        shape = getattr(kind, "shape", None)
        return array if shape is None else array.reshape(-1, *shape)
    if pa.types.is_fixed_size_list(kind):
        return _rows(chunk, kind.list_size, where, first_row)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = np.diff(chunk.offsets.to_numpy())
        known = lengths if not chunk.null_count else lengths[~np.asarray(chunk.is_null())]
        width = int(known[0]) if known.size else 0
        unequal = np.flatnonzero((lengths != width) & ~np.asarray(chunk.is_null()))
        if unequal.size:
            raise _ragged(where, first_row + int(unequal[0]), int(lengths[unequal[0]]), width)
        return _rows(chunk, width, where, first_row)
    return _numbers(chunk, where)


def _rows(chunk: pa.Array, width: int, where: str, first_row: int) -> Array:
    """Lists of one length as a matrix. A list that is null is a row of NaN."""
    if not width:
        raise DataError(f"{where}, row {first_row}: the list is empty")
    # `flatten` leaves out what lies under nulls, and is no copy.
    inner = _values(chunk.flatten(), where, first_row)
    if not chunk.null_count:
        return inner.reshape(len(chunk), width, *inner.shape[1:])
    rows = np.full((len(chunk), width, *inner.shape[1:]), np.nan, np.result_type(inner, np.float32))
    rows[~np.asarray(chunk.is_null())] = inner.reshape(-1, width, *inner.shape[1:])
    return rows


def _numbers(chunk: pa.Array, where: str) -> Array:
    kind = chunk.type
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        raise DataError(f"{where} holds text; numbers were expected. Map class names to indices from 0 first")
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise DataError(f"{where} holds {kind}; numbers, or lists of numbers of one length, were expected")
    if pa.types.is_boolean(kind):
        chunk = chunk.cast(pa.int8())
    return from_arrow(chunk)


def _ragged(where: str, row: int, found: object, expected: object) -> DataError:
    return DataError(f"{where}, row {row}: the list has length {found}, the ones before have {expected}")
