from typing import Literal

LossResponseLossType = Literal[
    "sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy", "weighted_cross_entropy"
]

LOSS_RESPONSE_LOSS_TYPE_VALUES: set[LossResponseLossType] = {
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "weighted_cross_entropy",
}


def check_loss_response_loss_type(value: str) -> LossResponseLossType:
    if value in LOSS_RESPONSE_LOSS_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_RESPONSE_LOSS_TYPE_VALUES!r}")
