from typing import Literal

ArrayType1 = Literal["-Infinity", "Infinity"]

ARRAY_TYPE_1_VALUES: set[ArrayType1] = {
    "-Infinity",
    "Infinity",
}


def check_array_type_1(value: str) -> ArrayType1:
    if value in ARRAY_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ARRAY_TYPE_1_VALUES!r}")
