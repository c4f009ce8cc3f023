"""The names that users of other frameworks have for losses, fields and reductions, and ours: for errors, and for
docs/migration.md. A loss's names stand in its catalogue entry.
"""

from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from xent_core.losses import CATALOGUE, LOSS_TYPES
from xent_core.losses.loss import Entry, Framework
from xent_core.results import REDUCTIONS, Reduction


class Field(NamedTuple):
    """A framework's name for a field of a request; `when`: of which calls, or with what else to send."""

    framework: Framework
    name: str
    ours: str
    when: str = ""


class ReductionName(NamedTuple):
    """A framework's name for a reduction."""

    framework: Framework
    name: str
    ours: Reduction
    when: str = ""


_PROBABILITIES = "with from_logits false where it holds probabilities"
_EPSILON = "of log_loss, where it is added within the logarithm"

FIELDS = (
    Field("tf.losses", "multi_class_labels", "labels"),
    Field("tf.losses", "onehot_labels", "labels"),
    Field("tf.losses", "predictions", "logits", _PROBABILITIES),
    Field("tf.losses", "epsilon", "clip", _EPSILON),
    Field("tf.contrib.losses", "multi_class_labels", "labels"),
    Field("tf.contrib.losses", "onehot_labels", "labels"),
    Field("tf.contrib.losses", "predictions", "logits", _PROBABILITIES),
    Field("tf.contrib.losses", "weight", "weights"),
    Field("tf.contrib.losses", "epsilon", "clip", _EPSILON),
    Field("tf.nn", "targets", "labels"),
    Field("tf.nn", "dim", "axis"),
    Field("Keras", "loss", "loss_type"),
    Field("Keras", "y_true", "labels"),
    Field("Keras", "y_pred", "logits", _PROBABILITIES),
    Field("Keras", "target", "labels"),
    Field("Keras", "output", "logits", _PROBABILITIES),
    Field("Keras", "sample_weight", "weights"),
    Field("Keras", "class_weight", "class_weights"),
    Field("Keras", "ignore_class", "ignore_index"),
    Field("PyTorch", "input", "logits"),
    Field("PyTorch", "target", "labels"),
    Field("PyTorch", "weight", "class_weights", "for softmax losses"),
    Field("PyTorch", "weight", "weights", "for sigmoid losses"),
    Field("PyTorch", "log_target", "labels_are_logits", "for kl_div"),
    Field("PyTorch", "size_average", "reduction", "(true is mean, false is sum)"),
    Field("PyTorch", "reduce", "reduction", "(false is none)"),
    Field("scikit-learn", "loss", "loss_type"),
    Field("scikit-learn", "y_true", "labels"),
    Field("scikit-learn", "y_pred", "logits", _PROBABILITIES),
    Field("scikit-learn", "y_prob", "logits", _PROBABILITIES),
    Field("scikit-learn", "y_proba", "logits", _PROBABILITIES),
    Field("scikit-learn", "sample_weight", "weights"),
    Field("scikit-learn", "class_weight", "class_weights"),
    Field("scikit-learn", "eps", "clip"),
    Field("scikit-learn", "normalize", "reduction", "(true is mean, or weighted_mean with weights; false is sum)"),
)
"""Of fields that have the same name and meaning here there are no rows."""

REDUCTION_NAMES = (
    ReductionName("tf.losses", "NONE", "none"),
    ReductionName("tf.losses", "SUM", "sum"),
    ReductionName("tf.losses", "MEAN", "weighted_mean"),
    ReductionName("tf.losses", "SUM_OVER_BATCH_SIZE", "mean"),
    ReductionName("tf.losses", "SUM_BY_NONZERO_WEIGHTS", "mean_by_nonzero_weights"),
    ReductionName("tf.losses", "SUM_OVER_NONZERO_WEIGHTS", "mean_by_nonzero_weights"),
    ReductionName("tf.losses", "weighted_sum", "sum"),
    ReductionName("tf.losses", "weighted_sum_over_batch_size", "mean"),
    ReductionName("tf.losses", "weighted_sum_by_nonzero_weights", "mean_by_nonzero_weights"),
    ReductionName("Keras", "sum_over_batch_size", "mean"),
    ReductionName("Keras", "mean_with_sample_weight", "weighted_mean"),
    ReductionName("Keras", "auto", "mean"),
    ReductionName("PyTorch", "mean", "mean"),
    ReductionName("PyTorch", "mean", "weighted_mean", "with class weights and class indices"),
    ReductionName("PyTorch", "elementwise_mean", "mean"),
    ReductionName("PyTorch", "batchmean", "mean", "for logits of shape [B, C]"),
)

# Words for a mean that no framework uses for a reduction, and that are spelt unlike ours.
AVERAGES = ("avg", "average")

# A name that is off by a letter was meant as it is here, whatever it is elsewhere.
ALMOST_OURS = 0.95
# Names less alike than this mean something else.
NEAR = 0.7
MAX_NAME_LENGTH = 80
# More losses than these are no answer to a word.
MOST_NAMED = 5


def field_hint(name: str, fields: Collection[str]) -> str:
    """What an unknown field is called here, as the end of a message; "" where nothing is like it."""
    name = name[:MAX_NAME_LENGTH]
    almost = get_close_matches(name, fields, n=1, cutoff=ALMOST_OURS)
    rows = [] if almost else [row for row in FIELDS if row.ours in fields and _key(row.name) == _key(name)]
    return _here([(row.ours, row.when) for row in rows]) or nearest(name, fields)


def loss_hint(name: str) -> str:
    """What a loss is called here that has another name elsewhere, as the end of a message."""
    name = name[:MAX_NAME_LENGTH]
    rows = _losses().get(_key(name), [])
    return _here(rows) or nearest(name, LOSS_TYPES) or _of_these_words(name)


def reduction_hint(name: str) -> str:
    """What a reduction is called here, as the end of a message."""
    name = name[:MAX_NAME_LENGTH]
    rows = [row for row in REDUCTION_NAMES if _key(row.name) == _key(name)]
    exact = [row for row in rows if row.name == name.rpartition(".")[2]]
    if _key(name) in AVERAGES:
        return "; did you mean mean, or weighted_mean?"
    return _here([(row.ours, row.when) for row in exact or rows]) or nearest(name, REDUCTIONS)


def nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name[:MAX_NAME_LENGTH], known, n=1, cutoff=NEAR)
    return f"; did you mean {close[0]}?" if close else ""


def _of_these_words(name: str) -> str:
    """The losses in whose names all words of this one stand, where these are few."""
    words = set(name.lower().split("_"))
    found = [loss for loss in LOSS_TYPES if words <= set(loss.split("_"))]
    if not found or len(found) > MOST_NAMED:
        return ""
    *others, last = found
    return f"; did you mean {', '.join(others)} or {last}?" if others else f"; did you mean {last}?"


@lru_cache(maxsize=1)
def _losses() -> dict[str, list[tuple[str, str]]]:
    """Our names, each with the calls that are meant, by the key of a framework's name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in CATALOGUE.values():
        if entry.loss_type not in LOSS_TYPES:
            found[_key(entry.loss_type)] = [(ours(entry), "")]
        for elsewhere in entry.names_elsewhere:
            sent = elsewhere.send.replace('"', "").replace(":", "")
            when = " ".join(part for part in (elsewhere.when, sent and f"({sent})") if part)
            found.setdefault(_key(elsewhere.name), []).append((ours(entry), when))
    return found


def ours(entry: Entry) -> str:
    """What a client names to have a loss computed."""
    return entry.loss_type if entry.endpoint == "/v1/loss" else f"POST {entry.endpoint}"


def _here(rows: list[tuple[str, str]]) -> str:
    """Of one name that is meant in several ways, the one that says most."""
    told: dict[str, str] = {}
    for name, when in rows:
        told[name] = max(told.get(name, ""), when, key=len)
    here = [f"{name} {'here ' if name == rows[0][0] else ''}{when}".rstrip() for name, when in told.items()]
    return f"; it is {', or '.join(here)}" if here else ""


def _key(name: str) -> str:
    """Equal for names that differ only in case, underscores or what stands before the last dot."""
    return "".join(filter(str.isalnum, name.rpartition(".")[2].lower()))
