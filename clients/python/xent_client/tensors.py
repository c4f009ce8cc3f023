"""Arrays of any kind to the tensor objects of a request, and those of a response to NumPy arrays."""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Set
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pybase64

from xent_client.errors import InvalidInput, NotAnArray
from xent_client.generated.models.tensor_object_dtype import TENSOR_OBJECT_DTYPE_VALUES as DTYPES

Array = npt.NDArray[Any]


class HasDlpack(Protocol):
    """An array of a library that speaks DLPack: torch, JAX, CuPy and others."""

    def __dlpack__(self) -> Any: ...


ArrayLike = npt.ArrayLike | HasDlpack

# How many bytes are encoded at once; a multiple of 3, so that the results can be joined.
_PIECE_BYTES = 3 << 16
# The fields that hold an array or a number, and those that hold a JSON list. Any other field goes by its value.
_ARRAY_FIELDS = {"logits", "labels", "weights", "pos_weight", "class_weights", "biases", "inputs", "sample_weights"}
_LIST_FIELDS = {"include", "silence", "logits_shape"}
_EXPECTED = "a NumPy array, a torch tensor, a nested list of numbers or a number was expected"
_CLASS_NAMES = (
    "labels are text; class indices were expected. `names, labels = np.unique(labels, return_inverse=True)` maps class "
    "names to indices, in sorted order: the logits' classes must be in the same order"
)

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
        if name == "sampled_values" and isinstance(value, Mapping):
            pieces += [text.encode(), *to_body(value)]
            text = ","
        elif is_tensor_object(value):
            text += f"{json.dumps(value)},"
        elif _is_plain(value, name):
            text += f"{_plain(value)},"
        else:
            array, dtype = _array_to_send(value, name)
            data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            pieces += [f'{text}{{"dtype":"{dtype}","shape":{[*array.shape]},"data":"'.encode(), data]
            text = '"},'
    return [*pieces, f"{text.removesuffix(',')}}}".encode()]


def is_tensor_object(value: Any) -> bool:
    """Whether the value is an array as the service writes it, and so can be sent as it is."""
    return isinstance(value, dict) and value.keys() == {"dtype", "shape", "data"}


def _is_plain(value: Any, name: str) -> bool:
    """Whether the value is sent as JSON has it, and not as a tensor object."""
    if isinstance(value, str):
        return name not in _ARRAY_FIELDS
    if isinstance(value, bool | int | float | np.generic) or name in _LIST_FIELDS:
        return True
    return name not in _ARRAY_FIELDS and isinstance(value, list | tuple) and all(isinstance(e, str) for e in value)


def _plain(value: Any) -> str:
    """JSON, in which infinities are strings."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return json.dumps(value if isinstance(value, str | int | float) else [*value], default=np.generic.item)


def _array_to_send(value: Any, name: str) -> tuple[Array, str]:
    """The array, little-endian, and the name that its dtype has in tensor objects. Raises InvalidInput."""
    if isinstance(value, Mapping | Set | Iterator):
        raise NotAnArray(f"{name} has the type {_type_name(value)}; {_EXPECTED}")
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
        raise InvalidInput(f"{name} can't be converted to an array: {error}") from error
    if dtype not in DTYPES:
        raise _refused(value, array, name)
    if array.dtype.kind in "iuf":
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return array, dtype


def _refused(value: Any, array: Array, name: str) -> NotAnArray:
    if name == "labels" and _holds_text(array):
        return NotAnArray(_CLASS_NAMES)
    if array.dtype == object:
        found = next((each for each in array.flat if not isinstance(each, bool | int | float)), value)
        if found is value:
            return NotAnArray(f"{name} has the type {_type_name(value)}; {_EXPECTED}")
        missing = "; np.ma.masked_array masks labels that are missing" if found is None and name == "labels" else ""
        return NotAnArray(f"{name} holds a value of the type {_type_name(found)}; numbers were expected{missing}")
    return NotAnArray(f"{name} has the dtype {array.dtype.name}; one of {', '.join(sorted(DTYPES))} was expected")


def _holds_text(array: Array) -> bool:
    """Of NumPy's three kinds of text, or of Python's among objects."""
    return array.dtype.kind in "UST" or (array.dtype == object and any(isinstance(each, str) for each in array.flat))


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def to_numpy(value: Any, name: str) -> Array:
    """The value as a NumPy array, bfloat16 as its bits. Raises InvalidInput."""
    return _array_to_send(value, name)[0]


def shape_of(value: Any, name: str) -> tuple[int, ...]:
    """The shape of an array of any kind, without converting it where it tells its shape. Raises InvalidInput."""
    shape = value["shape"] if is_tensor_object(value) else getattr(value, "shape", None)
    return tuple(to_numpy(value, name).shape if shape is None else shape)


def _of_torch(tensor: Any) -> tuple[Array, str]:
    """A torch tensor's array. NumPy has no bfloat16, so its bits are passed as integers."""
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":
        return tensor.view(sys.modules["torch"].int16).numpy(), "bfloat16"
    array: Array = tensor.numpy()
    return array, array.dtype.name


def to_array(tensor: Any) -> Array:
    """The array of a response's tensor object. It is writable."""
    dtype = np.dtype(tensor["dtype"]).newbyteorder("<")
    return np.frombuffer(pybase64.b64decode_as_bytearray(tensor["data"]), dtype).reshape(tensor["shape"])
