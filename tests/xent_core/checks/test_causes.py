"""An error names its likely cause, and none where nothing points to one."""

from typing import Any

import numpy as np
import pytest

from xent_core import InvalidInput, evaluate
from xent_core.checks.causes import Values, of_label_shape, of_mark, values_of

SPARSE = {"loss_type": "sparse_softmax_cross_entropy"}

# name: the logits' shape, labels, options, and the end of the message
CAUSES: dict[str, tuple[tuple[int, ...], Any, dict[str, Any], str]] = {
    "labels of another axis": (
        (2, 3, 2, 4),
        np.zeros((2, 2, 4)),
        {},
        "; these labels fit as class indices with axis 1 (channels first, as PyTorch has them)",
    ),
    "class indices of another axis": (
        (2, 3, 2, 4),
        np.zeros((2, 2, 4)),
        SPARSE,
        "; these labels fit as class indices with axis 1 (channels first, as PyTorch has them)",
    ),
    "labels of another axis with a dimension of 1": (
        (2, 3, 2, 4),
        np.zeros((2, 1, 2, 4)),
        {},
        "; np.squeeze(labels, axis=1) fits as class indices with axis 1 (channels first, as PyTorch has them)",
    ),
    "channels last where axis says first": (
        (2, 4, 5, 3),
        np.zeros((2, 4, 5)),
        {"axis": 1},
        "; these labels fit as class indices with axis 3",
    ),
    "weights for the classes of a softmax": (
        (4, 3),
        [0, 1, 2, 0],
        {"weights": [1, 2, 3]},
        "; one weight for each class is class_weights",
    ),
    "weights for the classes of a sigmoid": (
        (4, 3, 2),
        np.array([0, 1, 1])[np.newaxis, :, np.newaxis] * np.ones((4, 3, 2)),
        {"weights": [1, 2, 3], "axis": 1},
        "; one weight for each class has shape [1, 3, 1]",
    ),
    "weights that fit nothing": (
        (4, 3),
        [0, 1, 2, 0],
        {"weights": [1, 2]},
        "was expected (of [4] any length may be 1)",
    ),
    "transposed logits": (
        (3, 2),
        [0, 1],
        {},
        "; these labels fit as class indices with axis 0: are the logits transposed?",
    ),
    "transposed labels": (
        (3, 2),
        np.ones((2, 3)),
        {},
        "; np.moveaxis(labels, 0, 1) has the logits' shape: are the labels transposed?",
    ),
    "labels [B, 1]": (
        (2, 3),
        [[1], [2]],
        {},
        "; to use them as class indices, drop the dimension of length 1: np.squeeze(labels, axis=1)",
    ),
    "labels without the first token": (
        (2, 5, 3),
        np.zeros((2, 4)),
        {},
        "; these labels are one step shorter than the logits: for next-token prediction leave out the last logits of "
        "each sequence, logits[:, :-1]",
    ),
    "labels for another batch": ((4, 3), [0, 1], SPARSE, "have shape [4]"),
    "labels from 1 to C": (
        (4, 3),
        [2, 3, 1, 3],
        {},
        "; labels run from 1 to 3 for 3 classes: do they count from 1? subtract 1",
    ),
    "far more than C": ((2, 3), [1, 7], {}, "from 0 to 2 was expected"),
    "0 and C": ((2, 3), [0, 3], {}, "from 0 to 2 was expected"),
    **{
        f"{mark} for padding": (
            (2, 3),
            [1, mark],
            {},
            f"from 0 to 2 was expected; if {mark} marks what is to be left out, set ignore_index to {mark}",
        )
        for mark in (-100, -1, 255)
    },
    "another mark than ignore_index": ((2, 3), [1, 255], {"ignore_index": -1}, "or -1, the label to ignore"),
    "0 and 255 for two classes": (
        (2, 2),
        [0, 255],
        {},
        "; only 0 and 255 occur: if they stand for two classes, send labels / 255; "
        "if 255 marks what is to be left out, set ignore_index to 255",
    ),
    "1 and 2 for two classes": (
        (2, 2),
        [1, 2],
        {},
        "; only 1 and 2 occur: if they stand for two classes, send labels - 1",
    ),
    "-1 and 1 for yes and no": (
        (4,),
        [1, -1, 1, -1],
        {},
        "; only -1 and 1 occur: if they stand for two classes, send (labels + 1) / 2",
    ),
    "1 and 2 for yes and no": (
        (4,),
        [1, 2, 1, 2],
        {},
        "; only 1 and 2 occur: if they stand for two classes, send labels - 1",
    ),
    "0 and 255 for yes and no": (
        (2, 2),
        [[0, 255], [255, 255]],
        {},
        "; only 0 and 255 occur: if they stand for two classes, send labels / 255",
    ),
    "1 and 2 with one logit for each sample": (
        (2, 1),
        [1, 2],
        {},
        "; only 1 and 2 occur: if they stand for two classes, send labels - 1",
    ),
    "many values out of range": ((4,), [1, 2, 3, 4], {}, "otherwise name the loss_type"),
    "three values out of range": ((4,), [1, 2, 3, 3], {}, "otherwise name the loss_type"),
    "names of classes": (
        (2, 3),
        ["cat", "dog"],
        {},
        "; if these are names of classes, list the names in the order of the logits and send the index of each: "
        "[names.index(label) for label in labels]",
    ),
}


@pytest.mark.parametrize(("shape", "labels", "options", "end"), CAUSES.values(), ids=[*CAUSES])
def test_an_error_ends_in_its_likely_cause(
    shape: tuple[int, ...], labels: Any, options: dict[str, Any], end: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        evaluate(np.zeros(shape), labels, **options)
    assert refusal.value.message.endswith(end)


def test_what_is_named_as_the_mend_mends_it() -> None:
    channels_first = np.zeros((2, 3, 2, 4))
    labels = np.zeros((2, 1, 2, 4), int)
    assert evaluate(channels_first, np.squeeze(labels, axis=1), axis=1).loss_type == SPARSE["loss_type"]
    assert evaluate(np.zeros((3, 2)), np.moveaxis(np.eye(3)[:2], 0, 1)).per_sample.shape == (3,)
    assert evaluate(np.zeros((2, 5, 3))[:, :-1], np.zeros((2, 4), int)).per_sample.shape == (2, 4)
    for codes, mend in (([-1, 1], "(labels + 1) / 2"), ([0, 255], "labels / 255"), ([1, 2], "labels - 1")):
        mended = eval(mend, {"labels": np.array(codes)})  # noqa: S307  the mend as messages write it
        assert evaluate([0.5, 1.5], mended).recommendation.label_kind == "binary"


def test_names_of_other_arrays_are_not_taken_for_classes() -> None:
    with pytest.raises(InvalidInput, match=r"numbers were expected$"):
        evaluate(["a", "b"], [0, 1])


@pytest.mark.parametrize("mark", [-100, -1, 255])
def test_one_mark_among_zeros_and_ones_may_be_for_missing_labels(mark: int) -> None:
    labels = values_of(np.array([[0, 1, mark], [mark, 0, 1]]))
    assert of_mark(labels, can_ignore=True).endswith(f"missing labels, set ignore_index to {mark}")
    assert of_mark(labels, can_ignore=False).endswith("missing labels, send 0 there with the weight 0")


@pytest.mark.parametrize("labels", [[0, 1, 7], [-1, -1], [0, 2, -1], [0, 1], [-1, 1]])
def test_nothing_else_is_taken_for_a_mark(labels: list[int]) -> None:
    assert of_mark(values_of(np.array(labels)), can_ignore=True) == ""


def test_few_values_are_known_one_by_one() -> None:
    assert values_of(np.array([2.0, 1, 2])) == Values(1, 2, frozenset({1, 2}))
    assert values_of(np.array([[2, 1], [3, 2]])) == Values(1, 3, frozenset({1, 2, 3}))
    assert values_of(np.array([4, 2, 1, 3])) == Values(1, 4, frozenset())
    assert values_of(np.array([4, np.nan, 2])) == Values(2, 4, frozenset({2, 4}))
    assert values_of(np.array([np.nan])).few == frozenset()
    assert values_of(np.array([True, False])) == Values(0, 1, frozenset({0, 1}))


def test_logits_without_a_class_axis_have_no_other_axis_to_fit() -> None:
    assert of_label_shape((2,), (3,), None) == ""
