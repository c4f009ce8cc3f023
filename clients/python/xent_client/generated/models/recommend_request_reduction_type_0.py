from typing import Literal

RecommendRequestReductionType0 = Literal["mean", "mean_by_nonzero_weights", "none", "sum", "weighted_mean"]

RECOMMEND_REQUEST_REDUCTION_TYPE_0_VALUES: set[RecommendRequestReductionType0] = {
    "mean",
    "mean_by_nonzero_weights",
    "none",
    "sum",
    "weighted_mean",
}


def check_recommend_request_reduction_type_0(value: str) -> RecommendRequestReductionType0:
    if value in RECOMMEND_REQUEST_REDUCTION_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECOMMEND_REQUEST_REDUCTION_TYPE_0_VALUES!r}")
