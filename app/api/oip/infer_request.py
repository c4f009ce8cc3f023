"""`POST /v2/models/{model}/infer`: the JSON document of the request."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, get_args

from numpy.typing import NDArray
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.api.batch_fields import (
    AdviceLevelName,
    Alpha,
    Axis,
    Clip,
    Epsilon,
    FromLogits,
    Gamma,
    IgnoreIndex,
    LabelsAreLogits,
    LabelSmoothing,
    Q,
    ReductionName,
    Shift,
    Temperature,
    included_elements,
    num_samples,
)
from app.api.fields import RequestModel, ResponseModel, Silence, Whole
from app.wire.oip.tensor import Slice, Tensor
from xent_core.framework_names import field_hint
from xent_core.losses.loss import CLIP as DEFAULT_CLIP
from xent_core.results import ArrayOutput

InputName = Literal["logits", "labels", "weights", "pos_weight", "class_weights"]
OutputName = Literal["per_sample", "loss", ArrayOutput]
Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64"
]
INPUT_NAMES: tuple[InputName, ...] = get_args(InputName)
OUTPUT_NAMES: tuple[OutputName, ...] = get_args(OutputName)
REQUIRED: tuple[InputName, ...] = ("logits", "labels")


SharedMemoryRegion = Annotated[
    StrictStr | None, Field(description="The registered region of shared memory that has the values.")
]
SharedMemoryOffset = Annotated[
    Whole,
    Field(description="The first of these bytes, counted from the region's start.", json_schema_extra={"minimum": 0}),
]


class InferInputParameters(RequestModel):
    """Where an input's values are. What else clients write here is not looked at."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})

    binary_data_size: Annotated[
        int | None,
        Field(
            description=(
                "How many bytes the values take that stand behind the JSON; `data` is then absent. "
                "Inference-Header-Content-Length must say where the JSON ends."
            ),
            ge=0,
        ),
    ] = None
    shared_memory_region: SharedMemoryRegion = None
    shared_memory_byte_size: Annotated[
        int | None, Field(description="How many bytes the values take there. Required beside a region.", ge=0)
    ] = None
    shared_memory_offset: SharedMemoryOffset = 0


class InferInput(ResponseModel):
    """An input, its values in `data` or, as bytes, behind the JSON or in shared memory.

    Integers must fit the datatype and be whole, and no finite number may become infinite in it.
    """

    name: Annotated[InputName, Field(description="Which input it is: a field of `POST /v1/loss`.")]
    shape: Annotated[
        list[Annotated[int, Field(ge=0)]],
        Field(
            description=(
                "Its lengths. [1], or [], for a single number. Labels of shape [1] are meant as one by the sigmoid "
                "losses; by sparse_softmax_cross_entropy with logits of rank 1; and by `auto` unless they can be the "
                "class index of the only sample."
            ),
            max_length=32,
        ),
    ]
    datatype: Annotated[
        Datatype,
        Field(
            description=(
                "What its numbers are, in `data` too. Logits of FP16, BF16 and FP32 are computed and returned in FP32, "
                "all others in FP64. Labels may have any. BYTES is not taken."
            )
        ),
    ]
    parameters: Annotated[InferInputParameters | None, Field(description="Where its values are.")] = None
    data: Annotated[
        list[Any] | None,
        Field(
            description=(
                "Its values in row-major order, nested as `shape` says or in one list. Infinity and -Infinity may "
                "stand bare; NaN is refused. For BOOL: true and false, or 1 and 0."
            ),
        ),
    ] = None


def _by_name(tensors: list[Tensor]) -> dict[str, Tensor]:
    """The inputs by name, each of them known, none twice, and none missing that there must be."""
    inputs: dict[str, Tensor] = {}
    for index, tensor in enumerate(tensors):
        name = tensor.name
        if name not in INPUT_NAMES:
            hint = field_hint(name, INPUT_NAMES) or f"; there are {', '.join(INPUT_NAMES)}"
            raise _invalid("unknown_field", f"is no input of this model{hint}", index, "name")
        if name in inputs:
            raise _invalid("unexpected_parameter", f"is {name} once more; each input at most once was expected", index)
        inputs[name] = tensor
    for name in REQUIRED:
        if name not in inputs:
            raise _invalid("missing", f"hold no {name}; they are required")
    return inputs


def _invalid(code: str, message: str, *position: str | int) -> PydanticCustomError:
    return PydanticCustomError(
        "invalid_array", "{message}", {"message": message, "code": code, "position": list(position)}
    )


Inputs = Annotated[dict[str, Tensor], PlainValidator(_by_name, json_schema_input_type=list[InferInput])]


def _separate(codes: Any) -> Any:
    return [code.strip() for code in codes.split(",") if code.strip()] if isinstance(codes, str) else codes


IGNORED = "Taken because clients send it; does nothing here."
Ignored = Annotated[Any, Field(description=IGNORED)]


class InferParameters(RequestModel):
    """How the losses are to be computed: the fields of `POST /v1/loss`.

    What the protocol and its servers reserve is taken too, names that begin with `triton_` included.
    """

    model_config = ConfigDict(json_schema_extra={"patternProperties": {"^triton_": {}}})
    ignored_prefixes = ("triton_",)

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
    advice: AdviceLevelName = "full"
    silence: Annotated[
        Silence,
        BeforeValidator(_separate),
        WithJsonSchema({"type": "string"}),
        Field(
            description="Codes of warnings that are not wanted, with commas between them.",
            json_schema_extra={"default": ""},
        ),
    ] = ()
    binary_data_output: Annotated[
        StrictBool, Field(description="Whether outputs that don't say themselves come as bytes behind the JSON.")
    ] = False
    sequence_id: Ignored = None
    sequence_start: Ignored = None
    sequence_end: Ignored = None
    priority: Ignored = None
    timeout: Annotated[
        int | None,
        Field(
            description=(
                "How long the client waits, in microseconds; 0: as long as it takes. What would come later is refused."
            ),
            ge=0,
        ),
    ] = None
    headers: Ignored = None
    content_type: Ignored = None


class RequestedOutputParameters(RequestModel):
    """How an output is to come."""

    binary_data: Annotated[
        StrictBool | None,
        Field(description="As bytes behind the JSON, or in it. Absent: as the request's `binary_data_output` says."),
    ] = None
    content_type: Ignored = None
    shared_memory_region: SharedMemoryRegion = None
    shared_memory_byte_size: Annotated[
        Whole | None,
        Field(
            description="How many bytes the values may take there. Required beside a region.",
            json_schema_extra={"minimum": 0},
        ),
    ] = None
    shared_memory_offset: SharedMemoryOffset = 0

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if (self.shared_memory_region is None) != (self.shared_memory_byte_size is None):
            message = "have one of shared_memory_region and shared_memory_byte_size; both or neither were expected"
            raise _invalid("unexpected_parameter", message)
        if self.shared_memory_region is not None and self.binary_data:
            message = "have a shared_memory_region, but binary_data is true; one of the two was expected"
            raise _invalid("unexpected_parameter", message)
        if self.shared_memory_offset < 0 or (self.shared_memory_byte_size or 0) < 0:
            message = "have a negative shared_memory_offset or shared_memory_byte_size; numbers of bytes were expected"
            raise _invalid("wrong_type", message)
        return self

    @property
    def slice(self) -> Slice | None:
        """Where the output is to be written in shared memory."""
        if self.shared_memory_region is None or self.shared_memory_byte_size is None:
            return None
        return Slice(self.shared_memory_region, self.shared_memory_byte_size, self.shared_memory_offset)


class RequestedOutput(RequestModel):
    """An output that is asked for."""

    name: Annotated[
        OutputName,
        Field(
            description=(
                "`per_sample`: weighted losses in the samples' shape, for sigmoid losses the mean over the class axis. "
                "`loss`: the reduced loss, FP64; not with reduction `none`. `elements`: weighted losses before any "
                "averaging. `gradient`: of the reduced loss with respect to the logits as given; of the sum where the "
                "reduction is `none`. `probabilities`: softmax or sigmoid of the logits. `predictions` (INT64) and "
                "`entropy`: one for each sample of a softmax loss, and for each logit of a sigmoid loss; `label_rank` "
                "(INT64), `margin` and `logsumexp` of softmax losses. See `include` of `POST /v1/loss`."
            )
        ),
    ]
    parameters: Annotated[RequestedOutputParameters | None, Field(description="How it is to come.")] = None


def _few(outputs: Any) -> Any:
    """A list that is too long is refused as a whole: pydantic would first look at every name."""
    if isinstance(outputs, list) and len(outputs) > len(OUTPUT_NAMES):
        raise PydanticCustomError("too_long", "too long")
    return outputs


class InferRequest(RequestModel):
    """One batch: its tensors, and how its losses are to be computed."""

    id: Annotated[StrictStr | None, Field(description="Comes back with the response.", max_length=1024)] = None
    model_name: Annotated[StrictStr | None, Field(description="Not looked at: the path names the model.")] = None
    model_version: Annotated[StrictStr | None, Field(description="Not looked at: the path names the version.")] = None
    parameters: Annotated[InferParameters | None, Field(description="How the losses are to be computed.")] = None
    inputs: Annotated[
        Inputs,
        Field(
            description=(
                "`logits` and `labels`, and where the loss takes them `weights`, `pos_weight` and `class_weights`; "
                "each at most once."
            )
        ),
    ]
    outputs: Annotated[
        Annotated[tuple[RequestedOutput, ...], Field(max_length=len(OUTPUT_NAMES))] | None,
        BeforeValidator(_few),
        Field(description="Which outputs to return, in this order. Absent or empty: `per_sample`, and `loss` if any."),
    ] = None

    @model_validator(mode="after")
    def _with_outputs_that_there_are(self) -> Self:
        names: list[str] = []
        for index, output in enumerate(self.outputs or ()):
            if output.name in names:
                raise _invalid("unexpected_parameter", f"is {output.name} once more", "outputs", index)
            if output.name == "loss" and self.options.reduction == "none":
                message = "is loss, but with reduction none there is none; name per_sample, or another reduction"
                raise _invalid("unexpected_parameter", message, "outputs", index, "name")
            names.append(output.name)
        return self

    @property
    def options(self) -> InferParameters:
        """The parameters, or what their absence means."""
        return self.parameters or DEFAULTS

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Without the values of those in shared memory: to look at shapes is all that is done before they are read."""
        return {name: tensor.array for name, tensor in self.inputs.items()}

    @property
    def computed_elements(self) -> int:
        logits, labels = self.inputs["logits"].array, self.inputs["labels"].array
        samples = num_samples(logits, self.options.axis)
        sizes = {"per_sample": samples, "loss": 1}
        return sum(sizes.get(name) or included_elements(name, logits, labels, samples) for name, *_ in self.wanted())

    @property
    def work_bytes(self) -> int:
        """Copies of what is in shared memory count as a body would."""
        copied = sum(tensor.array.nbytes for tensor in self.inputs.values() if tensor.slice is not None)
        return super().work_bytes + copied

    @property
    def uses_shared_memory(self) -> bool:
        return any(tensor.slice for tensor in self.inputs.values()) or any(place for *_, place in self.wanted())

    def wanted(self) -> Iterator[tuple[OutputName, bool, Slice | None]]:
        """The outputs to return, each with whether it is to come as bytes, and its place in shared memory if any."""
        binary = self.options.binary_data_output
        for output in self.outputs or ():
            own = output.parameters or OUTPUT_DEFAULTS
            yield output.name, binary if own.binary_data is None else own.binary_data, own.slice
        if not self.outputs:
            yield "per_sample", binary, None
            if self.options.reduction != "none":
                yield "loss", binary, None


DEFAULTS = InferParameters()
OUTPUT_DEFAULTS = RequestedOutputParameters()
