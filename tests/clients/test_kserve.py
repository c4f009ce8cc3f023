"""An unmodified InferenceRESTClient of KServe's gets the right numbers and the right errors."""

import asyncio
from typing import Any

import httpx
import numpy as np
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest, InferResponse
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from kserve.utils.numpy_codec import from_np_dtype
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from tests.clients.reference import sigmoid_cross_entropy, softmax, sparse_softmax_cross_entropy

LOGITS = np.array([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [-1.5, 0.25, 0.75], [0.0, 0.0, 4.0]], np.float32)
LABELS = np.array([1, 2, 0, 2], np.int64)


def call(address: str, method: str, *arguments: Any, **options: Any) -> Any:
    async def result() -> Any:
        async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
            return await getattr(client, method)(f"http://{address}", *arguments, **options)

    return asyncio.run(result())


def tensor(name: str, array: NDArray[Any], *, binary: bool) -> InferInput:
    made = InferInput(name, list(array.shape), from_np_dtype(array.dtype))
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def infer(
    address: str,
    logits: NDArray[Any] = LOGITS,
    labels: NDArray[Any] = LABELS,
    *,
    model: str = "auto",
    binary: tuple[bool, bool] = (True, True),
    **options: Any,
) -> InferResponse:
    inputs = [tensor("logits", logits, binary=binary[0]), tensor("labels", labels, binary=binary[1])]
    return call(address, "infer", InferRequest(model, inputs, **options), model_name=model)


def output(result: InferResponse, name: str) -> NDArray[Any]:
    (found,) = (each for each in result.outputs if each.name == name)
    return found.as_numpy()


@pytest.mark.parametrize("binary_output", [None, True, False])
@pytest.mark.parametrize("binary_labels", [True, False], ids=["binary labels", "JSON labels"])
@pytest.mark.parametrize("binary_logits", [True, False], ids=["binary logits", "JSON logits"])
def test_every_way_there_and_back_brings_the_same_losses(
    address: str, binary_logits: bool, binary_labels: bool, binary_output: bool | None
) -> None:
    parameters = None if binary_output is None else {"binary_data_output": binary_output}
    result = infer(address, binary=(binary_logits, binary_labels), parameters=parameters)
    expected = sparse_softmax_cross_entropy(LOGITS, LABELS)
    assert_allclose(output(result, "per_sample"), expected, rtol=1e-6)
    assert_allclose(output(result, "loss"), [expected.mean()], rtol=1e-6)


def test_each_output_may_come_in_its_own_way(address: str) -> None:
    wanted = [
        RequestedOutput("probabilities", {"binary_data": True}),
        RequestedOutput("loss", {"binary_data": False}),
        RequestedOutput("elements"),
    ]
    result = infer(address, request_outputs=wanted)
    assert [each.name for each in result.outputs] == ["probabilities", "loss", "elements"]
    assert_allclose(output(result, "probabilities"), softmax(LOGITS), rtol=1e-6)
    assert_allclose(output(result, "elements"), sparse_softmax_cross_entropy(LOGITS, LABELS), rtol=1e-6)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "uint8", "uint64", "float16"])
def test_logits_of_every_datatype_it_knows_are_computed(address: str, dtype: str, binary: bool) -> None:
    """FP16 it sends as binary only."""
    logits = np.abs(np.round(LOGITS * 2)).astype(dtype)
    result = infer(address, logits, binary=(binary or dtype == "float16", False))
    expected = sparse_softmax_cross_entropy(logits, LABELS)
    assert_allclose(output(result, "per_sample"), expected, rtol=1e-6)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
def test_labels_may_be_booleans(address: str, binary: bool) -> None:
    labels = np.arange(12).reshape(4, 3) % 5 == 0
    result = infer(address, labels=labels, binary=(True, binary))
    assert_allclose(output(result, "per_sample"), sigmoid_cross_entropy(LOGITS, labels).mean(-1), rtol=1e-6)


def test_infinities_come_through_as_binary(address: str) -> None:
    """In JSON this client, as JSON itself, knows none."""
    masked = np.where(np.arange(12).reshape(4, 3) == 1, -np.inf, LOGITS).astype(np.float32)
    result = infer(address, masked, parameters={"binary_data_output": True, "reduction": "none"})
    assert_array_equal(np.isinf(output(result, "per_sample")), [True, False, False, False])


def test_the_id_comes_back(address: str) -> None:
    assert infer(address, request_id="batch-7").id == "batch-7"


def test_parameters_decide_how_it_is_computed(address: str) -> None:
    result = infer(address, parameters={"reduction": "sum", "label_smoothing": 0.0})
    assert_allclose(output(result, "loss"), [sparse_softmax_cross_entropy(LOGITS, LABELS).sum()], rtol=1e-6)
    assert result.parameters["loss_type"] == "sparse_softmax_cross_entropy"


def test_server_and_models_are_alive_and_ready(address: str) -> None:
    assert call(address, "is_server_live")
    assert call(address, "is_server_ready")
    assert call(address, "is_model_ready", "auto")
    assert not call(address, "is_model_ready", "nope")


@pytest.mark.parametrize(
    ("attempt", "status", "words"),
    [
        ({"model": "nope"}, 404, "no model 'nope'"),
        ({"labels": LABELS + 1}, 400, "labels[1] is 3; a class index from 0 to 2 was expected"),
        ({"parameters": {"reduction": "average"}}, 400, "parameters.reduction is the string"),
        ({"logits": LOGITS * np.nan, "binary": (True, True)}, 400, "logits[0][0] is NaN"),
    ],
)
def test_an_error_reaches_the_client_with_its_status_and_reason(
    address: str, attempt: dict[str, Any], status: int, words: str
) -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        infer(address, **attempt)
    assert caught.value.response.status_code == status
    assert words in str(caught.value)
