"""Student's t distribution: tail probabilities and quantiles, without SciPy."""

import math

MAX_TERMS = 10_000
TINY = 1e-300
# Beyond, the continued fraction loses digits.
MAX_DEGREES = 100_000


def two_sided_p(t: float, degrees: int) -> float:
    """P(|T| ≥ |t|) of Student's t with so many degrees of freedom, 1 or more.

    It is the regularised incomplete beta function I_x(n/2, 1/2) at x = n / (n + t²), n the degrees.

    >>> round(two_sided_p(2.0, 10), 12)
    0.073388034771
    """
    if math.isinf(t):
        return 0.0
    square = t * t
    if degrees > MAX_DEGREES:
        # Wallace's transformation to the normal distribution, whose error falls with the square of the degrees.
        z = (8 * degrees + 1) / (8 * degrees + 3) * math.sqrt(degrees * math.log1p(square / degrees))
        return math.erfc(z / math.sqrt(2))
    return _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square))


def two_sided_quantile(share: float, degrees: int) -> float:
    """The t with P(|T| ≤ t) = share, 0 < share < 1.

    >>> round(two_sided_quantile(0.95, 10), 9)
    2.228138852
    """
    outside, low, high = 1 - share, 0.0, 1.0
    while two_sided_p(high, degrees) > outside:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        low, high = (middle, high) if two_sided_p(middle, degrees) > outside else (low, middle)


def _incomplete_beta(a: float, b: float, x: float, opposite: float) -> float:
    """I_x(a, b) by its continued fraction (DLMF 8.17.22); `opposite` is 1 − x, given so that no digits are lost."""
    if x <= 0 or opposite <= 0:
        return float(opposite <= 0)
    log_x = math.log(x) if x < 0.5 else math.log1p(-opposite)
    log_front = a * log_x + b * math.log(opposite) - _log_beta(a, b)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _fraction(b, a, opposite) / b


def _log_beta(a: float, b: float) -> float:
    """log B(a, 1/2) or log B(1/2, b). The two large logarithms of Γ would cancel, so their difference is a series."""
    large = max(a, b)
    if large < 100:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    # log Γ(z + 1/2) − log Γ(z) = log(z) / 2 − 1/(8z) + 1/(192z³) − 1/(640z⁵) + … (DLMF 5.11.13 in logarithms)
    return math.lgamma(0.5) - (
        math.log(large) / 2 - 1 / (8 * large) + 1 / (192 * large**3) - 1 / (640 * large**5) + 17 / (14336 * large**7)
    )


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction by Lentz's method."""
    upper, lower = 1.0, 1 - (a + b) * x / (a + 1)
    lower = 1 / (lower if abs(lower) > TINY else TINY)
    value, m, change = lower, 0, 0.0
    while abs(change - 1) >= 1e-16 and m < MAX_TERMS:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1 + term * lower
            upper = 1 + term / upper
            lower = 1 / (lower if abs(lower) > TINY else TINY)
            upper = upper if abs(upper) > TINY else TINY
            change = lower * upper
            value *= change
    return value
