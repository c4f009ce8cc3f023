"""An unmodified tritonclient, sync and aio, gets the right numbers and the right errors."""

import itertools
import urllib.request
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tritonclient.http as triton
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from tests.clients.conftest import Call
from tests.clients.reference import sigmoid_cross_entropy, softmax, sparse_softmax_cross_entropy

LOGITS = np.array([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [-1.5, 0.25, 0.75], [0.0, 0.0, 4.0]], np.float32)
LABELS = np.array([1, 2, 0, 2], np.int64)
MODELS = [
    "auto",
    "sigmoid_cross_entropy",
    "weighted_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sigmoid_focal_cross_entropy",
    "softmax_focal_cross_entropy",
    "sparse_softmax_focal_cross_entropy",
    "generalized_cross_entropy",
    "poly_cross_entropy",
    "kl_divergence",
]


def tensor(name: str, array: NDArray[Any], *, binary: bool = True) -> triton.InferInput:
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def batch(logits: NDArray[Any] = LOGITS, labels: NDArray[Any] = LABELS, **more: NDArray[Any]) -> list[Any]:
    return [tensor(name, array) for name, array in {"logits": logits, "labels": labels, **more}.items()]


# --- Every way in and every way out

OUTPUTS: dict[str, Any] = {
    "all, as they come": None,
    "binary": [triton.InferRequestedOutput("per_sample"), triton.InferRequestedOutput("loss")],
    "JSON": [
        triton.InferRequestedOutput("per_sample", binary_data=False),
        triton.InferRequestedOutput("loss", binary_data=False),
    ],
    "both": [triton.InferRequestedOutput("loss", binary_data=False), triton.InferRequestedOutput("per_sample")],
}
CODINGS = [None, "gzip", "deflate"]


@pytest.mark.parametrize("response_coding", CODINGS)
@pytest.mark.parametrize("request_coding", CODINGS)
@pytest.mark.parametrize("outputs", OUTPUTS)
@pytest.mark.parametrize("binary_labels", [True, False], ids=["binary labels", "JSON labels"])
@pytest.mark.parametrize("binary_logits", [True, False], ids=["binary logits", "JSON logits"])
def test_every_way_there_and_back_brings_the_same_losses(
    call: Call,
    binary_logits: bool,
    binary_labels: bool,
    outputs: str,
    request_coding: str | None,
    response_coding: str | None,
) -> None:
    result = call(
        "infer",
        "auto",
        [tensor("logits", LOGITS, binary=binary_logits), tensor("labels", LABELS, binary=binary_labels)],
        outputs=OUTPUTS[outputs],
        request_compression_algorithm=request_coding,
        response_compression_algorithm=response_coding,
    )
    expected = sparse_softmax_cross_entropy(LOGITS, LABELS)
    assert result.as_numpy("per_sample").dtype == np.float32
    assert_allclose(result.as_numpy("per_sample"), expected, rtol=1e-6)
    assert result.as_numpy("loss").dtype == np.float64
    assert result.as_numpy("loss").shape == (1,)
    assert_allclose(result.as_numpy("loss"), [expected.mean()], rtol=1e-6)


@pytest.mark.parametrize("coding", CODINGS)
def test_large_tensors_come_through_too(call: Call, coding: str | None) -> None:
    generator = np.random.default_rng(7)
    logits, labels = generator.normal(size=(256, 1000)), generator.integers(0, 1000, 256)
    result = call(
        "infer",
        "sparse_softmax_cross_entropy",
        batch(logits.astype(np.float32), labels),
        outputs=[triton.InferRequestedOutput("probabilities"), triton.InferRequestedOutput("elements")],
        request_compression_algorithm=coding,
        response_compression_algorithm=coding,
    )
    expected = sparse_softmax_cross_entropy(logits.astype(np.float32), labels)
    assert_allclose(result.as_numpy("elements"), expected, rtol=1e-5)
    assert_allclose(result.as_numpy("probabilities"), softmax(logits.astype(np.float32)), rtol=1e-5)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
def test_each_output_that_is_named_comes_and_no_other(call: Call, binary: bool) -> None:
    names = ["gradient", "probabilities", "elements", "loss", "per_sample"]
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
    result = call("infer", "sparse_softmax_cross_entropy", batch(), outputs=outputs)
    assert [output["name"] for output in result.get_response()["outputs"]] == names
    probabilities = softmax(LOGITS)
    assert_allclose(result.as_numpy("probabilities"), probabilities, rtol=1e-6)
    assert_allclose(result.as_numpy("gradient"), (probabilities - np.eye(3)[LABELS]) / len(LABELS), atol=1e-7)
    only = call("infer", "auto", batch(), outputs=[triton.InferRequestedOutput("probabilities", binary_data=binary)])
    assert [output["name"] for output in only.get_response()["outputs"]] == ["probabilities"]


# --- Every dtype

FLOATS = {"FP16": np.float16, "BF16": ml_dtypes.bfloat16, "FP32": np.float32, "FP64": np.float64}
INTEGERS = {f"{sign}INT{bits}": np.dtype(f"{sign.lower()}int{bits}") for sign in ("", "U") for bits in (8, 16, 32, 64)}
WAYS = [
    (name, binary)
    for name, binary in itertools.product([*FLOATS, *INTEGERS], [True, False])
    if name != "BF16" or binary
]


@pytest.mark.parametrize(("datatype", "binary"), WAYS)
def test_logits_of_every_datatype_are_computed_as_the_contract_says(call: Call, datatype: str, binary: bool) -> None:
    """FP16, BF16 and FP32 in float32, all others in float64. BF16 the client sends as binary only."""
    logits = np.abs(np.round(LOGITS * 2)).astype((FLOATS | INTEGERS)[datatype])
    result = call("infer", "auto", [tensor("logits", logits, binary=binary), tensor("labels", LABELS)])
    low = datatype in ("FP16", "BF16", "FP32")
    assert result.as_numpy("per_sample").dtype == (np.float32 if low else np.float64)
    expected = sparse_softmax_cross_entropy(logits, LABELS)
    assert_allclose(result.as_numpy("per_sample"), expected, rtol=1e-6 if low else 1e-9)


@pytest.mark.parametrize(("datatype", "binary"), WAYS)
def test_labels_may_be_of_any_datatype(call: Call, datatype: str, binary: bool) -> None:
    labels = LABELS.astype((FLOATS | INTEGERS)[datatype])
    result = call("infer", "auto", [tensor("logits", LOGITS), tensor("labels", labels, binary=binary)])
    assert_allclose(result.as_numpy("per_sample"), sparse_softmax_cross_entropy(LOGITS, LABELS), rtol=1e-6)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
def test_labels_may_be_booleans(call: Call, binary: bool) -> None:
    labels = np.arange(12).reshape(4, 3) % 5 == 0
    result = call("infer", "auto", [tensor("logits", LOGITS), tensor("labels", labels, binary=binary)])
    assert result.get_response()["parameters"]["loss_type"] == "sigmoid_cross_entropy"
    expected = sigmoid_cross_entropy(LOGITS, labels).mean(-1)
    assert_allclose(result.as_numpy("per_sample"), expected, rtol=1e-6)


# --- Parameters and the response's head


def test_parameters_decide_how_it_is_computed(call: Call) -> None:
    ignored = np.array([1, 2, -100, 2])
    result = call(
        "infer",
        "sparse_softmax_cross_entropy",
        batch(labels=ignored),
        parameters={"reduction": "sum", "ignore_index": -100},
    )
    losses = sparse_softmax_cross_entropy(LOGITS, np.where(ignored < 0, 0, ignored)) * (ignored >= 0)
    assert_allclose(result.as_numpy("loss"), [losses.sum()], rtol=1e-6)
    parameters = result.get_response()["parameters"]
    assert_allclose([parameters["numerator"], parameters["denominator"]], [losses.sum(), 1], rtol=1e-6)


def test_reserved_parameters_are_taken(call: Call) -> None:
    result = call(
        "infer", "auto", batch(), sequence_id=5, sequence_start=True, sequence_end=True, priority=2, timeout=1_000_000
    )
    assert_allclose(result.as_numpy("per_sample"), sparse_softmax_cross_entropy(LOGITS, LABELS), rtol=1e-6)


@pytest.mark.parametrize("identifier", ["batch-7", "id-é", '"', "7" * 200])
def test_the_id_comes_back(call: Call, identifier: str) -> None:
    assert call("infer", "auto", batch(), request_id=identifier).get_response()["id"] == identifier


def test_no_id_comes_where_none_was_sent(call: Call) -> None:
    result = call("infer", "auto", batch(), model_version="1").get_response()
    assert "id" not in result
    assert (result["model_name"], result["model_version"]) == ("auto", "1")


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
def test_infinities_come_through_both_ways(call: Call, binary: bool) -> None:
    """A masked class, whose loss is infinite where it is the label."""
    masked = LOGITS.copy()
    masked[0, 1] = -np.inf
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("per_sample", "loss")]
    inputs = [tensor("logits", masked, binary=binary), tensor("labels", LABELS, binary=binary)]
    result = call("infer", "auto", inputs, outputs=outputs)
    assert_array_equal(result.as_numpy("per_sample")[:1], [np.inf])
    assert_allclose(result.as_numpy("per_sample")[1:], sparse_softmax_cross_entropy(LOGITS, LABELS)[1:], rtol=1e-6)
    assert_array_equal(result.as_numpy("loss"), [np.inf])
    assert result.get_response()["parameters"]["numerator"] == np.inf
    assert "infinite_loss" in result.get_response()["parameters"]["warnings"].split(",")


@pytest.mark.parametrize("shape", [[], [1]], ids=str)
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
def test_a_single_number_may_have_no_dimension_or_one(call: Call, binary: bool, shape: list[int]) -> None:
    inputs = [
        tensor("logits", LOGITS),
        tensor("labels", np.ones(shape, np.int32), binary=binary),
        tensor("pos_weight", np.full(shape, 3.0), binary=binary),
        tensor("weights", np.full(shape, 0.5), binary=binary),
    ]
    result = call("infer", "weighted_cross_entropy", inputs)
    expected = 0.5 * 3 * sigmoid_cross_entropy(LOGITS, np.ones_like(LOGITS)).mean(-1)
    assert_allclose(result.as_numpy("per_sample"), expected, rtol=1e-6)


def test_a_loss_that_is_one_number_has_shape_1(call: Call) -> None:
    result = call("infer", "sparse_softmax_cross_entropy", batch(LOGITS[0], LABELS[:1]))
    assert result.as_numpy("per_sample").shape == (1,)
    assert_allclose(result.as_numpy("per_sample"), sparse_softmax_cross_entropy(LOGITS[:1], LABELS[:1]), rtol=1e-6)


def test_requests_may_be_sent_without_waiting(address: str) -> None:
    with triton.InferenceServerClient(address, concurrency=4) as client:
        requests = [client.async_infer("auto", batch(), request_id=str(number)) for number in range(8)]
        responses = [request.get_result() for request in requests]
    assert [result.get_response()["id"] for result in responses] == [str(number) for number in range(8)]
    for result in responses:
        assert_allclose(result.as_numpy("per_sample"), sparse_softmax_cross_entropy(LOGITS, LABELS), rtol=1e-6)


# --- The other endpoints


def test_the_server_tells_about_itself(call: Call) -> None:
    assert call("is_server_live")
    assert call("is_server_ready")
    metadata = call("get_server_metadata")
    assert metadata["name"] == "xent"
    assert {"binary_tensor_data", "statistics", "model_configuration"} <= set(metadata["extensions"])


@pytest.mark.parametrize("version", ["", "1"])
@pytest.mark.parametrize("model", MODELS)
def test_a_model_tells_about_itself(call: Call, model: str, version: str) -> None:
    assert call("is_model_ready", model, version)
    metadata, config = call("get_model_metadata", model, version), call("get_model_config", model, version)
    assert (metadata["name"], config["name"]) == (model, model)
    assert [each["name"] for each in metadata["inputs"]] == [each["name"] for each in config["input"]]
    assert config["max_batch_size"] == 0
    (statistics,) = call("get_inference_statistics", model, version)["model_stats"]
    assert (statistics["name"], statistics["version"]) == (model, "1")


def test_the_repository_lists_the_models(call: Call) -> None:
    index = call("get_model_repository_index")
    assert [model["name"] for model in index] == MODELS
    assert {model["state"] for model in index} == {"READY"}


def test_inferences_are_counted(call: Call) -> None:
    def counted() -> dict[str, Any]:
        return {each["name"]: each for each in call("get_inference_statistics")["model_stats"]}

    before = counted()
    call("infer", "softmax_cross_entropy", batch(labels=np.eye(3)[LABELS]))
    with pytest.raises(InferenceServerException):
        call("infer", "softmax_cross_entropy", batch())
    after = counted()
    assert {name for name in MODELS if before[name] != after[name]} == {"softmax_cross_entropy"}
    old, new = before["softmax_cross_entropy"], after["softmax_cross_entropy"]
    assert new["inference_count"] == old["inference_count"] + 1
    for stage, added in {"success": 1, "fail": 1, "compute_infer": 1}.items():
        assert new["inference_stats"][stage]["count"] == old["inference_stats"][stage]["count"] + added
        assert new["inference_stats"][stage]["ns"] > old["inference_stats"][stage]["ns"]


def test_models_and_versions_that_are_not_there_are_not_ready(call: Call) -> None:
    assert not call("is_model_ready", "nope")
    assert not call("is_model_ready", "auto", "2")


# --- Every error

NAN = np.where(np.arange(12).reshape(4, 3) == 7, np.nan, LOGITS)


def infer(model: str = "auto", inputs: Any = None, **options: Any) -> Callable[[Call], Any]:
    return lambda call: call("infer", model, inputs or batch(), **options)


ERRORS: dict[str, tuple[Callable[[Call], Any], str, str]] = {
    "an unknown model": (infer("nope"), "404", "no model 'nope'"),
    "a model with a slash": (infer("a/b"), "404", "no such path"),
    "an unknown version": (infer(model_version="2"), "404", "no version '2'"),
    "a version that is no number": (infer(model_version="latest"), "404", "no version 'latest'"),
    "the metadata of an unknown model": (lambda call: call("get_model_metadata", "nope"), "404", "no model 'nope'"),
    "the config of an unknown model": (lambda call: call("get_model_config", "nope"), "404", "no model 'nope'"),
    "the statistics of an unknown model": (
        lambda call: call("get_inference_statistics", "nope"),
        "404",
        "no model 'nope'",
    ),
    "an extension that is not there": (lambda call: call("get_log_settings"), "404", "no such path"),
    "loading": (lambda call: call("load_model", "auto"), "501", "the models are fixed"),
    "unloading": (lambda call: call("unload_model", "auto"), "501", "the models are fixed"),
    "loading an unknown model": (lambda call: call("load_model", "nope"), "404", "no model 'nope'"),
    "an unknown output": (
        infer(outputs=[triton.InferRequestedOutput("zzz")]),
        "400",
        'outputs[0].name is the string "zzz"',
    ),
    "an output twice": (
        infer(outputs=[triton.InferRequestedOutput("loss")] * 2),
        "400",
        "outputs[1] is loss once more",
    ),
    "a loss that is not reduced": (
        infer(outputs=[triton.InferRequestedOutput("loss")], parameters={"reduction": "none"}),
        "400",
        "outputs[0].name is loss, but with reduction none",
    ),
    "classification": (
        infer(outputs=[triton.InferRequestedOutput("loss", class_count=3)]),
        "400",
        "outputs[0].parameters.classification is not a field",
    ),
    "an unknown input": (
        infer(inputs=batch(weigths=LOGITS)),
        "400",
        "inputs[2].name is no input of this model; did you mean weights",
    ),
    "an input as a framework names it": (
        infer(inputs=batch(weight=LOGITS)),
        "400",
        "inputs[2].name is no input of this model; it is weights here",
    ),
    "a missing input": (infer(inputs=batch()[:1]), "400", "inputs hold no labels"),
    "an input twice": (infer(inputs=[*batch(), tensor("labels", LABELS)]), "400", "inputs[2] is labels once more"),
    "strings": (
        infer(inputs=[*batch()[:1], tensor("labels", np.array([b"cat", b"dog"]))]),
        "400",
        'inputs[1].datatype is the string "BYTES"',
    ),
    "shared memory": (
        infer(inputs=[*batch()[:1], triton.InferInput("labels", [4], "INT64").set_shared_memory("region", 32)]),
        "400",
        "a tensor is in shared memory, but it is off here; XENT_SHARED_MEMORY turns it on",
    ),
    "an empty tensor": (
        infer(inputs=batch(np.zeros((0, 3)), np.zeros(0))),
        "400",
        "logits is empty, with shape [0, 3]",
    ),
    "labels of another shape": (infer(inputs=batch(labels=LABELS[:3])), "400", "labels have shape [3]"),
    "a label past the end": (
        infer(inputs=batch(labels=LABELS + 1)),
        "400",
        "labels[1] is 3; a class index from 0 to 2",
    ),
    "NaN": (infer(inputs=batch(NAN)), "400", "logits[2][1] is NaN"),
    "NaN in JSON": (
        infer(inputs=[tensor("logits", NAN, binary=False), tensor("labels", LABELS)]),
        "400",
        "logits[2][1] is NaN",
    ),
    "a parameter that is none": (infer(parameters={"reductions": "sum"}), "400", "did you mean reduction?"),
    "a parameter's value that is none": (
        infer(parameters={"reduction": "average"}),
        "400",
        'parameters.reduction is the string "average"; none, sum, mean',
    ),
    "a parameter of another type": (infer(parameters={"axis": "last"}), "400", "parameters.axis is the string"),
    "a parameter of another loss": (
        infer("softmax_cross_entropy", batch(labels=np.eye(3)[LABELS]), parameters={"ignore_index": 1}),
        "400",
        "ignore_index is not a parameter of softmax_cross_entropy",
    ),
    "a body that is not compressed as it says": (
        infer(headers={"Content-Encoding": "gzip"}),
        "400",
        "Content-Encoding is gzip, but the body is not gzip data",
    ),
    "a coding that is not known": (infer(headers={"Content-Encoding": "br"}), "415", "Content-Encoding is br"),
    "an input without values": (
        infer(inputs=[triton.InferInput("labels", [0], "INT64")]),
        "400",
        "inputs[0] ('labels') has no values; one of data",
    ),
}


@pytest.mark.parametrize(("attempt", "status", "words"), ERRORS.values(), ids=[*ERRORS])
def test_every_error_reaches_the_client_with_its_status_and_reason(
    call: Call, attempt: Callable[[Call], Any], status: str, words: str
) -> None:
    with pytest.raises(InferenceServerException) as caught:
        attempt(call)
    assert caught.value.status() == status
    assert words in caught.value.message()


def test_a_body_over_the_limit_is_refused_in_words_too(call_narrow: Call) -> None:
    with pytest.raises(InferenceServerException) as caught:
        call_narrow("infer", "auto", batch(np.zeros((100, 3)), np.zeros(100)))
    assert caught.value.status() == "413"
    assert "more than 1000 bytes" in caught.value.message()


def test_an_inflated_body_over_the_limit_is_refused_in_words_too(call_narrow: Call) -> None:
    inputs = batch(np.zeros((100, 3)), np.zeros(100))
    with pytest.raises(InferenceServerException) as caught:
        call_narrow("infer", "auto", inputs, request_compression_algorithm="gzip")
    assert caught.value.status() == "413"
    assert "inflated" in caught.value.message()


# --- Requests and responses by hand


def test_the_clients_own_bytes_are_understood_and_it_understands_ours(address: str) -> None:
    """As those use the client who have a connection of their own."""
    body, length = triton.InferenceServerClient.generate_request_body(batch())
    request = urllib.request.Request(f"http://{address}/v2/models/auto/infer", body)
    request.add_header("Inference-Header-Content-Length", str(length))
    with urllib.request.urlopen(request) as response:
        header_length = int(response.headers["Inference-Header-Content-Length"])
        result = triton.InferenceServerClient.parse_response_body(response.read(), header_length=header_length)
    assert_allclose(result.as_numpy("per_sample"), sparse_softmax_cross_entropy(LOGITS, LABELS), rtol=1e-6)
