"""Tensor objects: an array as base64 of its little-endian bytes, beside its dtype and shape."""

import math
from collections.abc import Iterator
from typing import Any, TypedDict

import ml_dtypes
import numpy as np
import orjson
import pybase64
from numpy.typing import NDArray

from app.wire.describe import describe
from xent_core.errors import Empty, InvalidInput, NotANumber

# Little-endian whatever the machine. bfloat16 exists in no other order than the machine's.
DTYPES: dict[str, np.dtype[Any]] = {
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "int8": np.dtype("<i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "uint8": np.dtype("<u1"),
    "uint16": np.dtype("<u2"),
    "uint32": np.dtype("<u4"),
    "uint64": np.dtype("<u8"),
    "bool": np.dtype("?"),
}
# NumPy's own limit is 64.
MAX_DIMENSIONS = 32
NAN_BESIDE_NULL = "is NaN; a number was expected (a missing one is null in a list; in a tensor, set ignore_index)"
FIELDS = ("dtype", "shape", "data")


class InvalidTensor(InvalidInput):
    """A tensor object's dtype, shape or data is not what it must be, or they contradict each other."""

    code = "invalid_tensor"


class TensorObject(TypedDict):
    """What a tensor object is in JSON."""

    dtype: str
    shape: list[int]
    data: str


def read_tensor(value: dict[str, Any], name: str) -> NDArray[Any]:
    """The array that a tensor object stands for, read-only. Its data may be text or bytes.

    Sizes are compared before anything is decoded. Raises InvalidTensor, Empty.
    """
    for field in FIELDS:
        if value.get(field) is None:
            raise InvalidTensor(f"{name}.{field}", "is absent; a tensor object has dtype, shape and data")
    unknown = next((field for field in value if field not in FIELDS), None)
    if unknown is not None:
        raise InvalidTensor(name, f"has a field {describe(unknown)}; a tensor object has dtype, shape and data")
    dtype = _dtype(value["dtype"], name)
    shape = checked_shape(value["shape"], f"{name}.shape")
    if 0 in shape:
        raise Empty(name, f"is empty, with shape {list(shape)}; at least one value is needed")
    data = value["data"]
    if not isinstance(data, str | bytes | bytearray | memoryview):
        raise InvalidTensor(f"{name}.data", f"is {describe(data)}; a string of base64 was expected")
    size = math.prod(shape) * dtype.itemsize
    if len(data) != -(-size // 3) * 4:
        raise InvalidTensor(
            f"{name}.data",
            f"has {len(data)} characters; {value['dtype']} of shape {list(shape)} is {size} bytes, which are "
            f"{-(-size // 3) * 4} of base64, padding included",
        )
    try:
        content = pybase64.b64decode(data, validate=True)
    except ValueError:
        raise InvalidTensor(f"{name}.data", "is not base64 of the standard alphabet (RFC 4648, section 4)") from None
    if len(content) != size:
        raise InvalidTensor(f"{name}.data", f"stands for {len(content)} bytes; {size} were expected")
    return view(content, dtype, shape, f"{name}.data")


def refuse_nan(array: NDArray[Any], name: str, message: str) -> None:
    """Raises NotANumber for labels that are NaN, which the losses would take for missing ones."""
    if array.dtype.kind not in "iub" and np.isnan(array).any():
        position = np.unravel_index(int(np.isnan(array).argmax()), array.shape)
        raise NotANumber(name, message, tuple(int(index) for index in position))


def view(content: bytes | memoryview, dtype: np.dtype[Any], shape: tuple[int, ...], name: str) -> NDArray[Any]:
    """The bytes as an array, copied only if they are not aligned. Raises InvalidTensor if their number is wrong."""
    array = np.frombuffer(content, dtype)
    if dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        index = int(np.argmax(array.view(np.uint8) > 1))
        raise InvalidTensor(name, f"holds the byte {content[index]} at {index}; bool has 0 and 1 only")
    if not array.flags.aligned:
        array = array.copy()
    return array.reshape(shape)


def _dtype(value: Any, name: str) -> np.dtype[Any]:
    if not isinstance(value, str) or value not in DTYPES:
        raise InvalidTensor(f"{name}.dtype", f"is {describe(value)}; one of {', '.join(DTYPES)} was expected")
    return DTYPES[value]


def checked_shape(value: Any, name: str) -> tuple[int, ...]:
    """A shape as JSON gives it: a list of lengths. Raises InvalidTensor."""
    if not isinstance(value, list):
        raise InvalidTensor(name, f"is {describe(value)}; a list of lengths was expected")
    if len(value) > MAX_DIMENSIONS:
        raise InvalidTensor(name, f"has {len(value)} dimensions; at most {MAX_DIMENSIONS} are accepted")
    for axis, length in enumerate(value):
        if type(length) is not int or not 0 <= length < 1 << 63:
            raise InvalidTensor(name, f"is {describe(length)}; a length was expected", (axis,))
    return tuple(value)


def tensor_object(array: NDArray[Any]) -> TensorObject:
    """The array as a tensor object."""
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "data": pybase64.b64encode_as_string(_content(array)),
    }


# One call encodes this many bytes, as other threads wait for it. A multiple of 3: only the last piece is padded.
PIECE_BYTES = 3 << 16


def tensor_pieces(array: NDArray[Any]) -> Iterator[bytes]:
    """The array as the JSON of a tensor object, in short pieces."""
    content = _content(array)
    yield orjson.dumps({"dtype": array.dtype.name, "shape": list(array.shape)})[:-1] + b',"data":"'
    for start in range(0, len(content), PIECE_BYTES):
        yield pybase64.b64encode(content[start : start + PIECE_BYTES])
    yield b'"}'


def _content(array: NDArray[Any]) -> memoryview:
    """The array's bytes, little-endian and in C order."""
    dtype = array.dtype.newbyteorder("<") if array.dtype.kind in "iuf" else array.dtype
    return np.ascontiguousarray(array, dtype).reshape(-1).view(np.uint8).data
