"""`POST /v2/models/{model}/infer`: the JSON document of the response."""

from typing import Annotated, Any

from pydantic import Field

from app.api.fields import ResponseModel
from app.api.loss_names import LossType
from app.api.oip.infer_request import Datatype, OutputName


class InferOutputParameters(ResponseModel):
    """Where an output's values are."""

    binary_data_size: Annotated[
        int | None, Field(description="how many bytes its values take that stand behind the JSON; `data` is absent")
    ] = None
    shared_memory_region: Annotated[
        str | None, Field(description="the region of shared memory that its values are in; `data` is absent")
    ] = None
    shared_memory_byte_size: Annotated[int | None, Field(description="how many bytes its values take there")] = None
    shared_memory_offset: Annotated[int | None, Field(description="the first of them; absent for 0")] = None


class InferOutput(ResponseModel):
    """An output, its values in `data` or, as bytes, behind the JSON or in shared memory."""

    name: Annotated[OutputName, Field(description="which output it is")]
    shape: Annotated[list[int], Field(description="its lengths; [1] for a single number")]
    datatype: Annotated[
        Datatype, Field(description="FP32 or FP64, as it was computed; `loss` is always FP64, classes and ranks INT64")
    ]
    parameters: Annotated[InferOutputParameters | None, Field(description="where its values are")] = None
    data: Annotated[
        list[Any] | None,
        Field(
            description=(
                "its values in row-major order, in one list. What is not finite stands there as a bare Infinity or "
                "-Infinity, which JSON proper doesn't know"
            ),
        ),
    ] = None


class InferResponseParameters(ResponseModel):
    """What the response says of the losses beside their values."""

    loss_type: Annotated[LossType, Field(description="what was computed")]
    recommended_loss_type: Annotated[
        LossType | None, Field(description="the loss that the labels call for; absent with `advice` `none`")
    ] = None
    warnings: Annotated[
        str | None,
        Field(
            description=(
                "codes of the warnings, with commas between them, absent with `advice` `none`; see `POST /v1/loss`"
            ),
            examples=["one_hot_labels_could_be_indices"],
        ),
    ] = None
    numerator: Annotated[float | None, Field(description="Σ w·ℓ; absent for reduction `none`")] = None
    denominator: Annotated[
        float | None, Field(description="what it is divided by, absent for reduction `none`; see there")
    ] = None


class InferResponse(ResponseModel):
    """The losses of one batch. Losses are in nats."""

    model_name: Annotated[str, Field(description="the model that the path named")]
    model_version: Annotated[str, Field(description="its version", examples=["1"])]
    id: Annotated[str | None, Field(description="the request's, if it had one")] = None
    parameters: Annotated[InferResponseParameters, Field(description="what was computed, and what looks wrong")]
    outputs: Annotated[list[InferOutput], Field(description="those asked for, in that order")]
