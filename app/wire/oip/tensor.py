"""Datatypes, tensors and frames of the Open Inference Protocol."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.wire.tensor import DTYPES

DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": DTYPES["bool"],
    "UINT8": DTYPES["uint8"],
    "UINT16": DTYPES["uint16"],
    "UINT32": DTYPES["uint32"],
    "UINT64": DTYPES["uint64"],
    "INT8": DTYPES["int8"],
    "INT16": DTYPES["int16"],
    "INT32": DTYPES["int32"],
    "INT64": DTYPES["int64"],
    "FP16": DTYPES["float16"],
    "BF16": DTYPES["bfloat16"],
    "FP32": DTYPES["float32"],
    "FP64": DTYPES["float64"],
}

# The number of values that are written or converted at once. Other threads wait for it.
LONG_VALUES = 1 << 16


class Slice(NamedTuple):
    """Bytes of a region of shared memory, counted from the region's start."""

    region: str
    byte_size: int
    offset: int = 0


class Tensor(NamedTuple):
    """A name and an array; `binary` where the values stand behind the document.

    Where the values are in shared memory, `slice` is their place. The array then has their dtype and shape, but not
    their values, and takes no memory.
    """

    name: str
    array: NDArray[Any]
    binary: bool = False
    slice: Slice | None = None


class Frame(NamedTuple):
    """The document and the bytes behind it, in pieces; `header_length` is None where no tensor is binary."""

    pieces: list[bytes | memoryview]
    header_length: int | None


def name_of(value: float) -> str:
    """The name of a number that is not finite."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
