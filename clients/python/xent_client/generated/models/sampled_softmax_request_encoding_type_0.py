from typing import Literal

SampledSoftmaxRequestEncodingType0 = Literal["base64", "list"]

SAMPLED_SOFTMAX_REQUEST_ENCODING_TYPE_0_VALUES: set[SampledSoftmaxRequestEncodingType0] = {
    "base64",
    "list",
}


def check_sampled_softmax_request_encoding_type_0(value: str) -> SampledSoftmaxRequestEncodingType0:
    if value in SAMPLED_SOFTMAX_REQUEST_ENCODING_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SAMPLED_SOFTMAX_REQUEST_ENCODING_TYPE_0_VALUES!r}")
