"""Likely causes of errors: from the shapes and values that don't fit to a hint, or to "" where nothing points to one.

A hint begins with "; " and continues the message that it is appended to. Nothing here raises, and nothing here is
called but for an error.
"""

import math
from typing import NamedTuple

from xent_core.compute.layout import Array

MARKS = frozenset({-100.0, -1.0, 255.0})
"""What frameworks and data sets write in place of a label that is to be left out."""

CODES = {(-1.0, 1.0): "(labels + 1) / 2", (0.0, 255.0): "labels / 255", (1.0, 2.0): "labels - 1"}
"""Codes of two classes other than 0 and 1, and how to map them."""

Shape = tuple[int, ...]


class Values(NamedTuple):
    """Which values labels have. few: all of them, where they are at most three; else empty."""

    minimum: float
    maximum: float
    few: frozenset[float]


def values_of(labels: Array) -> Values:
    """Which values there are beside NaN."""
    labels = labels[labels == labels]
    if not labels.size:
        return Values(math.nan, math.nan, frozenset())
    low, high = float(labels.min()), float(labels.max())
    others = labels[(labels != low) & (labels != high)]
    if not others.size:
        return Values(low, high, frozenset({low, high}))
    one = float(others[0])
    return Values(low, high, frozenset({low, one, high}) if (others == others[0]).all() else frozenset())


def of_label_shape(labels: Shape, logits: Shape, class_axis: int | None) -> str:
    """Why labels don't fit logits: a dimension of length 1, another class axis, a transposition, a shift by one."""
    if class_axis is None:
        return ""
    rank, samples = len(logits), _without(logits, class_axis)
    if labels == (*logits[:class_axis], 1, *logits[class_axis + 1 :]):
        return f"; to use them as class indices, drop the dimension of length 1: np.squeeze(labels, axis={class_axis})"
    hints = ""
    if class_axis == rank - 1 > 1 and labels == (*samples[:-1], samples[-1] - 1):
        hints += (
            "; these labels are one step shorter than the logits: for next-token prediction leave out the last logits "
            f"of each sequence, logits[{':, ' * (rank - 2)}:-1]"
        )
    for axis in range(rank):
        if axis == class_axis:
            continue
        where = " (channels first, as PyTorch has them)" if axis == 1 and rank > 2 else ""
        if labels == _without(logits, axis):
            transposed = ": are the logits transposed?" if rank == 2 else ""
            return f"{hints}; these labels fit as class indices with axis {axis}{where}{transposed}"
        if labels == (*logits[:axis], 1, *logits[axis + 1 :]):
            return f"{hints}; np.squeeze(labels, axis={axis}) fits as class indices with axis {axis}{where}"
        if labels == (*samples[:axis], logits[class_axis], *samples[axis:]):
            return f"; np.moveaxis(labels, {axis}, {class_axis}) has the logits' shape: are the labels transposed?"
    return hints


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def of_weights_shape(weights: Shape, logits: Shape, class_axis: int | None, *, per_row: bool) -> str:
    """Weights for the classes, in place of weights for samples or elements."""
    if class_axis is None or weights != (logits[class_axis],):
        return ""
    if per_row:
        return "; one weight for each class is class_weights"
    ones = [length if axis == class_axis else 1 for axis, length in enumerate(logits)]
    return f"; one weight for each class has shape {ones}"


def of_class_index(found: float, labels: Values, classes: int, ignore_index: int | None) -> str:
    """Why a class index is out of range: labels from 1 to C, another code of two classes, a mark for padding."""
    low, high = labels.minimum, labels.maximum
    if classes > 2 and low >= 1 and high == classes:
        return f"; labels run from {low:g} to {high:g} for {classes} classes: do they count from 1? subtract 1"
    code = of_code(labels) if classes <= 2 else ""
    if found not in MARKS or ignore_index is not None:
        return code
    return f"{code}; if {found:g} marks what is to be left out, set ignore_index to {found:g}"


def of_code(labels: Values) -> str:
    """Two classes in another code than 0 and 1."""
    low, high = labels.minimum, labels.maximum
    if labels.few != {low, high} or (low, high) not in CODES:
        return ""
    return f"; only {low:g} and {high:g} occur: if they stand for two classes, send {CODES[low, high]}"


def of_mark(labels: Values, *, can_ignore: bool) -> str:
    """A mark for missing labels among zeros and ones."""
    marks = labels.few - {0, 1}
    if len(marks) != 1 or labels.few == marks or not marks <= MARKS or of_code(labels):
        return ""
    (mark,) = marks
    way = f"set ignore_index to {mark:g}" if can_ignore else "send 0 there with the weight 0"
    return f"; {mark:g} is the only value beside 0 and 1: if it marks missing labels, {way}"


def of_strings(argument: str) -> str:
    """Strings in place of numbers."""
    if argument != "labels":
        return ""
    return (
        "; if these are names of classes, list the names in the order of the logits and send the index of each: "
        "[names.index(label) for label in labels]"
    )
