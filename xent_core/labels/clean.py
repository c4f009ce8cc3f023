"""Facts of labels that all count and are clean, and whose kind is expected: what a plan needs, in few NumPy calls.

The functions take the labels and the layout of the loss, with the classes last. They return what `labels.facts` says of
the same labels, but for the first row of each sort; or None, where the labels are of another kind or not clean.
"""

from collections.abc import Callable

import numpy as np

from xent_core.compute.dtypes import computation_dtype
from xent_core.compute.layout import Array, Layout, extremes, row_sums
from xent_core.labels.facts import Count, LabelFacts, sum_tolerance
from xent_core.labels.onehot import one_hot_indices
from xent_core.results import LabelKind


def _class_indices(labels: Array, layout: Layout) -> LabelFacts | None:
    """Of int64: as uint64, a negative index is too large."""
    flat = labels.reshape(-1)
    if labels.dtype != np.int64 or not np.maximum.reduce(flat.view(np.uint64)) < layout.classes:
        return None
    counts = np.bincount(flat, minlength=layout.classes)
    return LabelFacts("class_indices", class_counts=counts, rows=layout.rows)


def _one_hot(labels: Array, layout: Layout) -> LabelFacts | None:
    rows, classes = layout.rows, layout.classes
    indices = one_hot_indices(labels.reshape(rows, classes))
    if indices is None:
        return None
    return LabelFacts(
        "one_hot",
        0.0,
        1.0,
        positives=rows,
        negatives=rows * (classes - 1),
        class_counts=np.bincount(indices, minlength=classes),
        rows=rows,
        row_sums=(1.0, 1.0),
        indices=indices.reshape(layout.sample_shape),
    )


def _distribution(labels: Array, layout: Layout) -> LabelFacts | None:
    """Without a 1, so that no row is one-hot."""
    y = labels.reshape(layout.rows, layout.classes).astype(computation_dtype(labels), copy=False)
    low, high = extremes(y)
    smallest, largest = map(float, extremes(row_sums(y)))
    tolerance = sum_tolerance(labels)
    if not (low >= 0 and high < 1 and 1 - smallest <= tolerance and largest - 1 <= tolerance):
        return None
    return LabelFacts("distribution", 0.0, 1.0, rows=layout.rows, row_sums=(smallest, largest))


def _multi_hot(labels: Array, layout: Layout) -> LabelFacts | None:
    """Not one-hot in every row."""
    y = labels.reshape(layout.rows, layout.classes).astype(computation_dtype(labels), copy=False)
    if not ((y == 0) | (y == 1)).all():
        return None
    sums = row_sums(y)
    not_one, positives = int(np.count_nonzero(sums != 1)), int(np.add.reduce(sums))
    if not not_one:
        return None
    smallest, largest = extremes(sums)
    return LabelFacts(
        "multi_hot",
        0.0,
        1.0,
        positives=positives,
        negatives=y.size - positives,
        rows=layout.rows,
        row_sums=(float(smallest), float(largest)),
        rows_not_one=Count(not_one),
        rows_of_zeros=Count(int(np.count_nonzero(sums == 0))),
        rows_of_several=Count(int(np.count_nonzero(sums > 1))),
    )


def _binary(labels: Array, layout: Layout) -> LabelFacts | None:
    """Not the single 1 of a one-hot row, where the labels may be those of one sample."""
    positives, negatives = int(np.count_nonzero(labels == 1)), int(np.count_nonzero(labels == 0))
    if positives + negatives != labels.size or (positives == 1 < labels.size and len(layout.shape) == 1):
        return None
    low, high = float(not negatives), float(positives > 0)
    return LabelFacts("binary", low, high, positives, negatives, rows=labels.size)


CLEAN_LABELS: dict[LabelKind, Callable[[Array, Layout], LabelFacts | None]] = {
    "class_indices": _class_indices,
    "one_hot": _one_hot,
    "distribution": _distribution,
    "multi_hot": _multi_hot,
    "binary": _binary,
}
"""The kinds of labels that batches with a plan have."""
