"""Request models take arrays, and say what is wrong with them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pydantic import ValidationError

from app.api.loss import LossRequest


def test_the_fields_that_hold_arrays_are_known() -> None:
    assert LossRequest.array_fields() == {"logits", "labels", "weights", "pos_weight", "class_weights"}


def test_an_array_may_be_given_as_it_is_or_as_nested_lists() -> None:
    logits = np.array([[2.0, 0.5]])
    request = LossRequest.model_validate({"logits": logits, "labels": [[0, 1]]})
    assert request.logits is logits
    assert_array_equal(request.labels, [[0, 1]])


def test_what_is_wrong_with_a_nested_list_is_said_with_its_place() -> None:
    with pytest.raises(ValidationError) as caught:
        LossRequest.model_validate({"logits": [[1, 2], [3, None]], "labels": [0, 1]})
    (error,) = caught.value.errors()
    assert error["loc"] == ("logits",)
    assert error["ctx"]["position"] == [1, 1]


def test_null_is_absent() -> None:
    given = {"logits": [1], "labels": 1}
    null = LossRequest.model_validate(given | {"weights": None, "axis": None, "include": None})
    absent = LossRequest.model_validate(given)
    assert (null.weights, null.axis, null.include) == (absent.weights, absent.axis, absent.include)


def test_unknown_fields_are_named_up_to_a_number() -> None:
    with pytest.raises(ValidationError) as caught:
        LossRequest.model_validate({"logits": [1], "labels": 1} | {f"field{i}": i for i in range(1000)})
    assert caught.value.error_count() <= 20
