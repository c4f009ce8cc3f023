from typing import Literal

LossWarningSeverity = Literal["certain", "hint", "likely"]

LOSS_WARNING_SEVERITY_VALUES: set[LossWarningSeverity] = {
    "certain",
    "hint",
    "likely",
}


def check_loss_warning_severity(value: str) -> LossWarningSeverity:
    if value in LOSS_WARNING_SEVERITY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_WARNING_SEVERITY_VALUES!r}")
