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

ByProduct = Literal["predictions", "label_rank", "margin", "entropy", "logsumexp"]
"""Outputs for each sample of a softmax loss; predictions and entropy for each logit of a sigmoid loss."""
BY_PRODUCTS: tuple[ByProduct, ...] = get_args(ByProduct)

ArrayOutput = Literal["elements", "gradient", "probabilities", ByProduct]
ARRAYS: tuple[ArrayOutput, ...] = get_args(ArrayOutput)

Output = Literal[ArrayOutput, "summary", "calibration"]
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

    def as_dict(self) -> dict[str, Any]:
        """The same in dicts and lists; suggested `class_weights` stay an array."""
        suggested = self.suggested
        return {
            "loss_type": self.loss_type,
            "label_kind": self.label_kind,
            "reasons": [reason._asdict() for reason in self.reasons],
            "alternatives": [alternative._asdict() for alternative in self.alternatives],
            "suggested": None
            if suggested is None
            else {"pos_weight": suggested.pos_weight, "class_weights": suggested.class_weights},
            "equivalents": self.equivalents,
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """What `recommend` returns: the recommended loss, the warnings, and the codes of the checks that ran."""

    recommendation: Recommendation
    warnings: tuple[LossWarning, ...]
    checked: tuple[str, ...]


Components = NDArray[Any]
"""Exact sums, [k] or [k, sums]: the sum rounded to float64, what that leaves rounded, and so on."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassSums:
    """Sums for each class (softmax losses) or each column (sigmoid losses), over what counts.

    count      [C] softmax: samples with this label; sigmoid: logits in this column
    positives  [C] sigmoid: labels above 1/2; None for softmax
    hits       [C] right predictions among `count`
    loss       [k, C] Σ w·ℓ
    weight     [k, C] Σ v
    target     [k, C] softmax: Σ w · y_c as the loss has it, class weights and smoothing inside; sigmoid: of the
               positive term
    opposite   [k, C] sigmoid: of the negative term; None for softmax
    """

    count: NDArray[Any]
    positives: NDArray[Any] | None
    hits: NDArray[Any]
    loss: Components
    weight: Components
    target: Components | None
    opposite: Components | None


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What a `Summary` is made of: it merges exactly, whatever the batches were.

    samples, counted, ignored, zero_weight, counted_samples  numbers: see `Summary`
    loss, weight                    Σ w·ℓ and Σ v over elements, v as in `xent_core.compute.reduction`
    loss_squared, loss_weight, weight_squared    Σ a², Σ a·b and Σ b² over samples, a a sample's Σ w·ℓ and b its Σ v
    minimum, maximum                of the samples' losses; None where none counts
    hits                            elements whose prediction is right
    uniform                         Σ w·ℓ if all logits were 0
    top5_hits, entropy, label_entropy   softmax losses; label_entropy is None where the loss is no cross-entropy
    per_class                       None with more than 1000 classes
    """

    samples: int
    counted: int
    ignored: int
    zero_weight: int
    counted_samples: int
    loss: Components
    weight: Components
    loss_squared: Components
    loss_weight: Components
    weight_squared: Components
    minimum: float | None
    maximum: float | None
    hits: int
    uniform: Components
    top5_hits: int | None = None
    entropy: Components | None = None
    label_entropy: Components | None = None
    per_class: ClassSums | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PerClass:
    """Figures of each class (softmax losses) or column (sigmoid losses), [C] each; 0 where `count` is 0.

    count      softmax: samples with this label; sigmoid: logits in this column
    positives  sigmoid: labels above 1/2; None for softmax
    mean       Σ w·ℓ / Σ v
    accuracy   the share whose prediction is right
    """

    count: NDArray[Any]
    positives: NDArray[Any] | None
    mean: NDArray[Any]
    accuracy: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Figures of a batch, or of many that were merged, over what counts. Losses and entropies are in nats.

    samples, counted, ignored, zero_weight   samples; elements that count, that are ignored or missing, of weight 0
    mean              Σ w·ℓ / Σ v, the `weighted_mean`; None where nothing counts, as are all figures below
    standard_error    of the mean, samples taken as independent; None for fewer than two, and for infinite losses
    minimum, maximum  of the samples' losses as in `per_sample`
    q50, q90, q99     their quantiles; None once merged, as quantiles don't merge
    accuracy          the share of elements whose prediction is right
    uniform           the mean if all logits were 0
    prior             the least mean that one constant prediction for all samples has; None where it is not known
    perplexity, bits  exp(mean) and mean / log 2
    top5_accuracy     the share of samples whose label is among the five largest logits
    mean_entropy      of the predicted distributions, each sample counted once
    label_entropy     the least that the mean could be
    per_class         with up to 1000 classes
    sums              what merges

    The last six before `per_class` are None for sigmoid losses.
    """

    samples: int
    counted: int
    ignored: int
    zero_weight: int
    mean: float | None
    standard_error: float | None
    minimum: float | None
    maximum: float | None
    q50: float | None
    q90: float | None
    q99: float | None
    accuracy: float | None
    uniform: float | None
    prior: float | None
    perplexity: float | None
    bits: float | None
    top5_accuracy: float | None
    mean_entropy: float | None
    label_entropy: float | None
    per_class: PerClass | None
    sums: Sums


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationSums:
    """What a `Calibration` is made of: it merges exactly, whatever the batches were.

    counted     samples (softmax losses) or logits (sigmoid losses) that count
    count       [15] how many there are in each bin
    confidence  [k, 15] the sum of their confidences
    hits        [15] how many of them are right; for sigmoid losses the sum of the labels, [k, 15]
    brier       [k] the sum of squared distances of probabilities from labels
    """

    counted: int
    count: NDArray[Any]
    confidence: Components
    hits: Components
    brier: Components


@dataclass(frozen=True, slots=True, eq=False)
class FittedTemperature:
    """The temperature that minimises the mean loss, and that mean at temperature 1 and there, in nats."""

    temperature: float
    loss_before: float
    loss_after: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Calibration of the predicted probabilities over what counts, each counted once whatever its weight.

    Softmax losses: the confidence is the largest probability, and accuracy is how often that class is the label.
    Sigmoid losses: the confidence is the probability of yes, and accuracy the mean label.

    expected_error  Σ count · |mean_confidence − accuracy| / counted; None where nothing counts
    brier_score     mean of Σ_c (p_c − y_c)² (softmax losses: from 0 to 2), or of (p − y)² (sigmoid losses)
    edges           [16] of the bins: from one exclusive to the next inclusive; the first bin has both
    count, mean_confidence, accuracy   [15] of each bin; 0 where it is empty
    fitted          the temperature that minimises the loss; None where it is not known, as once merged
    sums            what merges
    """

    expected_error: float | None
    brier_score: float | None
    edges: NDArray[Any]
    count: NDArray[Any]
    mean_confidence: NDArray[Any]
    accuracy: NDArray[Any]
    fitted: FittedTemperature | None
    sums: CalibrationSums


@dataclass(frozen=True, slots=True, eq=False)
class DivergenceSums:
    """Exact sums of a divergence over samples that count, of its squares, and the largest; -Infinity of none."""

    sum: Components
    squares: Components
    maximum: float


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonSums:
    """What a `Comparison` is made of: it merges exactly, whatever the batches were.

    samples, counted_samples   all samples, and those of which something counts; elements: elements that count
    first, other               Σ w·ℓ of each
    first_hits, other_hits     elements whose prediction is right
    weight                     Σ v
    difference, difference_squared, difference_weight, weight_squared    Σ d, Σ d², Σ d·b and Σ b² over samples: d a
                               sample's Σ w·ℓ of the other less that of the first, b its Σ v
    better                     samples whose loss is lower with the other
    same_top1, same_top5       samples with the same largest logit, and the same set of five
    kl, reverse_kl, jensen_shannon    see `Divergence`
    """

    samples: int
    counted_samples: int
    elements: int
    first: Components | None
    other: Components | None
    first_hits: int | None
    other_hits: int | None
    weight: Components | None
    difference: Components | None
    difference_squared: Components | None
    difference_weight: Components | None
    weight_squared: Components | None
    better: int | None
    same_top1: int | None
    same_top5: int | None
    kl: DivergenceSums | None
    reverse_kl: DivergenceSums | None
    jensen_shannon: DivergenceSums | None


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One of two models: its reduced loss, and the share of elements whose prediction is right."""

    reduced: Reduced | None
    accuracy: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """The other's loss less the first's, paired over samples, in nats.

    mean              Σ w·(ℓ_other − ℓ_first) / Σ v
    standard_error    of it; None for fewer than two samples and for infinite losses, as are the next two
    interval          in which the mean is with 95 % confidence, by Student's t
    p_value           of a two-sided paired t-test: how likely so large a mean is if the models are equally good
    share_better      of the samples, whose loss is lower with the other
    perplexity_ratio  exp(mean), the other's perplexity over the first's; None for sigmoid losses
    """

    mean: float
    standard_error: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    share_better: float
    perplexity_ratio: float | None


@dataclass(frozen=True, slots=True, eq=False)
class DivergenceFigures:
    """A divergence over samples that count, in nats: its mean, and quantiles, which are None once merged."""

    mean: float
    standard_error: float | None
    q50: float | None
    q90: float | None
    q99: float | None
    q999: float | None
    maximum: float


@dataclass(frozen=True, slots=True, eq=False)
class Divergence:
    """How far the predicted distributions are apart, p the first's and q the other's, each sample counted once.

    kl: Σ p log(p / q). reverse_kl: Σ q log(q / p). jensen_shannon: the mean of both from (p + q) / 2, at most log 2.
    """

    kl: DivergenceFigures
    reverse_kl: DivergenceFigures
    jensen_shannon: DivergenceFigures


@dataclass(frozen=True, slots=True)
class Different:
    """A sample whose losses differ much, as in `per_sample` of each."""

    position: tuple[int, ...]
    first: float
    other: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What `compare` returns. What needs labels, or a softmax, is None without.

    loss_type       the loss that was computed; None without labels
    first, other    of each model
    difference      None where nothing counts
    divergence      softmax losses, and without labels
    same_top1, same_top5   the share of samples with the same prediction, and the same five largest logits
    most_different  the samples whose losses differ most, the largest difference first
    per_sample      differences of the losses as in `per_sample` of each, if included
    """

    loss_type: str | None
    first: Compared | None
    other: Compared | None
    difference: Difference | None
    divergence: Divergence | None
    same_top1: float | None
    same_top5: float | None
    most_different: tuple[Different, ...] | None
    sums: ComparisonSums
    per_sample: NDArray[Any] | None = None


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

    Further outputs, if included, one for each sample of a softmax loss; of a sigmoid loss `predictions` and `entropy`
    for each logit:

    predictions     the class of the largest logit, the first of equals; sigmoid losses: 1 for a logit above 0, else 0
    label_rank      how many classes come before the label's: 0 where it is the prediction. Of a distribution, and also
                    below, the label is the largest. −1 where none counts
    margin          the label's probability less the largest other one
    entropy         of the predicted distribution, in nats
    logsumexp       log Σ exp(x_c)
    summary         figures of the batch
    calibration     calibration of the predicted probabilities
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
    predictions: NDArray[Any] | None = None
    label_rank: NDArray[Any] | None = None
    margin: NDArray[Any] | None = None
    entropy: NDArray[Any] | None = None
    logsumexp: NDArray[Any] | None = None
    summary: Summary | None = None
    calibration: Calibration | None = None
