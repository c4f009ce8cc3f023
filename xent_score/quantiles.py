"""Exact quantiles of losses that don't fit into memory, in two passes.

The first counts losses by the upper half of their float32 representation, which orders as the numbers do. The second
keeps only the losses of the few buckets that hold the quantiles.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 16
SIGN = 1 << 15


def buckets_of(losses: NDArray[Any]) -> NDArray[np.int64]:
    """The bucket of each loss, from 0 to 65535, in the order of the losses."""
    return _in_order(_upper_halves(losses))


def _upper_halves(losses: NDArray[Any]) -> NDArray[np.uint32]:
    """Those of the representations as float32, in which 0 has one sign."""
    with np.errstate(over="ignore"):
        bits = (losses.astype(np.float32, copy=False) + np.float32(0)).view(np.uint32)
    bits >>= np.uint32(16)
    return bits


def _in_order(upper: NDArray[Any]) -> NDArray[np.int64]:
    """Of negative numbers the representation falls as they rise."""
    return np.where(upper < SIGN, SIGN + upper.astype(np.int64), 2 * SIGN - 1 - upper.astype(np.int64))


def value_of(bucket: int) -> float:
    """The least loss of a bucket, or for negative ones the greatest in magnitude of it."""
    upper = np.int32((bucket - SIGN) << 16)
    bits = upper ^ ((upper >> 31) & 0x7FFFFFFF)
    return float(np.array(bits, np.int32).view(np.float32))


def _in_bucket(losses: NDArray[np.float32], bucket: int) -> NDArray[np.bool_]:
    """The same as `buckets_of(losses) == bucket`, in a fraction of the time."""
    least, next_one = value_of(bucket), value_of(bucket + 1)
    # Beyond the infinities there are NaN.
    above = np.ones(losses.shape, np.bool_) if math.isnan(least) else losses >= np.float32(least)
    return above if math.isnan(next_one) else above & (losses < np.float32(next_one))


def count_buckets(losses: NDArray[Any]) -> dict[int, int]:
    """How many losses each bucket holds that holds any."""
    counts = np.bincount(_upper_halves(losses), minlength=1)
    held = np.flatnonzero(counts)
    return dict(zip(_in_order(held).tolist(), counts[held].tolist(), strict=True))


ZERO = int(buckets_of(np.zeros(1))[0])


def quantiles(
    counts: Mapping[int, int],
    not_counted: int,
    wanted: Sequence[float],
    read: Callable[[], Iterable[NDArray[Any]]],
) -> list[float | None]:
    """The quantiles as np.quantile has them, with linear interpolation; None where nothing counts.

    counts: of all losses by bucket. not_counted: how many of them are zeros that do not count. read: all losses again.
    """
    counts = dict(counts)
    counts[ZERO] = counts.get(ZERO, 0) - not_counted
    held = np.array(sorted(counts))
    ends = np.cumsum([counts[bucket] for bucket in held.tolist()])
    total = int(ends[-1])
    if total <= 0:
        return [None] * len(wanted)
    places = [(total - 1) * each for each in wanted]
    ranks = sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})
    needed = sorted({*held[np.searchsorted(ends, ranks, side="right")].tolist()})
    kept: dict[int, list[NDArray[Any]]] = {bucket: [] for bucket in needed}
    for losses in read():
        with np.errstate(over="ignore"):
            rounded = losses.astype(np.float32, copy=False)
        for bucket, parts in kept.items():
            parts.append(losses[_in_bucket(rounded, bucket)])
    at_rank: dict[int, float] = {}
    for bucket, parts in kept.items():
        values = np.sort(np.concatenate(parts))
        if bucket == ZERO and not_counted:
            first = int(np.searchsorted(values, 0.0))
            values = np.delete(values, slice(first, first + not_counted))
        index = int(np.searchsorted(held, bucket))
        begin = int(ends[index]) - counts[bucket]
        for rank in ranks:
            if begin <= rank < begin + counts[bucket]:
                at_rank[rank] = float(values[rank - begin])
    return [_between(at_rank[math.floor(place)], at_rank[math.ceil(place)], place % 1) for place in places]


def _between(low: float, high: float, share: float) -> float:
    """What lies so far from low to high; low where that is −∞."""
    return low if low == high or not share or math.isinf(low) else low + (high - low) * share
