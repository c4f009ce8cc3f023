"""`evaluate` and `recommend`: one batch, whole."""

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from xent_core.accumulate import accumulate, scale
from xent_core.advice.checks import WARNINGS, run_checks
from xent_core.advice.recommend import brief_recommendation, equivalents_and_recommendation, recommendation
from xent_core.by_products import ByProducts, check_by_products, figures_wanted
from xent_core.calibrate import CalibrationCollector
from xent_core.checks.arguments import as_numbers, check_shape
from xent_core.checks.values import (
    check_logits,
    check_masked_rows,
    check_probabilities,
    check_probability_sums,
    class_indices,
)
from xent_core.compute.layout import TILE_ELEMENTS, row_sums
from xent_core.compute.reduction import denominator, reduce
from xent_core.errors import InvalidInput, MissingParameter, ParameterOutOfRange, UnexpectedParameter
from xent_core.labels.counts import neutral_reader
from xent_core.losses.loss import CLIP
from xent_core.prepare import Options, PreparedBatch, prepare
from xent_core.results import OUTPUTS, Advice, AdviceLevel, Evaluation, Output, Reduction
from xent_core.summarise import summary_collector


@np.errstate(all="ignore")
def evaluate(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    loss_type: str = "auto",
    pos_weight: ArrayLike | None = None,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    from_logits: bool = True,
    reduction: Reduction = "mean",
    clip: float = CLIP,
    shift: int = 0,
    temperature: float = 1.0,
    gamma: float | None = None,
    alpha: float | None = None,
    q: float | None = None,
    epsilon: float | None = None,
    labels_are_logits: bool = False,
    include: Collection[Output] = (),
    fit_temperature: bool = True,
    advice: AdviceLevel = "full",
    silence: Collection[str] = (),
) -> Evaluation:
    """Per-sample and reduced losses of a batch in nats, the loss that its labels call for, and likely mistakes.

    logits, labels and the parameters: as for the loss that is computed, see the function that has its name. gamma,
    alpha, q, epsilon and labels_are_logits belong to single losses; None is what such a loss takes by default.
    weights: multiply the losses. A scalar; or the samples' shape; or the elements' rank with every dimension theirs
    or 1. An element is a row of a softmax loss and a logit of a sigmoid loss; a sample is an entry of the batch
    dimensions, and with rank-1 logits of a sigmoid loss each logit.
    loss_type: the name of a loss, or "auto", which goes by the form of the labels, batch by batch.
    ignore_index: a label of this value does not count; for sigmoid losses each label by itself. A label that is NaN is
    missing, and does not count either. What does not count, weights of 0 included, is not looked at: its loss and
    gradient are 0, and its logits and label may be anything, NaN too.
    reduction: "none", "sum", "mean", "weighted_mean" or "mean_by_nonzero_weights", see `xent_core.compute.reduction`.
    clip: with from_logits=False the smallest probability that is taken, and 1 minus the largest; 0 clips nothing.
    shift: softmax losses over class indices, logits [… T, C]: logits at t are for the label at t + shift. The last
    logits and the first labels and weights of each sequence are left out, as what does not count; `per_sample` has
    T − shift. 1 is next-token prediction.
    temperature: losses with a softmax: logits are divided by it first.
    include: any of "elements", "gradient", "probabilities"; each takes memory of the logits' size.
    fit_temperature: whether a calibration has it, which takes several more passes.
    advice: "full"; "brief" leaves out reasons, alternatives and equivalents, and the work for them; "none" looks for no
    recommendation and no warning, and leaves them None and empty.
    silence: codes of warnings that are not looked for.
    Returns float32 arrays for logits of float16, bfloat16 and float32, else float64.

    Raises a subclass of InvalidInput, which says where and why.

    >>> result = evaluate([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2])
    >>> result.loss_type, result.per_sample.round(4), round(result.reduced.value, 4)
    ('sparse_softmax_cross_entropy', array([1.9644, 0.1743]), 1.0693)
    """
    options = Options(
        weights,
        loss_type,
        pos_weight,
        class_weights,
        label_smoothing,
        ignore_index,
        axis,
        from_logits,
        reduction,
        clip,
        advice,
        _known_codes(silence),
        shift,
        temperature,
        gamma,
        alpha,
        q,
        epsilon,
        labels_are_logits,
    )
    for name in include:
        if name not in OUTPUTS:
            raise ParameterOutOfRange("include", f"holds {name!r:.80}; any of {', '.join(OUTPUTS)} was expected")
    values = as_numbers(logits, "logits")
    try:
        batch = prepare(values, values.shape, labels, options)
        check_by_products(include, batch.loss)
        bound = batch.bind(values, from_logits=from_logits, wanted=figures_wanted(include))
        by_products = ByProducts(include, bound)
        summary = summary_collector(batch, bound) if "summary" in include else None
        calibration = CalibrationCollector(batch, bound, fit=fit_temperature) if "calibration" in include else None
        collectors = [each for each in (by_products, summary, calibration) if each is not None]
        accumulated = accumulate(bound, batch.weights, include, batch.counts, collectors)
    except InvalidInput as error:
        _place_as_given(error, shift)
        raise
    reduced = reduce(reduction, accumulated.totals)
    if accumulated.gradient is not None:
        scale(accumulated.gradient, denominator(reduction, accumulated.totals))
    warnings, checked = run_checks(batch, accumulated) if advice != "none" else ((), ())
    calls, recommended = None, None
    if advice == "full":
        calls, recommended = equivalents_and_recommendation(batch)
    elif advice == "brief":
        recommended = brief_recommendation(batch)
    return Evaluation(
        loss_type=batch.loss.name,
        per_sample=accumulated.per_sample,
        reduced=reduced,
        equivalents=calls,
        recommendation=recommended,
        warnings=warnings,
        checked=checked,
        elements=accumulated.elements,
        gradient=accumulated.gradient,
        probabilities=accumulated.probabilities,
        **by_products.outputs,
        summary=None if summary is None else summary.finish(accumulated.per_sample),
        calibration=None if calibration is None else calibration.finish(accumulated.totals.weight),
    )


@np.errstate(all="ignore")
def recommend(
    labels: ArrayLike,
    *,
    logits: ArrayLike | None = None,
    logits_shape: Sequence[int] | None = None,
    weights: ArrayLike | None = None,
    loss_type: str = "auto",
    pos_weight: ArrayLike | None = None,
    class_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    from_logits: bool = True,
    reduction: Reduction = "mean",
    clip: float = CLIP,
    shift: int = 0,
    temperature: float = 1.0,
    gamma: float | None = None,
    alpha: float | None = None,
    q: float | None = None,
    epsilon: float | None = None,
    labels_are_logits: bool = False,
    advice: Literal["full", "brief"] = "full",
    silence: Collection[str] = (),
) -> Advice:
    """The loss that a batch calls for and likely mistakes in it, without computing a loss.

    labels: as for `evaluate`.
    logits, or only logits_shape: with the shape alone, the checks that look at logits don't run, and `checked` leaves
    them out.
    The other parameters: as for `evaluate`. They are checked as there, and the recommendation's equivalents have them
    filled in.

    Raises a subclass of InvalidInput: MissingParameter without logits and logits_shape, UnexpectedParameter with both.

    >>> recommend([[1, 0, 1], [0, 0, 1]], logits_shape=(2, 3)).recommendation.loss_type
    'sigmoid_cross_entropy'
    """
    options = Options(
        weights,
        loss_type,
        pos_weight,
        class_weights,
        label_smoothing,
        ignore_index,
        axis,
        from_logits,
        reduction,
        clip,
        advice,
        _known_codes(silence),
        shift,
        temperature,
        gamma,
        alpha,
        q,
        epsilon,
        labels_are_logits,
    )
    if logits is not None and logits_shape is not None:
        raise UnexpectedParameter("logits_shape", "is given beside logits; one of the two was expected")
    if logits is None and logits_shape is None:
        raise MissingParameter("logits", "are absent; logits or logits_shape was expected")
    values = None if logits is None else as_numbers(logits, "logits")
    shape = check_shape(logits_shape or ()) if values is None else values.shape
    try:
        batch = prepare(values, shape, labels, options)
        # Otherwise there is nothing to look at, and a shape alone may have millions of blocks.
        if batch.logits is not None or not batch.loss.is_elementwise:
            _check_values(batch)
    except InvalidInput as error:
        _place_as_given(error, shift)
        raise
    warnings, checked = run_checks(batch)
    return Advice(recommendation(batch), warnings, checked)


def _place_as_given(error: InvalidInput, shift: int) -> None:
    """Have an error name the place of a label as it was given, where the first of each sequence are left out."""
    if shift > 0 and error.argument == "labels" and error.position:
        error.position = (*error.position[:-1], error.position[-1] + shift)


def _check_values(batch: PreparedBatch) -> None:
    """What computing the loss would find unsound. Labels come first, as there."""
    blocks, counts = batch.layout.blocks(TILE_ELEMENTS), batch.counts
    if not batch.loss.is_elementwise and batch.labels.shape == batch.layout.shape:
        for block, given in batch.label_rows(blocks):
            batch.loss.check_label_rows(given, batch.layout, block, batch.parameters, batch.dtype)
    elif batch.loss.takes_class_indices:
        for block in blocks:
            ignore_index = batch.options.ignore_index
            class_indices(batch.labels, batch.layout, block, counts.rows(block), ignore_index=ignore_index)
    if batch.logits is None:
        return
    read = neutral_reader(batch.layout.reader(batch.logits, batch.dtype), counts)
    for block in blocks:
        logits = read(block)
        if batch.options.from_logits:
            check_logits(logits, batch.layout, block)
            if not batch.loss.is_elementwise:
                check_masked_rows(logits.max(axis=1) == -np.inf, batch.layout, block)
        else:
            check_probabilities(logits, batch.layout, block)
            if not batch.loss.is_elementwise:
                check_probability_sums(row_sums(logits), batch.layout, block)


def _known_codes(silence: Collection[str]) -> tuple[str, ...]:
    """Raises ParameterOutOfRange where a code is none of a warning."""
    for code in silence:
        if code not in WARNINGS:
            raise ParameterOutOfRange("silence", f"holds {code!r:.80}; codes of warnings were expected")
    return tuple(silence)
