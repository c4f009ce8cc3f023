from typing import Literal

LossRequestEncodingType0 = Literal["base64", "list"]

LOSS_REQUEST_ENCODING_TYPE_0_VALUES: set[LossRequestEncodingType0] = {
    "base64",
    "list",
}


def check_loss_request_encoding_type_0(value: str) -> LossRequestEncodingType0:
    if value in LOSS_REQUEST_ENCODING_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_REQUEST_ENCODING_TYPE_0_VALUES!r}")
