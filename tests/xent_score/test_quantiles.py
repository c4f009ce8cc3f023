"""Quantiles of what doesn't fit into memory are those of the whole."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xent_score.quantiles import ZERO, buckets_of, count_buckets, quantiles, value_of

SHARES = [0.0, 0.5, 0.9, 0.99, 0.999, 1.0]
FLOATS = st.floats(allow_nan=False, width=32)


def found(losses: Any, not_counted: int = 0) -> list[float | None]:
    return quantiles(count_buckets(losses), not_counted, SHARES, lambda: np.array_split(losses, 3))


@given(arrays(np.float32, st.integers(1, 60), elements=FLOATS))
def test_they_are_numpys(losses: Any) -> None:
    with np.errstate(all="ignore"):
        expected = np.quantile(losses.astype(np.float64), SHARES)
    for ours, numpys in zip(found(losses), expected, strict=True):
        # Between infinities NumPy has NaN.
        assert np.isnan(numpys) or ours == pytest.approx(numpys, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_they_are_exact_for_many(dtype: Any) -> None:
    losses = np.random.default_rng(0).exponential(2, 100_001).astype(dtype)
    assert found(losses) == pytest.approx(np.quantile(losses.astype(np.float64), SHARES).tolist(), rel=1e-12)


def test_zeros_that_do_not_count_are_left_out() -> None:
    losses = np.array([0, 3, 0, 0, -1, 0, 2, 0], np.float32)
    assert found(losses, not_counted=4) == pytest.approx(np.quantile([0, 3, -1, 2], SHARES).tolist())
    assert found(np.zeros(3, np.float32), not_counted=3) == [None] * len(SHARES)


@given(st.lists(FLOATS, min_size=2, max_size=2))
def test_buckets_are_in_the_order_of_numbers(pair: list[float]) -> None:
    low, high = buckets_of(np.array(sorted(pair), np.float32))
    assert 0 <= low <= high < 65536


@given(st.floats(0, 2.0**100, width=32))
def test_the_value_of_a_bucket_is_its_least(loss: float) -> None:
    (bucket,) = buckets_of(np.array([loss]))
    assert value_of(int(bucket)) <= loss < value_of(int(bucket) + 1)


def test_both_zeros_are_one_bucket() -> None:
    assert buckets_of(np.array([0.0, -0.0])).tolist() == [ZERO, ZERO]
