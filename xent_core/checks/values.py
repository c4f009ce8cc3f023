"""The values of one block: logits, labels, probabilities, class indices.

Most of these functions are called only for a block whose losses came out suspicious, so that good input costs no pass
of its own.
"""

from typing import Any

import numpy as np

from xent_core.checks.causes import of_class_index, values_of
from xent_core.compute.layout import Array, Block, FloatType, Layout
from xent_core.errors import (
    Infinite,
    LabelNotWhole,
    LabelOutOfRange,
    MaskedRow,
    NotANumber,
    NotAProbability,
    NotOneHot,
)

PROBABILITY_SLACK = 1e-6
EXACT_FLOAT_INTEGERS = 2.0**53


def check_products(logits: Array, name: str, first_row: int) -> None:
    """Logits that were computed from `name` are finite. Raises Infinite."""
    if not np.isfinite(logits).all():
        row = first_row + int(np.isfinite(logits).all(axis=1).argmin())
        raise Infinite(
            name, f"lead to a logit too large for {logits.dtype.name}, in which this batch is computed", (row,)
        )


def check_logits(logits: Array, layout: Layout, block: Block) -> None:
    """No NaN and no +inf in this block; −inf is a mask. Raises NotANumber, Infinite."""
    # A NaN is the maximum of whatever it stands in, and compares as false.
    if logits.max() < np.inf:
        return
    bad = np.isnan(logits) | (logits == np.inf)
    row, column = first_index(bad)
    position = layout.position(block.rows.start + row, block.columns.start + column)
    if np.isnan(logits[row, column]):
        raise NotANumber("logits", "is NaN; a number was expected", position)
    raise Infinite(
        "logits", "is Infinity, or too large for the dtype; only -Infinity, a mask, may stand in logits", position
    )


def check_masked_rows(masked: Array, layout: Layout, block: Block) -> None:
    """`masked`: the rows of this block whose every class is −inf. Raises MaskedRow."""
    if masked.any():
        row = block.rows.start + int(masked.argmax())
        raise MaskedRow(
            "logits",
            "has -Infinity for every class, so no class has a probability; "
            "unmask one, ignore the row's label, or give it the weight 0",
            layout.sample_position(row),
        )


def check_labels(labels: Array, layout: Layout, block: Block, dtype: FloatType, counting: Array | None = None) -> None:
    """What this block holds of the labels, one for each logit, is finite in `dtype`. Raises NotANumber, Infinite.

    `labels` are those given: the class axis may be absent from them where it has one class. counting: which of them
    count, [rows, columns]; None where all do.
    """
    own = layout if labels.shape == layout.shape else Layout.elementwise(labels.shape)
    given = own.view(labels, block).reshape(block.shape)
    converted = given.astype(dtype)
    bad = ~np.isfinite(converted)
    if counting is not None:
        bad &= counting
    if bad.any():
        row, column = first_index(bad)
        position = own.position(block.rows.start + row, block.columns.start + column)
        refuse_not_finite("labels", position, converted[row, column], given[row, column])


def check_scaled(given: Array, scaled: Array, layout: Layout, block: Block, name: str = "logits") -> None:
    """Logits that are finite still are after they were divided by the temperature. Raises Infinite."""
    bad = np.isfinite(given) & np.isinf(scaled)
    if bad.any():
        row, column = first_index(bad)
        position = layout.position(block.rows.start + row, block.columns.start + column)
        value, dtype = as_text(given[row, column]), scaled.dtype.name
        raise Infinite(name, f"is {value}, too large for {dtype} once divided by the temperature", position)


def check_labels_as_logits(given: Array, scaled: Array, layout: Layout, block: Block) -> None:
    """A teacher's logits are no NaN and not +inf, before and after they were divided by the temperature, and no row
    of them is masked whole. Raises NotANumber, Infinite, MaskedRow.
    """
    if np.isfinite(scaled).all():
        return
    bad = np.isnan(scaled) | (given == np.inf)
    if bad.any():
        row, column = first_index(bad)
        position = layout.position(block.rows.start + row, block.columns.start + column)
        refuse_not_finite("labels", position, scaled[row, column], given[row, column])
    check_scaled(given.astype(scaled.dtype), scaled, layout, block, "labels")
    masked = scaled.max(axis=1) == -np.inf
    if masked.any():
        raise MaskedRow(
            "labels",
            "has -Infinity for every class, so the teacher gives no class a probability; give the row the weight 0",
            layout.sample_position(block.rows.start + int(masked.argmax())),
        )


def check_one_hot(row: int | None, layout: Layout, block: Block, loss: str) -> None:
    """`row`: the first row of this block that is not one-hot, if any. Raises NotOneHot."""
    if row is not None:
        raise NotOneHot(
            "labels",
            f"is not one-hot; {loss} is of one class for each row: class indices, or rows with a single 1 and else 0",
            layout.sample_position(block.rows.start + row),
        )


def check_not_negative(labels: Array, layout: Layout, block: Block, loss: str) -> None:
    """No label of this block is negative. Raises LabelOutOfRange."""
    bad = labels < 0
    if bad.any():
        row, column = first_index(bad)
        raise LabelOutOfRange(
            "labels",
            f"is {as_text(labels[row, column])}; {loss} takes its logarithm, so 0 or more was expected; if the labels "
            "are a teacher's logits, set labels_are_logits",
            layout.position(block.rows.start + row, block.columns.start + column),
        )


def check_probabilities(values: Array, layout: Layout, block: Block) -> None:
    """Probabilities lie in [0, 1], give or take 1e-6. Raises NotANumber, NotAProbability."""
    bad = ~((values >= -PROBABILITY_SLACK) & (values <= 1 + PROBABILITY_SLACK))
    if not bad.any():
        return
    row, column = first_index(bad)
    position = layout.position(block.rows.start + row, block.columns.start + column)
    value = values[row, column]
    if np.isnan(value):
        raise NotANumber("logits", "is NaN; a probability was expected", position)
    raise NotAProbability(
        "logits", f"is {as_text(value)}; with from_logits false a probability from 0 to 1 was expected", position
    )


def check_probability_sums(sums: Array, layout: Layout, block: Block) -> None:
    """No row of probabilities sums to 0. Raises NotAProbability."""
    bad = ~(sums > 0)
    if bad.any():
        row = block.rows.start + int(bad.argmax())
        raise NotAProbability(
            "logits",
            "sums to 0; with from_logits false a row of probabilities was expected, which sums to 1",
            layout.sample_position(row),
        )


def class_indices(
    labels: Array,
    layout: Layout,
    block: Block,
    counting: Array | None = None,
    *,
    ignore_index: int | None = None,
    labels_checked: bool = False,
) -> Array:
    """This block's class indices; 0 in place of those that do not count.

    counting: which rows of the block count; None where all do. labels_checked: it is known of these that they are whole
    and in range. Raises NotANumber, Infinite, LabelNotWhole, LabelOutOfRange.
    """
    given = labels.reshape(-1)[block.rows]
    if counting is not None:
        given = np.where(counting, given, given.dtype.type(0))
    if labels_checked:
        return given.astype(np.intp, copy=False)
    indices = given if given.dtype.kind in "iub" else _whole(given, layout, block)
    if indices.min() < 0 or indices.max() >= layout.classes:
        row = int(((indices < 0) | (indices >= layout.classes)).argmax())
        expected = f"a class index from 0 to {layout.classes - 1} was expected"
        if ignore_index is not None:
            expected += f", or {ignore_index}, the label to ignore"
        expected += of_class_index(float(given[row]), values_of(labels), layout.classes, ignore_index)
        raise LabelOutOfRange(
            "labels", f"is {as_text(given[row])}; {expected}", layout.sample_position(block.rows.start + row)
        )
    return indices.astype(np.intp, copy=False)


def _whole(labels: Array, layout: Layout, block: Block) -> Array:
    values = labels.astype(np.float64)
    bad = ~(np.isfinite(values) & (values == np.floor(values)))
    if bad.any():
        row = int(bad.argmax())
        position = layout.sample_position(block.rows.start + row)
        if not np.isfinite(values[row]):
            refuse_not_finite("labels", position, values[row], values[row])
        raise LabelNotWhole("labels", f"is {as_text(values[row])}; a class index is a whole number", position)
    too_large = np.abs(values) > EXACT_FLOAT_INTEGERS
    return np.where(too_large, np.copysign(EXACT_FLOAT_INTEGERS, values), values).astype(np.int64)


def as_text(value: Any) -> str:
    """A number as messages show it."""
    return str(int(value)) if np.asarray(value).dtype.kind in "iub" else f"{float(value):.9g}"


def refuse_not_finite(name: str, position: tuple[int, ...], converted: Any, given: Any) -> None:
    """Raise NotANumber or Infinite, whichever a value is after its conversion."""
    if np.isnan(converted):
        raise NotANumber(name, "is NaN; a number was expected", position)
    if np.isfinite(np.float64(given)):
        dtype = converted.dtype.name
        raise Infinite(name, f"is {given}, too large for {dtype}, in which this batch is computed", position)
    raise Infinite(name, f"is {_signed_infinity(converted)}; a finite number was expected", position)


def _signed_infinity(value: Any) -> str:
    return "Infinity" if value > 0 else "-Infinity"


def first_index(bad: Array) -> tuple[int, ...]:
    """The index of the first True."""
    return tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
