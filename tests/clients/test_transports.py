"""The same batch gives the same bits, whichever way it comes and its losses go."""

import base64
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tritonclient.http as triton
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from tritonclient.utils import np_to_triton_dtype

from tests.clients.reference import softmax

OUTPUTS = ("per_sample", "gradient", "probabilities")
DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32, "float64": np.float64}

Arrays = dict[str, NDArray[Any]]


def through_v2(address: str, logits: NDArray[Any], labels: NDArray[Any], *, binary: bool) -> Arrays:
    inputs = []
    for name, array in {"logits": logits, "labels": labels}.items():
        made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        inputs.append(made.set_data_from_numpy(array, binary_data=binary))
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in (*OUTPUTS, "loss")]
    with triton.InferenceServerClient(address) as client:
        content = client.infer("auto", inputs, outputs=outputs)
    return {name: content.as_numpy(name) for name in (*OUTPUTS, "loss")}


def through_v1(
    address: str, logits: NDArray[Any], labels: NDArray[Any], written: Callable[[NDArray[Any]], Any], encoding: str
) -> Arrays:
    body = {"logits": written(logits), "labels": written(labels), "include": OUTPUTS[1:], "encoding": encoding}
    request = urllib.request.Request(f"http://{address}/v1/loss", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as response:
        content = json.load(response)
    arrays = {name: read(content[name]) for name in OUTPUTS}
    return arrays | {"loss": np.array([content["reduced"]["value"]])}


def tensor_object(array: NDArray[Any]) -> dict[str, Any]:
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": array.shape, "data": data}


def read(value: Any) -> NDArray[Any]:
    if not isinstance(value, dict):
        return np.array(value)
    return np.frombuffer(base64.b64decode(value["data"]), value["dtype"]).reshape(value["shape"])


TRANSPORTS: dict[str, tuple[Callable[[str, NDArray[Any], NDArray[Any]], Arrays], set[str]]] = {
    # name: how a batch goes through it, the dtypes that its clients can send
    "/v2 binary": (lambda *batch: through_v2(*batch, binary=True), {*DTYPES}),
    "/v2 JSON": (lambda *batch: through_v2(*batch, binary=False), {*DTYPES} - {"bfloat16"}),
    "/v1 JSON": (lambda *batch: through_v1(*batch, np.ndarray.tolist, "list"), {"float64"}),
    "/v1 tensor objects": (lambda *batch: through_v1(*batch, tensor_object, "base64"), {*DTYPES}),
}


@pytest.mark.parametrize("shape", [(32, 10), (64, 1000)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_transport_gives_the_same_bits(address: str, dtype: str, shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(7)
    logits = generator.normal(scale=4, size=shape).astype(DTYPES[dtype])
    labels = generator.integers(0, shape[1], shape[0])
    responses = {name: send(address, logits, labels) for name, (send, dtypes) in TRANSPORTS.items() if dtype in dtypes}
    assert len(responses) >= 2
    (first, expected), *others = responses.items()
    np.testing.assert_allclose(expected["probabilities"], softmax(logits), rtol=1e-5)
    for name, arrays in others:
        for output, array in arrays.items():
            assert array.dtype == expected[output].dtype, f"{output} through {name} and {first}"
            assert_array_equal(array.view(np.uint8), expected[output].view(np.uint8), f"{output}: {name}, {first}")
