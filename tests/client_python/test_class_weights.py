"""Class weights as scikit-learn and Keras have them, and other mappings where an array is meant."""

import json
from typing import Any

import numpy as np
import pytest

from xent_client import InvalidInput, NotAnArray, Xent
from xent_client.calls import loss_call
from xent_client.tensors import encoded

LOGITS = np.random.default_rng(0).normal(size=(6, 3))
LABELS = [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    "weights",
    [
        {0: 1.0, 1: 2.0, 2: 0.5},
        {2: 0.5, 0: 1, 1: np.float32(2)},
        dict(zip(np.unique(LABELS), np.array([1.0, 2.0, 0.5]), strict=True)),
        {0.0: 1.0, 1.0: 2.0, 2.0: 0.5},
    ],
    ids=["in order", "out of order", "scikit-learn's", "whole floats"],
)
@pytest.mark.parametrize("axis", [-1, 0, None])
def test_a_mapping_is_as_the_list_of_its_weights(xent: Xent, weights: Any, axis: int | None) -> None:
    options: dict[str, Any] = {"axis": axis, "reduction": "weighted_mean"}
    logits = LOGITS.T if axis == 0 else LOGITS
    mapped = xent.loss(logits, LABELS, class_weights=weights, **options)
    listed = xent.loss(logits, LABELS, class_weights=[1.0, 2.0, 0.5], **options)
    np.testing.assert_array_equal(mapped.per_sample, listed.per_sample)
    assert mapped.reduced == listed.reduced


def test_the_classes_are_those_of_the_logits_shape_where_there_are_no_logits(xent: Xent) -> None:
    mapping = {0: 1.0, 1: 2.0, 2: 0.5}
    for shape in ((6, 3), np.array([6, 3])):
        result = xent.recommend(LABELS, logits_shape=shape, class_weights=mapping)  # type: ignore[arg-type]
        assert result.recommendation.loss_type == "sparse_softmax_cross_entropy"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({0: 1.0, 2: 2.0}, "no weight for the classes 1; a weight for each of the logits' 3 classes was expected"),
        ({}, "no weight for the classes 0, 1, 2;"),
        ({0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, "has the keys 3; class indices from 0 to 2 were expected"),
        ({0: 1.0, 1: 1.0, -1: 1.0}, "has the keys -1;"),
        ({"cat": 1.0, "dog": 2.0, 2: 1.0}, "has the keys 'cat', 'dog';"),
        ({"0": 1.0, "1": 2.0, "2": 1.0}, "has the keys '0', '1', '2';"),
        ({0: 1.0, True: 1.0, 2: 1.0}, "has the keys True;"),
        ({0: 1.0, 1.5: 1.0, 2: 1.0}, r"has the keys 1\.5;"),
        (dict.fromkeys(range(3, 20), 1.0), "has the keys 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …;"),
        ({0: 1.0, 1: None, 2: 1.0}, "class_weights holds a value of the type NoneType; numbers were expected"),
        ({0: 1.0, 1: "2", 2: 1.0}, "class_weights has the dtype str"),
    ],
)
def test_a_mapping_of_other_keys_or_values_is_refused(xent: Xent, weights: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as raised:
        xent.loss(LOGITS, LABELS, class_weights=weights)
    assert raised.value.status is None


@pytest.mark.parametrize("axis", [2, -3, "last"])
def test_a_mapping_needs_a_class_axis(xent: Xent, axis: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^axis is .*; the logits have the shape \(6, 3\)$"):
        xent.loss(LOGITS, LABELS, class_weights={0: 1.0}, axis=axis)
    with pytest.raises(InvalidInput, match=r"^axis is None; the logits have the shape \(\)$"):
        xent.recommend(LABELS, class_weights={0: 1.0})


def test_suggested_weights_can_be_sent_back(xent: Xent) -> None:
    labels = np.array([0] * 30 + [1, 2, 2])
    logits = np.zeros((33, 3))
    suggested = xent.loss(logits, labels).recommendation.suggested
    assert suggested
    weights: Any = suggested.class_weights
    expected = xent.loss(logits, labels, class_weights=[33 / (3 * count) for count in (30, 1, 2)])
    np.testing.assert_array_equal(xent.loss(logits, labels, class_weights=weights).per_sample, expected.per_sample)


@pytest.mark.parametrize("name", ["logits", "labels", "weights", "pos_weight", "class_weights"])
def test_a_tensor_object_is_an_array_and_sent_as_it_is(name: str) -> None:
    tensor = {"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="}
    body = json.loads(b"".join(encoded(loss_call({"logits": [[1.0]], "labels": [0], name: tensor}).body)))
    assert body[name] == tensor


@pytest.mark.parametrize("name", ["logits", "labels", "weights", "pos_weight"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({0: 1.0}, "dict"),
        ({1.0, 2.0}, "set"),
        (iter([1.0]), "list_iterator"),
        (b"1", "bytes"),
        (object(), "object"),
        (Xent, "type"),
    ],
    ids=["dict", "set", "iterator", "bytes", "object", "class"],
)
def test_what_is_no_array_is_a_type_error_that_names_it(xent: Xent, name: str, value: Any, kind: str) -> None:
    fields: dict[str, Any] = {"logits": LOGITS, "labels": LABELS, name: value}
    expected = f"^{name} has the type {kind}; a NumPy array, a torch tensor, a nested list of numbers or a number was "
    if kind == "bytes":
        expected = "^labels are text; " if name == "labels" else f"^{name} has the dtype bytes8; one of "
    with pytest.raises(TypeError, match=expected) as raised:
        xent.loss(**fields)
    assert isinstance(raised.value, NotAnArray)


def test_the_arrays_of_a_sampled_softmax_are_no_mappings(xent: Xent) -> None:
    with pytest.raises(NotAnArray, match=r"^sample_weights has the type dict"):
        xent.sampled_softmax([[0.4]], [0.2], [[1.0]], [0], num_sampled=1, sample_weights={0: 1.0})  # type: ignore[arg-type]
