from typing import Literal

TensorObjectDtype = Literal[
    "bfloat16",
    "bool",
    "float16",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
]

TENSOR_OBJECT_DTYPE_VALUES: set[TensorObjectDtype] = {
    "bfloat16",
    "bool",
    "float16",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
}


def check_tensor_object_dtype(value: str) -> TensorObjectDtype:
    if value in TENSOR_OBJECT_DTYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TENSOR_OBJECT_DTYPE_VALUES!r}")
