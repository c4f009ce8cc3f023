"""The requests and answers of `/v1` as pydantic models: these are the OpenAPI document."""

from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictFloat,
    StrictInt,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from app.wire.json import read_array
from xent_core.errors import InvalidInput
from xent_core.evaluate import Output
from xent_core.labels import LabelKind
from xent_core.recommend import LossType
from xent_core.reduction import Reduction

# As many unknown fields as this are named in an answer; the others would only cost time.
UNKNOWN_FIELDS_NAMED = 20


def _array(value: Any) -> NDArray[Any]:
    """An array as the wire decoded it, or a nested list. What the wire found wrong with it stands in its place."""
    if isinstance(value, np.ndarray):
        return value
    try:
        if isinstance(value, InvalidInput):
            raise value
        return read_array(value, "")
    except InvalidInput as reason:
        raise PydanticCustomError(
            "invalid_array",
            "{message}",
            {"message": reason.message, "code": reason.code, "position": list(reason.position)},
        ) from None


Infinity = Literal["Infinity", "-Infinity"]
_INFINITY_SCHEMA = {"type": "string", "enum": ["Infinity", "-Infinity"]}

Array = TypeAliasType(
    "Array",
    Annotated[
        NDArray[Any],
        PlainValidator(_array),
        WithJsonSchema(
            {
                "title": "Array",
                "description": (
                    "A number or a nested list of numbers, all rows of one length. What is not finite is written as "
                    'the string "Infinity" or "-Infinity"; NaN, booleans and other strings are refused.'
                ),
                "anyOf": [{"type": "number"}, _INFINITY_SCHEMA, {"type": "array", "items": {}}],
                "examples": [[[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]],
            }
        ),
    ],
)

Number = TypeAliasType(
    "Number",
    Annotated[
        float | Infinity,
        WithJsonSchema(
            {
                "title": "Number",
                "description": 'A number; "Infinity" or "-Infinity" where it is not finite.',
                "anyOf": [{"type": "number"}, _INFINITY_SCHEMA],
            }
        ),
    ],
)


class Request(BaseModel):
    """A field that is null is absent; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {name: data[name] for name in cls.model_fields if data.get(name) is not None}
        unknown = islice((name for name in data if name not in cls.model_fields), UNKNOWN_FIELDS_NAMED)
        # The value of an unknown field is of no use; what it may have been meant to be is, for the error.
        return known | {name: get_close_matches(name[:80], cls.model_fields, n=1) for name in unknown}

    @classmethod
    def array_fields(cls) -> frozenset[str]:
        """The names of the fields that hold arrays."""
        return frozenset(
            name for name, field in cls.model_fields.items() if Array in (field.annotation, *get_args(field.annotation))
        )


class LossRequest(Request):
    """One batch of logits and labels, and how its losses are to be computed."""

    logits: Annotated[
        Array,
        Field(
            description=(
                "Unnormalised scores. Softmax losses: shape [d0 … dn, C] with the classes on `axis`. Sigmoid "
                "losses: any shape, each logit its own yes/no question. -Infinity masks a class. Nested lists are "
                "computed in float64."
            )
        ),
    ]
    labels: Annotated[
        Array,
        Field(
            description=(
                "Class indices (the logits' shape without the class axis), or the logits' shape. For sigmoid "
                "losses also a scalar, which stands for every element, and, where C = 1, the shape without that "
                "axis."
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
    loss_type: Annotated[
        LossType | Literal["auto"],
        Field(
            description=(
                "Which loss to compute. `auto` goes by the labels' form: a scalar, logits of rank 1 or C = 1, "
                "with labels in [0, 1]: sigmoid; whole numbers of one rank less: sparse softmax; one-hot rows, or "
                "rows in [0, 1] that sum to 1: softmax; other labels in [0, 1] of the logits' shape: sigmoid. It "
                "judges each batch alone: a caller whose batches vary should name the type."
            )
        ),
    ] = "auto"
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
    label_smoothing: Annotated[
        StrictFloat,
        Field(
            description="s, from 0 to 1. Softmax: y(1 − s) + s/C. Sigmoid: y(1 − s) + s/2.",
            json_schema_extra={"minimum": 0, "maximum": 1},
        ),
    ] = 0.0
    ignore_index: Annotated[
        StrictInt | None,
        Field(
            description=(
                "sparse_softmax_cross_entropy only: a label of this value gives loss 0 and counts in no "
                "denominator. Without it a label outside [0, C) is an error."
            ),
            ge=-(2**63),
            lt=2**63,
        ),
    ] = None
    axis: Annotated[StrictInt, Field(description="The class axis.")] = -1
    from_logits: Annotated[
        StrictBool,
        Field(
            description=(
                "false: `logits` holds probabilities. Softmax: each row is divided by its sum; then (sigmoid: at "
                "once) values are clipped to [1e-7, 1 − 1e-7], as Keras does. A value outside [0, 1] by more than "
                "1e-6, or a row that sums to 0, is an error."
            )
        ),
    ] = True
    reduction: Annotated[
        Reduction,
        Field(
            description=(
                "How losses become one value. With w an element's weight, v its weight for denominators (w times "
                "its labels' class weight): `sum`: Σ w·ℓ. `mean`: Σ w·ℓ / number of elements not ignored "
                "(TensorFlow's SUM_OVER_BATCH_SIZE). `weighted_mean`: Σ w·ℓ / Σ v (TensorFlow's MEAN; PyTorch's "
                "mean with class weights and indices). `mean_by_nonzero_weights`: Σ w·ℓ / number of elements with "
                "v ≠ 0 (the default of tf.losses). `none`: `reduced` is null. A denominator of 0 gives 0."
            )
        ),
    ] = "mean"
    include: Annotated[
        list[Output],
        Field(
            description=(
                "Heavier outputs, on demand. `elements`: weighted losses, unreduced. `gradient`: of the reduced "
                "loss with respect to `logits` as given; of the sum where the reduction is `none`. "
                "`probabilities`: softmax or sigmoid of the logits."
            ),
            max_length=3,
            json_schema_extra={"uniqueItems": True},
        ),
    ] = []


class Answer(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)


class Reduced(Answer):
    """The reduced loss. Of several batches, add up numerators and (but for `sum`) denominators and divide once."""

    reduction: Reduction
    value: Annotated[Number, Field(description="numerator / denominator, accumulated in float64; 0 where that is 0")]
    numerator: Number
    denominator: Number


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
    recommendation: Recommendation
    warnings: list[LossWarning]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]
    elements: Annotated[Array | None, Field(description="weighted losses before any averaging, if asked for")] = None
    gradient: Annotated[Array | None, Field(description="in the logits' shape, if asked for")] = None
    probabilities: Annotated[Array | None, Field(description="in the logits' shape, if asked for")] = None


class Health(Answer):
    status: Annotated[Literal["ok"], Field(description="the service answers")]


class ProblemError(Answer):
    """One thing that is wrong, and where."""

    loc: Annotated[
        list[str | int],
        Field(description="the path to it, from the request's part on", examples=[["body", "labels", 3]]),
    ]
    code: Annotated[str, Field(description="stable, for programs", examples=["label_out_of_range"])]
    message: Annotated[str, Field(description="what was found and what was expected, for people")]


class Problem(Answer):
    """Why a request was not answered, as RFC 9457 has it. It never repeats the caller's arrays."""

    type: Annotated[str, Field(examples=["about:blank"])]
    title: Annotated[str, Field(examples=["Unprocessable Content"])]
    status: Annotated[int, Field(examples=[422])]
    detail: Annotated[str, Field(examples=["labels[3] is 10; a class index from 0 to 9 was expected"])]
    errors: Annotated[list[ProblemError], Field(description="at most 20; empty where the request as a whole is meant")]
