"""Softmax cross-entropy, of distributions and of class indices: equalities that hold for every batch."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from xent_core import (
    sigmoid_cross_entropy,
    sigmoid_cross_entropy_gradient,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
    sparse_softmax_cross_entropy,
    sparse_softmax_cross_entropy_gradient,
)

pytestmark = pytest.mark.unmeasured

Array = NDArray[Any]
OF_DISTRIBUTIONS = [softmax_cross_entropy, softmax_cross_entropy_gradient]
OF_INDICES = [sparse_softmax_cross_entropy, sparse_softmax_cross_entropy_gradient]

smoothings = st.sampled_from([0.0, 0.1, 1.0])


class Batch(NamedTuple):
    """`scores` are logits or probabilities; `indices`, `labels` and `class_weights` fit them."""

    scores: Array
    indices: Array
    labels: Array
    class_weights: Array
    axis: int
    from_logits: bool

    @property
    def options(self) -> dict[str, Any]:
        return {"axis": self.axis, "from_logits": self.from_logits}

    @property
    def classes(self) -> int:
        return len(self.class_weights)

    @property
    def one_hot(self) -> Array:
        return np.moveaxis(np.eye(self.classes)[self.indices], -1, self.axis)


@st.composite
def batches(draw: st.DrawFn, from_logits: bool | None = None) -> Batch:
    shape = draw(hnp.array_shapes(max_dims=4, max_side=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    if from_logits is None:
        from_logits = draw(st.booleans())
    numbers = st.floats(-30, 30) if from_logits else st.floats(0.01, 1)
    classes, samples = shape[axis], shape[: axis % len(shape)] + shape[axis % len(shape) + 1 :]
    return Batch(
        draw(hnp.arrays(np.float64, shape, elements=numbers)),
        draw(hnp.arrays(np.int64, samples, elements=st.integers(0, classes - 1))),
        draw(hnp.arrays(np.float64, shape, elements=st.floats(-1, 2, width=16))),
        draw(hnp.arrays(np.float64, classes, elements=st.floats(-1, 3, width=16))),
        axis,
        from_logits,
    )


@given(batches(), smoothings)
def test_class_indices_cost_what_their_one_hot_rows_cost(batch: Batch, smoothing: float) -> None:
    options = batch.options | {"label_smoothing": smoothing, "class_weights": batch.class_weights}
    for of_indices, of_distributions in zip(OF_INDICES, OF_DISTRIBUTIONS, strict=True):
        assert_allclose(
            of_indices(batch.scores, batch.indices, **options),
            of_distributions(batch.scores, batch.one_hot, **options),
            rtol=1e-12,
            atol=1e-14,
        )


@given(batches())
def test_a_one_hot_row_costs_the_same_beside_soft_rows(batch: Batch) -> None:
    axis = batch.axis % batch.scores.ndim
    beside = np.stack([batch.scores, batch.scores])
    labels = np.stack([batch.one_hot, np.full_like(batch.scores, 0.75)])
    assert_allclose(
        softmax_cross_entropy(beside, labels, axis=axis + 1, from_logits=batch.from_logits)[0],
        sparse_softmax_cross_entropy(batch.scores, batch.indices, **batch.options),
        rtol=1e-13,
    )


@given(batches(), smoothings)
def test_smoothing_mixes_the_labels_with_uniform_ones(batch: Batch, smoothing: float) -> None:
    mixture = batch.labels * (1 - smoothing) + smoothing / batch.classes
    options = batch.options | {"class_weights": batch.class_weights}
    for function in OF_DISTRIBUTIONS:
        assert_allclose(
            function(batch.scores, batch.labels, label_smoothing=smoothing, **options),
            function(batch.scores, mixture, **options),
            rtol=1e-12,
            atol=1e-12,
        )


@given(batches(), smoothings)
def test_any_class_axis_gives_what_the_last_one_gives(batch: Batch, smoothing: float) -> None:
    shared = {
        "class_weights": batch.class_weights,
        "label_smoothing": smoothing,
        "from_logits": batch.from_logits,
    }
    last = np.moveaxis(batch.scores, batch.axis, -1)
    last_labels = np.moveaxis(batch.labels, batch.axis, -1)
    for (loss, gradient), labels, labels_of_last in [
        (OF_DISTRIBUTIONS, batch.labels, last_labels),
        (OF_INDICES, batch.indices, batch.indices),
    ]:
        assert_allclose(
            loss(batch.scores, labels, axis=batch.axis, **shared),
            loss(last, labels_of_last, **shared),
            rtol=1e-12,
            atol=1e-12,
        )
        assert_allclose(
            np.moveaxis(gradient(batch.scores, labels, axis=batch.axis, **shared), batch.axis, -1),
            gradient(last, labels_of_last, **shared),
            rtol=1e-12,
            atol=1e-12,
        )


@given(batches(from_logits=True), st.floats(-700, 700) | st.sampled_from([-1e6, 1e6]))
def test_a_constant_added_to_all_logits_changes_nothing(batch: Batch, offset: float) -> None:
    distributions = batch.one_hot * 0.5 + 0.5 / batch.classes
    for functions, labels in [(OF_INDICES, batch.indices), (OF_DISTRIBUTIONS, distributions)]:
        for function in functions:
            assert_allclose(
                function(batch.scores + offset, labels, axis=batch.axis),
                function(batch.scores, labels, axis=batch.axis),
                rtol=1e-8,
                atol=1e-8,
            )


@given(batches(from_logits=False), st.floats(0.01, 1))
def test_probabilities_need_not_be_normalised(batch: Batch, scale: float) -> None:
    for function in [softmax_cross_entropy, sparse_softmax_cross_entropy]:
        labels = batch.labels if function is softmax_cross_entropy else batch.indices
        assert_allclose(
            function(batch.scores * scale, labels, **batch.options),
            function(batch.scores, labels, **batch.options),
            rtol=1e-11,
            atol=1e-11,
        )


@given(batches(from_logits=False))
def test_probabilities_cost_what_their_logarithms_cost_as_logits(batch: Batch) -> None:
    assert_allclose(
        sparse_softmax_cross_entropy(batch.scores, batch.indices, **batch.options),
        sparse_softmax_cross_entropy(np.log(batch.scores), batch.indices, axis=batch.axis),
        rtol=1e-11,
        atol=1.1e-7 if batch.classes == 1 else 0,  # a certain prediction is clipped
    )


@given(st.floats(-40, 40), st.floats(-40, 40))
def test_a_softmax_over_two_classes_is_a_sigmoid_of_their_difference(no: float, yes: float) -> None:
    two_rows, difference = [[no, yes]] * 2, [yes - no] * 2
    assert_allclose(
        sparse_softmax_cross_entropy(two_rows, [0, 1]),
        sigmoid_cross_entropy(difference, [0, 1]),
        rtol=1e-13,
    )
    assert_allclose(
        sparse_softmax_cross_entropy_gradient(two_rows, [0, 1])[:, 1],
        sigmoid_cross_entropy_gradient(difference, [0, 1]),
        rtol=1e-13,
    )


@given(batches())
def test_a_class_weight_multiplies_the_losses_of_its_class(batch: Batch) -> None:
    weights = batch.class_weights[batch.indices]
    losses, gradient = (function(batch.scores, batch.indices, **batch.options) for function in OF_INDICES)
    weighted_losses, weighted_gradient = (
        function(batch.scores, batch.indices, class_weights=batch.class_weights, **batch.options)
        for function in OF_INDICES
    )
    assert_allclose(weighted_losses, losses * weights, rtol=1e-13)
    assert_allclose(weighted_gradient, gradient * np.expand_dims(weights, batch.axis), rtol=1e-12, atol=1e-14)


@given(batches(), smoothings, st.sampled_from([-100, -1, 0, 2, 255]))
def test_ignored_labels_cost_nothing_and_leave_the_others_alone(
    batch: Batch, smoothing: float, ignore_index: int
) -> None:
    ignored = np.indices(batch.indices.shape).sum(0) % 2 == 0
    labels = np.where(ignored, ignore_index, batch.indices)
    ignored = labels == ignore_index
    options = batch.options | {"label_smoothing": smoothing, "class_weights": batch.class_weights}
    losses, gradient = (function(batch.scores, batch.indices, **options) for function in OF_INDICES)
    some_losses, some_gradient = (
        function(batch.scores, labels, ignore_index=ignore_index, **options) for function in OF_INDICES
    )
    assert_allclose(some_losses, np.where(ignored, 0, losses), rtol=1e-14)
    assert_allclose(some_gradient, np.where(np.expand_dims(ignored, batch.axis), 0, gradient), rtol=1e-14)


@given(batches(from_logits=True))
def test_masking_a_class_equals_leaving_it_out(batch: Batch) -> None:
    logits, labels = (np.moveaxis(array, batch.axis, -1) for array in (batch.scores, batch.labels))
    masked = np.concatenate([logits, np.full_like(logits[..., :1], -np.inf)], axis=-1)
    padded = np.concatenate([labels, np.zeros_like(labels[..., :1])], axis=-1)
    for (loss, gradient), padded_labels, labels_without in [
        (OF_INDICES, batch.indices, batch.indices),
        (OF_DISTRIBUTIONS, padded, labels),
    ]:
        assert_allclose(loss(masked, padded_labels), loss(logits, labels_without), rtol=1e-11, atol=1e-11)
        slopes = gradient(masked, padded_labels)
        assert_allclose(slopes[..., :-1], gradient(logits, labels_without), rtol=1e-12, atol=1e-13)
        assert (slopes[..., -1] == 0).all()


@pytest.mark.parametrize("function", [*OF_DISTRIBUTIONS, *OF_INDICES])
def test_arguments_are_left_as_they_were(function: Any) -> None:
    logits = np.array([[2.0, 0.5, -np.inf], [1e4, 1.0, 3.0]])
    weights = np.array([1.0, 2.0, 3.0])
    if function in OF_INDICES:
        labels, options = np.array([-1, 2]), {"ignore_index": -1}
    else:
        labels, options = np.array([[0.0, 1.0, 0.0], [0.5, 0.25, 0.25]]), {}
    before = [array.copy() for array in (logits, labels, weights)]
    function(logits, labels, class_weights=weights, label_smoothing=0.0, **options)
    for array, copy in zip((logits, labels, weights), before, strict=True):
        assert (array == copy).all()


def test_a_clipped_probability_has_the_gradient_zero() -> None:
    gradient = sparse_softmax_cross_entropy_gradient([[1e-9, 1 - 1e-9], [0.25, 0.75]], [0, 0], from_logits=False)
    assert gradient[0].tolist() == [0, 0]
    assert_allclose(gradient[1], [-3, 1], rtol=1e-14)


@pytest.mark.parametrize(("dtype", "most"), [(np.float64, 1 - 1e-7), (np.float32, 1 - 2**-23)])
def test_probabilities_are_clipped_in_the_dtype_of_the_computation(dtype: Any, most: float) -> None:
    losses = sparse_softmax_cross_entropy(np.array([[0, 1], [0, 1]], dtype), [0, 1], from_logits=False)
    assert_allclose(losses, [-np.log(1e-7), -np.log(most)], rtol=1e-6)


def test_a_gradient_keeps_its_digits_where_the_prediction_is_certain() -> None:
    gradient = sparse_softmax_cross_entropy_gradient(np.array([[60, 0, 0]], np.float32), [0])
    assert_allclose(gradient, [[-2 * np.exp(-60), np.exp(-60), np.exp(-60)]], rtol=1e-6)
