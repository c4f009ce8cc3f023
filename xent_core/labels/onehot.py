"""Rows that hold a single 1 and else zeros. Only here is found out which rows are one-hot."""

from typing import Any

import numpy as np

from xent_core.compute.layout import Array

FEW_CLASSES = 4


def one_hot_indices(labels: Array) -> Array | None:
    """Where the 1 stands in each row of a matrix of any dtype, if every row is one-hot; else None."""
    # Of distributions the first row tells already.
    if np.count_nonzero(labels[:1]) != len(labels[:1]):
        return None
    hits = labels != 0
    if np.count_nonzero(hits) != len(labels):
        return None
    # No more numbers than rows: if each row has a 1, there is nothing else.
    indices: Array = hits.argmax(axis=1)
    return indices if (labels[np.arange(len(labels)), indices] == 1).all() else None


def first_other_row(labels: Array) -> int | None:
    """The first row of a matrix that is not one-hot; None where all are."""
    one_hot = (np.count_nonzero(labels, axis=1) == 1) & np.asarray((labels == 1).any(axis=1))
    return None if one_hot.all() else int(one_hot.argmin())


def one_hot_rows(labels: Array) -> tuple[Array, Array]:
    """The one-hot rows among others in a matrix of floats, and where the 1 stands in each."""
    # The first classes tell of most distributions, and the squares of the rest.
    candidates = np.flatnonzero(np.count_nonzero(labels[:, :FEW_CLASSES], axis=1) <= 1)
    if len(candidates):
        candidates = candidates[np.vecdot(labels, labels)[candidates] == 1]
    found = labels[candidates]
    indices = found.argmax(axis=1)
    # Rounding can hide a tiny label beside the 1.
    alone = (np.count_nonzero(found, axis=1) == 1) & (found[np.arange(len(found)), indices] == 1)
    return candidates[alone], indices[alone]


def one_hot_row(classes: int, dtype: np.dtype[Any]) -> Array:
    """A row with the 1 at the first class: it stands in for labels that do not count."""
    row = np.zeros(classes, dtype)
    row[0] = 1
    return row
