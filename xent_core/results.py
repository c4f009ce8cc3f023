"""What comes out: the evaluation of a batch, the advice on it, and what these are made of."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from numpy.typing import NDArray

LabelKind = Literal[
    "binary",
    "soft_binary",
    "class_indices",
    "one_hot",
    "distribution",
    "multi_hot",
    "soft_multi_label",
    "other",
]
"""What labels look like; `xent_core.labels.facts` finds out."""

Reduction = Literal["none", "sum", "mean", "weighted_mean", "mean_by_nonzero_weights"]
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)

Output = Literal["elements", "gradient", "probabilities"]
OUTPUTS: tuple[Output, ...] = get_args(Output)

AdviceLevel = Literal["full", "brief", "none"]
ADVICE: tuple[AdviceLevel, ...] = get_args(AdviceLevel)

Severity = Literal["certain", "likely", "hint"]
"""Of a warning: it follows from the numbers; it is nearly always a mistake; it is often right as it is."""

Evidence = dict[str, float | int | str | list[int]]
Change = dict[str, float | bool | str]


@dataclass(frozen=True, slots=True)
class Reduced:
    """The reduced loss: value = numerator / denominator, in nats; 0 where the denominator is 0.

    To merge batches, add up numerators and denominators, then divide: see `merge`.
    """

    reduction: Reduction
    value: float
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True)
class LossWarning:
    """A likely mistake in a batch. Nothing was changed because of it.

    code      stable, for programs
    severity  "certain", "likely" or "hint"
    message   what was found
    evidence  the figures that set it off
    fix       what to change in the request
    change    the same as parameters of the request; None where arrays have to change
    """

    code: str
    severity: Severity
    message: str
    evidence: Evidence
    fix: str
    change: Change | None = None


class Reason(NamedTuple):
    """Why a loss is recommended."""

    code: str
    message: str


class Alternative(NamedTuple):
    """Another loss that the labels could call for, and the condition."""

    loss_type: str
    when: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """The parameter that balances the labels, and the reason. One of the two parameters is set."""

    reason: Reason
    pos_weight: float | None = None
    class_weights: NDArray[Any] | None = None


class Recommendation(NamedTuple):
    """The loss that the labels call for; `equivalents` holds its call in each framework, with what is suggested filled
    in, and is None in an evaluation whose own call is the same. Brief advice has no reasons, alternatives and calls.
    """

    loss_type: str
    label_kind: LabelKind
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    suggested: Suggested | None
    equivalents: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What `recommend` returns: the recommended loss, the warnings, and the codes of the checks that ran."""

    recommendation: Recommendation
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]


class Evaluation(NamedTuple):
    """What `evaluate` returns. Losses are in nats.

    loss_type       the loss that was computed
    per_sample      weighted losses in the samples' shape; for sigmoid losses the mean over the class axis
    reduced         the reduced loss; None for reduction "none"
    equivalents     the call of the computed loss in each framework; None unless the advice is "full"
    recommendation  the loss that the labels call for; None with advice "none"
    warnings        likely mistakes in the batch
    checked         the codes of the checks that ran
    elements        weighted losses before any averaging, if included
    gradient        d(reduced loss)/d(logits), of the sum for reduction "none", if included
    probabilities   softmax or sigmoid of the logits, if included
    """

    loss_type: str
    per_sample: NDArray[Any]
    reduced: Reduced | None
    equivalents: dict[str, str] | None
    recommendation: Recommendation | None
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]
    elements: NDArray[Any] | None = None
    gradient: NDArray[Any] | None = None
    probabilities: NDArray[Any] | None = None
