"""An unmodified tritonclient, with its own `tritonclient.utils.shared_memory`, has tensors in shared memory."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.utils.shared_memory as shm
from numpy.testing import assert_allclose, assert_array_equal
from tritonclient.utils import InferenceServerException

from tests.clients.conftest import Call, calls, serve
from tests.clients.reference import sparse_softmax_cross_entropy

PREFIX = f"xent-test-{os.getpid()}-"
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(64, 10)).astype(np.float32)
LABELS = RNG.integers(0, 10, 64)
LOSSES = sparse_softmax_cross_entropy(LOGITS, LABELS)


@pytest.fixture(scope="module")
def shared_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """A service of two processes: whichever gets a request knows of what the other registered."""
    settings = {"XENT_SHARED_MEMORY": PREFIX, "XENT_WORKERS": "2"}
    yield from serve(request.config.getoption("--serve-with"), **settings)


@pytest.fixture(params=["sync", "aio"])
def call(request: pytest.FixtureRequest, shared_address: str) -> Iterator[Call]:
    for each in calls(request.param, shared_address):
        yield each
        each("unregister_system_shared_memory")


@pytest.fixture
def region() -> Iterator[Any]:
    handle = shm.create_shared_memory_region("batch", f"/{PREFIX}batch", 8192)
    yield handle
    shm.destroy_shared_memory_region(handle)


def inputs(labels_at: int = LOGITS.nbytes) -> list[triton.InferInput]:
    logits = triton.InferInput("logits", [64, 10], "FP32")
    logits.set_shared_memory("batch", LOGITS.nbytes)
    labels = triton.InferInput("labels", [64], "INT64")
    labels.set_shared_memory("batch", LABELS.nbytes, offset=labels_at)
    return [logits, labels]


def test_inputs_and_outputs_are_in_shared_memory(call: Call, region: Any) -> None:
    assert "system_shared_memory" in call("get_server_metadata")["extensions"]
    shm.set_shared_memory_region(region, [LOGITS, LABELS])
    call("register_system_shared_memory", "batch", f"/{PREFIX}batch", 8192)
    per_sample = triton.InferRequestedOutput("per_sample")
    per_sample.set_shared_memory("batch", 1024, offset=4096)
    loss = triton.InferRequestedOutput("loss")
    for _ in range(8):  # both processes get some
        shm.set_shared_memory_region(region, [np.zeros(256, np.float32)], offset=4096)
        result = call("infer", "auto", inputs(), outputs=[per_sample, loss])
        assert_allclose(shm.get_contents_as_numpy(region, np.float32, [64], offset=4096), LOSSES, rtol=1e-5)
        assert_allclose(result.as_numpy("loss"), [LOSSES.mean()], rtol=1e-6)
        output = result.get_output("per_sample")
        assert output["shape"] == [64]
        assert output["datatype"] == "FP32"
        assert "data" not in output


@pytest.mark.usefixtures("region")
def test_regions_are_listed_and_forgotten(call: Call) -> None:
    call("register_system_shared_memory", "b", f"/{PREFIX}batch", 4096, offset=4096)
    call("register_system_shared_memory", "a", f"{PREFIX}batch", 4096)
    first = {"name": "a", "key": f"{PREFIX}batch", "offset": 0, "byte_size": 4096}
    second = {"name": "b", "key": f"/{PREFIX}batch", "offset": 4096, "byte_size": 4096}
    assert call("get_system_shared_memory_status") == [first, second]
    assert call("get_system_shared_memory_status", "b") == [second]
    call("unregister_system_shared_memory", "a")
    assert call("get_system_shared_memory_status") == [second]
    with pytest.raises(InferenceServerException) as caught:
        call("get_system_shared_memory_status", "a")
    assert (caught.value.status(), caught.value.message()) == ("404", "there is no region 'a'")
    call("unregister_system_shared_memory")
    assert call("get_system_shared_memory_status") == []


def test_an_object_of_another_program_is_out_of_reach(call: Call) -> None:
    with pytest.raises(InferenceServerException, match="the name of a shared memory object was expected"):
        call("register_system_shared_memory", "a", "/psm_other", 8)


@pytest.mark.usefixtures("region")
def test_a_tensor_behind_the_end_is_an_error(call: Call) -> None:
    call("register_system_shared_memory", "batch", f"/{PREFIX}batch", 8192)
    with pytest.raises(InferenceServerException, match="which has 8192") as caught:
        call("infer", "auto", inputs(labels_at=8000))
    assert caught.value.status() == "400"


def test_the_values_are_those_that_are_there_when_the_request_comes(call: Call, region: Any) -> None:
    call("register_system_shared_memory", "batch", f"/{PREFIX}batch", 8192)
    for scale in (1, 2, 3):
        shm.set_shared_memory_region(region, [scale * LOGITS, LABELS])
        losses = call("infer", "auto", inputs()).as_numpy("per_sample")
        assert_allclose(losses, sparse_softmax_cross_entropy(scale * LOGITS, LABELS), rtol=1e-5)
    assert_array_equal(shm.get_contents_as_numpy(region, np.float32, [64, 10]), 3 * LOGITS)
