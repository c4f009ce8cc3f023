from typing import Literal

SampledSoftmaxRequestReductionType0 = Literal["mean", "mean_by_nonzero_weights", "none", "sum", "weighted_mean"]

SAMPLED_SOFTMAX_REQUEST_REDUCTION_TYPE_0_VALUES: set[SampledSoftmaxRequestReductionType0] = {
    "mean",
    "mean_by_nonzero_weights",
    "none",
    "sum",
    "weighted_mean",
}


def check_sampled_softmax_request_reduction_type_0(value: str) -> SampledSoftmaxRequestReductionType0:
    if value in SAMPLED_SOFTMAX_REQUEST_REDUCTION_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SAMPLED_SOFTMAX_REQUEST_REDUCTION_TYPE_0_VALUES!r}")
