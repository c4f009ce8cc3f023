from typing import Literal

RecommendationLossType = Literal[
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

RECOMMENDATION_LOSS_TYPE_VALUES: set[RecommendationLossType] = {
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


def check_recommendation_loss_type(value: str) -> RecommendationLossType:
    if value in RECOMMENDATION_LOSS_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECOMMENDATION_LOSS_TYPE_VALUES!r}")
