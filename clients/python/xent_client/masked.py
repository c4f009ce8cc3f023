"""Masked arrays (np.ma): a masked label does not count.

Class indices are sent with an `ignore_index` at the masked places. Labels of the logits' shape get the weight 0 there;
as `mean` counts elements of weight 0 in its denominator, another reduction has to be named.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy import ma

from xent_client.errors import InvalidInput
from xent_client.tensors import Array, to_numpy

Mask = npt.NDArray[np.bool_]


def without_masks(fields: Mapping[str, Any], logits_shape: tuple[int, ...]) -> dict[str, Any]:
    """The fields with plain arrays that say the same. Raises InvalidInput where anything but labels is masked."""
    labels = fields["labels"]
    if not ma.is_masked(labels):
        return {name: unmasked(value, name) for name, value in fields.items()}
    plain = {name: unmasked(value, name) for name, value in fields.items() if name != "labels"}
    mask = ma.getmaskarray(labels)
    axis = class_axis(fields, logits_shape)
    has_class_axis = mask.ndim == len(logits_shape)
    if not has_class_axis and logits_shape[axis] != 1:
        return plain | _ignored(labels.data, mask, fields.get("ignore_index"))
    if fields.get("reduction") in (None, "mean"):
        raise InvalidInput(
            "labels has masked elements, which get the weight 0, and the reduction mean counts these in its "
            "denominator; set reduction to mean_by_nonzero_weights, weighted_mean, sum or none"
        )
    plain["labels"] = np.where(mask, np.zeros((), labels.dtype), labels.data)
    plain["weights"] = _weights(mask, fields.get("weights"), axis if has_class_axis else None)
    return plain


def unmasked(value: Any, name: str) -> Any:
    """The value, of a masked array its data. Raises InvalidInput where an element is masked."""
    if not isinstance(value, ma.MaskedArray):
        return value
    masked = ma.getmaskarray(value).sum()
    if masked:
        raise InvalidInput(
            f"{name} has {masked} masked elements; only the labels of loss, recommend and evaluate can be masked. "
            "Mask the labels of what should not count, or fill the array"
        )
    return value.data


def class_axis(fields: Mapping[str, Any], logits_shape: tuple[int, ...]) -> int:
    """The class axis of the logits, from the start. Raises InvalidInput where there is none."""
    axis = fields.get("axis")
    try:
        return range(len(logits_shape))[-1 if axis is None else axis]
    except (IndexError, TypeError) as error:
        raise InvalidInput(f"axis is {axis!r}; the logits have the shape {logits_shape}") from error


def _ignored(labels: Array, mask: Mask, ignore_index: int | None) -> dict[str, Any]:
    """Class indices in which the masked ones have the value `ignore_index`, which no other has unless it was given."""
    if labels.dtype.kind == "f":
        labels = labels.astype(np.float64)
    else:
        if labels.dtype == np.uint64:  # what int64 can't hold stays out of range
            labels = np.minimum(labels, np.iinfo(np.int64).max)
        labels = labels.astype(np.int64)
    if ignore_index is None:
        present = labels[~mask & np.isfinite(labels)]
        ignore_index = min(0, int(present.min(initial=0))) - 1
    return {"labels": np.where(mask, labels.dtype.type(ignore_index), labels), "ignore_index": ignore_index}


def _weights(mask: Mask, weights: Any, axis: int | None) -> Array:
    """The weights, 0 where a label is masked: one for each sample where whole samples are, else one for each label."""
    given = to_numpy(1.0 if weights is None else weights, "weights")
    if axis is None and given.ndim > mask.ndim:
        mask = mask[..., None]
    elif axis is not None and mask.ndim > 1 and given.ndim < mask.ndim:
        if (mask.any(axis) == mask.all(axis)).all():
            mask = np.asarray(mask.all(axis))
        elif given.ndim:
            given = np.expand_dims(given, axis)
    try:
        return np.where(mask, 0.0, given)
    except ValueError as error:
        raise InvalidInput(
            f"weights has the shape {given.shape}, which does not fit labels of the shape {mask.shape}"
        ) from error
