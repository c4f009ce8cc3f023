from typing import Literal

LossResponseLossType = Literal[
    "generalized_cross_entropy",
    "kl_divergence",
    "poly_cross_entropy",
    "sigmoid_cross_entropy",
    "sigmoid_focal_cross_entropy",
    "softmax_cross_entropy",
    "softmax_focal_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sparse_softmax_focal_cross_entropy",
    "weighted_cross_entropy",
]

LOSS_RESPONSE_LOSS_TYPE_VALUES: set[LossResponseLossType] = {
    "generalized_cross_entropy",
    "kl_divergence",
    "poly_cross_entropy",
    "sigmoid_cross_entropy",
    "sigmoid_focal_cross_entropy",
    "softmax_cross_entropy",
    "softmax_focal_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sparse_softmax_focal_cross_entropy",
    "weighted_cross_entropy",
}


def check_loss_response_loss_type(value: str) -> LossResponseLossType:
    if value in LOSS_RESPONSE_LOSS_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_RESPONSE_LOSS_TYPE_VALUES!r}")
