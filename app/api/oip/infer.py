"""POST /v2/models/{model}/infer."""

import zlib
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
from fastapi import Body, Request, Response
from fastapi.routing import APIRoute
from numpy.typing import NDArray
from starlette.types import ASGIApp

from app import offload
from app.api.array_route import admit, arrived, keep_to_timeout, read_request, responding
from app.api.examples import INFER_EXAMPLES
from app.api.oip.infer_request import InferParameters, InferRequest, OutputName
from app.api.oip.infer_response import InferResponse
from app.api.oip.inference_error import inference_errors
from app.api.oip.known_models import (
    A_MODEL,
    A_VERSION,
    OF_A_VERSION,
    TRAITS,
    VERSION,
    ModelName,
    known_model,
    known_version,
)
from app.api.pieces_response import PiecesResponse
from app.api.plans import EvaluationPlans
from app.api.recommendation_content import record_evaluation
from app.middleware.inflate import WINDOW_BITS
from app.middleware.route_traits import Router
from app.state import reservation_of, state_of
from app.telemetry.request_record import RequestRecord, record_of
from app.wire.body import read_body, read_frame
from app.wire.oip.decode import decode_frame, read_header_length, survey_frame
from app.wire.oip.encode import encode_frame
from app.wire.oip.errors import SharedMemoryOff
from app.wire.oip.shared_memory import Regions
from app.wire.oip.tensor import Frame, Slice, Tensor
from app.wire.tensor import refuse_nan, view
from xent_core.evaluate import evaluate
from xent_core.losses import LOSSES
from xent_core.results import ARRAYS, Evaluation

HEADER_LENGTH = "Inference-Header-Content-Length"
# The fastest: of numbers that look random little is saved, however long one tries.
COMPRESSION_LEVEL = 1
# Tensors of a frame are views of it: to check, or at worst copy, so many bytes takes as long as to decode one of JSON.
VIEWED_PER_DECODED_BYTE = 256
# Up to here to join a response's pieces costs less than to send them one by one.
SMALL_RESPONSE_BYTES = 65_536

DESCRIPTION = f"""
The losses of `POST /v1/loss` in the Open Inference Protocol (KServe's V2, Triton's, MLServer's), for clients that speak
it. The model in the path is the loss type; the parameters are the other fields of `POST /v1/loss`.

The body is one JSON document, or one with the bytes of binary tensors behind it; the header {HEADER_LENGTH}
then says where the JSON ends. Content-Type is not looked at. A binary tensor has no `data` but a parameter
`binary_data_size`; the bytes stand in the order of `inputs`, row-major, little-endian, without padding, a BOOL being
one byte. Outputs come in the same way where `binary_data_output`, or an output's own `binary_data`, asks for it.

Where XENT_SHARED_MEMORY is set, inputs and outputs may be in shared memory, as in Triton's extension: see
`/v2/systemsharedmemory`. Their parameters are then `shared_memory_region`, `shared_memory_byte_size` and
`shared_memory_offset`. What is in shared memory is copied before it is computed on, and counts as a body would.

Classification and raw binary requests (a header length of 0) are not supported. Parameters that the protocol reserves
(`sequence_id`, `priority`, `timeout`, …) are taken and ignored.

`Accept-Encoding: gzip` or `deflate`, and nothing else in it, has a 200 compressed; {HEADER_LENGTH} is that
of the JSON before it was.
"""

HEADER_LENGTH_PARAMETER = {
    "name": HEADER_LENGTH,
    "in": "header",
    "description": "How many bytes of the body are JSON. Needed where bytes of tensors follow.",
    "schema": {"type": "integer", "minimum": 1},
}
AS_BYTES = {
    "application/octet-stream": {
        "schema": {
            "description": "The JSON document, and behind it the bytes of the binary tensors.",
            "type": "string",
            "contentMediaType": "application/octet-stream",
        }
    }
}
OPENAPI = {"parameters": [HEADER_LENGTH_PARAMETER], "requestBody": {"content": AS_BYTES}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    **inference_errors(400, 404, 413, 415, 500),
    200: {
        "content": AS_BYTES,
        "headers": {
            HEADER_LENGTH: {
                "description": "How many bytes of the response are JSON. Present if bytes of tensors follow.",
                "schema": {"type": "integer"},
            }
        },
    },
}


class InferenceRoute(APIRoute):
    """A route whose body is a frame of the Open Inference Protocol, and whose models count what they do."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = responding(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[[Request, str, InferRequest], Coroutine[Any, Any, Response]] = self.endpoint

        async def handle(http: Request) -> Response:
            model = await known_model(http.path_params["model"])
            await known_version(http.path_params.get("version", VERSION))
            record_of(http).model = model
            return await endpoint(http, model, await _read(http))

        return handle


async def _read(http: Request) -> InferRequest:
    """The request that the body holds. Raises what is wrong with it."""
    length = read_header_length(http.headers.get(HEADER_LENGTH))
    body = await read_body(http) if length is None else await read_frame(http, length)
    record, dialect = arrived(http)
    json = body if length is None else memoryview(body)[:length]
    decode = partial(decode_frame, body, length, "inputs", dialect)
    survey = partial(survey_frame, body, length, "inputs", dialect)
    size = len(json) + (len(body) - len(json)) // VIEWED_PER_DECODED_BYTE
    request, reserved = await read_request(http, InferRequest, json, size, decode, survey)
    keep_to_timeout(http, request.parameters.timeout if request.parameters else None)
    if request.uses_shared_memory and state_of(http.app).regions is None:
        raise SharedMemoryOff("a tensor is in shared memory, but it is off here; XENT_SHARED_MEMORY turns it on")
    admit(http, request, reserved)
    record.lap("decode")
    return request


router = Router(TRAITS, route_class=InferenceRoute, tags=["inference"])


@router.post(
    A_VERSION + "/infer",
    operation_id="v2_version_infer",
    summary="Compute the losses of a batch with a version of a model",
    description=DESCRIPTION,
    response_model=InferResponse,
    response_description="The losses.",
    responses=RESPONSES,
    openapi_extra=OPENAPI,
    dependencies=OF_A_VERSION,
)
@router.post(
    A_MODEL + "/infer",
    operation_id="v2_infer",
    summary="Compute the losses of a batch",
    description=DESCRIPTION,
    response_model=InferResponse,
    response_description="The losses.",
    responses=RESPONSES,
    openapi_extra=OPENAPI,
)
async def infer(
    http: Request, model: ModelName, request: Annotated[InferRequest, Body(openapi_examples=INFER_EXAMPLES)]
) -> Response:
    record = record_of(http)
    regions = state_of(http.app).regions if request.uses_shared_memory else None
    is_small = reservation_of(http).bytes <= offload.SMALL_BYTES
    compute = _plans_of(http.app).evaluate if is_small else _evaluate
    work = partial(_respond, model, request, http.headers.get("accept-encoding"), record, regions, compute)
    return await offload.run(work, reservation_of(http).bytes, record.until)


_plans_by_app: WeakKeyDictionary[ASGIApp, EvaluationPlans] = WeakKeyDictionary()


def _plans_of(app: ASGIApp) -> EvaluationPlans:
    plans = _plans_by_app.get(app)
    if plans is None:
        plans = _plans_by_app[app] = EvaluationPlans()
    return plans


def _evaluate(arguments: dict[str, Any]) -> Evaluation:
    return evaluate(**arguments)


def _respond(
    model: str,
    request: InferRequest,
    accepted: str | None,
    record: RequestRecord,
    regions: Regions | None,
    compute: Callable[[dict[str, Any]], Evaluation],
) -> Response:
    record.lap("queue")
    arrays = request.arrays
    if regions is not None:
        arrays |= _read_shared(request, regions)
        record.lap("decode")
    result = compute(_arguments(model, request.options, arrays, request.wanted()))
    record_evaluation(record, result, arrays["logits"])
    document = _document(model, request, result)
    if regions is not None:
        _write_shared(document["outputs"], regions)
    response = _response(encode_frame(document, "outputs"), accepted)
    record.lap("encode")
    return response


def _read_shared(request: InferRequest, regions: Regions) -> dict[str, NDArray[Any]]:
    """The values of the inputs that are in shared memory. Raises RegionUnusable, InvalidTensor."""
    return {
        name: view(regions.read(tensor.slice, f"inputs[{index}]"), tensor.array.dtype, tensor.array.shape, name)
        for index, (name, tensor) in enumerate(request.inputs.items())
        if tensor.slice is not None
    }


def _write_shared(outputs: list[Tensor], regions: Regions) -> None:
    """Raises RegionUnusable."""
    for index, output in enumerate(outputs):
        if output.slice is not None:
            regions.write(output.array, output.slice, f"outputs[{index}]")


def _arguments(
    model: str,
    options: InferParameters,
    arrays: dict[str, NDArray[Any]],
    wanted: Iterable[tuple[OutputName, bool, Slice | None]],
) -> dict[str, Any]:
    """What `evaluate` takes."""
    refuse_nan(arrays["labels"], "labels", "is NaN; a number was expected (set ignore_index for missing labels)")
    weights = arrays.get("weights")
    return {
        "logits": arrays["logits"],
        "labels": _labels(arrays["labels"], arrays["logits"].shape, model, options.axis),
        "weights": weights.reshape(()) if weights is not None and weights.shape == (1,) else weights,
        "loss_type": model,
        "pos_weight": arrays.get("pos_weight"),
        "class_weights": arrays.get("class_weights"),
        "label_smoothing": options.label_smoothing,
        "ignore_index": options.ignore_index,
        "axis": options.axis,
        "from_logits": options.from_logits,
        "reduction": options.reduction,
        "clip": options.clip,
        "shift": options.shift,
        "temperature": options.temperature,
        "gamma": options.gamma,
        "alpha": options.alpha,
        "q": options.q,
        "epsilon": options.epsilon,
        "labels_are_logits": options.labels_are_logits,
        "advice": "none" if options.advice == "none" else "brief",  # responses hold no more than the codes
        "silence": options.silence,
        "include": [name for name, *_ in wanted if name in ARRAYS],
    }


def _labels(labels: NDArray[Any], logits_shape: tuple[int, ...], model: str, axis: int) -> NDArray[Any]:
    """The labels, of shape () where they came in shape [1] and can only be meant as a single number."""
    if labels.shape != (1,):
        return labels
    loss, rank = LOSSES.get(model), len(logits_shape)
    if loss is None:  # auto, for which they may be the class index of the only sample
        samples = tuple(length for index, length in enumerate(logits_shape) if index != axis % rank)
        single = samples != (1,)
    else:
        single = loss.is_elementwise or (loss.takes_class_indices and rank == 1)
    return labels.reshape(()) if single else labels


def _document(model: str, request: InferRequest, result: Evaluation) -> dict[str, Any]:
    """The evaluation in the form of `InferResponse`, its arrays as tensors."""
    reduced = result.reduced
    values: dict[str, Any] = {
        "per_sample": result.per_sample,
        "loss": None if reduced is None else np.array([reduced.value]),
        **{name: getattr(result, name) for name in ARRAYS},
    }
    parameters: dict[str, Any] = {"loss_type": result.loss_type}
    if result.recommendation is not None:
        parameters["recommended_loss_type"] = result.recommendation.loss_type
        parameters["warnings"] = ",".join(warning.code for warning in result.warnings)
    sums = {} if reduced is None else {"numerator": reduced.numerator, "denominator": reduced.denominator}
    return {
        "model_name": model,
        "model_version": VERSION,
        **({} if request.id is None else {"id": request.id}),
        "parameters": parameters | sums,
        "outputs": [
            Tensor(name, np.atleast_1d(values[name]), binary, place) for name, binary, place in request.wanted()
        ],
    }


def _response(frame: Frame, accepted: str | None) -> Response:
    """The frame, compressed where nothing else is accepted."""
    pieces, headers = frame.pieces, {}
    media_type = "application/json"
    if frame.header_length is not None:
        headers[HEADER_LENGTH] = str(frame.header_length)
        media_type = "application/octet-stream"
    if accepted in ("gzip", "deflate"):
        headers["Content-Encoding"] = accepted
        pieces = _compressed(pieces, accepted)
    if sum(map(len, pieces)) <= SMALL_RESPONSE_BYTES:
        return Response(b"".join(pieces), headers=headers, media_type=media_type)
    return PiecesResponse(pieces, headers, media_type)


def _compressed(pieces: list[bytes | memoryview], coding: str) -> list[bytes | memoryview]:
    compressor = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, WINDOW_BITS[coding])
    return [*map(compressor.compress, pieces), compressor.flush()]
