"""The Open Inference Protocol's endpoints beside infer: server, models, repository, configuration and statistics."""

from typing import Annotated, Literal

from pydantic import Field

from app.api.fields import ResponseModel

Count = Annotated[int, Field(ge=0)]


class ServerMetadata(ResponseModel):
    """Which server this is."""

    name: Annotated[str, Field(description="always xent")]
    version: Annotated[str, Field(description="of the service", examples=["0.2.0"])]
    extensions: Annotated[list[str], Field(description="what is there beyond the protocol's core")]


class ServerLive(ResponseModel):
    """That the process answers."""

    live: Annotated[Literal[True], Field(description="it does; where it does not, nothing answers 200")]


class ServerReady(ResponseModel):
    """That requests are taken."""

    ready: Annotated[Literal[True], Field(description="they are; where they are not, nothing answers 200")]


class ModelReady(ResponseModel):
    """That a model takes requests."""

    name: Annotated[str, Field(description="the model")]
    ready: Annotated[Literal[True], Field(description="it does: all are ready as soon as the server is")]


class Models(ResponseModel):
    """All models."""

    models: Annotated[list[str], Field(description="their names: the loss types, and `auto`")]


class ModelTensor(ResponseModel):
    """An input or output of a model, in its usual form."""

    name: Annotated[str, Field(description="its name", examples=["logits"])]
    datatype: Annotated[str, Field(description="the usual one; inputs may have any but BYTES", examples=["FP32"])]
    shape: Annotated[
        list[int],
        Field(description="the usual rank, -1 standing for any length; other ranks are taken too", examples=[[-1, -1]]),
    ]


class ModelMetadata(ResponseModel):
    """What a model takes and gives."""

    name: Annotated[str, Field(description="the model")]
    versions: Annotated[list[str], Field(description="its versions: there is one, 1", examples=[["1"]])]
    platform: Annotated[str, Field(description="what computes it", examples=["xent"])]
    inputs: Annotated[list[ModelTensor], Field(description="what it takes; `/config` says which of them it needs")]
    outputs: Annotated[list[ModelTensor], Field(description="what it gives, those after `loss` only where asked for")]


class ConfiguredInput(ResponseModel):
    """An input in the words of Triton's ModelConfig."""

    name: Annotated[str, Field(description="its name", examples=["logits"])]
    data_type: Annotated[str, Field(description="the usual one", examples=["TYPE_FP32"])]
    dims: Annotated[list[int], Field(description="the usual rank, -1 standing for any length", examples=[[-1, -1]])]
    optional: Annotated[bool, Field(description="whether it may be left out")]


class ConfiguredOutput(ResponseModel):
    """An output in the words of Triton's ModelConfig."""

    name: Annotated[str, Field(description="its name", examples=["per_sample"])]
    data_type: Annotated[str, Field(description="the usual one", examples=["TYPE_FP32"])]
    dims: Annotated[list[int], Field(description="the usual rank, -1 standing for any length", examples=[[-1]])]


class ModelConfig(ResponseModel):
    """A model in the words of Triton's ModelConfig, as far as they mean something here."""

    name: Annotated[str, Field(description="the model")]
    platform: Annotated[str, Field(description="what computes it", examples=["xent"])]
    backend: Annotated[str, Field(description="the same", examples=["xent"])]
    max_batch_size: Annotated[int, Field(description="0: the batch dimensions are part of the shapes", examples=[0])]
    input: Annotated[list[ConfiguredInput], Field(description="what it takes")]
    output: Annotated[
        list[ConfiguredOutput], Field(description="what it gives, those after `loss` only where asked for")
    ]


class Duration(ResponseModel):
    """How often, and how long in all."""

    count: Annotated[Count, Field(description="how often")]
    ns: Annotated[Count, Field(description="nanoseconds in all")]


class InferenceStatistics(ResponseModel):
    """Requests and their stages. The time in which a body arrives or leaves is the network's, and not counted."""

    success: Annotated[Duration, Field(description="requests answered with 200, as a whole")]
    fail: Annotated[Duration, Field(description="requests answered with an error, once the model was found")]
    queue: Annotated[Duration, Field(description="waiting for a thread; small requests need none")]
    compute_input: Annotated[Duration, Field(description="reading the frame and checking the request")]
    compute_infer: Annotated[Duration, Field(description="computing the losses")]
    compute_output: Annotated[Duration, Field(description="writing the frame, and compressing it")]


class BatchStatistics(ResponseModel):
    """The same by batch size. Requests are never joined to batches here, so there is only the size 1."""

    batch_size: Annotated[int, Field(description="always 1")]
    compute_input: Annotated[Duration, Field(description="as in `inference_stats`")]
    compute_infer: Annotated[Duration, Field(description="as in `inference_stats`")]
    compute_output: Annotated[Duration, Field(description="as in `inference_stats`")]


class ModelStatistics(ResponseModel):
    """What a model did since this process started."""

    name: Annotated[str, Field(description="the model")]
    version: Annotated[str, Field(description="its version", examples=["1"])]
    last_inference: Annotated[
        Count, Field(description="when the last request was answered, in milliseconds since 1970; 0 for never")
    ]
    inference_count: Annotated[Count, Field(description="requests computed")]
    execution_count: Annotated[Count, Field(description="the same: requests are never joined to batches here")]
    inference_stats: Annotated[InferenceStatistics, Field(description="counts and times")]
    batch_stats: Annotated[list[BatchStatistics], Field(description="the same by batch size; empty before the first")]


class AllStatistics(ResponseModel):
    """The statistics of one model or of all."""

    model_stats: Annotated[list[ModelStatistics], Field(description="one entry for each model")]


class RepositoryModel(ResponseModel):
    """A model of the repository."""

    name: Annotated[str, Field(description="the model")]
    version: Annotated[str, Field(description="its version", examples=["1"])]
    state: Annotated[Literal["READY"], Field(description="all models are ready")]
    reason: Annotated[str, Field(description="empty: nothing keeps it from being ready", examples=[""])]
