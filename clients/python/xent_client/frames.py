"""Data frames as batches, and their losses as a column: pandas, polars and whatever else has Arrow's interface.

A frame is read through `__arrow_c_stream__` by PyArrow, which has to be installed: `pip install 'xent-client[frames]'`.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ma

from xent_client.errors import InvalidInput
from xent_client.tensors import Array

Batches = tuple[Any, Any, Any]


class FrameBatches:
    """The batches of `frame_batches`. It has a length, for the progress."""

    def __init__(self, table: Any, logits: list[str], labels: list[str], weights: str | None, batch_size: int) -> None:
        self._table, self._logits, self._labels, self._weights = table, logits, labels, weights
        self._size = batch_size

    def __len__(self) -> int:
        return math.ceil(len(self._table) / self._size)

    def __iter__(self) -> Iterator[Batches]:
        for first in range(0, len(self._table), self._size):
            part = self._table.slice(first, self._size)
            weights = None if self._weights is None else _numbers(part, self._weights, first)
            yield _stacked(part, self._logits, first), _stacked(part, self._labels, first), weights


def frame_batches(
    frame: Any,
    *,
    logits: str | Sequence[str] = "logits",
    labels: str | Sequence[str] = "labels",
    weights: str | None = None,
    batch_size: Any,
) -> FrameBatches:
    """Batches of the rows of a data frame, for `evaluate`.

    frame: a pandas or polars DataFrame, a PyArrow Table, or anything else with `__arrow_c_stream__`.
    logits: a column of lists of one length, or of numbers; or columns of numbers, one for each class.
    labels: the same; a null is a missing label. weights: a column of numbers.

    Raises InvalidInput where a column is missing, or its lists are null or differ in length; ImportError without
    PyArrow.

    >>> import pyarrow as pa
    >>> table = pa.table({"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]})
    >>> result = xent.evaluate(frame_batches(table, batch_size=1), per_sample=True)
    >>> with_losses(table, result.per_sample).column("loss").to_numpy().round(4)
    array([1.9644, 0.1743])
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise InvalidInput(f"batch_size is {batch_size!r}; a whole number of 1 or more was expected")
    of_logits, of_labels = ([each] if isinstance(each, str) else [*each] for each in (logits, labels))
    names = [*dict.fromkeys([*of_logits, *of_labels, *([] if weights is None else [weights])])]
    return FrameBatches(_table_of(frame, names), of_logits, of_labels, weights, int(batch_size))


def with_losses(frame: Any, losses: Array, column: str = "loss") -> Any:
    """The frame with one more column: a DataFrame of pandas or polars as it was given, else a PyArrow Table.

    losses: one for each row, such as `per_sample` of an evaluation of its batches.
    """
    if hasattr(frame, "assign"):
        return frame.assign(**{column: losses})
    if hasattr(frame, "with_columns"):
        return frame.with_columns(type(frame)({column: losses})[column])
    pa = _pyarrow()
    return pa.table(frame).append_column(column, pa.array(losses))


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise ImportError("data frames are read by PyArrow: pip install 'xent-client[frames]'") from None
    return pa


def _table_of(frame: Any, names: list[str]) -> Any:
    """These columns as a PyArrow Table. Of polars and PyArrow no numbers are copied."""
    pa = _pyarrow()
    if not hasattr(frame, "__arrow_c_stream__"):
        raise InvalidInput(
            f"the frame has the type {type(frame).__name__}; a DataFrame of pandas 2.2 or polars 1, or another object "
            "with __arrow_c_stream__ was expected"
        )
    there_are = getattr(frame, "column_names", getattr(frame, "columns", None))
    if there_are is None:
        frame = pa.RecordBatchReader.from_stream(frame).read_all()
        there_are = frame.column_names
    for name in names:
        if name not in there_are:
            raise InvalidInput(f"the frame has no column {name!r}; it has {', '.join(map(str, [*there_are][:20]))}")
    chosen = frame.select(names) if hasattr(frame, "select") else frame[names]
    return pa.RecordBatchReader.from_stream(chosen).read_all()


def _stacked(part: Any, names: list[str], first: int) -> Array:
    """One column as it is, or columns of numbers as the classes of each row."""
    if len(names) == 1:
        return _numbers(part, names[0], first)
    columns = [_numbers(part, name, first) for name in names]
    for name, column in zip(names, columns, strict=True):
        if column.ndim != 1:
            raise InvalidInput(f"column {name!r} holds lists; with one column for each class each holds numbers")
    stacked: Array = ma.stack(columns, axis=1) if any(map(ma.is_masked, columns)) else np.stack(columns, axis=1)
    return stacked


def _numbers(part: Any, name: str, first: int) -> Array:
    """A column as an array with an entry for each row; null numbers are masked."""
    column = part.column(name).combine_chunks()
    if not hasattr(column, "flatten") or not hasattr(column.type, "value_type") or hasattr(column, "dictionary"):
        numbers: Array = column.to_numpy(zero_copy_only=False)
        if not column.null_count or numbers.dtype.kind != "f":
            return numbers
        nulls = column.is_null().to_numpy(zero_copy_only=False)
        return ma.masked_array(np.where(nulls, 0, numbers).astype(column.type.to_pandas_dtype()), nulls)
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise InvalidInput(f"column {name!r}, row {first + row}: null; a list of numbers was expected")
    values: Array = column.flatten().to_numpy(zero_copy_only=False)
    width, rest = divmod(len(values), len(column))
    lengths = np.diff(column.offsets.to_numpy()) if hasattr(column, "offsets") else np.full(len(column), width)
    if rest or not (lengths == lengths[0]).all():
        row = int(np.argmax(lengths != lengths[0]))
        raise InvalidInput(
            f"column {name!r}, row {first + row}: the list has length {lengths[row]}, the one before has {lengths[0]}"
        )
    return values.reshape(len(column), width)
