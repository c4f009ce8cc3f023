"""The judgement on a batch: the loss that it calls for, and what looks wrong in it."""

from typing import Annotated, Any

from pydantic import Field

from app.schemas.base import Answer, Whole
from app.schemas.batch import BatchRequest
from xent_core.catalogue import LossType
from xent_core.labels import LabelKind


class Reason(Answer):
    code: Annotated[str, Field(examples=["labels_are_one_hot"])]
    message: str


class Alternative(Answer):
    loss_type: Annotated[str, Field(examples=["sigmoid_cross_entropy"])]
    when: Annotated[str, Field(description="what would have to be true for it to be the better choice")]


class Suggested(Answer):
    """Parameters that would balance the labels; one of the two is there."""

    pos_weight: Annotated[float | None, Field(description="negatives / positives")] = None
    class_weights: Annotated[
        list[float] | None, Field(description="N / (K · count_c) over the K classes present; 1 for those absent")
    ] = None


class Recommendation(Answer):
    """The loss that the labels call for, whatever was computed."""

    loss_type: LossType
    label_kind: LabelKind
    reasons: list[Reason]
    alternatives: Annotated[list[Alternative], Field(description="what else the labels could mean, and when")]
    suggested: Annotated[Suggested | None, Field(description="parameters against imbalance, where there is one")]


class LossWarning(Answer):
    """A likely mistake. Nothing was changed because of it."""

    code: Annotated[str, Field(examples=["logits_look_like_probabilities"])]
    message: str
    evidence: Annotated[dict[str, Any], Field(description="the figures that set it off")]
    fix: Annotated[str, Field(description="what to change in the request")]


class RecommendRequest(BatchRequest):
    """Labels with logits, or with only the logits' shape."""

    logits_shape: Annotated[
        tuple[Whole, ...] | None,
        Field(description="In place of `logits`: their shape.", min_length=1, max_length=32, examples=[[1024, 1000]]),
    ] = None


class RecommendResponse(Answer):
    """The loss that labels call for, and what looks wrong in the batch."""

    recommendation: Recommendation
    warnings: list[LossWarning]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]
