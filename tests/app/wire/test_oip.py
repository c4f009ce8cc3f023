"""Frames of the Open Inference Protocol to tensors and back, and every way for a frame to be wrong."""

import json
import random
import tracemalloc
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from app.wire.oip.decode import decode_frame, read_header_length
from app.wire.oip.encode import encode_frame
from app.wire.oip.errors import (
    BadFrame,
    BytesLeftOver,
    DatatypeUnknown,
    DataUnclear,
    DocumentCutShort,
    DocumentMalformed,
    HeaderLengthInvalid,
    RawBinary,
    SizeContradicted,
    TensorCutShort,
    ValueUnfit,
)
from app.wire.oip.tensor import DATATYPES, Slice, Tensor
from app.wire.parse import NotJson
from xent_core.errors import InvalidInput

REFUSALS = (NotJson, BadFrame, InvalidInput)
BF16 = ml_dtypes.bfloat16


def one(array: NDArray[Any], binary: bool = False) -> dict[str, Any]:
    return {"inputs": [Tensor("x", array, binary)]}


def described(shape: str, datatype: str, values: str) -> bytes:
    return f'{{"inputs":[{{"name":"x","shape":{shape},"datatype":"{datatype}",{values}}}]}}'.encode()


def sized(size: int) -> str:
    return f'"parameters":{{"binary_data_size":{size}}}'


# --- One table, read in both directions

Case = tuple[dict[str, Any], bytes, bytes | None]
CASES: dict[str, Case] = {
    # name: the document with its tensors, its JSON, the bytes behind it (None: no tensor is binary)
    "JSON": (one(np.array([[1.5, -2.0]], np.float32)), described("[1,2]", "FP32", '"data":[1.5,-2.0]'), None),
    "JSON, FP32's own digits": (one(np.array([0.1], np.float32)), described("[1]", "FP32", '"data":[0.1]'), None),
    "JSON, FP64": (
        one(np.array([0.1, 1e-300])),
        described("[2]", "FP64", '"data":[0.1,1e-300]'),
        None,
    ),
    "JSON, FP16": (one(np.array([0.5], np.float16)), described("[1]", "FP16", '"data":[0.5]'), None),
    "JSON, BF16": (one(np.array([0.5, -3.0], BF16)), described("[2]", "BF16", '"data":[0.5,-3.0]'), None),
    "JSON, INT64": (
        one(np.array([-(2**63), 2**63 - 1])),
        described("[2]", "INT64", '"data":[-9223372036854775808,9223372036854775807]'),
        None,
    ),
    "JSON, UINT64": (
        one(np.array([2**64 - 1], np.uint64)),
        described("[1]", "UINT64", '"data":[18446744073709551615]'),
        None,
    ),
    "JSON, INT8": (one(np.array([-128, 127], np.int8)), described("[2]", "INT8", '"data":[-128,127]'), None),
    "JSON, BOOL": (one(np.array([True, False])), described("[2]", "BOOL", '"data":[true,false]'), None),
    "JSON, infinities": (
        one(np.array([[np.inf, 1.5], [-np.inf, np.inf]])),
        described("[2,2]", "FP64", '"data":[Infinity,1.5,-Infinity,Infinity]'),
        None,
    ),
    "JSON, NaN": (one(np.array([np.nan, 1.5])), described("[2]", "FP64", '"data":[NaN,1.5]'), None),
    "a single number": (one(np.array(2.5), True), described("[]", "FP64", sized(8)), b"\0\0\0\0\0\0\x04@"),
    "FP16": (one(np.array([1.0, -2.0], np.float16), True), described("[2]", "FP16", sized(4)), b"\x00\x3c\x00\xc0"),
    "BF16": (one(np.array([1.0, -2.0], BF16), True), described("[2]", "BF16", sized(4)), b"\x80\x3f\x00\xc0"),
    "FP32": (one(np.array([1.0], np.float32), True), described("[1]", "FP32", sized(4)), b"\x00\x00\x80\x3f"),
    "FP64": (one(np.array([1.0]), True), described("[1]", "FP64", sized(8)), b"\0\0\0\0\0\0\xf0\x3f"),
    "INT8": (one(np.array([[-1], [1]], np.int8), True), described("[2,1]", "INT8", sized(2)), b"\xff\x01"),
    "INT16": (one(np.array([-2, 258], np.int16), True), described("[2]", "INT16", sized(4)), b"\xfe\xff\x02\x01"),
    "INT32": (one(np.array([66051], np.int32), True), described("[1]", "INT32", sized(4)), b"\x03\x02\x01\x00"),
    "INT64": (one(np.array([-2]), True), described("[1]", "INT64", sized(8)), b"\xfe" + b"\xff" * 7),
    "UINT8": (one(np.array([255], np.uint8), True), described("[1]", "UINT8", sized(1)), b"\xff"),
    "UINT16": (one(np.array([258], np.uint16), True), described("[1]", "UINT16", sized(2)), b"\x02\x01"),
    "UINT32": (one(np.array([2**32 - 2], np.uint32), True), described("[1]", "UINT32", sized(4)), b"\xfe\xff\xff\xff"),
    "UINT64": (one(np.array([1], np.uint64), True), described("[1]", "UINT64", sized(8)), b"\x01" + b"\0" * 7),
    "BOOL": (one(np.array([True, False, True]), True), described("[3]", "BOOL", sized(3)), b"\x01\x00\x01"),
    "infinities": (
        one(np.array([np.inf, -np.inf], np.float32), True),
        described("[2]", "FP32", sized(8)),
        b"\x00\x00\x80\x7f\x00\x00\x80\xff",
    ),
    "an empty tensor": (one(np.empty((0, 3)), True), described("[0,3]", "FP64", sized(0)), b""),
    "an id that is not ASCII": (
        {"id": "é", **one(np.array([1], np.int8), True)},
        '{"id":"é",'.encode() + described("[1]", "INT8", sized(1))[1:],
        b"\x01",
    ),
    "no tensor": ({"id": "a", "inputs": []}, b'{"id":"a","inputs":[]}', None),
    "some binary, some not": (
        {
            "id": "e",
            "inputs": [
                Tensor("labels", np.array([3, 4], np.int8), True),
                Tensor("weights", np.array([0.5, 2.0])),
                Tensor("logits", np.array([[1.0], [2.0]], np.float32), True),
            ],
            "parameters": {"binary_data_output": True, "numerator": np.inf, "of": {"none": -np.inf}},
        },
        b'{"id":"e","inputs":['
        b'{"name":"labels","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}},'
        b'{"name":"weights","shape":[2],"datatype":"FP64","data":[0.5,2.0]},'
        b'{"name":"logits","shape":[2,1],"datatype":"FP32","parameters":{"binary_data_size":8}}],'
        b'"parameters":{"binary_data_output":true,"numerator":Infinity,"of":{"none":-Infinity}}}',
        b"\x03\x04\x00\x00\x80\x3f\x00\x00\x00\x40",
    ),
}
EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=[*CASES])


def frame_of(case: Case) -> tuple[bytes, int | None]:
    _, document, behind = case
    return (document, None) if behind is None else (document + behind, len(document))


def assert_same_document(found: dict[str, Any], expected: dict[str, Any], tensors: str = "inputs") -> None:
    """The same tensors to the bit, and the same of everything else."""
    for ours, theirs in zip(found[tensors], expected[tensors], strict=True):
        assert (ours.name, ours.binary) == (theirs.name, theirs.binary)
        assert (ours.array.dtype, ours.array.shape) == (theirs.array.dtype, theirs.array.shape)
        assert ours.array.tobytes() == theirs.array.tobytes()
    assert {**found, tensors: 0} == {**expected, tensors: 0}


@EVERY_CASE
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_become_tensors(case: Case, kind: type) -> None:
    body, length = frame_of(case)
    assert_same_document(decode_frame(kind(body), length, "inputs"), case[0])


@EVERY_CASE
def test_tensors_become_bytes(case: Case) -> None:
    pieces, length = encode_frame(case[0], "inputs")
    assert (b"".join(pieces), length) == frame_of(case)


@EVERY_CASE
def test_a_response_is_a_frame_too(case: Case) -> None:
    document = {"outputs" if name == "inputs" else name: value for name, value in case[0].items()}
    pieces, length = encode_frame(document, "outputs")
    assert_same_document(decode_frame(b"".join(pieces), length, "outputs"), document, "outputs")


@given(st.data())
def test_every_array_survives_the_way_there_and_back(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([dtype for name, dtype in DATATYPES.items() if name != "BF16"]))
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, max_side=4))
    array = data.draw(hnp.arrays(dtype, shape, elements=None if dtype.kind != "f" else {"allow_nan": False}))
    for binary in (True, False):
        pieces, length = encode_frame(one(array, binary), "inputs")
        assert_same_document(decode_frame(b"".join(pieces), length, "inputs"), one(array, binary))


def test_arrays_that_lie_in_memory_in_another_order_are_written_row_by_row() -> None:
    array = np.arange(6.0).reshape(2, 3).T
    for binary in (True, False):
        pieces, length = encode_frame(one(array, binary), "inputs")
        (tensor,) = decode_frame(b"".join(pieces), length, "inputs")["inputs"]
        assert_array_equal(tensor.array, array)


def test_long_values_are_written_in_pieces_that_come_to_the_same() -> None:
    """So that nothing waits long while they are written; \\0, which stands for them meanwhile, may be in a name."""
    values = np.linspace(-1, 1, 150_001)
    values[[0, 65_535, 65_536, 150_000]] = [np.inf, -np.inf, np.inf, -np.inf]
    tensors = [Tensor("\0", values), Tensor("b", np.array([1, 2])), Tensor("c", values[:70_000].astype(BF16))]
    document = {"id": "\0", "inputs": [*tensors, Tensor("d", values, True)], "parameters": {"\0": "\0"}}
    pieces, length = encode_frame(document, "inputs")
    assert all(len(piece) < 25 * 65_536 for piece in pieces)
    assert_same_document(decode_frame(b"".join(pieces), length, "inputs"), document)
    json_only = {"inputs": tensors}
    pieces, length = encode_frame(json_only, "inputs")
    assert length is None
    assert_same_document(decode_frame(b"".join(pieces), length, "inputs"), json_only)


# --- What else is read


READ: dict[str, tuple[bytes, NDArray[Any]]] = {
    "nested": (described("[2,2]", "FP32", '"data":[[1.5,2],[3,4]]'), np.array([[1.5, 2], [3, 4]], np.float32)),
    "blanks": (described("[ 2 ]", "FP32", ' "data" : [ 1.5 , 2 ] \n'), np.array([1.5, 2], np.float32)),
    "whole numbers for fractions": (described("[2]", "FP16", '"data":[1,2]'), np.array([1, 2], np.float16)),
    "large whole numbers for fractions": (
        described("[1]", "BF16", '"data":[18446744073709551615]'),
        np.array([2.0**64], BF16),
    ),
    "fractions that are whole": (described("[2]", "INT8", '"data":[1.0,-2]'), np.array([1, -2], np.int8)),
    "0 and 1 for BOOL": (described("[2]", "BOOL", '"data":[0,1]'), np.array([False, True])),
    "infinity by name": (described("[1]", "FP32", '"data":["-Infinity"]'), np.array([-np.inf], np.float32)),
    "NaN": (described("[2]", "FP32", '"data":[NaN,1]'), np.array([np.nan, 1], np.float32)),
    "NaN and infinity": (described("[2]", "FP64", '"data":[NaN,-Infinity]'), np.array([np.nan, -np.inf])),
    "one number without a dimension": (described("[]", "FP64", '"data":[2]'), np.array(2.0)),
    "parameters that are null": (described("[1]", "FP64", '"parameters":null,"data":[2]'), np.array([2.0])),
    "parameters of other clients": (
        described("[1]", "INT8", '"parameters":{"content_type":"np"},"data":[2]'),
        np.array([2], np.int8),
    ),
    "no binary size": (
        described("[1]", "INT8", '"parameters":{"binary_data_size":null},"data":[2]'),
        np.array([2], np.int8),
    ),
}


@pytest.mark.parametrize(("body", "expected"), READ.values(), ids=[*READ])
def test_what_clients_write_otherwise_is_read_too(body: bytes, expected: NDArray[Any]) -> None:
    (tensor,) = decode_frame(body, None, "inputs")["inputs"]
    assert tensor.array.dtype == expected.dtype
    assert_array_equal(tensor.array, expected)
    assert tensor.array.shape == expected.shape


def test_an_infinity_is_read_behind_letters_that_are_not_ascii() -> None:
    body = '{"id":"ééé",'.encode() + described("[2]", "FP64", '"data":[Infinity,NaN]')[1:]
    (tensor,) = decode_frame(body, None, "inputs")["inputs"]
    assert_array_equal(tensor.array, [np.inf, np.nan])


def test_binary_tensors_are_views_of_the_body() -> None:
    """Nothing of four megabytes is copied."""
    pieces, length = encode_frame(one(np.arange(1_000_000, dtype=np.float32), True), "inputs")
    assert length is not None
    memory = np.zeros(len(b"".join(pieces)) + 64, np.uint8)
    body = memory[-(memory.ctypes.data + length) % 64 :][: len(b"".join(pieces))]
    body[:] = np.frombuffer(b"".join(pieces), np.uint8)
    (tensor,) = decode_frame(body.data, length, "inputs")["inputs"]
    assert np.shares_memory(tensor.array, body)


def test_a_tensor_that_lies_askew_is_copied_and_the_same() -> None:
    document = {"inputs": [Tensor("a", np.array([1], np.int8), True), Tensor("b", np.array([0.5, 2.0]), True)]}
    pieces, length = encode_frame(document, "inputs")
    decoded = decode_frame(b"".join(pieces), length, "inputs")
    assert_same_document(decoded, document)
    assert decoded["inputs"][1].array.flags.aligned


def test_long_values_are_read_without_an_object_for_each() -> None:
    """Which would take four times the memory, and the time of whoever waits for another thread."""
    values = np.linspace(-1, 1, 200_000)
    body = b"".join(encode_frame({"inputs": [Tensor("a", values), Tensor("b", values)]}, "inputs").pieces)
    tracemalloc.start()
    decode_frame(body, None, "inputs")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * values.nbytes + 6_000_000


# --- Bytes that are cut, that are too many, and that lie


@EVERY_CASE
def test_a_frame_cut_anywhere_is_refused_for_what_is_missing(case: Case) -> None:
    """What is missing stands right behind what is there, and is not read."""
    body, length = frame_of(case)
    for cut in range(len(body)):
        there = memoryview(body)[:cut]
        missing = NotJson if length is None else DocumentCutShort if cut < length else TensorCutShort
        with pytest.raises(missing):
            decode_frame(there, length, "inputs")


@EVERY_CASE
@pytest.mark.parametrize("rubbish", [b"\0", b"}", b"\x00\x00\x80\x3f", b'{"inputs":[]}'], ids=repr)
def test_rubbish_after_the_end_is_refused(case: Case, rubbish: bytes) -> None:
    body, length = frame_of(case)
    with pytest.raises(NotJson if length is None else BytesLeftOver):
        decode_frame(body + rubbish, length, "inputs")


@EVERY_CASE
def test_a_header_length_that_lies_is_refused(case: Case) -> None:
    body, length = frame_of(case)
    for lie in range(1, len(body) + 5):
        if lie not in (length, len(body) if length is None else None):
            with pytest.raises(DocumentCutShort if lie > len(body) else (NotJson, BadFrame)):
                decode_frame(body, lie, "inputs")


def test_a_missing_header_length_is_named() -> None:
    with pytest.raises(NotJson, match="Inference-Header-Content-Length"):
        decode_frame(frame_of(CASES["FP32"])[0], None, "inputs")


@pytest.mark.parametrize("value", ["", "ten", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1_0", "٣", "0x10", "9" * 5000])
def test_a_header_length_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(HeaderLengthInvalid) as caught:
        read_header_length(value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["0", "000"])
def test_a_body_without_a_document_is_refused(value: str) -> None:
    with pytest.raises(RawBinary, match="several"):
        read_header_length(value)


@pytest.mark.parametrize(("value", "length"), [(None, None), ("1", 1), ("007", 7), ("9" * 20, 10**20 - 1)])
def test_a_header_length_is_read(value: str | None, length: int | None) -> None:
    assert read_header_length(value) == length


GOOD: dict[str, Any] = {"name": "x", "shape": [2, 3], "datatype": "FP32", "parameters": {"binary_data_size": 24}}
LIES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    # name: changes to a tensor of 24 bytes, which are there; the error; what it says
    "fewer bytes": ({"parameters": {"binary_data_size": 20}}, SizeContradicted, "is 20; FP32 of shape [2, 3] takes 24"),
    "more bytes": ({"parameters": {"binary_data_size": 28}}, SizeContradicted, "is 28; FP32 of shape [2, 3] takes 24"),
    "a size below 0": ({"parameters": {"binary_data_size": -24}}, SizeContradicted, "is -24"),
    "a size of 100 digits": ({"parameters": {"binary_data_size": 10**100}}, SizeContradicted, "takes 24 bytes"),
    "a fraction of a byte": ({"parameters": {"binary_data_size": 24.5}}, SizeContradicted, "is 24.5"),
    "a size with a point": ({"parameters": {"binary_data_size": 24.0}}, SizeContradicted, "takes 24 bytes"),
    "a size in quotes": ({"parameters": {"binary_data_size": "24"}}, SizeContradicted, 'is the string "24"'),
    "true for a size": ({"parameters": {"binary_data_size": True}, "shape": []}, SizeContradicted, "is true"),
    "a list for a size": ({"parameters": {"binary_data_size": [24]}}, SizeContradicted, "is a list"),
    "a smaller shape": ({"shape": [2, 2]}, SizeContradicted, "FP32 of shape [2, 2] takes 16 bytes"),
    "a larger shape": ({"shape": [2, 4]}, SizeContradicted, "takes 32 bytes"),
    "an empty shape": ({"shape": [2, 0]}, SizeContradicted, "takes 0 bytes"),
    "a wider datatype": ({"datatype": "FP64"}, SizeContradicted, "FP64 of shape [2, 3] takes 48 bytes"),
    "a narrower datatype": ({"datatype": "INT8"}, SizeContradicted, "takes 6 bytes"),
    "all consistently larger": (
        {"shape": [2, 4], "parameters": {"binary_data_size": 32}},
        TensorCutShort,
        "inputs[0] has 32 bytes in the body, of which only 24 are there",
    ),
    "all consistently smaller": (
        {"shape": [2, 2], "parameters": {"binary_data_size": 16}},
        BytesLeftOver,
        "the body has 8 bytes that belong to no tensor",
    ),
    "a shape that wraps around 64 bits": ({"shape": [2**62, 4, 6]}, DocumentMalformed, "at most 281474976710656"),
    "a shape that wraps around to 24": ({"shape": [2**61, 8, 3]}, DocumentMalformed, "values can be meant"),
    "a shape of 32 absurd lengths": ({"shape": [2**63 - 1] * 32}, DocumentMalformed, "values can be meant"),
    "an empty shape of absurd lengths": (
        {"shape": [0, 2**62, 2**62], "parameters": {"binary_data_size": 0}},
        DocumentMalformed,
        "values can be meant",
    ),
    "a length below 0": ({"shape": [-2, -3]}, InvalidInput, "inputs[0].shape[0]: is -2"),
    "a length of −1": ({"shape": [-1, 3]}, InvalidInput, "is -1; a length was expected"),
    "a length of 100 digits": ({"shape": [10**100]}, InvalidInput, "inputs[0].shape[0]"),
    "half a length": ({"shape": [2.5, 3]}, InvalidInput, "is 2.5"),
    "true for a length": ({"shape": [True, 6]}, InvalidInput, "is true"),
    "a length in quotes": ({"shape": ["2", 3]}, InvalidInput, 'is the string "2"'),
    "33 lengths": ({"shape": [1] * 33}, InvalidInput, "33 dimensions"),
    "a number for a shape": ({"shape": 6}, InvalidInput, "inputs[0].shape: is 6"),
    "no shape": ({"shape": ...}, DocumentMalformed, "inputs[0].shape is absent"),
    "no name": ({"name": ...}, DocumentMalformed, "inputs[0].name is absent"),
    "a number for a name": ({"name": 5}, DocumentMalformed, "inputs[0].name is 5"),
    "no datatype": ({"datatype": ...}, DatatypeUnknown, "inputs[0].datatype is absent"),
    "strings": ({"datatype": "BYTES"}, DatatypeUnknown, 'is the string "BYTES"; one of BOOL, UINT8'),
    "NumPy's name for a datatype": ({"datatype": "float32"}, DatatypeUnknown, "BF16, FP32, FP64 was expected"),
    "a number for a datatype": ({"datatype": 32}, DatatypeUnknown, "is 32"),
    "a list for a datatype": ({"datatype": ["FP32"]}, DatatypeUnknown, "is a list"),
    "a list for parameters": ({"parameters": [24]}, DocumentMalformed, "inputs[0].parameters is a list"),
    "values in both places": (
        {"data": [1, 2, 3, 4, 5, 6]},
        DataUnclear,
        "('x') has parameters.binary_data_size and data;",
    ),
    "an empty list beside bytes": ({"data": []}, DataUnclear, "has parameters.binary_data_size and data;"),
    "values in neither place": ({"parameters": {}}, DataUnclear, "('x') has no values; one of data"),
    "values in shared memory too": (
        {"parameters": {"binary_data_size": 24, "shared_memory_region": "r", "shared_memory_byte_size": 24}},
        DataUnclear,
        "has parameters.binary_data_size and parameters.shared_memory_region;",
    ),
    "shared memory without a size": (
        {"parameters": {"shared_memory_region": "r"}},
        SizeContradicted,
        "parameters.shared_memory_byte_size is absent; FP32 of shape [2, 3] takes 24 bytes",
    ),
    "shared memory without a region": (
        {"parameters": {"shared_memory_byte_size": 24}},
        DataUnclear,
        "has no values",
    ),
    "a smaller size in shared memory": (
        {"parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 23}},
        SizeContradicted,
        "parameters.shared_memory_byte_size is 23; FP32 of shape [2, 3] takes 24 bytes",
    ),
    "a number for a region": (
        {"parameters": {"shared_memory_region": 7, "shared_memory_byte_size": 24}},
        DocumentMalformed,
        "parameters.shared_memory_region is 7; the name of a region was expected",
    ),
    "an offset below 0": (
        {"parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 24, "shared_memory_offset": -1}},
        DocumentMalformed,
        "parameters.shared_memory_offset is -1; a number of bytes was expected",
    ),
    "half a byte for an offset": (
        {"parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 24, "shared_memory_offset": 0.5}},
        DocumentMalformed,
        "parameters.shared_memory_offset is 0.5",
    ),
}


@pytest.mark.parametrize(("changes", "error", "words"), LIES.values(), ids=[*LIES])
def test_a_tensor_that_lies_is_refused_for_what_it_lies_about(
    changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    tensor = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    document = json.dumps({"inputs": [tensor]}).encode()
    with pytest.raises(error) as caught:
        decode_frame(document + bytes(24), len(document), "inputs")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_the_tensor_that_the_lies_are_about_is_good() -> None:
    document = json.dumps({"inputs": [GOOD]}).encode()
    (tensor,) = decode_frame(document + bytes(24), len(document), "inputs")["inputs"]
    assert_array_equal(tensor.array, np.zeros((2, 3)))


def test_a_tensor_in_shared_memory_has_its_shape_and_takes_no_memory() -> None:
    """Its values are read once they have been accounted for."""
    parameters = {"shared_memory_region": "r", "shared_memory_byte_size": 2**43, "shared_memory_offset": 8}
    tensor = {"name": "x", "datatype": "BF16", "shape": [2**42], "parameters": parameters}
    (decoded,) = decode_frame(json.dumps({"inputs": [tensor]}).encode(), None, "inputs")["inputs"]
    assert decoded.slice == ("r", 2**43, 8)
    assert (decoded.array.shape, decoded.array.dtype) == ((2**42,), BF16)


@pytest.mark.parametrize("offset", [0, 8])
def test_a_tensor_in_shared_memory_is_written_as_its_place(offset: int) -> None:
    parameters = {"shared_memory_region": "r", "shared_memory_byte_size": 4} | (
        {"shared_memory_offset": 8} if offset else {}
    )
    document = {"outputs": [Tensor("x", np.ones(1, np.float32), slice=Slice("r", 64, offset))]}
    frame = encode_frame(document, "outputs")
    assert frame.header_length is None
    (written,) = json.loads(b"".join(frame.pieces))["outputs"]
    assert written == {"name": "x", "shape": [1], "datatype": "FP32", "parameters": parameters}


def test_a_byte_that_is_no_boolean_is_refused() -> None:
    document = described("[3]", "BOOL", sized(3))
    with pytest.raises(InvalidInput, match="byte 2 at 1"):
        decode_frame(document + b"\x01\x02\x00", len(document), "inputs")


MALFORMED: dict[str, tuple[bytes, type[Exception], str]] = {
    "nothing": (b"", NotJson, "empty"),
    "no JSON": (b"inputs", NotJson, "not JSON"),
    "a list": (b"[]", DocumentMalformed, "the body is a list; a JSON object was expected"),
    "null": (b"null", DocumentMalformed, "the body is null"),
    "no tensors": (b"{}", DocumentMalformed, "inputs are absent; a list of tensors was expected"),
    "null for tensors": (b'{"inputs":null}', DocumentMalformed, "inputs are null"),
    "an object for tensors": (b'{"inputs":{}}', DocumentMalformed, "inputs are an object"),
    "null for a tensor": (b'{"inputs":[null]}', DocumentMalformed, "inputs[0] is null; a tensor was expected"),
    "too many tensors": (b'{"inputs":[' + b"{}," * 64 + b"{}]}", DocumentMalformed, "inputs has 65 tensors"),
    "too few values": (described("[2]", "FP32", '"data":[1]'), SizeContradicted, "has the shape [1]; [2] was expected"),
    "too many values": (described("[2]", "FP32", '"data":[1,2,3]'), SizeContradicted, "has the shape [3]"),
    "values in another shape": (
        described("[2,3]", "FP32", '"data":[[1,2],[3,4],[5,6]]'),
        SizeContradicted,
        "inputs[0].data has the shape [3, 2]; [2, 3] was expected, or its values in one list",
    ),
    "a number for values": (described("[1]", "FP32", '"data":1'), SizeContradicted, "has the shape []"),
    "no values": (described("[0]", "FP32", '"data":[]'), InvalidInput, "inputs[0].data: is empty"),
    "ragged values": (
        described("[2,2]", "FP32", '"data":[[1,2],[3]]'),
        InvalidInput,
        "inputs[0].data[1]: has length 1",
    ),
    "a string": (described("[2]", "FP32", '"data":[1,"2"]'), InvalidInput, 'inputs[0].data[1]: is the string "2"'),
    "null among numbers": (described("[2]", "FP32", '"data":[1,null]'), InvalidInput, "inputs[0].data[1]: is null"),
    "true among numbers": (described("[2]", "FP32", '"data":[1,true]'), InvalidInput, "inputs[0].data[1]: is true"),
    "booleans for numbers": (described("[2]", "FP32", '"data":[true,false]'), ValueUnfit, "holds true and false"),
    "a number that is no boolean": (
        described("[2]", "BOOL", '"data":[1,2]'),
        ValueUnfit,
        "data[1] is 2; a whole number from 0 to 1",
    ),
    "half a whole number": (
        described("[2]", "INT64", '"data":[1,1.5]'),
        ValueUnfit,
        "inputs[0].data[1] is 1.5; a whole number",
    ),
    "a whole number too large": (
        described("[2,1]", "INT8", '"data":[[1],[128]]'),
        ValueUnfit,
        "data[1][0] is 128; a whole number from -128 to 127",
    ),
    "a whole number below 0": (
        described("[2]", "UINT64", '"data":[1,-1]'),
        ValueUnfit,
        "data[1] is -1; a whole number from 0 to",
    ),
    "a whole number of 64 bits": (
        described("[1]", "INT64", '"data":[9223372036854775808]'),
        ValueUnfit,
        "a whole number from -9223372036854775808 to 9223372036854775807",
    ),
    "a whole number that was rounded": (
        described("[2]", "INT64", '"data":[9007199254740993,0.0]'),
        ValueUnfit,
        "a whole number from -9007199254740991 to 9007199254740991",
    ),
    "NaN for a whole number": (described("[1]", "INT8", '"data":[NaN]'), ValueUnfit, "data[0] is NaN; a whole number"),
    "Infinity for a whole number": (described("[1]", "INT8", '"data":[Infinity]'), ValueUnfit, "data[0] is Infinity"),
    "too large for FP16": (
        described("[2]", "FP16", '"data":[1,65536]'),
        ValueUnfit,
        "data[1] is 65536; it is too large for the datatype FP16",
    ),
    "too large for FP32": (
        described("[1]", "FP32", '"data":[-1e39]'),
        ValueUnfit,
        "it is too large for the datatype FP32",
    ),
    "too large for BF16": (
        described("[1]", "BF16", '"data":[1e39]'),
        ValueUnfit,
        "it is too large for the datatype BF16",
    ),
}


@pytest.mark.parametrize(("body", "error", "words"), MALFORMED.values(), ids=[*MALFORMED])
def test_a_document_that_is_none_is_refused_with_the_place(body: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        decode_frame(body, None, "inputs")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_an_error_speaks_of_outputs_where_they_are_read() -> None:
    with pytest.raises(DocumentMalformed, match="outputs are absent"):
        decode_frame(b"{}", None, "outputs")


# --- Fuzzing: whatever comes is read or refused, and what is read can be written and read again

BROKEN_FRAMES = 15_000
PIECES = [
    b"-",
    b"9" * 30,
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"null",
    b"NaN",
    b"Infinity",
    b"1e999",
    b"\xff",
    b"\0" * 9,
    b",",
]


def assert_read_or_refused(body: bytes, length: int | None) -> bool:
    """Whether it was read."""
    try:
        document = decode_frame(memoryview(body), length, "inputs")
    except REFUSALS:
        return False
    pieces, again = encode_frame(document, "inputs")
    assert_same_tensors(decode_frame(b"".join(pieces), again, "inputs")["inputs"], document["inputs"])
    return True


def assert_same_tensors(found: list[Tensor], expected: list[Tensor]) -> None:
    assert [each.name for each in found] == [each.name for each in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.array.dtype == theirs.array.dtype
        assert_array_equal(ours.array, theirs.array)


def mutated(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 3)):
        at, until = sorted(chance.randrange(len(body) + 1) for _ in range(2))
        until = min(until, at + chance.randint(0, 8))
        put = chance.choice([b"", body[at:until] * 2, bytes([chance.randrange(256)]), chance.choice(PIECES)])
        body = body[:at] + put + body[until:]
    return body


def test_broken_frames_are_read_or_refused_for_as_long_as_one_cares_to_try() -> None:
    """With a seed, so that what was found can be found again."""
    chance = random.Random(4)  # noqa: S311  nothing is secret here
    frames = [frame_of(case) for case in CASES.values()]
    read = 0
    for _ in range(BROKEN_FRAMES):
        body, length = chance.choice(frames)
        broken = mutated(body, chance)
        lie = chance.choice([length, length, None, chance.randrange(1, len(body) + 20)])
        read += assert_read_or_refused(broken, lie)
    assert 0 < read < BROKEN_FRAMES


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from([*DATATYPES]),
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
LENGTHS = st.lists(st.sampled_from([0, 1, 2, 3, 2**31, 2**63, -1]), max_size=4)
TENSORS = st.fixed_dictionaries(
    {"name": st.just("x"), "shape": LENGTHS | JSON, "datatype": st.sampled_from([*DATATYPES]) | JSON},
    optional={
        "parameters": JSON | st.fixed_dictionaries({"binary_data_size": st.integers(0, 64) | JSON}),
        "data": JSON | st.lists(st.integers(-3, 300) | st.floats(), max_size=6),
    },
)


@pytest.mark.unmeasured
@settings(max_examples=400)
@given(st.lists(TENSORS | JSON, max_size=3), st.binary(max_size=40), st.sampled_from([None, 0, 0, 0, 1, -1]))
def test_documents_that_are_almost_right_are_read_or_refused(
    tensors: list[Any], behind: bytes, off: int | None
) -> None:
    document = json.dumps({"inputs": tensors}).encode()
    assert_read_or_refused(document + behind, None if off is None else len(document) + off)
