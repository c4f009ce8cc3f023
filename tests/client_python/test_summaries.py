"""The client reads by-products, summaries, calibrations and comparisons, and merges what merges exactly."""

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import xent_core
from xent_client import InvalidInput, Xent
from xent_client.summaries import exact_sum, merged_sums, summary_of

RANDOM = np.random.default_rng(0)
LOGITS, LABELS = 2 * RANDOM.normal(size=(90, 6)), RANDOM.integers(0, 6, 90)
YES = (RANDOM.random((90, 6)) < 0.3) * 1
WEIGHTS = RANDOM.random(90) * (RANDOM.random(90) < 0.8)
PARTS = [slice(0, 1), slice(1, 30), slice(30, 90)]
BOTH: Any = ("summary", "calibration")
FORMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "softmax": (LABELS, {"loss_type": "sparse_softmax_cross_entropy"}),
    "sigmoid": (YES, {"loss_type": "sigmoid_cross_entropy"}),
    "focal": (LABELS, {"loss_type": "sparse_softmax_focal_cross_entropy"}),
}


def same(client: Any, core: Any, leave_out: frozenset[str] = frozenset({"sums", "fitted"})) -> None:
    for field in fields(client):
        if field.name in leave_out:
            continue
        a, b = getattr(client, field.name), getattr(core, field.name)
        if is_dataclass(a):
            same(a, b)
        else:
            assert np.array_equal(a, b), field.name


@pytest.mark.parametrize(("labels", "options"), FORMS.values(), ids=[*FORMS])
def test_one_batch_has_the_figures_of_the_core(xent: Xent, labels: Any, options: dict[str, Any]) -> None:
    result = xent.loss(LOGITS, labels, WEIGHTS, include=BOTH, **options)
    whole = xent_core.evaluate(LOGITS, labels, weights=WEIGHTS, include=BOTH, **options)
    same(result.summary, whole.summary)
    same(result.calibration, whole.calibration)
    if options["loss_type"] == "sparse_softmax_cross_entropy":
        same(result.calibration.fitted, whole.calibration.fitted)  # type: ignore[union-attr]


@pytest.mark.parametrize(("labels", "options"), FORMS.values(), ids=[*FORMS])
def test_many_batches_have_the_figures_of_the_whole_exactly(xent: Xent, labels: Any, options: dict[str, Any]) -> None:
    batches = ((LOGITS[part], labels[part], WEIGHTS[part]) for part in PARTS)
    result = xent.evaluate(batches, include=BOTH, **options)
    parts = [
        xent_core.evaluate(LOGITS[part], labels[part], weights=WEIGHTS[part], include=BOTH, **options) for part in PARTS
    ]
    same(result.summary, xent_core.merge_summaries([part.summary for part in parts if part.summary]))
    same(result.calibration, xent_core.merge_calibrations([part.calibration for part in parts if part.calibration]))
    assert result.summary
    assert result.summary.q50 is None


def test_by_products_are_arrays(xent: Xent) -> None:
    names: Any = xent_core.results.BY_PRODUCTS
    result, whole = xent.loss(LOGITS, LABELS, include=names), xent_core.evaluate(LOGITS, LABELS, include=names)
    for name in names:
        assert_array_equal(getattr(result, name), getattr(whole, name))


def test_evaluate_refuses_what_does_not_merge(xent: Xent) -> None:
    with pytest.raises(InvalidInput, match="include holds 'gradient'; evaluate merges summary and calibration only"):
        xent.evaluate([(LOGITS, LABELS)], include=["gradient"])  # type: ignore[list-item]


def test_a_summary_that_only_some_batches_have_is_none_of_the_whole(xent: Xent) -> None:
    batches = [
        {"logits": LOGITS[part], "labels": LABELS[part], "include": include}
        for part, include in zip(PARTS, (["summary"], [], ["summary"]), strict=True)
    ]
    assert xent.evaluate(batches, loss_type="sparse_softmax_cross_entropy").summary is None


def test_batches_of_different_numbers_of_classes_do_not_merge(xent: Xent) -> None:
    batches = [(LOGITS, LABELS), (LOGITS[:, :3], LABELS % 3)]
    with pytest.raises(InvalidInput, match="different numbers of classes"):
        xent.evaluate(batches, include=["summary"], loss_type="sparse_softmax_cross_entropy")
    one, two = ({"hits": 1, "per_class": {}}, {"hits": 1})
    with pytest.raises(InvalidInput, match="of different kinds"):
        merged_sums(one, two)


def test_where_nothing_counts_there_are_no_figures(xent: Xent) -> None:
    result = xent.evaluate([(LOGITS, LABELS, 0.0), (LOGITS, LABELS, 0.0)], include=BOTH)
    assert result.summary
    assert result.calibration
    assert (result.summary.mean, result.summary.samples) == (None, 180)
    assert (result.calibration.expected_error, result.calibration.brier_score) == (None, None)


def test_infinite_losses_have_an_infinite_mean(xent: Xent) -> None:
    certain = np.array([[0.0, -np.inf], [1.0, 2.0]])
    result = xent.evaluate([(certain, [1, 0]), (certain, [0, 0])], include=["summary"])
    assert result.summary
    assert (result.summary.mean, result.summary.standard_error) == (math.inf, None)


def test_infinities_of_both_signs_have_no_mean() -> None:
    with pytest.raises(InvalidInput, match="both Infinity and -Infinity"):
        summary_of({"loss": [math.nan], "weight": [1.0], "counted": 1})
    assert math.isnan(exact_sum([math.inf, -math.inf])[0])


def test_more_than_1000_columns_have_no_figures_of_each(xent: Xent) -> None:
    logits = np.zeros((4, 1001))
    result = xent.evaluate([(logits, [0, 1, 2, 3])] * 2, include=["summary"])
    assert result.summary
    assert result.summary.per_class is None
    assert result.summary.prior is None
    assert result.summary.standard_error == 0


def test_negative_labels_have_no_prior_and_weights_that_cancel_no_error(xent: Xent) -> None:
    batch = LOGITS[:2], [[2.0, -1.0, 0, 0, 0, 0]] * 2
    negative = xent.evaluate([batch], include=["summary"], loss_type="softmax_cross_entropy").summary
    cancelled = xent.evaluate([(*batch, [1.0, -1.0])], include=["summary"], loss_type="softmax_cross_entropy").summary
    assert negative
    assert cancelled
    assert (negative.prior, cancelled.standard_error) == (None, None)


def test_two_models_are_compared(xent: Xent) -> None:
    other = LOGITS + 0.3 * RANDOM.normal(size=LOGITS.shape)
    result = xent.compare(LOGITS, other, LABELS, most=3, include=["per_sample"])
    whole = xent_core.compare(LOGITS, other, LABELS, most=3, include=["per_sample"])
    assert result.difference
    assert whole.difference
    same(result.difference, whole.difference)
    assert result.divergence
    assert whole.divergence
    same(result.divergence.kl, whole.divergence.kl)
    assert_array_equal(result.per_sample, whole.per_sample)
    assert [(each.position, each.first) for each in result.most_different or ()] == [
        (each.position, each.first) for each in whole.most_different or ()
    ]
    assert result.first
    assert whole.first
    assert whole.first.reduced
    assert (result.first.reduced, result.first.accuracy) == (whole.first.reduced.value, whole.first.accuracy)
    assert repr(result).startswith("<CompareResult sparse_softmax_cross_entropy, difference ")
    assert "KL" in result._repr_html_()


def test_without_labels_only_distributions_are(xent: Xent) -> None:
    result = xent.compare(LOGITS, LOGITS)
    assert (result.first, result.difference, result.most_different, result.per_sample) == (None,) * 4
    assert repr(result) == "<CompareResult KL 0 nats>"


def test_one_sample_has_no_interval(xent: Xent) -> None:
    result = xent.compare(LOGITS[:1], LOGITS[:1] + 1, LABELS[:1], reduction="none")
    assert result.difference
    assert result.first
    assert (result.difference.interval, result.difference.p_value, result.first.reduced) == (None, None, None)
    assert "p " not in repr(result)


def test_a_sigmoid_loss_has_no_divergence(xent: Xent) -> None:
    assert "KL" not in repr(xent.compare(LOGITS, LOGITS, YES, loss_type="sigmoid_cross_entropy"))
