"""JSON bodies to arrays and back: every number survives, and what is no array is named with its place."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from app.wire.json import NotJson, decode_body, describe, encode_body, read_array
from xent_core.errors import Empty, InvalidInput, NotNumeric, Ragged, WrongShape

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)
FLOATS = hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=False))
INTEGERS = hnp.arrays(np.int64, SHAPES)


def sent_and_read(array: NDArray[Any]) -> NDArray[Any]:
    return read_array(json.loads(encode_body({"array": array}))["array"], "array")


@given(FLOATS)
def test_every_float64_survives_the_way_there_and_back(array: NDArray[np.float64]) -> None:
    """Infinities and the sign of zero too."""
    back = sent_and_read(array)
    assert back.dtype == np.float64
    assert_array_equal(back, array)
    assert_array_equal(np.signbit(back), np.signbit(array))


@given(hnp.arrays(np.float32, SHAPES, elements=st.floats(allow_nan=False, width=32)))
def test_every_float32_survives_too(array: NDArray[np.float32]) -> None:
    assert_array_equal(sent_and_read(array).astype(np.float32), array)


@given(INTEGERS)
def test_whole_numbers_stay_whole(array: NDArray[np.int64]) -> None:
    back = sent_and_read(array)
    assert back.dtype == np.int64
    assert_array_equal(back, array)


def test_infinities_are_named_wherever_they_stand_in_an_answer() -> None:
    answer = {
        "value": np.inf,
        "evidence": {"least": -np.inf, "rows": [np.inf, 1]},
        "pair": (-np.inf, 0.5),
        "none": None,
    }
    assert json.loads(encode_body(answer)) == {
        "value": "Infinity",
        "evidence": {"least": "-Infinity", "rows": ["Infinity", 1]},
        "pair": ["-Infinity", 0.5],
        "none": None,
    }


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([1, 2], np.int64),
        ([1, 2.0], np.float64),
        ([1, "Infinity"], np.float64),
        (2**64 - 1, np.uint64),
        ([-1, 2**64 - 1], np.float64),
    ],
)
def test_numbers_are_whole_where_all_of_them_are(value: Any, dtype: type) -> None:
    assert read_array(value, "labels").dtype == dtype


NO_ARRAY: dict[str, tuple[Any, type[InvalidInput], tuple[int, ...]]] = {
    "rows of two lengths": ([[1, 2], [3]], Ragged, (1,)),
    "deeper rows of two lengths": ([[[1], [2]], [[3], [4, 5]]], Ragged, (1, 1)),
    "a list for a number": ([1, [2]], Ragged, (1,)),
    "nothing": ([], Empty, ()),
    "rows of nothing": ([[], []], Empty, ()),
    "null": (None, NotNumeric, ()),
    "an object": ({}, NotNumeric, ()),
    "true among numbers": ([1, True], NotNumeric, (1,)),
    "a string among numbers": ([[1, 2], [3, "4"]], NotNumeric, (1, 1)),
    "a whole number of 100 bits": ([10**30], NotNumeric, ()),
    "33 dimensions": (json.loads("[" * 33 + "1" + "]" * 33), WrongShape, ()),
}


@pytest.mark.parametrize(("value", "error", "position"), NO_ARRAY.values(), ids=[*NO_ARRAY])
def test_what_is_no_array_is_named_with_its_place(
    value: Any, error: type[InvalidInput], position: tuple[int, ...]
) -> None:
    with pytest.raises(error) as caught:
        read_array(value, "logits")
    assert caught.value.argument == "logits"
    assert caught.value.position == position


def test_only_the_named_fields_become_arrays() -> None:
    document = decode_body(b'{"logits": [1, 2], "include": ["gradient"], "weights": null}', {"logits", "weights"})
    assert_array_equal(document.pop("logits"), [1, 2])
    assert document == {"include": ["gradient"], "weights": None}


def test_what_is_wrong_with_an_array_stands_in_its_place() -> None:
    """So that it is reported together with all else that is wrong."""
    document = decode_body(b'{"logits": [[1, 2], [3]]}', {"logits"})
    assert isinstance(document["logits"], Ragged)


@pytest.mark.parametrize("body", [b"[1, 2]", b"null", b"5"])
def test_json_that_is_no_object_is_left_to_whoever_expects_one(body: bytes) -> None:
    assert decode_body(body, {"logits"}) == json.loads(body)


@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}", b"[NaN, x]", b"[Infinity]", b"[NaN, Infinity]"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        decode_body(body, set())


DESCRIBED: dict[str, Any] = {
    "null": None,
    "true": True,
    'the string "cat"': "cat",
    "a string": "cat" * 100,
    "5": 5,
    "0.5": 0.5,
    "a very large number": 10**30,
    "a list": [1],
    "an object": {"a": 1},
    "an array": np.zeros(3),
}


@pytest.mark.parametrize(("words", "value"), DESCRIBED.items(), ids=[*DESCRIBED])
def test_a_value_is_described_without_repeating_it_at_length(words: str, value: Any) -> None:
    assert describe(value) == words


def test_a_string_that_cannot_be_shown_is_not() -> None:
    assert describe("\x00") == "a string"
