"""Finding rows that hold a single 1 and else zeros."""

import numpy as np

from xent_core.blocks import Array, row_sums


def one_hot_indices(labels: Array) -> Array | None:
    """Where the 1 stands in each row of a matrix of any dtype, if every row is one-hot; else None."""
    rows, classes = labels.shape
    hits = labels != 0
    if np.count_nonzero(hits) != rows:
        return None
    positions = np.flatnonzero(hits)
    indices: Array = positions - np.arange(0, labels.size, classes)
    spread_over_rows = indices.min() >= 0 and indices.max() < classes
    if not (spread_over_rows and (labels.reshape(-1)[positions] == 1).all()):
        return None
    return indices


def one_hot_rows(labels: Array) -> tuple[Array, Array]:
    """The one-hot rows among others in a matrix of floats, and where the 1 stands in each."""
    # Rounding can hide a tiny label beside the 1, so what sums to 1 is counted as well.
    candidates = np.flatnonzero((row_sums(labels) == 1) & (np.vecdot(labels, labels) == 1))
    alone = np.count_nonzero(labels[candidates], axis=1) == 1
    rows = candidates[alone]
    return rows, labels[rows].argmax(axis=1)
