"""`POST /v1/loss`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.schemas.base import Answer, Array, Encoding, Number
from app.schemas.batch import LOGITS, BatchRequest, num_samples
from app.schemas.recommendation import LossWarning, Recommendation
from xent_core.catalogue import LossType
from xent_core.evaluate import OUTPUTS
from xent_core.reduction import Reduction
from xent_core.walk import Output


def _few(names: Any) -> Any:
    """A list that is too long is refused as a whole: pydantic would first look at every name."""
    if isinstance(names, list) and len(names) > len(OUTPUTS):
        raise PydanticCustomError("too_long", "too long")
    return names


class LossRequest(BatchRequest):
    """One batch of logits and labels, and how its losses are to be computed."""

    logits: Annotated[Array, Field(description=LOGITS)]
    include: Annotated[
        tuple[Output, ...],
        BeforeValidator(_few),
        Field(
            description=(
                "Heavier outputs, on demand. `elements`: weighted losses, unreduced. `gradient`: of the reduced "
                "loss with respect to `logits` as given; of the sum where the reduction is `none`. "
                "`probabilities`: softmax or sigmoid of the logits."
            ),
            max_length=len(OUTPUTS),
        ),
    ] = ()
    encoding: Encoding = "list"

    @property
    def computed_elements(self) -> int:
        return num_samples(self.logits, self.axis) + self.logits.size * len(self.include)


class Reduced(Answer):
    """The reduced loss. Of several batches, add up numerators and (but for `sum`) denominators and divide once."""

    reduction: Annotated[Reduction, Field(description="as asked for")]
    value: Annotated[Number, Field(description="numerator / denominator, accumulated in float64; 0 where that is 0")]
    numerator: Annotated[Number, Field(description="Σ w·ℓ")]
    denominator: Annotated[Number, Field(description="what it is divided by, see the request's `reduction`")]


class LossResponse(Answer):
    """The losses of one batch, the loss it should have been, and what looks wrong in it. Losses are in nats."""

    loss_type: Annotated[LossType, Field(description="what was computed")]
    per_sample: Annotated[
        Array,
        Field(
            description=(
                "Weighted losses in the samples' shape (the logits' shape without the class axis; for sigmoid "
                "losses of rank-1 logits, that shape). For sigmoid losses the mean over the class axis."
            )
        ),
    ]
    reduced: Annotated[Reduced | None, Field(description="null for reduction `none`")]
    recommendation: Annotated[Recommendation, Field(description="the loss that the labels call for")]
    warnings: Annotated[list[LossWarning], Field(description="likely mistakes; empty where none was found")]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]
    elements: Annotated[Array | None, Field(description="weighted losses before any averaging, if asked for")] = None
    gradient: Annotated[Array | None, Field(description="in the logits' shape, if asked for")] = None
    probabilities: Annotated[Array | None, Field(description="in the logits' shape, if asked for")] = None
