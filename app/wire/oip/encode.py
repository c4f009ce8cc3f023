"""Documents with tensors to frames."""

import math
from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.wire.oip.tensor import DATATYPES, LONG_VALUES, Frame, Slice, name_of

DATATYPE_OF = {dtype: datatype for datatype, dtype in DATATYPES.items()}

# The placeholder for long values: a byte that occurs in no JSON.
GAP = b"\0"
# Copying fewer bytes costs less than viewing them.
SMALL_BYTES = 16_384


def encode_frame(document: dict[str, Any], tensors: str) -> Frame:
    """The frame of a document that has a list of Tensor under the name in `tensors`: the reverse of decode_frame.

    Large arrays that lie in C order are not copied but viewed. Those in shared memory must be there already.
    """
    listed = []
    long: list[NDArray[Any]] = []
    behind: list[bytes | memoryview] = []
    for name, array, binary, place in document[tensors]:
        about = {"name": name, "shape": array.shape, "datatype": DATATYPE_OF[array.dtype]}
        if place is not None:
            listed.append(about | {"parameters": _parameters_of(place, array)})
        elif binary:
            behind.append(_bytes_of(array))
            listed.append(about | {"parameters": {"binary_data_size": array.nbytes}})
        elif array.size > LONG_VALUES:
            long.append(array)
            listed.append(about | {"data": orjson.Fragment(GAP)})
        else:
            listed.append(about | {"data": orjson.Fragment(_text_of(_flat(array)))})
    content = {name: listed if name == tensors else _with_names(value) for name, value in document.items()}
    start, *rest = orjson.dumps(content).split(GAP)
    pieces = [start]
    for array, following in zip(long, rest, strict=True):
        pieces += [*_pieces_of(_flat(array)), following]
    return Frame([*pieces, *behind], sum(map(len, pieces)) if behind else None)


def _parameters_of(place: Slice, array: NDArray[Any]) -> dict[str, Any]:
    """Where the array is in shared memory, the offset left out where it is 0, as clients do."""
    offset = {"shared_memory_offset": place.offset} if place.offset else {}
    return {"shared_memory_region": place.region, "shared_memory_byte_size": array.nbytes} | offset


def _bytes_of(array: NDArray[Any]) -> bytes | memoryview:
    if array.nbytes <= SMALL_BYTES:
        return array.tobytes()
    return array.reshape(-1).view(np.uint8).data


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """The values in one row, of a dtype that orjson can write."""
    flat = array.reshape(-1)
    return flat.astype(np.float32) if flat.dtype.itemsize == 2 and flat.dtype.kind not in "iu" else flat


def _pieces_of(flat: NDArray[Any]) -> Iterator[bytes]:
    opening = b"["
    for start in range(0, len(flat), LONG_VALUES):
        yield opening + _text_of(flat[start : start + LONG_VALUES])[1:-1]
        opening = b","
    yield b"]"


def _text_of(flat: NDArray[Any]) -> bytes:
    """The values as JSON. orjson writes null for what is not finite; here it gets its name."""
    text = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)
    if flat.dtype.kind != "f" or np.isfinite(flat).all():
        return text
    names = [name_of(value).encode() for value in flat[~np.isfinite(flat)]]
    return b"".join(chain.from_iterable(zip_longest(text.split(b"null"), names, fillvalue=b"")))


def _with_names(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return orjson.Fragment(name_of(value))
        case dict():
            return {key: _with_names(item) for key, item in value.items()}
        case _:
            return value
