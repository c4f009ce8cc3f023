"""What every request about a batch holds: `POST /v1/loss` and `POST /v1/recommend` build on it."""

from typing import Annotated, Any

from numpy.typing import NDArray
from pydantic import Field, StrictBool, StrictFloat

from app.api.fields import Array, RequestModel, Silence, Whole
from app.api.loss_names import LossTypeOrAuto
from xent_core.advice.recommend import MAX_SUGGESTED
from xent_core.losses import CATALOGUE, LOSS_TYPES
from xent_core.losses.loss import CLIP as DEFAULT_CLIP
from xent_core.losses.loss import EPSILON, GAMMA
from xent_core.losses.loss import Q as DEFAULT_Q
from xent_core.results import AdviceLevel, Reduction
from xent_core.summary import MAX_CLASSES

LOGITS = (
    "Unnormalised scores. Softmax losses: shape [d0 … dn, C] with the classes on `axis`. Sigmoid "
    "losses: any shape, each logit its own yes/no question. -Infinity masks a class. Nested lists are "
    "computed in float64."
)


LOSS_TYPE = (
    "Which loss to compute. `auto` goes by the labels' form: a scalar, logits of rank 1 or C = 1, with labels in "
    "[0, 1]: sigmoid; whole numbers of one rank less: sparse softmax; one-hot rows, or rows in [0, 1] that sum to 1: "
    "softmax; other labels in [0, 1] of the logits' shape: sigmoid. It goes by each batch alone: a client whose "
    "batches vary should name the type.\n\n"
) + "\n".join(f"- `{name}`: {CATALOGUE[name].use_when} Labels: {CATALOGUE[name].label_form}." for name in LOSS_TYPES)


LabelSmoothing = Annotated[
    StrictFloat,
    Field(
        description="s, from 0 to 1. Softmax: y(1 − s) + s/C. Sigmoid: y(1 − s) + s/2.",
        json_schema_extra={"minimum": 0, "maximum": 1},
    ),
]
IgnoreIndex = Annotated[
    Whole | None,
    Field(
        description=(
            "A label of this value does not count: its loss and gradient are 0, it is in no denominator, and no check "
            "reads it. For losses over class indices, and for sigmoid losses, there for each label by itself. Without "
            "it a class index outside [0, C) is an error."
        ),
    ),
]
Axis = Annotated[Whole, Field(description="The class axis.")]
FromLogits = Annotated[
    StrictBool,
    Field(
        description=(
            "false: `logits` holds probabilities. Softmax: each row is divided by its sum; then (sigmoid: at "
            "once) values are clipped to [`clip`, 1 − `clip`], as Keras does. A value outside [0, 1] by more than "
            "1e-6, or a row that sums to 0, is an error."
        )
    ),
]
ReductionName = Annotated[
    Reduction,
    Field(
        description=(
            "How losses become one value. With w an element's weight, v its weight for denominators (w times "
            "its labels' class weight): `sum`: Σ w·ℓ. `mean`: Σ w·ℓ / number of elements not ignored "
            "(TensorFlow's SUM_OVER_BATCH_SIZE). `weighted_mean`: Σ w·ℓ / Σ v (TensorFlow's MEAN; PyTorch's "
            "mean with class weights and indices). `mean_by_nonzero_weights`: Σ w·ℓ / number of elements with "
            "v ≠ 0 (the default of tf.losses). `none`: there is no reduced loss. A denominator of 0 gives 0."
        )
    ),
]


def num_samples(logits: NDArray[Any], axis: int) -> int:
    """How many losses a batch has per sample, at most: each logit is a sample where there is no other axis."""
    if logits.ndim < 2 or not -logits.ndim <= axis < logits.ndim:
        return logits.size
    length: int = logits.shape[axis]
    return logits.size // length


# In numbers of 8 bytes and their text: what a summary keeps of each sample and says of each class.
SUMMARY_ELEMENTS_PER_SAMPLE, SUMMARY_ELEMENTS_PER_CLASS = 3, 16


def included_elements(name: str, logits: NDArray[Any], labels: NDArray[Any], samples: int) -> int:
    """How many elements are computed for an output, at most."""
    if name in ("elements", "gradient", "probabilities"):
        return logits.size
    if name in ("summary", "calibration"):
        classes = min(MAX_CLASSES, logits.size // samples)
        return SUMMARY_ELEMENTS_PER_SAMPLE * samples + SUMMARY_ELEMENTS_PER_CLASS * classes
    # A sigmoid loss has an element for each logit, and then a label for each, or one for all.
    return max(samples, labels.size) if labels.ndim else logits.size


Clip = Annotated[
    StrictFloat,
    Field(
        description=(
            "With `from_logits` false: the smallest probability that is used, and 1 minus the largest. 0 clips nothing."
        ),
        json_schema_extra={"minimum": 0, "maximum": 0.5},
    ),
]
Shift = Annotated[
    Whole,
    Field(
        description=(
            "Losses over class indices, logits [… T, C] with the classes on the last axis: logits at t are for the "
            "label at t + `shift`. The last logits, and the first labels and weights, of each sequence are left out, "
            "as what does not count; `per_sample` has T − `shift`. 1 is next-token prediction."
        ),
        json_schema_extra={"minimum": 0},
    ),
]
Temperature = Annotated[
    StrictFloat,
    Field(
        description=(
            "Losses with a softmax: logits are divided by it first, and so are labels that are logits. Not with "
            "`from_logits` false."
        ),
        json_schema_extra={"exclusiveMinimum": 0},
    ),
]
Gamma = Annotated[
    StrictFloat | None,
    Field(
        description=(
            f"γ of focal losses: how strongly what is right already is left out; 0 gives the cross-entropy. Absent: "
            f"{GAMMA:g}."
        ),
        json_schema_extra={"minimum": 0},
    ),
]
Alpha = Annotated[
    StrictFloat | None,
    Field(
        description=(
            "α of focal losses. Sigmoid: the weight of positives, and 1 − α that of negatives. Softmax: every loss is "
            "multiplied by it. Absent: 1 for all."
        ),
        json_schema_extra={"minimum": 0, "maximum": 1},
    ),
]
Q = Annotated[
    StrictFloat | None,
    Field(
        description=(
            "generalized_cross_entropy: ℓ = (1 − p^q) / q; towards 0 it is the cross-entropy, with 1 it is 1 − p. "
            f"Absent: {DEFAULT_Q:g}."
        ),
        json_schema_extra={"exclusiveMinimum": 0, "maximum": 1},
    ),
]
Epsilon = Annotated[
    StrictFloat | None,
    Field(description=f"poly_cross_entropy: ε, how much 1 − p counts. Absent: {EPSILON:g}."),
]
LabelsAreLogits = Annotated[
    StrictBool,
    Field(
        description=(
            "kl_divergence: the labels are a teacher's logits, and go through a softmax at `temperature`, too. "
            "-Infinity masks a class."
        )
    ),
]
AdviceLevelName = Annotated[
    AdviceLevel,
    Field(
        description=(
            "How much the response says beside numbers. `brief` leaves out reasons, alternatives and equivalents. "
            "`none` runs no check, and leaves out `recommendation`, `equivalents`, `warnings` and `checked`."
        )
    ),
]


class BatchRequest(RequestModel):
    """One batch, and how its losses are to be computed."""

    arrays_with_missing = frozenset({"labels"})

    logits: Annotated[Array | None, Field(description=LOGITS)] = None
    labels: Annotated[
        Array,
        Field(
            description=(
                "Class indices (the logits' shape without the class axis), or the logits' shape. For sigmoid "
                "losses also a scalar, which stands for every element, and, where C = 1, the shape without that "
                "axis. null in a list is a missing label, which does not count."
            )
        ),
    ]
    weights: Annotated[
        Array | None,
        Field(
            description=(
                "Multiplies losses. A scalar; or the samples' shape; or the rank of the elements with every "
                "dimension equal to theirs or 1. Nothing else broadcasts. Finite. Absent: 1."
            )
        ),
    ] = None
    loss_type: Annotated[LossTypeOrAuto, Field(description=LOSS_TYPE)] = "auto"
    pos_weight: Annotated[
        Array | None,
        Field(
            description=(
                "weighted_cross_entropy only, and required there: how often the positive term counts. A scalar, "
                "or one for each class (logits of rank 1: a scalar). With `auto`, sigmoid becomes weighted."
            )
        ),
    ] = None
    class_weights: Annotated[
        Array | None,
        Field(description="Softmax losses only: one weight w_c for each class, ℓ = −Σ_c w_c · y_c · log p_c."),
    ] = None
    label_smoothing: LabelSmoothing = 0.0
    ignore_index: IgnoreIndex = None
    axis: Axis = -1
    from_logits: FromLogits = True
    reduction: ReductionName = "mean"
    clip: Clip = DEFAULT_CLIP
    shift: Shift = 0
    temperature: Temperature = 1.0
    gamma: Gamma = None
    alpha: Alpha = None
    q: Q = None
    epsilon: Epsilon = None
    labels_are_logits: LabelsAreLogits = False
    silence: Silence = ()

    @property
    def logits_lengths(self) -> tuple[int, ...]:
        """The logits' shape."""
        return () if self.logits is None else self.logits.shape

    @property
    def suggested_elements(self) -> int:
        """Class weights, one for each class."""
        lengths = self.logits_lengths
        return min(lengths[self.axis], MAX_SUGGESTED) if -len(lengths) <= self.axis < len(lengths) else 0
