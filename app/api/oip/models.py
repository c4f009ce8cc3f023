"""GET /v2, and what else the Open Inference Protocol has beside infer. The models are the loss types, and `auto`."""

from typing import Annotated, NoReturn

from fastapi import Depends, HTTPException, Path, Request

from app import __version__
from app.api.oip.infer_schema import INPUT_NAMES, REQUIRED, InferenceError, inference_errors
from app.api.oip.model_schema import (
    AllStatistics,
    ConfiguredInput,
    ConfiguredOutput,
    ModelConfig,
    ModelMetadata,
    ModelReady,
    Models,
    ModelStatistics,
    ModelTensor,
    RepositoryModel,
    ServerLive,
    ServerMetadata,
    ServerReady,
)
from app.middleware.route_traits import Access, ErrorForm, Router, RouteTraits, with_traits
from app.state import state_of
from app.telemetry.model_statistics import model_statistics as statistics_of
from app.telemetry.snapshots import Snapshot
from xent_core.framework_names import loss_hint
from xent_core.losses import LOSSES
from xent_core.results import BY_PRODUCTS

TRAITS = RouteTraits(error_form=ErrorForm.OIP)
PROBE = RouteTraits(access=Access.OPEN, always_admitted=True, error_form=ErrorForm.OIP)

router = Router(TRAITS, tags=["inference"])

MODELS = ("auto", *LOSSES)
VERSION = "1"
A_MODEL = "/v2/models/{model}"
A_VERSION = A_MODEL + "/versions/{version}"
PLATFORM = "xent"
EXTENSIONS = ["binary_tensor_data", "model_configuration", "model_repository", "parameters", "statistics"]


async def known_model(model: Annotated[str, Path(description="a loss type, or `auto`", examples=["auto"])]) -> str:
    """The model. Raises HTTPException where there is none of this name."""
    if model not in MODELS:
        raise HTTPException(404, f"there is no model {model[:80]!r}; there are {', '.join(MODELS)}{loss_hint(model)}")
    return model


async def known_version(version: Annotated[str, Path(description="always 1", examples=[VERSION])]) -> None:
    """Raises HTTPException where there is no such version."""
    if version != VERSION:
        raise HTTPException(404, f"there is no version {version[:80]!r} of this model; there is {VERSION}")


ModelName = Annotated[str, Depends(known_model)]
OF_A_VERSION = [Depends(known_version)]


@router.get("/v2/", include_in_schema=False)
@router.get(
    "/v2",
    operation_id="v2_server",
    summary="The server's name, version and extensions",
    response_description="The server.",
)
async def server() -> ServerMetadata:
    """Which server this is, and which of the protocol's extensions it has."""
    return ServerMetadata(name="xent", version=__version__, extensions=EXTENSIONS)


@router.get("/v2/health/live", operation_id="v2_live", summary="Is the process alive?", response_description="It is.")
@with_traits(PROBE)
async def live() -> ServerLive:
    """Answers for as long as the process can answer at all."""
    return ServerLive(live=True)


@router.get(
    "/v2/health/ready",
    operation_id="v2_ready",
    summary="Can it take requests?",
    response_description="Yes.",
    responses=inference_errors(503),
)
@with_traits(PROBE)
async def ready(request: Request) -> ServerReady:
    """Answers 200 for as long as the server, and so each model, can take requests."""
    state_of(request.app).readiness.check()
    return ServerReady(ready=True)


@router.get("/v2/models", operation_id="v2_models", summary="The models' names", response_description="Their names.")
async def models() -> Models:
    """The loss types, and `auto`, which goes by the labels' form batch by batch."""
    return Models(models=list(MODELS))


@router.get(
    "/v2/models/stats",
    operation_id="v2_statistics",
    summary="Counts and times of all models",
    response_description="One entry for each model.",
)
async def all_statistics(request: Request) -> AllStatistics:
    """What the models did since the service started, in all of its processes."""
    total = state_of(request.app).metrics.total()
    return AllStatistics(model_stats=[_statistics(model, total) for model in MODELS])


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
    """Answers 200 for each model there is."""
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


@router.get(
    A_VERSION + "/stats",
    operation_id="v2_version_statistics",
    summary="Counts and times of a version of a model",
    response_description="One entry.",
    responses=inference_errors(404),
    dependencies=OF_A_VERSION,
)
@router.get(
    A_MODEL + "/stats",
    operation_id="v2_model_statistics",
    summary="Counts and times of a model",
    response_description="One entry.",
    responses=inference_errors(404),
)
async def model_statistics(model: ModelName, request: Request) -> AllStatistics:
    """What the model did since the service started, in all of its processes."""
    return AllStatistics(model_stats=[_statistics(model, state_of(request.app).metrics.total())])


@router.post(
    "/v2/repository/index",
    operation_id="v2_repository_index",
    summary="The models and their states",
    response_description="One entry for each model.",
)
async def repository_index() -> list[RepositoryModel]:
    """All models, whatever the body says: Triton's `ready` would leave out those that are not, and all are."""
    return [RepositoryModel(name=model, version=VERSION, state="READY", reason="") for model in MODELS]


@router.post(
    "/v2/repository/models/{model}/load",
    operation_id="v2_load",
    summary="Load a model: refused",
    status_code=501,
    response_model=InferenceError,
    response_description="The models are fixed.",
    responses=inference_errors(404),
)
async def load(model: ModelName) -> NoReturn:
    """Always an error: the models are fixed, and all are ready. 501 is what Triton's status UNSUPPORTED maps to."""
    raise HTTPException(501, f"{model} can't be loaded: the models are fixed, and all of them are ready")


@router.post(
    "/v2/repository/models/{model}/unload",
    operation_id="v2_unload",
    summary="Unload a model: refused",
    status_code=501,
    response_model=InferenceError,
    response_description="The models are fixed.",
    responses=inference_errors(404),
)
async def unload(model: ModelName) -> NoReturn:
    """Always an error: the models are fixed, and all are ready. 501 is what Triton's status UNSUPPORTED maps to."""
    raise HTTPException(501, f"{model} can't be unloaded: the models are fixed, and all of them stay ready")


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


def _statistics(model: str, total: Snapshot) -> ModelStatistics:
    return ModelStatistics.model_validate({"name": model, "version": VERSION} | statistics_of(total, model))
