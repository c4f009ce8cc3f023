"""More exact than the frameworks: losses of class indices and of 0/1 labels keep their relative accuracy, however tiny.

The measure is arithmetic with 50 digits, on the numbers as the dtype has them. A result below the dtype's normal
numbers may be off by half of its smallest one as well, which is all that it can say.
"""

import math
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from xent_core import (
    evaluate,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from xent_core import weighted_cross_entropy as weighted_loss
from xent_core.compute import elementary, logsumexp, row_figures

Array = NDArray[Any]
RELATIVE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-13}
DTYPES = [np.float32, np.float64]
exact = mpmath.MPContext()
exact.dps = 50


def exact_index_losses(row: Array, labels: Iterable[int]) -> list[Any]:
    """One for each label, each of which leaves out its own term."""
    largest = exact.mpf(float(row.max()))
    exponentials = [exact.exp(exact.mpf(float(x)) - largest) for x in row]
    return [
        exact.log1p(exact.fsum(exponentials[:label] + exponentials[label + 1 :]) / exponentials[label])
        for label in labels
    ]


def exact_sigmoid_loss(logit: float, label: float) -> Any:
    return exact.log1p(exact.exp(exact.mpf(float(logit)) * (-1 if label else 1)))


def assert_exact(actual: Array, expected: Sequence[Any], relative: float | None = None, weight: float = 1) -> None:
    """`expected` holds the weights already; what is below the normal numbers was rounded before it was weighted."""
    relative = RELATIVE[actual.dtype] if relative is None else relative
    half_step = exact.mpf(float(np.finfo(actual.dtype).smallest_subnormal)) / 2
    for found, wanted in zip(actual.reshape(-1).tolist(), expected, strict=True):
        if wanted > float(np.finfo(actual.dtype).max):
            assert found == math.inf
            continue
        error = abs(exact.mpf(found) - wanted)
        assert error <= relative * wanted + half_step * max(1, weight), (
            f"{found} is off by {float(error / wanted):.3g} of {float(wanted):.9g}"
        )


def rows_of(classes: int, dtype: Any) -> Array:
    """Rows of logits, among them what is hard: huge offsets, wide spreads, ties, and certainty of any degree."""
    random = np.random.default_rng(classes)
    rows = [random.normal(0, scale, classes) for scale in (1e-3, 1, 5, 20, 100, 1e4, 1e30)]
    rows += [random.normal(0, 3, classes) + offset for offset in (-1e4, -600, -90, 80, 90, 600, 710, 1e4, 1e6)]
    rows += [np.full(classes, tie) for tie in (-1000.0, -1 / 3, 0, 1 / 3, 88.0, 1000.0, 1e30)]
    for lead in (1, 15, 40, 60, 80, 95, 100, 300, 700):
        certain = random.normal(0, 1, classes)
        certain[0] += lead
        rows += [certain, -certain, certain + 680, certain - 730]
    return np.array(rows).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 3, 10, 100, 1000])
def test_the_loss_of_a_class_index_is_exact(classes: int, dtype: Any) -> None:
    rows = rows_of(classes, dtype)
    random = np.random.default_rng(7)
    choices = np.array([np.zeros(len(rows), int), random.integers(0, classes, len(rows))])
    losses = [exact_index_losses(row, labels) for row, labels in zip(rows, choices.T, strict=True)]
    for labels, expected in zip(choices, zip(*losses, strict=True), strict=True):
        assert_exact(sparse_softmax_cross_entropy(rows, labels), expected)
        assert_exact(evaluate(rows, labels).per_sample, expected)
        one_hot = np.eye(classes)[labels]
        assert_exact(softmax_cross_entropy(rows, one_hot), expected)
        beside_soft_rows = np.vstack([one_hot, np.full((1, classes), 1 / classes)])
        with_one_more = np.vstack([rows, rows[:1]])
        assert_exact(softmax_cross_entropy(with_one_more, beside_soft_rows)[:-1], expected)
        assert_exact(evaluate(with_one_more, beside_soft_rows).per_sample[:-1], expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [10, 100, 300, 511, 512, 513, 1000, 2000, 2048, 2049, 5000, 100_000])
def test_the_loss_is_exact_where_all_other_classes_tie(classes: int, dtype: Any) -> None:
    """Equal terms are the hard case of a sum: their roundings all go the same way. Matrix products add up a few rows
    in another order than many.
    """
    behind = np.linspace(-12, 5, 120 if classes < 10_000 else 6).astype(dtype)
    rows = np.tile(behind[:, None], (1, classes))
    rows[:, 0] = 1 / 3
    own = exact.mpf(float(rows[0, 0]))
    expected = [exact.log1p((classes - 1) * exact.exp(exact.mpf(float(x)) - own)) for x in behind]
    assert_exact(sparse_softmax_cross_entropy(rows, np.zeros(len(rows), int)), expected)
    for count in (1, 2, 3):
        few = [sparse_softmax_cross_entropy(some, np.zeros(count, int)) for some in rows.reshape(-1, count, classes)]
        assert_exact(np.array(few), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loss_is_exact_over_100_000_classes(dtype: Any) -> None:
    """Against math.fsum of float64 exponentials, whose own error is below 1e-14 where differences are small."""
    random = np.random.default_rng(0)
    rows = random.normal(0, 3, (4, 100_000)).astype(dtype)
    rows[2:] += 1000
    rows[1::2, 0] += 40
    losses = sparse_softmax_cross_entropy(rows, np.zeros(4, int))
    for row, loss in zip(rows.astype(np.float64), losses, strict=True):
        expected = math.log1p(math.fsum(np.exp(row[1:] - row[0]).tolist()))
        assert abs(float(loss) / expected - 1) <= RELATIVE[np.dtype(dtype)]


def test_the_loss_is_exact_where_a_million_exponentials_are_below_the_normal_numbers() -> None:
    row = np.full(1_000_001, -95, np.float32)
    row[0] = 0
    assert_exact(sparse_softmax_cross_entropy(row, 0), [exact.log1p(1_000_000 * exact.exp(-95))])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [0, -50, 75, -1e4, 1e4, 1e10, 1e30])
def test_the_loss_of_a_distribution_does_not_suffer_from_an_offset(offset: float, dtype: Any) -> None:
    random = np.random.default_rng(1)
    rows = (random.normal(0, 3, (20, 6)) + offset).astype(dtype)
    labels = random.dirichlet(np.ones(6), 20).astype(dtype)
    expected = []
    for row, weights in zip(rows.astype(np.float64), labels.astype(np.float64), strict=True):
        losses = exact_index_losses(row, range(6))
        expected.append(exact.fsum(exact.mpf(weight) * loss for weight, loss in zip(weights, losses, strict=True)))
    assert_exact(softmax_cross_entropy(rows, labels), expected, relative=1e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("label", [0, 1])
def test_the_loss_of_a_yes_or_no_is_exact(label: int, dtype: Any) -> None:
    sizes = np.concatenate([np.geomspace(1e-30, 1e30, 121), np.linspace(0, 110, 221), np.linspace(600, 760, 81)])
    logits = np.concatenate([sizes, -sizes]).astype(dtype)
    expected = [exact_sigmoid_loss(logit, label) for logit in logits]
    assert_exact(sigmoid_cross_entropy(logits, label), expected)
    assert_exact(evaluate(logits, label).per_sample, expected)
    for pos_weight in (0.125, 1, 8):
        weighted = [loss * (pos_weight if label else 1) for loss in expected]
        assert_exact(weighted_loss(logits, label, pos_weight=pos_weight), weighted, weight=1 + pos_weight)


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_keep_the_accuracy(dtype: Any) -> None:
    rows = rows_of(5, dtype)
    labels = np.arange(len(rows)) % 5
    weights = np.geomspace(1e-3, 1e3, len(rows)).astype(dtype)
    class_weights = np.array([1 / 3, 0.1, 7, 1, 100], dtype)
    products = [
        exact_index_losses(row, [label])[0] * exact.mpf(float(weight)) * exact.mpf(float(class_weights[label]))
        for row, label, weight in zip(rows, labels, weights, strict=True)
    ]
    for given_labels in (labels, np.eye(5)[labels]):
        losses = evaluate(rows, given_labels, weights=weights, class_weights=class_weights).per_sample
        assert_exact(losses, products)


@pytest.mark.parametrize("dtype", DTYPES)
def test_small_samples_of_yes_no_losses_keep_the_accuracy_of_their_mean(dtype: Any) -> None:
    logits = np.linspace(-95, -85, 40).astype(dtype).reshape(4, 10)
    expected = [exact.fsum(exact_sigmoid_loss(logit, 0) for logit in row) / 10 for row in logits]
    step = float(np.finfo(dtype).smallest_subnormal)
    for found, wanted in zip(evaluate(logits, 0).per_sample.tolist(), expected, strict=True):
        assert abs(found - wanted) <= RELATIVE[np.dtype(dtype)] * wanted + step


def test_tiny_losses_are_those_of_the_contract() -> None:
    """1.7513…e-26 is log1p(2 · exp(−60)) by mpmath; TensorFlow and PyTorch give 0 in float32."""
    loss = sparse_softmax_cross_entropy(np.array([[60, 0, 0]], np.float32), [0])
    assert_exact(loss, [exact.mpf("1.75130215079241304e-26")], relative=1e-7)
    assert_exact(
        sigmoid_cross_entropy(np.array([-60], np.float32), [0]), [exact.mpf("8.75651076269652034e-27")], relative=1e-6
    )


nasty = st.sampled_from([0.0, -0.0, 1e-45, 1e-30, 0.1, 1, 17, 87, 89, 104, 700, 746, 1e4, 1e30, 3e38]).flatmap(
    lambda size: st.sampled_from([size, -size])
)


@given(st.data(), st.sampled_from(DTYPES), st.integers(1, 5), st.booleans())
def test_no_loss_of_valid_labels_is_negative(data: st.DataObject, dtype: Any, classes: int, from_logits: bool) -> None:
    numbers = nasty if from_logits else st.sampled_from([1e-30, 1e-7, 0.1, 1 / 3, 0.5, 1 - 1e-7, 1])
    rows = data.draw(hnp.arrays(np.float64, (4, classes), elements=numbers)).astype(dtype)
    indices = data.draw(hnp.arrays(np.int64, 4, elements=st.integers(0, classes - 1)))
    labels = np.eye(classes, dtype=dtype)[indices]
    labels[3] = 1 / classes
    hits = data.draw(hnp.arrays(np.int64, (4, classes), elements=st.integers(0, 1)))
    options: dict[str, Any] = {"from_logits": from_logits}
    assert (sparse_softmax_cross_entropy(rows, indices, **options) >= 0).all()
    assert (softmax_cross_entropy(rows, labels, **options)[:3] >= 0).all()
    assert (sigmoid_cross_entropy(rows, hits, **options) >= 0).all()
    assert (weighted_loss(rows, hits, pos_weight=0.3, **options) >= 0).all()
    assert evaluate(rows, hits, loss_type="sigmoid_cross_entropy", **options).reduced.value >= 0


def use(monkeypatch: pytest.MonkeyPatch, fastest: elementary.Fastest) -> None:
    for name, function in fastest._asdict().items():
        monkeypatch.setattr(logsumexp, name, function)
        if name != "fused":
            monkeypatch.setattr(row_figures, name, function)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("vectorised", "compiled"), [(True, None), (False, None), (False, elementary.compiled)])
def test_losses_are_as_exact_whatever_computes_exp(
    vectorised: bool, compiled: ModuleType | None, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What computes it depends on the processor, and on whether there was a C compiler."""
    use(monkeypatch, elementary.fastest(vectorised=vectorised, compiled=compiled))
    logits = np.concatenate([np.linspace(-700, 700, 1401), np.geomspace(1e-30, 1, 50)]).astype(dtype)
    for label in (0, 1):
        expected = [exact_sigmoid_loss(logit, label) for logit in logits]
        assert_exact(sigmoid_cross_entropy(logits, label), expected)
    rows = rows_of(10, dtype)
    expected = [loss for row in rows for loss in exact_index_losses(row, [3])]
    assert_exact(sparse_softmax_cross_entropy(rows, np.full(len(rows), 3)), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(200, 10), (30, 10), (40, 200), (2, 600_000)])
@pytest.mark.parametrize("logits", ["sound", "equal", "huge", "masked"])
def test_figures_of_rows_are_the_same_whether_sums_are_taken_in_one_call_or_by_numpy(
    logits: str, shape: tuple[int, int], dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a C compiler, and where NumPy has AVX-512, NumPy takes them."""
    rng = np.random.default_rng(4)
    rows = rng.normal(size=shape).astype(dtype) * (500 if logits == "huge" else 2)
    if logits == "equal":
        rows = np.round(rows)
    if logits == "masked":
        rows[:, 1::3] = -np.inf
    labels = rng.integers(shape[1] // 3, size=shape[0]) * 3
    include: Any = ["predictions", "label_rank", "margin", "entropy", "logsumexp"]
    found = []
    for compiled in (None, elementary.compiled):
        use(monkeypatch, elementary.fastest(vectorised=False, compiled=compiled))
        found.append((evaluate(rows, labels, include=include), evaluate(rows, labels, include=["summary"]).summary))
    (numpy, numpy_summary), (fused, fused_summary) = found
    eps = float(np.finfo(dtype).eps)
    # An entropy is the difference of numbers that are as large as the logits.
    close = {"rtol": 30 * eps, "atol": 30 * eps * max(1, float(rows.max()))}
    for name in ("per_sample", "predictions", "label_rank", "margin", "entropy", "logsumexp"):
        np.testing.assert_allclose(getattr(fused, name), getattr(numpy, name), **close, err_msg=name)
    assert fused_summary is not None
    assert numpy_summary is not None
    assert fused_summary.accuracy == numpy_summary.accuracy
    assert fused_summary.top5_accuracy == numpy_summary.top5_accuracy
