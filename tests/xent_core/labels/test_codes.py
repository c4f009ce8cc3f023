"""Labels in another code are recognised where exactly the code's values occur."""

import ml_dtypes
import numpy as np
import pytest

from xent_core.labels.codes import CODES, usual_code


@pytest.mark.parametrize("values", list(CODES))
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_each_code_is_recognised_in_any_order_and_shape(values: tuple[float, ...], dtype: str) -> None:
    labels = np.array([*values, *values[::-1], values[-1]]).astype(dtype)
    assert usual_code(labels) == CODES[values]
    assert usual_code(labels[:, None]) == CODES[values]


def test_a_value_too_few_or_too_many_is_no_code() -> None:
    assert usual_code(np.array([1, 1])) is None
    assert usual_code(np.array([-1, 1, 2])) is None
    assert usual_code(np.array([-1, 0, 1, 255])) is None
    assert usual_code(np.array([0.0, np.nan])) is None


def test_codes_are_recognised_in_bfloat16_which_holds_255_exactly() -> None:
    assert usual_code(np.array([0, 255], ml_dtypes.bfloat16)) == CODES[0, 255]
