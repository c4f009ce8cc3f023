"""The values of one tensor, from the bytes behind the document or from the document itself."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.wire.describe import describe
from app.wire.oip.errors import SizeContradicted, TensorCutShort, ValueUnfit
from app.wire.oip.tensor import DATATYPES, LONG_VALUES, name_of
from app.wire.tensor import view
from xent_core.errors import InvalidInput

# Up to this number a float64 is not the result of rounding another integer.
EXACT_INTEGERS = 2**53 - 1


def from_bytes(content: memoryview, size: int, datatype: str, shape: tuple[int, ...], place: str) -> NDArray[Any]:
    if len(content) < size:
        raise TensorCutShort(f"{place} has {size} bytes in the body, of which only {len(content)} are there")
    return view(content, DATATYPES[datatype], shape, place)


def without_values(datatype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of this datatype and shape that takes no memory, in place of one whose values are yet to be read."""
    return np.broadcast_to(np.zeros((), DATATYPES[datatype]), shape)


def from_document(data: Any, datatype: str, shape: tuple[int, ...], place: str) -> NDArray[Any]:
    """`data` as an array of this datatype and shape. `data` is an array, or the error of reading it."""
    if isinstance(data, InvalidInput):
        data.argument = f"{place}.data"
        raise data
    if data.shape != shape and data.shape != (math.prod(shape),):
        raise SizeContradicted(
            f"{place}.data has the shape {list(data.shape)}; {list(shape)} was expected, or its values in one list"
        )
    dtype = DATATYPES[datatype]
    if data.dtype.kind == "b" and dtype.kind != "b":
        raise ValueUnfit(f"{place}.data holds true and false; numbers were expected, as the datatype is {datatype}")
    return _converted(data, datatype, place).reshape(shape)


def _converted(values: NDArray[Any], datatype: str, place: str) -> NDArray[Any]:
    """The values in the datatype's dtype. Raises ValueUnfit where one would become another number."""
    dtype = DATATYPES[datatype]
    if values.dtype == dtype:
        return values
    if dtype.kind in "biu":
        least, most = _range(dtype, of_floats=values.dtype.kind == "f")
        why = f"a whole number from {least} to {most} was expected, as the datatype is {datatype}"
    else:
        why = f"it is too large for the datatype {datatype}"
    flat = values.reshape(-1)
    # In place, as memory may not suffice for both.
    converted = flat.view(dtype)[: len(flat)] if flat.flags.writeable else np.empty(len(flat), dtype)
    for start in range(0, len(flat), LONG_VALUES):
        part = flat[start : start + LONG_VALUES]
        if dtype.kind in "biu":
            _refuse_unfit((part < least) | (part > most) | (part != np.floor(part)), start, values, why, place)
        with np.errstate(over="ignore"):
            fit = part.astype(dtype)
        if dtype.kind not in "biu":
            _refuse_unfit(~np.isfinite(fit) & np.isfinite(part), start, values, why, place)
        converted[start : start + len(part)] = fit
    return converted


def _range(dtype: np.dtype[Any], *, of_floats: bool) -> tuple[int, int]:
    """The smallest and the largest integer of a dtype; of floats, those that a float64 holds exactly."""
    least, most = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    return (max(least, -EXACT_INTEGERS), min(most, EXACT_INTEGERS)) if of_floats else (least, most)


def _refuse_unfit(unfit: NDArray[np.bool_], start: int, values: NDArray[Any], why: str, place: str) -> None:
    """`unfit` flags values from the start on. Raises ValueUnfit."""
    if unfit.any():
        position = np.unravel_index(start + int(unfit.argmax()), values.shape)
        where = "".join(f"[{index}]" for index in position)
        raise ValueUnfit(f"{place}.data{where} is {_shown(values[position].item())}; {why}")


def _shown(value: float) -> str:
    return describe(value) if math.isfinite(value) else name_of(value)
