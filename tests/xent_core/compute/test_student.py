"""Student's t against SciPy, and against 40-digit arithmetic where SciPy loses digits."""

import math

import pytest
from scipy import stats

from xent_core.compute.student import two_sided_p, two_sided_quantile

DEGREES = [1, 2, 3, 5, 10, 30, 99, 199, 200, 201, 1000, 12345, 100_000, 100_001, 10**7, 10**9]


@pytest.mark.parametrize("degrees", DEGREES)
def test_tails_are_those_of_scipy(degrees: int) -> None:
    for t in (0.0, 0.01, 0.5, 1.0, 1.96, 3.0, 5.0, 10.0, 37.0, 1e4):
        expected = 2 * stats.t.sf(t, degrees)
        assert two_sided_p(t, degrees) == pytest.approx(expected, rel=1e-8 if t < 10 else 1e-5, abs=1e-30)
        assert two_sided_p(-t, degrees) == two_sided_p(t, degrees)


# from mpmath import betainc, mp; mp.dps = 40; betainc(n / 2, 0.5, 0, n / (n + t**2), regularized=True), as mpf
@pytest.mark.parametrize(
    ("t", "degrees", "expected"),
    [
        (1e-8, 1, 0.9999999936338022763241865692861827),
        (2.0, 10, 0.07338803477074033700651700137417),
    ],
)
def test_tails_keep_their_digits(t: float, degrees: int, expected: float) -> None:
    assert two_sided_p(t, degrees) == pytest.approx(expected, rel=1e-15)


def test_infinitely_far_out_there_is_nothing() -> None:
    assert two_sided_p(math.inf, 3) == 0
    assert two_sided_p(-math.inf, 3) == 0
    assert two_sided_p(0.0, 3) == 1


@pytest.mark.parametrize("degrees", DEGREES)
def test_quantiles_are_those_of_scipy(degrees: int) -> None:
    for share in (0.5, 0.95, 0.999):
        assert two_sided_quantile(share, degrees) == pytest.approx(stats.t.ppf((1 + share) / 2, degrees), rel=1e-9)
