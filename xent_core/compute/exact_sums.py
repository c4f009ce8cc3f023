"""Sums of floating-point numbers without rounding, so that they do not depend on order or on how a batch is split.

Such a sum is held as components: the sum rounded to float64, what that leaves rounded in turn, and so on. Mostly there
are two. Each sum has one such form, so equal sums are equal arrays, and to merge sums is to add up their components.

The way is that of Rump's ExtractVector: (σ + x) − σ rounds x to a multiple of σ · 2⁻⁵³, and with σ large enough any
sum of these multiples is exact. What was rounded off is treated in the same way until nothing is left.
Rump, Ogita, Oishi: Accurate floating-point summation I, SIAM J. Sci. Comput. 31(1), 2008.
"""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from xent_core.compute.layout import Array

# Larger numbers are halved so often before σ could overflow.
MAX_EXPONENT, HALVED = 900, 200
# So many numbers and what is made of them stay in a core's cache.
TILE = 1 << 13
# Bits of a float64 behind the first one.
MANTISSA = 52
MAX_PARTS = 32


def exact_total(*arrays: Array) -> Array:
    """Σ of all values of arrays [n]: components [k]."""
    return canonical_number([float(part.sum()) for values in arrays for _, part in _parts(values)])


def total_of(components: Array) -> Array:
    """The sum of sums [k, sums]: components [k]."""
    return canonical_number(components.reshape(-1).tolist())


def exact_product(value: float, times: int) -> Array:
    """value · times, value finite: components [k]."""
    if not math.isfinite(value * times):
        return np.array([value * times])
    exact, found = Fraction(value) * times, list[float]()
    while exact or not found:
        found.append(float(exact))
        exact -= Fraction(found[-1])
    return np.array(found)


def canonical_number(parts: list[float]) -> Array:
    """Components [k] of one sum that is given as any number of parts."""
    found: list[float] = []
    while True:
        rounded = _rounded_sum([*parts, *(-each for each in found)])
        if found and not rounded:
            return np.array(found)
        found.append(rounded)
        if not math.isfinite(rounded):
            return np.array(found)


def _rounded_sum(numbers: list[float]) -> float:
    """Their sum rounded once; that of infinities where there are any."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return sum(numbers)


def add_parts(so_far: list[Array], parts: Iterable[Array]) -> None:
    """Add exact sums to others, of which not ever more are kept."""
    so_far.extend(parts)
    if len(so_far) > MAX_PARTS:
        so_far[:] = canonical(so_far)


def exact_group_sums(values: Array, groups: Array, number: int) -> Array:
    """Σ of the values [n] of each group from 0 to number − 1: components [k, number]."""
    return canonical(_levels((at.level, np.bincount(groups[at.tile], part, number)) for at, part in _parts(values)))


def exact_column_sums(matrix: Array) -> Array:
    """Σ over the rows of a matrix [rows, columns]: components [k, columns]."""
    columns = matrix.shape[1]
    tile = max(1, TILE // columns) * columns
    return canonical(
        _levels((at.level, part.reshape(-1, columns).sum(axis=0)) for at, part in _parts(matrix.reshape(-1), tile))
    )


def _levels(sums: Iterable[tuple[int, Array]]) -> list[Array]:
    """The sums of each level added up, which rounds nothing."""
    found: list[Array] = []
    for level, each in sums:
        if level < len(found):
            found[level] += each
        else:
            found.append(each)
    return found


def square(values: Array) -> tuple[Array, Array]:
    """values² as the rounded squares and what the rounding took (Dekker); that is 0 where they are too large."""
    rounded, taken = np.empty((2, len(values)))
    for tile in _tiles(len(values), TILE):
        rounded[tile], taken[tile] = _square(values[tile])
    return rounded, taken


def _square(values: Array) -> tuple[Array, Array]:
    rounded = values * values
    high = values * 134217729.0
    high -= high - values
    low = values - high
    taken = ((high * high - rounded) + 2 * high * low) + low * low
    taken[~np.isfinite(taken)] = 0
    return rounded, taken


def product(a: Array, b: Array) -> tuple[Array, Array]:
    """a · b likewise."""
    rounded, taken = np.empty((2, len(a)))
    for tile in _tiles(len(a), TILE):
        rounded[tile], taken[tile] = _product(a[tile], b[tile])
    return rounded, taken


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    rounded = a * b
    high_a, high_b = a * 134217729.0, b * 134217729.0
    high_a, high_b = high_a - (high_a - a), high_b - (high_b - b)
    low_a, low_b = a - high_a, b - high_b
    taken = ((high_a * high_b - rounded) + high_a * low_b + low_a * high_b) + low_a * low_b
    taken[~np.isfinite(taken)] = 0
    return rounded, taken


def as_ratio(components: Array) -> tuple[int, int]:
    """The sum that components [k] stand for as a whole number and the power of 2 by which it is divided; finite."""
    ratios = [value.as_integer_ratio() for value in components.tolist()]
    shift = max(below.bit_length() - 1 for _, below in ratios)
    return sum(above << (shift - below.bit_length() + 1) for above, below in ratios), shift


class _Place(NamedTuple):
    """Where a part belongs: parts of one level add up without rounding, whatever their tiles."""

    level: int
    tile: slice


def _parts(values: Array, size: int = TILE) -> Iterator[tuple[_Place, Array]]:
    """Arrays that add up to `values` [n], tile by tile, such that no sum over any of one level's numbers is rounded.

    Of infinite values the first level holds them. size: of a tile.
    """
    if not len(values):
        yield _Place(0, slice(0, 0)), values
        return
    bits = len(values).bit_length() + 1
    first, scale, largest = 0, 0, _largest(values)
    if not math.isfinite(largest):
        finite = np.isfinite(values)
        yield _Place(0, slice(0, len(values))), np.where(finite, 0, values)
        values = np.where(finite, values, 0)
        first, largest = 1, _largest(values)
    if largest >= math.ldexp(1.0, MAX_EXPONENT):
        values, scale = np.ldexp(values, -HALVED), HALVED
        largest = _largest(values)
    exponent = math.frexp(largest)[1]
    for tile in _tiles(len(values), size):
        rest, below, level = values[tile], exponent, first
        while True:
            # The same in each tile: what is left is at most half a unit in the last place of σ.
            sigma = math.ldexp(1.0, below + bits)
            part = rest + sigma
            part -= sigma
            yield _Place(level, tile), np.ldexp(part, scale) if scale else part
            rest = rest - part
            if not rest.any():
                break
            below, level = below + bits - MANTISSA, level + 1


def _tiles(number: int, size: int) -> Iterator[slice]:
    for start in range(0, number, size):
        yield slice(start, min(start + size, number))


def _largest(values: Array) -> float:
    return max(float(np.maximum.reduce(values)), -float(np.minimum.reduce(values)))


def spread_of_mean(n: int, *sums: Array) -> float | None:
    """The standard error of Σ a / Σ b over n samples, from the exact sums Σ a, Σ b, Σ a², Σ ab and Σ b².

    √(n / (n − 1) · Σ (a_i − m·b_i)²) / Σ b, with m = Σ a / Σ b: where all b are equal, the sample standard deviation
    divided by √n. Nothing cancels, as the sums are exact. None for fewer than two samples, or what is infinite.
    """
    if n < 2 or not all(math.isfinite(each[0]) for each in sums):
        return None
    (a, of_a), (b, of_b), (aa, of_aa), (ab, of_ab), (bb, of_bb) = map(as_ratio, sums)
    if not b:
        return None
    # (Σ a² − 2m Σ ab + m² Σ b²) · (Σ b)² as three whole numbers, each divided by a power of 2.
    terms = (
        (aa * b * b, of_aa + 2 * of_b),
        (-2 * a * ab * b, of_a + of_ab + of_b),
        (a * a * bb, 2 * of_a + of_bb),
    )
    shift = max(each for _, each in terms)
    scaled = max(0, sum(term << (shift - each) for term, each in terms)) * n
    by, by_shift = (n - 1) * b**4, 4 * of_b
    if by_shift > shift:
        scaled <<= by_shift - shift
    else:
        by <<= shift - by_shift
    try:
        return math.sqrt(scaled / by)
    except OverflowError:
        return math.inf


def exp_or_infinity(value: float) -> float:
    """exp(value), infinite where it is beyond a float."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def canonical(parts: list[Array]) -> Array:
    """Components [k, sums] of sums that are given as one or more parts, each [sums]."""
    components = np.array(parts, np.float64)
    unbounded = ~np.isfinite(components)
    if unbounded.any():
        infinite = np.where(unbounded, components, 0).sum(axis=0)
        components[:, unbounded.any(axis=0)] = 0
        _normalise(components)
        components[0] += infinite
    else:
        _normalise(components)
    last = len(components)
    while last > 1 and not components[last - 1].any():
        last -= 1
    return components[:last]


def _normalise(components: Array) -> None:
    """Make each component what is left of the sum, rounded."""
    for first in range(len(components) - 1):
        rest = components[first:]
        _settle(rest)
        if len(rest) > 2:
            _round_ties(*rest[:3])


def _settle(components: Array) -> None:
    """Move what the components add up to upwards, until none changes by what is below it."""
    while not np.array_equal(components[:-1] + components[1:], components[:-1]):
        for i in range(len(components) - 2, -1, -1):
            _add_exactly(components[i], components[i + 1])


def _add_exactly(a: Array, b: Array) -> None:
    """Make a the rounded sum of both, and b what the rounding took (Knuth)."""
    total = a + b
    of_b = total - a
    b[...] = (a - (total - of_b)) + (b - of_b)
    a[...] = total


def _round_ties(upper: Array, middle: Array, lower: Array) -> None:
    """Where the middle lies halfway between two numbers next to each other, what is below it decides."""
    decided = np.where(lower == 0, middle, np.nextafter(middle, np.copysign(np.inf, lower)))
    total = upper + decided
    middle += upper - total
    upper[...] = total
