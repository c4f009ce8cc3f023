"""/v2/systemsharedmemory, and tensors in shared memory; Triton's own client is in tests/clients."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from app.wire.oip.shared_memory import OBJECTS
from tests.contract.test_admission import begin
from tests.contract.test_inference import error_of, outputs_of
from tests.service import Document, Server
from xent_core import evaluate

PREFIX = f"xent-test-{os.getpid()}-"
KEY = f"{PREFIX}batch"
OBJECT = OBJECTS / KEY
ALL = "/v2/systemsharedmemory"
LOGITS = np.array([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], np.float32)
LABELS = np.array([1, 2])
CONTENT = LOGITS.tobytes() + LABELS.tobytes()
EXPECTED = evaluate(LOGITS, LABELS, include=["gradient"])


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service of two processes that uses shared memory."""
    settings = {"XENT_SHARED_MEMORY": PREFIX, "XENT_WORKERS": "2"}
    with Server(tmp_path_factory.mktemp("sharing") / "log", **settings) as server:
        yield server


@pytest.fixture
def shared(sharing: Server, document: Document) -> Iterator[httpx.Client]:
    """Its client, and an object of 4096 bytes that begins with logits and labels and is the region "batch"."""
    OBJECT.write_bytes(CONTENT + bytes(4096 - len(CONTENT)))
    with sharing.client(event_hooks={"response": [document.check]}) as client:
        register(client)
        yield client
        client.post(f"{ALL}/unregister")
    OBJECT.unlink(missing_ok=True)


def register(client: httpx.Client, name: str = "batch", **fields: Any) -> None:
    response = client.post(f"{ALL}/region/{name}/register", json={"key": KEY, "byte_size": 4096} | fields)
    assert response.status_code == 200, response.text
    assert response.json() == {"name": name, "key": KEY, "offset": 0, "byte_size": 4096} | fields


def place(byte_size: int, offset: int = 0, region: str = "batch") -> dict[str, Any]:
    own = {"shared_memory_offset": offset} if offset else {}
    return {"parameters": {"shared_memory_region": region, "shared_memory_byte_size": byte_size} | own}


def inputs(**places: Any) -> list[dict[str, Any]]:
    where = {"logits": place(24), "labels": place(16, 24)} | places
    return [
        {"name": "logits", "shape": [2, 3], "datatype": "FP32", **where["logits"]},
        {"name": "labels", "shape": [2], "datatype": "INT64", **where["labels"]},
    ]


def infer(client: httpx.Client, tensors: list[dict[str, Any]] | None = None, **fields: Any) -> httpx.Response:
    return client.post("/v2/models/auto/infer", json={"inputs": tensors or inputs(), **fields})


def test_tensors_are_read_from_shared_memory_and_written_there(shared: httpx.Client) -> None:
    outputs = [
        {"name": "gradient", **place(1000, 100)},
        {"name": "per_sample", **place(8)},
        {"name": "loss"},
    ]
    response = infer(shared, outputs=outputs)
    assert response.status_code == 200, response.text
    assert EXPECTED.reduced
    gradient, per_sample, loss = response.json()["outputs"]
    assert gradient == {"name": "gradient", "shape": [2, 3], "datatype": "FP32", **place(24, 100)}
    assert per_sample == {"name": "per_sample", "shape": [2], "datatype": "FP32", **place(8)}
    assert loss["data"] == [EXPECTED.reduced.value]
    content = OBJECT.read_bytes()
    assert_array_equal(np.frombuffer(content[100:124], np.float32).reshape(2, 3), EXPECTED.gradient)
    assert_array_equal(np.frombuffer(content[:8], np.float32), EXPECTED.per_sample)
    assert content[8:100] + content[124:] == CONTENT[8:] + bytes(4096 - len(CONTENT) - 24)


def test_inputs_may_be_in_several_places_at_once(shared: httpx.Client) -> None:
    register(shared, "labels", offset=24, byte_size=16)
    for labels in (place(16, region="labels"), {"data": [1, 2]}):
        assert_array_equal(outputs_of(infer(shared, inputs(labels=labels)))["per_sample"], EXPECTED.per_sample)


def test_a_large_batch_is_read_in_a_thread(shared: httpx.Client) -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(512, 100)).astype(np.float32), rng.integers(0, 100, 512)
    OBJECT.write_bytes(logits.tobytes() + labels.tobytes())
    register(shared, "large", byte_size=logits.nbytes + labels.nbytes)
    tensors = [
        {"name": "logits", "shape": [512, 100], "datatype": "FP32", **place(logits.nbytes, region="large")},
        {"name": "labels", "shape": [512], "datatype": "INT64", **place(labels.nbytes, logits.nbytes, "large")},
    ]
    outputs = outputs_of(infer(shared, tensors))
    assert_array_equal(outputs["per_sample"], evaluate(logits, labels).per_sample)


def test_every_process_knows_a_region_also_one_that_starts_later(shared: httpx.Client, sharing: Server) -> None:
    before = sharing.workers
    os.kill(before[0], signal.SIGKILL)
    until = time.monotonic() + 30
    while (len(sharing.workers) < 2 or before[0] in sharing.workers) and time.monotonic() < until:
        time.sleep(0.05)
    status = {"name": "batch", "key": KEY, "offset": 0, "byte_size": 4096}
    for _ in range(10):
        with sharing.client() as other:  # each connection may reach the other process
            assert other.get(f"{ALL}/region/batch/status").json() == [status]
            assert_array_equal(outputs_of(infer(other))["per_sample"], EXPECTED.per_sample)
    assert shared.get(f"{ALL}/status").json() == [status]


def test_regions_are_forgotten_one_by_one_or_all_at_once(shared: httpx.Client) -> None:
    register(shared, "other")
    for _ in range(2):  # to forget what is not there is no error
        left = shared.post(f"{ALL}/region/batch/unregister")
        assert left.status_code == 200
        assert [each["name"] for each in left.json()] == ["other"]
    assert shared.get(f"{ALL}/status").json() == left.json()
    assert error_of(shared.get(f"{ALL}/region/batch/status"), 404) == "there is no region 'batch'"
    assert shared.post(f"{ALL}/unregister").json() == shared.get(f"{ALL}/status").json() == []
    assert "no region of this name is registered" in error_of(infer(shared), 400)


REFUSED: dict[str, tuple[Any, str]] = {
    "no JSON": (b"key", "not JSON"),
    "a list": ([], "the body is a list; a JSON object was expected"),
    "no key": ({"byte_size": 8}, "key is absent; it is required"),
    "no size": ({"key": KEY}, "byte_size is absent; it is required"),
    "half a byte": ({"key": KEY, "byte_size": 0.5}, "byte_size is 0.5; a whole number"),
    "no bytes": ({"key": KEY, "byte_size": 0}, "offset is 0 and byte_size 0"),
    "an offset below 0": ({"key": KEY, "byte_size": 8, "offset": -8}, "offset is -8 and byte_size 8"),
    "an unknown field": ({"key": KEY, "byte_size": 8, "device_id": 0}, "device_id is not a field of this request"),
    "another program's object": ({"key": "psm_1234", "byte_size": 8}, f"that begins with '{PREFIX}'"),
    "a file elsewhere": ({"key": f"{PREFIX}/../../etc/passwd", "byte_size": 8}, "the name of a shared memory object"),
    "no object": ({"key": f"{PREFIX}none", "byte_size": 8}, "can't be used: No such file or directory"),
    "more than there is": ({"key": KEY, "byte_size": 4097}, "has 4096 bytes; the region 'new' ends at 4097"),
}


@pytest.mark.parametrize(("body", "words"), REFUSED.values(), ids=[*REFUSED])
def test_what_can_be_no_region_is_refused(shared: httpx.Client, body: Any, words: str) -> None:
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    assert words in error_of(shared.post(f"{ALL}/region/new/register", **sent), 400)
    assert shared.get(f"{ALL}/region/new/status").status_code == 404


def test_a_name_is_registered_once(shared: httpx.Client) -> None:
    response = shared.post(f"{ALL}/region/batch/register", json={"key": KEY, "byte_size": 8})
    assert error_of(response, 400) == "a region 'batch' is registered already; unregister it first"


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown region": (
        {"tensors": inputs(labels=place(16, region="b"))},
        "inputs[1].parameters.shared_memory_region",
    ),
    "an input past the end": ({"tensors": inputs(labels=place(16, 4088))}, "inputs[1] takes the bytes up to 4104"),
    "an output past the end": (
        {"outputs": [{"name": "loss"}, {"name": "per_sample", **place(8, 4090)}]},
        "outputs[1] takes the bytes up to 4098 of the region 'batch', which has 4096",
    ),
    "an output that is too large": (
        {"outputs": [{"name": "per_sample", **place(7)}]},
        "outputs[0].parameters.shared_memory_byte_size is 7; the output takes 8 bytes",
    ),
    "an output without a size": (
        {"outputs": [{"name": "loss", "parameters": {"shared_memory_region": "batch"}}]},
        "outputs[0].parameters have one of shared_memory_region and shared_memory_byte_size",
    ),
    "an output without a region": (
        {"outputs": [{"name": "loss", "parameters": {"shared_memory_byte_size": 8}}]},
        "outputs[0].parameters have one of shared_memory_region and shared_memory_byte_size",
    ),
    "an output in two places": (
        {"outputs": [{"name": "loss", "parameters": place(8)["parameters"] | {"binary_data": True}}]},
        "outputs[0].parameters have a shared_memory_region, but binary_data is true",
    ),
    "an output before the start": (
        {"outputs": [{"name": "loss", **place(8, -8)}]},
        "outputs[0].parameters have a negative shared_memory_offset",
    ),
    "values that are none": (
        {"tensors": inputs(labels={"shape": [2], "datatype": "BOOL", **place(2, 24)})},
        "labels holds the byte 2 at 0; bool has 0 and 1 only",
    ),
}


@pytest.mark.parametrize(("request_fields", "words"), UNFIT.values(), ids=[*UNFIT])
def test_what_does_not_fit_is_an_error(shared: httpx.Client, request_fields: dict[str, Any], words: str) -> None:
    if "BOOL" in str(request_fields):
        OBJECT.write_bytes(LOGITS.tobytes() + bytes([2, 1]) + bytes(4096 - 26))
    assert words in error_of(infer(shared, **request_fields), 400)


def test_an_object_that_has_shrunk_or_is_gone_is_an_error(shared: httpx.Client) -> None:
    os.truncate(OBJECT, 4095)
    assert f"inputs[0]: the object '{KEY}' has 4095 bytes" in error_of(infer(shared), 400)
    OBJECT.unlink()
    assert "can't be used: No such file or directory" in error_of(infer(shared), 400)
    in_body = inputs(logits={"data": LOGITS.tolist()}, labels={"data": [1, 2]})
    response = infer(shared, in_body, outputs=[{"name": "loss", **place(8)}])
    assert "outputs[0]: the object" in error_of(response, 400)


def test_an_object_that_shrinks_while_it_is_used_crashes_nothing(sharing: Server, shared: httpx.Client) -> None:
    """Each response is a result or an error, and the processes are the same at the end."""
    before, over = sharing.workers, threading.Event()

    def shrink() -> None:
        while not over.is_set():
            os.truncate(OBJECT, 0)
            OBJECT.write_bytes(CONTENT + bytes(4096 - len(CONTENT)))

    thread = threading.Thread(target=shrink)
    thread.start()
    try:
        statuses = {infer(shared, outputs=[{"name": "loss", **place(8, 512)}]).status_code for _ in range(200)}
    finally:
        over.set()
        thread.join()
    assert statuses <= {200, 400}
    assert sharing.workers == before


def test_only_a_service_that_uses_shared_memory_says_so(client: httpx.Client, shared: httpx.Client) -> None:
    assert "system_shared_memory" in shared.get("/v2").json()["extensions"]
    assert "system_shared_memory" not in client.get("/v2").json()["extensions"]


def test_without_the_setting_there_is_no_shared_memory(client: httpx.Client) -> None:
    off = "shared memory is off; XENT_SHARED_MEMORY turns it on"
    for response in (
        client.get(f"{ALL}/status"),
        client.get(f"{ALL}/region/batch/status"),
        client.post(f"{ALL}/region/batch/register", json={"key": KEY, "byte_size": 8}),
        client.post(f"{ALL}/region/batch/unregister"),
        client.post(f"{ALL}/unregister"),
    ):
        assert error_of(response, 404) == off
    assert "it is off here; XENT_SHARED_MEMORY turns it on" in error_of(infer(client), 400)
    in_body = inputs(logits={"data": LOGITS.tolist()}, labels={"data": [1, 2]})
    assert "it is off here" in error_of(infer(client, in_body, outputs=[{"name": "loss", **place(8)}]), 400)


@pytest.mark.parametrize("path", ["/v2/cudasharedmemory/status", f"{ALL}/region/batch/forget", f"{ALL}/register"])
def test_there_are_no_other_kinds(shared: httpx.Client, path: str) -> None:
    error_of(shared.post(path), 404)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {
        "XENT_SHARED_MEMORY": PREFIX,
        "XENT_API_KEYS": "secret",
        "XENT_MAX_BODY_BYTES": "30000",
        "XENT_MAX_ELEMENTS": "4000",
        "XENT_MAX_BYTES_IN_FLIGHT": "32768",
    }
    with Server(tmp_path_factory.mktemp("narrow") / "log", **settings) as server:
        yield server


@pytest.fixture
def narrow_client(narrow: Server, document: Document) -> Iterator[httpx.Client]:
    OBJECT.write_bytes(bytes(65536))
    headers = {"X-API-Key": "secret"}
    with narrow.client(headers=headers, event_hooks={"response": [document.check]}) as client:
        register(client, byte_size=65536)
        yield client
        client.post(f"{ALL}/unregister")
    OBJECT.unlink()


def one_sample(classes: int) -> list[dict[str, Any]]:
    return [
        {"name": "logits", "shape": [1, classes], "datatype": "FP32", **place(4 * classes)},
        {"name": "labels", "shape": [1], "datatype": "INT64", **place(8)},
    ]


def test_the_limit_of_elements_holds_for_shared_memory(narrow_client: httpx.Client) -> None:
    """Those of a frame, whatever an object has: 2⁴⁰ of them take no memory before they are refused."""
    assert infer(narrow_client, one_sample(3997)).status_code == 200
    for classes in (3998, 2**40):
        assert "at most 4000 are accepted (XENT_MAX_ELEMENTS)" in error_of(
            infer(narrow_client, one_sample(classes)), 413
        )


def test_what_is_copied_counts_among_the_bytes_in_flight(narrow: Server, narrow_client: httpx.Client) -> None:
    """1000 logits: their 4000 bytes as copied, and as many as any array takes."""
    with closing(begin(narrow, 30_000, 21_000, "X-API-Key: secret")):
        time.sleep(0.5)
        assert "at capacity" in error_of(infer(narrow_client, one_sample(1000)), 503)
        assert infer(narrow_client, one_sample(100)).status_code == 200
    time.sleep(0.5)
    assert infer(narrow_client, one_sample(1000)).status_code == 200


def test_keys_and_the_limit_of_a_body_hold(narrow: Server, narrow_client: httpx.Client) -> None:
    with narrow.client() as stranger:
        for method, path in (
            ("GET", f"{ALL}/status"),
            ("GET", f"{ALL}/region/batch/status"),
            ("POST", f"{ALL}/region/batch/register"),
            ("POST", f"{ALL}/region/batch/unregister"),
            ("POST", f"{ALL}/unregister"),
        ):
            error_of(stranger.request(method, path), 401)
    error_of(narrow_client.post(f"{ALL}/region/a/register", content=b" " * 30_001), 413)
