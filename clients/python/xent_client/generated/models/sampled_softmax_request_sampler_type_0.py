from typing import Literal

SampledSoftmaxRequestSamplerType0 = Literal["log_uniform", "uniform"]

SAMPLED_SOFTMAX_REQUEST_SAMPLER_TYPE_0_VALUES: set[SampledSoftmaxRequestSamplerType0] = {
    "log_uniform",
    "uniform",
}


def check_sampled_softmax_request_sampler_type_0(value: str) -> SampledSoftmaxRequestSamplerType0:
    if value in SAMPLED_SOFTMAX_REQUEST_SAMPLER_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SAMPLED_SOFTMAX_REQUEST_SAMPLER_TYPE_0_VALUES!r}")
