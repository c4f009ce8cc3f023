from typing import Literal

CompareResponseLossTypeType0 = Literal[
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

COMPARE_RESPONSE_LOSS_TYPE_TYPE_0_VALUES: set[CompareResponseLossTypeType0] = {
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


def check_compare_response_loss_type_type_0(value: str) -> CompareResponseLossTypeType0:
    if value in COMPARE_RESPONSE_LOSS_TYPE_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {COMPARE_RESPONSE_LOSS_TYPE_TYPE_0_VALUES!r}")
