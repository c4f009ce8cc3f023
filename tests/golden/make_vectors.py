"""Makes vectors.jsonl and versions.json, the frameworks' own numbers, for tests/test_golden.py.

    python3.11 -m venv .venv-golden
    .venv-golden/bin/pip install -r tests/golden/requirements.txt
    .venv-golden/bin/python tests/golden/make_vectors.py

The same versions on the same kind of processor give the same bytes.

A line of vectors.jsonl is one case: the framework's call, its arrays, the options with which
xent_core.evaluate means the same, and what came out: the call's result (`elements`, `per_sample`, `value` or
`probabilities`) and mostly the gradient by the framework's autodiff (of the sum, where the call does not
reduce). Infinities are written as the service writes them, "Infinity" and "-Infinity".

Every case is compared with reference.py first, and through it with all others: a call that means something
else than its options is found here.

float16 and bfloat16 are computed in float32 by contract, so the frameworks are given those logits as float32.
There are no cases where the contract and a framework differ on purpose:
- tf.compat.v1.losses reduces in float32 whatever the logits are: float32 cases only.
- TensorFlow's softmax gradient takes it for granted that labels sum to 1; PyTorch's and Optax' don't.
- A class masked by −inf whose label is 0 gives NaN: for labels of the logits' shape in all but
  optax.safe_softmax_cross_entropy, and for the sigmoid everywhere. Class indices have no such trouble.
- PyTorch gives NaN where a denominator is 0.
- Keras' SparseCategoricalCrossentropy(from_logits=False) clips first and divides by the row's sum afterwards,
  which gives the contract's numbers only where nothing is clipped: only such cases.
- Keras' CategoricalCrossentropy(axis=1, label_smoothing=…) takes the number of classes from the last axis.
- Keras' focal losses clip probabilities that a softmax or sigmoid gave to [1e-7, 1 − 1e-7], and its KLDivergence both
  sides to [1e-7, 1]: only batches where nothing is clipped. PyTorch and torchvision lose digits of 1 − p near p = 1,
  and their gradients are NaN there for γ < 1: no such batches.
- Keras' BinaryCrossentropy averages over the classes before it sums, so its sum is multiplied by their
  number, and unreduced it gives no gradient here.
"""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain, product
from pathlib import Path
from typing import Any

import frameworks
import ml_dtypes
import numpy as np
import reference
from numpy.typing import NDArray

HERE = Path(__file__).parent
PACKAGES = ("jax", "keras", "ml_dtypes", "numpy", "optax", "tensorflow", "torch")

Array = NDArray[Any]
Shape = tuple[int, ...]
FLOAT32 = np.dtype("float32")
FLOATS = (np.dtype("float64"), FLOAT32)
LOW_PRECISION = (np.dtype("float16"), np.dtype(ml_dtypes.bfloat16))

SIGMOID = "sigmoid_cross_entropy"
WEIGHTED = "weighted_cross_entropy"
SOFTMAX = "softmax_cross_entropy"
SPARSE = "sparse_softmax_cross_entropy"


@dataclass(frozen=True)
class Case:
    call: str
    kind: str  # of batch, for the name
    logits: Array
    labels: Array
    options: dict[str, Any]  # of xent_core.evaluate, `loss_type` and `reduction` among them
    gives: str  # which of evaluate's outputs the call's result is
    gradient: bool = True

    @property
    def name(self) -> str:
        function = re.findall(r"[a-z][\w.]*", self.call)[0]
        options = [
            f"{name}={_dimensions(value.shape) if np.ndim(value) else value}"
            for name, value in self.options.items()
            if name != "loss_type"
        ]
        batch = f"{self.kind} {_dimensions(self.logits.shape)} {self.logits.dtype}"
        return " ".join([function, batch, *options])

    def line(self) -> dict[str, Any]:
        expected = self._compute()
        self._compare_with_reference(expected)
        return {
            "name": self.name,
            "framework": frameworks.framework(self.call),
            "call": self.call,
            "dtype": self.logits.dtype.name,
            "logits": _listed(self.logits),
            "labels": _listed(self.labels),
            "label_dtype": self.labels.dtype.name,
            "options": {name: _listed(value) for name, value in self.options.items()},
            "expected": {output: _listed(array) for output, array in expected.items()},
        }

    def _compute(self) -> dict[str, Array]:
        dtype = _computed(self.logits.dtype)
        arrays = {name: value.astype(dtype) for name, value in self.options.items() if isinstance(value, np.ndarray)}
        result, gradient = frameworks.run(self.call, self.logits.astype(dtype), arrays | {"labels": self.labels})
        return {self.gives: result} | ({"gradient": gradient} if self.gradient else {})

    def _compare_with_reference(self, expected: dict[str, Array]) -> None:
        """Finds wrong calls and options, which are far off; how frameworks round is not judged here."""
        precision = 1e-12 if self.logits.dtype == np.float64 else 1e-5
        magnitude = np.abs(self.logits[np.isfinite(self.logits)].astype(np.float64)).max()
        right = reference.evaluate(self.logits, self.labels, self.options)
        for output, array in expected.items():
            np.testing.assert_allclose(
                array.astype(np.float64),
                right[output].astype(np.float64),
                rtol=precision,
                atol=precision * (1 + magnitude),
                equal_nan=False,
                err_msg=f"{self.name}: {output}",
            )


def _dimensions(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]"


def _computed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype == np.float64 else FLOAT32


def _listed(value: Any) -> Any:
    """As JSON can hold it. Every float32 is a float64, so nothing is lost."""
    if isinstance(value, np.ndarray):
        return _listed(value.astype(np.float64).tolist() if value.dtype.kind not in "iu" else value.tolist())
    if isinstance(value, list):
        return [_listed(entry) for entry in value]
    if isinstance(value, float) and np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


# Batches. The same arguments always draw the same numbers, so the frameworks are asked about the same ones.


def draw(kind: str, shape: Shape, dtype: np.dtype[Any], axis: int = -1) -> tuple[Array, Array]:
    """Logits of this shape, and labels for them: indices, one_hot, distribution, binary or soft."""
    rng = np.random.default_rng(zlib.crc32(f"{kind} {shape} {dtype} {axis}".encode()))
    logits = (3 * rng.standard_normal(shape)).astype(dtype)
    indices = np.asarray(rng.integers(shape[axis], size=np.delete(shape, axis)))
    if kind == "indices":
        return logits, indices
    if kind == "one_hot":
        labels = np.moveaxis(np.eye(shape[axis])[indices], -1, axis)
    elif kind == "distribution":
        labels = rng.exponential(size=shape)
        labels /= labels.sum(axis, keepdims=True)
    elif kind == "binary":
        labels = rng.integers(2, size=shape)
    else:
        labels = rng.random(shape)
    return logits, labels.astype(_computed(dtype))


def softmax(logits: Array) -> Array:
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-logits))


def masked(logits: Array, classes: Array) -> Array:
    """One class of each row is masked."""
    logits = logits.copy()
    np.put_along_axis(logits, (classes % logits.shape[-1])[..., None], -np.inf, -1)
    return logits


def ignoring(labels: Array, ignore_index: int) -> Array:
    """Every third label is the one to ignore."""
    labels = labels.copy()
    labels.flat[::3] = ignore_index
    return labels


def weights_of(shape: Shape) -> Array:
    """Weights for samples, a zero among them; every dtype holds them exactly."""
    return np.resize([2.0, 0.5, 0.0, 1.25, 3.0], shape)


def class_weights_of(classes: int) -> Array:
    return np.resize([0.5, 2.0, 1.25, 3.0], classes)


def arguments(options: dict[str, Any], *same_name: str, **other_name: str) -> str:
    """The options that a call takes, as text: numbers written out, an array as the variable of its name."""
    options_of = {name: name for name in same_name} | other_name
    return "".join(
        f", {name}={option if isinstance(options[option], np.ndarray) else repr(options[option])}"
        for name, option in options_of.items()
        if option in options
    )


# TensorFlow

TF_REDUCTIONS = {
    "none": "NONE",
    "sum": "SUM",
    "mean": "SUM_OVER_BATCH_SIZE",
    "weighted_mean": "MEAN",
    "mean_by_nonzero_weights": "SUM_BY_NONZERO_WEIGHTS",
}
SOFTMAX_FORMS = (  # shape, axis
    ((5,), -1),
    ((4, 3), -1),
    ((4, 3), 0),
    ((2, 3, 4), -1),
    ((2, 3, 4), 1),
    ((2, 3, 4), 0),
    ((2, 3, 2, 2), 1),
)
SPARSE_SHAPES = ((5,), (4, 3), (4, 1), (2, 3, 4), (2, 2, 3, 4))
SIGMOID_SHAPES = ((6,), (4, 3), (4, 1), (2, 3, 2), (2, 1, 2, 3))


def tf_nn(loss_type: str, kind: str, logits: Array, labels: Array, *, gradient: bool = True, **options: Any) -> Case:
    is_scalar = labels.ndim == 0 and loss_type != SPARSE
    labels_text = "tf.fill(logits.shape, labels)" if is_scalar else "labels"
    text = arguments(options, "axis", "pos_weight")
    return Case(
        f"tf.nn.{loss_type}_with_logits(labels={labels_text}, logits=logits{text})",
        kind,
        logits,
        labels,
        {"loss_type": loss_type, "reduction": "none"} | options,
        "elements",
        gradient,
    )


def tf_softmax() -> Iterator[Case]:
    for kind in ("one_hot", "distribution"):
        for (shape, axis), dtype in product(SOFTMAX_FORMS, FLOATS):
            yield tf_nn(SOFTMAX, kind, *draw(kind, shape, dtype, axis), axis=axis)
        for dtype in LOW_PRECISION:
            yield tf_nn(SOFTMAX, kind, *draw(kind, (4, 3), dtype))
    for kind, dtype in product(("binary", "soft"), FLOATS):
        yield tf_nn(SOFTMAX, kind, *draw(kind, (4, 3), dtype), gradient=False)


def tf_sparse() -> Iterator[Case]:
    for shape, dtype in [*product(SPARSE_SHAPES, FLOATS), *product([(4, 3)], LOW_PRECISION)]:
        yield tf_nn(SPARSE, "indices", *draw("indices", shape, dtype))
    for dtype in FLOATS:
        logits, labels = draw("indices", (4, 3), dtype)
        yield tf_nn(SPARSE, "indices as int32", logits, labels.astype(np.int32))
        yield tf_nn(SPARSE, "indices, logits far apart", 1000 * logits, labels)
        yield tf_nn(SPARSE, "indices, large logits", 1000 + logits, labels)
        yield tf_nn(SPARSE, "indices, another class masked", masked(logits, labels + 1), labels)
        yield tf_nn(SPARSE, "indices, the label masked", masked(logits, labels), labels, gradient=False)


def tf_sigmoid() -> Iterator[Case]:
    for kind in ("binary", "soft"):
        for shape, dtype in [*product(SIGMOID_SHAPES, FLOATS), *product([(4, 3)], LOW_PRECISION)]:
            yield tf_nn(SIGMOID, kind, *draw(kind, shape, dtype))
    for dtype in FLOATS:
        logits, labels = draw("binary", (4, 3), dtype)
        yield tf_nn(SIGMOID, "binary, logits far apart", 1000 * logits, labels)
        yield tf_nn(SIGMOID, "labels -1 and 2", logits, 3 * labels - 1)
        some_masked = np.where(labels == 1, -np.inf, logits)
        yield tf_nn(SIGMOID, "ones, some masked", some_masked, np.ones_like(labels), gradient=False)
        for label in (0.0, 1.0):
            yield tf_nn(SIGMOID, f"the label {label} for all", logits, np.array(label, dtype))


def tf_weighted() -> Iterator[Case]:
    for kind, dtype in product(("binary", "soft"), FLOATS):
        for shape, pos_weight in product(((6,), (4, 3), (2, 3, 2)), (0.25, 5.0)):
            yield tf_nn(WEIGHTED, kind, *draw(kind, shape, dtype), pos_weight=pos_weight)
        for shape in ((4, 3), (2, 3, 2)):
            yield tf_nn(WEIGHTED, kind, *draw(kind, shape, dtype), pos_weight=class_weights_of(shape[-1]))
    for dtype in FLOATS:
        logits, labels = draw("binary", (4, 3), dtype)
        yield tf_nn(WEIGHTED, "binary, logits far apart", 1000 * logits, labels, pos_weight=5.0)
    for dtype in LOW_PRECISION:
        yield tf_nn(WEIGHTED, "binary", *draw("binary", (4, 3), dtype), pos_weight=class_weights_of(3))


def tf_probability(function: str, loss_type: str, kind: str, logits: Array, labels: Array, **options: Any) -> Case:
    return Case(
        f"tf.nn.{function}(logits{arguments(options, 'axis')})",
        kind,
        logits,
        labels,
        {"loss_type": loss_type, "reduction": "none"} | options,
        "probabilities",
        gradient=False,
    )


def tf_probabilities() -> Iterator[Case]:
    for (shape, axis), dtype in [*product(SOFTMAX_FORMS, FLOATS), *product([((4, 3), -1)], LOW_PRECISION)]:
        yield tf_probability("softmax", SOFTMAX, "one_hot", *draw("one_hot", shape, dtype, axis), axis=axis)
    for shape, dtype in [*product(((6,), (4, 3), (2, 3, 2)), FLOATS), *product([(4, 3)], LOW_PRECISION)]:
        yield tf_probability("sigmoid", SIGMOID, "binary", *draw("binary", shape, dtype))
    for dtype in FLOATS:
        logits, labels = draw("indices", (4, 3), dtype)
        for kind, batch in (
            ("another class masked", masked(logits, labels + 1)),
            ("logits far apart", 1000 * logits),
            ("large logits", 1000 + logits),
        ):
            yield tf_probability("softmax", SPARSE, f"indices, {kind}", batch, labels)
        logits, labels = draw("binary", (4, 3), dtype)
        yield tf_probability("sigmoid", SIGMOID, "binary, logits far apart", 10 * logits, labels)


def tf_loss(loss_type: str, kind: str, logits: Array, labels: Array, **options: Any) -> Case:
    text = arguments(options, "weights", "label_smoothing")
    reduction = TF_REDUCTIONS[options["reduction"]]
    return Case(
        f"tf.compat.v1.losses.{loss_type}(labels, logits{text}, reduction=tf.compat.v1.losses.Reduction.{reduction})",
        kind,
        logits,
        labels,
        {"loss_type": loss_type} | options,
        "elements" if reduction == "NONE" else "value",
    )


def tf_losses() -> Iterator[Case]:
    for reduction, loss_type in product(TF_REDUCTIONS, (SOFTMAX, SPARSE, SIGMOID)):
        kind = {SOFTMAX: "one_hot", SPARSE: "indices", SIGMOID: "binary"}[loss_type]
        batch = draw(kind, (4, 3), FLOAT32)
        samples = (4, 1) if loss_type == SIGMOID else (4,)
        yield tf_loss(loss_type, kind, *batch, reduction=reduction)
        yield tf_loss(loss_type, kind, *batch, weights=2.0, reduction=reduction)
        yield tf_loss(loss_type, kind, *batch, weights=weights_of(samples), reduction=reduction)
        yield tf_loss(loss_type, f"{kind}, weights 0", *batch, weights=np.zeros(samples), reduction=reduction)
        if loss_type != SPARSE:
            for options in (
                {"label_smoothing": 0.1},
                {"weights": weights_of(samples), "label_smoothing": 0.3},
            ):
                yield tf_loss(loss_type, kind, *batch, **options, reduction=reduction)
        if loss_type == SIGMOID:
            for shape in ((4, 3), (1, 3), (1, 1)):
                yield tf_loss(loss_type, kind, *batch, weights=weights_of(shape), reduction=reduction)
        else:
            for shape in ((2, 3), (2, 1), (1, 3)):
                batch = draw(kind, (2, 3, 4), FLOAT32)
                yield tf_loss(loss_type, kind, *batch, weights=weights_of(shape), reduction=reduction)


def worked_examples() -> Iterator[Case]:
    """The batches that the documentation shows."""

    def float32(values: Any) -> Array:
        return np.array(values, np.float32)

    confident, last_then_middle = float32([[2, 0.5, 6], [0.1, 0, 3]]), float32([[0, 0, 1], [0, 1, 0]])
    unsure = float32([[2, 0.5, 1], [0.1, 1, 3]])
    yield tf_nn(SOFTMAX, "example one_hot", confident, last_then_middle)
    yield tf_nn(SOFTMAX, "example softmax applied twice", softmax(confident), last_then_middle)
    yield tf_nn(SOFTMAX, "example distribution", unsure, float32([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]))
    yield tf_nn(SOFTMAX, "example one_hot of the indices", unsure, float32([[0, 1, 0], [0, 0, 1]]))
    yield tf_nn(SPARSE, "example indices", unsure, np.array([1, 2]))
    for reduction in TF_REDUCTIONS:
        yield tf_loss(
            SOFTMAX,
            "example",
            confident,
            last_then_middle,
            weights=np.array([2.0, 0.0]),
            label_smoothing=0.1,
            reduction=reduction,
        )

    logits, ones = float32([[0.5, 0.7, 0.3], [0.8, 0.2, 0.9]]), np.ones((2, 3), np.float32)
    yield tf_nn(SIGMOID, "example ones", logits, ones)
    yield tf_nn(SIGMOID, "example scalar 1", logits, float32(1))
    for pos_weight in (0.2, -0.2):
        yield tf_nn(WEIGHTED, "example ones", logits, ones, pos_weight=pos_weight)


# Keras

KERAS_REDUCTIONS = {
    "none": "none",
    "sum": "sum",
    "mean": "sum_over_batch_size",
    "weighted_mean": "mean_with_sample_weight",
}
KERAS_LOSSES = {
    SIGMOID: "BinaryCrossentropy",
    SOFTMAX: "CategoricalCrossentropy",
    SPARSE: "SparseCategoricalCrossentropy",
}


def keras_loss(
    loss_type: str, kind: str, logits: Array, labels: Array, *, from_logits: bool = True, **options: Any
) -> Case:
    reduction = options["reduction"]
    parameters = f"from_logits={from_logits}, reduction='{KERAS_REDUCTIONS[reduction]}'" + arguments(
        options, "axis", "label_smoothing", ignore_class="ignore_index"
    )
    if logits.dtype == np.float64:
        parameters += ", dtype='float64'"  # Keras computes in float32 otherwise
    call = f"keras.losses.{KERAS_LOSSES[loss_type]}({parameters})(labels, logits"
    call += arguments(options, sample_weight="weights") + ")"
    if loss_type == SIGMOID and reduction == "sum":
        call = f"{logits.shape[-1]} * {call}"
    return Case(
        call,
        kind,
        logits,
        labels,
        {"loss_type": loss_type, "from_logits": from_logits} | options,
        "per_sample" if reduction == "none" else "value",
        gradient=loss_type != SIGMOID or reduction != "none",
    )


def keras_losses() -> Iterator[Case]:
    for (loss_type, kind), dtype in product(
        ((SIGMOID, "binary"), (SOFTMAX, "distribution"), (SPARSE, "indices")), FLOATS
    ):
        logits, labels = draw(kind, (4, 3), dtype)
        probabilities = sigmoid(logits) if loss_type == SIGMOID else softmax(logits)
        halved = probabilities / 2  # for the softmax losses: rows that don't sum to 1
        sequences = draw(kind, (2, 3, 4), dtype)
        smoothing = {} if loss_type == SPARSE else {"label_smoothing": 0.2}
        for reduction in KERAS_REDUCTIONS:
            yield keras_loss(loss_type, kind, logits, labels, reduction=reduction)
            options = smoothing | {"weights": weights_of((4,)), "reduction": reduction}
            yield keras_loss(loss_type, kind, logits, labels, **options)
            options |= {"from_logits": False}
            yield keras_loss(loss_type, f"{kind}, probabilities", probabilities, labels, **options)
            yield keras_loss(loss_type, f"{kind}, halved probabilities", halved, labels, **options)
            yield keras_loss(loss_type, kind, *sequences, weights=weights_of((2, 3)), reduction=reduction)


def keras_axis() -> Iterator[Case]:
    for (loss_type, kind), reduction, dtype in product(
        ((SIGMOID, "binary"), (SOFTMAX, "distribution")), ("none", "mean", "weighted_mean"), FLOATS
    ):
        batch = draw(kind, (2, 3, 4), dtype, 1)
        yield keras_loss(loss_type, kind, *batch, axis=1, weights=weights_of((2, 4)), reduction=reduction)


def keras_ignored() -> Iterator[Case]:
    for reduction, dtype in product(KERAS_REDUCTIONS, FLOATS):
        logits, labels = draw("indices", (6, 4), dtype)
        options = {"weights": weights_of((6,)), "reduction": reduction}
        yield keras_loss(SPARSE, "indices", logits, ignoring(labels, -1), ignore_index=-1, **options)
        yield keras_loss(
            SPARSE,
            "indices, probabilities",
            softmax(logits),
            ignoring(labels, 1),
            from_logits=False,
            ignore_index=1,
            **options,
        )


def keras_binary_forms() -> Iterator[Case]:
    for reduction, dtype in product(KERAS_REDUCTIONS, FLOATS):
        logits, labels = draw("binary", (4, 1), dtype)
        yield keras_loss(SIGMOID, "binary", logits, labels, weights=weights_of((4,)), reduction=reduction)
        yield keras_loss(SIGMOID, "binary without the class axis", logits, labels[:, 0], reduction=reduction)


def keras_clipped() -> Iterator[Case]:
    """Probabilities within 1e-7 of 0 and 1 are clipped, and have no gradient."""
    for reduction, dtype in product(("none", "mean"), FLOATS):
        for smoothing in ({}, {"label_smoothing": 0.2}):
            options = {"from_logits": False, "reduction": reduction} | smoothing
            probabilities = np.array([[0, 1, 1e-9, 0.25], [1, 0, 1e-6, 1 - 1e-6]], dtype)
            labels = np.array([[1, 0, 1, 1], [1, 0, 0, 1]], dtype)
            yield keras_loss(SIGMOID, "binary, clipped", probabilities, labels, **options)
            probabilities = np.array([[0, 0.75, 0.25], [1, 0, 0], [1e-9, 0.5, 0.5], [0, 0, 1]], dtype)
            labels = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0.5, 0.5, 0]], dtype)
            yield keras_loss(SOFTMAX, "distribution, clipped", probabilities, labels, **options)


# PyTorch

TORCH_REDUCTIONS = {"none": "none", "sum": "sum", "mean": "mean", "weighted_mean": "mean"}


def torch_cross_entropy(kind: str, logits: Array, labels: Array, **options: Any) -> Case:
    """The class axis is PyTorch's: the second, or the only one."""
    reduction = TORCH_REDUCTIONS[options["reduction"]]
    text = arguments(options, "ignore_index", "label_smoothing", weight="class_weights")
    return Case(
        f"torch.nn.functional.cross_entropy(logits, labels{text}, reduction='{reduction}')",
        kind,
        logits,
        labels,
        {"loss_type": SPARSE if labels.dtype.kind == "i" else SOFTMAX} | options,
        "elements" if reduction == "none" else "value",
    )


def torch_indices() -> Iterator[Case]:
    for smoothing, class_weights, reduction, dtype in product(
        ({}, {"label_smoothing": 0.1}),
        ({}, {"class_weights": class_weights_of(4)}),
        ("none", "sum", "mean"),
        FLOATS,
    ):
        options = smoothing | class_weights | {"reduction": reduction}
        if class_weights and reduction == "mean":
            options["reduction"] = "weighted_mean"
        logits, labels = draw("indices", (6, 4), dtype)
        yield torch_cross_entropy("indices", logits, labels, **options)
        ignore_index = 1 if smoothing else -100
        ignored = ignoring(labels, ignore_index)
        yield torch_cross_entropy("indices", logits, ignored, ignore_index=ignore_index, **options)


def torch_index_forms() -> Iterator[Case]:
    for shape, dtype in product(((5,), (2, 3, 4), (2, 3, 2, 2)), FLOATS):
        axis = min(1, len(shape) - 1)
        logits, labels = draw("indices", shape, dtype, axis)
        class_weights = class_weights_of(shape[axis])
        yield torch_cross_entropy("indices", logits, labels, axis=axis, reduction="none")
        for reduction in ("none", "sum", "weighted_mean"):
            options = {"axis": axis, "class_weights": class_weights, "reduction": reduction}
            yield torch_cross_entropy("indices", logits, labels, **options)
            if labels.ndim:
                ignored = ignoring(labels, -100)
                yield torch_cross_entropy("indices", logits, ignored, ignore_index=-100, **options)
    for dtype in LOW_PRECISION:
        for reduction in ("none", "weighted_mean"):
            options = {"class_weights": class_weights_of(4), "label_smoothing": 0.1, "reduction": reduction}
            yield torch_cross_entropy("indices", *draw("indices", (6, 4), dtype), **options)
    for dtype in FLOATS:
        logits, labels = draw("indices", (6, 4), dtype)
        logits = masked(logits, labels + 1)
        yield torch_cross_entropy(
            "indices, another class masked",
            logits,
            ignoring(labels, -100),
            ignore_index=-100,
            class_weights=class_weights_of(4),
            reduction="weighted_mean",
        )


def torch_probability_labels() -> Iterator[Case]:
    for smoothing, class_weights, reduction, dtype in product(
        ({}, {"label_smoothing": 0.1}),
        ({}, {"class_weights": class_weights_of(3)}),
        ("none", "sum", "mean"),
        FLOATS,
    ):
        options = smoothing | class_weights | {"reduction": reduction}
        yield torch_cross_entropy("distribution", *draw("distribution", (4, 3), dtype), **options)
        if class_weights:
            yield torch_cross_entropy("soft", *draw("soft", (2, 3, 2, 2), dtype, 1), axis=1, **options)


def torch_binary_cross_entropy(kind: str, logits: Array, labels: Array, **options: Any) -> Case:
    """PyTorch takes a pos_weight as an array only, and broadcasts it against the last axis."""
    pos_weight = options.get("pos_weight")
    text = arguments(options, "pos_weight", weight="weights")
    if pos_weight is not None and pos_weight.ndim and options.get("axis") == 1:
        text = text.replace("pos_weight=pos_weight", "pos_weight=pos_weight[:, None]")
    reduction = options["reduction"]
    function = "torch.nn.functional.binary_cross_entropy_with_logits"
    return Case(
        f"{function}(logits, labels{text}, reduction='{reduction}')",
        kind,
        logits,
        labels,
        {"loss_type": SIGMOID if pos_weight is None else WEIGHTED} | options,
        "elements" if reduction == "none" else "value",
    )


def torch_binary() -> Iterator[Case]:
    for pos_weight, weights, reduction, dtype in product(
        ({}, {"pos_weight": np.array(5.0)}, {"pos_weight": class_weights_of(3)}),
        ({}, {"weights": weights_of((4, 1))}, {"weights": weights_of((1, 3))}),
        ("none", "sum", "mean"),
        FLOATS,
    ):
        kind = "soft" if weights else "binary"
        options = pos_weight | weights | {"reduction": reduction}
        yield torch_binary_cross_entropy(kind, *draw(kind, (4, 3), dtype), **options)
    for reduction, dtype in product(("none", "sum", "mean"), FLOATS):
        batch = draw("binary", (6,), dtype)
        yield torch_binary_cross_entropy("binary", *batch, weights=weights_of((6,)), reduction=reduction)
        batch = draw("binary", (2, 3, 4), dtype)
        options = {"axis": 1, "pos_weight": class_weights_of(3), "reduction": reduction}
        yield torch_binary_cross_entropy("binary", *batch, weights=weights_of((2, 3, 1)), **options)


# Optax


def optax_loss(function: str, loss_type: str, kind: str, logits: Array, labels: Array, **options: Any) -> Case:
    reduction = options["reduction"]
    call = f"optax.{function}(logits, labels{arguments(options, 'axis')})"
    return Case(
        call if reduction == "none" else f"{call}.{reduction}()",
        kind,
        logits,
        labels,
        {"loss_type": loss_type} | options,
        "elements" if reduction == "none" else "value",
    )


def optax_losses() -> Iterator[Case]:
    for reduction, dtype in product(("none", "sum", "mean"), FLOATS):
        for shape, axis in SOFTMAX_FORMS if reduction == "none" else SOFTMAX_FORMS[1:3]:
            options = {"axis": axis, "reduction": reduction}
            for kind in ("one_hot", "soft"):
                batch = draw(kind, shape, dtype, axis)
                yield optax_loss("softmax_cross_entropy", SOFTMAX, kind, *batch, **options)
            batch = draw("indices", shape, dtype, axis)
            yield optax_loss("softmax_cross_entropy_with_integer_labels", SPARSE, "indices", *batch, **options)
        for shape in SIGMOID_SHAPES if reduction == "none" else SIGMOID_SHAPES[:2]:
            batch = draw("binary", shape, dtype)
            yield optax_loss("sigmoid_binary_cross_entropy", SIGMOID, "binary", *batch, reduction=reduction)


def optax_masked() -> Iterator[Case]:
    for dtype in FLOATS:
        logits, labels = draw("indices", (4, 3), dtype)
        logits = masked(logits, labels + 1)
        one_hot = np.eye(3, dtype=dtype)[labels]
        yield optax_loss(
            "softmax_cross_entropy_with_integer_labels",
            SPARSE,
            "indices, another class masked",
            logits,
            labels,
            reduction="mean",
        )
        yield optax_loss(
            "safe_softmax_cross_entropy",
            SOFTMAX,
            "one_hot, another class masked",
            logits,
            one_hot,
            reduction="none",
        )


# Losses that only some frameworks have

FOCAL, SOFTMAX_FOCAL = "sigmoid_focal_cross_entropy", "softmax_focal_cross_entropy"
SPARSE_FOCAL, GENERALIZED = "sparse_softmax_focal_cross_entropy", "generalized_cross_entropy"
POLY, DIVERGENCE = "poly_cross_entropy", "kl_divergence"


def further(call: str, loss_type: str, kind: str, logits: Array, labels: Array, **options: Any) -> Case:
    gives = "elements" if options.setdefault("reduction", "none") == "none" else "value"
    # Of log-probabilities Optax has no gradient through their softmax.
    return Case(call, kind, logits, labels, {"loss_type": loss_type} | options, gives, gradient=kind != "log p")


def sigmoid_focal() -> Iterator[Case]:
    for kind, shape, gamma, alpha, dtype in product(
        ("binary", "soft"), ((6,), (4, 3)), (0.0, 0.5, 2.0, 3.5), (None, 0.25, 1.0), FLOATS
    ):
        batch = draw(kind, shape, dtype)
        options = {"gamma": gamma} if alpha is None else {"gamma": gamma, "alpha": alpha}
        yield further(
            f"optax.sigmoid_focal_loss(logits, labels, alpha={alpha}, gamma={gamma})", FOCAL, kind, *batch, **options
        )
        alpha_there = -1 if alpha is None else alpha
        call = f"torchvision.ops.sigmoid_focal_loss(logits, labels, alpha={alpha_there}, gamma={gamma})"
        yield further(call, FOCAL, kind, *batch, **options)
        if len(shape) > 1:
            balancing = "" if alpha is None else f"apply_class_balancing=True, alpha={alpha}, "
            for smoothing in ({}, {"label_smoothing": 0.1}):
                named = arguments(smoothing, "label_smoothing")
                wide = ", dtype='float64'" if dtype == np.float64 else ""
                call = f"keras.losses.BinaryFocalCrossentropy({balancing}gamma={gamma}, from_logits=True{named}{wide})"
                yield further(f"{call}(labels, logits)", FOCAL, kind, *batch, reduction="mean", **options, **smoothing)


def softmax_focal() -> Iterator[Case]:
    for kind, gamma, alpha, dtype in product(("one_hot", "distribution"), (0.0, 0.5, 2.0, 3.5), (1.0, 0.25), FLOATS):
        options = {"gamma": gamma} if alpha == 1 else {"gamma": gamma, "alpha": alpha}
        wide = ", dtype='float64'" if dtype == np.float64 else ""
        for shape, axis in (((4, 3), -1), ((2, 3, 4), 1)):
            logits, labels = draw(kind, shape, dtype, axis)
            loss = f"keras.losses.CategoricalFocalCrossentropy(alpha={alpha}, gamma={gamma}, from_logits=True"
            call = f"{loss}, axis={axis}, reduction='none'{wide})(labels, logits)"
            yield further(call, SOFTMAX_FOCAL, kind, logits, labels, axis=axis, **options)
            if kind == "one_hot":
                indices = labels.argmax(axis)
                one_hot = call.replace("(labels", f"(keras.ops.one_hot(labels, 3, axis={axis}, dtype=logits.dtype)")
                yield further(one_hot, SPARSE_FOCAL, "indices", logits, indices, axis=axis, **options)
        probabilities = softmax(draw(kind, (4, 3), dtype)[0])
        labels = draw(kind, (4, 3), dtype)[1]
        loss = f"keras.losses.CategoricalFocalCrossentropy(alpha={alpha}, gamma={gamma}"
        yield further(
            f"{loss}{wide})(labels, logits)",
            SOFTMAX_FOCAL,
            f"{kind}, probabilities",
            probabilities,
            labels,
            from_logits=False,
            reduction="mean",
            **options,
        )


def generalized() -> Iterator[Case]:
    for q, dtype in product((0.1, 0.5, 0.9), FLOATS):
        logits, labels = draw("indices", (4, 3), dtype)
        call = f"keras.losses.categorical_generalized_cross_entropy(labels, keras.ops.softmax(logits), {q})"
        yield further(call, GENERALIZED, "indices", logits, labels, q=q)
        normalised = "logits / keras.ops.sum(logits, -1, True)"
        yield further(
            f"keras.losses.categorical_generalized_cross_entropy(labels, {normalised}, {q})",
            GENERALIZED,
            "indices, probabilities",
            softmax(logits),
            labels,
            from_logits=False,
            q=q,
        )


def poly() -> Iterator[Case]:
    for kind, epsilon, dtype in product(("one_hot", "distribution", "soft"), (-1.0, 0.0, 2.0), FLOATS):
        for shape, axis in (((5,), -1), ((4, 3), -1), ((2, 3, 4), 1)):
            call = f"optax.losses.poly_loss_cross_entropy(logits, labels, epsilon={epsilon}, axis={axis})"
            yield further(call, POLY, kind, *draw(kind, shape, dtype, axis), epsilon=epsilon, axis=axis)


def divergence() -> Iterator[Case]:
    log_p, log_y = (f"torch.log_softmax({name} / 2.0, -1)" for name in ("logits", "labels"))
    for dtype in FLOATS:
        for kind in ("one_hot", "distribution"):
            batch = draw(kind, (4, 3), dtype)
            torch_call = "torch.nn.functional.kl_div(torch.log_softmax(logits, -1), labels, reduction='{}')"
            yield further(torch_call.format("batchmean"), DIVERGENCE, kind, *batch, reduction="mean")
            yield further(torch_call.format("sum"), DIVERGENCE, kind, *batch, reduction="sum")
        batch = draw("distribution", (4, 3), dtype)
        keras_call = "keras.losses.kl_divergence(labels, keras.ops.softmax(logits))"
        yield further(keras_call, DIVERGENCE, "distribution", *batch)
        labels = draw("distribution", (2, 3, 4), dtype, 1)[1]
        logits = np.log(draw("distribution", (3, 3, 4), dtype, 1)[1][:2])
        yield further("optax.kl_divergence(logits, labels, axis=1)", DIVERGENCE, "log p", logits, labels, axis=1)
        teacher = draw("soft", (4, 3), dtype)[0]
        options = {"labels_are_logits": True, "temperature": 2.0}
        call = f"torch.nn.functional.kl_div({log_p}, {log_y}, reduction='batchmean', log_target=True)"
        yield further(call, DIVERGENCE, "a teacher's logits", batch[0], teacher, reduction="mean", **options)


def temperatures() -> Iterator[Case]:
    for temperature, dtype in product((0.5, 3.0), FLOATS):
        logits, labels = draw("indices", (6, 4), dtype)
        call = f"torch.nn.functional.cross_entropy(logits / {temperature}, labels, reduction='mean')"
        yield further(call, SPARSE, "indices", logits, labels, temperature=temperature, reduction="mean")
        logits, labels = draw("distribution", (4, 3), dtype)
        yield further(call, SOFTMAX, "distribution", logits, labels, temperature=temperature, reduction="mean")


GROUPS = (
    worked_examples,
    tf_softmax,
    tf_sparse,
    tf_sigmoid,
    tf_weighted,
    tf_probabilities,
    tf_losses,
    keras_losses,
    keras_axis,
    keras_ignored,
    keras_binary_forms,
    keras_clipped,
    torch_indices,
    torch_index_forms,
    torch_probability_labels,
    torch_binary,
    optax_losses,
    optax_masked,
    sigmoid_focal,
    softmax_focal,
    generalized,
    poly,
    divergence,
    temperatures,
)


def main() -> None:
    cases = chain.from_iterable(group() for group in GROUPS)
    lines = [json.dumps(case.line(), allow_nan=False) + "\n" for case in cases]
    (HERE / "vectors.jsonl").write_text("".join(lines), encoding="utf-8")
    versions = {package: version(package).partition("+")[0] for package in PACKAGES}
    (HERE / "versions.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
