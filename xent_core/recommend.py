"""From the labels to the loss they call for, its reasons, and what else could be meant."""

from dataclasses import dataclass
from typing import NamedTuple, assert_never

import numpy as np

from xent_core.blocks import Array, Layout
from xent_core.catalogue import CALLED_FOR, CATALOGUE, LossType
from xent_core.errors import UnclearLabels, UnexpectedParameter
from xent_core.labels import LabelFacts, LabelKind

IMBALANCED_LABELS = 20
RARE_SHARE = 0.1
CLASS_RATIO = 10
MANY_CLASSES = 10_000
# A weight for each of more classes than this is no suggestion that anybody reads.
MOST_SUGGESTED = 1 << 20


class Reason(NamedTuple):
    code: str
    message: str


class Alternative(NamedTuple):
    loss_type: str
    when: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """The parameter that would balance the labels, and why; one of the two is set."""

    reason: Reason
    pos_weight: float | None = None
    class_weights: Array | None = None


class Recommendation(NamedTuple):
    """The loss that labels call for; `equivalents` are its calls in other frameworks, by their names."""

    loss_type: LossType
    label_kind: LabelKind
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    suggested: Suggested | None
    equivalents: dict[str, str] = {}  # noqa: RUF012  replaced, never written to


def choose(facts: LabelFacts, layout: Layout, *, pos_weight: bool, class_weights: bool) -> LossType:
    """The loss that loss_type="auto" stands for; whether pos_weight and class_weights are given counts.

    Raises UnclearLabels, UnexpectedParameter.
    """
    if facts.kind == "other":
        raise UnclearLabels("labels", _no_form(facts, layout))
    called_for = CALLED_FOR[facts.kind]
    sigmoid = called_for == "sigmoid_cross_entropy"
    if pos_weight and not sigmoid:
        raise UnexpectedParameter(
            "pos_weight",
            f"is for weighted_cross_entropy, but these labels ({facts.kind}) call for {called_for}; "
            "use class_weights there, or name the loss_type",
        )
    if class_weights and sigmoid:
        raise UnexpectedParameter(
            "class_weights",
            f"is for softmax losses, but these labels ({facts.kind}) call for {called_for}; "
            "use pos_weight there, or name the loss_type",
        )
    return "weighted_cross_entropy" if pos_weight else called_for


def _no_form(facts: LabelFacts, layout: Layout) -> str:
    return (
        f"have none of the forms that loss_type auto knows (values from {facts.minimum:.9g} to {facts.maximum:.9g}); "
        f"for logits of shape {list(layout.shape)} it knows whole numbers of shape {list(layout.sample_shape)} (class "
        f"indices), numbers from 0 to 1 of shape {list(layout.shape)} (one-hot, distributions, multi-hot), and a "
        "single number from 0 to 1; otherwise name the loss_type"
    )


def recommend(facts: LabelFacts, layout: Layout, named: LossType, suggested: Suggested | None) -> Recommendation:
    """`named` is what is computed; it is recommended where the labels are of no known kind."""
    alternatives = _alternatives(facts)
    loss_type: LossType = CALLED_FOR.get(facts.kind, named)
    if facts.kind == "one_hot":
        loss_type = "sparse_softmax_cross_entropy"
    reasons = [_reason_for(facts, layout)]
    if suggested is not None:
        reasons.append(suggested.reason)
        if suggested.pos_weight is not None:
            loss_type = "weighted_cross_entropy"
            alternatives.append(
                Alternative("sigmoid_cross_entropy", "the outputs should stay calibrated to this share of positives")
            )
    if loss_type in ("softmax_cross_entropy", "sparse_softmax_cross_entropy") and layout.classes >= MANY_CLASSES:
        alternatives.append(
            Alternative(
                "sampled_softmax",
                f"training over all {layout.classes} classes is too slow; evaluate with the full softmax all the same",
            )
        )
    reasons.append(Reason("loss_fits", f"{loss_type}: {CATALOGUE[loss_type].use_when}"))
    return Recommendation(loss_type, facts.kind, tuple(reasons), tuple(alternatives), suggested)


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
            return Reason(
                "labels_are_multi_hot",
                f"Labels are 0 or 1, and {facts.rows_not_one.rows} of {layout.rows} rows do not hold exactly one 1: "
                "the classes don't exclude each other.",
            )
        case "soft_multi_label":
            return Reason(
                "labels_are_soft_multi_label",
                f"Labels lie from 0 to 1, and {facts.rows_not_one.rows} of {layout.rows} rows do not sum to 1: "
                "each class is a question of its own.",
            )
        case "other":
            return Reason("loss_type_was_named", "Labels of no known kind; the loss type is the one that was named.")
        case _:
            assert_never(facts.kind)


def _alternatives(facts: LabelFacts) -> list[Alternative]:
    match facts.kind:
        case "one_hot":
            return [
                Alternative("softmax_cross_entropy", "labels are to stay one-hot, or will become distributions"),
                Alternative(
                    "sigmoid_cross_entropy",
                    "the classes don't exclude each other, and these rows hold one label each by chance: "
                    "decide by whether a sample could ever have two or none",
                ),
            ]
        case "distribution":
            return [
                Alternative(
                    "sigmoid_cross_entropy",
                    "each label is the probability of a question of its own, and the rows sum to 1 by chance: "
                    "decide by whether a sample could ever have two or none",
                )
            ]
        case "multi_hot":
            return [
                Alternative(
                    "softmax_cross_entropy",
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
    if facts.class_counts is None:
        return None
    return _balanced_classes(facts.classes, facts.class_counts, layout.classes)


def _balanced_questions(positives: int, negatives: int) -> Suggested | None:
    count = positives + negatives
    if count < IMBALANCED_LABELS or not 0 < min(positives, negatives) <= RARE_SHARE * count:
        return None
    return Suggested(
        Reason(
            "labels_are_imbalanced",
            f"{positives} of {count} labels are positive, {100 * positives / count:.3g} %: pos_weight balances them.",
        ),
        pos_weight=negatives / positives,
    )


def _balanced_classes(present: Array | None, counts: Array, classes: int) -> Suggested | None:
    commonest = int(np.maximum.reduce(counts))
    if commonest < CLASS_RATIO or classes > MOST_SUGGESTED:
        return None
    if present is None:
        present = np.flatnonzero(counts)
        counts = counts[present]
    rarest = int(counts.min())
    if commonest < CLASS_RATIO * rarest:
        return None
    weights = np.ones(classes)
    weights[present.astype(np.intp)] = counts.sum() / (len(counts) * counts)
    return Suggested(
        Reason(
            "classes_are_imbalanced",
            f"The commonest class occurs {commonest} times, the rarest one present {rarest}: "
            "class_weights balance them.",
        ),
        class_weights=weights,
    )
