"""Weights onto elements, by one rule: a scalar; or the samples' shape; or the elements' rank with every dimension
theirs or 1. Nothing else broadcasts, so a weight can't land on the wrong axis.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from xent_core.checks.causes import of_weights_shape
from xent_core.compute.layout import Array, Block, Layout
from xent_core.errors import WrongShape


class Weights:
    """Weights that fit a batch; `given` in the computation's dtype, one that stands for all as a scalar.

    `shape` is the shape in which they were given.
    """

    def __init__(self, given: Array, layout: Layout, *, per_row: bool) -> None:
        self.shape = given.shape
        self.given = given.reshape(()) if given.size == 1 else given
        self._layout = layout
        self._per_row = per_row

    def of(self, block: Block) -> Array:
        """The weights of a block, as an array that broadcasts onto its losses."""
        if not self.given.ndim:
            return self.given
        return self._read(block)

    @cached_property
    def _read(self) -> Callable[[Block], Array]:
        by_row = self._one_per_row()
        if by_row is not None and self._per_row:
            return lambda block: by_row[block.rows]
        if by_row is not None:
            return lambda block: by_row[block.rows, None]
        if self.given.size == self._layout.classes:
            by_class = self.given.reshape(-1)
            return lambda block: by_class[block.columns]
        full = np.ascontiguousarray(np.broadcast_to(self.given, self._layout.shape))
        return self._layout.reader(full, full.dtype)

    def _one_per_row(self) -> Array | None:
        """The weights as [rows] where they don't vary along the class axis; else None."""
        given, layout = self.given, self._layout
        if given.shape != layout.sample_shape and not self._per_row and layout.class_axis is not None:
            if given.shape[layout.class_axis] != 1:
                return None
            given = given.reshape(given.shape[: layout.class_axis] + given.shape[layout.class_axis + 1 :])
        return np.broadcast_to(given, layout.sample_shape).reshape(-1)


def check_weights(given: Array, layout: Layout, *, per_row: bool) -> Weights:
    """The weights for losses that are one for each row (softmax) or one for each logit (sigmoid). Raises WrongShape."""
    elements = layout.sample_shape if per_row else layout.shape
    if given.ndim and given.shape != layout.sample_shape and not dimensions_fit(given.shape, elements):
        cause = of_weights_shape(given.shape, layout.shape, layout.class_axis, per_row=per_row)
        raise WrongShape("weights", _misfit(given.shape, elements, layout.sample_shape) + cause)
    return Weights(given, layout, per_row=per_row)


def dimensions_fit(shape: tuple[int, ...], elements: tuple[int, ...]) -> bool:
    """Whether the rank is that of the elements, and each dimension theirs or 1."""
    return len(shape) == len(elements) and all(n in (1, m) for n, m in zip(shape, elements, strict=True))


def _misfit(shape: tuple[int, ...], elements: tuple[int, ...], samples: tuple[int, ...]) -> str:
    shapes = [f"shape {list(each)}" for each in dict.fromkeys((samples, elements)) if each]
    expected = " or ".join(["a single number", *shapes])
    ones = f" (of {list(elements)} any length may be 1)" if elements else ""
    return f"have shape {list(shape)}, which does not fit; {expected} was expected{ones}"
