from typing import Literal

LossRequestIncludeType0Item = Literal[
    "calibration",
    "elements",
    "entropy",
    "gradient",
    "label_rank",
    "logsumexp",
    "margin",
    "predictions",
    "probabilities",
    "summary",
]

LOSS_REQUEST_INCLUDE_TYPE_0_ITEM_VALUES: set[LossRequestIncludeType0Item] = {
    "calibration",
    "elements",
    "entropy",
    "gradient",
    "label_rank",
    "logsumexp",
    "margin",
    "predictions",
    "probabilities",
    "summary",
}


def check_loss_request_include_type_0_item(value: str) -> LossRequestIncludeType0Item:
    if value in LOSS_REQUEST_INCLUDE_TYPE_0_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_REQUEST_INCLUDE_TYPE_0_ITEM_VALUES!r}")
