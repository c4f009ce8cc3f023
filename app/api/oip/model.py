"""GET /v2/models/{model}, its readiness and its configuration."""

from typing import Annotated, Literal

from pydantic import Field

from app.api.fields import ResponseModel
from app.api.oip.infer_request import INPUT_NAMES, REQUIRED
from app.api.oip.inference_error import inference_errors
from app.api.oip.known_models import A_MODEL, A_VERSION, OF_A_VERSION, TRAITS, VERSION, ModelName
from app.middleware.route_traits import Router
from xent_core.losses import LOSSES
from xent_core.results import BY_PRODUCTS

PLATFORM = "xent"


class ModelReady(ResponseModel):
    """That a model takes requests."""

    name: Annotated[str, Field(description="the model")]
    ready: Annotated[Literal[True], Field(description="it does: all are ready as soon as the server is")]


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


router = Router(TRAITS, tags=["inference"])


@router.get(
    A_VERSION,
    operation_id="v2_version",
    summary="What a version of a model takes and gives",
    response_description="The model.",
    responses=inference_errors(404),
    dependencies=OF_A_VERSION,
)
@router.get(
    A_MODEL,
    operation_id="v2_model",
    summary="What a model takes and gives",
    response_description="The model.",
    responses=inference_errors(404),
)
async def metadata(model: ModelName) -> ModelMetadata:
    """The inputs and outputs in their usual form. Other ranks and datatypes are taken too: see infer."""
    return ModelMetadata(
        name=model, versions=[VERSION], platform=PLATFORM, inputs=_inputs(model), outputs=_outputs(model)
    )


@router.get(
    A_VERSION + "/ready",
    operation_id="v2_version_ready",
    summary="Does a version of a model take requests?",
    response_description="It does.",
    responses=inference_errors(404),
    dependencies=OF_A_VERSION,
)
@router.get(
    A_MODEL + "/ready",
    operation_id="v2_model_ready",
    summary="Does a model take requests?",
    response_description="It does.",
    responses=inference_errors(404),
)
async def model_ready(model: ModelName) -> ModelReady:
    """Responds with 200 for each model there is."""
    return ModelReady(name=model, ready=True)


@router.get(
    A_VERSION + "/config",
    operation_id="v2_version_config",
    summary="The configuration of a version of a model",
    response_description="The configuration.",
    responses=inference_errors(404),
    dependencies=OF_A_VERSION,
)
@router.get(
    A_MODEL + "/config",
    operation_id="v2_model_config",
    summary="The configuration of a model",
    response_description="The configuration.",
    responses=inference_errors(404),
)
async def config(model: ModelName) -> ModelConfig:
    """The model in the words of Triton's ModelConfig, for load generators that ask for it."""
    required = {*REQUIRED, *(LOSSES[model].required if model in LOSSES else ())}
    return ModelConfig(
        name=model,
        platform=PLATFORM,
        backend=PLATFORM,
        max_batch_size=0,
        input=[
            ConfiguredInput(
                name=each.name,
                data_type=f"TYPE_{each.datatype}",
                dims=each.shape,
                optional=each.name not in required,
            )
            for each in _inputs(model)
        ],
        output=[
            ConfiguredOutput(name=each.name, data_type=f"TYPE_{each.datatype}", dims=each.shape)
            for each in _outputs(model)
        ],
    )


def _inputs(model: str) -> list[ModelTensor]:
    """Of `auto` is shown what it usually takes: class indices."""
    loss = LOSSES.get(model)
    tensors = {
        "logits": ("FP32", [-1, -1]),
        "labels": ("INT64", [-1]) if loss is None or loss.takes_class_indices else ("FP32", [-1, -1]),
        "weights": ("FP32", [-1]),
        "pos_weight": ("FP32", [-1]),
        "class_weights": ("FP32", [-1]),
    }
    return [
        ModelTensor(name=name, datatype=tensors[name][0], shape=tensors[name][1])
        for name in INPUT_NAMES
        if name in REQUIRED or loss is None or loss.takes(name)
    ]


def _outputs(model: str) -> list[ModelTensor]:
    loss = LOSSES.get(model)
    tensors = {
        "per_sample": ("FP32", [-1]),
        "loss": ("FP64", [1]),
        "elements": ("FP32", [-1] if loss is None or not loss.is_elementwise else [-1, -1]),
        "gradient": ("FP32", [-1, -1]),
        "probabilities": ("FP32", [-1, -1]),
    }
    if loss is not None and loss.is_elementwise:
        tensors |= {"predictions": ("INT64", [-1, -1]), "entropy": ("FP32", [-1, -1])}
    else:
        kinds = {"predictions": "INT64", "label_rank": "INT64"}
        tensors |= {name: (kinds.get(name, "FP32"), [-1]) for name in BY_PRODUCTS}
    return [ModelTensor(name=name, datatype=datatype, shape=shape) for name, (datatype, shape) in tensors.items()]
