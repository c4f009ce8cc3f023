"""Arrays of any kind arrive as what they are."""

import base64
import json
import sys
import types
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from xent_client import InvalidInput, NotAnArray, Xent
from xent_client.tensors import DTYPES, encoded, to_array, to_body

RANDOM = np.random.default_rng(0)


def sent(value: Any) -> Any:
    """What the body holds for a field of this value."""
    return json.loads(b"".join(encoded(to_body({"logits": value}))))["logits"]


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_is_kept(dtype: str) -> None:
    array = (RANDOM.random((3, 5)) * 2).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    tensor = sent(array)
    assert (tensor["dtype"], tensor["shape"]) == (dtype, [3, 5])
    assert base64.b64decode(tensor["data"]) == array.tobytes()


@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, (3 << 16) - 1, 3 << 16, (3 << 16) + 1, (6 << 16) + 2], ids=lambda size: f"{size} bytes"
)
def test_a_tensor_is_whole_whatever_its_size(size: int) -> None:
    array = RANDOM.integers(0, 256, size, np.uint8)
    assert base64.b64decode(sent(array)["data"], validate=True) == array.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(24.0).reshape(4, 6)[::2, ::-3],
        np.arange(12, dtype=">f4").reshape(3, 4),
        np.arange(12, dtype=">i2").reshape(3, 4),
        np.broadcast_to(np.float32(1.5), (3, 4)),
        np.array(1.5),
    ],
    ids=["transposed", "strided", "big-endian", "big-endian integers", "broadcast", "without dimensions"],
)
def test_how_an_array_lies_in_memory_makes_no_difference(array: np.ndarray[Any, Any]) -> None:
    tensor = sent(array)
    back = to_array(tensor)
    assert tensor["dtype"] == array.dtype.name
    np.testing.assert_array_equal(back, array)
    assert back.shape == array.shape


@pytest.mark.parametrize(
    ("value", "dtype"), [([[1, 2], [3, 4]], "int64"), ([[1.5, 2]], "float64"), ((True, False), "bool")], ids=repr
)
def test_lists_become_what_numpy_makes_of_them(value: Any, dtype: str) -> None:
    assert sent(value)["dtype"] == dtype


@pytest.mark.parametrize("number", [1, -2.5, 1e300, 2**62])
def test_a_number_stays_a_number(number: float) -> None:
    assert sent(number) == number


@pytest.mark.parametrize(("number", "text"), [(np.inf, "Infinity"), (-np.inf, "-Infinity")])
def test_an_infinite_number_is_sent_as_the_service_reads_it(number: float, text: str) -> None:
    assert sent(number) == text


def test_what_is_none_is_not_sent() -> None:
    assert to_body({"weights": None}) == [b"{}"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1j, 2], "logits has the dtype complex128; one of .*float32, float64.* was expected"),
        (["a", "b"], "logits has the dtype str"),
        ("a", "logits has the dtype str"),
        (np.longdouble([1.0]), "logits has the dtype (longdouble|float128)"),
        (np.array(["2026-11-26"], "datetime64[D]"), "logits has the dtype datetime64"),
        ([None, 1.0], "logits holds a value of the type NoneType; numbers were expected$"),
        ([[1.0, {}]], "logits holds a value of the type dict; numbers were expected$"),
        (object(), "logits has the type object; a NumPy array, .* was expected$"),
    ],
    ids=["complex", "list of text", "text", "longdouble", "dates", "holes", "mixed", "object"],
)
def test_what_is_no_array_is_refused_by_its_name(value: Any, message: str) -> None:
    with pytest.raises(NotAnArray, match=message) as raised:
        sent(value)
    assert raised.value.status is None
    assert raised.value.errors == []
    assert isinstance(raised.value, TypeError)
    assert isinstance(raised.value, ValueError)


def test_a_ragged_list_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidInput, match=r"logits can't be converted to an array: .*inhomogeneous") as raised:
        sent([[1, 2], [3]])
    assert not isinstance(raised.value, TypeError)


NAMES = ["dog", "cat", "dog"]


@pytest.mark.parametrize(
    "labels",
    [
        NAMES,
        np.array(NAMES),
        np.array(NAMES, "S"),
        np.array(NAMES, object),
        np.array(NAMES, np.dtypes.StringDType()),
        [0, "cat", 1],
        "cat",
    ],
    ids=["list", "str", "bytes", "objects", "StringDType", "mixed", "one"],
)
def test_labels_that_are_text_are_refused_with_a_way_to_map_them(xent: Xent, labels: Any) -> None:
    with pytest.raises(NotAnArray, match=r"names, labels = np\.unique\(labels, return_inverse=True\)"):
        xent.loss([[1.0, 2.0]] * 3, labels)


def test_the_way_to_map_text_works(xent: Xent) -> None:
    names, labels = np.unique(NAMES, return_inverse=True)
    assert names.tolist() == ["cat", "dog"]
    logits = RANDOM.normal(size=(3, 2))
    assert xent.loss(logits, labels).reduced == xent.loss(logits, [1, 0, 1]).reduced


def test_missing_labels_are_refused_with_a_way_to_mask_them() -> None:
    with pytest.raises(NotAnArray, match=r"labels holds a value of the type NoneType; .*; np.ma.masked_array masks "):
        to_body({"labels": [0, None]})


class OnlyDlpack:
    """An array of a library that NumPy knows only by the protocol."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def test_whoever_speaks_dlpack_hands_over_an_array() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(to_array(sent(OnlyDlpack(array))), array)


class Tensor:
    """What a torch tensor is to the client, which never imports torch. Tried with torch itself when it was written."""

    def __init__(self, array: np.ndarray[Any, Any], dtype: str, where: tuple[str, ...] = ("graph", "gpu")) -> None:
        self.array, self.dtype, self.where = array, dtype, where

    def detach(self) -> "Tensor":
        return Tensor(self.array, self.dtype, self.where[1:])

    def cpu(self) -> "Tensor":
        assert "graph" not in self.where
        return Tensor(self.array, self.dtype, ())

    def view(self, dtype: str) -> "Tensor":
        return Tensor(self.array.view(dtype), f"torch.{dtype}", self.where)

    def numpy(self) -> np.ndarray[Any, Any]:
        if self.where or self.dtype == "torch.bfloat16":
            raise TypeError(f"Got unsupported ScalarType {self.dtype}")
        return self.array


def test_a_torch_tensor_is_taken_out_of_its_graph_and_off_its_device() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(to_array(sent(Tensor(array, "torch.float32"))), array)


def test_a_torch_tensor_of_bfloat16_goes_as_its_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(int16="int16"))  # type: ignore[arg-type]
    array = np.array([0.5, 1.0, -2.0], ml_dtypes.bfloat16)
    assert sent(Tensor(array, "torch.bfloat16")) == sent(array)


class HasArray:
    """An array of a library that hands over NumPy's, as TensorFlow's and JAX' do."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return np.arange(6, dtype=np.float32).reshape(2, 3)


def test_whoever_makes_a_numpy_array_hands_it_over() -> None:
    assert sent(HasArray())["dtype"] == "float32"


def test_bfloat16_is_computed_as_such(xent: Xent) -> None:
    logits = RANDOM.normal(size=(4, 3)).astype(ml_dtypes.bfloat16)
    result = xent.loss(logits, [0, 1, 2, 0])
    expected = xent.loss(logits.astype(np.float32), [0, 1, 2, 0])
    assert result.per_sample.dtype == np.float32
    np.testing.assert_array_equal(result.per_sample, expected.per_sample)
