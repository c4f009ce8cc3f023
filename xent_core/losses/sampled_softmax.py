"""Sampled softmax: a training loss for very many classes, which looks at the labels and at a sample of the others.

Losses are in nats. Weights and inputs of float16, bfloat16 and float32 are computed and returned in float32; where one
of the two is of another type, both are in float64. Every function raises a subclass of
`xent_core.errors.InvalidInput` that names the place; none returns NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xent_core.checks.arguments import as_numbers, check_finite, check_positive
from xent_core.checks.values import check_products, class_indices
from xent_core.compute.dtypes import FLOAT32, FLOAT64, computation_dtype
from xent_core.compute.layout import Array, Block, FloatType, Layout, row_tiles, tile_buffer
from xent_core.compute.logsumexp import distribution_losses, index_losses
from xent_core.compute.reduction import Totals, multiply, reduce
from xent_core.errors import (
    InvalidInput,
    MissingParameter,
    ParameterOutOfRange,
    UnexpectedParameter,
    WrongShape,
)
from xent_core.losses.loss import REDUCTION, Elsewhere, Entry, Parameter, Source
from xent_core.losses.samplers import SampledValues, Sampler, draw_candidates, fresh_seed
from xent_core.results import REDUCTIONS, LossWarning, Reduced, Reduction

TRAIN_ONLY = "train_only"
TRAIN_ONLY_WHEN = "sampled softmax: evaluate with the full softmax"

SAMPLED_SOFTMAX = Entry(
    loss_type="sampled_softmax",
    title="Sampled softmax",
    endpoint="/v1/sampled-softmax",
    formula=(
        "softmax cross-entropy over the T true classes (1/T each) and S sampled ones, "
        "with logits x_c = h · w_c + b_c − log Q(c), Q(c) the expected count of class c in the sample"
    ),
    latex=(
        r"\ell = -\frac{1}{T} \sum_{c \in \text{true}} \log \frac{e^{x_c}}{\sum_{j \in \text{true} \cup "
        r"\text{sampled}} e^{x_j}}, \quad x_c = h \cdot w_c + b_c - \log Q(c)"
    ),
    numpy="np.log(np.sum(np.exp(x))) - np.mean(x[:T])",
    gradient="∂ℓ/∂x_c = p_c − [c true] / T, over the true and sampled classes only",
    gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_c - \frac{[c \text{ true}]}{T}",
    gradient_numpy="np.exp(x) / np.sum(np.exp(x)) - (np.arange(len(x)) < T) / T",
    use_when=(
        "Training with so many classes that the full softmax takes too long: each true class is told from a "
        "sample of the others only."
    ),
    avoid_when=(
        "Evaluation: over a sample the loss is another, smaller one. There use sparse_softmax_cross_entropy.",
        "Some thousand classes: the full softmax is exact, and fast enough.",
    ),
    label_form="class indices of the true classes, [B, T] or [B]",
    called_for_by=(),
    example={
        "weights": [[0.1, 0.2], [0.3, -0.1], [-0.2, 0.4], [0.0, 0.5]],
        "biases": [0.0, 0.1, 0.0, -0.1],
        "inputs": [[1.0, 0.5], [0.2, -0.3]],
        "labels": [0, 3],
        "num_sampled": 2,
        "seed": 7,
    },
    parameters=(
        Parameter("weights, biases", "the output layer, [C, d] and [C]"),
        Parameter("inputs", "what it is applied to, h, [B, d]"),
        Parameter("num_sampled", "S, how many distinct classes to draw"),
        Parameter("sampler", "log_uniform, for class ids sorted by descending frequency, or uniform"),
        Parameter("seed", "the same seed gives the same draw on every machine"),
        Parameter("sampled_values", "classes drawn already and their expected counts, in place of drawing"),
        Parameter("remove_accidental_hits", "leave out a sampled class that is one of the row's true classes"),
        Parameter("subtract_log_q", "correct each logit by the log of its class' expected count"),
        Parameter("sample_weights", "multiplies the rows' losses"),
        REDUCTION,
    ),
    stability="The kernel of softmax_cross_entropy, over T + S logits; accidental hits are masked by −inf.",
    same_as=("tf.nn.sampled_softmax_loss",),
    sources=(
        Source(
            "Jean et al.: On Using Very Large Target Vocabulary for Neural Machine Translation",
            "https://arxiv.org/abs/1412.2007",
        ),
        Source(
            "TensorFlow: tf.nn.sampled_softmax_loss",
            "https://www.tensorflow.org/api_docs/python/tf/nn/sampled_softmax_loss",
        ),
    ),
    names_elsewhere=(Elsewhere("tf.nn", "tf.nn.sampled_softmax_loss", "none"),),
)


@dataclass(frozen=True, slots=True)
class SampledEvaluation:
    """What `evaluate_sampled_softmax` found out about one batch.

    per_sample      weighted losses, [B]
    reduced         the reduced loss; None for reduction "none"
    sampled_values  what was drawn, or given
    sampler, seed   with which it was drawn; None where it was given
    warnings        always `train_only`; `checked`: the codes of the checks that ran
    """

    per_sample: Array
    reduced: Reduced | None
    sampled_values: SampledValues
    sampler: Sampler | None
    seed: int | None
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]


def sampled_softmax(
    weights: ArrayLike,
    biases: ArrayLike,
    inputs: ArrayLike,
    labels: ArrayLike,
    sampled_values: SampledValues,
    *,
    remove_accidental_hits: bool = True,
    subtract_log_q: bool = True,
) -> Array:
    """Softmax cross-entropy over each row's labels and the sampled classes: one loss per row.

    A stand-in, in training only, for the softmax over all C classes of logits inputs · weightsᵀ + biases: minimising
    it leads to about the same layer. Its value is another and depends on the sample, and becomes that cross-entropy
    only where all classes are sampled for sure: evaluate with `sparse_softmax_cross_entropy`.

        ℓ = 1/T · Σ_t (log Σ_j exp(z_j) − z_t),    z_k = inputs · weights_k + biases_k − log q_k

    where t runs over the row's T labels, j over them and the S candidates, and q is the expected count.

    weights: [C, d]. biases: [C]. inputs: [B, d]. labels: class ids, [B, T] or, for T = 1, [B]. All finite; but of
    weights and biases only the rows that labels and candidates name are looked at, so that the cost doesn't grow
    with C.
    sampled_values: from `draw_candidates`, or another sampler of which C is the range: S candidates, some of which
    may be the same class, and expected counts above 0 in the shapes [B, T] and [S].
    remove_accidental_hits: leave out of a row the candidates that are labels of it. They are left out exactly, where
    TensorFlow adds −3.4e38 to their logits.
    subtract_log_q: without it the classes that come up often are held down too much, and the layer learns
    probabilities in proportion to p / q in place of p.
    Returns [B].
    Raises WrongShape, LabelOutOfRange, LabelNotWhole, NotANumber, Infinite (also where a logit overflows),
    ParameterOutOfRange, NotNumeric, Ragged, Empty.

    >>> values = SampledValues(np.array([2, 0]), np.array([[0.5]]), np.array([0.4, 0.8]))
    >>> sampled_softmax([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 0.1, 0.2], [[0.5, 1.5]], [1], values).round(8)
    array([1.24866686])

    As tf.nn.sampled_softmax_loss, by Jean et al., "On Using Very Large Target Vocabulary for Neural Machine
    Translation", 2015.
    """
    batch = _check_batch(weights, biases, inputs, labels)
    values = _check_values(sampled_values, batch)
    return _narrow(_losses(batch, values, remove_accidental_hits, subtract_log_q), batch.dtype)


def evaluate_sampled_softmax(
    weights: ArrayLike,
    biases: ArrayLike,
    inputs: ArrayLike,
    labels: ArrayLike,
    *,
    num_sampled: int | None = None,
    sampler: Sampler | None = None,
    seed: int | None = None,
    sampled_values: SampledValues | None = None,
    remove_accidental_hits: bool = True,
    subtract_log_q: bool = True,
    reduction: Reduction = "mean",
    sample_weights: ArrayLike | None = None,
) -> SampledEvaluation:
    """Per-sample and reduced `sampled_softmax` of a batch, the candidates drawn or given.

    num_sampled: how many classes to draw, at most C. sampler: "log_uniform", the default, for ids in order of falling
    frequency, or "uniform". seed: 0 … 2⁶³ − 1; absent: a fresh one. See `draw_candidates`.
    sampled_values: in place of these three.
    reduction: "none", "sum", "mean", "weighted_mean" or "mean_by_nonzero_weights", see `xent_core.compute.reduction`.
    sample_weights: multiply the losses. A scalar or [B].
    The other arguments as for `sampled_softmax`.

    Raises a subclass of InvalidInput: what `sampled_softmax` raises, MissingParameter, UnexpectedParameter.

    >>> result = evaluate_sampled_softmax(np.eye(9), np.zeros(9), np.eye(9)[:2], [0, 4], num_sampled=3, seed=7)
    >>> result.sampled_values.candidates, result.per_sample.round(4), round(result.reduced.value, 4)
    (array([6, 3, 0]), array([1.2226, 1.2531]), 1.2378)
    """
    if reduction not in REDUCTIONS:
        raise ParameterOutOfRange("reduction", f"is {reduction!r:.80}; one of {', '.join(REDUCTIONS)} was expected")
    batch = _check_batch(weights, biases, inputs, labels)
    fitted = _check_sample_weights(sample_weights, batch)
    if sampled_values is None:
        if num_sampled is None:
            raise MissingParameter("num_sampled", "is absent; give it, or sampled_values in place of drawing")
        sampler = sampler or "log_uniform"
        seed = fresh_seed() if seed is None else seed
        values = draw_candidates(sampler, num_sampled, batch.classes, batch.labels, seed)
    else:
        _refuse_drawing({"num_sampled": num_sampled, "sampler": sampler, "seed": seed})
        values = _check_values(sampled_values, batch)
    losses = multiply(_losses(batch, values, remove_accidental_hits, subtract_log_q), fitted)
    totals = Totals(float(losses.sum()), len(losses), float(fitted.sum()), int(np.count_nonzero(fitted)))
    return SampledEvaluation(
        per_sample=_narrow(losses, batch.dtype),
        reduced=reduce(reduction, totals),
        sampled_values=values,
        sampler=sampler,
        seed=seed,
        warnings=(_train_only(values, batch),),
        checked=(TRAIN_ONLY,),
    )


def _train_only(values: SampledValues, batch: "_Batch") -> LossWarning:
    sampled = len(values.candidates)
    return LossWarning(
        TRAIN_ONLY,
        "certain",
        f"This loss compares each label with a sample of {sampled} of {batch.classes} classes. It is good for training "
        "only: its value is not the cross-entropy, and changes with the sample.",
        {"num_sampled": sampled, "num_classes": batch.classes},
        "Evaluate with the full softmax: POST /v1/loss with the logits inputs · weightsᵀ + biases.",
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Arguments that fit each other. Weights and biases are as given, their values not yet checked.

    label_shape  the labels' as given; `labels` is always [B, T]
    """

    weights: Array
    biases: Array
    inputs: Array
    labels: Array
    label_shape: tuple[int, ...]
    dtype: FloatType

    @property
    def classes(self) -> int:
        return len(self.weights)

    def weights_of(self, classes: Array) -> Array:
        return _used(self.weights, classes, "weights", self.dtype)

    def biases_of(self, classes: Array) -> Array:
        return _used(self.biases, classes, "biases", self.dtype)


def _used(values: Array, classes: Array, name: str, dtype: FloatType) -> Array:
    """The entries of these classes, in `dtype`. Raises NotANumber, Infinite."""
    try:
        return check_finite(values[classes], name, dtype)
    except InvalidInput as error:
        rank = classes.ndim
        position = int(classes[error.position[:rank]]), *error.position[rank:]
        raise type(error)(name, error.message, position) from None


def _check_batch(weights: ArrayLike, biases: ArrayLike, inputs: ArrayLike, labels: ArrayLike) -> _Batch:
    w, b = as_numbers(weights, "weights"), as_numbers(biases, "biases")
    x, y = as_numbers(inputs, "inputs"), as_numbers(labels, "labels")
    if w.ndim != 2:
        raise WrongShape("weights", f"have shape {list(w.shape)}; one row for each class was expected, [C, d]")
    if b.shape != w.shape[:1]:
        raise WrongShape(
            "biases",
            f"have shape {list(b.shape)}; one for each row of weights was expected, [{len(w)}]",
        )
    if x.ndim != 2 or x.shape[1] != w.shape[1]:
        raise WrongShape(
            "inputs",
            f"have shape {list(x.shape)}; rows as long as those of weights were expected, [B, {w.shape[1]}]",
        )
    if y.ndim not in (1, 2) or len(y) != len(x):
        raise WrongShape(
            "labels",
            f"have shape {list(y.shape)}; class ids for {len(x)} inputs were expected, [{len(x)}, T] or [{len(x)}]",
        )
    dtypes = {computation_dtype(w), computation_dtype(x)}
    dtype = FLOAT64 if FLOAT64 in dtypes else FLOAT32
    ids = _class_ids(y, "labels", len(w))
    return _Batch(w, b, check_finite(x, "inputs", dtype), ids.reshape(len(x), -1), y.shape, dtype)


def _class_ids(given: Array, argument: str, classes: int) -> Array:
    """Raises LabelOutOfRange, LabelNotWhole, NotANumber, Infinite."""
    layout = Layout.along((*given.shape, classes), given.ndim)
    try:
        ids = class_indices(given, layout, Block(slice(0, given.size), slice(0, classes)))
    except InvalidInput as error:
        raise type(error)(argument, error.message, error.position) from None
    return ids.reshape(given.shape)


def _check_values(values: SampledValues, batch: _Batch) -> SampledValues:
    candidates = as_numbers(values.candidates, "sampled_values.candidates")
    if candidates.ndim != 1:
        raise WrongShape(
            "sampled_values.candidates", f"have shape {list(candidates.shape)}; a list of class ids was expected, [S]"
        )
    ids = _class_ids(candidates, "sampled_values.candidates", batch.classes).astype(np.int64, copy=False)
    true, sampled = values.true_expected_count, values.sampled_expected_count
    return SampledValues(
        ids,
        _counts(true, "sampled_values.true_expected_count", (batch.labels.shape, batch.label_shape)),
        _counts(sampled, "sampled_values.sampled_expected_count", (ids.shape,)),
    )


def _counts(values: ArrayLike, argument: str, shapes: tuple[tuple[int, ...], ...]) -> Array:
    """Expected counts in the first of the shapes that they may have."""
    given = as_numbers(values, argument)
    if given.shape not in shapes:
        raise WrongShape(argument, f"has shape {list(given.shape)}; {list(shapes[0])} was expected")
    return check_positive(given, argument).reshape(shapes[0])


def _check_sample_weights(sample_weights: ArrayLike | None, batch: _Batch) -> Array:
    """One for each row."""
    rows = (len(batch.inputs),)
    if sample_weights is None:
        return np.ones(rows)
    given = as_numbers(sample_weights, "sample_weights")
    if given.shape not in ((), rows):
        raise WrongShape(
            "sample_weights",
            f"have shape {list(given.shape)}; a single number or one for each input was expected, {list(rows)}",
        )
    return np.broadcast_to(check_finite(given, "sample_weights", batch.dtype).astype(np.float64), rows)


def _refuse_drawing(parameters: dict[str, object]) -> None:
    for name, value in parameters.items():
        if value is not None:
            raise UnexpectedParameter(name, "is for drawing; sampled_values are given, and nothing is drawn")


def _losses(batch: _Batch, values: SampledValues, remove_accidental_hits: bool, subtract_log_q: bool) -> Array:
    """float64 [B]."""
    (rows, true), sampled = batch.labels.shape, len(values.candidates)
    candidate_weights, candidate_offsets = batch.weights_of(values.candidates), batch.biases_of(values.candidates)
    label_offsets = batch.biases_of(batch.labels)
    if subtract_log_q:
        candidate_offsets = candidate_offsets - np.log(values.sampled_expected_count).astype(batch.dtype)
        label_offsets = label_offsets - np.log(values.true_expected_count).astype(batch.dtype)
    hits = _AccidentalHits(values.candidates) if remove_accidental_hits else None
    buffer = tile_buffer(Layout.along((rows, true + sampled), 1), batch.dtype)
    losses = np.empty(rows)
    with np.errstate(all="ignore"):
        for tile in row_tiles(rows, max(true + sampled, true * batch.weights.shape[1])):
            inputs, labels = batch.inputs[tile], batch.labels[tile]
            logits = np.empty((len(inputs), true + sampled), batch.dtype)
            of_labels, of_candidates = logits[:, :true], logits[:, true:]
            np.vecdot(batch.weights_of(labels), inputs[:, None], out=of_labels)
            np.matmul(inputs, candidate_weights.T, out=of_candidates)
            of_labels += label_offsets[tile]
            of_candidates += candidate_offsets
            check_products(logits, "inputs", tile.start)
            if hits is not None:
                hits.mask(of_candidates, labels)
            losses[tile] = _cross_entropy(logits, true, buffer)
    return losses


class _AccidentalHits:
    """Finds the candidates that are labels of the same row."""

    def __init__(self, candidates: Array) -> None:
        self.classes, self.places = np.unique(candidates, return_inverse=True)

    def mask(self, logits: Array, labels: Array) -> None:
        """Write −inf over the candidates' logits [rows, S] that are hits of labels [rows, T]."""
        nearest = np.minimum(np.searchsorted(self.classes, labels), len(self.classes) - 1)
        found = self.classes[nearest] == labels
        if found.any():
            hit = np.zeros((len(labels), len(self.classes)), np.bool_)
            hit[np.nonzero(found)[0], nearest[found]] = True
            np.copyto(logits, -np.inf, where=hit[:, self.places])


def _cross_entropy(logits: Array, true: int, buffer: Array) -> Array:
    """Of rows whose first `true` classes share the label's mass."""
    if true == 1:
        return index_losses(logits, np.zeros(len(logits), np.intp), buffer, check=lambda: None)
    target = np.zeros(logits.shape[1], logits.dtype)
    target[:true] = 1 / true
    return distribution_losses(logits, np.broadcast_to(target, logits.shape), buffer, check=lambda: None)


def _narrow(losses: Array, dtype: FloatType) -> Array:
    with np.errstate(over="ignore"):
        return losses.astype(dtype, copy=False)
