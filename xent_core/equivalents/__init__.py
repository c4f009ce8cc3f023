"""The call that computes a loss in each framework, with the parameters of one request filled in.

A text is one expression, or lines of which the last assigns `loss`. It stands on these imports and names:

    tensorflow1, tensorflow2  import tensorflow as tf
    keras                     import keras
    pytorch                   import torch, import torch.nn.functional as F
    optax                     import jax, import jax.numpy as jnp, import optax

    logits, labels                      the framework's tensors, in the request's shapes
    weights, pos_weight, class_weights  tensors of the logits' dtype, where the request gives arrays, or where more
                                        than 20 class weights are suggested

Labels that are not whole numbers are expected in the logits' dtype. Where the framework has a call of its own that
computes the contract's number, it is that call; else the elements, their weights and the reduction are written out.

Reduction "none" gives the elements, weighted; Keras' sigmoid losses average them over the classes, as `per_sample`
does. Where a denominator is 0, PyTorch and JAX give NaN. Keras computes in float32 unless `keras.config.set_floatx`
says otherwise, `tf.compat.v1.losses` always reduces in float32.

tests/golden/make_equivalents.py runs every kind of text in its framework.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from xent_core.compute.dtypes import FLOAT64
from xent_core.equivalents.keras import Keras
from xent_core.equivalents.optax import Optax
from xent_core.equivalents.pytorch import PyTorch
from xent_core.equivalents.request import POS_WEIGHT, LabelForm, Request, Shape, WeightForm
from xent_core.equivalents.sampled_softmax import SAMPLED_SOFTMAX_TEXTS
from xent_core.equivalents.tensorflow import TensorFlow1, TensorFlow2
from xent_core.equivalents.writer import Writer
from xent_core.losses import LOSSES
from xent_core.losses.loss import CLIP, Parameters, with_own
from xent_core.results import LabelKind, Reduction

__all__ = ["SAMPLED_SOFTMAX_TEXTS", "equivalents", "with_values"]

MAX_WRITTEN_OUT = 20
"""Of more class weights than this, a text has only the name."""

_WRITERS: dict[str, type[Writer]] = {
    "tensorflow1": TensorFlow1,
    "tensorflow2": TensorFlow2,
    "keras": Keras,
    "pytorch": PyTorch,
    "optax": Optax,
}


def equivalents(
    loss_type: str,
    *,
    logits_shape: Shape,
    labels_shape: Shape,
    labels_dtype: np.dtype[Any],
    label_kind: LabelKind,
    axis: int = -1,
    weights: float | Shape | None = None,
    pos_weight: float | Literal["scalar", "array"] | None = None,
    class_weights: bool | Sequence[float] = False,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    clip: float = CLIP,
    reduction: Reduction = "mean",
    shift: int = 0,
    temperature: float = 1.0,
    gamma: float | None = None,
    alpha: float | None = None,
    q: float | None = None,
    epsilon: float | None = None,
    labels_are_logits: bool = False,
) -> dict[str, str]:
    """The texts for "tensorflow1", "tensorflow2", "keras", "pytorch" and "optax".

    loss_type and its parameters: what is to be computed, already found to fit each other.
    labels_shape, labels_dtype, label_kind: the labels as they were given; the text converts them.
    weights, pos_weight: the value of a scalar, which is written out; for an array its shape, or "array". A
    pos_weight of "scalar" is one whose value `with_values` writes.
    shapes: as they were given, with a shift as well.
    class_weights: whether there are any, or their values: up to 20 are written out, in a line of their own.

    >>> texts = equivalents(
    ...     "sparse_softmax_cross_entropy",
    ...     logits_shape=(32, 10),
    ...     labels_shape=(32,),
    ...     labels_dtype=np.dtype("int64"),
    ...     label_kind="class_indices",
    ...     label_smoothing=0.1,
    ... )
    >>> texts["pytorch"]
    'F.cross_entropy(logits, labels, label_smoothing=0.1, reduction="mean")'
    """
    rank = len(logits_shape)
    axis %= rank
    samples = logits_shape[:axis] + logits_shape[axis + 1 :]
    loss = LOSSES[loss_type]
    softmax = not loss.is_elementwise
    labels: LabelForm = "per_logit"
    if labels_shape != logits_shape:
        labels = "indices" if softmax else "per_sample" if labels_shape else "scalar"

    weight_form: WeightForm | None = None
    if isinstance(weights, tuple):
        weight_form = "partial"
        if weights == (samples if softmax else logits_shape):
            weight_form = "per_element"
        elif weights == samples:
            weight_form = "per_sample"

    texts = _texts(
        Request(
            loss=loss,
            rank=rank,
            axis=axis,
            classes=logits_shape[axis] if softmax or rank > 1 else 1,
            labels=labels,
            cast=labels_dtype != np.int64 if labels == "indices" else labels_dtype.kind in "iub",
            boolean=labels_dtype.kind == "b",
            distributions=label_kind in ("one_hot", "distribution", "class_indices") and not labels_are_logits,
            one_class=labels == "indices" or label_kind == "one_hot",
            weights=weight_form,
            scale=1.0 if weights is None or isinstance(weights, tuple) else float(weights),
            pos_weight=pos_weight if pos_weight is None or isinstance(pos_weight, str) else "scalar",
            class_weights=class_weights is not False,
            smoothing=float(label_smoothing),
            ignore_index=ignore_index,
            from_logits=from_logits,
            clip=CLIP if from_logits else float(clip),
            reduction=reduction,
            parameters=with_own(
                Parameters(from_logits=from_logits), FLOAT64, temperature, gamma, alpha, q, epsilon, labels_are_logits
            ),
            shift=shift,
            weights_by_place=isinstance(weights, tuple) and weights[-1:] == samples[-1:],
        )
    )
    return with_values(texts, pos_weight=pos_weight, class_weights=class_weights)


def with_values(
    texts: dict[str, str],
    *,
    pos_weight: float | Literal["scalar", "array"] | None,
    class_weights: bool | Sequence[float],
) -> dict[str, str]:
    """The texts with the values of a scalar pos_weight and of class weights, if they are given."""
    if pos_weight is not None and not isinstance(pos_weight, str):
        value = repr(float(pos_weight))
        return {framework: text.replace(POS_WEIGHT, value) for framework, text in texts.items()}
    if not isinstance(class_weights, bool) and len(class_weights) <= MAX_WRITTEN_OUT:
        values = repr([float(weight) for weight in class_weights])
        return {framework: _with_class_weights(_WRITERS[framework], text, values) for framework, text in texts.items()}
    return dict(texts)


def _with_class_weights(writer: type[Writer], text: str, values: str) -> str:
    loss = text if "\n" in text else f"loss = {text}"
    return f"class_weights = {writer.constant.format(values)}\n{loss}"


@lru_cache(maxsize=1024)
def _texts(request: Request) -> dict[str, str]:
    return {name: writer(request).text() for name, writer in _WRITERS.items()}
