"""Tensor objects: what they stand for, bit for bit, and what is refused before a byte of it is read."""

import base64
import json
import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.wire.tensor import DTYPES, InvalidTensor, read_tensor, tensor_object, view
from xent_core.errors import Empty, InvalidInput

# The same bytes drive both directions. Each is written out by the format's own definition, not by NumPy.
BYTES: dict[str, tuple[str, list[int], bytes, Any]] = {
    "float16": ("float16", [2], bytes.fromhex("003c 00c0"), [1.0, -2.0]),
    "float16, its specials": ("float16", [3], bytes.fromhex("007c 00fc 0100"), [np.inf, -np.inf, 2.0**-24]),
    "bfloat16": ("bfloat16", [2], bytes.fromhex("803f 00c0"), [1.0, -2.0]),
    "bfloat16, its specials": ("bfloat16", [2], bytes.fromhex("807f 80ff"), [np.inf, -np.inf]),
    "float32": ("float32", [2, 1], bytes.fromhex("0000803f 000000c0"), [[1.0], [-2.0]]),
    "float32, the smallest": ("float32", [1], bytes.fromhex("01000000"), [2.0**-149]),
    "float64": ("float64", [1, 2], bytes.fromhex("000000000000f03f 00000000000000c0"), [[1.0, -2.0]]),
    "float64, minus zero": ("float64", [1], bytes.fromhex("0000000000000080"), [-0.0]),
    "int8": ("int8", [2], bytes.fromhex("01 fe"), [1, -2]),
    "int16": ("int16", [2], bytes.fromhex("0102 feff"), [513, -2]),
    "int32": ("int32", [1], bytes.fromhex("01020304"), [67305985]),
    "int64": ("int64", [2], bytes.fromhex("0100000000000080 ffffffffffffffff"), [1 - 2**63, -1]),
    "uint8": ("uint8", [2], bytes.fromhex("01 fe"), [1, 254]),
    "uint16": ("uint16", [1], bytes.fromhex("feff"), [65534]),
    "uint32": ("uint32", [1], bytes.fromhex("feffffff"), [2**32 - 2]),
    "uint64": ("uint64", [1], bytes.fromhex("feffffffffffffff"), [2**64 - 2]),
    "bool": ("bool", [2, 2], bytes.fromhex("01 00 00 01"), [[True, False], [False, True]]),
    "a single number": ("float32", [], bytes.fromhex("0000803f"), 1.0),
    "many dimensions": ("int8", [1] * 32, bytes.fromhex("05"), np.full([1] * 32, 5).tolist()),
}


def encoded(dtype: str, shape: list[int], content: bytes) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data": base64.b64encode(content).decode()}


@pytest.mark.parametrize(("dtype", "shape", "content", "values"), BYTES.values(), ids=[*BYTES])
def test_bytes_stand_for_these_values(dtype: str, shape: list[int], content: bytes, values: Any) -> None:
    array = read_tensor(encoded(dtype, shape, content), "logits")
    assert array.dtype == DTYPES[dtype]
    assert array.shape == tuple(shape)
    assert array.astype(np.float64 if array.dtype.kind not in "iub" else array.dtype).tolist() == values
    assert not array.flags.writeable


@pytest.mark.parametrize(("dtype", "shape", "content", "values"), BYTES.values(), ids=[*BYTES])
def test_and_these_values_are_written_as_these_bytes(dtype: str, shape: list[int], content: bytes, values: Any) -> None:
    assert tensor_object(np.array(values, DTYPES[dtype])) == encoded(dtype, shape, content)


def test_every_dtype_of_the_contract_is_there() -> None:
    floats = ["float16", "bfloat16", "float32", "float64"]
    whole = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    assert sorted(DTYPES) == sorted([*floats, *whole, "bool"])
    assert {dtype for dtype, *_ in BYTES.values()} == DTYPES.keys()


@given(st.data())
def test_every_array_survives_the_way_there_and_back(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([dtype for dtype in DTYPES.values() if dtype != ml_dtypes.bfloat16]))
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, max_side=5)))
    back = read_tensor(json.loads(json.dumps(tensor_object(array))), "logits")
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()


def test_an_array_that_lies_otherwise_is_written_in_c_order_and_little_endian() -> None:
    array = np.array([[1, 2, 3], [4, 5, 6]], ">i2").T
    assert read_tensor(dict(tensor_object(array)), "logits").tolist() == [[1, 4], [2, 5], [3, 6]]


GOOD = encoded("float32", [2, 3], bytes(24))
ONE_BYTE_LESS = base64.b64encode(bytes(23)).decode()

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no dtype": ({"dtype": None}, "logits.dtype", "absent"),
    "no shape": ({"shape": None}, "logits.shape", "absent"),
    "no data": ({"data": None}, "logits.data", "absent"),
    "a field that is none": ({"order": "F"}, "logits", 'a field the string "order"'),
    "a dtype that is none": ({"dtype": "float8"}, "logits.dtype", "one of float16, bfloat16, float32"),
    "a dtype of another kind": ({"dtype": ["float32"]}, "logits.dtype", "a list"),
    "a number for a shape": ({"shape": 6}, "logits.shape", "a list of lengths"),
    "a shape of strings": ({"shape": ["2", 3]}, "logits.shape", 'the string "2"'),
    "a negative length": ({"shape": [2, -3]}, "logits.shape", "-3"),
    "a length that is not whole": ({"shape": [2, 3.0]}, "logits.shape", "3"),
    "a length that is true": ({"shape": [True, 6]}, "logits.shape", "true"),
    "a length of 80 bits": ({"shape": [2**80]}, "logits.shape", "a very large number"),
    "more than memory has": ({"shape": [2**62, 2**62]}, "logits.data", "32 characters"),
    "33 dimensions": ({"shape": [1] * 33}, "logits.shape", "33 dimensions"),
    "a shape of more": ({"shape": [2, 4]}, "logits.data", "of shape [2, 4] is 32 bytes"),
    "a shape of less": ({"shape": [2, 2]}, "logits.data", "of shape [2, 2] is 16 bytes"),
    "a number for data": ({"data": 1.5}, "logits.data", "a string of base64"),
    "a list for data": ({"data": [1.5]}, "logits.data", "a list"),
    "data that is too short": ({"data": GOOD["data"][:-4]}, "logits.data", "28 characters"),
    "data that is too long": ({"data": GOOD["data"] + "AAAA"}, "logits.data", "36 characters"),
    "one byte too few": ({"data": ONE_BYTE_LESS}, "logits.data", "23 bytes"),
    "a character that is none": ({"data": "!" + GOOD["data"][1:]}, "logits.data", "not base64"),
    "a letter of another alphabet": ({"data": "é" + GOOD["data"][1:]}, "logits.data", "not base64"),
    "the URL's alphabet": ({"data": "-_-_" + GOOD["data"][4:]}, "logits.data", "standard alphabet"),
    "white space": ({"data": "A\n" + GOOD["data"][2:]}, "logits.data", "not base64"),
    "no padding": ({"shape": [5], "data": base64.b64encode(bytes(20)).decode().rstrip("=")}, "logits.data", "padding"),
}


@pytest.mark.parametrize(("changes", "argument", "words"), WRONG.values(), ids=[*WRONG])
def test_what_is_no_tensor_is_named_with_its_place(changes: dict[str, Any], argument: str, words: str) -> None:
    with pytest.raises(InvalidTensor) as caught:
        read_tensor(GOOD | changes, "logits")
    assert caught.value.argument == argument
    assert words in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("shape", [[0], [3, 0], [2**62, 2**62, 0]])
def test_an_empty_one_is_as_empty_as_an_empty_list(shape: list[int]) -> None:
    with pytest.raises(Empty, match="shape"):
        read_tensor({"dtype": "float32", "shape": shape, "data": ""}, "logits")


def test_a_bool_is_0_or_1() -> None:
    with pytest.raises(InvalidTensor, match="the byte 2 at 3"):
        read_tensor(encoded("bool", [4], b"\0\1\1\2"), "labels")


@pytest.mark.parametrize(("dtype", "shape", "content", "values"), BYTES.values(), ids=[*BYTES])
def test_bytes_cut_anywhere_are_refused(dtype: str, shape: list[int], content: bytes, values: Any) -> None:  # noqa: ARG001
    data = base64.b64encode(content).decode()
    for length in range(len(data)):
        with pytest.raises(InvalidInput):
            read_tensor({"dtype": dtype, "shape": shape, "data": data[:length]}, "logits")
    for length in range(len(content)):
        with pytest.raises(InvalidInput):
            read_tensor(encoded(dtype, shape, content[:length]), "logits")


@pytest.mark.parametrize("offset", range(1, 8))
def test_bytes_that_lie_askew_are_laid_straight(offset: int) -> None:
    values: NDArray[np.float64] = np.arange(5.0)
    buffer = memoryview(bytes(offset) + values.tobytes())
    array = view(buffer[offset:], DTYPES["float64"], (5,), "logits")
    assert array.flags.aligned
    assert array.tolist() == values.tolist()


def test_bytes_that_lie_straight_are_not_copied() -> None:
    content = bytearray(math.prod((4, 5)) * 8)
    array = view(memoryview(content), DTYPES["float64"], (4, 5), "logits")
    content[:8] = np.float64(7).tobytes()
    assert array[0, 0] == 7
