from typing import Literal

CatalogueEntryLossType = Literal[
    "generalized_cross_entropy",
    "kl_divergence",
    "poly_cross_entropy",
    "sampled_softmax",
    "sigmoid_cross_entropy",
    "sigmoid_focal_cross_entropy",
    "softmax_cross_entropy",
    "softmax_focal_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sparse_softmax_focal_cross_entropy",
    "weighted_cross_entropy",
]

CATALOGUE_ENTRY_LOSS_TYPE_VALUES: set[CatalogueEntryLossType] = {
    "generalized_cross_entropy",
    "kl_divergence",
    "poly_cross_entropy",
    "sampled_softmax",
    "sigmoid_cross_entropy",
    "sigmoid_focal_cross_entropy",
    "softmax_cross_entropy",
    "softmax_focal_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sparse_softmax_focal_cross_entropy",
    "weighted_cross_entropy",
}


def check_catalogue_entry_loss_type(value: str) -> CatalogueEntryLossType:
    if value in CATALOGUE_ENTRY_LOSS_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CATALOGUE_ENTRY_LOSS_TYPE_VALUES!r}")
