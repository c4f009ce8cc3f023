"""Each loss in one table: what it computes, when to use it and when not, what it takes, and where it comes from.

The recommendation, the check of parameters, the OpenAPI document and the README read this table, so that they can't
disagree. `numpy` and `gradient_numpy` say the formulas once more as expressions that run, with `x` for a row of logits
(sigmoid losses: one logit), `y` for its labels, and `C` for the number of classes.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from xent_core.labels import LabelKind

LossType = Literal[
    "sigmoid_cross_entropy", "weighted_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy"
]
LOSS_TYPES: tuple[LossType, ...] = get_args(LossType)
CatalogueName = Literal[LossType, "sampled_softmax"]


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    where: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`called_for_by` names the label kinds for which loss_type="auto" computes this loss."""

    loss_type: CatalogueName
    title: str
    endpoint: str
    formula: str
    latex: str
    numpy: str
    gradient: str
    gradient_latex: str
    gradient_numpy: str
    use_when: str
    avoid_when: tuple[str, ...]
    label_form: str
    called_for_by: tuple[LabelKind, ...]
    example: dict[str, Any]
    parameters: tuple[Parameter, ...]
    stability: str
    same_as: tuple[str, ...]
    sources: tuple[Source, ...]

    def takes(self, parameter: str) -> bool:
        return any(each.name == parameter for each in self.parameters)


_LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]

_WEIGHTS = Parameter(
    "weights",
    "multiplies losses: a scalar, the samples' shape, or the elements' rank with every dimension theirs or 1",
)
_REDUCTION = Parameter("reduction", "none, sum, mean, weighted_mean or mean_by_nonzero_weights")
_AXIS = Parameter("axis", "the class axis, the last by default")
_FROM_LOGITS_SOFTMAX = Parameter(
    "from_logits",
    "false: the values are probabilities; rows are divided by their sum, then clipped to [1e-7, 1 − 1e-7]",
)
_FROM_LOGITS_SIGMOID = Parameter("from_logits", "false: the values are probabilities, clipped to [1e-7, 1 − 1e-7]")
_SMOOTHING_SOFTMAX = Parameter("label_smoothing", "s from 0 to 1: labels become y(1 − s) + s/C")
_SMOOTHING_SIGMOID = Parameter("label_smoothing", "s from 0 to 1: labels become y(1 − s) + s/2")
_CLASS_WEIGHTS = Parameter("class_weights", "one weight for each class: ℓ = −Σ_c w_c · y_c · log p_c")

_GOODFELLOW = Source("Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2", "https://www.deeplearningbook.org")

CATALOGUE: dict[CatalogueName, Entry] = {
    entry.loss_type: entry
    for entry in (
        Entry(
            loss_type="sigmoid_cross_entropy",
            title="Sigmoid cross-entropy",
            endpoint="/v1/loss",
            formula="ℓ = −y · log σ(x) − (1 − y) · log(1 − σ(x)) = max(x, 0) − x · y + log(1 + exp(−|x|))",
            latex=r"\ell = -y \log \sigma(x) - (1 - y) \log(1 - \sigma(x)) = \max(x, 0) - x y + \log(1 + e^{-|x|})",
            numpy="np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))",
            gradient="∂ℓ/∂x = σ(x) − y",
            gradient_latex=r"\frac{\partial \ell}{\partial x} = \sigma(x) - y",
            gradient_numpy="1 / (1 + np.exp(-x)) - y",
            use_when="Each logit answers a yes/no question of its own: a sample's labels don't exclude each other.",
            avoid_when=(
                "Exactly one class is right for each sample: sparse_softmax_cross_entropy then uses that they exclude "
                "each other.",
                "Positives are rare and must not be missed: weighted_cross_entropy counts them more.",
            ),
            label_form="0 or 1, or anything in [0, 1], in the logits' shape; a scalar stands for every element",
            called_for_by=("binary", "soft_binary", "multi_hot", "soft_multi_label"),
            example={"logits": _LOGITS, "labels": [[1, 0, 1], [0, 0, 1]]},
            parameters=(_WEIGHTS, _SMOOTHING_SIGMOID, _FROM_LOGITS_SIGMOID, _AXIS, _REDUCTION),
            stability=(
                "exp is taken of −|x| only, so nothing overflows; with labels of 0 and 1 the first two terms are "
                "exact, so that a tiny loss keeps its relative accuracy."
            ),
            same_as=(
                "tf.nn.sigmoid_cross_entropy_with_logits",
                "keras.losses.BinaryCrossentropy",
                "torch.nn.BCEWithLogitsLoss",
                "optax.sigmoid_binary_cross_entropy",
            ),
            sources=(
                _GOODFELLOW,
                Source(
                    "TensorFlow: tf.nn.sigmoid_cross_entropy_with_logits",
                    "https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits",
                ),
            ),
        ),
        Entry(
            loss_type="weighted_cross_entropy",
            title="Weighted sigmoid cross-entropy",
            endpoint="/v1/loss",
            formula=(
                "ℓ = −q · y · log σ(x) − (1 − y) · log(1 − σ(x)) "
                "= (1 − y) · x + (1 + (q − 1) · y) · (log(1 + exp(−|x|)) + max(−x, 0)), q = pos_weight"
            ),
            latex=(
                r"\ell = -q y \log \sigma(x) - (1 - y) \log(1 - \sigma(x)) "
                r"= (1 - y) x + (1 + (q - 1) y) (\log(1 + e^{-|x|}) + \max(-x, 0))"
            ),
            numpy="(1 - y) * x + (1 + (q - 1) * y) * (np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0))",
            gradient="∂ℓ/∂x = (1 − y) · σ(x) − q · y · σ(−x)",
            gradient_latex=r"\frac{\partial \ell}{\partial x} = (1 - y) \sigma(x) - q y \sigma(-x)",
            gradient_numpy="(1 - y) / (1 + np.exp(-x)) - q * y / (1 + np.exp(x))",
            use_when=(
                "Each logit answers a yes/no question of its own, and positives are rare, or missing one costs more "
                "than a false alarm: a pos_weight of negatives / positives balances the two."
            ),
            avoid_when=(
                "The outputs are to be read as probabilities: a pos_weight other than 1 shifts them.",
                "Exactly one class is right for each sample: there class_weights do this, with a softmax loss.",
            ),
            label_form="0 or 1, or anything in [0, 1], in the logits' shape; a scalar stands for every element",
            called_for_by=(),
            example={
                "logits": _LOGITS,
                "labels": [[1, 0, 1], [0, 0, 1]],
                "loss_type": "weighted_cross_entropy",
                "pos_weight": 3.0,
            },
            parameters=(
                Parameter(
                    "pos_weight", "q: how often the positive term counts, a scalar or one for each class; required"
                ),
                _WEIGHTS,
                _SMOOTHING_SIGMOID,
                _FROM_LOGITS_SIGMOID,
                _AXIS,
                _REDUCTION,
            ),
            stability=(
                "Computed as (1 − y) · log(1 + exp(x)) + q · y · log(1 + exp(−x)), each in its stable form: the terms "
                "of valid labels are never negative, so nothing cancels."
            ),
            same_as=("tf.nn.weighted_cross_entropy_with_logits", "torch.nn.BCEWithLogitsLoss(pos_weight=…)"),
            sources=(
                Source(
                    "TensorFlow: tf.nn.weighted_cross_entropy_with_logits",
                    "https://www.tensorflow.org/api_docs/python/tf/nn/weighted_cross_entropy_with_logits",
                ),
            ),
        ),
        Entry(
            loss_type="softmax_cross_entropy",
            title="Softmax cross-entropy",
            endpoint="/v1/loss",
            formula="ℓ = −Σ_c y_c · log p_c, p = softmax(x) = exp(x) / Σ_j exp(x_j)",
            latex=r"\ell = -\sum_c y_c \log p_c, \quad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}",
            numpy="np.sum(y * (np.log(np.sum(np.exp(x - np.max(x)))) + np.max(x) - x))",
            gradient="∂ℓ/∂x_c = p_c · Σ_j y_j − y_c",
            gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_c \sum_j y_j - y_c",
            gradient_numpy="np.exp(x) / np.sum(np.exp(x)) * np.sum(y) - y",
            use_when=(
                "Exactly one class is right for each sample, and the labels say how likely each is: soft labels, "
                "distillation, annotators who disagree."
            ),
            avoid_when=(
                "Several classes may be right at once: sigmoid_cross_entropy asks about each by itself.",
                "Every row of labels is one-hot: sparse_softmax_cross_entropy takes the class indices, for less data.",
            ),
            label_form="the logits' shape, each row a distribution over the classes: in [0, 1], summing to 1",
            called_for_by=("one_hot", "distribution"),
            example={"logits": _LOGITS, "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]},
            parameters=(_CLASS_WEIGHTS, _WEIGHTS, _SMOOTHING_SOFTMAX, _FROM_LOGITS_SOFTMAX, _AXIS, _REDUCTION),
            stability=(
                "Rows whose sum of exponentials could overflow or underflow are shifted by their largest logit; sums "
                "over labels are accumulated in float64. A label of 0 at a class masked by −inf costs nothing."
            ),
            same_as=(
                "tf.nn.softmax_cross_entropy_with_logits",
                "keras.losses.CategoricalCrossentropy",
                "torch.nn.CrossEntropyLoss",
                "optax.softmax_cross_entropy",
            ),
            sources=(
                _GOODFELLOW,
                Source(
                    "TensorFlow: tf.nn.softmax_cross_entropy_with_logits",
                    "https://www.tensorflow.org/api_docs/python/tf/nn/softmax_cross_entropy_with_logits",
                ),
            ),
        ),
        Entry(
            loss_type="sparse_softmax_cross_entropy",
            title="Sparse softmax cross-entropy",
            endpoint="/v1/loss",
            formula="ℓ = −log softmax(x)_k = log(1 + Σ_{c≠k} exp(x_c − x_k)), k the class index",
            latex=r"\ell = -\log \frac{e^{x_k}}{\sum_j e^{x_j}} = \log\Bigl(1 + \sum_{c \ne k} e^{x_c - x_k}\Bigr)",
            numpy="np.log1p(np.sum(np.exp(np.delete(x, k) - x[k])))",
            gradient="∂ℓ/∂x_c = p_c − [c = k]",
            gradient_latex=r"\frac{\partial \ell}{\partial x_c} = p_c - [c = k]",
            gradient_numpy="np.exp(x) / np.sum(np.exp(x)) - (np.arange(C) == k)",
            use_when="Exactly one class is right for each sample, and the labels name it.",
            avoid_when=(
                "Several classes may be right at once: sigmoid_cross_entropy asks about each by itself.",
                "The labels are distributions over the classes: softmax_cross_entropy takes them.",
            ),
            label_form="class indices from 0 to C − 1, the logits' shape without the class axis",
            called_for_by=("class_indices",),
            example={"logits": _LOGITS, "labels": [1, 2]},
            parameters=(
                _CLASS_WEIGHTS,
                Parameter("ignore_index", "a label of this value costs 0 and counts in no denominator"),
                _WEIGHTS,
                _SMOOTHING_SOFTMAX,
                _FROM_LOGITS_SOFTMAX,
                _AXIS,
                _REDUCTION,
            ),
            stability=(
                "The label's own term is left out of the sum, so nothing cancels: the loss keeps its relative accuracy "
                "however confident the prediction is, and is never negative."
            ),
            same_as=(
                "tf.nn.sparse_softmax_cross_entropy_with_logits",
                "keras.losses.SparseCategoricalCrossentropy",
                "torch.nn.CrossEntropyLoss",
                "optax.softmax_cross_entropy_with_integer_labels",
            ),
            sources=(
                _GOODFELLOW,
                Source(
                    "TensorFlow: tf.nn.sparse_softmax_cross_entropy_with_logits",
                    "https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits",
                ),
            ),
        ),
        Entry(
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
                _REDUCTION,
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
        ),
    )
}

CALLED_FOR: dict[LabelKind, LossType] = {
    kind: loss_type for loss_type in LOSS_TYPES for kind in CATALOGUE[loss_type].called_for_by
}
"""What loss_type="auto" computes for each kind of labels."""


def takers(parameter: str) -> tuple[LossType, ...]:
    """The losses that take a parameter."""
    return tuple(loss_type for loss_type in LOSS_TYPES if CATALOGUE[loss_type].takes(parameter))
