"""Exact sums are what rational arithmetic gives, in one form, however they are split."""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from xent_core.compute.exact_sums import (
    MAX_PARTS,
    add_parts,
    as_ratio,
    canonical,
    canonical_number,
    exact_column_sums,
    exact_group_sums,
    exact_product,
    exact_total,
    product,
    spread_of_mean,
    square,
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """As `evaluate` computes: infinities are results, not surprises."""
    with np.errstate(all="ignore"):
        yield


finite = st.floats(-(2.0**300), 2.0**300, allow_subnormal=True)
# Whole numbers of halves of one another's last digits: where a sum lies halfway between two numbers.
halves = st.builds(math.ldexp, st.integers(-3, 3).map(float), st.sampled_from([0, -52, -53, -54, -106, -107, -160]))
numbers = st.lists(st.one_of(finite, halves), min_size=1, max_size=20)


def rational(values: list[float]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0))


def components_of(total: Fraction) -> list[float]:
    """The form that the module promises: each component is what is left, rounded."""
    found: list[float] = []
    while total or not found:
        found.append(float(total))
        total -= Fraction(found[-1])
    return found


def trimmed(column: NDArray[np.float64]) -> list[float]:
    found = column.tolist()
    while len(found) > 1 and not found[-1]:
        found.pop()
    return [float(each) for each in found]


@given(numbers)
@example([1.0, 2.0**-53, 2.0**-107])
@example([1.0, 2.0**-53, -(2.0**-107)])
@example([2.0**300, 1.0, -(2.0**300)])
@example([0.0])
def test_a_sum_is_that_of_rational_numbers_in_components(values: list[float]) -> None:
    expected = components_of(rational(values))
    assert exact_total(np.array(values)).tolist() == expected
    assert trimmed(canonical([np.array([value]) for value in values])[:, 0]) == expected
    above, shift = as_ratio(np.array(expected))
    assert Fraction(above, 2**shift) == rational(values)


@given(numbers, st.data())
def test_sums_of_parts_merge_to_that_of_the_whole(values: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(values)))
    parts = [exact_total(np.array(part, np.float64)) for part in (values[:cut], values[cut:])]
    merged = canonical_number([each for part in parts for each in part.tolist()])
    assert_array_equal(merged, exact_total(np.array(values)))


@given(numbers, st.data())
def test_each_group_and_each_column_has_its_own_sum(values: list[float], data: st.DataObject) -> None:
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    sums = exact_group_sums(np.array(values), np.array(groups), 4)
    matrix = np.zeros((len(values), 4))
    matrix[np.arange(len(values)), groups] = values
    columns = exact_column_sums(matrix)
    for group in range(4):
        expected = components_of(rational([v for v, g in zip(values, groups, strict=True) if g == group]))
        assert trimmed(sums[:, group]) == expected
        assert trimmed(columns[:, group]) == expected


def test_of_infinities_only_their_own_sums_are_infinite() -> None:
    values, groups = np.array([1.0, np.inf, 2.0, -np.inf, np.inf]), np.array([0, 1, 0, 2, 2])
    assert_array_equal(exact_group_sums(values, groups, 3), [[3.0, np.inf, np.nan]])
    assert exact_total(values[:3]).tolist() == [math.inf]
    assert math.isnan(exact_total(values)[0])
    assert canonical_number([math.inf, 1.0, math.inf]).tolist() == [math.inf]


def test_huge_numbers_are_added_too() -> None:
    values = np.array([2.0**1000, 1.0, 2.0**1000])
    assert exact_total(values).tolist()[0] == 2.0**1001
    assert exact_total(np.array([1.7e308, 1.7e308])).tolist() == [math.inf]


@given(st.floats(-1e100, 1e100), st.integers(0, 10**6))
def test_a_number_so_many_times(value: float, times: int) -> None:
    assert exact_product(value, times).tolist() == components_of(Fraction(value) * times)


def test_a_product_beyond_float64_is_infinite() -> None:
    assert exact_product(1e308, 2).tolist() == [math.inf]
    assert exact_product(-1e308, 2).tolist() == [-math.inf]
    assert exact_product(1e308, 1).tolist() == [1e308]


def test_parts_whose_sum_is_beyond_float64_or_undefined_are_added_as_floats() -> None:
    assert canonical_number([1.7e308, 1.7e308]).tolist() == [math.inf]
    assert math.isnan(canonical_number([math.inf, -math.inf])[0])


def test_of_many_parts_few_are_kept_and_nothing_is_lost() -> None:
    values = np.random.default_rng(3).normal(size=(500, 4)) * 2.0 ** np.arange(-40, 40, 20)
    so_far: list[NDArray[np.float64]] = []
    for row in values:
        add_parts(so_far, [row])
        assert len(so_far) <= MAX_PARTS
    assert_array_equal(canonical(so_far), exact_column_sums(values))


@given(st.lists(st.tuples(*[st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)] * 2), min_size=1))
def test_products_keep_what_rounding_took(pairs: list[tuple[float, float]]) -> None:
    a, b = np.array(pairs).T
    for (rounded, taken), x, y in ((square(a), a, a), (product(a, b), a, b)):
        for each, rest, left, right in zip(rounded, taken, x, y, strict=True):
            assert Fraction(float(each)) + Fraction(float(rest)) == Fraction(float(left)) * Fraction(float(right))


def test_squares_that_are_too_large_are_infinite_without_a_rest() -> None:
    assert [each.tolist() for each in square(np.array([1e200]))] == [[math.inf], [0.0]]
    assert [each.tolist() for each in product(np.array([1e200]), np.array([1e200]))] == [[math.inf], [0.0]]


def spread(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    sums = exact_total(a), exact_total(b), exact_total(*square(a)), exact_total(*product(a, b)), exact_total(*square(b))
    return spread_of_mean(len(a), *sums)


def test_equal_numbers_have_no_spread_and_none_has_one_alone() -> None:
    same = np.full(1000, 0.1)
    assert spread(same, np.ones(1000)) == 0
    assert spread(same[:1], np.ones(1)) is None
    assert spread(same, np.zeros(1000)) is None
    assert spread(np.array([np.inf, 1.0]), np.ones(2)) is None


def test_the_spread_is_that_of_the_mean() -> None:
    a = np.random.default_rng(0).normal(5, 2, 1000)
    found = spread(a, np.ones(1000))
    assert found is not None
    assert math.isclose(found, a.std(ddof=1) / math.sqrt(1000), rel_tol=1e-13)
    # Where the mean is far larger than the spread, nothing cancels.
    found = spread(a + 2.0**40, np.ones(1000))
    assert found is not None
    assert math.isclose(found, ((a + 2.0**40) - 2.0**40).std(ddof=1) / math.sqrt(1000), rel_tol=1e-13)


def test_a_spread_too_large_for_float64_is_infinite() -> None:
    big = [np.array([value]) for value in (0.0, 1.0, 1e308, 0.0, 1.0)]
    tiny = np.array([5e-324])
    assert spread_of_mean(2, big[0], tiny, big[2], big[3], tiny) == math.inf
