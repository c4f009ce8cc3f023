"""Arrays of any kind to the tensor objects of a request, and those of an answer to NumPy's."""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pybase64

from xent_client.errors import InvalidInput
from xent_client.generated.models.tensor_object_dtype import TENSOR_OBJECT_DTYPE_VALUES as DTYPES

Array = npt.NDArray[Any]


class HasDlpack(Protocol):
    """An array of any library that can hand it over: torch, JAX, CuPy and others."""

    def __dlpack__(self) -> Any: ...


ArrayLike = npt.ArrayLike | HasDlpack

# What is encoded at once; a multiple of 3, so that what comes of it can be put in a row.
_PIECE_BYTES = 3 << 16
_JSON_LISTS = {"include", "logits_shape"}

Pieces = list[bytes | memoryview]
"""JSON, in which a memoryview of an array stands for its base64, which is made only as it is sent."""


def encoded(pieces: Pieces) -> Iterator[bytes]:
    """The pieces as they are sent."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
        else:
            for start in range(0, len(piece), _PIECE_BYTES):
                yield pybase64.b64encode(piece[start : start + _PIECE_BYTES])


def encoded_length(pieces: Pieces) -> int:
    return sum(len(piece) if isinstance(piece, bytes) else -(-len(piece) // 3) * 4 for piece in pieces)


def to_body(fields: Mapping[str, Any]) -> Pieces:
    """The fields that are not None as JSON. Raises InvalidInput."""
    pieces: Pieces = []
    text = "{"
    for name, value in fields.items():
        if value is None:
            continue
        text += f"{json.dumps(name)}:"
        if isinstance(value, Mapping):
            pieces += [text.encode(), *to_body(value)]
            text = ","
        elif isinstance(value, bool | int | float | str | np.generic) or name in _JSON_LISTS:
            text += f"{_plain(value)},"
        else:
            array, dtype = _array_to_send(value, name)
            data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            pieces += [f'{text}{{"dtype":"{dtype}","shape":{[*array.shape]},"data":"'.encode(), data]
            text = '"},'
    return [*pieces, f"{text.removesuffix(',')}}}".encode()]


def _plain(value: Any) -> str:
    """JSON, in which infinities are strings."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return json.dumps(value if isinstance(value, str | int | float) else [*value], default=np.generic.item)


def _array_to_send(value: Any, name: str) -> tuple[Array, str]:
    """The array, little-endian, and the name that its dtype has in tensor objects. Raises InvalidInput."""
    try:
        if hasattr(value, "detach"):
            array, dtype = _of_torch(value)
        elif hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            array = np.from_dlpack(value)
            dtype = array.dtype.name
        else:
            array = np.asarray(value)
            dtype = array.dtype.name
    except (ValueError, TypeError, RuntimeError, BufferError) as error:
        raise InvalidInput(f"{name} can't be made an array: {error}") from error
    if dtype not in DTYPES:
        raise InvalidInput(f"{name} has the dtype {dtype}; one of {', '.join(sorted(DTYPES))} was expected")
    if array.dtype.kind in "iuf":
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return array, dtype


def _of_torch(tensor: Any) -> tuple[Array, str]:
    """A torch tensor's array. NumPy has no bfloat16, so its bits are handed over as integers."""
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":
        return tensor.view(sys.modules["torch"].int16).numpy(), "bfloat16"
    array: Array = tensor.numpy()
    return array, array.dtype.name


def to_array(tensor: Any) -> Array:
    """What a tensor object of an answer stands for. It may be written to."""
    dtype = np.dtype(tensor["dtype"]).newbyteorder("<")
    return np.frombuffer(pybase64.b64decode_as_bytearray(tensor["data"]), dtype).reshape(tensor["shape"])


def array_if_any(tensor: Any) -> Array | None:
    return None if tensor is None else to_array(tensor)
