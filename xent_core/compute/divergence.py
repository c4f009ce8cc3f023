"""Divergences between the softmax of two matrices of logits, row by row, and the largest classes of rows.

With p and q the distributions and u = log q − log p, so that q / p = e^u, in nats:

    KL(p‖q) = Σ p · (e^u − 1 − u)
    KL(q‖p) = Σ p · (1 − e^u + e^u · u)
    JS      = ½ Σ p · (e^u · u − (1 + e^u) · log((1 + e^u) / 2))

Each term is at least 0, and an error of the normalisers cancels to first order, so that small divergences, as those of
a quantised model, keep their digits in float32. With h = u / 2 and g = √(p · q) these are

    KL(p‖q) = 2 Σ g · (h · sinh h − h · cosh h + sinh h)
    KL(q‖p) = 2 Σ g · (h · sinh h + h · cosh h − sinh h)
    JS      = Σ g · (h · sinh h − cosh h · log cosh h) = Σ g · (h² / 2 + h⁶ / 144 − h⁸ / 720 + …)

so that near u = 0 few sums over a row, Σ g · u, Σ g · u² and so on, give all three. The few classes whose u is larger
are computed one by one. Of rows that are far apart −Σ p · u and Σ q · u have all digits as they are.
"""

from math import factorial
from typing import NamedTuple

import numpy as np

from xent_core.compute.elementary import exp
from xent_core.compute.layout import TILE_BYTES, Array, FloatType, row_dots, row_sums, row_tiles, shaped
from xent_core.compute.logsumexp import PLAIN_SUMS

GROUP = 256
"""Of how many columns the largest is found at once."""
CANDIDATES = 1 << 16
"""How many classes are looked at one by one at once."""
SORTED = 32
"""Up to how many columns it takes less time to sort them."""
NEAR = {np.dtype(np.float32): 1.0, np.dtype(np.float64): 0.25}
"""Below which |u| the first powers of u have the digits of the dtype, and from which on the differences keep them."""
POWERS = {np.dtype(np.float32): 10, np.dtype(np.float64): 14}
"""How many powers these are."""
NEAREST = {np.dtype(np.float32): (1 / 4, 6), np.dtype(np.float64): (1 / 16, 10)}
"""Below which |u| fewer do, and how many: what is left out is less than 1e-7 or 1e-15 of a divergence."""
JENSEN_SHANNON = {
    2: 1 / 2,
    6: 1 / 144,
    8: -1 / 720,
    10: 443 / 1209600,
    12: -559 / 5443200,
    14: 204121 / 6706022400,
}
"""What multiplies powers of h in its term."""
APART, SURE = 0.25, 0.02
"""From which sum of both KL divergences on, and with which least one of the three, nothing is lost in plain sums."""


def _factors(k: int) -> Array:
    """What multiplies u^k in the three divergences and in Σ p · (e^u − 1) = 2 Σ g · sinh h."""
    if k % 2:
        cosh_less_sinh = 2 * (k - 1) / factorial(k)
        factors = (-cosh_less_sinh, cosh_less_sinh, 0.0, 2 / factorial(k))
    else:
        sinh = 2 / factorial(k - 1)
        factors = (sinh, sinh, JENSEN_SHANNON.get(k, 0.0), 0.0)
    scaled: Array = np.array(factors) / 2**k
    return scaled


FACTORS = [_factors(k) for k in range(1, max(POWERS.values()) + 1)]


class Divergences(NamedTuple):
    """Of each row, float64 [rows], in nats: KL(p‖q), KL(q‖p) and the Jensen-Shannon divergence, 0 or more."""

    kl: Array
    reverse_kl: Array
    jensen_shannon: Array


def tile_buffers(rows: int, classes: int, dtype: FloatType) -> tuple[Array, Array, Array]:
    """Buffers in which `divergences` computes a tile."""
    size = min(rows, max(1, TILE_BYTES // dtype.itemsize // classes)) * classes
    return np.empty(size, dtype), np.empty(size, dtype), np.empty(size, dtype)


def divergences(
    logits: Array,
    other: Array,
    buffers: tuple[Array, Array, Array],
    exponentials: tuple[Array | None, Array | None] = (None, None),
) -> Divergences:
    """p and q are the softmax of two matrices of one dtype, float32 or float64. buffers: `tile_buffers`.
    exponentials: those of the matrices, where they are known; they are written to.
    """
    rows, classes = logits.shape
    found = np.empty((3, rows))
    for tile in row_tiles(rows, classes, TILE_BYTES // logits.itemsize):
        p, q = (
            exp(given[tile]) if known is None else known[tile]
            for given, known in zip((logits, other), exponentials, strict=True)
        )
        found[:, tile] = _of_tile(logits[tile], other[tile], p, q, buffers)
    return Divergences(*found)


def _of_tile(logits: Array, other: Array, p: Array, q: Array, buffers: tuple[Array, Array, Array]) -> Array:
    """p and q: the exponentials."""
    sums, other_sums = row_sums(p).astype(np.float64), row_sums(q).astype(np.float64)
    p *= (1 / sums).astype(p.dtype)[:, None]
    q *= (1 / other_sums).astype(q.dtype)[:, None]
    # Of logits that are close, the difference is exact, which that of logarithms of probabilities is not.
    u = np.subtract(other, logits, out=shaped(buffers[0], p.shape))
    u -= (np.log(other_sums) - np.log(sums)).astype(u.dtype)[:, None]
    found = np.empty((3, len(p)))
    limit, powers = NEAREST[u.dtype]
    # That of NaN is not below, and such a row is mended at the end.
    nearest = np.maximum.reduce(u, axis=1) < limit
    nearest &= np.minimum.reduce(u, axis=1) > -limit
    if nearest.any():
        found[:, nearest] = _close(_chosen(nearest, p, q, u), buffers[1:], powers)
    if not nearest.all():
        found[:, ~nearest] = _of_any(_chosen(~nearest, p, q, u), buffers[1:])
    low, high = PLAIN_SUMS
    safe = (np.minimum(sums, other_sums) >= low) & (np.maximum(sums, other_sums) <= high)
    safe &= np.isfinite(found).all(axis=0)
    if not safe.all():
        rest = np.flatnonzero(~safe)
        for tile in row_tiles(len(rest), 4 * logits.shape[1]):
            some = rest[tile]
            found[:, some] = _shifted(logits[some], other[some])
    at_least: Array = np.maximum(found, 0)
    return at_least


def _of_any(matrices: tuple[Array, ...], buffers: tuple[Array, ...]) -> Array:
    """The divergences of distributions that are close or not, [3, rows], from p, q and u, which is written to."""
    p, q, u = matrices
    found = np.zeros((3, len(p)))
    found[0], found[1] = -row_dots(p, u), row_dots(q, u)
    apart = found[0] + found[1] >= APART
    if apart.any():
        found[2, apart] = _jensen_shannon(_chosen(apart, p, q, u), buffers[0])
        apart &= (found >= SURE).all(axis=0)
    if not apart.all():
        found[:, ~apart] = _close(_chosen(~apart, p, q, u), buffers, POWERS[u.dtype])
    return found


def _chosen(rows: Array, *matrices: Array) -> tuple[Array, ...]:
    """Some rows of each; without copying them where they are all."""
    return matrices if rows.all() else tuple(matrix[rows] for matrix in matrices)


def _jensen_shannon(matrices: tuple[Array, ...], buffer: Array) -> Array:
    """½ (Σ q · u − Σ (p + q) · log((1 + q / p) / 2)) of each row, from p, q and u."""
    p, q, u = matrices
    log_mean = np.divide(q, p, out=shaped(buffer, p.shape))
    log_mean += 1
    log_mean *= 0.5
    np.log(log_mean, out=log_mean)
    found: Array = (row_dots(q, u) - row_dots(p, log_mean) - row_dots(q, log_mean)) / 2
    return found


def _close(matrices: tuple[Array, ...], buffers: tuple[Array, ...], number: int) -> Array:
    """The divergences of distributions that are close, [3, rows], from p, q and u, which is written to.

    number: of powers of u.
    """
    p, q, u = matrices
    squares, powers = (shaped(buffer, p.shape) for buffer in buffers)
    np.multiply(u, u, out=squares)
    found = np.zeros((4, len(p)))
    # Of few powers nothing is farther than they serve.
    if number == POWERS[u.dtype] and (far := squares >= NEAR[u.dtype] ** 2).any():
        places = np.flatnonzero(far)
        found += _far(p, q, u, places, np.count_nonzero(far, axis=1))
        u.reshape(-1)[places] = squares.reshape(-1)[places] = 0
    np.multiply(p, q, out=powers)
    np.sqrt(powers, out=powers)
    for power in range(0, number, 2):
        if power:
            powers *= squares
        found += np.multiply.outer(FACTORS[power], row_dots(powers, u))
        found += np.multiply.outer(FACTORS[power + 1], row_dots(powers, squares))
    # Σ p · (e^u − 1) is 0 but for the rounding of the normalisers, of which the square is left.
    rounding = found[3] ** 2
    close: Array = found[:3] - np.multiply.outer((1 / 2, 1 / 2, 1 / 8), rounding)
    return close


def _far(p: Array, q: Array, u: Array, places: Array, counts: Array) -> Array:
    """What the classes at `places` add to the three divergences and to Σ p · (e^u − 1): [4, rows].

    counts: how many places are in each row.
    """
    rows = np.repeat(np.arange(len(counts)), counts)
    p, q, u = (matrix.reshape(-1)[places] for matrix in (p, q, u))
    both = p + q
    terms = q - p, p * u, q * u, both * np.log(both / (p + p))
    added, of_p, of_q, of_mean = (np.bincount(rows, each, len(counts)) for each in terms)
    return np.stack([added - of_p, of_q - added, (of_q - of_mean) / 2, added])


def _shifted(logits: Array, other: Array) -> Divergences:
    """The same in float64 of any logits; KL is infinite where only the second distribution has no chance of a class."""
    log_p, log_q = _log_probabilities(logits), _log_probabilities(other)
    p, q = exp(log_p), exp(log_q)
    log_mean = np.log((p + q) / 2)
    to_mean = row_sums(_product(p, log_p - log_mean)) + row_sums(_product(q, log_q - log_mean))
    return Divergences(row_sums(_product(p, log_p - log_q)), row_sums(_product(q, log_q - log_p)), to_mean / 2)


def _log_probabilities(logits: Array) -> Array:
    below = logits.astype(np.float64)
    below -= below.max(axis=1, keepdims=True)
    log_p: Array = below - np.log(row_sums(exp(below)))[:, None]
    return log_p


def _product(p: Array, values: Array) -> Array:
    """p · values, 0 where p is."""
    return np.where(p == 0, 0, p * values)


def same_largest(largest: Array, other_largest: Array) -> tuple[Array, Array]:
    """Of rows, whether the first of their largest classes is the same, and whether all are, in any order."""
    sets = np.sort(largest, axis=1), np.sort(other_largest, axis=1)
    return largest[:, 0] == other_largest[:, 0], (sets[0] == sets[1]).all(axis=1)


def largest_classes(logits: Array, number: int) -> Array:
    """The classes of the largest logits of each row by falling logit, the first of equals first: [rows, number].

    They stand in the groups of columns whose largest logits are the largest, of which no more than `number` are looked
    at.
    """
    rows, classes = logits.shape
    number = min(number, classes)
    if classes <= SORTED:
        return np.argsort(-logits, axis=1, kind="stable")[:, :number]
    found = np.empty((rows, number), np.intp)
    for tile in row_tiles(rows, min(classes, (number + 1) * GROUP), CANDIDATES):
        found[tile] = _largest_of_groups(logits[tile], number)
    return found


def _largest_of_groups(logits: Array, number: int) -> Array:
    rows, classes = logits.shape
    every = np.arange(rows)
    whole = classes // GROUP * GROUP
    groups = logits[:, :whole].reshape(rows, -1, GROUP)
    chosen = np.sort(np.argsort(-groups.max(axis=2), axis=1, kind="stable")[:, :number])
    places = (chosen[:, :, None] * GROUP + np.arange(GROUP)).reshape(rows, -1)
    columns = np.concatenate([places, np.broadcast_to(np.arange(whole, classes), (rows, classes - whole))], axis=1)
    # Masked classes come after all others, but before those that were found.
    candidates = np.maximum(logits[every[:, None], columns], np.finfo(logits.dtype).min)
    found = np.empty((rows, number), np.intp)
    for place in range(number):
        largest = candidates.argmax(axis=1)
        found[:, place] = columns[every, largest]
        candidates[every, largest] = -np.inf
    return found
