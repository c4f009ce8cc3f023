"""A masked label does not count: the losses of the others, their denominators and gradients are as without it."""

from typing import Any

import numpy as np
import pytest

import xent_core
from xent_client import InvalidInput, Xent

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(8, 4))
LABELS = RANDOM.integers(0, 4, 8)
MASK = np.array([False, True, False, False, True, False, False, True])
QUESTIONS = (RANDOM.random((8, 4)) < 0.4).astype(float)
CELLS = RANDOM.random((8, 4)) < 0.3
WEIGHTS = RANDOM.random(8)
REDUCTIONS = ["sum", "mean", "weighted_mean", "mean_by_nonzero_weights"]


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "uint64", "float32", "float64", "bool"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_masked_class_indices_do_not_count(xent: Xent, reduction: Any, dtype: str) -> None:
    labels = (LABELS % 2 if dtype == "bool" else LABELS).astype(dtype)
    masked = xent.loss(
        LOGITS, np.ma.masked_array(labels, MASK), reduction=reduction, class_weights=[1, 2, 3, 4], include=["gradient"]
    )
    counted = xent_core.evaluate(
        LOGITS[~MASK],
        labels[~MASK].astype(np.int64),
        loss_type="sparse_softmax_cross_entropy",
        reduction=reduction,
        class_weights=np.arange(1.0, 5),
        include=["gradient"],
    )
    assert masked.loss_type == "sparse_softmax_cross_entropy"
    np.testing.assert_array_equal(masked.per_sample[~MASK], counted.per_sample)
    assert not masked.per_sample[MASK].any()
    assert masked.reduced
    assert counted.reduced
    assert masked.reduced.value == pytest.approx(counted.reduced.value, rel=1e-14)
    assert masked.reduced.denominator == pytest.approx(counted.reduced.denominator, rel=1e-14)
    assert masked.gradient is not None
    np.testing.assert_allclose(masked.gradient[~MASK], counted.gradient, rtol=1e-13)
    assert not masked.gradient[MASK].any()


def test_the_data_under_a_mask_may_be_anything(xent: Xent) -> None:
    labels = np.ma.masked_invalid(np.where(MASK, np.nan, LABELS))
    expected = xent.loss(LOGITS[~MASK], LABELS[~MASK])
    assert xent.loss(LOGITS, labels).reduced == expected.reduced


@pytest.mark.parametrize("wrong", [-1, -5, 4, 2**40])
def test_a_wrong_index_that_is_not_masked_stays_an_error(xent: Xent, wrong: int) -> None:
    labels = np.ma.masked_array(np.where(np.arange(8) == 3, wrong, LABELS), MASK)
    with pytest.raises(InvalidInput, match=rf"labels\[3\] is {wrong};"):
        xent.loss(LOGITS, labels)


def test_an_ignore_index_of_ones_own_is_kept(xent: Xent) -> None:
    labels = np.where(np.arange(8) == 3, -100, LABELS)
    expected = xent.loss(LOGITS, np.where(MASK, -100, labels), ignore_index=-100)
    assert xent.loss(LOGITS, np.ma.masked_array(labels, MASK), ignore_index=-100).reduced == expected.reduced


def test_labels_that_are_all_masked_come_to_nothing(xent: Xent) -> None:
    reduced = xent.loss(LOGITS, np.ma.masked_all(8, int), loss_type="sparse_softmax_cross_entropy").reduced
    assert reduced
    assert (reduced.value, reduced.denominator) == (0, 0)


@pytest.mark.parametrize("weights", [None, 2.0, WEIGHTS, WEIGHTS[:, None], RANDOM.random((8, 4))], ids=np.shape)
@pytest.mark.parametrize("reduction", ["sum", "weighted_mean", "mean_by_nonzero_weights"])
def test_masked_yes_no_labels_do_not_count(xent: Xent, reduction: Any, weights: Any) -> None:
    masked = xent.loss(
        LOGITS, np.ma.masked_array(QUESTIONS, CELLS), weights, loss_type="sigmoid_cross_entropy", reduction=reduction
    ).reduced
    ones = np.ones((8, 4))
    full = ones if weights is None else ones * (weights[:, None] if np.shape(weights) == (8,) else weights)
    losses = xent_core.sigmoid_cross_entropy(LOGITS, QUESTIONS)
    kept = (full * losses)[~CELLS].sum()
    denominator = {"sum": 1, "weighted_mean": full[~CELLS].sum(), "mean_by_nonzero_weights": (~CELLS).sum()}[reduction]
    assert masked
    assert masked.value == pytest.approx(kept / denominator, rel=1e-13)


@pytest.mark.parametrize("loss_type", ["softmax_cross_entropy", "sigmoid_cross_entropy"])
@pytest.mark.parametrize("weights", [None, 2.0, WEIGHTS], ids=np.shape)
def test_samples_that_are_masked_whole_do_not_count(xent: Xent, loss_type: Any, weights: Any) -> None:
    labels = np.ma.masked_array(RANDOM.dirichlet(np.ones(4), 8), np.repeat(MASK[:, None], 4, 1))
    options: dict[str, Any] = {"loss_type": loss_type, "reduction": "weighted_mean"}
    masked = xent.loss(LOGITS, labels, weights, **options).reduced
    kept = weights if np.ndim(weights) == 0 else weights[~MASK]
    expected = xent.loss(LOGITS[~MASK], labels.data[~MASK], kept, **options).reduced
    assert masked
    assert expected
    assert masked.value == pytest.approx(expected.value, rel=1e-13)


def test_the_class_axis_may_be_another(xent: Xent) -> None:
    options: dict[str, Any] = {"loss_type": "sigmoid_cross_entropy", "reduction": "weighted_mean"}
    masked = xent.loss(LOGITS.T, np.ma.masked_array(QUESTIONS.T, CELLS.T), WEIGHTS, axis=0, **options).reduced
    expected = xent.loss(LOGITS, np.ma.masked_array(QUESTIONS, CELLS), WEIGHTS, **options).reduced
    assert masked
    assert expected
    assert masked.value == pytest.approx(expected.value, rel=1e-13)


@pytest.mark.parametrize("weights", [None, WEIGHTS, WEIGHTS[:, None]], ids=np.shape)
def test_logits_of_one_class_take_labels_without_its_axis(xent: Xent, weights: Any) -> None:
    logits, labels = LOGITS[:, :1], QUESTIONS[:, 0]
    masked = xent.loss(logits, np.ma.masked_array(labels, MASK), weights, reduction="weighted_mean")
    kept = None if weights is None else weights[~MASK]
    expected = xent.loss(logits[~MASK], labels[~MASK], kept, reduction="weighted_mean")
    assert masked.loss_type == "sigmoid_cross_entropy"
    assert masked.reduced
    assert expected.reduced
    assert masked.reduced.value == pytest.approx(expected.reduced.value, rel=1e-13)


def test_masked_yes_no_labels_of_one_dimension_do_not_count(xent: Xent) -> None:
    masked = xent.loss(LOGITS[:, 0], np.ma.masked_array(QUESTIONS[:, 0], MASK), reduction="weighted_mean").reduced
    expected = xent.loss(LOGITS[~MASK, 0], QUESTIONS[~MASK, 0]).reduced
    assert masked
    assert expected
    assert masked.value == pytest.approx(expected.value, rel=1e-13)


@pytest.mark.parametrize("reduction", ["mean", None])
def test_a_mean_that_would_count_masked_labels_is_refused(xent: Xent, reduction: Any) -> None:
    with pytest.raises(InvalidInput, match="set reduction to mean_by_nonzero_weights, weighted_mean, sum or none"):
        xent.loss(LOGITS, np.ma.masked_array(QUESTIONS, CELLS), reduction=reduction)


def test_weights_that_do_not_fit_the_masked_labels_are_refused(xent: Xent) -> None:
    labels = np.ma.masked_array(QUESTIONS, CELLS)
    with pytest.raises(InvalidInput, match=r"weights has the shape .* not fit labels of the shape \(8, 4\)"):
        xent.loss(LOGITS, labels, np.ones(5), reduction="sum")


def test_a_mask_of_nothing_changes_nothing(xent: Xent) -> None:
    plain = xent.loss(LOGITS, QUESTIONS, WEIGHTS)
    masked = xent.loss(np.ma.array(LOGITS), np.ma.array(QUESTIONS), np.ma.array(WEIGHTS))
    np.testing.assert_array_equal(masked.per_sample, plain.per_sample)
    assert masked.reduced == plain.reduced


@pytest.mark.parametrize("name", ["logits", "weights", "class_weights"])
@pytest.mark.parametrize("labels", [LABELS, np.ma.masked_array(LABELS, MASK)], ids=["plain", "masked"])
def test_only_labels_may_be_masked(xent: Xent, name: str, labels: Any) -> None:
    masked = np.ma.masked_array({"logits": LOGITS, "weights": WEIGHTS, "class_weights": np.ones(4)}[name])
    masked[0] = np.ma.masked
    fields: dict[str, Any] = {"logits": LOGITS, "labels": labels, name: masked}
    with pytest.raises(InvalidInput, match=rf"^{name} has {4 if name == 'logits' else 1} masked elements; only the "):
        xent.loss(**fields)


def test_a_sampled_softmax_takes_no_masks(xent: Xent) -> None:
    layer: dict[str, Any] = {"weights": np.ones((5, 2)), "biases": np.zeros(5), "inputs": np.ones((2, 2))}
    with pytest.raises(InvalidInput, match=r"^labels has 1 masked elements"):
        xent.sampled_softmax(**layer, labels=np.ma.masked_equal([1, 2], 2), num_sampled=2)
    assert xent.sampled_softmax(**layer, labels=np.ma.array([1, 2]), num_sampled=2).per_sample.shape == (2,)


def test_masked_labels_are_recommended_for_as_the_rest(xent: Xent) -> None:
    result = xent.recommend(np.ma.masked_array(LABELS, MASK), LOGITS)
    assert result.recommendation.label_kind == "class_indices"


def test_batches_may_have_masked_labels(xent: Xent) -> None:
    labels = np.ma.masked_array(LABELS, MASK)
    expected = xent.loss(LOGITS[~MASK], LABELS[~MASK]).reduced
    merged = xent.evaluate(LOGITS, labels, batch_size=3, loss_type="sparse_softmax_cross_entropy")
    assert expected
    assert merged.reduced.value == pytest.approx(expected.value, rel=1e-14)
