"""Divergences between the softmax of two matrices of logits, row by row, and the largest classes of rows."""

from typing import NamedTuple

import numpy as np

from xent_core.compute.layout import Array, row_dots, row_sums, row_tiles, shaped
from xent_core.compute.logsumexp import PLAIN_SUMS

GROUP = 256
"""Of how many columns the largest is found at once."""


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
    exponentials: those of the matrices, where they are known; they are written to.

    Terms are the products of probabilities and differences of log-probabilities, x_c − z_c less that of their log-sums,
    so that rows nearly alike lose little: the error is that of a sum of such terms.
    """
    p, q, term = (shaped(buffer, logits.shape) for buffer in buffers)
    p = np.exp(logits, out=p) if exponentials[0] is None else exponentials[0]
    q = np.exp(other, out=q) if exponentials[1] is None else exponentials[1]
    sums, other_sums = row_sums(p).astype(np.float64), row_sums(q).astype(np.float64)
    log_sums = np.log(sums)
    apart = (log_sums - np.log(other_sums)).astype(p.dtype)
    p *= (1 / sums).astype(p.dtype)[:, None]
    q *= (1 / other_sums).astype(p.dtype)[:, None]
    np.subtract(logits, other, out=term)
    term -= apart[:, None]
    kl, reverse_kl = row_dots(p, term).astype(np.float64), -row_dots(q, term).astype(np.float64)
    p += q
    np.log(p, out=q)
    np.subtract(logits, q, out=term)
    term -= log_sums.astype(p.dtype)[:, None]
    # ½ Σ (p + q)(log p − log m) + ½ Σ q (log q − log p), with m = (p + q) / 2.
    jensen_shannon = (row_dots(p, term).astype(np.float64) + reverse_kl) / 2 + np.log(2.0)
    low, high = PLAIN_SUMS
    safe = (np.minimum(sums, other_sums) >= low) & (np.maximum(sums, other_sums) <= high)
    safe &= np.isfinite(kl + reverse_kl + jensen_shannon)
    if not safe.all():
        rest = np.flatnonzero(~safe)
        for tile in row_tiles(len(rest), 4 * logits.shape[1]):
            some = rest[tile]
            kl[some], reverse_kl[some], jensen_shannon[some] = _shifted(logits[some], other[some])
    return Divergences(*(np.maximum(each, 0) for each in (kl, reverse_kl, jensen_shannon)))


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


def largest_classes(logits: Array, number: int) -> Array:
    """The classes of the largest logits of each row by falling logit, the first of equals first: [rows, number].

    They stand in the groups of columns whose largest logits are the largest, of which no more than `number` are looked
    at.
    """
    rows, classes = logits.shape
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
