"""Numbers between NumPy and Arrow without a copy.

PyArrow's own conversions import pandas where that is installed, to know its types: half a second in each process.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def to_arrow(values: NDArray[Any]) -> pa.Array:
    """A vector as a column."""
    if values.dtype == np.bool_:  # Arrow has eight in a byte
        return pa.array(values)
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def from_arrow(column: pa.Array) -> NDArray[Any]:
    """A column of numbers as a vector. Integers with nulls become float64 with NaN."""
    array: NDArray[Any] = column.to_numpy(zero_copy_only=False) if column.null_count else np.from_dlpack(column)
    return array


def text(value: str) -> pa.Array:
    """A column of one text."""
    content = value.encode()
    return pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, len(content)], np.int32)), pa.py_buffer(content))
