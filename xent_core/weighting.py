"""Weights onto elements, by one rule: a scalar; or the samples' shape; or the elements' rank with every dimension
theirs or 1. Nothing else broadcasts, so a weight can't land on the wrong axis.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xent_core import arrays
from xent_core.blocks import Array, Block, FloatType, Layout
from xent_core.errors import WrongShape


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that fit a batch.

    of     the weights of a block, as an array that broadcasts onto its losses
    given  the weights as they came, in the computation's dtype
    zero   which rows have the weight 0, [rows], where weights are one for each row or scalar; else None
    """

    of: Callable[[Block], Array]
    given: Array
    zero: Array | None


def fit_weights(weights: ArrayLike, layout: Layout, dtype: FloatType, *, per_row: bool) -> Weights:
    """The weights for losses that are one for each row (softmax) or one for each logit (sigmoid).

    Raises Ragged, NotNumeric, Empty, NotANumber, Infinite, WrongShape.
    """
    given = arrays.finite(arrays.numeric(weights, "weights"), "weights", dtype)
    elements = layout.sample_shape if per_row else layout.shape
    if given.ndim == 0:
        zero = np.ones(layout.rows, np.bool_) if given == 0 else None
        return Weights(lambda block: given, given, zero)
    if given.shape != layout.sample_shape and not _dimensions_fit(given.shape, elements):
        raise WrongShape("weights", _misfit(given.shape, elements, layout.sample_shape))
    by_row = _one_per_row(given, layout, per_row)
    if by_row is not None:
        zero = by_row == 0
        if per_row:
            return Weights(lambda block: by_row[block.rows], given, zero)
        return Weights(lambda block: by_row[block.rows, None], given, zero)
    if given.size == layout.classes:
        by_class = given.reshape(-1)
        return Weights(lambda block: by_class[block.columns], given, None)
    full = np.ascontiguousarray(np.broadcast_to(given, elements))
    return Weights(layout.reader(full, dtype), given, None)


def _dimensions_fit(shape: tuple[int, ...], elements: tuple[int, ...]) -> bool:
    return len(shape) == len(elements) and all(n in (1, m) for n, m in zip(shape, elements, strict=True))


def _one_per_row(given: Array, layout: Layout, per_row: bool) -> Array | None:
    """The weights as [rows] where they don't vary along the class axis; else None."""
    if given.shape != layout.sample_shape and not per_row and layout.class_axis is not None:
        if given.shape[layout.class_axis] != 1 and layout.classes != 1:
            return None
        given = given.reshape(given.shape[: layout.class_axis] + given.shape[layout.class_axis + 1 :])
    return np.broadcast_to(given, layout.sample_shape).reshape(-1)


def _misfit(shape: tuple[int, ...], elements: tuple[int, ...], samples: tuple[int, ...]) -> str:
    forms = ["a single number"]
    if samples:
        forms.append(f"the samples' shape {list(samples)}")
    if elements:
        forms.append(f"{len(elements)} dimensions, each that of {list(elements)} or 1")
    return f"have shape {list(shape)}, which does not fit; expected was {', or '.join(forms)}"


def multiply(losses: Array, weights: Array) -> Array:
    """Their product, where 0 · ∞ is 0."""
    weighted: Array = losses * weights
    if not np.isfinite(weighted).all():
        weighted[np.broadcast_to(weights == 0, weighted.shape)] = 0
    return weighted
