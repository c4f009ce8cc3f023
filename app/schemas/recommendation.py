"""The judgement on a batch: the loss that it calls for, and what looks wrong in it."""

from typing import Annotated, Any

from pydantic import Field

from app.schemas.base import Answer, Whole
from app.schemas.batch import BatchRequest
from xent_core.catalogue import LossType
from xent_core.diagnose import WARNINGS
from xent_core.labels import LabelKind


class Reason(Answer):
    """Why a loss is recommended."""

    code: Annotated[str, Field(description="stable, for programs", examples=["labels_are_one_hot"])]
    message: Annotated[str, Field(description="for people")]


class Alternative(Answer):
    """What else the labels could call for."""

    loss_type: Annotated[str, Field(description="the other loss", examples=["sigmoid_cross_entropy"])]
    when: Annotated[str, Field(description="what would have to be true for it to be the better choice")]


class Suggested(Answer):
    """Parameters that would balance the labels; one of the two is there."""

    pos_weight: Annotated[float | None, Field(description="negatives / positives")] = None
    class_weights: Annotated[
        list[float] | None, Field(description="N / (K · count_c) over the K classes present; 1 for those absent")
    ] = None


class Equivalents(Answer):
    """Code to paste. Its last line is the loss, or assigns it to `loss`.

    `logits`, `labels`, and where the request gives arrays for them `weights`, `pos_weight` and `class_weights` are the
    framework's tensors, in the request's shapes and the logits' dtype.
    """

    tensorflow1: Annotated[str, Field(description="after `import tensorflow as tf`")]
    tensorflow2: Annotated[str, Field(description="after `import tensorflow as tf`")]
    keras: Annotated[str, Field(description="after `import keras`")]
    pytorch: Annotated[str, Field(description="after `import torch` and `import torch.nn.functional as F`")]
    optax: Annotated[str, Field(description="after `import jax`, `import jax.numpy as jnp` and `import optax`")]


class Recommendation(Answer):
    """The loss that the labels call for, whatever was computed."""

    loss_type: Annotated[LossType, Field(description="what is recommended")]
    label_kind: Annotated[LabelKind, Field(description="what the labels look like")]
    reasons: Annotated[list[Reason], Field(description="why")]
    alternatives: Annotated[list[Alternative], Field(description="what else the labels could mean, and when")]
    equivalents: Annotated[
        Equivalents,
        Field(description="the recommended call in each framework, with this request's parameters filled in"),
    ]
    suggested: Annotated[Suggested | None, Field(description="parameters against imbalance, where there is one")]


class LossWarning(Answer):
    """A likely mistake. Nothing was changed because of it."""

    code: Annotated[
        str,
        Field(
            description="Stable, for programs. " + " ".join(f"`{code}`: {when}." for code, when in WARNINGS.items()),
            examples=["logits_look_like_probabilities"],
        ),
    ]
    message: Annotated[str, Field(description="what was seen, for people")]
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

    recommendation: Annotated[Recommendation, Field(description="the loss that the labels call for")]
    warnings: Annotated[list[LossWarning], Field(description="likely mistakes; empty where none was found")]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]
