"""Comparisons against SciPy, and identities."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, rel_entr
from scipy.stats import ttest_rel

from tests.xent_core.test_summary import same
from xent_core import (
    Infinite,
    MissingParameter,
    NotANumber,
    ParameterOutOfRange,
    UndefinedLoss,
    WrongShape,
    compare,
    evaluate,
    merge_comparisons,
)

RANDOM = np.random.default_rng(0)
FIRST = 2 * RANDOM.normal(size=(400, 12))
OTHER = FIRST + 0.3 * RANDOM.normal(size=(400, 12))
LABELS = RANDOM.integers(0, 12, 400)
WEIGHTS = RANDOM.random(400) * (RANDOM.random(400) < 0.8)


def test_the_difference_is_that_of_the_two_losses() -> None:
    found = compare(FIRST, OTHER, LABELS, include=["per_sample"])
    first, other = evaluate(FIRST, LABELS), evaluate(OTHER, LABELS)
    test = ttest_rel(other.per_sample, first.per_sample)
    assert found.first is not None
    assert found.other is not None
    assert found.difference is not None
    assert (found.first.reduced, found.other.reduced) == (first.reduced, other.reduced)
    assert_array_equal(found.per_sample, other.per_sample - first.per_sample)
    assert found.difference.mean == pytest.approx((other.per_sample - first.per_sample).mean(), rel=1e-12)
    assert found.difference.p_value == pytest.approx(test.pvalue, rel=1e-11)
    assert found.difference.interval == pytest.approx(tuple(test.confidence_interval(0.95)), rel=1e-11)
    assert found.difference.share_better == (other.per_sample < first.per_sample).mean()
    assert found.difference.perplexity_ratio == pytest.approx(math.exp(found.difference.mean))
    assert found.first.accuracy == (FIRST.argmax(axis=1) == LABELS).mean()
    assert found.other.accuracy == (OTHER.argmax(axis=1) == LABELS).mean()


def test_pairing_finds_what_the_two_means_hide() -> None:
    found = compare(FIRST, OTHER, LABELS).difference
    assert found is not None
    assert found.standard_error is not None
    spread = [evaluate(each, LABELS).per_sample.std(ddof=1) / math.sqrt(400) for each in (FIRST, OTHER)]
    assert found.standard_error < 0.3 * math.hypot(*spread)


def test_divergences_and_agreement() -> None:
    found = compare(FIRST, OTHER, None)
    p, q = (np.exp(log_softmax(each, axis=1)) for each in (FIRST, OTHER))
    kl = rel_entr(p, q).sum(axis=1)
    assert found.divergence is not None
    figures = found.divergence.kl
    assert figures.mean == pytest.approx(kl.mean(), rel=1e-11)
    assert figures.standard_error == pytest.approx(kl.std(ddof=1) / math.sqrt(400), rel=1e-11)
    assert_allclose(
        [figures.q50, figures.q90, figures.q99, figures.q999], np.quantile(kl, [0.5, 0.9, 0.99, 0.999]), rtol=1e-10
    )
    assert figures.maximum == pytest.approx(kl.max())
    assert found.divergence.reverse_kl.mean == pytest.approx(rel_entr(q, p).sum(axis=1).mean(), rel=1e-11)
    assert found.same_top1 == (FIRST.argmax(axis=1) == OTHER.argmax(axis=1)).mean()
    tops = [np.sort(np.argsort(-each, axis=1)[:, :5]) for each in (FIRST, OTHER)]
    assert found.same_top5 == (tops[0] == tops[1]).all(axis=1).mean()
    assert (found.loss_type, found.difference, found.first, found.most_different) == (None, None, None, None)


def test_a_model_does_not_differ_from_itself() -> None:
    found = compare(FIRST, FIRST, LABELS)
    assert found.difference is not None
    assert found.divergence is not None
    assert (found.difference.mean, found.difference.standard_error, found.difference.p_value) == (0, 0, 1)
    assert found.difference.interval == (0, 0)
    assert (found.divergence.kl.maximum, found.same_top1, found.same_top5) == (0, 1, 1)


def test_a_difference_that_is_the_same_everywhere_is_certain() -> None:
    found = compare(np.zeros((5, 2)), np.tile([1.0, 0.0], (5, 1)), np.zeros(5, int)).difference
    assert found is not None
    assert (found.standard_error, found.p_value, found.share_better) == (0, 0, 1)


def test_the_samples_that_differ_most_come_first() -> None:
    logits, other = FIRST.reshape(20, 20, 12), OTHER.reshape(20, 20, 12)
    labels = LABELS.reshape(20, 20)
    found = compare(logits, other, labels, most=3).most_different
    first, second = evaluate(logits, labels).per_sample, evaluate(other, labels).per_sample
    order = np.argsort(-abs(second - first).ravel())[:3]
    assert found is not None
    assert [each.position for each in found] == [tuple(np.unravel_index(place, (20, 20))) for place in order]
    assert [(each.first, each.other) for each in found] == [
        (first.ravel()[place], second.ravel()[place]) for place in order
    ]


FORMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "indices": (LABELS, {}),
    "ignored": (np.where(LABELS < 3, -1, LABELS), {"ignore_index": -1, "weights": WEIGHTS}),
    "class weights": (LABELS, {"class_weights": np.arange(1.0, 13.0), "label_smoothing": 0.1}),
    "distributions": (RANDOM.dirichlet(np.ones(12), 400), {"loss_type": "softmax_cross_entropy"}),
    "sigmoid": ((RANDOM.random((400, 12)) < 0.3) * 1, {"loss_type": "sigmoid_cross_entropy"}),
    "sigmoid, some ignored": (
        RANDOM.integers(-1, 2, (400, 12)),
        {"loss_type": "sigmoid_cross_entropy", "ignore_index": -1, "weights": WEIGHTS[:, None]},
    ),
    "no labels": (None, {}),
}


@pytest.mark.parametrize(("labels", "options"), FORMS.values(), ids=[*FORMS])
def test_parts_merge_exactly(labels: Any, options: dict[str, Any]) -> None:
    def of(part: slice) -> Any:
        weights = options.get("weights")
        given = options if weights is None else options | {"weights": weights[part]}
        return compare(FIRST[part], OTHER[part], None if labels is None else labels[part], **given)

    whole, parts = of(slice(None)), [of(slice(0, 1)), of(slice(1, 130)), of(slice(130, 400))]
    merged = merge_comparisons(parts)
    leave_out = {"q50", "q90", "q99", "q999", "most_different", "reduced"}
    for name in ("sums", "difference", "first", "other"):
        if getattr(whole, name) is not None:
            same(getattr(merged, name), getattr(whole, name), leave_out)
    assert merged.same_top1 == whole.same_top1
    if whole.divergence is not None:
        for name in ("kl", "reverse_kl", "jensen_shannon"):
            same(getattr(merged.divergence, name), getattr(whole.divergence, name), leave_out)


def test_so_do_parts_of_several_blocks() -> None:
    random = np.random.default_rng(4)
    first, other, labels = *random.normal(size=(2, 20_000, 3)), random.integers(0, 3, 20_000)
    whole = compare(first, other, labels)
    merged = merge_comparisons([compare(first[i::4], other[i::4], labels[i::4]) for i in range(4)])
    same(merged.sums, whole.sums)


@pytest.mark.parametrize(("labels", "options"), FORMS.values(), ids=[*FORMS])
def test_each_model_has_the_loss_that_evaluate_gives(labels: Any, options: dict[str, Any]) -> None:
    if labels is None:
        return
    found = compare(FIRST, OTHER, labels, include=["per_sample"], **options)
    summaries = [evaluate(each, labels, include=["summary"], **options) for each in (FIRST, OTHER)]
    assert found.first is not None
    assert found.other is not None
    for of_compare, result in zip((found.first, found.other), summaries, strict=True):
        assert result.summary is not None
        assert of_compare.reduced is not None
        assert result.reduced is not None
        assert of_compare.reduced.value == pytest.approx(result.reduced.value, rel=1e-13)
        assert of_compare.accuracy == result.summary.accuracy
    assert_allclose(found.per_sample, summaries[1].per_sample - summaries[0].per_sample, atol=1e-14)


def test_a_shift_leaves_out_the_same_rows_of_both() -> None:
    logits, other = FIRST.reshape(20, 20, 12), OTHER.reshape(20, 20, 12)
    labels = LABELS.reshape(20, 20)
    found = compare(logits, other, labels, shift=1, include=["per_sample"])
    cut = compare(logits[:, :-1], other[:, :-1], labels[:, 1:], include=["per_sample"])
    same(found.sums, cut.sums)
    assert_array_equal(found.per_sample, cut.per_sample)
    assert found.most_different == cut.most_different


@pytest.mark.parametrize("labels", [LABELS, None], ids=["with labels", "without"])
def test_a_temperature_divides_the_logits_of_both(labels: Any) -> None:
    found, divided = compare(FIRST, OTHER, labels, temperature=4), compare(FIRST / 4, OTHER / 4, labels)
    same(found.sums, divided.sums)


@pytest.mark.parametrize(
    ("loss_type", "options"),
    [
        ("sparse_softmax_focal_cross_entropy", {"gamma": 0.5, "alpha": 0.25}),
        ("generalized_cross_entropy", {"q": 0.25}),
        ("poly_cross_entropy", {"epsilon": -0.5}),
        ("kl_divergence", {"labels_are_logits": True, "temperature": 2.0}),
    ],
)
def test_parameters_of_single_losses_are_taken(loss_type: str, options: dict[str, Any]) -> None:
    labels = OTHER[::-1].copy() if loss_type == "kl_divergence" else LABELS
    found = compare(FIRST, OTHER, labels, loss_type=loss_type, include=["per_sample"], **options)
    first, other = (evaluate(each, labels, loss_type=loss_type, **options) for each in (FIRST, OTHER))
    assert_array_equal(found.per_sample, other.per_sample - first.per_sample)
    assert found.first is not None
    assert found.first.reduced == first.reduced


@pytest.mark.parametrize("given", [{"shift": 1}, {"gamma": 2.0}, {"labels_are_logits": True}, {"weights": WEIGHTS}])
def test_what_belongs_to_labels_is_refused_without_them(given: dict[str, Any]) -> None:
    with pytest.raises(MissingParameter, match=f"absent beside {next(iter(given))}"):
        compare(FIRST, OTHER, None, **given)


def test_float32_beside_float64_is_compared_in_float64() -> None:
    found = compare(FIRST.astype(np.float32), OTHER, LABELS, include=["per_sample"])
    assert found.per_sample is not None
    assert found.per_sample.dtype == np.float64


def test_where_nothing_counts_nothing_is_told() -> None:
    found = compare(FIRST, OTHER, LABELS, weights=0.0)
    assert (found.difference, found.divergence, found.same_top1) == (None, None, None)
    assert found.most_different == ()
    assert found.first is not None
    assert found.first.accuracy is None


def test_one_infinite_loss_makes_the_difference_infinite() -> None:
    found = compare([[0.0, 1.0], [0.0, 1.0]], [[0.0, -np.inf], [0.0, 1.0]], [1, 1])
    assert found.difference is not None
    assert (found.difference.mean, found.difference.p_value, found.difference.perplexity_ratio) == (
        math.inf,
        None,
        math.inf,
    )
    with pytest.raises(UndefinedLoss, match="infinite losses of both"):
        compare([[0.0, -np.inf]], [[0.0, -np.inf]], [1])


def test_bad_input_names_the_argument() -> None:
    with pytest.raises(WrongShape, match=r"other_logits: have shape \[400, 3\]; that of logits was expected"):
        compare(FIRST, OTHER[:, :3], LABELS)
    bad = OTHER.copy()
    bad[7, 3] = np.nan
    with pytest.raises(NotANumber, match=r"other_logits\[7, 3\]"):
        compare(FIRST, bad, LABELS)
    with pytest.raises(NotANumber, match=r"^logits\[7, 3\]"):
        compare(bad, FIRST, None)
    bad[7, 3] = np.inf
    with pytest.raises(Infinite, match=r"other_logits\[7, 3\]"):
        compare(FIRST, bad, None)
    for options in ({"weights": 1.0}, {"ignore_index": 0}, {"loss_type": "softmax_cross_entropy"}):
        with pytest.raises(MissingParameter, match="labels: are absent"):
            compare(FIRST, OTHER, None, **options)  # type: ignore[arg-type]
    with pytest.raises(ParameterOutOfRange, match="most: is 1001"):
        compare(FIRST, OTHER, LABELS, most=1001)
    with pytest.raises(ParameterOutOfRange, match="include: holds 'gradient'"):
        compare(FIRST, OTHER, LABELS, include=["gradient"])
    with pytest.raises(ParameterOutOfRange, match="parts: are none"):
        merge_comparisons([])


def test_a_mean_too_large_for_its_exponential_has_an_infinite_ratio() -> None:
    found = compare([[1000.0, 0.0]], [[0.0, 1000.0]], [0]).difference
    assert found is not None
    assert found.perplexity_ratio == math.inf
