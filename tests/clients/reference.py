"""The losses once more, as their formulas say, in float64 and without a thought for speed or size."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def as_numbers(values: ArrayLike) -> Numbers:
    return np.asarray(values).astype(np.float64)


def softmax(logits: ArrayLike) -> Numbers:
    exponentials = np.exp(as_numbers(logits))
    return exponentials / exponentials.sum(-1, keepdims=True)


def sparse_softmax_cross_entropy(logits: ArrayLike, labels: Any) -> Numbers:
    chosen = np.asarray(labels).astype(np.int64)[..., None]
    return -np.log(np.take_along_axis(softmax(logits), chosen, -1)[..., 0])


def sigmoid_cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Numbers:
    x, y = as_numbers(logits), as_numbers(labels)
    return np.log1p(np.exp(x)) - x * y
