from typing import Literal

NumberType1 = Literal["-Infinity", "Infinity"]

NUMBER_TYPE_1_VALUES: set[NumberType1] = {
    "-Infinity",
    "Infinity",
}


def check_number_type_1(value: str) -> NumberType1:
    if value in NUMBER_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {NUMBER_TYPE_1_VALUES!r}")
