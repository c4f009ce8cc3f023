from typing import Literal

ReducedReduction = Literal["mean", "mean_by_nonzero_weights", "none", "sum", "weighted_mean"]

REDUCED_REDUCTION_VALUES: set[ReducedReduction] = {
    "mean",
    "mean_by_nonzero_weights",
    "none",
    "sum",
    "weighted_mean",
}


def check_reduced_reduction(value: str) -> ReducedReduction:
    if value in REDUCED_REDUCTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REDUCED_REDUCTION_VALUES!r}")
