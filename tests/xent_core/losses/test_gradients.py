"""The gradient is the derivative: of every loss, by logits and by probabilities, weighted and reduced in every way."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import xent_core
from xent_core import evaluate
from xent_core.losses import LOSS_TYPES, LOSSES

pytestmark = pytest.mark.unmeasured

Array = NDArray[Any]
REDUCTIONS = ["none", "sum", "mean", "weighted_mean", "mean_by_nonzero_weights"]


WITH_PROBABILITIES = ("sigmoid_focal_cross_entropy", "kl_divergence")
"""Of labels outside of [0, 1] they have no power, or no logarithm."""


class Batch(NamedTuple):
    scores: Array
    labels: Array
    options: dict[str, Any]


@st.composite
def batches(draw: st.DrawFn, loss_type: str) -> Batch:
    loss = LOSSES[loss_type]
    softmax = not loss.is_elementwise
    shape = draw(hnp.array_shapes(max_dims=3, max_side=3))
    axis = draw(st.integers(0, len(shape) - 1))
    samples, classes = shape[:axis] + shape[axis + 1 :], shape[axis]
    from_logits = draw(st.booleans())

    def numbers(shape: tuple[int, ...], low: float, high: float) -> Array:
        array: Array = draw(hnp.arrays(np.float64, shape, elements=st.floats(low, high)))
        return array

    scores = numbers(shape, -10, 10) if from_logits else numbers(shape, 0.1, 0.9)
    options: dict[str, Any] = {
        "loss_type": loss_type,
        "axis": axis,
        "from_logits": from_logits,
        "reduction": draw(st.sampled_from(REDUCTIONS)),
        "weights": draw(st.sampled_from([None, 0.5]) | st.just(numbers(samples if softmax else shape, 0, 2))),
    }
    labels = numbers(shape, 0 if loss_type in WITH_PROBABILITIES else -1, 1 if loss_type in WITH_PROBABILITIES else 2)
    own: dict[str, Any] = {
        "label_smoothing": draw(st.sampled_from([0.0, 0.3])),
        "gamma": draw(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5])),
        "alpha": draw(st.sampled_from([None, 0.0, 0.25, 1.0])),
        "q": draw(st.sampled_from([1e-3, 0.5, 1.0])),
        "epsilon": draw(st.sampled_from([-0.5, 0.0, 2.0])),
    }
    options |= {name: value for name, value in own.items() if loss.takes(name)}
    if loss.takes("temperature") and from_logits:
        options["temperature"] = draw(st.sampled_from([1.0, 0.5, 3.0]))
    if loss.takes("class_weights"):
        options["class_weights"] = draw(st.none() | st.just(numbers((classes,), 0.1, 3)))
    if loss.takes_class_indices and (loss_type != "poly_cross_entropy" or draw(st.booleans())):
        labels = draw(hnp.arrays(np.int64, samples, elements=st.integers(-1, classes - 1)))
        options["ignore_index"] = -1
    if loss.takes("labels_are_logits") and draw(st.booleans()):
        labels = numbers(shape, -10, 10)
        options["labels_are_logits"] = True
    if loss_type == "weighted_cross_entropy":
        options["pos_weight"] = numbers((classes,) if len(shape) > 1 else (), -1, 5)
    return Batch(scores, labels, options)


def value_of(scores: Array, batch: Batch) -> float:
    evaluation = evaluate(scores, batch.labels, **batch.options, include=["elements"])
    return float(evaluation.elements.sum()) if evaluation.reduced is None else evaluation.reduced.value


def central_differences(batch: Batch, step: float = 1e-5) -> Array:
    slopes = np.empty(batch.scores.shape)
    for position in np.ndindex(batch.scores.shape):
        above, below = batch.scores.copy(), batch.scores.copy()
        above[position] += step
        below[position] -= step
        slopes[position] = (value_of(above, batch) - value_of(below, batch)) / (2 * step)
    return slopes


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
@given(st.data())
@settings(max_examples=60)
def test_the_gradient_equals_finite_differences(loss_type: str, data: st.DataObject) -> None:
    batch = data.draw(batches(loss_type))
    evaluation = evaluate(batch.scores, batch.labels, **batch.options, include=["gradient", "elements"])
    terms = np.abs(evaluation.elements).max(initial=1)
    assert_allclose(evaluation.gradient, central_differences(batch), rtol=1e-5, atol=1e-6 * terms)


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
@given(st.data())
@settings(max_examples=40)
def test_without_weights_and_reduction_the_gradient_is_that_of_the_gradient_function(
    loss_type: str, data: st.DataObject
) -> None:
    batch = data.draw(batches(loss_type))
    options = {name: value for name, value in batch.options.items() if name not in ("loss_type", "weights")}
    evaluation = evaluate(
        batch.scores, batch.labels, **options | {"loss_type": loss_type, "reduction": "none"}, include=["gradient"]
    )
    del options["reduction"]
    if loss_type in ("sigmoid_cross_entropy", "sigmoid_focal_cross_entropy"):
        del options["axis"]
    gradient = getattr(xent_core, f"{loss_type}_gradient")(batch.scores, batch.labels, **options)
    assert_allclose(evaluation.gradient, gradient, rtol=1e-13, atol=1e-15)


def test_the_gradient_is_the_true_one_where_labels_do_not_sum_to_1() -> None:
    evaluation = evaluate(
        [[0.0, 0.0]], [[1.0, 1.0]], loss_type="softmax_cross_entropy", reduction="sum", include=["gradient"]
    )
    assert evaluation.gradient.tolist() == [[0, 0]]
