"""The five reductions: their numbers, their merging, and what they do with zeros and infinities."""

import math
from itertools import pairwise
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from xent_core import ParameterOutOfRange, Reduced, UndefinedLoss, evaluate, merge
from xent_core.results import Reduction

Array = NDArray[Any]
INF = math.inf
REDUCTIONS = [name for name in get_args(Reduction) if name != "none"]


class Batch(NamedTuple):
    logits: Array
    labels: Array
    weights: Array | None
    options: dict[str, Any]

    def evaluate(self, reduction: Reduction, rows: slice = slice(None), **options: Any) -> Any:
        weights = None if self.weights is None else self.weights[rows]
        return evaluate(
            self.logits[rows], self.labels[rows], weights=weights, reduction=reduction, **self.options, **options
        )


@st.composite
def batches(draw: st.DrawFn, min_rows: int = 1) -> Batch:
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=4, min_side=1))
    shape = (draw(st.integers(min_rows, 6)), *shape[1:])
    samples, classes = shape[:-1], shape[-1]

    def numbers(shape: tuple[int, ...], low: float, high: float) -> Array:
        array: Array = draw(hnp.arrays(np.float64, shape, elements=st.floats(low, high, width=16)))
        return array

    loss_type = draw(
        st.sampled_from(["weighted_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy"])
    )
    options: dict[str, Any] = {"loss_type": loss_type, "label_smoothing": draw(st.sampled_from([0.0, 0.2]))}
    labels = numbers(shape, 0, 1)
    weights = draw(st.none() | st.just(numbers(samples, 0, 2)))
    if loss_type == "weighted_cross_entropy":
        options["pos_weight"] = numbers((classes,), 0, 5)
        weights = draw(st.just(weights) | st.just(numbers(shape, 0, 2)))
    else:
        options["class_weights"] = draw(st.none() | st.just(numbers((classes,), 0, 2)))
    if loss_type == "sparse_softmax_cross_entropy":
        labels = draw(hnp.arrays(np.int64, samples, elements=st.integers(-1, classes - 1)))
        options["ignore_index"] = -1
    return Batch(numbers(shape, -20, 20), labels, weights, options)


def weights_for_denominators(batch: Batch) -> Array:
    """v = w · Σ_c w_c · y_c of each element that is not ignored."""
    softmax = batch.options["loss_type"] != "weighted_cross_entropy"
    samples = batch.logits.shape[:-1]
    weights = np.ones(()) if batch.weights is None else batch.weights
    if not softmax:
        per_sample = weights.shape == samples
        return np.broadcast_to(weights[..., None] if per_sample else weights, batch.logits.shape).reshape(-1)
    class_weights = batch.options["class_weights"]
    v = np.array(np.broadcast_to(weights, samples))
    if batch.options["loss_type"] == "softmax_cross_entropy":
        return (v if class_weights is None else v * (batch.labels @ class_weights)).reshape(-1)
    if class_weights is not None:
        v = v * class_weights[batch.labels]
    return v[batch.labels != -1]


@given(batches())
def test_numerator_and_denominator_are_those_of_the_contract(batch: Batch) -> None:
    v = weights_for_denominators(batch)
    denominators = {
        "sum": 1,
        "mean": v.size,
        "weighted_mean": v.sum(),
        "mean_by_nonzero_weights": np.count_nonzero(v),
    }
    for reduction in REDUCTIONS:
        evaluation = batch.evaluate(reduction, include=["elements"])
        reduced = evaluation.reduced
        assert reduced.reduction == reduction
        assert_allclose(reduced.numerator, evaluation.elements.sum(), rtol=1e-12)
        assert_allclose(reduced.denominator, denominators[reduction], rtol=1e-12)
        assert reduced.value == (reduced.numerator / reduced.denominator if reduced.denominator else 0)


@given(batches(min_rows=2), st.lists(st.integers(1, 5)))
def test_a_batch_is_its_parts_merged(batch: Batch, cuts: list[int]) -> None:
    rows = len(batch.logits)
    borders = sorted({0, rows, *(cut for cut in cuts if cut < rows)})
    for reduction in REDUCTIONS:
        parts = [batch.evaluate(reduction, slice(start, stop)).reduced for start, stop in pairwise(borders)]
        whole, merged = batch.evaluate(reduction).reduced, merge(parts)
        assert merged.reduction == reduction
        assert_allclose(merged.value, whole.value, rtol=1e-12)
        assert_allclose(merged.numerator, whole.numerator, rtol=1e-12)
        assert_allclose(merged.denominator, whole.denominator, rtol=1e-12)


def test_without_a_reduction_there_is_no_reduced_loss() -> None:
    assert evaluate([[2.0, 0.5], [0.1, 1.0]], [1, 0], reduction="none").reduced is None


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "nothing_counts",
    [
        {"ignore_index": 1, "reductions": ["mean", "weighted_mean", "mean_by_nonzero_weights"]},
        {"weights": 0, "reductions": ["weighted_mean", "mean_by_nonzero_weights"]},
        {"class_weights": [1, 0, 1], "reductions": ["weighted_mean", "mean_by_nonzero_weights"]},
    ],
    ids=["all ignored", "weights 0", "class weights 0"],
)
def test_a_denominator_of_0_gives_the_value_0_and_the_gradient_0(
    reduction: Any, nothing_counts: dict[str, Any]
) -> None:
    options = {name: value for name, value in nothing_counts.items() if name != "reductions"}
    evaluation = evaluate(
        [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 1], reduction=reduction, include=["gradient"], **options
    )
    assert (evaluation.reduced.denominator == 0) == (reduction in nothing_counts["reductions"])
    assert evaluation.reduced.value == 0
    assert (evaluation.gradient == 0).all()


def test_weights_that_cancel_out_give_the_weighted_mean_0() -> None:
    evaluation = evaluate(
        [[2.0, 0.5], [0.1, 1.0]], [1, 0], weights=[1, -1], reduction="weighted_mean", include=["gradient"]
    )
    assert evaluation.reduced.denominator == evaluation.reduced.value == 0
    assert (evaluation.gradient == 0).all()


@pytest.mark.parametrize("loss_type", ["sparse_softmax_cross_entropy", "sigmoid_cross_entropy"])
def test_float32_losses_are_added_up_in_float64(loss_type: Any) -> None:
    rows = 1000
    logits = np.zeros((rows, 2), np.float32)
    logits[0] = [0, 1e8]
    labels = np.zeros(rows, int) if loss_type.startswith("sparse") else np.zeros((rows, 2))
    evaluation = evaluate(logits, labels, loss_type=loss_type, reduction="sum", include=["elements"])
    assert evaluation.elements.dtype == np.float32
    assert_allclose(evaluation.reduced.numerator, math.fsum(evaluation.elements.reshape(-1).tolist()), rtol=1e-11)


def test_float32_weights_are_added_up_in_float64() -> None:
    weights = np.ones(1000, np.float32)
    weights[0] = 1e8
    evaluation = evaluate(
        np.zeros((1000, 2), np.float32), np.zeros(1000, int), weights=weights, reduction="weighted_mean"
    )
    assert evaluation.reduced.denominator == 1e8 + 999


def test_a_sample_of_sigmoid_losses_is_their_mean_added_up_in_float64() -> None:
    logits = np.zeros((1, 1000), np.float32)
    logits[0, 0] = 1e8
    losses = evaluate(logits, 0, include=["elements"])
    assert losses.per_sample[0] == np.float32(math.fsum(losses.elements[0].tolist()) / 1000)


def test_an_ignored_label_counts_in_no_denominator_however_large_its_weights() -> None:
    evaluation = evaluate(
        [[0.0, 1.0], [0.0, 1.0]],
        [1, -1],
        ignore_index=-1,
        weights=[2, 1e200],
        class_weights=[1e200, 3],
        reduction="weighted_mean",
    )
    assert evaluation.reduced.denominator == 6


def test_different_reductions_do_not_merge() -> None:
    with pytest.raises(ParameterOutOfRange, match=r"reduction: of the parts is \['mean', 'sum'\]"):
        merge([Reduced("mean", 1.0, 1.0, 1.0), Reduced("sum", 1.0, 1.0, 1.0)])


def test_of_no_parts_there_is_no_whole() -> None:
    with pytest.raises(ParameterOutOfRange, match=r"reduction: of the parts is \[\]"):
        merge([])


def test_sums_merge_to_their_sum() -> None:
    assert merge([Reduced("sum", 2.0, 2.0, 1.0), Reduced("sum", 3.0, 3.0, 1.0)]) == Reduced("sum", 5.0, 5.0, 1.0)


def test_parts_in_which_nothing_counts_merge_to_0() -> None:
    assert merge([Reduced("mean", 0.0, 0.0, 0.0)] * 2) == Reduced("mean", 0.0, 0.0, 0.0)


def test_an_infinite_part_makes_the_whole_infinite() -> None:
    assert merge([Reduced("mean", INF, INF, 2.0), Reduced("mean", 1.0, 1.0, 1.0)]) == Reduced("mean", INF, INF, 3.0)


def test_parts_too_large_for_their_sum_make_the_whole_infinite() -> None:
    assert merge([Reduced("sum", 1e308, 1e308, 1.0)] * 2) == Reduced("sum", INF, INF, 1.0)


def test_infinity_less_infinity_has_no_merged_value() -> None:
    with pytest.raises(UndefinedLoss, match="numerators of both Infinity and -Infinity"):
        merge([Reduced("sum", INF, INF, 1.0), Reduced("sum", -INF, -INF, 1.0)])


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_samples_of_infinity_and_minus_infinity_have_no_reduction_but_each_its_loss(reduction: Any) -> None:
    batch = Batch(np.array([[0.0, -INF], [0.0, -INF]]), np.array([1, 1]), np.array([1.0, -1.0]), {"loss_type": "auto"})
    with pytest.raises(UndefinedLoss, match="set reduction to none"):
        batch.evaluate(reduction)
    assert batch.evaluate("none").per_sample.tolist() == [INF, -INF]
