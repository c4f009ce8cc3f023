from typing import Literal

LossRequestLossTypeType0 = Literal[
    "auto",
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

LOSS_REQUEST_LOSS_TYPE_TYPE_0_VALUES: set[LossRequestLossTypeType0] = {
    "auto",
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


def check_loss_request_loss_type_type_0(value: str) -> LossRequestLossTypeType0:
    if value in LOSS_REQUEST_LOSS_TYPE_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_REQUEST_LOSS_TYPE_TYPE_0_VALUES!r}")
