from typing import Literal

CatalogueEntryLossType = Literal[
    "sampled_softmax",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "weighted_cross_entropy",
]

CATALOGUE_ENTRY_LOSS_TYPE_VALUES: set[CatalogueEntryLossType] = {
    "sampled_softmax",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "weighted_cross_entropy",
}


def check_catalogue_entry_loss_type(value: str) -> CatalogueEntryLossType:
    if value in CATALOGUE_ENTRY_LOSS_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CATALOGUE_ENTRY_LOSS_TYPE_VALUES!r}")
