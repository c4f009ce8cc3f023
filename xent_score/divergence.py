"""How far apart the predictions of two models are: divergences of two softmaxes, row by row.

With p and q the predictions, u = log q − log p and r = q / p = e^u, in nats:

    KL(p‖q) = Σ p · (r − 1 − u)
    KL(q‖p) = Σ p · (1 − r + r·u)
    JS      = ½ Σ p · (r·u − (1 + r) · log((1 + r) / 2))

Each term is at least 0, and an error of the normalisers cancels to first order, so that small divergences, as those of
a quantised model, keep their digits in float32.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
TILE_ELEMENTS = 1 << 17
TOP = 5
SMALL = 0.05


class Divergences(NamedTuple):
    """Of each row; the three are numbers of nats."""

    kl: Array
    reverse_kl: Array
    jensen_shannon: Array
    same_top1: Array
    same_top5: Array


def divergences(first: Array, second: Array, temperature: float = 1.0) -> Divergences:
    """Of the softmax of each row of two matrices of logits [rows, classes], in float64.

    A class that is masked (−Infinity) in both counts for nothing; in one of them a KL divergence is infinite.
    """
    rows, classes = first.shape
    found = Divergences(*(np.empty(rows) for _ in range(3)), *(np.empty(rows, bool) for _ in range(2)))
    step = max(1, TILE_ELEMENTS // classes)
    with np.errstate(all="ignore"):
        for start in range(0, rows, step):
            tile = slice(start, start + step)
            _of_tile(first[tile], second[tile], temperature, Divergences(*(each[tile] for each in found)))
    return found


def _of_tile(first: Array, second: Array, temperature: float, out: Divergences) -> None:
    dtype = np.float64 if np.result_type(first, second) == np.float64 else np.float32
    x: Array = first.astype(dtype)
    y: Array = second.astype(dtype)
    out.same_top1[...] = x.argmax(axis=1) == y.argmax(axis=1)
    out.same_top5[...] = _same_top(x, y)
    # Of logits that are close, the difference is exact, which that of logarithms of probabilities is not.
    u = y - x
    if temperature != 1:
        u /= temperature
    p, log_sum = _softmax(x, temperature)
    q, other_log_sum = _softmax(y, temperature)
    u -= (other_log_sum - log_sum)[:, None].astype(dtype)
    masked = (p == 0) | (q == 0)
    has_masked = bool(masked.any())
    only_q = masked & (q > 0) if has_masked else masked
    if has_masked:
        # q = 0: u is −∞. p = 0: the terms of q are added below.
        u[masked] = np.where(p[masked] == 0, 0, -np.inf)
    kl, reverse, shannon = _terms(u)
    if has_masked:
        gone = np.isneginf(u)
        reverse[gone], shannon[gone] = 1, np.log(2) / 2
    np.sum(np.multiply(p, kl, out=kl), axis=1, dtype=np.float64, out=out.kl)
    np.sum(np.multiply(p, reverse, out=reverse), axis=1, dtype=np.float64, out=out.reverse_kl)
    np.sum(np.multiply(p, shannon, out=shannon), axis=1, dtype=np.float64, out=out.jensen_shannon)
    if has_masked and only_q.any():
        left = np.where(only_q, q, 0).sum(axis=1, dtype=np.float64)
        out.kl[...] += left
        out.reverse_kl[left > 0] = np.inf
        out.jensen_shannon[...] += left * np.log(2) / 2


def _terms(u: Array) -> tuple[Array, Array, Array]:
    """r − 1 − u, 1 − r + r·u and (r·u − (1 + r)·log((1 + r) / 2)) / 2."""
    near = np.abs(u) < SMALL
    if near.all():
        return _series(u)
    # Further from 0, differences keep enough digits.
    r = np.exp(u)
    less_one = r - 1
    kl = less_one - u
    reverse = u * less_one - kl
    log_mean = np.log((r + 1) / 2)
    shannon = ((u - 2 * log_mean) + less_one * (u - log_mean)) / 2
    if near.any():
        for terms, series in zip((kl, reverse, shannon), _series(u), strict=True):
            np.copyto(terms, series, where=near)
    return kl, reverse, shannon


def _series(u: Array) -> tuple[Array, Array, Array]:
    """Their Taylor polynomials: as differences they would keep too few digits near 0."""
    square = u * u
    kl = square * (1 / 2 + u * (1 / 6 + u * (1 / 24 + u * (1 / 120 + u / 720))))
    reverse = square * (1 / 2 + u * (1 / 3 + u * (1 / 8 + u * (1 / 30 + u / 144))))
    shannon = square * (1 / 8 + u * (1 / 16 + u * (1 / 64 + u * (1 / 384 + u / 2304))))
    return kl, reverse, shannon


def _softmax(x: Array, temperature: float) -> tuple[Array, Array]:
    """The softmax of each row, in place of the logits, and the logarithm of its sum of exponentials, [rows]."""
    if temperature != 1:
        x /= temperature
    largest = x.max(axis=1)
    x -= largest[:, None]
    p = np.exp(x, out=x)
    total = p.sum(axis=1, dtype=np.float64)
    p /= total[:, None].astype(x.dtype)
    return p, largest + np.log(total)


def _same_top(x: Array, y: Array) -> Array:
    """Whether the five largest logits are those of the same classes, equal ones taken together."""
    classes = x.shape[1]
    if classes <= TOP:
        return np.ones(len(x), bool)
    cut = classes - TOP
    above = x >= np.partition(x, cut, axis=1)[:, cut : cut + 1]
    same: Array = (above == (y >= np.partition(y, cut, axis=1)[:, cut : cut + 1])).all(axis=1)
    return same
