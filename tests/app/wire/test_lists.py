"""A list's text becomes the array that Python's own reading of it gives, however long it is and whatever it holds."""

import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from app.wire import cutting, documents, long_lists, pieces, rectangle, structure
from app.wire import json as json_bodies
from app.wire.json import decode_body
from app.wire.lists import NotPlain, read_array
from app.wire.parse import JSON, Dialect, NotJson, load, parse
from xent_core.errors import Empty, InvalidInput, NotNumeric, Ragged, WrongShape

ARRAYS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=4, max_side=6), elements=st.floats(-9, 9, width=16)
)


# Bytes that are looked at at once, bytes of a part that is read, and brackets beyond which a piece is looked at in
# smaller ones.
SIZES = {"byte by byte": (1, 1, 0), "a few bytes at once": (40, 7, 100), "at once": (1 << 20, 1 << 17, 1 << 16)}


@pytest.fixture(params=SIZES.values(), ids=[*SIZES])
def in_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long and short pieces must give the same."""
    cut_into(*request.param, monkeypatch)


def cut_into(scanned: int, part: int, brackets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every list cut out, and read in pieces of these lengths."""
    for module in (pieces, cutting, long_lists):
        monkeypatch.setattr(module, "PIECE_BYTES", scanned)
    monkeypatch.setattr(structure, "SCAN_BYTES", scanned)
    monkeypatch.setattr(rectangle, "PART_BYTES", part)
    monkeypatch.setattr(structure, "MAX_BRACKETS", brackets)
    monkeypatch.setattr(structure, "DENSE_BYTES", 64)
    monkeypatch.setattr(json_bodies, "READERS", [documents.READERS[-1]])
    monkeypatch.setattr(cutting, "LONG_BYTES", 0)
    monkeypatch.setattr(cutting, "SHORT", re.compile(rb"(?!)"))


def read(text: str | bytes, **dialect: bool) -> NDArray[Any]:
    """The list, from the middle of a body."""
    content = text.encode() if isinstance(text, str) else text
    body = b'{"labels": [0], "logits": ' + content + b', "weights": [1, 2]}'
    array = decode_body(body, {"logits"}, Dialect(**dialect))["logits"]
    if isinstance(array, InvalidInput):
        raise array
    assert isinstance(array, np.ndarray)
    return array


TEXTS = {
    "whole numbers": "[1, 2, 3]",
    "negative ones": "[-1, 2, -9223372036854775808]",
    "unsigned ones of 64 bits": "[0, 1, 18446744073709551615]",
    "unsigned ones at the beginning": "[18446744073709551615, 0, 1]",
    "both of these": "[-1, 0, 18446744073709551615]",
    "unsigned ones beside reals": "[18446744073709551615, 0.5, 1]",
    "reals": "[0.1, 0.2, 3.5]",
    "whole numbers that become reals": "[9007199254740993, 1, 2, 3, 4, 5, 0.5, 6, 7, 8]",
    "reals that become whole": "[0.5, 1, 2, 3, 4, 5, 6, 7]",
    "zeros of either sign": "[0.0, -0.0, 0, -0]",
    "the largest and the smallest": "[1.7976931348623157e308, 5e-324, 2.2250738585072014e-308]",
    "more digits than a float has": "[0.1000000000000000055511151231257827, 123456789012345678901234567890.5]",
    "a whole number of 100 bits": "[1, 1234567890123456789012345678901, 2]",
    "whole numbers of 100 bits beside reals": "[-1234567890123456789012345678901, 0.12345678901234567890123, 1e3, 7]",
    "a whole number of 100 bits beside an infinity": '[1234567890123456789012345678901, "Infinity", 2]',
    "less than any float": "[1e-400, -1e-400]",
    "rows": "[[1.5, 2], [3, 4]]",
    "rows of whole numbers": "[[1, 2], [3, 4], [5, 6]]",
    "columns": "[[[1], [2]], [[3], [4]], [[5], [6]]]",
    "white space": " [ [\t1 ,\n2\r] , [ 3 , 4 ] ] ".strip(),
    "infinities": '[[1, "Infinity"], ["-Infinity", 2], [3, 4]]',
    "what stands for infinities": f'[[{long_lists.STAND_INS["Infinity"]!r}, "Infinity"], ["-Infinity", 2], [3, 4]]',
    "a nan": '[[1, 2], [3, "NaN"], [5, 6]]',
    "a bare nan": "[[1, 2], [3, NaN], [5, 6]]",
    "one": "[7]",
    "one deep down": "[[[[[7]]]]]",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=[*TEXTS])
@pytest.mark.usefixtures("in_pieces")
def test_a_long_list_is_read_as_a_short_one_is(text: str) -> None:
    expected = read_array(parse(text.encode(), JSON), "logits")
    array = read(text)
    assert array.dtype == expected.dtype
    assert array.tobytes() == expected.tobytes()
    assert array.shape == expected.shape


WRONG: dict[str, tuple[str, type[InvalidInput], tuple[int, ...]]] = {
    "nothing": ("[]", Empty, ()),
    "rows of nothing": ("[[], []]", Empty, ()),
    "a shorter row": ("[[1, 2], [3, 4], [5]]", Ragged, (2,)),
    "a longer row": ("[[1, 2], [3, 4], [5, 6, 7], [8, 9]]", Ragged, (2,)),
    "a deeper row": ("[[1, 2], [3, 4], [[5], [6]]]", Ragged, (2, 0)),
    "a list for a number": ("[[1, 2], [3, 4], [5, [6]]]", Ragged, (2, 1)),
    "a number for a list": ("[[1, 2], [3, 4], 5]", Ragged, (2,)),
    "a shorter row further in": ("[[[1, 2], [3, 4]], [[5, 6], [7]]]", Ragged, (1, 1)),
    "other rows further in": ("[[[1, 2], [3, 4]], [[5], [7]]]", Ragged, (1, 0)),
    "true": ("[[1, 2], [3, 4], [5, true]]", NotNumeric, (2, 1)),
    "null": ("[[1, 2], [null, 4], [5, 6]]", NotNumeric, (1, 0)),
    "a string": ('[[1, 2], [3, "4"], [5, 6]]', NotNumeric, (1, 1)),
    "an object": ("[[1, 2], [3, {}], [5, 6]]", NotNumeric, (1, 1)),
    "an object behind a bare NaN": ("[[NaN, 2], [3, {}], [5, 6]]", NotNumeric, (1, 1)),
    "a string far into a row": ("[[" + "1, " * 40 + '"4"]]', NotNumeric, (0, 40)),
    "a long string for a row": ('[[1], "' + "a" * 5000 + '"]', Ragged, (1,)),
    "a number between lists": ("[[1, 2], 3, [4, 5], [6, 7]]", Ragged, (1,)),
    "a number for a list further in": ("[[[1, 2], [3, 4]], [5]]", Ragged, (1, 0)),
    "an object for a list further in": ("[[[1, 2], [3, 4]], [{}]]", Ragged, (1, 0)),
    "33 dimensions": ("[" * 33 + "1" + "]" * 33, WrongShape, ()),
}


@pytest.mark.parametrize(("text", "error", "position"), WRONG.values(), ids=[*WRONG])
@pytest.mark.usefixtures("in_pieces")
def test_what_is_no_array_is_named_with_its_place(
    text: str, error: type[InvalidInput], position: tuple[int, ...]
) -> None:
    with pytest.raises(error) as caught:
        read(text)
    assert caught.value.position == position
    assert caught.value.argument == "logits"


@pytest.mark.usefixtures("in_pieces")
def test_booleans_are_taken_where_they_are_asked_for_and_stand_alone() -> None:
    assert_array_equal(read("[[true, false], [false, false]]", booleans=True), [[True, False], [False, False]])
    with pytest.raises(NotNumeric):
        read("[[true, false], [false, 1]]", booleans=True)


@pytest.mark.usefixtures("in_pieces")
def test_bare_infinities_are_taken_where_they_are_asked_for() -> None:
    text = "[[1.5, -Infinity], [Infinity, 2.5], [3.5, 4.5]]"
    assert_array_equal(read(text, bare_infinities=True), [[1.5, -np.inf], [np.inf, 2.5], [3.5, 4.5]])
    with pytest.raises(NotJson, match="bare -Infinity"):
        read(text)


@given(ARRAYS, st.integers(1, 99), st.integers(1, 99), st.integers(0, 99))
def test_every_array_survives_however_it_is_cut(
    array: NDArray[np.float64], scanned: int, part: int, brackets: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        cut_into(scanned, part, brackets, patch)
        assert_array_equal(read(orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY)), array)


def test_numbers_alone_never_take_the_careful_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which makes an object for each of them."""
    monkeypatch.delattr(long_lists, "load")
    rows = np.random.default_rng(0).standard_normal((3000, 40))
    text = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)
    assert len(text) > 4 * rectangle.PART_BYTES
    assert_array_equal(read(text), rows)
    assert_array_equal(read(re.sub(rb"\.\d+", b"", text)), np.trunc(rows))
    assert_array_equal(read(text[:-1] + b", [" + b"1" * 30 + b", 2" * 39 + b"]]")[-1, 0], float("1" * 30))
    masked = rows.copy()
    masked[::3, 7], masked[1::5, 3] = -np.inf, np.inf
    named = [
        ["-Infinity" if x == -np.inf else "Infinity" if x == np.inf else x for x in row] for row in masked.tolist()
    ]
    assert_array_equal(read(orjson.dumps(named)), masked)
    with pytest.raises(NameError):
        read(text[:-1] + b", [true]]")


def test_where_numbers_cease_to_be_json_is_found_without_reading_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an object for each of them."""
    text = b"[" + b"[1.5, 2.5],\n" * 50_000 + b"[3.5; 4.5], " + b"[1.5, 2.5], " * 50_000 + b"[5.5, 6.5]]"
    parsed = []
    for module in (long_lists, cutting):
        monkeypatch.setattr(module, "load", lambda part, dialect: parsed.append(len(part)) or load(part, dialect))
    with pytest.raises(NotJson, match=r"at line 50001, column 5$"):
        read(text)
    assert sum(parsed) < 2 * rectangle.PART_BYTES


NOT_JSON = [
    "[[1], 2}",
    "[[1], [2] [3]]",
    "[[1, 2], [3, 4]",
    "[[1, 2]], [3, 4]]",
    "[1] 2]",
    "[NaN, x]",
    "[[1, 2], [3 4]]",
    "[[1, 2], [3 [4]]]",
    "[1, 2,]",
    "[[1], [2],,]",
    "[1e]",
]


@pytest.mark.parametrize("text", NOT_JSON)
@pytest.mark.usefixtures("in_pieces")
def test_what_is_no_json_is_refused_as_such(text: str) -> None:
    with pytest.raises(NotJson):
        read(text)


@pytest.mark.usefixtures("in_pieces")
def test_strings_may_hold_what_looks_like_the_end_of_a_list() -> None:
    with pytest.raises(NotNumeric, match="is the string") as caught:
        read('[[1, 2], ["a],[b: c", 4], [5, 6]]')
    assert caught.value.position == (1, 0)


@pytest.mark.parametrize(
    "text",
    ["[[1, 2], [3]]", "[1, [2]]", "[[1], 2]", "[]", "[[]]", '["1"]', "[true]", "[{}]", "[" * 33 + "1" + "]" * 33],
)
def test_the_plain_way_takes_nothing_but_rectangles_of_numbers(text: str) -> None:
    plain, *_ = documents.READERS
    with pytest.raises(NotPlain):
        plain.read(b'{"logits": %b}' % text.encode(), frozenset({("logits",)}), JSON)


CUTS = st.tuples(st.sampled_from([1, 5, 1 << 18]), st.sampled_from([1, 5, 1 << 18]), st.sampled_from([0, 3, 1 << 16]))
TOKENS = ["[", "]", ",", "1", "-2.5", "1e3", "[1,2]", "[[3]]", '"Infinity"', "NaN", "null", "true", '"', " ", "{}"]
ROWS = ["[1,2]", "[3,4.5]", '["Infinity",5]', "[6]", "[[7],[8]]", "[]", "null", '"ab"', "9"]
INSIDE = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=12).map("".join),
    st.lists(st.sampled_from(ROWS), min_size=1, max_size=5).map(",".join),
    st.lists(st.sampled_from(ROWS[:3]), min_size=1, max_size=5).map(",".join),
)


def outcome(work: Callable[[], NDArray[Any]]) -> Any:
    """The array, or why there is none."""
    try:
        return work()
    except (InvalidInput, NotJson) as error:
        return error


@settings(max_examples=200, deadline=None)
@given(INSIDE, CUTS)
@example("[6],null,9", (1, 1, 0))
def test_whatever_the_text_it_is_read_as_a_short_one_is_or_refused(inside: str, cuts: tuple[int, int, int]) -> None:
    text = f"[{inside}]"
    expected = outcome(lambda: read_array(parse(text.encode(), JSON), "logits"))
    with pytest.MonkeyPatch.context() as patch:
        cut_into(*cuts, patch)
        found = outcome(lambda: read(text))
    if isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray), found
        assert found.dtype == expected.dtype
        assert_array_equal(found, expected)
    elif isinstance(expected, InvalidInput):
        assert isinstance(found, InvalidInput)
    else:
        # What is behind the place where it ceases to be an array is not looked at.
        assert isinstance(found, (NotJson, InvalidInput))


@pytest.mark.unmeasured
@settings(max_examples=200, deadline=None)
@given(ARRAYS, st.data(), CUTS)
def test_one_thing_that_is_wrong_is_named_as_it_is_in_a_short_list(
    array: NDArray[np.float64], data: st.DataObject, cuts: tuple[int, int, int]
) -> None:
    rows = array.tolist()
    row = rows
    for length in array.shape[:-1]:
        row = row[data.draw(st.integers(0, length - 1))]
    at = data.draw(st.integers(0, len(row) - 1))
    wrong = data.draw(st.sampled_from([1.5, None, True, "x" * 99, {}, {"a": [1, "]"]}]))
    # A number more makes a row longer; anything else stands in a number's place.
    row[at : at + (wrong != 1.5)] = [wrong]
    text = orjson.dumps(rows)
    expected = outcome(lambda: read_array(orjson.loads(text), "logits"))
    with pytest.MonkeyPatch.context() as patch:
        cut_into(*cuts, patch)
        found = outcome(lambda: read(text))
    if isinstance(expected, np.ndarray):
        assert_array_equal(found, expected)
    else:
        assert type(found) is type(expected)
        assert (str(found), found.position) == (str(expected), expected.position)


def test_a_gap_longer_than_a_part_is_no_number() -> None:
    assert_array_equal(read("[1," + " " * 3_000_000 + "2.5]"), [1, 2.5])


def test_a_row_of_tens_of_megabytes_takes_no_more_memory_than_many_rows() -> None:
    body = b'{"logits": [[' + b"0.5," * 10_000_000 + b"1]]}"
    tracemalloc.start()
    array = decode_body(body, {"logits"})["logits"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert array.shape == (1, 10_000_001)
    assert peak < 5 * len(body)
