"""The shapes of labels beside logits, by the form that a loss takes. Messages name the loss that takes another form."""

import numpy as np

from xent_core.checks.causes import of_label_shape
from xent_core.compute.dtypes import is_bfloat16
from xent_core.compute.layout import Array, Layout
from xent_core.errors import InexactLabels, WrongShape


def check_index_shape(labels: Array, layout: Layout) -> None:
    """Class indices have the logits' shape without the class axis. Raises WrongShape."""
    if labels.shape == layout.sample_shape:
        return
    expected = f"class indices for logits of shape {list(layout.shape)} have shape {list(layout.sample_shape)}"
    if labels.shape == layout.shape:
        expected += "; labels of the logits' shape belong to softmax_cross_entropy"
    raise WrongShape("labels", f"have shape {list(labels.shape)}; {expected}{_cause(labels, layout)}")


def check_index_dtype(labels: Array, layout: Layout) -> None:
    """Class indices in a float type are all held exactly, up to the last class. Raises InexactLabels."""
    if labels.dtype.kind in "iub":
        return
    exact = 1 << (8 if is_bfloat16(labels) else np.finfo(labels.dtype).nmant + 1)
    if layout.classes > exact + 1:
        raise InexactLabels(
            "labels",
            f"are {labels.dtype.name}, which holds whole numbers exactly up to {exact} only, but there are "
            f"{layout.classes} classes; send class indices as integers",
        )


def check_index_or_row_shape(labels: Array, layout: Layout) -> None:
    """Labels of a softmax are class indices, or have the logits' shape. Raises WrongShape, InexactLabels."""
    if labels.shape != layout.shape:
        check_index_shape(labels, layout)
        check_index_dtype(labels, layout)


def check_distribution_shape(labels: Array, layout: Layout) -> None:
    """Distributions have the logits' shape. Raises WrongShape."""
    if labels.shape != layout.shape:
        raise WrongShape("labels", f"have shape {list(labels.shape)}; {_expected_shapes(labels, layout)}")


def check_element_shape(labels: Array, layout: Layout) -> None:
    """Labels of sigmoid losses have the logits' shape, or are a scalar; where C = 1 the class axis may be absent.

    Raises WrongShape.
    """
    if labels.ndim == 0 or labels.shape == layout.shape:
        return
    if layout.classes != 1 or labels.shape != layout.sample_shape:
        raise WrongShape(
            "labels",
            f"have shape {list(labels.shape)}; {_expected_shapes(labels, layout)}, or a single number",
        )


def _expected_shapes(labels: Array, layout: Layout) -> str:
    expected = f"one label for each logit was expected, shape {list(layout.shape)}"
    if labels.shape == layout.sample_shape:
        return f"{expected}; labels that are class indices belong to sparse_softmax_cross_entropy"
    return expected + _cause(labels, layout)


def _cause(labels: Array, layout: Layout) -> str:
    return of_label_shape(labels.shape, layout.shape, layout.class_axis)
