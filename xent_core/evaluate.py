"""One batch, whole: choose the loss, compute, weight, reduce, recommend, diagnose."""

import math
from collections.abc import Collection
from typing import Literal, NamedTuple, assert_never, get_args

import numpy as np
from numpy.typing import ArrayLike

from xent_core import arrays
from xent_core.batch import Batch
from xent_core.blocks import Array, strips
from xent_core.catalogue import LossType
from xent_core.diagnose import Evidence, LossWarning, diagnose
from xent_core.errors import ParameterOutOfRange
from xent_core.judge import Case, Options, observed, recommendation, understand
from xent_core.recommend import Recommendation
from xent_core.reduction import Reduced, Reduction, denominator, reduce
from xent_core.sigmoid import bind_sigmoid
from xent_core.softmax_rows import bind_softmax, bind_sparse_softmax
from xent_core.walk import Output, mean_loss, scale, walk

OUTPUTS: tuple[Output, ...] = get_args(Output)


class Evaluation(NamedTuple):
    """What `evaluate` found out about one batch.

    loss_type       what was computed
    per_sample      weighted losses in the samples' shape; of sigmoid losses the mean over the class axis
    reduced         the reduced loss; None for reduction "none"
    recommendation  the loss these labels call for
    warnings        what looks wrong in this batch, and `checked`: the codes of the checks that ran
    elements, gradient, probabilities: where asked for; `gradient` is that of the reduced loss (of the sum for "none")
    """

    loss_type: LossType
    per_sample: Array
    reduced: Reduced | None
    recommendation: Recommendation
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]
    elements: Array | None = None
    gradient: Array | None = None
    probabilities: Array | None = None


@np.errstate(all="ignore")
def evaluate(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    loss_type: LossType | Literal["auto"] = "auto",
    pos_weight: ArrayLike | None = None,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    from_logits: bool = True,
    reduction: Reduction = "mean",
    include: Collection[Output] = (),
) -> Evaluation:
    """Per-sample and reduced losses of a batch, the loss it should have been, and what looks wrong in it.

    logits, labels and the parameters: as for the loss that is computed, see `sigmoid_cross_entropy`,
    `weighted_cross_entropy`, `softmax_cross_entropy` and `sparse_softmax_cross_entropy`.
    weights: multiply the losses. A scalar; or the samples' shape; or the elements' rank with every dimension theirs
    or 1. An element is a row of a softmax loss and a logit of a sigmoid loss; a sample is an entry of the batch
    dimensions, and with rank-1 logits of a sigmoid loss each logit.
    loss_type: "auto" goes by the labels' form, batch by batch.
    reduction: "none", "sum", "mean", "weighted_mean" or "mean_by_nonzero_weights", see `xent_core.reduction`.
    include: any of "elements", "gradient", "probabilities"; each takes memory of the logits' size.

    Raises a subclass of InvalidInput.

    >>> result = evaluate([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2])
    >>> result.loss_type, result.per_sample.round(4), round(result.reduced.value, 4)
    ('sparse_softmax_cross_entropy', array([1.9644, 0.1743]), 1.0693)
    """
    options = Options(
        weights, loss_type, pos_weight, class_weights, label_smoothing, ignore_index, axis, from_logits, reduction
    )
    _check_include(include)
    values = arrays.numeric(logits, "logits")
    case = understand(values, values.shape, labels, options)
    walked = walk(_bind(case, values, from_logits=from_logits), case.weights, include)
    reduced = reduce(reduction, walked.totals)
    if walked.gradient is not None:
        scale(walked.gradient, denominator(reduction, walked.totals))

    def loss_both_ways() -> Evidence:
        as_probabilities = walk(_bind(case, values, from_logits=False), case.weights, ())
        means = {
            "mean_loss_as_logits": mean_loss(walked.totals),
            "mean_loss_as_probabilities": mean_loss(as_probabilities.totals),
        }
        return {name: mean for name, mean in means.items() if np.isfinite(mean)}

    warnings, checked = diagnose(observed(case, _infinite(walked.per_sample), loss_both_ways))
    return Evaluation(
        loss_type=case.loss_type,
        per_sample=walked.per_sample,
        reduced=reduced,
        recommendation=recommendation(case),
        warnings=warnings,
        checked=checked,
        elements=walked.elements,
        gradient=walked.gradient,
        probabilities=walked.probabilities,
    )


def _infinite(losses: Array) -> int:
    """How many of them are infinite."""
    flat = losses.reshape(-1)
    if math.isfinite(np.add.reduce(flat)):
        return 0
    return sum(int(np.count_nonzero(np.isinf(flat[piece]))) for piece in strips(len(flat)))


def _check_include(include: Collection[str]) -> None:
    for name in include:
        if name not in OUTPUTS:
            raise ParameterOutOfRange("include", f"holds {name!r:.80}; any of {', '.join(OUTPUTS)} was expected")


def _bind(case: Case, logits: Array, *, from_logits: bool) -> Batch:
    match case.loss_type:
        case "sigmoid_cross_entropy" | "weighted_cross_entropy":
            return bind_sigmoid(
                logits,
                case.labels,
                case.layout,
                pos_weight=case.pos_weight,
                label_smoothing=case.options.label_smoothing,
                from_logits=from_logits,
            )
        case "softmax_cross_entropy" | "sparse_softmax_cross_entropy":
            return _bind_rows(case, logits, from_logits=from_logits)
        case _:
            assert_never(case.loss_type)


def _bind_rows(case: Case, logits: Array, *, from_logits: bool) -> Batch:
    smoothing = case.options.label_smoothing
    excused = None if case.weights is None else case.weights.zero
    if case.loss_type == "softmax_cross_entropy" and case.facts.indices is None:
        return bind_softmax(
            logits,
            case.labels,
            case.layout,
            class_weights=case.class_weights,
            label_smoothing=smoothing,
            from_logits=from_logits,
            excused=excused,
        )
    # Labels that were found to be one-hot give the same losses as indices, without a second look at them.
    return bind_sparse_softmax(
        logits,
        case.labels if case.facts.indices is None else case.facts.indices,
        case.layout,
        class_weights=case.class_weights,
        label_smoothing=smoothing,
        ignore_index=case.options.ignore_index,
        from_logits=from_logits,
        excused=excused,
        judged=case.facts.class_counts is not None,
    )
