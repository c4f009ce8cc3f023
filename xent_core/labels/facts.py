"""What the labels of a batch look like: their kind, counts and sums, found in one pass over them."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xent_core.checks.values import check_labels
from xent_core.compute.dtypes import FLOAT64, computation_dtype, low_precision
from xent_core.compute.layout import TILE_ELEMENTS, Array, Block, Layout, column_tiles, extremes, row_sums
from xent_core.labels.onehot import one_hot_indices
from xent_core.results import LabelKind

MAX_COUNTED_CLASSES = 1 << 16
MAX_KEPT_INDICES = 1 << 20


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows are of some sort, and where the first of them is; `first` is () where there is none."""

    rows: int = 0
    first: tuple[int, ...] = ()


class LabelFacts(NamedTuple):
    """What a batch's labels look like. Fields that the labels' form has no use for are None or NaN.

    positives, negatives  how many are 1, and 0, where all are
    class_counts          how often each class occurs (class indices and one-hot labels); classes: which, where not all
                          of them are counted but only those present
    row_sums              the smallest and the largest sum of a row
    rows_not_one          rows that don't sum to 1
    rows_of_several       rows of zeros and ones with more than one 1
    minimum, maximum      of all labels; from 0 to 1 at least where rows are looked at
    indices               the class of each row, where the kind is one_hot and there are not too many
    """

    kind: LabelKind
    minimum: float = math.nan
    maximum: float = math.nan
    positives: int | None = None
    negatives: int | None = None
    classes: Array | None = None
    class_counts: Array | None = None
    row_sums: tuple[float, float] | None = None
    rows_not_one: Count = Count()
    rows_of_several: Count = Count()
    indices: Array | None = None


def sum_tolerance(array: Array) -> float:
    """How far from 1 the sum of a distribution may be: 1e-3, and 1e-2 for float16 and bfloat16.

    A thousandth more, so that [0.333, 0.333, 0.333], whose sum is 0.999, is on the right side of it.
    """
    return 1.001e-2 if low_precision(array) else 1.001e-3


def describe_labels(labels: Array, layout: Layout, ignore_index: int | None = None) -> LabelFacts:
    """The first kind that fits, by shape and values; "other" where none does.

    `layout` is that of the logits along their class axis. Raises NotANumber and Infinite.
    """
    if labels.ndim == 0 or (labels.size == layout.rows * layout.classes and 1 in (len(layout.shape), layout.classes)):
        facts = _describe_questions(labels)
        if facts.kind != "other" or labels.shape != layout.sample_shape:
            return facts
    if labels.shape == layout.sample_shape:
        return _describe_indices(labels, layout, ignore_index)
    if labels.shape == layout.shape:
        return describe_rows(labels, layout)
    return LabelFacts("other")


def _describe_questions(labels: Array) -> LabelFacts:
    """Labels that answer one yes/no question each."""
    layout, dtype = Layout.elementwise(labels.shape), computation_dtype(labels)
    read = layout.reader(labels, dtype)
    minimum, maximum, positives, negatives = np.inf, -np.inf, 0, 0
    for block in layout.tiles():
        values = read(block)
        check_labels(labels, layout, block, dtype)
        low, high = extremes(values)
        minimum, maximum = min(minimum, float(low)), max(maximum, float(high))
        positives += int(np.count_nonzero(values == 1))
        negatives += int(np.count_nonzero(values == 0))
    kind: LabelKind = "other"
    if positives + negatives == labels.size:
        kind = "binary"
    elif minimum >= 0 and maximum <= 1:
        kind = "soft_binary"
    return LabelFacts(kind, minimum, maximum, positives, negatives)


def _describe_indices(labels: Array, layout: Layout, ignore_index: int | None) -> LabelFacts:
    flat, whole = labels.reshape(-1), labels.dtype.kind in "iub"
    minimum, maximum, count = np.inf, -np.inf, 0
    countable = layout.classes <= MAX_COUNTED_CLASSES
    occurrences = None
    for part in column_tiles(len(flat)):
        values = flat[part]
        if not whole:
            block = Block(part, slice(0, 1))
            check_labels(labels, Layout.elementwise(labels.shape), block, FLOAT64)
            values = values.astype(np.float64, copy=False)
            if not (values == np.floor(values)).all():
                return LabelFacts("other", float(values.min()), float(values.max()))
        if ignore_index is not None:
            values = values[values != ignore_index]
        if not len(values):
            continue
        count += len(values)
        low, high = extremes(values)
        minimum, maximum = min(minimum, int(low)), max(maximum, int(high))
        if countable and minimum >= 0 and maximum < layout.classes:
            here = np.bincount(values.astype(np.intp, copy=False), minlength=layout.classes)
            occurrences = here if occurrences is None else occurrences + here
    if not count or minimum < 0 or maximum >= layout.classes:
        return LabelFacts("class_indices")
    if occurrences is None:
        present, counts = np.unique(
            labels if ignore_index is None else labels[labels != ignore_index], return_counts=True
        )
        return LabelFacts("class_indices", classes=present, class_counts=counts)
    return LabelFacts("class_indices", class_counts=occurrences)


def describe_rows(labels: Array, layout: Layout) -> LabelFacts:
    """Labels of the logits' shape as rows of a softmax: one-hot for as long as every block is."""
    read = layout.reader(labels, labels.dtype)
    indices = np.empty(layout.rows if layout.rows <= MAX_KEPT_INDICES else 0, np.min_scalar_type(layout.classes))
    counts = np.zeros(layout.classes, np.int64)
    for block in layout.blocks(TILE_ELEMENTS):
        found = one_hot_indices(read(block))
        if found is None:
            return _describe_many_hot_rows(labels, layout)
        counts += np.bincount(found, minlength=layout.classes)
        if len(indices):
            indices[block.rows] = found
    return LabelFacts(
        kind="one_hot",
        minimum=0.0,
        maximum=1.0,
        positives=layout.rows,
        negatives=labels.size - layout.rows,
        class_counts=counts,
        row_sums=(1.0, 1.0),
        indices=indices.reshape(layout.sample_shape) if len(indices) else None,
    )


def _describe_many_hot_rows(labels: Array, layout: Layout) -> LabelFacts:
    dtype = computation_dtype(labels)
    tolerance = sum_tolerance(labels)
    read = layout.reader(labels, dtype)
    minimum, maximum = 0.0, 1.0
    smallest_sum, largest_sum = np.inf, -np.inf
    ones = zeros = 0
    not_one, several = _RowCounter(layout), _RowCounter(layout)
    hard = True
    for block in layout.blocks(TILE_ELEMENTS):
        rows = read(block)
        if hard:
            ones_here, zeros_here = int(np.count_nonzero(rows == 1)), int(np.count_nonzero(rows == 0))
            ones, zeros = ones + ones_here, zeros + zeros_here
            hard = ones_here + zeros_here == rows.size
        if not hard:
            low, high = float(rows.min()), float(rows.max())
            if not np.isfinite(high - low):
                check_labels(labels, layout, block, dtype)
            minimum, maximum = min(minimum, low), max(maximum, high)
        sums = row_sums(rows)
        smallest_sum, largest_sum = min(smallest_sum, float(sums.min())), max(largest_sum, float(sums.max()))
        not_one.add(np.abs(sums - 1) > tolerance, block.rows.start)
        crowded = sums > 1.5
        if not hard and crowded.any():
            crowded[crowded] = ((rows[crowded] == 1) | (rows[crowded] == 0)).all(axis=1)
        several.add(crowded, block.rows.start)
    return LabelFacts(
        kind=_row_kind(hard, minimum, maximum, not_one.rows),
        minimum=minimum,
        maximum=maximum,
        positives=ones if hard else None,
        negatives=zeros if hard else None,
        row_sums=(smallest_sum, largest_sum),
        rows_not_one=not_one.count,
        rows_of_several=several.count,
    )


def _row_kind(hard: bool, minimum: float, maximum: float, rows_not_one: int) -> LabelKind:
    if hard:
        return "multi_hot"
    if minimum < 0 or maximum > 1:
        return "other"
    return "soft_multi_label" if rows_not_one else "distribution"


class _RowCounter:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.rows = 0
        self.first: int | None = None

    def add(self, found: Array, start: int) -> None:
        rows = int(np.count_nonzero(found))
        if rows and self.first is None:
            self.first = start + int(found.argmax())
        self.rows += rows

    @property
    def count(self) -> Count:
        return Count() if self.first is None else Count(self.rows, self.layout.sample_position(self.first))
