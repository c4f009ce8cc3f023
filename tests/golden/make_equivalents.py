"""Makes equivalents.jsonl: runs what xent_core.equivalents writes, each text in its framework.

    python3.11 -m venv .venv-golden
    .venv-golden/bin/pip install -r tests/golden/requirements.txt
    PYTHONPATH=. .venv-golden/bin/python tests/golden/make_equivalents.py    # some minutes

Every text is run on float64 and on float32 tensors, TensorFlow 1's both eagerly and in a graph of
tensorflow.compat.v1, and its number and its gradient by the framework's autodiff are compared with
xent_core.evaluate's. Any difference above the tolerance ends the run.

The first line of equivalents.jsonl says with which versions and how far off the worst text of each framework was, the
others hold the parameters of xent_core.equivalents and the five texts; where several batches have the same texts, the
first. tests/test_equivalents.py reads it.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import chain, product
from pathlib import Path
from typing import Any

import frameworks  # noqa: F401 - sets the frameworks up
import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody imports it
from numpy.typing import NDArray

import xent_core
from xent_core.equivalents import SAMPLED_SOFTMAX_TEXTS, equivalents
from xent_core.results import REDUCTIONS

HERE = Path(__file__).parent
PACKAGES = ("jax", "keras", "numpy", "optax", "tensorflow", "torch")
TOLERANCES = {"float64": 1e-12, "float32": 2e-5}
REDUCED_IN_FLOAT32 = 1e-6
"""The tolerance for TensorFlow 1: tf.compat.v1.losses casts every loss to float32."""

Array = NDArray[Any]
Shape = tuple[int, ...]
Options = dict[str, Any]

SIGMOID = "sigmoid_cross_entropy"
WEIGHTED = "weighted_cross_entropy"
SOFTMAX = "softmax_cross_entropy"
SPARSE = "sparse_softmax_cross_entropy"
FOCAL = "sigmoid_focal_cross_entropy"
SOFTMAX_FOCAL = "softmax_focal_cross_entropy"
SPARSE_FOCAL = "sparse_softmax_focal_cross_entropy"
GENERALIZED = "generalized_cross_entropy"
POLY = "poly_cross_entropy"
DIVERGENCE = "kl_divergence"


@dataclass(frozen=True)
class Case:
    """A batch, and the options of xent_core.evaluate; `kind` is that of the labels. `differentiable`: whether autodiff
    gives a gradient, which it does not of 0 · log 0.
    """

    loss_type: str
    kind: str
    logits: Array
    labels: Array
    options: Options = field(default_factory=dict)
    differentiable: bool = True

    def parameters(self) -> Options:
        """What xent_core.equivalents is asked."""
        return {
            "loss_type": self.loss_type,
            "logits_shape": self.logits.shape,
            "labels_shape": self.labels.shape,
            "labels_dtype": self.labels.dtype.name,
            "label_kind": self.kind,
        } | {name: _parameter(name, value) for name, value in self.options.items()}

    def expected(self, dtype: str) -> tuple[Array, Array]:
        """The reduced loss, or the elements, and the gradient."""
        loss_type = SOFTMAX if self.kind == "one_hot" and self.loss_type == SPARSE else self.loss_type
        options = {"loss_type": loss_type, **self.options}
        include = ["elements", "gradient"]
        result = xent_core.evaluate(self.logits.astype(dtype), self._labels(dtype), include=include, **options)
        value = result.elements if result.reduced is None else np.array(result.reduced.value)
        return value, result.gradient

    def arrays(self, dtype: str) -> dict[str, Array]:
        given = {name: value.astype(dtype) for name, value in self.options.items() if isinstance(value, np.ndarray)}
        return {"logits": self.logits.astype(dtype), "labels": self._labels(dtype)} | given

    def _labels(self, dtype: str) -> Array:
        return self.labels.astype(dtype) if self.labels.dtype.kind == "f" else self.labels


def _parameter(name: str, value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return {"weights": value.shape, "pos_weight": "array", "class_weights": True}[name]


# Running a text


def run(text: str, names: dict[str, Any]) -> Any:
    code = text if "loss = " in text else f"loss = {text}"
    exec(code, names)  # noqa: S102 - xent_core.equivalents wrote it
    return names["loss"]


def run_tensorflow(text: str, arrays: dict[str, Array], variable: str) -> tuple[Array, Array]:
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors[variable])
        loss = run(text, {"tf": tf, "keras": keras} | tensors)
        total = tf.reduce_sum(loss)
    return loss.numpy(), tape.gradient(total, tensors[variable]).numpy()


def run_tensorflow_graph(text: str, arrays: dict[str, Array], variable: str) -> tuple[Array, Array]:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tensors = {name: tf.constant(array) for name, array in arrays.items()}
        loss = run(text, {"tf": tf.compat.v1} | tensors)
        return session.run((loss, tf.gradients(tf.reduce_sum(loss), tensors[variable])[0]))


def run_keras(text: str, arrays: dict[str, Array], variable: str) -> tuple[Array, Array]:
    keras.config.set_floatx(arrays[variable].dtype.name)
    return run_tensorflow(text, arrays, variable)


def run_pytorch(text: str, arrays: dict[str, Array], variable: str) -> tuple[Array, Array]:
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    tensors[variable].requires_grad_()
    loss = run(text, {"torch": torch, "F": F} | tensors)
    loss.sum().backward()
    return loss.detach().numpy(), tensors[variable].grad.numpy()


def run_optax(text: str, arrays: dict[str, Array], variable: str) -> tuple[Array, Array]:
    tensors = {name: jnp.asarray(array) for name, array in arrays.items()}

    def loss(value: jax.Array) -> jax.Array:
        return run(text, {"jax": jax, "jnp": jnp, "optax": optax} | tensors | {variable: value})

    gradient = jax.grad(lambda value: loss(value).sum())(tensors[variable])
    return np.asarray(loss(tensors[variable])), np.asarray(gradient)


Runner = Callable[[str, dict[str, Array], str], tuple[Array, Array]]
RUNNERS: dict[str, tuple[Runner, ...]] = {
    "tensorflow1": (run_tensorflow, run_tensorflow_graph),
    "tensorflow2": (run_tensorflow,),
    "keras": (run_keras,),
    "pytorch": (run_pytorch,),
    "optax": (run_optax,),
}


class Verifier:
    def __init__(self) -> None:
        self.worst: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def verify(self, case: Case) -> dict[str, str]:
        """The texts, all of which have been run. Raises AssertionError where one of them is wrong."""
        parameters = case.parameters()
        texts = equivalents(**parameters | {"labels_dtype": case.labels.dtype})
        for dtype in TOLERANCES:
            right = case.expected(dtype)
            for framework, text in texts.items():
                averaged = framework == "keras" and case.loss_type in (SIGMOID, WEIGHTED, FOCAL)
                expected = per_sample(case, *right) if averaged else right
                expected = expected if case.differentiable else expected[:1]
                self.compare(framework, text, case.arrays(dtype), "logits", expected, str(parameters))
        return texts

    def verify_sampled_softmax(self) -> None:
        for dtype in TOLERANCES:
            arrays = sampled_batch(dtype)
            expected = sampled_softmax(**arrays)
            for framework, text in SAMPLED_SOFTMAX_TEXTS.items():
                self.compare(framework, text, arrays, "inputs", expected, "sampled softmax")

    def compare(
        self,
        framework: str,
        text: str,
        arrays: dict[str, Array],
        variable: str,
        right: tuple[Array, ...],
        about: str,
    ) -> None:
        dtype = arrays[variable].dtype.name
        tolerance = TOLERANCES[dtype]
        if framework == "tensorflow1":
            tolerance = max(tolerance, REDUCED_IN_FLOAT32)
        for runner in RUNNERS[framework]:
            try:
                found = runner(text, arrays, variable)
            except Exception as error:
                raise AssertionError(f"{about}: {framework} refuses\n{text}") from error
            for output, actual, expected in zip(("loss", "gradient"), found, right, strict=False):
                about_it = f"{about}: {framework}'s {output} in {dtype} of\n{text}\n"
                assert actual.dtype == dtype, f"{about_it}is {actual.dtype}"
                assert actual.shape == expected.shape, f"{about_it}is {actual.shape}, not {expected.shape}"
                off = float(np.abs(actual - expected).max() / (np.abs(expected).max() or 1))
                assert off <= tolerance, f"{about_it}is off by {off}: {actual}, not {expected}"
                self.worst[framework][dtype] = max(self.worst[framework][dtype], off)


def per_sample(case: Case, loss: Array, gradient: Array) -> tuple[Array, Array]:
    """Keras' sigmoid losses, where they are not reduced, are averaged over the classes."""
    if loss.ndim < 2:
        return loss, gradient
    axis = case.options.get("axis", -1)
    return loss.mean(axis), gradient / loss.shape[axis]


def sampled_batch(dtype: str) -> dict[str, Array]:
    """Two true classes for each of four samples; some of the five candidates are among them."""
    rng = np.random.default_rng(7)
    floats = {
        "inputs": rng.standard_normal((4, 3)),
        "weights": rng.standard_normal((9, 3)),
        "biases": rng.standard_normal(9),
        "true_expected_count": rng.uniform(0.1, 2, (4, 2)),
        "sampled_expected_count": rng.uniform(0.1, 2, 5),
    }
    labels = np.array([[0, 3], [1, 2], [8, 4], [5, 0]])
    return {name: array.astype(dtype) for name, array in floats.items()} | {
        "labels": labels,
        "candidates": np.array([3, 0, 7, 8, 6]),
    }


def sampled_softmax(
    inputs: Array,
    weights: Array,
    biases: Array,
    true_expected_count: Array,
    sampled_expected_count: Array,
    labels: Array,
    candidates: Array,
) -> tuple[Array, Array]:
    """The mean loss and its gradient by the inputs, row by row in float64."""
    total, gradient = 0.0, np.zeros(inputs.shape)
    for row, (x, true) in enumerate(zip(inputs.astype(np.float64), labels, strict=True)):
        no_hit = ~np.isin(candidates, true)
        classes = np.concatenate([true, candidates[no_hit]])
        counts = np.concatenate([true_expected_count[row], sampled_expected_count[no_hit]])
        logits = weights[classes] @ x + biases[classes] - np.log(counts.astype(np.float64))
        p = np.exp(logits) / np.exp(logits).sum()
        y = np.where(np.arange(len(p)) < len(true), 1 / len(true), 0)
        total -= y @ np.log(p) / len(inputs)
        gradient[row] = (p - y) @ weights[classes] / len(inputs)
    return np.array(total), gradient


# Batches


def draw(kind: str, shape: Shape, axis: int = -1, dtype: str | None = None, *, probabilities: bool = False) -> Any:
    """Logits, and labels of this kind; the same arguments always draw the same numbers."""
    rng = np.random.default_rng(zlib.crc32(f"{kind} {shape} {axis}".encode()))
    logits = 3 * rng.standard_normal(shape)
    indices = np.asarray(rng.integers(shape[axis], size=np.delete(shape, axis)))
    if probabilities:
        logits = 1 / (1 + np.exp(-logits))
        logits.flat[::7] *= 1e-9  # so that some are clipped
    if kind == "class_indices":
        labels = indices
    elif kind == "one_hot":
        labels = np.moveaxis(np.eye(shape[axis])[indices], -1, axis)
    elif kind == "distribution":
        labels = rng.exponential(size=shape)
        labels /= labels.sum(axis, keepdims=True)
    elif kind in ("binary", "multi_hot"):
        labels = rng.integers(2, size=shape).astype(float)
    else:
        labels = rng.random(shape)
    return logits, labels if dtype is None else labels.astype(dtype)


def weights_of(shape: Shape) -> Array:
    return np.resize([2.0, 0.5, 0.0, 1.25, 3.0], shape)


def class_weights_of(classes: int) -> Array:
    return np.resize([0.5, 0.0, 2.0, 1.25, 3.0], classes)


def given(**options: Any) -> Options:
    """The options that are not None."""
    return {name: value for name, value in options.items() if value is not None}


# Cases

SOFTMAX_KINDS = {"class_indices": SPARSE, "one_hot": SPARSE, "distribution": SOFTMAX}
SOFTMAX_FORMS = (
    ((5,), -1),
    ((4, 3), 0),
    ((2, 3, 4), -1),
    ((2, 3, 4), 1),
    ((2, 3, 4, 2), 2),
)


def softmax_parameters() -> Iterator[Case]:
    for kind, from_logits, smoothing, class_weights, weights, reduction in product(
        SOFTMAX_KINDS, (None, False), (None, 0.1), (None, class_weights_of(3)), (None, weights_of((4,))), REDUCTIONS
    ):
        options = given(
            from_logits=from_logits,
            label_smoothing=smoothing,
            class_weights=class_weights,
            weights=weights,
            reduction=reduction,
        )
        batch = draw(kind, (4, 3), probabilities=from_logits is False)
        yield Case(SOFTMAX_KINDS[kind], kind, *batch, options)


def ignored_labels() -> Iterator[Case]:
    for from_logits, smoothing, class_weights, weights, reduction in product(
        (None, False), (None, 0.1), (None, class_weights_of(3)), (None, 2.3, weights_of((6,))), REDUCTIONS
    ):
        if isinstance(weights, float) and (smoothing or class_weights is not None):
            continue
        ignore_index = 1 if smoothing else -100
        logits, labels = draw("class_indices", (6, 3), probabilities=from_logits is False)
        labels[::3] = ignore_index
        options = given(
            ignore_index=ignore_index,
            from_logits=from_logits,
            label_smoothing=smoothing,
            class_weights=class_weights,
            weights=weights,
            reduction=reduction,
        )
        yield Case(SPARSE, "class_indices", logits, labels, options)


def softmax_forms() -> Iterator[Case]:
    for (shape, axis), kind in product(SOFTMAX_FORMS, SOFTMAX_KINDS):
        samples = tuple(np.delete(shape, axis))
        class_weights = class_weights_of(shape[axis])
        for options in (
            {},
            {"label_smoothing": 0.1},
            {"class_weights": class_weights, "reduction": "none"},
            {"class_weights": class_weights, "label_smoothing": 0.2, "reduction": "weighted_mean"},
            {"from_logits": False, "reduction": "sum"},
        ):
            batch = draw(kind, shape, axis, probabilities="from_logits" in options)
            yield Case(SOFTMAX_KINDS[kind], kind, *batch, {"axis": axis, **options})
        if samples:
            options = {"axis": axis, "weights": weights_of(samples), "reduction": "mean_by_nonzero_weights"}
            yield Case(SOFTMAX_KINDS[kind], kind, *draw(kind, shape, axis), options)
            if kind == "class_indices":
                logits, labels = draw(kind, shape, axis)
                labels.flat[0] = 255
                yield Case(SPARSE, kind, logits, labels, {"axis": axis, "ignore_index": 255})
                yield Case(SPARSE, kind, logits, labels, {"ignore_index": 255, "label_smoothing": 0.1, **options})


def single_rows() -> Iterator[Case]:
    for kind, from_logits, smoothing, reduction in product(
        SOFTMAX_KINDS, (None, False), (None, 0.1), ("weighted_mean", "mean_by_nonzero_weights")
    ):
        options = given(
            class_weights=np.array([0.5, 2.0, 1.25, 3.0, 0.75]),
            from_logits=from_logits,
            label_smoothing=smoothing,
            reduction=reduction,
        )
        yield Case(SOFTMAX_KINDS[kind], kind, *draw(kind, (5,), probabilities=from_logits is False), options)


def softmax_weights() -> Iterator[Case]:
    for kind, shape, class_weights, reduction in product(
        ("class_indices", "distribution"), ((2, 3), (2, 1)), (None, class_weights_of(4)), REDUCTIONS
    ):
        options = given(weights=weights_of(shape), class_weights=class_weights, reduction=reduction)
        yield Case(SOFTMAX_KINDS[kind], kind, *draw(kind, (2, 3, 4)), options)
    for kind, weight, class_weights, reduction in product(
        ("class_indices", "distribution"), (2.3, 0.0, 1.0), (None, class_weights_of(3)), REDUCTIONS
    ):
        if weight != 0 or reduction not in ("weighted_mean", "mean_by_nonzero_weights") or class_weights is None:
            options = given(weights=weight, class_weights=class_weights, reduction=reduction)
            yield Case(SOFTMAX_KINDS[kind], kind, *draw(kind, (4, 3)), options)


def suggested_class_weights() -> Iterator[Case]:
    """Written out in the text."""
    for kind, from_logits, smoothing, reduction in product(
        ("class_indices", "one_hot"), (None, False), (None, 0.1), ("mean", "weighted_mean")
    ):
        options = given(
            class_weights=(0.5, 0.125, 1.0 / 3.0),
            from_logits=from_logits,
            label_smoothing=smoothing,
            reduction=reduction,
        )
        yield Case(SPARSE, kind, *draw(kind, (4, 3), probabilities=from_logits is False), options)


def clips() -> Iterator[Case]:
    """Smaller than what float32 tells from 0 and 1, and none at all."""
    for kind, clip, smoothing, class_weights, reduction in product(
        SOFTMAX_KINDS, (0.01, 1e-12, 0.0), (None, 0.1), (None, class_weights_of(3)), ("none", "mean", "weighted_mean")
    ):
        options = given(
            from_logits=False,
            clip=clip,
            label_smoothing=smoothing,
            class_weights=class_weights,
            reduction=reduction,
        )
        yield Case(SOFTMAX_KINDS[kind], kind, *draw(kind, (4, 3), probabilities=True), options)
    for kind, clip, smoothing, pos_weight, reduction in product(
        ("multi_hot", "soft_multi_label"), (0.01, 1e-12, 0.0), (None, 0.1), (None, 7.3), ("none", "mean")
    ):
        options = given(
            from_logits=False, clip=clip, label_smoothing=smoothing, pos_weight=pos_weight, reduction=reduction
        )
        yield Case(SIGMOID if pos_weight is None else WEIGHTED, kind, *draw(kind, (4, 3), probabilities=True), options)


def further_clips() -> Iterator[Case]:
    for (loss_type, kind, own), clip, class_weights, reduction in product(
        FURTHER, (1e-12, 0.0), (None, class_weights_of(3)), ("none", "mean")
    ):
        options = given(from_logits=False, clip=clip, class_weights=class_weights, reduction=reduction)
        if loss_type != DIVERGENCE or class_weights is None:
            yield Case(loss_type, kind, *draw(kind, (4, 3), probabilities=True), own | options)
    for own, clip, reduction in product(({}, {"gamma": 0.5, "alpha": 0.25}), (1e-12, 0.0), ("none", "mean")):
        options = {"from_logits": False, "clip": clip, "reduction": reduction}
        yield Case(FOCAL, "soft_multi_label", *draw("soft_multi_label", (4, 3), probabilities=True), own | options)
    logits, labels = draw("distribution", (4, 3), probabilities=True)
    for clip in (1e-12, 0.0):
        options = {"labels_are_logits": True, "from_logits": False, "clip": clip}
        yield Case(DIVERGENCE, "other", logits, 4 * labels, options)


def probabilities_of_zero() -> Iterator[Case]:
    """Without a clip, where the label is 0 as well; and of a sigmoid 1 where the label is 1."""
    rows = np.arange(4)
    for (loss_type, kind, own), reduction in product((*FURTHER, (SOFTMAX, "one_hot", {})), ("none", "mean")):
        logits, labels = draw(kind, (4, 3), probabilities=True)
        if kind == "distribution":
            labels[rows, rows % 3] = 0
            labels /= labels.sum(-1, keepdims=True)
        where_zero = (labels + 1) % 3 if kind == "class_indices" else labels.argmin(-1)
        logits[rows, where_zero] = 0
        options = {"from_logits": False, "clip": 0.0, "reduction": reduction}
        yield Case(loss_type, kind, logits, labels, own | options, differentiable=False)
    for loss_type, own, reduction in product((FOCAL, SIGMOID), ({}, {"gamma": 0.0, "alpha": 0.25}), ("none", "mean")):
        if loss_type == FOCAL or not own:
            logits, labels = draw("multi_hot", (4, 3), probabilities=True)
            logits[::2] = labels[::2]
            options = {"from_logits": False, "clip": 0.0, "reduction": reduction}
            yield Case(loss_type, "multi_hot", logits, labels, own | options, differentiable=False)
    logits, labels = draw("distribution", (4, 3), probabilities=True)
    logits[rows, rows % 3] = 0
    labels[rows, rows % 3] = -np.inf
    options = {"labels_are_logits": True, "from_logits": False, "clip": 0.0}
    yield Case(DIVERGENCE, "other", logits, labels, options, differentiable=False)


def labels_of_no_known_kind() -> Iterator[Case]:
    """Rows that don't sum to 1, for a softmax loss that was named."""
    for smoothing, weights, reduction in product((None, 0.1), (None, weights_of((4,))), REDUCTIONS):
        options = given(label_smoothing=smoothing, weights=weights, reduction=reduction)
        yield Case(SOFTMAX, "other", *draw("other", (4, 3)), options)


def label_dtypes() -> Iterator[Case]:
    for dtype, from_logits, class_weights in product(
        ("int32", "uint8", "float64", "bool"), (None, False), (None, class_weights_of(3))
    ):
        options = given(from_logits=from_logits, class_weights=class_weights)
        probabilities = from_logits is False
        if dtype != "bool":
            batch = draw("class_indices", (4, 3), -1, dtype, probabilities=probabilities)
            yield Case(SPARSE, "class_indices", *batch, options)
            logits, labels = batch
            labels = labels.copy()
            labels[0] = 2
            yield Case(SPARSE, "class_indices", logits, labels, {"ignore_index": 2, **options})
        batch = draw("one_hot", (4, 3), -1, dtype, probabilities=probabilities)
        yield Case(SPARSE, "one_hot", *batch, options)
        yield Case(SPARSE, "one_hot", *batch, {"label_smoothing": 0.1, **options})
        yield Case(SOFTMAX, "other", *draw("one_hot", (4, 3), -1, dtype, probabilities=probabilities), options)
    for dtype, loss_type, from_logits, smoothing in product(
        ("int64", "bool"), (SIGMOID, WEIGHTED), (None, False), (None, 0.1)
    ):
        options = given(
            from_logits=from_logits, label_smoothing=smoothing, pos_weight=7.3 if loss_type == WEIGHTED else None
        )
        for shape in ((4, 3), (6,)):
            batch = draw("binary", shape, -1, dtype, probabilities=from_logits is False)
            yield Case(loss_type, "multi_hot", *batch, options)


def sigmoid_parameters() -> Iterator[Case]:
    for pos_weight, from_logits, smoothing, weights, reduction in product(
        (None, 7.3, class_weights_of(3)), (None, False), (None, 0.1), (None, weights_of((4,))), REDUCTIONS
    ):
        options = given(
            pos_weight=pos_weight,
            from_logits=from_logits,
            label_smoothing=smoothing,
            weights=weights,
            reduction=reduction,
        )
        batch = draw("soft_multi_label", (4, 3), probabilities=from_logits is False)
        yield Case(SIGMOID if pos_weight is None else WEIGHTED, "soft_multi_label", *batch, options)


def sigmoid_weights() -> Iterator[Case]:
    for pos_weight, shape, reduction in product(
        (None, class_weights_of(3)), ((2, 4), (2, 3, 4), (2, 1, 4), (1, 3, 1), (1, 1, 1)), REDUCTIONS
    ):
        options = given(axis=1, pos_weight=pos_weight, weights=weights_of(shape), reduction=reduction)
        batch = draw("multi_hot", (2, 3, 4), 1)
        yield Case(SIGMOID if pos_weight is None else WEIGHTED, "multi_hot", *batch, options)
    for reduction in REDUCTIONS:
        options = {"weights": np.array([2.3]), "reduction": reduction}
        yield Case(SIGMOID, "binary", *draw("binary", (6,)), options)
    for pos_weight, weight, reduction in product((None, 7.3), (2.3, 0.0), REDUCTIONS):
        options = given(pos_weight=pos_weight, weights=weight, reduction=reduction)
        yield Case(SIGMOID if pos_weight is None else WEIGHTED, "multi_hot", *draw("multi_hot", (4, 3)), options)


def sigmoid_forms() -> Iterator[Case]:
    for (shape, axis), loss_type, from_logits in product(
        (((6,), -1), ((4, 3), 0), ((4, 1), -1), ((2, 1, 3), 1), ((2, 3, 2, 2), 1)),
        (SIGMOID, WEIGHTED),
        (None, False),
    ):
        if loss_type == WEIGHTED and from_logits is False and len(shape) > 1:
            continue
        logits, labels = draw("binary", shape, axis, probabilities=from_logits is False)
        samples = shape if len(shape) == 1 else tuple(np.delete(shape, axis))
        forms = {"per_logit": labels, "scalar": np.array(1.0), "whole_scalar": np.array(0)}
        if len(shape) > 1 and shape[axis] == 1:
            forms["per_sample"] = labels.reshape(samples)
        for form, weights in product(forms, (None, weights_of(samples))):
            for reduction in REDUCTIONS if loss_type == SIGMOID and form == "per_logit" else ("mean", "weighted_mean"):
                options = given(
                    axis=axis,
                    pos_weight=0.3 if loss_type == WEIGHTED else None,
                    from_logits=from_logits,
                    weights=weights,
                    reduction=reduction,
                )
                kind = "multi_hot" if shape[axis] > 1 and len(shape) > 1 and form == "per_logit" else "binary"
                yield Case(loss_type, kind, logits, forms[form], options)


FURTHER = (
    (SOFTMAX_FOCAL, "distribution", {"gamma": 1.5}),
    (SOFTMAX_FOCAL, "one_hot", {"alpha": 0.25}),
    (SPARSE_FOCAL, "class_indices", {"gamma": 0.5, "alpha": 0.75}),
    (SPARSE_FOCAL, "class_indices", {}),
    (GENERALIZED, "class_indices", {"q": 0.7}),
    (GENERALIZED, "one_hot", {}),
    (GENERALIZED, "class_indices", {"q": 1.0}),
    (POLY, "distribution", {"epsilon": -0.5}),
    (POLY, "class_indices", {}),
    (DIVERGENCE, "distribution", {}),
    (DIVERGENCE, "one_hot", {}),
)
"""Losses of a softmax that only some frameworks have, the kind of their labels, and parameters of their own."""


OPTION_SETS = (
    {},
    {"from_logits": False},
    {"label_smoothing": 0.1},
    {"class_weights": class_weights_of(3)},
    {"weights": weights_of((4,))},
    {"weights": weights_of((4,)), "class_weights": class_weights_of(3), "from_logits": False, "label_smoothing": 0.1},
)
SOME_REDUCTIONS = ("none", "mean", "weighted_mean", "mean_by_nonzero_weights")


def further_softmax() -> Iterator[Case]:
    for (loss_type, kind, own), options, reduction in product(FURTHER, OPTION_SETS, SOME_REDUCTIONS):
        not_taken = {
            GENERALIZED: {"label_smoothing"},
            DIVERGENCE: {"label_smoothing", "class_weights"},
        }.get(loss_type, set())
        taken = {name: value for name, value in options.items() if name not in not_taken}
        if taken or not options:
            batch = draw(kind, (4, 3), probabilities="from_logits" in taken)
            yield Case(loss_type, kind, *batch, {"reduction": reduction, **own, **taken})


def further_forms() -> Iterator[Case]:
    for (loss_type, kind, own), (shape, axis) in product(FURTHER, SOFTMAX_FORMS):
        logits, labels = draw(kind, shape, axis)
        yield Case(loss_type, kind, logits, labels, {"axis": axis, **own})
        yield Case(loss_type, kind, logits, labels, {"axis": axis, "temperature": 2.5, "reduction": "none", **own})
        if kind == "class_indices" and labels.ndim:
            labels = labels.copy()
            labels.flat[0] = 255
            weights = weights_of(labels.shape)
            options = {"axis": axis, "ignore_index": 255, "weights": weights, "reduction": "weighted_mean"}
            yield Case(loss_type, kind, logits, labels, own | options)


def teachers() -> Iterator[Case]:
    for (shape, axis), temperature, reduction in product(SOFTMAX_FORMS, (None, 3.0), REDUCTIONS):
        logits, labels = draw("distribution", shape, axis)
        options = given(axis=axis, labels_are_logits=True, temperature=temperature, reduction=reduction)
        yield Case(DIVERGENCE, "other", logits, 4 * labels, options)
    logits, labels = draw("distribution", (4, 3), probabilities=True)
    yield Case(DIVERGENCE, "other", logits, 4 * labels, {"labels_are_logits": True, "from_logits": False})


def sigmoid_focal() -> Iterator[Case]:
    for own, options, reduction in product(
        ({}, {"gamma": 0.5, "alpha": 0.25}, {"gamma": 0.0}),
        (
            {},
            {"from_logits": False},
            {"label_smoothing": 0.1},
            {"weights": weights_of((4,))},
            {"weights": weights_of((1, 3)), "from_logits": False, "label_smoothing": 0.1},
        ),
        SOME_REDUCTIONS,
    ):
        batch = draw("soft_multi_label", (4, 3), probabilities="from_logits" in options)
        yield Case(FOCAL, "soft_multi_label", *batch, {"reduction": reduction, **own, **options})
    for shape, axis in (((6,), -1), ((4, 1), -1), ((2, 3, 4), 1)):
        logits, labels = draw("binary", shape, axis)
        kind = "binary" if shape[axis] == 1 or len(shape) == 1 else "multi_hot"
        yield Case(FOCAL, kind, logits, labels, {"axis": axis, "alpha": 0.25})
        yield Case(FOCAL, "binary", logits, np.array(1.0), {"axis": axis, "reduction": "none"})


def temperatures() -> Iterator[Case]:
    for kind, from_indices, reduction in product(SOFTMAX_KINDS, (None, class_weights_of(3)), REDUCTIONS):
        options = given(temperature=0.5, class_weights=from_indices, reduction=reduction)
        yield Case(SOFTMAX_KINDS[kind], kind, *draw(kind, (4, 3)), options)


def shifts() -> Iterator[Case]:
    for loss_type, (shape, shift), weights, ignore_index, reduction in product(
        (SPARSE, SPARSE_FOCAL),
        (((5, 3), 1), ((2, 5, 3), 3)),
        (None, 2.5, "each", "place", "sequence"),
        (None, 1),
        ("mean", "weighted_mean"),
    ):
        samples = shape[:-1]
        weights_shape = {"each": samples, "place": (*(1 for _ in samples[1:]), 5), "sequence": (*samples[:-1], 1)}
        own = weights_of(weights_shape[weights]) if isinstance(weights, str) else weights
        options = given(shift=shift, weights=own, ignore_index=ignore_index, reduction=reduction)
        yield Case(loss_type, "class_indices", *draw("class_indices", shape), options)
    for shift, temperature in product((1, 2), (None, 2.0)):
        options = given(shift=shift, temperature=temperature, class_weights=class_weights_of(3), label_smoothing=0.1)
        yield Case(SPARSE, "class_indices", *draw("class_indices", (2, 5, 3)), options)


GROUPS = (
    softmax_parameters,
    ignored_labels,
    softmax_forms,
    single_rows,
    softmax_weights,
    suggested_class_weights,
    labels_of_no_known_kind,
    label_dtypes,
    sigmoid_parameters,
    sigmoid_weights,
    sigmoid_forms,
    further_softmax,
    further_forms,
    teachers,
    sigmoid_focal,
    temperatures,
    shifts,
    clips,
    further_clips,
    probabilities_of_zero,
)


def main() -> None:
    verifier = Verifier()
    verifier.verify_sampled_softmax()
    lines: dict[str, Options] = {}
    for case in chain.from_iterable(group() for group in GROUPS):
        texts = verifier.verify(case)
        lines.setdefault(json.dumps(texts), {"parameters": case.parameters(), "texts": texts})
    verified = {
        "written": len(lines),
        "versions": {package: version(package).partition("+")[0] for package in PACKAGES},
        "worst_relative_error": verifier.worst,
    }
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in (verified, *lines.values()))
    (HERE / "equivalents.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
