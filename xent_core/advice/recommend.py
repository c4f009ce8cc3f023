"""From a batch to the loss that its labels call for: why, what else could be meant, and its call in each framework."""

from functools import lru_cache
from typing import Any, Literal, assert_never

import numpy as np

from xent_core.advice.other_reading import with_loss
from xent_core.checks.arguments import class_layout
from xent_core.checks.weights import dimensions_fit
from xent_core.compute.layout import Array, Layout
from xent_core.equivalents import SAMPLED_SOFTMAX_TEXTS, equivalents, with_values
from xent_core.labels.facts import Count, LabelFacts
from xent_core.losses import AUTO, LOSSES
from xent_core.losses.kl_divergence import KL_DIVERGENCE as KL
from xent_core.losses.loss import Entry, Loss
from xent_core.losses.sampled_softmax import SAMPLED_SOFTMAX
from xent_core.losses.sigmoid import SIGMOID_CROSS_ENTROPY as SIGMOID
from xent_core.losses.sigmoid_focal import SIGMOID_FOCAL_CROSS_ENTROPY as SIGMOID_FOCAL
from xent_core.losses.softmax import SOFTMAX_CROSS_ENTROPY as SOFTMAX
from xent_core.losses.sparse_softmax import SPARSE_SOFTMAX_CROSS_ENTROPY as SPARSE
from xent_core.losses.sparse_softmax_focal import SPARSE_SOFTMAX_FOCAL_CROSS_ENTROPY as SPARSE_FOCAL
from xent_core.losses.weighted import WEIGHTED_CROSS_ENTROPY as WEIGHTED
from xent_core.prepare import Options, PreparedBatch, prepare
from xent_core.results import Alternative, LabelKind, Reason, Recommendation, Suggested

OWN = ("shift", "temperature", "gamma", "alpha", "q", "epsilon", "labels_are_logits")
"""Parameters that only some losses take."""

# Imbalance, and what is suggested against it.
MIN_LABELS = 20
RARE_SHARE = 0.1
CLASS_RATIO = 10
MANY_CLASSES = 10_000
# A weight for each of more classes than this is no suggestion that anybody reads.
MAX_SUGGESTED = 10_000


def recommendation(batch: PreparedBatch) -> Recommendation:
    """The loss that the labels call for, with its calls in each framework unless the advice is to be brief."""
    if batch.options.advice == "brief":
        return brief_recommendation(batch)
    calls, found = equivalents_and_recommendation(batch)
    return found if found.equivalents else found._replace(equivalents=calls)


def brief_recommendation(batch: PreparedBatch) -> Recommendation:
    """The loss that the labels call for and what is suggested, without reasons, alternatives and calls."""
    suggested = balance(batch.facts, batch.layout)
    return Recommendation(_loss_for(batch.facts, batch.loss, suggested).name, batch.facts.kind, (), (), suggested)


def equivalents_and_recommendation(batch: PreparedBatch) -> tuple[dict[str, str], Recommendation]:
    """The call of the loss that is computed in each framework; and the loss that the labels call for, whose calls are
    None where they are the same.
    """
    suggested, parameters = balance(batch.facts, batch.layout), batch.parameters
    by_class = parameters.class_weights is not None or parameters.pos_weight is not None
    if suggested is None and batch.weights is None and not by_class:
        facts, not_one = batch.facts, batch.facts.rows_not_one.rows
        calls, found = _usual(
            facts.kind,
            # Only beside rows that don't sum to 1 do the texts hold how many rows there are.
            facts.rows if not_one else 0,
            not_one,
            facts.rows_of_zeros.rows if not_one and facts.padded_one_hot else 0,
            batch.counts.by_logit,
            batch.layout,
            batch.loss,
            batch.given_labels_shape,
            batch.labels.dtype,
            batch.options,
        )
    else:
        calls, found = _own(batch, suggested)
    if batch.facts.kind != "class_indices":
        found = found._replace(alternatives=with_loss(batch, found.alternatives))
    return calls, found


def _own(batch: PreparedBatch, suggested: Suggested | None) -> tuple[dict[str, str], Recommendation]:
    """With figures of this batch."""
    choice = _choose(batch.facts, batch.layout, batch.loss, suggested, by_logit=batch.counts.by_logit)
    calls = _equivalents(batch, batch.loss)
    if suggested is None and choice.loss_type == batch.loss.name:
        return calls, choice
    recommended = _equivalents(batch, LOSSES[choice.loss_type], suggested)
    return calls, choice._replace(equivalents=None if recommended == calls else recommended)


@lru_cache(maxsize=256)
def _usual(
    kind: LabelKind,
    rows: int,
    not_one: int,
    padding: int,
    by_logit: bool,
    layout: Layout,
    loss: Loss,
    labels_shape: tuple[int, ...],
    labels_dtype: np.dtype[Any],
    options: Options,
) -> tuple[dict[str, str], Recommendation]:
    """Without weights, and with nothing to suggest, batches of one form all have the same."""
    facts = LabelFacts(kind, rows=rows, rows_not_one=Count(not_one))
    if padding:
        facts = facts._replace(positives=rows - padding, rows_of_zeros=Count(padding))
    found = _choose(facts, layout, loss, None, by_logit=by_logit)
    calls, recommended = (
        _texts(each, kind, layout, labels_shape, labels_dtype, options) for each in (loss, LOSSES[found.loss_type])
    )
    return calls, found._replace(equivalents=None if recommended == calls else recommended)


def equivalents_of_example(entry: Entry) -> dict[str, str]:
    """The loss of a catalogue entry's example in each framework."""
    if entry.loss_type not in LOSSES:
        return SAMPLED_SOFTMAX_TEXTS
    given = dict(entry.example) | {"loss_type": entry.loss_type}
    logits, labels = np.asarray(given.pop("logits")), given.pop("labels")
    batch = prepare(logits, logits.shape, labels, Options(**given))
    return _equivalents(batch, batch.loss)


def _equivalents(batch: PreparedBatch, loss: Loss, suggested: Suggested | None = None) -> dict[str, str]:
    """A loss in each framework: with the parameters given that it takes, and else with those suggested."""
    given = batch.parameters
    pos_weight: float | Literal["array"] | None = None
    class_weights: bool | tuple[float, ...] = False
    if loss.takes("pos_weight"):
        pos_weight = None if suggested is None else suggested.pos_weight
        if given.pos_weight is not None:
            pos_weight = float(given.pos_weight) if given.pos_weight.ndim == 0 else "array"
    elif loss.takes("class_weights"):
        class_weights = given.class_weights is not None
        if not class_weights and suggested is not None and suggested.class_weights is not None:
            class_weights = tuple(suggested.class_weights.tolist())
    return _texts(
        loss,
        batch.facts.kind,
        batch.layout,
        batch.given_labels_shape,
        batch.labels.dtype,
        batch.options,
        weights=_weights_for(batch, loss),
        pos_weight=pos_weight,
        class_weights=class_weights,
    )


def _texts(
    loss: Loss,
    kind: LabelKind,
    layout: Layout,
    labels_shape: tuple[int, ...],
    labels_dtype: np.dtype[Any],
    options: Options,
    *,
    weights: float | tuple[int, ...] | None = None,
    pos_weight: float | Literal["array"] | None = None,
    class_weights: bool | tuple[float, ...] = False,
) -> dict[str, str]:
    """The texts of one form, in which only the values of pos_weight and class_weights differ from batch to batch."""
    form = options._replace(weights=None, pos_weight=None, class_weights=None)
    texts = _texts_of_form(
        loss,
        kind,
        layout,
        labels_shape,
        labels_dtype,
        form,
        weights,
        "scalar" if isinstance(pos_weight, float) else pos_weight,
        class_weights is not False,
    )
    return with_values(texts, pos_weight=pos_weight, class_weights=class_weights)


@lru_cache(maxsize=256)
def _texts_of_form(
    loss: Loss,
    kind: LabelKind,
    layout: Layout,
    labels_shape: tuple[int, ...],
    labels_dtype: np.dtype[Any],
    options: Options,
    weights: float | tuple[int, ...] | None,
    pos_weight: Literal["scalar", "array"] | None,
    class_weights: bool,
) -> dict[str, str]:
    return equivalents(
        loss.name,
        logits_shape=layout.shape,
        labels_shape=labels_shape,
        labels_dtype=labels_dtype,
        label_kind=kind,
        axis=options.axis,
        weights=weights,
        pos_weight=pos_weight,
        class_weights=class_weights,
        label_smoothing=options.label_smoothing if loss.takes("label_smoothing") else 0.0,
        ignore_index=options.ignore_index if loss.takes("ignore_index") else None,
        from_logits=options.from_logits,
        clip=options.clip,
        reduction=options.reduction,
        **{name: getattr(options, name) for name in OWN if loss.takes(name)},
    )


def _weights_for(batch: PreparedBatch, loss: Loss) -> float | tuple[int, ...] | None:
    """The value of a scalar weight, or the weights' shape; None where they don't fit this loss."""
    if batch.weights is None:
        return None
    shape = batch.weights.shape
    if not shape:
        return float(batch.weights.given)
    layout = class_layout(batch.layout.shape, batch.options.axis)
    elements = layout.shape if loss.is_elementwise else layout.sample_shape
    fits = shape == layout.sample_shape or dimensions_fit(shape, elements)
    return shape if fits else None


def _loss_for(facts: LabelFacts, named: Loss, suggested: Suggested | None) -> Loss:
    """`named` is what is computed; it is recommended where the labels are of no known kind."""
    if suggested is not None and suggested.pos_weight is not None:
        return WEIGHTED
    return SPARSE if facts.kind == "one_hot" else AUTO.get(facts.kind, named)


def _choose(
    facts: LabelFacts, layout: Layout, named: Loss, suggested: Suggested | None, *, by_logit: bool
) -> Recommendation:
    """The loss that the labels call for, why, and what else could be meant."""
    # Of labels that count each by itself, rows say nothing, and no softmax takes them.
    alternatives = [] if by_logit else _alternatives(facts, layout)
    loss = _loss_for(facts, named, suggested)
    reasons = [_reason_for(facts, layout)]
    if suggested is not None:
        reasons.append(suggested.reason)
        if suggested.pos_weight is not None:
            alternatives += [
                Alternative(SIGMOID.name, "the outputs should stay calibrated to this share of positives"),
                Alternative(SIGMOID_FOCAL.name, "most labels are easy, and it is the hard ones that are missed"),
            ]
        else:
            alternatives.append(
                Alternative(SPARSE_FOCAL.name, "most samples are easy, and it is the hard ones that are missed")
            )
    if not loss.is_elementwise and layout.classes >= MANY_CLASSES:
        alternatives.append(
            Alternative(
                SAMPLED_SOFTMAX.loss_type,
                f"training over all {layout.classes} classes is too slow; evaluate with the full softmax all the same",
            )
        )
    reasons.append(Reason("loss_fits", f"{loss.name}: {loss.entry.use_when}"))
    return Recommendation(loss.name, facts.kind, tuple(reasons), tuple(alternatives), suggested)


def _reason_for(facts: LabelFacts, layout: Layout) -> Reason:
    shape = f"logits of shape {list(layout.shape)}"
    match facts.kind:
        case "binary":
            return Reason("labels_are_binary", f"Every label is 0 or 1, one for each of the {shape}: yes/no questions.")
        case "soft_binary":
            return Reason("labels_are_soft_binary", f"Labels lie from 0 to 1, one for each of the {shape}.")
        case "class_indices":
            return Reason(
                "labels_are_class_indices",
                f"Labels are whole numbers with one dimension less than the {shape}: "
                "each names the one class of its sample.",
            )
        case "one_hot":
            return Reason(
                "labels_are_one_hot",
                "Every row of labels holds a single 1: the classes exclude each other, and their indices would give "
                "the same losses from less data.",
            )
        case "distribution":
            return Reason(
                "labels_are_distributions",
                "Every row of labels sums to 1: a distribution over classes that exclude each other.",
            )
        case "multi_hot":
            return Reason("labels_are_multi_hot", f"Labels are 0 or 1, and {_apart(facts)}")
        case "soft_multi_label":
            return Reason("labels_are_soft_multi_label", f"Labels lie from 0 to 1, and {_apart(facts)}")
        case "other":
            return Reason("loss_type_was_named", "Labels of no known kind; the loss type is the one that was named.")
        case _:
            assert_never(facts.kind)


def _apart(facts: LabelFacts) -> str:
    """Why rows of labels are taken apart."""
    if not facts.rows_not_one.rows:
        return "what the request says beside them is said of yes/no questions: each class is a question of its own."
    held = "hold exactly one 1: the classes don't exclude each other"
    held = held if facts.kind == "multi_hot" else "sum to 1: each class is a question of its own"
    return f"{facts.rows_not_one.rows} of {facts.rows} rows do not {held}."


def _alternatives(facts: LabelFacts, layout: Layout) -> list[Alternative]:
    if facts.kind in ("multi_hot", "soft_multi_label") and not facts.rows_not_one.rows and layout.classes > 1:
        return [
            Alternative(
                SOFTMAX.name,
                "every row of labels sums to 1, and that is no coincidence: exactly one class is right for each sample",
            )
        ]
    if facts.kind in ("binary", "soft_binary") and len(layout.shape) == 1 and layout.rows > 1:
        return [
            Alternative(
                SOFTMAX.name,
                "the logits are one sample's, of classes that exclude each other: send them with a batch dimension, "
                "or name the loss_type",
            )
        ]
    if facts.padded_one_hot and layout.classes > 1:
        return [
            Alternative(
                SOFTMAX.name,
                f"the rows of zeros, {facts.rows_of_zeros.rows} of {facts.rows}, are padding: give them the weight 0, "
                "with reduction weighted_mean",
            )
        ]
    match facts.kind:
        case "one_hot":
            return [
                Alternative(SOFTMAX.name, "labels are to stay one-hot, or will become distributions"),
                Alternative(
                    SIGMOID.name,
                    "the classes don't exclude each other, and these rows hold one label each by chance: "
                    "decide by whether a sample could ever have two or none",
                ),
            ]
        case "distribution":
            return [
                Alternative(
                    KL.name,
                    "the rows are a teacher's outputs: it has the same gradient, and is 0 where the model gives them",
                ),
                Alternative(
                    SIGMOID.name,
                    "each label is the probability of a question of its own, and the rows sum to 1 by chance: "
                    "decide by whether a sample could ever have two or none",
                ),
            ]
        case "multi_hot":
            return [
                Alternative(
                    SOFTMAX.name,
                    "exactly one of the marked classes is right and it isn't known which: "
                    "divide each row of labels by its sum first",
                )
            ]
        case "binary" | "soft_binary" | "class_indices" | "soft_multi_label" | "other":
            return []
        case _:
            assert_never(facts.kind)


def balance(facts: LabelFacts, layout: Layout) -> Suggested | None:
    """What would balance the labels, where they need it."""
    if facts.kind in ("binary", "multi_hot"):
        return _balanced_questions(facts.positives or 0, facts.negatives or 0)
    if facts.class_counts is None or layout.classes > MAX_SUGGESTED:
        return None
    return _balanced_classes(facts.class_counts)


def _balanced_questions(positives: int, negatives: int) -> Suggested | None:
    count = positives + negatives
    if count < MIN_LABELS or not 0 < min(positives, negatives) <= RARE_SHARE * count:
        return None
    return Suggested(
        Reason(
            "labels_are_imbalanced",
            f"{positives} of {count} labels are positive, {100 * positives / count:.3g} %: pos_weight balances them.",
        ),
        pos_weight=negatives / positives,
    )


def _balanced_classes(class_counts: Array) -> Suggested | None:
    commonest = int(np.maximum.reduce(class_counts))
    if commonest < CLASS_RATIO:
        return None
    present = np.flatnonzero(class_counts)
    counts = class_counts[present]
    rarest = int(counts.min())
    if commonest < CLASS_RATIO * rarest:
        return None
    weights = np.ones(len(class_counts))
    weights[present] = counts.sum() / (len(counts) * counts)
    return Suggested(
        Reason(
            "classes_are_imbalanced",
            f"The commonest class occurs {commonest} times, the rarest one present {rarest}: "
            "class_weights balance them.",
        ),
        class_weights=weights,
    )
