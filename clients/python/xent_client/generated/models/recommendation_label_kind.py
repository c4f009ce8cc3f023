from typing import Literal

RecommendationLabelKind = Literal[
    "binary", "class_indices", "distribution", "multi_hot", "one_hot", "other", "soft_binary", "soft_multi_label"
]

RECOMMENDATION_LABEL_KIND_VALUES: set[RecommendationLabelKind] = {
    "binary",
    "class_indices",
    "distribution",
    "multi_hot",
    "one_hot",
    "other",
    "soft_binary",
    "soft_multi_label",
}


def check_recommendation_label_kind(value: str) -> RecommendationLabelKind:
    if value in RECOMMENDATION_LABEL_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECOMMENDATION_LABEL_KIND_VALUES!r}")
