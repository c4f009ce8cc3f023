"""Which dtype a batch is computed in."""

import numpy as np

from xent_core.compute.layout import Array, FloatType

FLOAT32: FloatType = np.dtype(np.float32)
FLOAT64: FloatType = np.dtype(np.float64)


def computation_dtype(logits: Array) -> FloatType:
    """float32 for logits of float16, bfloat16 and float32; float64 for all others."""
    dtype = logits.dtype
    if dtype.kind == "f":
        return FLOAT32 if dtype.itemsize <= 4 else FLOAT64
    return FLOAT32 if is_bfloat16(logits) else FLOAT64


def low_precision(array: Array) -> bool:
    """Whether the array's numbers have only two or three digits: float16 and bfloat16."""
    return (array.dtype.kind == "f" and array.dtype.itemsize == 2) or is_bfloat16(array)


def is_bfloat16(array: Array) -> bool:
    """NumPy has no bfloat16 of its own; packages that add it all name it so."""
    return array.dtype.kind not in "biuf" and array.dtype.name == "bfloat16"
