"""Sigmoid cross-entropy, plain and with a pos_weight: equalities that hold for every batch."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from xent_core import (
    WrongShape,
    sigmoid_cross_entropy,
    sigmoid_cross_entropy_gradient,
    weighted_cross_entropy,
    weighted_cross_entropy_gradient,
)

Array = NDArray[Any]
PLAIN = [sigmoid_cross_entropy, sigmoid_cross_entropy_gradient]
WEIGHTED = [weighted_cross_entropy, weighted_cross_entropy_gradient]


class Batch(NamedTuple):
    """`scores` are logits or probabilities; `labels` have their shape, `pos_weight` is one for each class."""

    scores: Array
    labels: Array
    pos_weight: Array
    axis: int
    from_logits: bool

    @property
    def pos_weight_of_elements(self) -> Array:
        return np.moveaxis(
            np.broadcast_to(self.pos_weight, np.moveaxis(self.scores, self.axis, -1).shape), -1, self.axis
        )


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    shape = draw(hnp.array_shapes(max_dims=4, max_side=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    from_logits = draw(st.booleans())
    classes = shape[axis] if len(shape) > 1 else 1
    return Batch(
        draw(hnp.arrays(np.float64, shape, elements=st.floats(-40, 40) if from_logits else st.floats(0.01, 0.99))),
        draw(hnp.arrays(np.float64, shape, elements=st.floats(-1, 2, width=16))),
        draw(hnp.arrays(np.float64, classes, elements=st.floats(-2, 5, width=16))),
        axis,
        from_logits,
    )


@given(batches())
def test_a_pos_weight_of_1_changes_nothing(batch: Batch) -> None:
    for plain, weighted in zip(PLAIN, WEIGHTED, strict=True):
        assert_allclose(
            weighted(batch.scores, batch.labels, pos_weight=1, from_logits=batch.from_logits),
            plain(batch.scores, batch.labels, from_logits=batch.from_logits),
            rtol=1e-13,
            atol=1e-13,
        )


@given(batches())
def test_pos_weight_multiplies_the_positive_share_of_each_class(batch: Batch) -> None:
    for plain, weighted in zip(PLAIN, WEIGHTED, strict=True):
        positive, negative = (plain(batch.scores, label, from_logits=batch.from_logits) for label in (1, 0))
        assert_allclose(
            weighted(
                batch.scores,
                batch.labels,
                pos_weight=batch.pos_weight,
                axis=batch.axis,
                from_logits=batch.from_logits,
            ),
            batch.labels * batch.pos_weight_of_elements * positive + (1 - batch.labels) * negative,
            rtol=1e-12,
            atol=1e-12,
        )


@given(batches())
def test_any_class_axis_gives_what_the_last_one_gives(batch: Batch) -> None:
    scores, labels = (np.moveaxis(array, batch.axis, -1) for array in (batch.scores, batch.labels))
    shared = {"pos_weight": batch.pos_weight, "from_logits": batch.from_logits}
    for weighted in WEIGHTED:
        assert_allclose(
            np.moveaxis(weighted(batch.scores, batch.labels, axis=batch.axis, **shared), batch.axis, -1),
            weighted(scores, labels, **shared),
            rtol=1e-14,
        )


@pytest.mark.parametrize("shape", [(2, 1, 3), (1, 4), (1, 1, 2), (3, 1), (1,)])
def test_the_class_axis_may_hold_a_single_class_wherever_it_stands(shape: tuple[int, ...]) -> None:
    logits = np.linspace(-2, 2, int(np.prod(shape))).reshape(shape)
    axis = shape.index(1)
    for plain, weighted in zip(PLAIN, WEIGHTED, strict=True):
        assert_allclose(weighted(logits, 1, pos_weight=[3.0], axis=axis), 3 * plain(logits, 1), rtol=1e-14)


@given(batches(), st.sampled_from([0.0, 0.1, 1.0]))
def test_smoothing_draws_labels_to_one_half(batch: Batch, smoothing: float) -> None:
    drawn = batch.labels * (1 - smoothing) + smoothing / 2
    for function in WEIGHTED:
        assert_allclose(
            function(
                batch.scores, batch.labels, pos_weight=3, label_smoothing=smoothing, from_logits=batch.from_logits
            ),
            function(batch.scores, drawn, pos_weight=3, from_logits=batch.from_logits),
            rtol=1e-12,
            atol=1e-12,
        )


@given(batches())
def test_the_other_answer_to_the_opposite_logit_costs_the_same(batch: Batch) -> None:
    opposite = -batch.scores if batch.from_logits else 1 - batch.scores
    loss, gradient = (function(batch.scores, batch.labels, from_logits=batch.from_logits) for function in PLAIN)
    same, negated = (function(opposite, 1 - batch.labels, from_logits=batch.from_logits) for function in PLAIN)
    assert_allclose(same, loss, rtol=1e-12, atol=1e-12)
    assert_allclose(negated, -gradient, rtol=1e-12, atol=1e-12)


@given(batches(), st.sampled_from([0, 1, 0.25, True]))
def test_a_scalar_label_stands_for_every_element(batch: Batch, label: float) -> None:
    everywhere = np.full(batch.scores.shape, label, np.float64)
    for function in PLAIN:
        assert_allclose(
            function(batch.scores, label, from_logits=batch.from_logits),
            function(batch.scores, everywhere, from_logits=batch.from_logits),
            rtol=1e-15,
        )


def test_labels_of_a_single_class_may_lack_its_axis() -> None:
    logits, labels = np.array([[2.0], [-1.0], [0.5]]), np.array([1, 0, 1])
    for function in PLAIN:
        assert_allclose(function(logits, labels), function(logits, labels[:, None]), rtol=0)


@pytest.mark.parametrize("labels", [[1, 0], [[1, 0]], [[1], [0]], [[1, 0, 0]], [[[1, 0, 0], [0, 1, 0]]]])
def test_no_other_shape_of_labels_is_taken(labels: list[Any]) -> None:
    for function in PLAIN:
        with pytest.raises(WrongShape, match=r"labels: have shape .* shape \[2, 3\] was expected|expected, shape \[2"):
            function(np.zeros((2, 3)), labels)


def test_probabilities_cost_what_their_logits_cost() -> None:
    p = np.linspace(0.001, 0.999, 50)
    labels = np.linspace(0, 1, 50)
    assert_allclose(
        sigmoid_cross_entropy(p, labels, from_logits=False),
        sigmoid_cross_entropy(np.log(p) - np.log1p(-p), labels),
        rtol=1e-12,
    )


def test_a_clipped_probability_has_the_gradient_zero() -> None:
    gradient = sigmoid_cross_entropy_gradient([0.0, 1e-8, 0.5, 1.0], [1, 1, 1, 0], from_logits=False)
    assert gradient.tolist() == [0, 0, -2, 0]


@pytest.mark.parametrize(("dtype", "most"), [(np.float64, 1 - 1e-7), (np.float32, 1 - 2**-23)])
def test_probabilities_are_clipped_in_the_dtype_of_the_computation(dtype: Any, most: float) -> None:
    losses = sigmoid_cross_entropy(np.array([0, 1, 1], dtype), [1, 0, 1], from_logits=False)
    assert_allclose(losses, [-np.log(1e-7), -np.log(1 - most), -np.log(most)], rtol=1e-6)


def test_the_probability_of_a_rightly_denied_label_keeps_its_digits() -> None:
    p = np.array([1e-6, 1e-4, 1e-2], np.float32)
    assert_allclose(sigmoid_cross_entropy(p, 0, from_logits=False), -np.log1p(-p.astype(np.float64)), rtol=1e-6)


def test_arguments_are_left_as_they_were() -> None:
    logits, labels, pos_weight = np.array([[2.0, -np.inf]]), np.array([[0.5, 0.0]]), np.array([1.0, 2.0])
    for function in WEIGHTED:
        function(logits, labels, pos_weight=pos_weight)
    assert logits.tolist() == [[2, -np.inf]]
    assert labels.tolist() == [[0.5, 0]]
    assert pos_weight.tolist() == [1, 2]


@pytest.mark.parametrize("pos_weight", [[1, 2], [1, 2, 3, 4], [[1, 2, 3]], [[1], [2]]])
def test_a_pos_weight_is_a_scalar_or_one_for_each_class(pos_weight: list[Any]) -> None:
    with pytest.raises(WrongShape, match=r"pos_weight: has shape .* one value per class was expected, shape \[3\]"):
        weighted_cross_entropy(np.zeros((2, 3)), np.zeros((2, 3)), pos_weight=pos_weight)


def test_the_pos_weight_of_logits_of_rank_1_is_a_scalar() -> None:
    with pytest.raises(WrongShape, match="for logits of rank 1 there are no classes"):
        weighted_cross_entropy(np.zeros(3), np.zeros(3), pos_weight=[1, 2, 3])
