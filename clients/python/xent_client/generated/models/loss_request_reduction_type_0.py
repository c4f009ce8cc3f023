from typing import Literal

LossRequestReductionType0 = Literal["mean", "mean_by_nonzero_weights", "none", "sum", "weighted_mean"]

LOSS_REQUEST_REDUCTION_TYPE_0_VALUES: set[LossRequestReductionType0] = {
    "mean",
    "mean_by_nonzero_weights",
    "none",
    "sum",
    "weighted_mean",
}


def check_loss_request_reduction_type_0(value: str) -> LossRequestReductionType0:
    if value in LOSS_REQUEST_REDUCTION_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_REQUEST_REDUCTION_TYPE_0_VALUES!r}")
