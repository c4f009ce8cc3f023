"""Array-likes become checked arrays here, and only here is it judged whether numbers are acceptable.

Two kinds of functions: those that look at an argument as a whole (its dtype, shape and size), and those that
judge one block of values. The latter are called only for blocks whose losses came out suspicious, so that good
input costs no pass of its own.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xent_core.blocks import Array, Block, FloatType, Layout
from xent_core.errors import (
    AxisOutOfRange,
    Empty,
    Infinite,
    LabelNotWhole,
    LabelOutOfRange,
    MaskedRow,
    MissingParameter,
    NotANumber,
    NotAProbability,
    NotNumeric,
    ParameterOutOfRange,
    Ragged,
    WrongShape,
)

FLOAT32: FloatType = np.dtype(np.float32)
FLOAT64: FloatType = np.dtype(np.float64)
PROBABILITY_SLACK = 1e-6
EXACT_FLOAT_INTEGERS = 2.0**53


def numeric(value: ArrayLike, name: str) -> Array:
    """A C-contiguous array of real numbers or booleans that holds at least one.

    Raises Ragged, NotNumeric, Empty.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise WrongShape(name, "has more dimensions than an array can have, which is 64") from None
        raise Ragged(name, "its rows differ in length or depth; an array has the same length everywhere") from None
    if array.dtype.kind not in "biuf" and not _is_bfloat16(array):
        raise NotNumeric(name, f"holds values of type {array.dtype.name}; numbers were expected")
    if array.size == 0:
        raise Empty(name, f"is empty, with shape {list(array.shape)}; at least one value is needed")
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    return array


def computation_dtype(logits: Array) -> FloatType:
    """float32 for logits of float16, bfloat16 and float32; float64 for all others."""
    short = logits.dtype.kind == "f" and logits.dtype.itemsize <= 4
    return FLOAT32 if short or _is_bfloat16(logits) else FLOAT64


def low_precision(array: Array) -> bool:
    """Whether the array's numbers have only two or three digits: float16 and bfloat16."""
    return (array.dtype.kind == "f" and array.dtype.itemsize == 2) or _is_bfloat16(array)


def _is_bfloat16(array: Array) -> bool:
    """NumPy has no bfloat16 of its own, so it is known by the name that all packages give it."""
    return array.dtype.kind not in "biuf" and array.dtype.name == "bfloat16"


def softmax_arguments(logits: ArrayLike, labels: ArrayLike, axis: int) -> tuple[Array, Array, Layout]:
    """Logits and labels as arrays, and the layout of softmax logits.

    Raises Ragged, NotNumeric, Empty, WrongShape, AxisOutOfRange.
    """
    values = numeric(logits, "logits")
    return values, numeric(labels, "labels"), class_layout(values.shape, axis)


def sigmoid_arguments(logits: ArrayLike, labels: ArrayLike, axis: int) -> tuple[Array, Array, Layout]:
    """Logits and labels as arrays, and the layout of sigmoid logits. Raises what softmax_arguments raises."""
    values = numeric(logits, "logits")
    return values, numeric(labels, "labels"), element_layout(values.shape, axis)


def class_weights(value: ArrayLike | None, layout: Layout, dtype: FloatType) -> Array | None:
    """One weight for each class, [C]. Raises what per_class raises."""
    return None if value is None else per_class(value, "class_weights", layout, dtype, scalar=False)


def pos_weight(value: ArrayLike | None, layout: Layout, dtype: FloatType) -> Array:
    """One weight, or one for each class. Raises MissingParameter where there is none, and what per_class raises."""
    if value is None:
        raise MissingParameter("pos_weight", "is absent; weighted_cross_entropy needs it")
    return per_class(value, "pos_weight", layout, dtype, scalar=True)


def class_layout(shape: tuple[int, ...], axis: int) -> Layout:
    """The layout of softmax logits. Raises WrongShape, AxisOutOfRange."""
    rank = len(shape)
    if rank == 0:
        raise WrongShape("logits", "is a single number; at least one dimension, the classes, is needed")
    if not -rank <= axis < rank:
        raise AxisOutOfRange("axis", f"is {axis}; logits of shape {list(shape)} have axes {-rank} to {rank - 1}")
    return Layout.along(shape, axis % rank)


def element_layout(shape: tuple[int, ...], axis: int) -> Layout:
    """The layout of sigmoid logits: with rank 1 each logit is a sample. Raises WrongShape, AxisOutOfRange."""
    layout = class_layout(shape, axis)
    return Layout.elementwise(shape) if len(shape) == 1 else layout


def index_labels(labels: Array, layout: Layout) -> Array:
    """Class indices have the logits' shape without the class axis. Raises WrongShape."""
    if labels.shape == layout.sample_shape:
        return labels
    expected = f"class indices for logits of shape {list(layout.shape)} have shape {list(layout.sample_shape)}"
    hint = ""
    if _squeezable(labels, layout):
        hint = f"; drop the dimension of length 1: np.squeeze(labels, axis={layout.class_axis})"
    elif labels.shape == layout.shape:
        hint = "; labels of the logits' shape belong to softmax_cross_entropy"
    raise WrongShape("labels", f"have shape {list(labels.shape)}; {expected}{hint}")


def distribution_labels(labels: Array, layout: Layout) -> Array:
    """Labels of softmax_cross_entropy have the logits' shape. Raises WrongShape."""
    if labels.shape == layout.shape:
        return labels
    raise WrongShape("labels", f"have shape {list(labels.shape)}; {_expected_shapes(labels, layout)}")


def _expected_shapes(labels: Array, layout: Layout) -> str:
    expected = f"one label for each logit was expected, shape {list(layout.shape)}"
    if labels.shape == layout.sample_shape:
        return f"{expected}; labels that are class indices belong to sparse_softmax_cross_entropy"
    if _squeezable(labels, layout):
        return (
            f"{expected}; to use them as class indices, drop the dimension of length 1: "
            f"np.squeeze(labels, axis={layout.class_axis})"
        )
    return expected


def _squeezable(labels: Array, layout: Layout) -> bool:
    """Whether labels would be class indices but for a class axis of length 1."""
    axis = layout.class_axis
    return axis is not None and labels.shape == (*layout.shape[:axis], 1, *layout.shape[axis + 1 :])


def element_labels(labels: Array, layout: Layout) -> Array:
    """Labels of sigmoid losses have the logits' shape, or are a scalar; where C = 1 the class axis may be absent.

    Returns an array of the logits' shape, or of shape (). Raises WrongShape.
    """
    if labels.ndim == 0 or labels.shape == layout.shape:
        return labels
    if layout.classes == 1 and labels.shape == layout.sample_shape:
        return labels.reshape(layout.shape)
    raise WrongShape(
        "labels",
        f"have shape {list(labels.shape)}; {_expected_shapes(labels, layout)}, or a single number",
    )


def per_class(value: ArrayLike, name: str, layout: Layout, dtype: FloatType, *, scalar: bool) -> Array:
    """Weights of the classes: shape [C], or () where `scalar` allows it; finite.

    Raises NotNumeric, Empty, WrongShape, NotANumber, Infinite.
    """
    array = finite(numeric(value, name), name, dtype)
    if scalar and array.size == 1:
        return array.reshape(())
    if layout.class_axis is None:
        raise WrongShape(
            name,
            f"has shape {list(array.shape)}; for logits of rank 1 there are no classes, give a single number",
        )
    if array.shape != (layout.classes,):
        one_number = "a single number or " if scalar else ""
        raise WrongShape(
            name,
            f"has shape {list(array.shape)}; {one_number}one value per class was expected, shape [{layout.classes}]",
        )
    return array


def finite(array: Array, name: str, dtype: FloatType) -> Array:
    """The array in `dtype`, all of it finite. Raises NotANumber, Infinite."""
    with np.errstate(over="ignore"):
        converted = array.astype(dtype, copy=False)
    if not np.isfinite(converted).all():
        position = _first(~np.isfinite(converted))
        _refuse_not_finite(name, position, converted[position], array[position])
    return converted


def positive(array: Array, name: str) -> Array:
    """The array in float64, all of it finite and above 0. Raises NotANumber, Infinite, ParameterOutOfRange."""
    converted = finite(array, name, FLOAT64)
    bad = ~(converted > 0)
    if bad.any():
        position = _first(bad)
        raise ParameterOutOfRange(name, f"is {_number(converted[position])}; a number above 0 was expected", position)
    return converted


def judge_products(logits: Array, name: str, first_row: int) -> None:
    """Logits that were computed from `name` are finite. Raises Infinite."""
    if not np.isfinite(logits).all():
        row = first_row + int(np.isfinite(logits).all(axis=1).argmin())
        raise Infinite(
            name, f"lead to a logit too large for {logits.dtype.name}, in which this batch is computed", (row,)
        )


def _refuse_not_finite(name: str, position: tuple[int, ...], converted: Any, given: Any) -> None:
    if np.isnan(converted):
        raise NotANumber(name, "is NaN; a number was expected", position)
    if np.isfinite(np.float64(given)):
        dtype = converted.dtype.name
        raise Infinite(name, f"is {given}, too large for {dtype}, in which this batch is computed", position)
    raise Infinite(name, f"is {_signed_infinity(converted)}; a finite number was expected", position)


def _signed_infinity(value: Any) -> str:
    return "Infinity" if value > 0 else "-Infinity"


def _first(bad: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))


def smoothing(value: float) -> float:
    """Raises ParameterOutOfRange."""
    if not 0 <= value <= 1:
        raise ParameterOutOfRange("label_smoothing", f"is {value}; a number from 0 to 1 was expected")
    return float(value)


def judge_logits(logits: Array, layout: Layout, block: Block) -> None:
    """No NaN and no +inf in this block; −inf is a mask. Raises NotANumber, Infinite."""
    bad = np.isnan(logits) | (logits == np.inf)
    if not bad.any():
        return
    row, column = _first(bad)
    position = layout.position(block.rows.start + row, block.columns.start + column)
    if np.isnan(logits[row, column]):
        raise NotANumber("logits", "is NaN; a number was expected", position)
    raise Infinite(
        "logits", "is Infinity, or too large for the dtype; only -Infinity, a mask, may stand in logits", position
    )


def judge_masked_rows(masked: Array, layout: Layout, block: Block) -> None:
    """`masked`: the rows of this block whose every class is −inf. Raises MaskedRow."""
    if masked.any():
        row = block.rows.start + int(masked.argmax())
        raise MaskedRow(
            "logits",
            "has -Infinity for every class, so no class has a probability; "
            "unmask one, ignore the row's label, or give it the weight 0",
            layout.sample_position(row),
        )


def judge_labels(labels: Array, layout: Layout, block: Block, dtype: FloatType) -> None:
    """What this block holds of the labels, one for each logit, is finite in `dtype`. Raises NotANumber, Infinite.

    `labels` are the caller's: the class axis may be absent from them where it has one class.
    """
    own = layout if labels.shape == layout.shape else Layout.elementwise(labels.shape)
    given = own.cut(labels, block).reshape(block.shape)
    converted = given.astype(dtype)
    bad = ~np.isfinite(converted)
    if bad.any():
        row, column = _first(bad)
        position = own.position(block.rows.start + row, block.columns.start + column)
        _refuse_not_finite("labels", position, converted[row, column], given[row, column])


def judge_probabilities(values: Array, layout: Layout, block: Block) -> None:
    """Probabilities lie in [0, 1], give or take 1e-6. Raises NotANumber, NotAProbability."""
    bad = ~((values >= -PROBABILITY_SLACK) & (values <= 1 + PROBABILITY_SLACK))
    if not bad.any():
        return
    row, column = _first(bad)
    position = layout.position(block.rows.start + row, block.columns.start + column)
    value = values[row, column]
    if np.isnan(value):
        raise NotANumber("logits", "is NaN; a probability was expected", position)
    raise NotAProbability(
        "logits", f"is {_number(value)}; with from_logits false a probability from 0 to 1 was expected", position
    )


def judge_probability_sums(sums: Array, layout: Layout, block: Block) -> None:
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
    labels: Array, ignore_index: int | None, layout: Layout, block: Block, *, judged: bool = False
) -> tuple[Array, Array | None]:
    """This block's class indices, and which of them are ignored (None: none is).

    An ignored label's index is 0. judged: it is known of the others that they are whole and in range.
    Raises NotANumber, Infinite, LabelNotWhole, LabelOutOfRange.
    """
    given = labels.reshape(-1)[block.rows]
    if judged and ignore_index is None:
        return given.astype(np.intp, copy=False), None
    indices = given if given.dtype.kind in "iub" else _whole(given, layout, block)
    ignored = None
    if ignore_index is not None:
        ignored = indices == ignore_index
        indices = np.where(ignored, 0, indices)
    if indices.min() < 0 or indices.max() >= layout.classes:
        row = int(((indices < 0) | (indices >= layout.classes)).argmax())
        expected = f"a class index from 0 to {layout.classes - 1} was expected"
        if ignore_index is not None:
            expected += f", or {ignore_index}, the label to ignore"
        raise LabelOutOfRange(
            "labels", f"is {_number(given[row])}; {expected}", layout.sample_position(block.rows.start + row)
        )
    return indices.astype(np.intp, copy=False), ignored


def _whole(labels: Array, layout: Layout, block: Block) -> Array:
    values = labels.astype(np.float64)
    bad = ~(np.isfinite(values) & (values == np.floor(values)))
    if bad.any():
        row = int(bad.argmax())
        position = layout.sample_position(block.rows.start + row)
        if not np.isfinite(values[row]):
            _refuse_not_finite("labels", position, values[row], values[row])
        raise LabelNotWhole("labels", f"is {_number(values[row])}; a class index is a whole number", position)
    too_large = np.abs(values) > EXACT_FLOAT_INTEGERS
    return np.where(too_large, np.copysign(EXACT_FLOAT_INTEGERS, values), values).astype(np.int64)


def _number(value: Any) -> str:
    return str(int(value)) if np.asarray(value).dtype.kind in "iub" else f"{float(value):.9g}"
