"""Which elements of a batch count. Only here is it found out: everything else goes by it.

An element counts unless its weight is 0, its label is `ignore_index`, or its label is missing, which is NaN here. What
does not count has loss 0 and gradient 0, and is looked at by nothing: no check, no label kind, no suggestion, no error.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from xent_core.checks.weights import dimensions_fit
from xent_core.compute.dtypes import is_bfloat16
from xent_core.compute.layout import Array, Block, Layout
from xent_core.errors import ParameterOutOfRange

NEUTRAL = 0.5
"""Stands in for logits and probabilities that do not count: finite, and a row of it has a sum above 0."""
MAX_REPEATED = 1 << 20
"""How many elements weights may be broadcast to where only a shape is given: each takes a byte of memory."""


class Mask(NamedTuple):
    """True or False for each row of a batch, [rows]; or for each logit, in the logits' shape."""

    values: Array
    layout: Layout
    by_row: bool

    @classmethod
    def over(cls, values: Array, layout: Layout) -> "Mask":
        """Of values in the samples' shape or in the logits'."""
        by_row = values.shape == layout.sample_shape
        return cls(values.reshape(-1) if by_row else np.ascontiguousarray(values), layout, by_row)

    def of(self, block: Block) -> Array:
        """[rows] of the block, or [rows, columns]."""
        if self.by_row:
            return self.values[block.rows]
        return self.layout.view(self.values, block).reshape(block.shape)

    def of_elements(self, layout: Layout, elements: Layout) -> "Mask":
        """The same of logits that are taken one by one."""
        values = self.values
        if self.by_row and layout.rows != elements.rows:
            values = np.broadcast_to(values[:, None], (layout.rows, layout.classes))
        return Mask(values.reshape(-1), elements, by_row=True)

    def of_logits(self, block: Block) -> Array:
        """[rows, columns]."""
        found = self.of(block)
        return np.broadcast_to(found[:, None], block.shape) if self.by_row else found


class Counts(NamedTuple):
    """Which elements count.

    counting  None where all do
    ignored   whose labels are ignored or missing: they enter no denominator; None where none is
    by_logit  each logit counts by itself, as only yes/no questions do
    """

    counting: Mask | None = None
    ignored: Mask | None = None
    by_logit: bool = False

    def rows(self, block: Block) -> Array | None:
        """Which rows of a block count, wholly or in part; None where all do."""
        if self.counting is None:
            return None
        found = self.counting.of(block)
        if not self.counting.by_row:
            found = np.asarray(found.any(axis=1))
        return None if found.all() else found

    def logits(self, block: Block) -> Array | None:
        """Which logits of a block count, [rows, columns]; None where all do."""
        if self.counting is None:
            return None
        found = self.counting.of_logits(block)
        return None if found.all() else found

    def whole(self) -> "Counts":
        """The same of a loss that has one element for each row."""
        if self.counting is None or self.counting.by_row:
            return self
        return Counts(_any_in_row(self.counting), None if self.ignored is None else _all_in_row(self.ignored))

    def known(self, block: Block) -> Array | None:
        """Which labels of a block are not ignored, [rows] or [rows, columns]; None where all are."""
        return None if self.ignored is None else ~self.ignored.of(block)

    def known_in_rows(self) -> Array | None:
        """How many logits of each row have a label that is not ignored, 1 at least; None where all or none of them."""
        if self.ignored is None or self.ignored.by_row:
            return None
        known: Array = np.maximum(np.count_nonzero(~_cube(self.ignored), axis=1).reshape(-1), 1)
        return known

    def number(self, layout: Layout, *, per_row: bool) -> dict[str, int]:
        """How many elements count, are ignored or missing, and have the weight 0 besides."""
        each = 1 if per_row else layout.classes
        size = layout.rows * each
        counted = size if self.counting is None else self._elements(self.counting, each)
        ignored = 0 if self.ignored is None else self._elements(self.ignored, each)
        return {"counted": counted, "ignored": ignored, "zero_weight": size - counted - ignored}

    def _elements(self, mask: Mask, each: int) -> int:
        return int(np.count_nonzero(mask.values)) * (each if mask.by_row else 1)


EVERYTHING = Counts()


def count_elements(
    labels: Array,
    layout: Layout,
    weights: Array | None = None,
    ignore_index: int | None = None,
    *,
    has_logits: bool = True,
) -> Counts:
    """Which elements of a batch count; `layout` is that of its logits.

    weights: in the dtype of the computation. Shapes that don't fit are left to their checks.
    Raises ParameterOutOfRange where weights would be broadcast to too many logits of a shape alone.
    """
    ignored = _ignored(labels, layout, ignore_index)
    if ignored is None and weights is None:
        return EVERYTHING
    zero, by_logit = None, False
    if weights is not None:
        zero, by_logit = _zero(weights, layout)
        if zero is not None and not has_logits and zero.size > max(MAX_REPEATED, labels.size, weights.size):
            raise ParameterOutOfRange(
                "logits_shape",
                f"repeats weights of 0 for {zero.size} elements; at most {MAX_REPEATED} were expected, or as many "
                "weights or labels",
            )
    if ignored is not None and ignored.shape != layout.sample_shape:
        mask = Mask.over(ignored, layout)
        some, every = _any_in_row(mask), _all_in_row(mask)
        if ignore_index is None and (some.values == every.values).all():
            ignored = every.values.reshape(layout.sample_shape)
        else:
            by_logit = True
    missing = [each for each in (zero, ignored) if each is not None]
    if not missing:
        return Counts(by_logit=by_logit)
    if len({each.shape for each in missing}) > 1:
        missing = [_per_logit(each, layout) for each in missing]
    return Counts(
        Mask.over(~missing[0] if len(missing) == 1 else ~(missing[0] | missing[1]), layout),
        None if ignored is None else Mask.over(ignored, layout),
        by_logit,
    )


def _ignored(labels: Array, layout: Layout, ignore_index: int | None) -> Array | None:
    """Which labels are ignored or missing, in their shape; None where none is."""
    if labels.shape not in (layout.sample_shape, layout.shape):
        return None
    found: Array | None = None
    if may_be_missing(labels) and np.isnan(np.minimum.reduce(labels, axis=None)):
        found = np.isnan(labels)
    if ignore_index is not None:
        marked = labels == ignore_index
        if marked.any():
            found = marked if found is None else found | marked
    return found


def may_be_missing(labels: Array) -> bool:
    """Whether labels have a dtype with NaN, which is a missing label."""
    return labels.dtype.kind == "f" or is_bfloat16(labels)


def _zero(weights: Array, layout: Layout) -> tuple[Array | None, bool]:
    """Which samples or logits have the weight 0, if any, and whether the weights differ along the class axis."""
    axis = layout.class_axis
    by_logit = axis is not None and dimensions_fit(weights.shape, layout.shape) and weights.shape[axis] > 1
    if weights.all():
        return None, by_logit
    if weights.size == 1:
        return np.broadcast_to(weights.reshape(()) == 0, layout.sample_shape), by_logit
    if weights.shape == layout.sample_shape or dimensions_fit(weights.shape, layout.sample_shape):
        return np.broadcast_to(weights == 0, layout.sample_shape), by_logit
    if not dimensions_fit(weights.shape, layout.shape):
        return None, by_logit
    if axis is not None and not by_logit:
        weights = np.take(weights, 0, axis)
        return np.broadcast_to(weights == 0, layout.sample_shape), by_logit
    return np.broadcast_to(weights == 0, layout.shape), by_logit


def _per_logit(mask: Array, layout: Layout) -> Array:
    if mask.shape == layout.shape or layout.class_axis is None:
        return mask
    return np.broadcast_to(np.expand_dims(mask, layout.class_axis), layout.shape)


def _any_in_row(mask: Mask) -> Mask:
    return Mask(_cube(mask).any(axis=1).reshape(-1), mask.layout, by_row=True)


def _all_in_row(mask: Mask) -> Mask:
    return Mask(_cube(mask).all(axis=1).reshape(-1), mask.layout, by_row=True)


def _cube(mask: Mask) -> Array:
    layout = mask.layout
    return mask.values.reshape(layout.outer, layout.classes, layout.inner)


def selected(counting: Array | None, values: Any) -> Any:
    """The entries that count, of an array with one for each row or logit; None of None."""
    return values if counting is None or values is None else values[counting]


Reader = Callable[[Block], Array]


def neutral_reader(read: Reader, counts: Counts) -> Reader:
    """Reads blocks of logits with a neutral number in place of those that do not count."""
    if counts.counting is None:
        return read

    def read_neutral(block: Block) -> Array:
        counting, values = counts.logits(block), read(block)
        return values if counting is None else np.where(counting, values, values.dtype.type(NEUTRAL))

    return read_neutral


def row_reader(read: Reader, counts: Counts) -> Reader:
    """Reads those rows of a block that count."""
    if counts.counting is None:
        return read

    def read_rows(block: Block) -> Array:
        counting, values = counts.rows(block), read(block)
        return values if counting is None else values[counting]

    return read_rows


def logit_reader(read: Reader, counts: Counts) -> Reader:
    """Reads those numbers of a block that count, in a matrix of any shape."""
    if counts.counting is None:
        return read

    def read_logits(block: Block) -> Array:
        counting, values = counts.logits(block), read(block)
        return values if counting is None else values[counting][:, None]

    return read_logits
