"""One call of `xent_core.evaluate`, and what came of it in the words that this benchmark counts."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xent_core import InvalidInput, evaluate

Array = NDArray[Any]

SIGMOID_LOSSES = ("sigmoid_cross_entropy", "weighted_cross_entropy")

CONTRACT = {
    "logits_look_like_probabilities": "likely",
    "logits_may_be_probabilities": "hint",
    "labels_not_a_distribution": "likely",
    "labels_almost_a_distribution": "hint",
    "labels_may_be_padded_one_hot": "likely",
    "multi_hot_labels_with_softmax": "likely",
    "one_hot_labels_could_be_indices": "hint",
    "one_hot_labels_with_sigmoid": "hint",
    "single_class_softmax": "certain",
    "scalar_weight_only_rescales": "likely",
    "weights_enlarge_imbalance": "hint",
    "all_weights_zero": "certain",
    "nothing_counts": "certain",
    "mean_counts_zero_weights": "hint",
    "mean_ignores_class_weights": "hint",
    "negative_weight": "certain",
    "negative_pos_weight": "certain",
    "labels_outside_unit_interval": "likely",
    "probabilities_clipped": "certain",
    "probabilities_rescaled": "hint",
    "labels_may_need_a_shift": "hint",
    "labels_may_be_shifted_twice": "hint",
    "worse_than_uniform": "hint",
    "logits_never_negative": "hint",
    "logits_within_one": "hint",
    "identical_rows": "likely",
    "infinite_loss": "certain",
}
"""Severities as the HTTP contract has them, for warnings that don't carry their own yet."""


class Batch(NamedTuple):
    """A request. `options` are evaluate's parameters; `family` is the right one, "softmax" or "sigmoid"; `form` says in
    words how the batch was sent.
    """

    logits: Any
    labels: Any
    options: dict[str, Any]
    family: str
    form: str = ""


class Outcome(NamedTuple):
    """What evaluate returned. `warnings` maps codes to severities, `texts` to message and fix; `computed` and
    `recommended` are families of losses. Where it raised, `error` is the code, `message` the words.
    """

    warnings: dict[str, str]
    texts: dict[str, str]
    checked: tuple[str, ...]
    computed: str
    recommended: str
    error: str = ""
    message: str = ""


def send(batch: Batch) -> Outcome:
    try:
        result = evaluate(batch.logits, batch.labels, **batch.options)
    except InvalidInput as error:
        return Outcome({}, {}, (), "", "", error.code, str(error))
    warnings = {
        warning.code: str(getattr(warning, "severity", None) or CONTRACT[warning.code]) for warning in result.warnings
    }
    texts = {warning.code: f"{warning.message} {warning.fix}" for warning in result.warnings}
    computed, recommended = family(result.loss_type), family(result.recommendation.loss_type)
    return Outcome(warnings, texts, result.checked, computed, recommended)


def family(loss_type: str) -> str:
    return "sigmoid" if loss_type in SIGMOID_LOSSES else "softmax"


def alarms(batch: Batch, outcome: Outcome) -> dict[str, str]:
    """What would be wrong to say of a sound batch, with its severity: warnings, a refusal, another family."""
    if outcome.error:
        return {f"refused: {outcome.error}": "error"}
    found = dict(outcome.warnings)
    if outcome.computed != batch.family:
        found[f"computed {outcome.computed} in place of {batch.family}"] = "wrong loss"
    if outcome.recommended != batch.family:
        found[f"recommended {outcome.recommended} in place of {batch.family}"] = "wrong advice"
    return found


def softmax(logits: Array, axis: int = -1) -> Array:
    shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))


def one_hot(indices: Array, classes: int) -> Array:
    return np.eye(classes)[indices]
