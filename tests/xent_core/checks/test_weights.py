"""Weights land on elements by the contract's rule and by no other; class weights on classes."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from xent_core import Infinite, NotANumber, NotNumeric, WrongShape, evaluate, sparse_softmax_cross_entropy

Array = NDArray[Any]

SHAPES_OF_WEIGHTS = [shape for rank in range(4) for shape in itertools.product((1, 2, 3), repeat=rank)]
LOGITS = [((2,), 0), ((2, 3), 1), ((2, 3), 0), ((3, 3), 1), ((3, 1), 1), ((2, 1, 3), 1), ((2, 3, 2), 2), ((1, 2, 3), 0)]


def weights_of_elements(weights: Array, elements: tuple[int, ...], samples: tuple[int, ...], axis: int) -> Array | None:
    """The contract: a scalar; or the samples' shape; or the elements' rank, each dimension theirs or 1."""
    if weights.shape == samples and len(samples) < len(elements):
        return np.broadcast_to(np.expand_dims(weights, axis), elements)
    same_rank = len(weights.shape) == len(elements)
    if weights.shape == () or (same_rank and all(n in (1, m) for n, m in zip(weights.shape, elements, strict=True))):
        return np.broadcast_to(weights, elements)
    return None


@pytest.mark.parametrize("loss_type", ["sigmoid_cross_entropy", "softmax_cross_entropy"])
@pytest.mark.parametrize(("shape", "axis"), LOGITS)
@pytest.mark.parametrize("weights_shape", SHAPES_OF_WEIGHTS)
def test_weights_fit_by_the_rule_or_are_refused(
    loss_type: Any, shape: tuple[int, ...], axis: int, weights_shape: tuple[int, ...]
) -> None:
    logits = np.linspace(-1, 1, np.prod(shape)).reshape(shape)
    labels = np.full(shape, 0.5)
    weights = np.arange(2.0, 2 + np.prod(weights_shape)).reshape(weights_shape)
    classes_left_out = shape[:axis] + shape[axis + 1 :]
    softmax = loss_type == "softmax_cross_entropy"
    elements = classes_left_out if softmax else shape
    samples = shape if len(shape) == 1 and not softmax else classes_left_out
    expected = weights_of_elements(weights, elements, samples, axis)

    def evaluated(weights: Array | None) -> Any:
        return evaluate(
            logits,
            labels,
            loss_type=loss_type,
            axis=axis,
            weights=weights,
            reduction="weighted_mean",
            include=["elements", "gradient"],
        )

    if expected is None:
        with pytest.raises(WrongShape, match=r"weights: have shape .* which does not fit"):
            evaluated(weights)
        return
    weighted, plain = evaluated(weights), evaluated(None)
    assert_allclose(weighted.elements, plain.elements * expected, rtol=1e-14)
    assert_allclose(weighted.reduced.numerator, weighted.elements.sum(), rtol=1e-14)
    assert_allclose(weighted.reduced.denominator, expected.sum(), rtol=1e-14)
    gradient = plain.gradient * plain.reduced.denominator * (np.expand_dims(expected, axis) if softmax else expected)
    assert_allclose(weighted.gradient, gradient / expected.sum(), rtol=1e-13, atol=1e-15)


def test_a_column_of_weights_is_refused_where_samples_stand_in_a_row() -> None:
    with pytest.raises(WrongShape, match=r"have shape \[4, 1\], .* shape \[4\] was expected"):
        evaluate(np.zeros((4, 3)), [0, 1, 2, 0], weights=np.ones((4, 1)))


def test_of_a_single_row_of_logits_the_weight_is_a_single_number() -> None:
    with pytest.raises(WrongShape, match=r"a single number was expected$"):
        evaluate(np.zeros(3), 2, weights=[1.0])


@pytest.mark.parametrize("shape", [(), (2,), (4,), (1, 3), (3, 1)])
def test_class_weights_are_one_for_each_class(shape: tuple[int, ...]) -> None:
    with pytest.raises(WrongShape, match=r"class_weights: has shape .* one value per class was expected, shape \[3\]"):
        sparse_softmax_cross_entropy(np.zeros((2, 3)), [0, 1], class_weights=np.ones(shape))


@pytest.mark.parametrize("name", ["weights", "class_weights", "pos_weight"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (np.nan, NotANumber),
        (np.inf, Infinite),
        (-np.inf, Infinite),
        (1e39, Infinite),  # finite, but not in float32
        ("1", NotNumeric),
    ],
)
def test_weights_are_finite_numbers(name: str, value: Any, error: type[Exception]) -> None:
    loss_type: Any = "weighted_cross_entropy" if name == "pos_weight" else "softmax_cross_entropy"
    logits, labels = np.zeros((3, 3), np.float32), np.eye(3)
    weights: dict[str, Any] = {"pos_weight": 1.0} if name == "pos_weight" else {}
    weights[name] = [1, 1, value]
    with pytest.raises(error) as refusal:
        evaluate(logits, labels, loss_type=loss_type, **weights)
    assert refusal.value.argument == name
    assert refusal.value.position == (() if error is NotNumeric else (2,))


def test_a_weight_too_large_for_float32_is_named_with_its_dtype() -> None:
    with pytest.raises(Infinite, match=r"weights\[1\]: is 1e\+39, too large for float32"):
        evaluate(np.zeros((2, 3), np.float32), [0, 1], weights=[1, 1e39])
    assert evaluate(np.zeros((2, 3)), [0, 1], weights=[1, 1e39]).reduced.denominator == 2
