"""What the labels of a batch look like: their kind, counts and sums, found in one pass over those that count."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xent_core.checks.values import check_labels
from xent_core.compute.dtypes import FLOAT64, computation_dtype, low_precision
from xent_core.compute.layout import TILE_ELEMENTS, Array, Block, Layout, column_tiles, extremes, row_sums
from xent_core.labels.counts import EVERYTHING, Counts, logit_reader, row_reader
from xent_core.labels.onehot import one_hot_indices, one_hot_row
from xent_core.results import LabelKind

MAX_COUNTED_CLASSES = 1 << 16
MAX_KEPT_INDICES = 1 << 20
MAX_MISS = 0.05
"""The sum of a row of labels that misses 1 by more is not taken for a distribution that was rounded."""
MAX_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows are of some sort, and where the first of them is; `first` is () where there is none."""

    rows: int = 0
    first: tuple[int, ...] = ()


class LabelFacts(NamedTuple):
    """What a batch's labels look like, of those that count. Fields that their form has no use for are None or NaN.

    positives, negatives  how many are 1, and 0, where all are
    class_counts          how often each class occurs (class indices and one-hot labels), where there are not too many
    rows                  how many rows count, in part or wholly
    row_sums              the smallest and the largest sum of a row
    rows_not_one          rows that don't sum to 1; of kind "distribution" they miss it by little
    rows_of_zeros         rows that hold nothing but zeros
    rows_of_several       rows of zeros and ones with more than one 1
    minimum, maximum      of all labels; from 0 to 1 at least where rows are looked at
    indices               the class of each row, where the kind is one_hot and there are not too many
    """

    kind: LabelKind
    minimum: float = math.nan
    maximum: float = math.nan
    positives: int | None = None
    negatives: int | None = None
    class_counts: Array | None = None
    rows: int = 0
    row_sums: tuple[float, float] | None = None
    rows_not_one: Count = Count()
    rows_of_zeros: Count = Count()
    rows_of_several: Count = Count()
    indices: Array | None = None

    @property
    def padded_one_hot(self) -> bool:
        """Whether one-hot rows stand beside rows of zeros, and nothing else."""
        return (
            self.positives is not None
            and 0 < self.rows_of_zeros.rows < self.rows
            and not self.rows_of_several.rows
            and self.positives == self.rows - self.rows_of_zeros.rows
        )

    def as_questions(self) -> "LabelFacts":
        """The same rows read as yes/no questions."""
        if self.kind not in ("one_hot", "distribution"):
            return self
        kind: LabelKind = "multi_hot" if self.positives is not None else "soft_multi_label"
        return self._replace(kind=kind, class_counts=None, indices=None)


def sum_tolerance(array: Array) -> float:
    """How far from 1 the sum of a distribution may be: 1e-3, and 1e-2 for float16 and bfloat16.

    A thousandth more, so that [0.333, 0.333, 0.333], whose sum is 0.999, is on the right side of it.
    """
    return 1.001e-2 if low_precision(array) else 1.001e-3


def rounding_tolerance(decimals: int | None, classes: int) -> float:
    """How far from 1 the sum of so many numbers may be that were rounded to so many decimals, at most 0.05."""
    # A thousandth more, as above.
    return 0.0 if decimals is None else 1.001 * min(MAX_MISS, classes * 0.5 * 10.0**-decimals)


def decimals_of(values: Array, least: int) -> int | None:
    """With how few decimals all values can be written, `least` or more; None where it takes more than 6."""
    for decimals in range(least, MAX_DECIMALS + 1):
        shifted = values * values.dtype.type(10**decimals)
        np.abs(np.subtract(shifted, np.rint(shifted), out=shifted), out=shifted)
        # What float32 makes of a number of so many decimals up to 1 misses it by less.
        if (shifted < min(1e-3, 2e-7 * 10**decimals)).all():
            return decimals
    return None


def describe_labels(labels: Array, layout: Layout, counts: Counts = EVERYTHING) -> LabelFacts:
    """The first kind that fits, by shape and values; "other" where none does.

    `layout` is that of the logits along their class axis. Raises NotANumber and Infinite.
    """
    if labels.ndim == 0 or (labels.size == layout.rows * layout.classes and 1 in (len(layout.shape), layout.classes)):
        facts = _describe_questions(labels, layout, counts)
        if facts.kind != "other" or labels.shape != layout.sample_shape:
            return facts
    if labels.shape == layout.sample_shape:
        return _describe_indices(labels, layout, counts)
    if labels.shape == layout.shape:
        return describe_rows(labels, layout, counts)
    return LabelFacts("other")


def describe_sample(labels: Array, layout: Layout, counts: Counts) -> LabelFacts:
    """Labels beside logits of rank 1 that are one sample of a softmax."""
    if labels.shape == layout.shape:
        return describe_rows(labels, layout, counts)
    return _describe_indices(labels, layout, counts) if labels.ndim == 0 else LabelFacts("other")


def _describe_questions(labels: Array, of_logits: Layout, counts: Counts) -> LabelFacts:
    """Labels that answer one yes/no question each."""
    layout, dtype = Layout.elementwise(labels.shape), computation_dtype(labels)
    read = layout.reader(labels, dtype)
    if labels.ndim and counts.counting is not None:
        counts = Counts(counts.counting.of_elements(of_logits, layout))
    elif not labels.ndim and of_logits.sample_shape:
        counts = EVERYTHING
    select = logit_reader(read, counts)
    minimum, maximum, positives, negatives, counted = np.inf, -np.inf, 0, 0, 0
    for block in layout.tiles():
        values = select(block)
        check_labels(labels, layout, block, dtype, counts.logits(block))
        if not values.size:
            continue
        counted += values.size
        low, high = extremes(values)
        minimum, maximum = min(minimum, float(low)), max(maximum, float(high))
        positives += int(np.count_nonzero(values == 1))
        negatives += int(np.count_nonzero(values == 0))
    kind: LabelKind = "other"
    if positives + negatives == counted:
        kind = "binary"
    elif minimum >= 0 and maximum <= 1:
        kind = "soft_binary"
    return LabelFacts(kind, minimum, maximum, positives, negatives, rows=counted)


def _describe_indices(labels: Array, layout: Layout, counts: Counts) -> LabelFacts:
    flat, whole = labels.reshape(-1), labels.dtype.kind in "iub"
    minimum, maximum, count = np.inf, -np.inf, 0
    countable = layout.classes <= MAX_COUNTED_CLASSES
    occurrences = None
    for part in column_tiles(len(flat)):
        block = Block(part, slice(0, 1))
        values, counting = flat[part], counts.rows(block)
        if not whole:
            own = Layout.elementwise(labels.shape)
            check_labels(labels, own, block, FLOAT64, None if counting is None else counting[:, None])
            values = values.astype(np.float64, copy=False)
        if counting is not None:
            values = values[counting]
        if not len(values):
            continue
        if not whole and not (values == np.floor(values)).all():
            return LabelFacts("other", float(values.min()), float(values.max()))
        count += len(values)
        low, high = extremes(values)
        minimum, maximum = min(minimum, int(low)), max(maximum, int(high))
        if countable and minimum >= 0 and maximum < layout.classes:
            here = np.bincount(values.astype(np.intp, copy=False), minlength=layout.classes)
            occurrences = here if occurrences is None else occurrences + here
    if not count or minimum < 0 or maximum >= layout.classes:
        return LabelFacts("class_indices", rows=count)
    return LabelFacts("class_indices", class_counts=occurrences, rows=count)


def describe_rows(labels: Array, layout: Layout, counts: Counts = EVERYTHING) -> LabelFacts:
    """Labels of the logits' shape as rows of a softmax: one-hot for as long as every block is."""
    if counts.by_logit:
        return _describe_many_hot_rows(labels, layout, counts)
    read = layout.reader(labels, labels.dtype)
    indices = np.empty(layout.rows if layout.rows <= MAX_KEPT_INDICES else 0, np.min_scalar_type(layout.classes))
    class_counts, rows = np.zeros(layout.classes, np.int64), layout.rows
    for block in layout.blocks(TILE_ELEMENTS):
        given, counting = read(block), counts.rows(block)
        if counting is not None:
            given = np.where(counting[:, None], given, one_hot_row(layout.classes, given.dtype))
        found = one_hot_indices(given)
        if found is None:
            return _describe_many_hot_rows(labels, layout, counts)
        class_counts += np.bincount(found, minlength=layout.classes)
        if counting is not None:
            others = int(np.count_nonzero(~counting))
            class_counts[0] -= others
            rows -= others
        if len(indices):
            indices[block.rows] = found
    return LabelFacts(
        kind="one_hot",
        minimum=0.0,
        maximum=1.0,
        positives=rows,
        negatives=rows * (layout.classes - 1),
        class_counts=class_counts,
        rows=rows,
        row_sums=(1.0, 1.0),
        indices=indices.reshape(layout.sample_shape) if len(indices) else None,
    )


def _describe_many_hot_rows(labels: Array, layout: Layout, counts: Counts) -> LabelFacts:
    dtype = computation_dtype(labels)
    tolerance = sum_tolerance(labels)
    read = layout.reader(labels, dtype)
    minimum, maximum = 0.0, 1.0
    smallest_sum, largest_sum = np.inf, -np.inf
    ones = zeros = rows = 0
    not_one, empty, several = _RowCounter(layout), _RowCounter(layout), _RowCounter(layout)
    hard = True
    for block in layout.blocks(TILE_ELEMENTS):
        given, places, left_out = _what_counts(read(block), counts, block)
        if not len(given):
            continue
        rows += len(given)
        if hard:
            ones_here, zeros_here = int(np.count_nonzero(given == 1)), int(np.count_nonzero(given == 0))
            ones, zeros = ones + ones_here, zeros + zeros_here - left_out
            hard = ones_here + zeros_here == given.size
        if not hard:
            low, high = float(given.min()), float(given.max())
            if not np.isfinite(high - low):
                check_labels(labels, layout, block, dtype, _checked_places(counts, block))
            minimum, maximum = min(minimum, low), max(maximum, high)
        sums = row_sums(given)
        smallest_sum, largest_sum = min(smallest_sum, float(sums.min())), max(largest_sum, float(sums.max()))
        not_one.add(np.abs(sums - 1) > tolerance, block.rows.start, places)
        nothing = sums == 0
        if not hard and nothing.any():
            nothing[nothing] = ~given[nothing].any(axis=1)
        empty.add(nothing, block.rows.start, places)
        crowded = sums > 1.5
        if not hard and crowded.any():
            crowded[crowded] = ((given[crowded] == 1) | (given[crowded] == 0)).all(axis=1)
        several.add(crowded, block.rows.start, places)
    facts = LabelFacts(
        kind=_row_kind(hard, minimum, maximum, rows_not_one=not_one.rows),
        minimum=minimum,
        maximum=maximum,
        positives=ones if hard else None,
        negatives=zeros if hard else None,
        rows=rows,
        row_sums=(smallest_sum, largest_sum) if rows else (1.0, 1.0),
        rows_not_one=not_one.count,
        rows_of_zeros=empty.count,
        rows_of_several=several.count,
    )
    if counts.by_logit:
        return facts.as_questions()
    miss = max(1 - smallest_sum, largest_sum - 1)
    return _rounded(facts, labels, layout, counts) if facts.kind == "soft_multi_label" and miss <= MAX_MISS else facts


def _what_counts(given: Array, counts: Counts, block: Block) -> tuple[Array, Array | None, int]:
    """The rows of a block that count, where in it they stand (None: everywhere), and how many of their labels don't
    count, in whose places are zeros.
    """
    logits, rows, left_out = counts.logits(block) if counts.by_logit else None, counts.rows(block), 0
    if logits is not None:
        given = np.where(logits, given, 0)
        left_out = int(np.count_nonzero(~logits))
    if rows is None:
        return given, None, left_out
    places = np.flatnonzero(rows)
    if logits is not None:
        left_out -= given.shape[1] * (len(given) - len(places))
    return given[places], places, left_out


def _checked_places(counts: Counts, block: Block) -> Array | None:
    if counts.by_logit:
        return counts.logits(block)
    counting = counts.rows(block)
    return None if counting is None else counting[:, None]


def _rounded(facts: LabelFacts, labels: Array, layout: Layout, counts: Counts) -> LabelFacts:
    """Rows whose sums all miss 1 by little: distributions, where rounding says so or other rows hold."""
    read, decimals = row_reader(layout.reader(labels, computation_dtype(labels)), counts), 2
    blocks = layout.blocks(TILE_ELEMENTS)
    found: int | None = 2
    for block in blocks:
        found = decimals_of(read(block), decimals)
        if found is None:
            break
        decimals = found
    tolerance = max(sum_tolerance(labels), rounding_tolerance(found, layout.classes))
    not_one = _RowCounter(layout)
    for block in blocks:
        counting = counts.rows(block)
        places = None if counting is None else np.flatnonzero(counting)
        not_one.add(np.abs(row_sums(read(block)) - 1) > tolerance, block.rows.start, places)
    if not_one.rows == facts.rows:
        return facts
    return facts._replace(kind="distribution", rows_not_one=not_one.count)


def _row_kind(hard: bool, minimum: float, maximum: float, *, rows_not_one: int) -> LabelKind:
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

    def add(self, found: Array, start: int, places: Array | None = None) -> None:
        """`places`: where in the block the rows stand, if only some of them are looked at."""
        rows = int(np.count_nonzero(found))
        if rows and self.first is None:
            first = int(found.argmax())
            self.first = start + (first if places is None else int(places[first]))
        self.rows += rows

    @property
    def count(self) -> Count:
        return Count() if self.first is None else Count(self.rows, self.layout.sample_position(self.first))
