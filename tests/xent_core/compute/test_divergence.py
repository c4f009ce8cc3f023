"""Divergences against SciPy, and the largest classes against a stable sort."""

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import jensenshannon
from scipy.special import log_softmax, rel_entr

from xent_core.compute.divergence import Divergences, divergences, largest_classes


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """As `evaluate` computes: infinities are results, not surprises."""
    with np.errstate(all="ignore"):
        yield


RANDOM = np.random.default_rng(0)
TOLERANCE = {np.float32: 1e-6, np.float64: 1e-14}


def found(logits: Any, other: Any) -> Divergences:
    return divergences(logits, other, tuple(np.empty(logits.size, logits.dtype) for _ in range(3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 10, 300, 5000])
@pytest.mark.parametrize("spread", [0.01, 1.0])
@pytest.mark.parametrize("offset", [0.0, 300.0], ids=["plain", "huge"])
def test_divergences_are_those_of_scipy(dtype: Any, classes: int, spread: float, offset: float) -> None:
    logits = (3 * RANDOM.normal(size=(6, classes)) + offset).astype(dtype)
    other = (logits + spread * RANDOM.normal(size=(6, classes))).astype(dtype)
    p, q = (np.exp(log_softmax(each.astype(np.float64), axis=1)) for each in (logits, other))
    result = found(logits, other)
    assert_allclose(result.kl, rel_entr(p, q).sum(axis=1), rtol=0, atol=TOLERANCE[dtype])
    assert_allclose(result.reverse_kl, rel_entr(q, p).sum(axis=1), rtol=0, atol=TOLERANCE[dtype])
    assert_allclose(result.jensen_shannon, jensenshannon(p, q, axis=1) ** 2, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize(("noise", "tolerance"), [(1, 3e-6), (1e-1, 1e-5), (1e-2, 1e-6), (1e-4, 1e-6)])
@pytest.mark.parametrize("classes", [2, 30, 1000])
def test_small_divergences_keep_their_digits_in_float32(noise: float, tolerance: float, classes: int) -> None:
    logits = RANDOM.normal(0, 3, (8, classes)).astype(np.float32)
    other = logits + (noise * RANDOM.normal(size=logits.shape)).astype(np.float32)
    result = found(logits, other)
    for row in range(3):
        assert [each[row] for each in result] == pytest.approx(exactly(logits[row], other[row]), rel=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 1e-5), (np.float32, 1e-5), (np.float64, 2e-13)])
def test_close_rows_and_distant_ones_beside_each_other_keep_their_digits(dtype: Any, tolerance: float) -> None:
    logits = RANDOM.normal(0, 3, (24, 50)).astype(dtype)
    noise = np.geomspace(1e-3, 5, len(logits))[:, None] * RANDOM.normal(size=logits.shape)
    other = (logits + noise).astype(dtype)
    computed = np.result_type(dtype, np.float32)
    result = found(logits.astype(computed), other.astype(computed))
    for row in range(len(logits)):
        assert [each[row] for each in result] == pytest.approx(exactly(logits[row], other[row]), rel=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-6), (np.float64, 1e-14)])
def test_a_class_that_one_model_rules_out_far_from_rows_that_are_close(dtype: Any, tolerance: float) -> None:
    """One KL divergence is large, the other two are small."""
    logits, other = np.array([[0, -4, -6]], dtype), np.array([[0, -50, -6]], dtype)
    expected = exactly(logits[0], other[0])
    assert expected[0] > 0.5 > 0.02 > max(expected[1:])
    assert [each[0] for each in found(logits, other)] == pytest.approx(expected, rel=tolerance)


def exactly(logits: Any, other: Any) -> list[float]:
    """The three divergences of two rows in 40 digits."""
    with mpmath.workdps(40):
        pairs = [*zip(softmax_exactly(logits), softmax_exactly(other), strict=True)]
        kl = mpmath.fsum(a * mpmath.log(a / b) for a, b in pairs)
        reverse = mpmath.fsum(b * mpmath.log(b / a) for a, b in pairs)
        shannon = mpmath.fsum((a * mpmath.log(2 * a / (a + b)) + b * mpmath.log(2 * b / (a + b))) / 2 for a, b in pairs)
        return [float(each) for each in (kl, reverse, shannon)]


def softmax_exactly(logits: Any) -> list[Any]:
    powers = [mpmath.exp(mpmath.mpf(float(each))) for each in logits]
    total = mpmath.fsum(powers)
    return [each / total for each in powers]


def test_a_row_is_as_far_apart_whatever_rows_stand_beside_it() -> None:
    logits = RANDOM.normal(size=(40, 10)).astype(np.float32)
    other = logits + (RANDOM.normal(size=logits.shape) * np.geomspace(1e-3, 1, 40)[:, None]).astype(np.float32)
    together = found(logits, other)
    for row in range(40):
        alone = found(logits[row : row + 1], other[row : row + 1])
        assert [each[0] for each in alone] == [each[row] for each in together]


def test_a_distribution_is_not_apart_from_itself() -> None:
    logits = 5 * RANDOM.normal(size=(50, 100)).astype(np.float32)
    assert max(each.max() for each in found(logits, logits.copy())[:2]) == 0
    assert found(logits, logits.copy()).jensen_shannon.max() < 1e-6


def test_masks_that_differ_have_infinite_divergence_one_way() -> None:
    logits, other = np.array([[0.0, 0.0, -np.inf]]), np.array([[0.0, -np.inf, -np.inf]])
    result = found(logits, other)
    assert result.kl.tolist() == [np.inf]
    assert_allclose(result.reverse_kl, np.log(2))
    assert_allclose(result.jensen_shannon, jensenshannon([0.5, 0.5], [1.0, 0.0]) ** 2)


@pytest.mark.parametrize("classes", [1, 3, 5, 32, 33, 255, 256, 257, 1000])
@pytest.mark.parametrize("rounded", [False, True])
def test_the_largest_classes_are_those_of_a_stable_sort(classes: int, rounded: bool) -> None:
    logits = 3 * RANDOM.normal(size=(40, classes))
    logits = np.round(logits) if rounded else logits
    logits[0] = 0
    logits[1, 1:] = -np.inf
    expected = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    assert_array_equal(largest_classes(logits, 5), expected)
