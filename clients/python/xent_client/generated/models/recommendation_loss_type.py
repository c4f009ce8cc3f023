from typing import Literal

RecommendationLossType = Literal[
    "sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy", "weighted_cross_entropy"
]

RECOMMENDATION_LOSS_TYPE_VALUES: set[RecommendationLossType] = {
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "weighted_cross_entropy",
}


def check_recommendation_loss_type(value: str) -> RecommendationLossType:
    if value in RECOMMENDATION_LOSS_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECOMMENDATION_LOSS_TYPE_VALUES!r}")
