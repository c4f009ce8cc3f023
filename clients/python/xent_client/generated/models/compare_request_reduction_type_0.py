from typing import Literal

CompareRequestReductionType0 = Literal["mean", "mean_by_nonzero_weights", "none", "sum", "weighted_mean"]

COMPARE_REQUEST_REDUCTION_TYPE_0_VALUES: set[CompareRequestReductionType0] = {
    "mean",
    "mean_by_nonzero_weights",
    "none",
    "sum",
    "weighted_mean",
}


def check_compare_request_reduction_type_0(value: str) -> CompareRequestReductionType0:
    if value in COMPARE_REQUEST_REDUCTION_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {COMPARE_REQUEST_REDUCTION_TYPE_0_VALUES!r}")
