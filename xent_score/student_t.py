"""Student's t distribution, for the paired t-test: the two-sided p-value and the half-width of an interval.

P(|T| > t) is the regularized incomplete beta function I_x(n/2, 1/2) at x = n / (n + t²). It is computed by its
continued fraction, as in Press et al.: Numerical Recipes, section 6.4.
"""

import math

MAX_TERMS = 10_000
TINY = 1e-300


def two_sided(t: float, freedom: float) -> float:
    """P(|T| > |t|) with so many degrees of freedom.

    >>> round(two_sided(2.0, 10), 6)
    0.073388
    """
    if math.isinf(t):
        return 0.0
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t), t * t / (freedom + t * t))


def critical(freedom: float, share: float = 0.95) -> float:
    """The t that |T| is below with this probability.

    >>> round(critical(10), 6)
    2.228139
    """
    low, high = 0.0, 1.0
    while two_sided(high, freedom) > 1 - share:
        high *= 2
    while high - low > 1e-14 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, freedom) > 1 - share else (low, middle)
        if middle in (low, high) and not low < (low + high) / 2 < high:
            break
    return high


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b), rest = 1 − x."""
    if x == 0 or rest == 0:
        return 0.0 if x == 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    # The fraction converges where x is small.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """By Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MAX_TERMS):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + factor * d)
            c = _not_zero(1 + factor / c)
            value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
