from typing import Literal

RecommendRequestAdviceType0 = Literal["brief", "full"]

RECOMMEND_REQUEST_ADVICE_TYPE_0_VALUES: set[RecommendRequestAdviceType0] = {
    "brief",
    "full",
}


def check_recommend_request_advice_type_0(value: str) -> RecommendRequestAdviceType0:
    if value in RECOMMEND_REQUEST_ADVICE_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECOMMEND_REQUEST_ADVICE_TYPE_0_VALUES!r}")
