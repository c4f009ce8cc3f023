"""JSON bodies to arrays and back: every number survives, and what is no array is named with its place."""

import gc
import json
import re
import time
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from app.wire import cutting, documents
from app.wire import json as json_bodies
from app.wire.describe import describe
from app.wire.documents import READERS
from app.wire.json import decode_body, encode_body
from app.wire.lists import read_array
from app.wire.long_lists import STAND_INS
from app.wire.names import TooManyNames
from app.wire.parse import JSON, MAX_DEPTH, MAX_VALUES, Dialect, NotJson, TooManyValues
from app.wire.tensor import InvalidTensor
from xent_core.errors import Empty, InvalidInput, NotNumeric, Ragged, WrongShape

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)
FLOATS = hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=False))
INTEGERS = hnp.arrays(np.int64, SHAPES)


def response_of(content: dict[str, Any], *, base64: bool = False) -> Any:
    return json.loads(b"".join(encode_body(content, base64=base64)))


def sent_and_read(array: NDArray[Any]) -> NDArray[Any]:
    return read_array(response_of({"array": array})["array"], "array")


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


def test_infinities_are_named_wherever_they_stand_in_a_response() -> None:
    response = {
        "value": np.inf,
        "evidence": {"least": -np.inf, "rows": [np.inf, 1]},
        "pair": (-np.inf, 0.5),
        "none": None,
    }
    assert response_of(response) == {
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
        ([0, 2**64 - 1], np.uint64),
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
    "one of either sign": ([-1, 2**64], NotNumeric, ()),
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


# --- Bodies of any length


@pytest.fixture(params=["in order", *(reader.name for reader in READERS[1:])])
def every_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways a body is read, by its length and by what stands in it, must agree."""
    if request.param != "in order":
        readers = [reader for reader in READERS if reader.name == request.param]
        monkeypatch.setattr(json_bodies, "READERS", readers)
        monkeypatch.setattr(cutting, "LONG_BYTES", 0)
        monkeypatch.setattr(cutting, "SHORT", re.compile(rb"(?!)"))


NAMES = frozenset({"logits", "labels", "weights", "outer.inner"})
TENSOR = '{"dtype": "int8", "shape": [2], "data": "AQI="}'

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "lists": ('{"logits": [[1.5, 2], [3, 4]], "labels": [1, 0]}', {"logits": [[1.5, 2], [3, 4]], "labels": [1, 0]}),
    "numbers": ('{"logits": [1], "labels": 0.5}', {"logits": [1], "labels": 0.5}),
    "other lists": ('{"include": ["gradient"], "logits": [1]}', {"include": ["gradient"], "logits": [1]}),
    "lists within other lists": ('{"other": [[1], [2]], "logits": [1]}', {"other": [[1], [2]], "logits": [1]}),
    "brackets in a string": ('{"other": "[1, 2]", "logits": [1]}', {"other": "[1, 2]", "logits": [1]}),
    "colons in a string": ('{"logits": [1, 2], "other": "a: [b], c"}', {"logits": [1, 2], "other": "a: [b], c"}),
    "a name in a string": (r'{"other": "\"logits\": [", "logits": [1]}', {"other": '"logits": [', "logits": [1]}),
    "the same name twice": ('{"logits": [1, 2], "logits": [3]}', {"logits": [3]}),
    "null": ('{"logits": [1], "weights": null}', {"logits": [1], "weights": None}),
    "no arrays": ('{"loss_type": "auto", "axis": -1}', {"loss_type": "auto", "axis": -1}),
    "an object": ('{"outer": {"inner": [1, 2], "x": 5}}', {"outer": {"inner": [1, 2], "x": 5}}),
    "a list of objects": ('{"outer": [{"inner": [1]}, 7, {"x": 1}]}', {"outer": [{"inner": [1]}, 7, {"x": 1}]}),
    "an object that is none": ('{"outer": 5}', {"outer": 5}),
    "the same name further in": (
        '{"other": {"logits": [1]}, "logits": [2]}',
        {"other": {"logits": [1]}, "logits": [2]},
    ),
    "a tensor object": (f'{{"logits": {TENSOR}, "labels": [0]}}', {"logits": [1, 2], "labels": [0]}),
    "tensor objects": (f'{{"logits": {TENSOR}, "labels": {TENSOR}}}', {"logits": [1, 2], "labels": [1, 2]}),
    "a tensor object further in": (f'{{"outer": {{"inner": {TENSOR}}}}}', {"outer": {"inner": [1, 2]}}),
    "data with its slash escaped": (
        r'{"logits": {"dtype": "int8", "shape": [3], "data": "\/\/\/\/"}}',
        {"logits": [-1, -1, -1]},
    ),
    "data that is no tensor's": ('{"data": "[AQI=", "logits": [1]}', {"data": "[AQI=", "logits": [1]}),
    "white space": ('\n{ "logits"\t: [ 1 ,\r\n2 ] , "labels" : 0 }\n', {"logits": [1, 2], "labels": 0}),
    "an escaped name": (r'{"\u006cogits": [1, 2]}', {"logits": [1, 2]}),
    "what stands for a list within": (
        r'{"labels": "\u00000", "other": "x", "logits": [1]}',
        {"other": "x", "logits": [1]},
    ),
}


def plain(value: Any) -> Any:
    """A document with its arrays as lists; reasons are left out."""
    match value:
        case np.ndarray():
            return value.tolist()
        case dict():
            return {name: plain(item) for name, item in value.items() if not isinstance(item, InvalidInput)}
        case list():
            return [plain(item) for item in value]
        case _:
            return value


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=[*BODIES])
@pytest.mark.usefixtures("every_way")
def test_a_body_is_read_alike_however_long_it_is(body: str, expected: dict[str, Any]) -> None:
    assert plain(decode_body(body.encode(), NAMES)) == expected
    assert plain(decode_body(bytearray(body.encode()), NAMES)) == expected
    assert plain(decode_body(memoryview(body.encode()), NAMES)) == expected


@pytest.mark.parametrize("body", [body for body, _ in BODIES.values()], ids=[*BODIES])
@pytest.mark.usefixtures("every_way")
def test_a_body_cut_anywhere_is_no_json(body: str) -> None:
    content = body.strip().encode()
    for length in range(len(content)):
        with pytest.raises(NotJson):
            decode_body(content[:length], NAMES)


@pytest.mark.parametrize("rubbish", [b"x", b"]", b"}", b", 1", b'"', b"[1]", b"\0"])
@pytest.mark.usefixtures("every_way")
def test_nothing_may_follow_a_body(rubbish: bytes) -> None:
    with pytest.raises(NotJson):
        decode_body(b'{"logits": [[1.5, 2], [3, 4]]}' + rubbish, NAMES)


RAGGED = {
    "[[[1,2]],[]]": "has length 0, but logits[0] has length 1; all must be of one length",
    "[[[1],[2]],[[1]]]": "has length 1, but logits[0] has length 2; all must be of one length",
    "[[[1],[2]],[[1],[2],[3]]]": "has length 3, but logits[0] has length 2; all must be of one length",
}


@pytest.mark.parametrize(("logits", "reason"), RAGGED.items(), ids=[*RAGGED])
@pytest.mark.usefixtures("every_way")
def test_a_ragged_list_of_lists_of_lists_is_named_with_its_place(logits: str, reason: str) -> None:
    found = decode_body(b'{"logits": %b}' % logits.encode(), NAMES)["logits"]
    assert isinstance(found, Ragged)
    assert str(found) == f"logits[1]: {reason}"


@pytest.mark.usefixtures("every_way")
def test_a_ragged_list_with_bare_infinities_is_named_too() -> None:
    dialect = JSON._replace(bare_infinities=True)
    found = decode_body(b'{"logits": [[-Infinity, 1], [Infinity]]}', NAMES, dialect)["logits"]
    assert isinstance(found, Ragged)


@pytest.mark.usefixtures("every_way")
def test_a_number_that_stands_for_an_infinity_elsewhere_is_itself() -> None:
    numbers = ["Infinity", "-Infinity", *STAND_INS.values()]
    found = decode_body(json.dumps({"logits": numbers}).encode(), NAMES)["logits"]
    assert found.tolist() == [np.inf, -np.inf, *STAND_INS.values()]


@pytest.mark.usefixtures("every_way")
def test_where_a_body_ceases_to_be_json_is_counted_from_its_beginning() -> None:
    broken = b'{"logits":\n [[1, 2], [3; 4]]}'
    for body in (broken, memoryview(broken)):
        with pytest.raises(NotJson, match=r"at line 2, column 13$"):
            decode_body(body, NAMES)
    with pytest.raises(NotJson, match=r'bare Infinity, to be written as the string "Infinity", at line 1, column 16$'):
        decode_body(b'{"logits": [1, Infinity]}', NAMES)


@pytest.mark.usefixtures("every_way")
def test_what_is_wrong_with_a_tensor_object_stands_in_its_place() -> None:
    reason = decode_body(b'{"logits": {"dtype": "int8", "shape": [3], "data": "AQI="}}', NAMES)["logits"]
    assert isinstance(reason, InvalidTensor)
    assert reason.argument == "logits.data"


def test_the_numbers_of_a_short_body_never_become_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(documents, "parse")
    monkeypatch.delattr(documents, "read_array")
    document = decode_body(b'{"logits": [[1.5, 2], [3, 4]], "labels": [1, 0], "include": ["gradient"]}', NAMES)
    assert plain(document) == {"logits": [[1.5, 2], [3, 4]], "labels": [1, 0], "include": ["gradient"]}


# --- Responses

LONG = np.random.default_rng(0).standard_normal((300, 500))


@pytest.mark.parametrize("array", [LONG, LONG.reshape(-1), LONG.reshape(1, -1), LONG.reshape(3, 1, 50, -1), LONG[:, 0]])
def test_a_long_array_is_written_in_pieces_that_make_a_whole(array: NDArray[np.float64]) -> None:
    pieces = encode_body({"first": 1, "array": array, "last": {"value": -np.inf}})
    assert json.loads(b"".join(pieces)) == {"first": 1, "array": array.tolist(), "last": {"value": "-Infinity"}}
    assert all(len(piece) < 25 * json_bodies.LONG_ELEMENTS for piece in pieces)


def test_infinities_in_a_long_array_are_named_too() -> None:
    array = LONG.copy()
    array[250, 3] = np.inf
    assert response_of({"array": array})["array"][250][3] == "Infinity"


def test_arrays_are_written_as_tensor_objects_where_that_is_asked_for() -> None:
    response = {"array": np.array([[1.0, np.inf]], np.float32), "inner": {"index": np.array(7)}, "value": np.inf}
    assert response_of(response, base64=True) == {
        "array": {"dtype": "float32", "shape": [1, 2], "data": "AACAPwAAgH8="},
        "inner": {"index": {"dtype": "int64", "shape": [], "data": "BwAAAAAAAAA="}},
        "value": "Infinity",
    }


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


HOSTILE = {
    "colons": b'{"logits": [' + b":" * 3_000_000,
    "names": b'{"logits": [' * 300_000,
    "names and colons": b'"logits": [:' * 300_000,
    "a number of millions of digits": b'{"logits": [' + b"1" * 3_000_000 + b"]}",
    "names with short lists": b'"logits": [1], ' * 300_000,
    "names without lists": b'{"logits": 1, ' * 300_000,
    "strings without an end": b'"data": "' * 300_000,
    "escapes": b'{"data": "' + b"\\" * 3_000_000 + b'"}',
    "opening brackets": b'{"logits": ' + b"[" * 3_000_000,
    "closing brackets": b'{"logits": [' + b"]" * 3_000_000 + b"}",
    "space": b'{"logits"' + b" " * 3_000_000 + b"[1]}",
    "quotes": b'{"logits": [' + b'"' * 3_000_000 + b"]}",
    "empty lists": b'{"logits": [' + b"[]," * 1_000_000 + b"[]]}",
    "one number for each list": b'{"logits": [' + b"[1]," * 1_000_000 + b"[1,2]]}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=[*HOSTILE])
def test_no_body_takes_long(body: bytes) -> None:
    """However it is made, the time is in proportion to its length. Orders of magnitude are meant, not the machine."""
    gc.disable()  # it would look through all that the tests before have left
    began = time.process_time()
    with suppress(NotJson, TooManyNames, TooManyValues):
        assert not isinstance(decode_body(body, NAMES).get("logits"), np.ndarray)
    assert time.process_time() - began < 5
    gc.enable()


# --- How much of JSON


def nested(depth: int) -> bytes:
    """A body so deep, of whose strings the brackets are none."""
    return b'{"other]": "[[[[\\"[[", "logits": [1], "deep": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize("padding", [0, 400_000], ids=["short", "in several pieces"])
def test_lists_may_be_nested_so_deep_and_no_deeper(padding: int) -> None:
    space = b" " * padding
    assert decode_body(space + nested(MAX_DEPTH), NAMES)["logits"].shape == (1,)
    with pytest.raises(NotJson, match=f"nested more than {MAX_DEPTH} deep"):
        decode_body(space + nested(MAX_DEPTH + 1), NAMES)


def test_how_deep_is_a_setting() -> None:
    assert decode_body(nested(10), NAMES, Dialect(max_depth=10))["deep"]
    with pytest.raises(NotJson, match="nested more than 9 deep"):
        decode_body(nested(10), NAMES, Dialect(max_depth=9))


VALUES = b"[]," * 400_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"other": [' + VALUES + b"0]}",
        b'{"logits": [' + VALUES + b'0], "logits": [1]}',
        b'{"logits" [' + b"1," * 900_000 + b"1]}",
    ],
    ids=["another field", "one name twice", "no JSON"],
)
def test_what_would_become_too_many_objects_is_refused_before_it_does(body: bytes) -> None:
    with pytest.raises(TooManyValues, match="more than 500000 values"):
        decode_body(body, NAMES, Dialect(max_values=500_000))


def test_what_would_become_too_many_names_is_refused_before_it_does() -> None:
    with pytest.raises(TooManyNames):
        decode_body(b'{"logits": [1], "other": {"a": {' + b'"b": 1,' * 400_000 + b'"c": 1}}}', NAMES)


def test_numbers_in_lists_do_not_count() -> None:
    body = b'{"logits": [' + b"1," * 900_000 + b"1]}"
    assert decode_body(body, NAMES, Dialect(max_values=10))["logits"].size == 900_001


def test_text_does_not_count_either() -> None:
    body = b'{"other": "' + b"x" * (2 * MAX_VALUES) + b'", "logits": [1]}'
    assert decode_body(body, NAMES)["logits"].shape == (1,)


def test_a_name_with_a_null_character_is_a_name() -> None:
    body = b'{"logits": [1], "a\\u0000b": 1}'
    assert decode_body(body, NAMES)["a\x00b"] == 1
