"""Whole arguments: array-likes to arrays of numbers, their dtypes, shapes and sizes, and the values of options."""

import math
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from xent_core.checks.causes import of_strings
from xent_core.checks.values import as_text, first_index, refuse_not_finite
from xent_core.compute.dtypes import FLOAT64, is_bfloat16
from xent_core.compute.layout import Array, FloatType, Layout
from xent_core.errors import (
    AxisOutOfRange,
    Empty,
    NotNumeric,
    ParameterOutOfRange,
    Ragged,
    UnexpectedParameter,
    WrongShape,
)

MAX_LOGITS = 2**40


def as_numbers(value: ArrayLike, name: str) -> Array:
    """A C-contiguous array of real numbers or booleans that holds at least one.

    Raises Ragged, NotNumeric, Empty.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise WrongShape(name, "has more dimensions than an array can have, which is 64") from None
        raise Ragged(name, "its rows differ in length or depth; an array has the same length everywhere") from None
    if array.dtype.kind not in "biuf" and not is_bfloat16(array):
        hint = of_strings(name) if array.dtype.kind == "U" else ""
        raise NotNumeric(name, f"holds values of type {array.dtype.name}; numbers were expected{hint}")
    if array.size == 0:
        raise Empty(name, f"is empty, with shape {list(array.shape)}; at least one value is needed")
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    return array


@lru_cache(maxsize=256)
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


def check_per_class(value: ArrayLike, name: str, layout: Layout, dtype: FloatType, *, scalar: bool) -> Array:
    """Weights of the classes: shape [C], or () where `scalar` allows it; finite.

    Raises NotNumeric, Empty, WrongShape, NotANumber, Infinite.
    """
    array = check_finite(as_numbers(value, name), name, dtype)
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


def check_finite(array: Array, name: str, dtype: FloatType) -> Array:
    """The array in `dtype`, all of it finite. Raises NotANumber, Infinite."""
    with np.errstate(over="ignore"):
        converted = array.astype(dtype, copy=False)
    if not np.isfinite(converted).all():
        position = first_index(~np.isfinite(converted))
        refuse_not_finite(name, position, converted[position], array[position])
    return converted


def check_positive(array: Array, name: str) -> Array:
    """The array in float64, all of it finite and above 0. Raises NotANumber, Infinite, ParameterOutOfRange."""
    converted = check_finite(array, name, FLOAT64)
    bad = ~(converted > 0)
    if bad.any():
        position = first_index(bad)
        raise ParameterOutOfRange(name, f"is {as_text(converted[position])}; a number above 0 was expected", position)
    return converted


def check_smoothing(value: float) -> float:
    """label_smoothing, from 0 to 1. Raises ParameterOutOfRange."""
    if not 0 <= value <= 1:
        raise ParameterOutOfRange("label_smoothing", f"is {value}; a number from 0 to 1 was expected")
    return float(value)


def check_temperature(value: float, dtype: FloatType) -> float:
    """temperature, above 0, in the dtype of the computation too. Raises ParameterOutOfRange."""
    with np.errstate(over="ignore", under="ignore"):
        converted = dtype.type(value)
    if not 0 < value < math.inf:
        raise ParameterOutOfRange("temperature", f"is {value}; a number above 0 was expected")
    if not 0 < converted < math.inf:
        raise ParameterOutOfRange(
            "temperature", f"is {value}, which {dtype.name} can't hold, in which this batch is computed"
        )
    return float(value)


def check_gamma(value: float) -> float:
    """gamma, 0 or more. Raises ParameterOutOfRange."""
    if not 0 <= value < math.inf:
        raise ParameterOutOfRange("gamma", f"is {value}; a number of 0 or more was expected")
    return float(value)


def check_alpha(value: float) -> float:
    """alpha, from 0 to 1. Raises ParameterOutOfRange."""
    if not 0 <= value <= 1:
        raise ParameterOutOfRange("alpha", f"is {value}; a number from 0 to 1 was expected, the weight of positives")
    return float(value)


def check_q(value: float) -> float:
    """q, above 0 and at most 1. Raises ParameterOutOfRange."""
    if not 0 < value <= 1:
        hint = "; with q near 0 the loss is the cross-entropy" if value == 0 else ""
        raise ParameterOutOfRange("q", f"is {value}; a number above 0 and at most 1 was expected{hint}")
    return float(value)


def check_epsilon(value: float) -> float:
    """epsilon, any finite number. Raises ParameterOutOfRange."""
    if not math.isfinite(value):
        raise ParameterOutOfRange("epsilon", f"is {value}; a finite number was expected")
    return float(value)


def check_shift(shift: int, labels: Array, layout: Layout) -> None:
    """shift, less than the length of the sequences; there are sequences, and one label for each place of them.

    Raises ParameterOutOfRange, WrongShape, UnexpectedParameter.
    """
    if shift < 0:
        raise ParameterOutOfRange("shift", f"is {shift}; a whole number of 0 or more was expected")
    if layout.class_axis != len(layout.shape) - 1 or len(layout.shape) < 2:
        raise UnexpectedParameter(
            "shift",
            f"is {shift}, but it needs sequences with the classes on the last axis, logits of shape […, T, C]; these "
            f"have shape {list(layout.shape)} with axis {layout.class_axis}",
        )
    if labels.shape != layout.sample_shape:
        raise WrongShape(
            "labels",
            f"have shape {list(labels.shape)}; with shift, class indices of shape {list(layout.sample_shape)} were "
            "expected, one for each place of the sequences: leave out neither logits nor labels, shift does that",
        )
    length = layout.sample_shape[-1]
    if shift >= length:
        raise ParameterOutOfRange(
            "shift", f"is {shift}; at most {length - 1} was expected, as sequences have {length} places"
        )


def check_clip(value: float) -> float:
    """clip, from 0 to 0.5. Raises ParameterOutOfRange."""
    if not 0 <= value <= 0.5:
        raise ParameterOutOfRange("clip", f"is {value}; a number from 0 to 0.5 was expected")
    return float(value)


def check_name(parameter: str, value: str, known: Collection[str], hint: Callable[[str], str] = lambda _: "") -> None:
    """Raises ParameterOutOfRange where the value is none of the known names. hint: says what else it may be."""
    if value not in known:
        message = f"is {value!r:.80}; one of {', '.join(known)} was expected{hint(str(value))}"
        raise ParameterOutOfRange(parameter, message)


def check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of logits that were not sent. Raises ParameterOutOfRange."""
    for axis, length in enumerate(shape):
        if length < 1:
            raise ParameterOutOfRange("logits_shape", f"is {length}; a length of 1 or more was expected", (axis,))
    if math.prod(shape) > MAX_LOGITS:
        raise ParameterOutOfRange("logits_shape", f"stands for more than {MAX_LOGITS} logits")
    return tuple(int(length) for length in shape)
