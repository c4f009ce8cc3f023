"""Request models take arrays, and say what is wrong with them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pydantic import ValidationError

from app.api.loss import LossRequest
from app.api.recommend import RecommendRequest


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
        LossRequest.model_validate({"logits": [1], "labels": 1} | {f"field{i}": i for i in range(200)})
    assert caught.value.error_count() == 20


def test_an_object_of_many_fields_is_refused_as_a_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        LossRequest.model_validate({"logits": [1], "labels": 1} | {f"field{i}": i for i in range(1_000_000)})
    (error,) = caught.value.errors()
    assert error["ctx"]["message"] == "has 1000002 fields; at most 256 are accepted"


def test_what_a_request_has_to_do_with_counts_every_array_and_all_that_is_computed() -> None:
    batch = {"logits": np.zeros((4, 3)), "labels": np.zeros(4, np.int8)}
    plain = LossRequest.model_validate(batch).work_bytes
    # Logits and labels; a loss for each row, and a weight for each class.
    assert plain == 8 * (12 + 4) + 32 * (4 + 3)
    assert LossRequest.model_validate(batch | {"weights": np.zeros(1000)}).work_bytes == plain + 8 * 1000
    assert LossRequest.model_validate(batch | {"include": ["gradient"]}).work_bytes == plain + 32 * 12
    assert LossRequest.model_validate(batch | {"axis": 7}).work_bytes == 8 * 16 + 32 * 12
    without_logits = {"logits_shape": (20, 1 << 60), "labels": np.zeros(20, np.int8)}
    assert RecommendRequest.model_validate(without_logits).work_bytes == 8 * 20 + 32 * 10_000
