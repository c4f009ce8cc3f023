"""The fields of the requests: the one list of them. A field that the contract gains becomes a line here.

Values are sent as they are given; what is absent or None is the service's default. A field that is not listed is sent,
too, so that the service refuses a misspelt name and says what was meant.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from xent_client.generated.models.loss_request_advice_type_0 import LossRequestAdviceType0 as AdviceLevel
from xent_client.generated.models.loss_request_include_type_0_item import LossRequestIncludeType0Item as OutputName
from xent_client.generated.models.loss_request_loss_type_type_0 import LossRequestLossTypeType0 as LossTypeOrAuto
from xent_client.generated.models.reduced_reduction import ReducedReduction as Reduction
from xent_client.generated.models.sampled_softmax_request_sampler_type_0 import (
    SampledSoftmaxRequestSamplerType0 as Sampler,
)
from xent_client.tensors import ArrayLike

if TYPE_CHECKING:
    from xent_client.results import SampledValues


class _LossParameters(TypedDict, total=False):
    loss_type: LossTypeOrAuto | None
    pos_weight: ArrayLike | None
    class_weights: ArrayLike | Mapping[int, float] | None
    label_smoothing: float | None
    ignore_index: int | None
    axis: int | None
    from_logits: bool | None
    reduction: Reduction | None
    clip: float | None
    shift: int | None
    temperature: float | None
    gamma: float | None
    alpha: float | None
    q: float | None
    epsilon: float | None
    labels_are_logits: bool | None


class BatchOptions(_LossParameters, total=False):
    """How the losses of a batch are computed: the fields of POST /v1/loss. None is the default.

    loss_type: which loss; "auto", the default, goes by the labels' form, batch by batch.
    pos_weight: weighted_cross_entropy only: the weight of positives. A scalar, or one for each class.
    class_weights: softmax losses only: one weight for each class, [C]; or a mapping of every class index to its weight,
        as scikit-learn and Keras have it.
    label_smoothing: from 0 to 1; 0 by default.
    ignore_index: labels of this value do not count; for losses over class indices, and for sigmoid losses.
    axis: the class axis; −1 by default.
    from_logits: False where `logits` holds probabilities.
    reduction: "mean", the default; "sum", "weighted_mean", "mean_by_nonzero_weights" or "none".
    clip: with from_logits=False, the smallest probability that is used; 1e-7 by default.
    shift: losses over class indices, logits [… T, C]: logits at t are for the label at t + shift; 1 is next-token
        prediction. 0 by default.
    temperature: losses with a softmax: logits are divided by it first; 1 by default.
    gamma: focal losses; 2 by default.
    alpha: focal losses, from 0 to 1; none by default.
    q: generalized_cross_entropy, above 0 and at most 1; 0.5 by default.
    epsilon: poly_cross_entropy; 2 by default.
    labels_are_logits: kl_divergence: whether the labels are a teacher's logits.
    advice: "full", the default; "brief" or "none". With "none" there is no recommendation and no warning.
    silence: codes of warnings that are not wanted.
    """

    advice: AdviceLevel | None
    silence: Collection[str] | None


class LossOptions(BatchOptions, total=False):
    """`BatchOptions`, and which outputs to include.

    include: any of "elements", "gradient" and "probabilities", which are large; "predictions", "label_rank", "margin",
        "entropy" and "logsumexp"; "summary" and "calibration". None by default.
    """

    include: Collection[OutputName] | None


class EvaluateOptions(BatchOptions, total=False):
    """`BatchOptions`, and which figures of the whole to include.

    include: any of "summary" and "calibration"; none by default.
    """

    include: Collection[Literal["summary", "calibration"]] | None


class CompareOptions(_LossParameters, total=False):
    """How two models are compared: the fields of POST /v1/compare. None is the default.

    All but the last two are as in `BatchOptions`.
    most: how many of the samples whose losses differ most are told; 10 by default.
    include: "per_sample" for the differences of all samples.
    """

    most: int | None
    include: Collection[Literal["per_sample"]] | None


class SampledOptions(TypedDict, total=False):
    """How a sampled softmax is computed: the fields of POST /v1/sampled-softmax. None is the default.

    num_sampled: how many distinct classes to draw. Required unless `sampled_values` is given.
    sampler: "log_uniform", the default, for classes in order of falling frequency; or "uniform".
    seed: the same seed draws the same classes on every machine. Absent: a fresh one, which the result holds.
    sampled_values: in place of drawing: those of an earlier result, or your own.
    remove_accidental_hits: whether candidates that are labels of a row are left out there; True by default.
    subtract_log_q: whether logits are corrected for expected counts; True by default.
    reduction: as in `BatchOptions`.
    sample_weights: multiplies losses: a scalar, or [B].
    """

    num_sampled: int | None
    sampler: Sampler | None
    seed: int | None
    sampled_values: "SampledValues | None"
    remove_accidental_hits: bool | None
    subtract_log_q: bool | None
    reduction: Reduction | None
    sample_weights: ArrayLike | None
