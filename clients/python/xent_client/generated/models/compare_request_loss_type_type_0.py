from typing import Literal

CompareRequestLossTypeType0 = Literal[
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

COMPARE_REQUEST_LOSS_TYPE_TYPE_0_VALUES: set[CompareRequestLossTypeType0] = {
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


def check_compare_request_loss_type_type_0(value: str) -> CompareRequestLossTypeType0:
    if value in COMPARE_REQUEST_LOSS_TYPE_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {COMPARE_REQUEST_LOSS_TYPE_TYPE_0_VALUES!r}")
