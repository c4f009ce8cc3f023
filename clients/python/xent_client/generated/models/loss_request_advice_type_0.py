from typing import Literal

LossRequestAdviceType0 = Literal["brief", "full", "none"]

LOSS_REQUEST_ADVICE_TYPE_0_VALUES: set[LossRequestAdviceType0] = {
    "brief",
    "full",
    "none",
}


def check_loss_request_advice_type_0(value: str) -> LossRequestAdviceType0:
    if value in LOSS_REQUEST_ADVICE_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_REQUEST_ADVICE_TYPE_0_VALUES!r}")
