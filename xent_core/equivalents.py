"""The call that computes a loss in each framework, with the parameters of one request filled in.

A text is one expression, or lines of which the last assigns `loss`. It stands on these imports and names:

    tensorflow1, tensorflow2  import tensorflow as tf
    keras                     import keras
    pytorch                   import torch, import torch.nn.functional as F
    optax                     import jax, import jax.numpy as jnp, import optax

    logits, labels                      the framework's tensors, in the request's shapes
    weights, pos_weight, class_weights  tensors of the logits' dtype, where the request gives arrays

Labels that are not whole numbers are expected in the logits' dtype. Where the framework has a call of its own that
computes the contract's number, it is that call; else the elements, their weights and the reduction are written out.

Reduction "none" gives the elements, weighted; Keras' sigmoid losses average them over the classes, as `per_sample`
does. Where a denominator is 0, PyTorch and JAX give NaN. Keras computes in float32 unless `keras.config.set_floatx`
says otherwise, `tf.compat.v1.losses` always reduces in float32.

tests/golden/make_equivalents.py runs every kind of text in its framework.
"""

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from xent_core.catalogue import LossType
from xent_core.labels import LabelKind
from xent_core.reduction import Reduction

Shape = tuple[int, ...]


def equivalents(
    loss_type: LossType,
    *,
    logits_shape: Shape,
    labels_shape: Shape,
    labels_dtype: np.dtype[Any],
    label_kind: LabelKind,
    axis: int = -1,
    weights: float | Shape | None = None,
    pos_weight: float | Literal["array"] | None = None,
    class_weights: bool = False,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    from_logits: bool = True,
    reduction: Reduction = "mean",
) -> dict[str, str]:
    """The texts for "tensorflow1", "tensorflow2", "keras", "pytorch" and "optax".

    loss_type and its parameters: what is to be computed, already found to fit each other.
    labels_shape, labels_dtype, label_kind: the labels as the caller has them; the text converts them.
    weights, pos_weight: the value of a scalar, which is written out; for an array its shape, or "array".

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
    softmax = loss_type in ("softmax_cross_entropy", "sparse_softmax_cross_entropy")
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
        _Request(
            loss_type=loss_type,
            rank=rank,
            axis=axis,
            classes=logits_shape[axis] if softmax or rank > 1 else 1,
            labels=labels,
            cast=labels_dtype != np.int64 if labels == "indices" else labels_dtype.kind in "iub",
            boolean=labels_dtype.kind == "b",
            distributions=label_kind in ("one_hot", "distribution", "class_indices"),
            weights=weight_form,
            scale=1.0 if weights is None or isinstance(weights, tuple) else float(weights),
            pos_weight="array" if pos_weight == "array" else None if pos_weight is None else "scalar",
            class_weights=class_weights,
            smoothing=float(label_smoothing),
            ignore_index=ignore_index,
            from_logits=from_logits,
            reduction=reduction,
        )
    )
    if pos_weight is None or pos_weight == "array":
        return dict(texts)
    return {framework: text.replace(_POS_WEIGHT, repr(float(pos_weight))) for framework, text in texts.items()}


_POS_WEIGHT = "<pos_weight>"
"""Stands for a scalar pos_weight: it differs from batch to batch, and the texts are kept."""


LabelForm = Literal["per_logit", "per_sample", "scalar", "indices"]
"""Labels in the logits' shape; for sigmoid losses in the samples' shape or a single one; class indices."""

WeightForm = Literal["per_element", "per_sample", "partial"]
"""Weights in the elements' shape; in the samples' shape where that is another; with dimensions of 1."""


class _Request(NamedTuple):
    """What a text depends on; `axis` counts from 0, and `scale` is a scalar weight."""

    loss_type: LossType
    rank: int
    axis: int
    classes: int
    labels: LabelForm
    cast: bool
    boolean: bool
    distributions: bool
    weights: WeightForm | None
    scale: float
    pos_weight: Literal["scalar", "array"] | None
    class_weights: bool
    smoothing: float
    ignore_index: int | None
    from_logits: bool
    reduction: Reduction

    @property
    def sparse(self) -> bool:
        return self.loss_type == "sparse_softmax_cross_entropy"

    @property
    def softmax(self) -> bool:
        return self.sparse or self.loss_type == "softmax_cross_entropy"

    @property
    def on_last_axis(self) -> bool:
        return self.axis == self.rank - 1

    @property
    def by_index(self) -> bool:
        """Whether the loss looks at one class of each row only."""
        return self.sparse and not self.smoothing

    @property
    def class_weights_inside(self) -> bool:
        """Whether each class's term has its weight; else the class weight of its label multiplies the whole loss."""
        return self.class_weights and not self.by_index

    @property
    def distributions_inside(self) -> bool:
        """Whether the factors of each row's log p sum to 1; TensorFlow's gradient takes it for granted."""
        return self.distributions and not self.class_weights_inside

    @property
    def averages_evenly(self) -> bool:
        """Whether the sum is divided by the number of elements."""
        if self.reduction in ("none", "sum") or self.ignore_index is not None:
            return False
        return self.reduction == "mean" or not (self.weights or self.class_weights)


@lru_cache(maxsize=1024)
def _texts(request: _Request) -> dict[str, str]:
    return {name: writer(request).text() for name, writer in _WRITERS.items()}


class _Writer(ABC):
    """Writes one text: the framework's own call, or elements, weights and reduction in the framework's words."""

    sum: str
    mean: str
    count_nonzero: str
    log: str
    clip: str
    softplus: str
    log_softmax: str
    axis_word = "axis"
    keep_word = "keepdims"

    def __init__(self, request: _Request) -> None:
        self.request = request
        self.lines: dict[str, str] = {}
        self.axis = -1 if request.on_last_axis else request.axis
        self.axis_argument = "" if request.on_last_axis else f", axis={request.axis}"

    def text(self) -> str:
        loss = self.scale() + (self.own_call() or self.composition())
        if not self.lines:
            return loss
        return "\n".join([*(f"{name} = {value}" for name, value in self.lines.items()), f"loss = {loss}"])

    def let(self, name: str, value: str) -> str:
        """Give the value a name, in a line of its own."""
        if value != name:
            self.lines[name] = value
        return name

    # What differs from framework to framework

    def own_call(self) -> str | None:
        """The call for the whole, but for a scalar weight, where the framework has one that agrees."""
        return None

    @abstractmethod
    def index_losses(self) -> str | None:
        """One loss per row of logits, by class indices, where the framework has a call that agrees."""

    @abstractmethod
    def target_losses(self) -> str | None:
        """One loss per row of logits, by labels of their shape, where the framework has a call that agrees."""

    @abstractmethod
    def binary_losses(self) -> str:
        """One loss per logit."""

    @abstractmethod
    def cast(self, value: str) -> str:
        """In the logits' dtype."""

    @abstractmethod
    def cast_indices(self, value: str) -> str:
        """In a dtype for class indices."""

    @abstractmethod
    def fill(self) -> str:
        """The one label, in the logits' shape and dtype."""

    @abstractmethod
    def argmax(self) -> str:
        """The class indices that one-hot labels stand for."""

    @abstractmethod
    def one_hot(self, indices: str) -> str:
        """In the logits' shape and dtype."""

    @abstractmethod
    def zero_unless(self, condition: str, value: str) -> str:
        """The value, and 0 where the condition is false."""

    @abstractmethod
    def broadcast(self, value: str) -> str:
        """In the shape of `losses`."""

    def is_kept(self) -> str:
        """Which labels are not to be ignored."""
        return f"labels != {self.request.ignore_index}"

    def class_weights_at(self, indices: str) -> str:
        return f"class_weights[{indices}]"

    def divide(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def unreduced(self, losses: str) -> str:
        return losses

    def scale(self) -> str:
        """A scalar weight as a factor of the reduced loss."""
        scale = self.request.scale
        cancels = self.request.reduction == "weighted_mean" and scale != 0
        return "" if cancels or scale == 1 else f"{scale} * "

    # Labels

    def labels(self, *, cast: bool = True) -> str:
        """In the logits' shape."""
        match self.request.labels:
            case "indices":
                return self.one_hot(self.indices())
            case "scalar":
                return self.fill()
            case "per_sample":
                labels = f"labels[{self.new_class_axis()}]"
            case _:
                labels = "labels"
        return self.cast(labels) if cast and self.request.cast else labels

    def targets(self) -> str:
        """The labels in the logits' shape, smoothed."""
        labels, smoothing = self.labels(), self.request.smoothing
        if not smoothing:
            return labels
        return f"{labels} * (1 - {smoothing}) + {smoothing} / {self.request.classes if self.request.softmax else 2}"

    def named_targets(self) -> str:
        targets = self.targets()
        return targets if targets == "labels" else self.let("targets", targets)

    def indices(self) -> str:
        """The class indices; in place of a label to be ignored, 0."""
        request = self.request
        if request.labels != "indices":
            return self.argmax()
        indices = self.cast_indices("labels") if request.cast else "labels"
        if request.ignore_index is None:
            return indices
        return self.let("indices", self.zero_unless(self.is_kept(), indices))

    def kept(self) -> str:
        """1 where the label counts, 0 where it is ignored."""
        return self.let("kept", self.cast(self.is_kept()))

    # The class axis

    def new_class_axis(self) -> str:
        """The subscript that gives an array of the samples' shape a class axis."""
        return "..., None" if self.request.on_last_axis else ":, " * self.request.axis + "None"

    def along_classes(self, name: str) -> str:
        behind = self.request.rank - 1 - self.request.axis
        return f"{name}[:{', None' * behind}]" if behind else name

    def over_classes(self, value: str) -> str:
        return f"{self.sum}({value}, {self.axis_word}={self.axis})"

    # Elements

    def elements(self) -> str:
        request = self.request
        if not request.softmax:
            return self.binary_losses()
        losses = self.index_losses() if request.by_index else self.target_losses()
        return losses or self.written_out_losses()

    def written_out_losses(self) -> str:
        terms = f"{self.named_targets()} * {self.log_probabilities()}"
        if self.request.class_weights_inside:
            terms = f"{self.along_classes('class_weights')} * {terms}"
        return f"-{self.over_classes(terms)}"

    def log_probabilities(self) -> str:
        if self.request.from_logits:
            return f"{self.log_softmax}(logits, {self.axis_word}={self.axis})"
        row_sums = f"{self.sum}(logits, {self.axis_word}={self.axis}, {self.keep_word}=True)"
        return f"{self.log}({self.clipped(f'logits / {row_sums}')})"

    def clipped(self, probabilities: str) -> str:
        return f"{self.clip}({probabilities}, 1e-7, 1 - 1e-7)"

    def written_out_binary_losses(self) -> str:
        targets = self.named_targets()
        positive = f"{self.pos_weight()} * {targets}" if self.request.pos_weight else targets
        if self.request.from_logits:
            losses = f"{positive} * {self.softplus}(-logits) + (1 - {targets}) * {self.softplus}(logits)"
        else:
            probabilities = self.let("probabilities", self.clipped("logits"))
            losses = f"-{positive} * {self.log}({probabilities}) - (1 - {targets}) * {self.log}(1 - {probabilities})"
        return self.let("losses", losses)

    def pos_weight(self) -> str:
        return self.along_classes("pos_weight") if self.request.pos_weight == "array" else _POS_WEIGHT

    # Weights and reduction

    def weights(self) -> list[str]:
        """The weights, so that they broadcast onto the elements, if there are any."""
        match self.request.weights:
            case None:
                return []
            case "per_sample":
                return [f"weights[{self.new_class_axis()}]"]
            case _:
                return ["weights"]

    def mask(self) -> list[str]:
        return [] if self.request.ignore_index is None else [self.kept()]

    def label_weights(self) -> str:
        """Σ_c w_c · y_c"""
        if self.request.sparse:
            return self.class_weights_at(self.indices())
        return self.over_classes(f"{self.along_classes('class_weights')} * {self.labels()}")

    def loss_weights(self) -> list[str]:
        """The factors of each element."""
        outside = self.request.class_weights and not self.request.class_weights_inside
        return [*self.mask(), *self.weights(), *([self.label_weights()] if outside else [])]

    def counted_weights(self) -> list[str]:
        """The factors of what the denominators of weighted_mean and mean_by_nonzero_weights add up and count."""
        return [*self.mask(), *self.weights(), *([self.label_weights()] if self.request.class_weights else [])]

    def composition(self) -> str:
        request = self.request
        losses, factors = self.elements(), self.loss_weights()
        weighted = " * ".join([*factors, losses])
        if request.reduction == "none":
            return self.unreduced(weighted)
        if request.averages_evenly:
            return f"{self.mean}({weighted})"
        if request.reduction == "sum":
            return f"{self.sum}({weighted})"
        if request.reduction == "mean":
            return self.divide(f"{self.sum}({weighted})", f"{self.sum}({self.kept()})")
        counted = self.counted_weights()
        if len(counted) == 1 and request.weights in ("per_sample", "partial"):
            losses = self.let("losses", losses)
            total = self.total(self.broadcast(*counted))
        elif len(counted) > 1 and counted == factors:
            factors = [self.let("element_weights", " * ".join(counted))]
            total = self.total("element_weights")
        else:
            total = self.total(" * ".join(counted))
        return self.divide(f"{self.sum}({' * '.join([*factors, losses])})", total)

    def total(self, weights: str) -> str:
        return f"{self.sum if self.request.reduction == 'weighted_mean' else self.count_nonzero}({weights})"


class _TensorFlow2(_Writer):
    sum = "tf.reduce_sum"
    mean = "tf.reduce_mean"
    log = "tf.math.log"
    clip = "tf.clip_by_value"
    softplus = "tf.nn.softplus"
    softmax_loss = "tf.nn.softmax_cross_entropy_with_logits"
    log_softmax = "tf.nn.log_softmax"

    def index_losses(self) -> str | None:
        if not self.request.from_logits:
            return None
        return f"tf.nn.sparse_softmax_cross_entropy_with_logits(labels={self.indices()}, logits={self.rows()})"

    def rows(self) -> str:
        """The logits with their classes on the last axis, the only one that the calls for class indices know."""
        request = self.request
        if request.on_last_axis:
            return "logits"
        order = [axis for axis in range(request.rank) if axis != request.axis]
        return f"tf.transpose(logits, {[*order, request.axis]})"

    def target_losses(self) -> str | None:
        if not self.request.from_logits or not self.request.distributions_inside:
            return None
        return f"{self.softmax_loss}(labels={self.targets()}, logits=logits{self.axis_argument})"

    def binary_losses(self) -> str:
        if not self.request.from_logits:
            return self.written_out_binary_losses()
        if self.request.pos_weight:
            return (
                f"tf.nn.weighted_cross_entropy_with_logits("
                f"labels={self.targets()}, logits=logits, pos_weight={self.pos_weight()})"
            )
        return f"tf.nn.sigmoid_cross_entropy_with_logits(labels={self.targets()}, logits=logits)"

    def cast(self, value: str) -> str:
        return f"tf.cast({value}, logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f"tf.cast({value}, tf.int64)"

    def fill(self) -> str:
        return f"tf.fill(tf.shape(logits), {self.cast('labels')})"

    def argmax(self) -> str:
        return f"tf.argmax(labels, axis={self.axis})"

    def one_hot(self, indices: str) -> str:
        return f"tf.one_hot({indices}, {self.request.classes}{self.axis_argument}, dtype=logits.dtype)"

    def is_kept(self) -> str:
        return f"tf.not_equal(labels, {self.request.ignore_index})"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"tf.where({condition}, {value}, tf.zeros_like({value}))"

    def class_weights_at(self, indices: str) -> str:
        return f"tf.gather(class_weights, {indices})"

    def broadcast(self, value: str) -> str:
        return f"tf.broadcast_to({value}, tf.shape(losses))"

    def total(self, weights: str) -> str:
        if self.request.reduction == "weighted_mean":
            return f"tf.reduce_sum({weights})"
        return f"tf.math.count_nonzero({weights}, dtype=logits.dtype)"

    def divide(self, above: str, below: str) -> str:
        return f"tf.math.divide_no_nan({above}, {below})"


class _TensorFlow1(_TensorFlow2):
    softmax_loss = "tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2"  # the first fails where an axis is given
    reductions: ClassVar[dict[Reduction, str]] = {
        "none": "NONE",
        "sum": "SUM",
        "mean": "SUM_OVER_BATCH_SIZE",
        "weighted_mean": "MEAN",
        "mean_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
    }

    def composition(self) -> str:
        request = self.request
        factors = self.loss_weights()
        if request.scale != 1 and self.takes_scale():
            factors = [f"{request.scale}"]
        weights = f", weights={' * '.join(factors)}" if factors else ""
        reduction = self.reductions[request.reduction]
        below = None
        if request.reduction == "mean" and request.ignore_index is not None:
            reduction = "SUM_BY_NONZERO_WEIGHTS"
            if len(factors) > 1 or request.class_weights:
                below = f"{self.sum}({self.kept()})"
        elif request.reduction in ("weighted_mean", "mean_by_nonzero_weights") and request.class_weights_inside:
            below = self.total(" * ".join(self.counted_weights()))
        if below:
            reduction = "SUM"
        loss = f"{self.losses_call()}{weights}, reduction=tf.compat.v1.losses.Reduction.{reduction})"
        return self.divide(loss, below) if below else loss

    def scale(self) -> str:
        return "" if self.takes_scale() else super().scale()

    def takes_scale(self) -> bool:
        """Whether a scalar weight is the only factor, so that it goes into the call."""
        return not self.request.class_weights and self.request.ignore_index is None

    def losses_call(self) -> str:
        """The call of tf.compat.v1.losses, left open for weights and reduction."""
        request = self.request
        smoothing = f", label_smoothing={request.smoothing}" if request.smoothing else ""
        if request.from_logits:
            if request.by_index:
                return f"tf.compat.v1.losses.sparse_softmax_cross_entropy({self.indices()}, {self.rows()}"
            if not request.softmax and not request.pos_weight:
                return f"tf.compat.v1.losses.sigmoid_cross_entropy({self.labels(cast=False)}, logits{smoothing}"
            if request.softmax and request.on_last_axis and request.distributions_inside:
                return f"tf.compat.v1.losses.softmax_cross_entropy({self.labels(cast=False)}, logits{smoothing}"
        return f"tf.compat.v1.losses.compute_weighted_loss({self.elements()}"


class _Keras(_Writer):
    sum = "keras.ops.sum"
    mean = "keras.ops.mean"
    count_nonzero = "keras.ops.count_nonzero"
    log = "keras.ops.log"
    clip = "keras.ops.clip"
    softplus = "keras.ops.softplus"
    log_softmax = "keras.ops.log_softmax"

    def own_call(self) -> str | None:
        request = self.request
        if request.class_weights_inside or request.pos_weight:
            return None
        call = self.own_softmax_call() if request.softmax else self.own_sigmoid_call()
        if call is None:
            return None
        loss, arguments = call
        reduction = {"none": "none", "sum": "sum", "weighted_mean": "mean_with_sample_weight"}.get(
            "mean" if request.averages_evenly else request.reduction, "sum_over_batch_size"
        )
        weights = ["weights"] if request.weights else []
        if request.class_weights:
            weights.append(self.label_weights())
        sample_weight = f", sample_weight={' * '.join(weights)}" if weights else ""
        return f'keras.losses.{loss}, reduction="{reduction}")({arguments}{sample_weight})'

    def own_softmax_call(self) -> tuple[str, str] | None:
        """A loss, left open for its reduction, and what it is called with."""
        request = self.request
        ignores = request.ignore_index is not None
        if request.reduction == "mean_by_nonzero_weights" and (request.weights or request.class_weights):
            return None
        if request.reduction == "weighted_mean" and request.weights == "partial" and not request.class_weights:
            return None
        if request.reduction == "weighted_mean" and request.class_weights and request.rank == 1:
            return None  # a single loss is not divided by its weight
        if request.by_index and request.from_logits:
            if not ignores:
                return "SparseCategoricalCrossentropy(from_logits=True", f"{self.indices()}, {self.rows()}"
            if request.class_weights:
                return None
            loss = f"SparseCategoricalCrossentropy(from_logits=True, ignore_class={request.ignore_index}"
            return loss, f"labels, {self.rows()}"
        if ignores or (request.from_logits and not request.distributions):
            return None
        loss = f"CategoricalCrossentropy(from_logits={request.from_logits}{self.axis_argument}"
        if request.smoothing and request.on_last_axis:
            return f"{loss}, label_smoothing={request.smoothing}", f"{self.labels(cast=False)}, logits"
        return loss, f"{self.targets()}, logits"

    def own_sigmoid_call(self) -> tuple[str, str] | None:
        """Keras averages over the classes first, so that weights are one for each sample, and sums are not sums."""
        request = self.request
        smoothing = f", label_smoothing={request.smoothing}" if request.smoothing else ""
        loss = f"BinaryCrossentropy(from_logits={request.from_logits}{self.axis_argument}{smoothing}"
        labels = self.labels(cast=False)
        if request.weights == "partial" or (request.weights and request.reduction == "mean_by_nonzero_weights"):
            return None
        if request.rank > 1:
            fits = request.weights in (None, "per_sample") and (request.reduction != "sum" or request.classes == 1)
            return (loss, f"{labels}, logits") if fits else None
        if request.averages_evenly and not request.weights:
            return loss, f"{labels}, logits"
        return loss, f"{labels}[:, None], logits[:, None]"

    def index_losses(self) -> str | None:
        if not self.request.from_logits:
            return None
        return f"keras.losses.sparse_categorical_crossentropy({self.indices()}, {self.rows()}, from_logits=True)"

    def rows(self) -> str:
        """The logits with their classes on the last axis, the only one that the calls for class indices know."""
        return "logits" if self.request.on_last_axis else f"keras.ops.moveaxis(logits, {self.axis}, -1)"

    def target_losses(self) -> str | None:
        if not self.request.from_logits or not self.request.distributions_inside:
            return None
        targets = self.targets()
        return f"keras.losses.categorical_crossentropy({targets}, logits, from_logits=True{self.axis_argument})"

    def binary_losses(self) -> str:
        if self.request.pos_weight:
            return self.written_out_binary_losses()
        return f"keras.ops.binary_crossentropy({self.targets()}, logits, from_logits={self.request.from_logits})"

    def unreduced(self, losses: str) -> str:
        if self.request.softmax or self.request.rank == 1:
            return losses
        return f"{self.mean}({losses}, axis={self.axis})"

    def cast(self, value: str) -> str:
        return f"keras.ops.cast({value}, logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f'keras.ops.cast({value}, "int64")'

    def fill(self) -> str:
        return "keras.ops.full_like(logits, labels)"

    def argmax(self) -> str:
        return f"keras.ops.argmax(labels, axis={self.axis})"

    def one_hot(self, indices: str) -> str:
        return f"keras.ops.one_hot({indices}, {self.request.classes}{self.axis_argument}, dtype=logits.dtype)"

    def is_kept(self) -> str:
        return f"keras.ops.not_equal(labels, {self.request.ignore_index})"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"keras.ops.where({condition}, {value}, 0)"

    def class_weights_at(self, indices: str) -> str:
        return f"keras.ops.take(class_weights, {indices})"

    def broadcast(self, value: str) -> str:
        return f"keras.ops.broadcast_to({value}, keras.ops.shape(losses))"

    def divide(self, above: str, below: str) -> str:
        return f"keras.ops.divide_no_nan({above}, {below})"


class _PyTorch(_Writer):
    sum = "torch.sum"
    mean = "torch.mean"
    count_nonzero = "torch.count_nonzero"
    log = "torch.log"
    clip = "torch.clamp"
    softplus = "F.softplus"
    log_softmax = "F.log_softmax"
    axis_word = "dim"
    keep_word = "keepdim"

    def own_call(self) -> str | None:
        request = self.request
        if not request.softmax:
            return self.own_sigmoid_call()
        if request.weights or not self.has_row_loss():
            return None
        if request.reduction in ("none", "sum"):
            return self.row_loss(request.reduction)
        if not request.class_weights:
            return self.row_loss("mean")
        divides_by = "weighted_mean" if request.sparse else "mean"
        return self.row_loss("mean") if request.reduction == divides_by else None

    def has_row_loss(self) -> bool:
        """Whether a PyTorch function takes the labels and all parameters but the weights."""
        return self.request.from_logits or self.request.by_index

    def row_loss(self, reduction: str) -> str:
        request = self.request
        if request.sparse and request.ignore_index is not None:
            labels = self.cast_indices("labels") if request.cast else "labels"
        else:
            labels = self.indices() if request.sparse else self.classes_second(self.labels())
        parameters = ", weight=class_weights" if request.class_weights else ""
        if request.ignore_index is not None:
            parameters += f", ignore_index={request.ignore_index}"
        if request.smoothing:
            parameters += f", label_smoothing={request.smoothing}"
        if request.from_logits:
            call = f"cross_entropy({self.classes_second('logits')}"
        else:
            probabilities = self.classes_second(self.let("log_probabilities", self.log_probabilities()))
            call = f"nll_loss({probabilities}{'.contiguous()' if 'movedim' in probabilities else ''}"
        return f'F.{call}, {labels}{parameters}, reduction="{reduction}")'

    def classes_second(self, scores: str) -> str:
        """With the classes on PyTorch's axis for them, the second or the only one."""
        request = self.request
        return scores if request.axis == min(1, request.rank - 1) else f"{scores}.movedim({self.axis}, 1)"

    def own_sigmoid_call(self) -> str | None:
        request = self.request
        if request.pos_weight and not request.from_logits:
            return None
        if not (request.averages_evenly or request.reduction in ("none", "sum")):
            return None
        weights = "".join(f", weight={weights}" for weights in self.weights())
        return self.binary_loss(weights, "mean" if request.averages_evenly else request.reduction)

    def binary_loss(self, weights: str, reduction: str) -> str:
        request = self.request
        if not request.from_logits:
            arguments = f"{self.clipped('logits')}, {self.targets()}{weights}"
            return f'F.binary_cross_entropy({arguments}, reduction="{reduction}")'
        arguments = f"logits, {self.targets()}{weights}"
        if request.pos_weight:
            array = request.pos_weight == "array"
            arguments += f", pos_weight={self.pos_weight() if array else f'logits.new_tensor({self.pos_weight()})'}"
        return f'F.binary_cross_entropy_with_logits({arguments}, reduction="{reduction}")'

    def loss_weights(self) -> list[str]:
        return self.weights() if self.request.softmax and self.has_row_loss() else super().loss_weights()

    def index_losses(self) -> str:
        return self.row_loss("none")

    def target_losses(self) -> str | None:
        return self.row_loss("none") if self.request.from_logits else None

    def binary_losses(self) -> str:
        if self.request.pos_weight and not self.request.from_logits:
            return self.written_out_binary_losses()
        return self.binary_loss("", "none")

    def cast(self, value: str) -> str:
        return f"({value}).to(logits.dtype)" if " " in value else f"{value}.to(logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f"{value}.long()"

    def fill(self) -> str:
        return "torch.full_like(logits, labels)"

    def argmax(self) -> str:
        return f"torch.argmax({self.cast('labels') if self.request.boolean else 'labels'}, dim={self.axis})"

    def one_hot(self, indices: str) -> str:
        one_hot = f"F.one_hot({indices}, {self.request.classes}).to(logits.dtype)"
        return one_hot if self.request.on_last_axis else f"{one_hot}.movedim(-1, {self.axis})"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"torch.where({condition}, {value}, 0)"

    def broadcast(self, value: str) -> str:
        return f"{value}.expand_as(losses)"


class _Optax(_Writer):
    sum = "jnp.sum"
    mean = "jnp.mean"
    count_nonzero = "jnp.count_nonzero"
    log = "jnp.log"
    clip = "jnp.clip"
    softplus = "jax.nn.softplus"
    log_softmax = "jax.nn.log_softmax"

    def index_losses(self) -> str | None:
        if not self.request.from_logits:
            return None
        indices = self.indices()
        return f"optax.softmax_cross_entropy_with_integer_labels(logits, {indices}{self.axis_argument})"

    def target_losses(self) -> str | None:
        if not self.request.from_logits or self.request.class_weights_inside:
            return None
        return f"optax.softmax_cross_entropy(logits, {self.targets()}{self.axis_argument})"

    def binary_losses(self) -> str:
        if self.request.pos_weight or not self.request.from_logits:
            return self.written_out_binary_losses()
        return f"optax.sigmoid_binary_cross_entropy(logits, {self.targets()})"

    def cast(self, value: str) -> str:
        return f"({value}).astype(logits.dtype)" if " " in value else f"{value}.astype(logits.dtype)"

    def cast_indices(self, value: str) -> str:
        return f"{value}.astype(int)"

    def fill(self) -> str:
        return "jnp.full_like(logits, labels)"

    def argmax(self) -> str:
        return f"jnp.argmax(labels, axis={self.axis})"

    def one_hot(self, indices: str) -> str:
        return f"jax.nn.one_hot({indices}, {self.request.classes}{self.axis_argument}, dtype=logits.dtype)"

    def zero_unless(self, condition: str, value: str) -> str:
        return f"jnp.where({condition}, {value}, 0)"

    def broadcast(self, value: str) -> str:
        return f"jnp.broadcast_to({value}, losses.shape)"


_WRITERS: dict[str, type[_Writer]] = {
    "tensorflow1": _TensorFlow1,
    "tensorflow2": _TensorFlow2,
    "keras": _Keras,
    "pytorch": _PyTorch,
    "optax": _Optax,
}


_TENSORFLOW_SAMPLED_SOFTMAX = """\
sampled_values = (candidates, true_expected_count, sampled_expected_count)
losses = tf.nn.sampled_softmax_loss(
    weights,
    biases,
    labels,
    inputs,
    num_sampled=candidates.shape[0],
    num_classes=weights.shape[0],
    num_true=labels.shape[1],
    sampled_values=sampled_values,
)
loss = tf.reduce_mean(losses)"""

SAMPLED_SOFTMAX = {
    "tensorflow1": _TENSORFLOW_SAMPLED_SOFTMAX,
    "tensorflow2": _TENSORFLOW_SAMPLED_SOFTMAX,
    "keras": """\
true_logits = keras.ops.sum(inputs[:, None] * keras.ops.take(weights, labels, axis=0), axis=-1)
true_logits += keras.ops.take(biases, labels) - keras.ops.log(true_expected_count)
sampled_logits = keras.ops.matmul(inputs, keras.ops.transpose(keras.ops.take(weights, candidates, axis=0)))
sampled_logits += keras.ops.take(biases, candidates) - keras.ops.log(sampled_expected_count)
hits = keras.ops.any(keras.ops.equal(labels[:, :, None], candidates), axis=1)
logits = keras.ops.concatenate([true_logits, keras.ops.where(hits, -float("inf"), sampled_logits)], axis=1)
loss = -keras.ops.mean(keras.ops.log_softmax(logits)[:, : labels.shape[1]])""",
    "pytorch": """\
true_logits = torch.sum(inputs[:, None] * weights[labels], dim=-1)
true_logits += biases[labels] - torch.log(true_expected_count)
sampled_logits = inputs @ weights[candidates].T
sampled_logits += biases[candidates] - torch.log(sampled_expected_count)
hits = torch.any(labels[:, :, None] == candidates, dim=1)
logits = torch.cat([true_logits, sampled_logits.masked_fill(hits, -float("inf"))], dim=1)
loss = -torch.mean(F.log_softmax(logits, dim=1)[:, : labels.shape[1]])""",
    "optax": """\
true_logits = jnp.sum(inputs[:, None] * weights[labels], axis=-1)
true_logits += biases[labels] - jnp.log(true_expected_count)
sampled_logits = inputs @ weights[candidates].T
sampled_logits += biases[candidates] - jnp.log(sampled_expected_count)
hits = jnp.any(labels[:, :, None] == candidates, axis=1)
logits = jnp.concatenate([true_logits, jnp.where(hits, -jnp.inf, sampled_logits)], axis=1)
loss = -jnp.mean(jax.nn.log_softmax(logits)[:, : labels.shape[1]])""",
}
"""The sampled softmax loss, averaged over the samples, for given sampled values; labels are [B, T].

Besides the names of `equivalents`, these stand for tensors: `inputs` [B, d], `weights` [C, d], `biases` [C],
`candidates` [S], `true_expected_count` [B, T] and `sampled_expected_count` [S]. Without `sampled_values` TensorFlow
draws them itself, by its log-uniform sampler.
"""
