from typing import Literal

CompareRequestEncodingType0 = Literal["base64", "list"]

COMPARE_REQUEST_ENCODING_TYPE_0_VALUES: set[CompareRequestEncodingType0] = {
    "base64",
    "list",
}


def check_compare_request_encoding_type_0(value: str) -> CompareRequestEncodingType0:
    if value in COMPARE_REQUEST_ENCODING_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {COMPARE_REQUEST_ENCODING_TYPE_0_VALUES!r}")
