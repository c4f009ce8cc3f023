"""A summary holds what NumPy, SciPy and scikit-learn find, and that of a batch is exactly that of its parts merged."""

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.special import log_softmax
from scipy.stats import entropy
from sklearn.metrics import accuracy_score, log_loss, top_k_accuracy_score

from xent_core import ParameterOutOfRange, UndefinedLoss, evaluate, merge_calibrations, merge_summaries
from xent_core.losses import LOSSES
from xent_core.results import Summary

RANDOM = np.random.default_rng(0)
QUANTILES = {"q50", "q90", "q99"}
BOTH = ("summary", "calibration")
LOGITS, LABELS = 3 * RANDOM.normal(size=(500, 7)), RANDOM.integers(0, 7, 500)
WEIGHTS = RANDOM.random(500) * (RANDOM.random(500) < 0.8)


def summary(logits: Any, labels: Any, **options: Any) -> Summary:
    found = evaluate(logits, labels, include=["summary"], **options).summary
    assert found is not None
    return found


def same(one: Any, other: Any, leave_out: set[str] = QUANTILES) -> None:
    """Both are equal to the last bit in all fields but some."""
    for field in fields(one):
        if field.name in leave_out:
            continue
        a, b = getattr(one, field.name), getattr(other, field.name)
        if is_dataclass(a):
            same(a, b)
        else:
            assert np.array_equal(a, b), field.name


def test_class_indices() -> None:
    found = summary(LOGITS, LABELS)
    p = np.exp(log_softmax(LOGITS, axis=1))
    losses = evaluate(LOGITS, LABELS).per_sample
    assert found.mean == pytest.approx(log_loss(LABELS, p, labels=range(7)), rel=1e-12)
    assert found.standard_error == pytest.approx(losses.std(ddof=1) / math.sqrt(500), rel=1e-12)
    assert_array_equal([found.q50, found.q90, found.q99], np.quantile(losses, [0.5, 0.9, 0.99]))
    assert (found.minimum, found.maximum) == (losses.min(), losses.max())
    assert found.accuracy == accuracy_score(LABELS, p.argmax(axis=1))
    assert found.top5_accuracy == top_k_accuracy_score(LABELS, p, k=5)
    assert found.mean_entropy == pytest.approx(entropy(p, axis=1).mean(), rel=1e-12)
    assert found.perplexity == pytest.approx(math.exp(losses.mean()))
    assert found.bits == pytest.approx(losses.mean() / math.log(2))
    assert found.label_entropy == 0
    assert found.uniform == pytest.approx(math.log(7))
    assert found.prior == pytest.approx(entropy(np.bincount(LABELS)))
    assert found.per_class is not None
    for index in range(7):
        of_class = index == LABELS
        assert found.per_class.count[index] == of_class.sum()
        assert found.per_class.mean[index] == pytest.approx(losses[of_class].mean())
        assert found.per_class.accuracy[index] == (p.argmax(axis=1) == LABELS)[of_class].mean()


def test_the_standard_error_of_a_weighted_mean_is_that_of_a_ratio() -> None:
    found = summary(LOGITS, LABELS, weights=WEIGHTS)
    a, b = evaluate(LOGITS, LABELS, weights=WEIGHTS).per_sample[WEIGHTS > 0], WEIGHTS[WEIGHTS > 0]
    n, mean = len(a), a.sum() / b.sum()
    assert found.mean == pytest.approx(mean, rel=1e-13)
    assert found.mean == pytest.approx(
        evaluate(LOGITS, LABELS, weights=WEIGHTS, reduction="weighted_mean").reduced.value,
        rel=1e-13,  # type: ignore[union-attr]
    )
    assert found.standard_error == pytest.approx(math.sqrt(n / (n - 1) * ((a - mean * b) ** 2).sum()) / b.sum())
    assert (found.samples, found.counted, found.zero_weight) == (500, n, 500 - n)


@pytest.mark.parametrize("name", LOSSES)
def test_uniform_is_the_mean_where_all_logits_are_0(name: str) -> None:
    loss = LOSSES[name]
    labels = labels_of(name)
    options: dict[str, Any] = {"weights": WEIGHTS, "loss_type": name} | required(name)
    if not loss.is_elementwise and loss.takes("class_weights"):
        options["class_weights"] = np.arange(1.0, 8.0)
    if loss.takes("label_smoothing"):
        options["label_smoothing"] = 0.1
    at_zero = evaluate(np.zeros_like(LOGITS), labels, reduction="weighted_mean", **options).reduced
    assert at_zero is not None
    assert summary(LOGITS, labels, **options).uniform == pytest.approx(at_zero.value, rel=1e-12)


def labels_of(name: str) -> NDArray[Any]:
    loss, random = LOSSES[name], np.random.default_rng(1)
    if loss.is_elementwise:
        return (random.random((500, 7)) < 0.3) * 1.0
    return LABELS if loss.takes_class_indices else random.dirichlet(np.ones(7), 500)


def required(name: str) -> dict[str, Any]:
    return {"pos_weight": np.arange(1.0, 8.0)} if "pos_weight" in LOSSES[name].required else {}


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.is_cross_entropy])
def test_no_constant_prediction_is_better_than_the_prior(name: str) -> None:
    options = {"loss_type": name, "weights": WEIGHTS} | required(name)
    prior = summary(LOGITS, labels_of(name), **options).prior
    assert prior is not None
    best = math.inf
    for scale in (0.0, *np.linspace(0.9, 1.1, 5)):
        logits = np.tile(scale * constant(name), (500, 1))
        best = min(best, summary(logits, labels_of(name), **options).mean or math.inf)
    assert best == pytest.approx(prior, rel=1e-12)


def constant(name: str) -> NDArray[Any]:
    """The logits of the labels' own frequencies."""
    labels = labels_of(name)
    if not LOSSES[name].is_elementwise:
        rows = np.eye(7)[labels] if labels.ndim == 1 else labels
        return np.log(WEIGHTS @ rows)
    yes = WEIGHTS @ labels * required(name).get("pos_weight", 1)
    return np.log(yes / (WEIGHTS @ (1 - labels)))


def test_label_entropy_is_the_loss_of_the_labels_themselves() -> None:
    labels = RANDOM.dirichlet(np.ones(7), 500)
    options: dict[str, Any] = {"loss_type": "softmax_cross_entropy", "label_smoothing": 0.2, "weights": WEIGHTS}
    least = summary(np.log(labels * 0.8 + 0.2 / 7), labels, **options)
    assert least.label_entropy == pytest.approx(least.mean, rel=1e-12)


def test_a_sigmoid_loss_has_its_columns() -> None:
    labels = (RANDOM.random((500, 7)) < 0.3) * 1
    found = summary(LOGITS, labels, loss_type="sigmoid_cross_entropy")
    result = evaluate(LOGITS, labels, loss_type="sigmoid_cross_entropy", include=["elements"])
    assert result.elements is not None
    rows = result.elements.mean(axis=1)
    assert (found.samples, found.counted) == (500, 3500)
    assert found.mean == pytest.approx(rows.mean(), rel=1e-13)
    # Samples are independent, the logits of one are not.
    assert found.standard_error == pytest.approx(rows.std(ddof=1) / math.sqrt(500), rel=1e-12)
    assert found.accuracy == ((LOGITS > 0) == labels).mean()
    assert found.uniform == pytest.approx(math.log(2))
    assert found.prior == pytest.approx(entropy([labels.mean(axis=0), 1 - labels.mean(axis=0)], axis=0).mean())
    assert found.per_class is not None
    assert_array_equal(found.per_class.count, [500] * 7)
    assert_array_equal(found.per_class.positives, labels.sum(axis=0))
    assert_allclose(found.per_class.mean, result.elements.mean(axis=0), rtol=1e-13)
    assert_array_equal(found.per_class.accuracy, ((LOGITS > 0) == labels).mean(axis=0))
    assert (found.perplexity, found.top5_accuracy, found.mean_entropy, found.label_entropy) == (None,) * 4


FORMS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "indices": (7, "indices", {}),
    "indices of many classes": (1000, "indices", {"weights": True}),
    "more classes than are told": (1001, "indices", {}),
    "ignored, smoothed and weighted by class": (
        40,
        "ignored",
        {"ignore_index": -1, "label_smoothing": 0.1, "class_weights": np.linspace(1, 3, 40), "weights": True},
    ),
    "distributions beside one-hot rows": (
        33,
        "distributions",
        {"loss_type": "softmax_cross_entropy", "class_weights": np.linspace(1, 3, 33), "weights": True},
    ),
    "sigmoid": (40, "yes or no", {"loss_type": "sigmoid_cross_entropy"}),
    "sigmoid of many columns": (1001, "yes or no", {"loss_type": "sigmoid_cross_entropy"}),
    "weighted": (
        5,
        "yes, no or ignored",
        {"loss_type": "weighted_cross_entropy", "pos_weight": 3.0, "ignore_index": -1, "weights": True},
    ),
    "focal": (9, "indices", {"loss_type": "sparse_softmax_focal_cross_entropy"}),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("classes", "form", "options"), FORMS.values(), ids=[*FORMS])
def test_the_parts_of_a_batch_merge_to_its_figures_exactly(
    dtype: str, classes: int, form: str, options: dict[str, Any]
) -> None:
    random = np.random.default_rng(2)
    logits = (3 * random.normal(size=(203, classes))).astype(dtype)
    match form:
        case "indices" | "ignored":
            labels = random.integers(0, classes, 203)
            labels = np.where(random.random(203) < 0.2, -1, labels) if form == "ignored" else labels
        case "distributions":
            labels = random.dirichlet(np.ones(classes), 203)
            labels[:60] = np.eye(classes)[random.integers(0, classes, 60)]
        case _:
            labels = (random.random((203, classes)) < 0.3) * 1
            labels = np.where(random.random(labels.shape) < 0.2, -1, labels) if "ignored" in form else labels
    weights = random.random(203) * (random.random(203) < 0.9) if options.get("weights") else None

    def of(part: slice) -> Any:
        given = options | {"weights": None if weights is None else weights[part]}
        return evaluate(logits[part], labels[part], include=BOTH, **given)

    whole = of(slice(None))
    parts = [of(slice(start, stop)) for start, stop in ((0, 1), (1, 4), (4, 50), (50, 203))]
    same(merge_summaries([part.summary for part in parts]), whole.summary)
    same(merge_calibrations([part.calibration for part in parts]), whole.calibration, {"fitted"})
    # In any order, and one after the other.
    so_far = parts[3].summary
    for part in parts[:3]:
        so_far = merge_summaries([so_far, part.summary])
    same(so_far, whole.summary)


@pytest.mark.parametrize(
    ("classes", "options"),
    [(3, {"class_weights": np.arange(1.0, 4.0)}), (3, {}), (1001, {}), (1001, {"label_smoothing": 0.1})],
    ids=str,
)
def test_so_do_parts_of_several_blocks_of_one_hot_rows_and_others(classes: int, options: dict[str, Any]) -> None:
    random = np.random.default_rng(5)
    rows = 20_000 if classes == 3 else 1200
    logits, weights = random.normal(size=(rows, classes)), random.random(rows)
    labels = random.dirichlet(np.ones(classes), rows)
    labels[: rows // 2] = np.eye(classes)[random.integers(0, classes, rows // 2)]

    def of(part: slice) -> Summary:
        return summary(logits[part], labels[part], weights=weights[part], loss_type="softmax_cross_entropy", **options)

    same(merge_summaries([of(slice(start, None, 3)) for start in range(3)]), of(slice(None)))


def test_a_loss_at_0_too_large_to_add_up_has_an_infinite_uniform() -> None:
    labels = np.arange(700) % 7
    found = summary(np.zeros((700, 7)), labels, loss_type="poly_cross_entropy", epsilon=1e308)
    assert (found.uniform, found.mean) == (math.inf, math.inf)


def test_equal_losses_have_the_standard_error_0() -> None:
    assert summary(np.zeros((100, 3)), np.zeros(100, int)).standard_error == 0


def test_a_network_that_gives_equal_logits_is_right_only_about_the_first_class() -> None:
    found = summary(np.zeros((70, 7)), np.arange(70) % 7)
    assert found.accuracy == pytest.approx(1 / 7)
    assert found.top5_accuracy == pytest.approx(5 / 7)


def test_one_sample_has_no_standard_error() -> None:
    found = summary([[1.0, 2.0]], [0])
    assert found.standard_error is None
    assert found.q50 == found.minimum == found.maximum == found.mean


def test_where_nothing_counts_there_are_no_figures() -> None:
    found = summary([[1.0, 2.0]], [0], weights=[0.0])
    assert {name for name in Summary.__slots__ if getattr(found, name) is None} == {
        *("mean", "standard_error", "minimum", "maximum", "q50", "q90", "q99", "accuracy", "uniform", "prior"),
        *("perplexity", "bits", "top5_accuracy", "mean_entropy", "label_entropy"),
    }
    same(merge_summaries([found, summary([[1.0, 2.0]], [0])]).per_class, summary([[1.0, 2.0]], [0]).per_class)
    of_logits = summary([[1.0, 2.0]], [[0, 1]], loss_type="sigmoid_cross_entropy", weights=[0.0])
    assert of_logits.mean is None


def test_an_infinite_loss_has_an_infinite_mean_and_no_standard_error() -> None:
    found = summary([[1.0, -np.inf], [2.0, 1.0]], [1, 0])
    assert (found.mean, found.maximum, found.perplexity, found.standard_error) == (math.inf, math.inf, math.inf, None)
    merged = merge_summaries([found, summary([[2.0, 1.0]], [0])])
    assert (merged.mean, merged.standard_error) == (math.inf, None)


def test_a_mean_too_large_for_its_exponential_has_an_infinite_perplexity() -> None:
    assert summary([[0.0, 1000.0]], [0]).perplexity == math.inf


def test_losses_infinite_with_both_signs_have_no_mean() -> None:
    with pytest.raises(UndefinedLoss, match="both Infinity and -Infinity"):
        summary(
            [[0.0, -np.inf], [0.0, -np.inf]],
            [[2.0, -1.0], [0.0, 1.0]],
            loss_type="softmax_cross_entropy",
            reduction="none",
        )


def test_a_negative_target_has_no_prior() -> None:
    assert summary([[0.0, 1.0]], [[2.0, -1.0]], loss_type="softmax_cross_entropy").prior is None


def test_summaries_of_different_kinds_do_not_merge() -> None:
    with pytest.raises(ParameterOutOfRange, match="of different kinds"):
        merge_summaries([summary(LOGITS, LABELS), summary(LOGITS[:, :3], LABELS % 3)])
    with pytest.raises(ParameterOutOfRange, match="is empty"):
        merge_summaries([])
    with pytest.raises(ParameterOutOfRange, match="is empty"):
        merge_calibrations([])
