"""Divergences between the softmax of two matrices of logits, row by row, and the largest classes of rows.

With p and q the distributions and u = log q − log p, so that q / p = e^u, in nats:

    KL(p‖q) = Σ p · (e^u − 1 − u)
    KL(q‖p) = Σ p · (1 − e^u + e^u · u)
    JS      = ½ Σ p · (e^u · u − (1 + e^u) · log((1 + e^u) / 2))

Each term is at least 0, and an error of the normalisers cancels to first order, so that small divergences, as those of
a quantised model, keep their digits in float32. Near u = 0 all three are polynomials of u, whose sums over a row follow
from Σ p · u², Σ p · u³ and so on.
"""

from typing import NamedTuple

import numpy as np

from xent_core.compute.layout import Array, row_dots, row_sums, row_tiles, shaped
from xent_core.compute.logsumexp import PLAIN_SUMS

GROUP = 256
"""Of how many columns the largest is found at once."""
SORTED = 32
"""Up to how many columns it takes less time to sort them."""
NEAR = {np.dtype(np.float32): 0.25, np.dtype(np.float64): 0.02}
"""Up to which |u| the polynomials have the digits of the dtype, and from which on the differences keep them."""
SERIES = 1 / np.array(
    [[2, 6, 24, 120, 720, 5040, 40320], [2, 3, 8, 30, 144, 840, 5760], [8, 16, 64, 384, 2304, 11520, 92160]]
)
"""What multiplies u², u³ … in each."""


class Divergences(NamedTuple):
    """Of each row, float64 [rows], in nats: KL(p‖q), KL(q‖p) and the Jensen-Shannon divergence, 0 or more."""

    kl: Array
    reverse_kl: Array
    jensen_shannon: Array


def divergences(
    logits: Array,
    other: Array,
    buffers: tuple[Array, Array, Array],
    exponentials: tuple[Array | None, Array | None] = (None, None),
) -> Divergences:
    """p and q are the softmax of two matrices of one dtype, float32 or float64; the buffers have room for one each.
    exponentials: those of the matrices, where they are known; the first are written to.
    """
    found = np.empty((3, len(logits)))
    for tile in row_tiles(*logits.shape):
        known, known_other = (None if each is None else each[tile] for each in exponentials)
        found[:, tile] = _of_tile(logits[tile], other[tile], buffers, known, known_other)
    return Divergences(*found)


def _of_tile(
    logits: Array, other: Array, buffers: tuple[Array, Array, Array], known: Array | None, known_other: Array | None
) -> Array:
    p, powers, u = (shaped(buffer, logits.shape) for buffer in buffers)
    p = np.exp(logits, out=p) if known is None else known
    sums = row_sums(p).astype(np.float64)
    other_sums = row_sums(np.exp(other, out=powers) if known_other is None else known_other).astype(np.float64)
    p *= (1 / sums).astype(p.dtype)[:, None]
    # Of logits that are close, the difference is exact, which that of logarithms of probabilities is not.
    np.subtract(other, logits, out=u)
    u -= (np.log(other_sums) - np.log(sums)).astype(p.dtype)[:, None]
    sum_u = row_dots(p, u).astype(np.float64)
    far = np.abs(u, out=powers) >= NEAR[u.dtype]
    apart: Array = np.zeros((3, 1))
    if far.any():
        # To select by a mask takes far longer than to multiply by it.
        far_u = np.multiply(u, far)
        u -= far_u
        apart = _far(p, far_u)
    found = _near(p, u, powers) + apart
    # Σ p · (e^u − 1) is 0 but for the rounding of the normalisers, of which the square is left.
    rounding = (sum_u + found[0]) ** 2
    found -= np.multiply.outer((1 / 2, 1 / 2, 1 / 8), rounding)
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


def _near(p: Array, u: Array, powers: Array) -> Array:
    """The divergences of classes with small u, [3, rows]. powers: room for p · u, p · u² …"""
    np.multiply(p, u, out=powers)
    found = np.zeros((3, len(p)))
    for place, factors in enumerate(SERIES.T):
        if place:
            powers *= u
        found += np.multiply.outer(factors, row_dots(powers, u))
    return found


def _far(p: Array, u: Array) -> Array:
    """The divergences of the classes whose u is not 0 here, [3, rows]."""
    less_one = np.exp(u)
    log_mean = np.log((less_one + 1) / 2)
    less_one -= 1
    sum_u, sum_log = (row_dots(p, each).astype(np.float64) for each in (u, log_mean))
    added = np.multiply(p, less_one, out=less_one)
    sum_added = row_sums(added).astype(np.float64)
    product, product_log = (row_dots(added, each).astype(np.float64) for each in (u, log_mean))
    kl = sum_added - sum_u
    return np.stack([kl, product - kl, (sum_u - sum_log * 2 + product - product_log) / 2])


def _shifted(logits: Array, other: Array) -> Divergences:
    """The same in float64 of any logits; KL is infinite where only the second distribution has no chance of a class."""
    log_p, log_q = _log_probabilities(logits), _log_probabilities(other)
    p, q = np.exp(log_p), np.exp(log_q)
    log_mean = np.log((p + q) / 2)
    to_mean = row_sums(_product(p, log_p - log_mean)) + row_sums(_product(q, log_q - log_mean))
    return Divergences(row_sums(_product(p, log_p - log_q)), row_sums(_product(q, log_q - log_p)), to_mean / 2)


def _log_probabilities(logits: Array) -> Array:
    below = logits.astype(np.float64)
    below -= below.max(axis=1, keepdims=True)
    log_p: Array = below - np.log(row_sums(np.exp(below)))[:, None]
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
    if classes <= SORTED:
        return np.argsort(-logits, axis=1, kind="stable")[:, :number]
    number, every = min(number, classes), np.arange(rows)
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
