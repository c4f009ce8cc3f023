"""POST /v2/models/{model}/infer and the endpoints around it, byte by byte; Triton's own client is in tests/clients."""

import gzip
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import ml_dtypes
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from app.wire.oip.decode import decode_frame
from app.wire.oip.encode import encode_frame
from app.wire.oip.tensor import Tensor
from tests.service import MOST_BYTES, Server, json_of
from xent_core import evaluate
from xent_core.losses import LOSS_TYPES

MODELS = ("auto", *LOSS_TYPES)
LENGTH = "Inference-Header-Content-Length"
SECRET = 7654321.125  # stands in the callers' arrays, and in no answer
PAIR = np.array([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], np.float32)
INDICES = np.array([1, 2])
ONE_HOT = np.eye(3)[INDICES]

Arrays = dict[str, NDArray[Any]]


def post(
    client: httpx.Client,
    arrays: dict[str, Any] | None = None,
    *,
    model: str = "auto",
    binary: bool = True,
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> httpx.Response:
    """The answer to these inputs (PAIR and INDICES unless others are given) and other fields of the request."""
    tensors = [
        Tensor(name, np.asarray(array), binary)
        for name, array in ({"logits": PAIR, "labels": INDICES} | (arrays or {})).items()
    ]
    pieces, length = encode_frame({**fields, "inputs": tensors}, "inputs")
    return post_bytes(client, b"".join(pieces), length, model=model, headers=headers)


def post_bytes(
    client: httpx.Client,
    body: bytes,
    length: int | str | None = None,
    *,
    model: str = "auto",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    own = {} if length is None else {LENGTH: str(length)}
    return client.post(f"/v2/models/{model}/infer", content=body, headers=own | (headers or {}))


def outputs_of(response: httpx.Response) -> Arrays:
    assert response.status_code == 200, response.text
    length = response.headers.get(LENGTH)
    document = decode_frame(response.content, length and int(length), "outputs")
    return {tensor.name: tensor.array for tensor in document["outputs"]}


def parameters_of(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    parameters: dict[str, Any] = json_of(response)["parameters"]
    return parameters


def error_of(response: httpx.Response, status: int) -> str:
    """The error that the protocol has: whole, bounded, and without the caller's numbers."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert len(response.content) < MOST_BYTES
    assert "7654321" not in response.text
    content = response.json()
    assert content.keys() == {"error"}
    assert content["error"]
    error: str = content["error"]
    return error


def wanted(*names: str, **binary: bool) -> list[dict[str, Any]]:
    own = [{"name": name, "parameters": {"binary_data": value}} for name, value in binary.items()]
    return [{"name": name} for name in names] + own


# --- What is answered


def test_losses_are_those_of_v1_to_the_bit(client: httpx.Client) -> None:
    """In float64, which JSON lists are computed in there."""
    logits = PAIR.astype(np.float64)
    v1 = client.post("/v1/loss", json={"logits": logits.tolist(), "labels": [1, 2], "include": ["gradient"]}).json()
    for binary in (True, False):
        arrays = outputs_of(
            post(client, {"logits": logits}, binary=binary, outputs=wanted("per_sample", "loss", "gradient"))
        )
        assert arrays["per_sample"].tolist() == v1["per_sample"]
        assert arrays["gradient"].tolist() == v1["gradient"]
        assert arrays["loss"].tolist() == [v1["reduced"]["value"]]


MORE: dict[str, tuple[str, Arrays, dict[str, Any]]] = {
    # name: the model, inputs, parameters
    "sparse": ("sparse_softmax_cross_entropy", {}, {"label_smoothing": 0.1}),
    "ignored": ("sparse_softmax_cross_entropy", {"labels": np.array([1, -1])}, {"ignore_index": -1}),
    "softmax": ("softmax_cross_entropy", {"labels": ONE_HOT}, {"reduction": "sum"}),
    "class weights": (
        "softmax_cross_entropy",
        {"labels": ONE_HOT, "class_weights": np.array([1.0, 2.0, 3.0])},
        {"reduction": "weighted_mean"},
    ),
    "sigmoid": ("sigmoid_cross_entropy", {"labels": ONE_HOT}, {"axis": 0}),
    "weighted": ("weighted_cross_entropy", {"labels": ONE_HOT, "pos_weight": np.array([1.0, 2.0, 3.0])}, {}),
    "weights": ("auto", {"weights": np.array([0.5, 2.0])}, {"reduction": "mean_by_nonzero_weights"}),
    "probabilities": ("auto", {"logits": np.array([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]])}, {"from_logits": False}),
}


@pytest.mark.parametrize(("model", "arrays", "parameters"), MORE.values(), ids=[*MORE])
def test_inputs_and_parameters_are_the_fields_of_v1(
    client: httpx.Client, model: str, arrays: Arrays, parameters: dict[str, Any]
) -> None:
    response = post(client, arrays, model=model, parameters=parameters)
    expected = evaluate(**({"logits": PAIR, "labels": INDICES, "loss_type": model} | arrays | parameters))  # type: ignore[arg-type]
    assert expected.reduced
    assert_array_equal(outputs_of(response)["per_sample"], expected.per_sample)
    assert_array_equal(outputs_of(response)["loss"], [expected.reduced.value])
    assert parameters_of(response) == {
        "loss_type": expected.loss_type,
        "recommended_loss_type": expected.recommendation.loss_type,
        "warnings": ",".join(warning.code for warning in expected.warnings),
        "numerator": expected.reduced.numerator,
        "denominator": expected.reduced.denominator,
    }


def test_the_answer_names_model_version_and_id(client: httpx.Client) -> None:
    answer = json_of(post(client, id="batch-7"))
    assert [*answer] == ["model_name", "model_version", "id", "parameters", "outputs"]
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("auto", "1", "batch-7")
    assert "id" not in json_of(post(client))


def test_without_a_reduction_there_is_no_loss(client: httpx.Client) -> None:
    response = post(client, parameters={"reduction": "none"})
    assert [*outputs_of(response)] == ["per_sample"]
    assert parameters_of(response).keys() == {"loss_type", "recommended_loss_type", "warnings"}


def test_several_warnings_are_separated_by_commas(client: httpx.Client) -> None:
    response = post(client, {"labels": ONE_HOT, "weights": np.array([-1.0, 0.5])}, model="softmax_cross_entropy")
    assert set(parameters_of(response)["warnings"].split(",")) == {"one_hot_labels_could_be_indices", "negative_weight"}


def test_outputs_come_in_the_order_asked_for_each_in_its_way(client: httpx.Client) -> None:
    response = post(
        client,
        parameters={"binary_data_output": True},
        outputs=wanted("probabilities", loss=False, elements=True) + wanted("per_sample"),
    )
    outputs = json_of(response)["outputs"]
    assert [(each["name"], "data" in each) for each in outputs] == [
        ("probabilities", False),
        ("loss", True),
        ("elements", False),
        ("per_sample", False),
    ]
    assert response.headers["content-type"] == "application/octet-stream"
    assert_allclose(outputs_of(response)["probabilities"].sum(-1), [1, 1], rtol=1e-6)


@pytest.mark.parametrize("fields", [{}, {"outputs": []}, {"outputs": None}, {"parameters": None}], ids=str)
def test_where_nothing_is_asked_for_losses_come_in_json(client: httpx.Client, fields: dict[str, Any]) -> None:
    response = post(client, **fields)
    assert response.headers["content-type"] == "application/json"
    assert LENGTH not in response.headers
    assert [*outputs_of(response)] == ["per_sample", "loss"]


def test_infinities_stand_bare_in_json(client: httpx.Client) -> None:
    """As Triton writes them; JSON proper has none."""
    masked = np.array([[-np.inf, 0.5, 1.0], [0.1, 1.0, 3.0]])
    response = post(client, {"logits": masked, "labels": np.array([0, 2])}, binary=False)
    assert b'"data":[Infinity,' in response.content
    assert b'"numerator":Infinity,' in response.content
    assert_array_equal(outputs_of(response)["loss"], [np.inf])


def test_the_datatype_decides_in_json_too(client: httpx.Client) -> None:
    """FP16, BF16 and FP32 are computed in float32; their values are first rounded to what the datatype can hold."""
    for datatype, dtype in {"FP16": np.float16, "BF16": ml_dtypes.bfloat16, "FP32": np.float32}.items():
        rounded = (PAIR / 3).astype(dtype)
        tensors = [
            {"name": "logits", "shape": [2, 3], "datatype": datatype, "data": (PAIR / np.float64(3)).tolist()},
            {"name": "labels", "shape": [2], "datatype": "UINT8", "data": [1, 2]},
        ]
        response = client.post("/v2/models/auto/infer", json={"inputs": tensors})
        assert_array_equal(outputs_of(response)["per_sample"], evaluate(rounded, INDICES).per_sample)
        assert outputs_of(response)["per_sample"].dtype == np.float32


# --- A tensor of shape [1], or [], is a single number


def ones(*shape: int) -> NDArray[np.float64]:
    return np.ones(shape)


SINGLE: dict[str, tuple[str, tuple[int, ...], str]] = {
    # name: the model, the logits' shape, what labels of shape [1] are computed as
    "sigmoid": ("sigmoid_cross_entropy", (2, 3), "a number"),
    "sigmoid, one sample": ("sigmoid_cross_entropy", (1, 3), "a number"),
    "sigmoid, one class": ("sigmoid_cross_entropy", (2, 1), "a number"),
    "sigmoid, one logit": ("sigmoid_cross_entropy", (1,), "a number"),
    "sigmoid, rank 1": ("sigmoid_cross_entropy", (3,), "a number"),
    "sparse, one sample": ("sparse_softmax_cross_entropy", (1, 3), "a list of one"),
    "sparse, rank 1": ("sparse_softmax_cross_entropy", (3,), "a number"),
    "sparse, one logit": ("sparse_softmax_cross_entropy", (2,), "a number"),
    "softmax, one logit": ("softmax_cross_entropy", (1,), "a list of one"),
    "auto, for all": ("auto", (2, 3), "a number"),
    "auto, rank 1": ("auto", (3,), "a number"),
    "auto, class indices": ("auto", (1, 3), "a list of one"),
    "auto, one logit": ("auto", (1,), "a list of one"),
    "auto, rank 3": ("auto", (2, 3, 4), "a number"),
    "auto, one class": ("auto", (2, 1), "a number"),
}


@pytest.mark.parametrize(("model", "shape", "meant"), SINGLE.values(), ids=[*SINGLE])
def test_labels_of_shape_1_are_a_number_where_they_can_be_nothing_else(
    client: httpx.Client, model: str, shape: tuple[int, ...], meant: str
) -> None:
    logits = np.linspace(-1, 2, int(np.prod(shape))).reshape(shape)
    labels = ones() if meant == "a number" else ones(1)
    expected = evaluate(logits, labels, loss_type=model)  # type: ignore[arg-type]
    response = post(client, {"logits": logits, "labels": ones(1)}, model=model)
    assert_array_equal(outputs_of(response)["per_sample"], np.atleast_1d(expected.per_sample))
    assert parameters_of(response)["loss_type"] == expected.loss_type


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_a_weight_of_one_number_holds_for_all(client: httpx.Client, shape: tuple[int, ...]) -> None:
    arrays = {"labels": ONE_HOT, "weights": 3 * ones(*shape)}
    expected = evaluate(PAIR, ONE_HOT, weights=3, loss_type="sigmoid_cross_entropy")
    response = post(client, arrays, model="sigmoid_cross_entropy")
    assert_array_equal(outputs_of(response)["per_sample"], expected.per_sample)


@pytest.mark.parametrize("shape", [(), (1,)], ids=str)
def test_a_pos_weight_of_one_number_holds_for_all(client: httpx.Client, shape: tuple[int, ...]) -> None:
    expected = evaluate(PAIR, ONE_HOT, pos_weight=3, loss_type="weighted_cross_entropy")
    response = post(client, {"labels": ONE_HOT, "pos_weight": 3 * ones(*shape)}, model="weighted_cross_entropy")
    assert_array_equal(outputs_of(response)["per_sample"], expected.per_sample)


@pytest.mark.parametrize("axis", [5, -4, 2**62], ids=str)
def test_an_axis_that_is_not_there_is_refused_whatever_the_labels(client: httpx.Client, axis: int) -> None:
    assert "axis is" in error_of(post(client, {"labels": ones(1)}, parameters={"axis": axis}), 400)


@pytest.mark.parametrize("shape", [(), (1,)], ids=str)
@pytest.mark.parametrize("model", MODELS)
def test_logits_without_a_dimension_are_refused(client: httpx.Client, model: str, shape: tuple[int, ...]) -> None:
    arrays = {"logits": ones(), "labels": ones(*shape), "pos_weight": ones(1)}
    if model != "weighted_cross_entropy":
        del arrays["pos_weight"]
    assert "logits is a single number" in error_of(post(client, arrays, model=model), 400)


@pytest.mark.parametrize("name", ["per_sample", "elements", "loss"])
def test_an_output_of_one_number_has_shape_1(client: httpx.Client, name: str) -> None:
    response = post(
        client,
        {"logits": PAIR[0], "labels": ones(1)},
        model="sparse_softmax_cross_entropy",
        outputs=wanted(name),
    )
    assert outputs_of(response)[name].shape == (1,)


# --- What clients send besides


@pytest.mark.parametrize(
    "fields",
    [
        {"model_name": "auto"},
        {"model_name": "another", "model_version": "7"},
        {"parameters": {"content_type": "np"}},
        {"parameters": {"headers": {"Host": "a"}, "sequence_id": "a", "sequence_start": True, "sequence_end": False}},
        {"parameters": {"priority": 2, "timeout": 60_000_000}},
        {"parameters": {"triton_enable_empty_final_response": True}},
        {"outputs": [{"name": "loss", "parameters": {"content_type": "np"}}]},
        {"outputs": [{"name": "loss", "parameters": None}]},
        {"id": None},
    ],
    ids=str,
)
def test_what_clients_add_is_taken(client: httpx.Client, fields: dict[str, Any]) -> None:
    assert_allclose(outputs_of(post(client, **fields))["loss"], [1.0693116546], rtol=1e-6)


@pytest.mark.parametrize("media_type", ["application/json", "application/octet-stream", "text/plain", "x", ""])
def test_the_content_type_is_not_looked_at(client: httpx.Client, media_type: str) -> None:
    for binary in (True, False):
        assert "loss" in outputs_of(post(client, binary=binary, headers={"Content-Type": media_type}))


@pytest.mark.parametrize("version", ["1"])
def test_a_version_may_be_named(client: httpx.Client, version: str) -> None:
    assert "loss" in outputs_of(post(client, model=f"auto/versions/{version}"))


# --- Compression


CODINGS = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@pytest.mark.parametrize("size", [2, 2000])
@pytest.mark.parametrize("coding", CODINGS)
def test_an_answer_is_compressed_where_nothing_else_is_accepted(server: Server, coding: str, size: int) -> None:
    """The header length is that of the JSON before it was compressed."""
    arrays = {"logits": np.tile(PAIR, (size // 2, 10)), "labels": np.tile(INDICES, size // 2)}
    outputs = wanted("probabilities", "loss")
    with server.client() as client:
        plain = post(client, arrays, parameters={"binary_data_output": True}, outputs=outputs)
        headers = {LENGTH: plain.request.headers[LENGTH], "Accept-Encoding": coding}
        request = client.build_request("POST", plain.request.url, content=plain.request.content, headers=headers)
        packed = client.send(request, stream=True)
        raw = b"".join(packed.iter_raw())
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == coding
    assert packed.headers[LENGTH] == plain.headers[LENGTH]
    assert int(packed.headers["content-length"]) == len(raw) < len(plain.content)
    assert CODINGS[coding](raw) == plain.content


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", "identity", "br", "*", "", "gzip;q=0"])
def test_an_answer_is_not_compressed_where_something_else_is_accepted_too(client: httpx.Client, accepted: str) -> None:
    """Triton's aio client always accepts several codings, and doesn't expect one."""
    assert "content-encoding" not in post(client, headers={"Accept-Encoding": accepted}).headers


def test_only_what_was_computed_is_compressed(client: httpx.Client) -> None:
    """Clients don't inflate the others."""
    headers = {"Accept-Encoding": "gzip"}
    for response in (post(client, model="nope", headers=headers), client.get("/v2/models/auto", headers=headers)):
        assert "content-encoding" not in response.headers


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_body_may_be_compressed(client: httpx.Client, coding: str, compress: Any) -> None:
    tensors = [Tensor("logits", PAIR, True), Tensor("labels", INDICES, True)]
    pieces, length = encode_frame({"inputs": tensors}, "inputs")
    response = post_bytes(client, compress(b"".join(pieces)), length, headers={"Content-Encoding": coding})
    assert_allclose(outputs_of(response)["loss"], [1.0693116546], rtol=1e-6)


# --- Errors

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    # name: what the request has, how the error begins
    "an unknown field": ({"input": []}, "input is not a field of this request; did you mean inputs?"),
    "an unknown parameter": (
        {"parameters": {"from_logit": True}},
        "parameters.from_logit is not a field of this request; did you mean from_logits?",
    ),
    "an unknown parameter of an output": (
        {"outputs": [{"name": "loss", "parameters": {"binary_dat": True}}]},
        "outputs[0].parameters.binary_dat is not a field of this request; did you mean binary_data?",
    ),
    "an unknown output": ({"outputs": wanted("losses")}, 'outputs[0].name is the string "losses"; per_sample, loss'),
    "an output without a name": ({"outputs": [{}]}, "outputs[0].name is absent; it is required"),
    "an output twice": ({"outputs": wanted("loss", "loss")}, "outputs[1] is loss once more"),
    "eleven outputs": ({"outputs": wanted(*["loss"] * 11)}, "outputs is a list; each name at most once"),
    "an object for outputs": ({"outputs": {}}, "outputs is an object; a list was expected"),
    "loss without a reduction": (
        {"outputs": wanted("per_sample", "loss"), "parameters": {"reduction": "none"}},
        "outputs[1].name is loss, but with reduction none there is none",
    ),
    "a number for an id": ({"id": 7}, "id is 7; a string was expected"),
    "a list for parameters": ({"parameters": []}, "parameters is a list; a JSON object was expected"),
    "a reduction that is none": (
        {"parameters": {"reduction": "average"}},
        'parameters.reduction is the string "average"',
    ),
    "a string for an axis": ({"parameters": {"axis": "1"}}, 'parameters.axis is the string "1"; a whole number'),
    "1 for true": ({"parameters": {"binary_data_output": 1}}, "parameters.binary_data_output is 1; true or false"),
    "too much smoothing": ({"parameters": {"label_smoothing": 2}}, "label_smoothing is 2.0; a number from 0 to 1"),
    "several at once": ({"id": 7, "parameters": {"axis": 0.5}}, "id is 7; a string was expected (and 1 more)"),
}


@pytest.mark.parametrize(("fields", "beginning"), REFUSED.values(), ids=[*REFUSED])
def test_a_request_that_is_none_is_refused_with_the_place(
    client: httpx.Client, fields: dict[str, Any], beginning: str
) -> None:
    assert error_of(post(client, {"logits": PAIR + SECRET}, **fields), 400).startswith(beginning)


WRONG_INPUTS: dict[str, tuple[dict[str, Any], str]] = {
    "an input that is none": ({"logit": PAIR}, "inputs[2].name is no input of this model; did you mean logits?"),
    "an input of another service": (
        {"input_ids": PAIR},
        "inputs[2].name is no input of this model; there are logits, labels",
    ),
    "a label past the end": ({"labels": np.array([1, 3])}, "labels[1] is 3; a class index from 0 to 2 was expected"),
    "labels of another batch": ({"labels": np.arange(3)}, "labels have shape [3]"),
    "labels that auto does not know": ({"labels": np.array([0.5, 1.5])}, "labels have none of the forms"),
    "NaN": ({"logits": PAIR * np.nan}, "logits[0][0] is NaN; a number was expected"),
    "infinity": ({"logits": PAIR + np.inf}, "logits[0][0] is Infinity, or too large"),
    "a parameter of another loss": ({"pos_weight": ones(1)}, "pos_weight is for weighted_cross_entropy, but"),
}


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
@pytest.mark.parametrize(("arrays", "beginning"), WRONG_INPUTS.values(), ids=[*WRONG_INPUTS])
def test_inputs_that_cannot_be_computed_with_are_refused_with_the_place(
    client: httpx.Client, arrays: dict[str, Any], beginning: str, binary: bool
) -> None:
    assert error_of(post(client, arrays, binary=binary), 400).startswith(beginning)


def test_an_empty_tensor_is_refused_as_such(client: httpx.Client) -> None:
    assert error_of(post(client, {"logits": np.empty((0, 3))}), 400).startswith("logits is empty, with shape [0, 3]")


def test_inputs_that_are_not_there_are_named(client: httpx.Client) -> None:
    body = b'{"inputs":[{"name":"logits","shape":[1],"datatype":"FP32","data":[1]}]}'
    assert error_of(post_bytes(client, body), 400) == "inputs hold no labels; they are required"
    assert error_of(post_bytes(client, b'{"inputs":[]}'), 400) == "inputs hold no logits; they are required"


def test_an_input_that_is_there_twice_is_named(client: httpx.Client) -> None:
    tensor = b'{"name":"logits","shape":[1],"datatype":"FP32","data":[1]}'
    error = error_of(post_bytes(client, b'{"inputs":[' + tensor + b"," + tensor + b"]}"), 400)
    assert error.startswith("inputs[1] is logits once more")


@pytest.mark.parametrize(
    ("body", "length", "beginning"),
    [
        (b"", None, "the body is empty"),
        (b"{", None, "the body is not JSON"),
        (b"{}", None, "inputs are absent"),
        (b"[]", None, "the body is a list"),
        (b"{}", "3", "Inference-Header-Content-Length is 3, but the body has only 2 bytes"),
        (b"{}", "two", "Inference-Header-Content-Length is 'two'"),
        (bytes(24), "0", "Inference-Header-Content-Length is 0"),
        (b'{"inputs":[]}\0', "13", "the body has 1 bytes that belong to no tensor"),
        (
            b'{"inputs":[{"name":"logits","shape":[2],"datatype":"FP32","data":[1,NaN]},'
            b'{"name":"labels","shape":[2],"datatype":"INT8","data":[0,1]}]}',
            None,
            "logits[1] is NaN",
        ),
        (
            b'{"inputs":[{"name":"logits","shape":[2],"datatype":"INT8","data":[1,NaN]}]}',
            None,
            "inputs[0].data[1] is NaN; a whole number",
        ),
    ],
    ids=[
        "nothing",
        "no JSON",
        "no inputs",
        "a list",
        "a length too large",
        "a length in words",
        "raw",
        "left over",
        "NaN",
        "NaN for a whole number",
    ],
)
def test_bytes_that_are_no_frame_are_refused(client: httpx.Client, body: bytes, length: str, beginning: str) -> None:
    assert error_of(post_bytes(client, body, length), 400).startswith(beginning)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/nope", 404),
        ("GET", "/v2/models/nope", 404),
        ("GET", "/v2/models/nope/config", 404),
        ("GET", "/v2/models/auto/versions/2", 404),
        ("GET", "/v2/models/auto/versions/one/config", 404),
        ("GET", "/v2/models/" + "x" * 5000, 404),
        ("POST", "/v2/models/nope/infer", 404),
        ("POST", "/v2/models/auto/versions/2/infer", 404),
        ("GET", "/v2/health", 404),
        ("GET", "/v2/models/", 404),
        ("GET", "/v2/systemsharedmemory/status", 404),
        ("POST", "/v2/repository/models/nope/load", 404),
        ("GET", "/v2/models/auto/infer", 405),
        ("PUT", "/v2/models/auto/infer", 405),
        ("DELETE", "/v2", 405),
        ("GET", "/v2/repository/index", 405),
        ("POST", "/v2/models/stats", 405),
        ("POST", "/v2/repository/models/auto/load", 501),
        ("POST", "/v2/repository/models/auto/unload", 501),
    ],
)
def test_errors_of_http_are_written_as_the_protocol_has_them(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    error_of(response, status)
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/v2/models/nope", "/v2/nope", "/v2/models/auto/infer"])
def test_an_error_to_head_has_no_body(client: httpx.Client, path: str) -> None:
    response = client.head(path)
    assert response.status_code in (404, 405)
    assert response.content == b""


def test_a_path_that_only_begins_alike_is_not_of_the_protocol(client: httpx.Client) -> None:
    assert client.get("/v2x").headers["content-type"] == "application/problem+json"


def test_a_body_over_the_limit_is_refused(tmp_path: Any) -> None:
    limits = {"XENT_MAX_BODY_BYTES": "1000", "XENT_MAX_INFLATED_BYTES": "1000"}
    with Server(tmp_path / "log", **limits) as narrow, narrow.client() as client:
        assert "1000 bytes" in error_of(post(client, {"logits": np.zeros((100, 3)), "labels": np.zeros(100)}), 413)
        packed = gzip.compress(bytes(2000))
        assert "1000 bytes" in error_of(post_bytes(client, packed, headers={"Content-Encoding": "gzip"}), 413)
        assert "Content-Encoding is br" in error_of(post_bytes(client, b"", headers={"Content-Encoding": "br"}), 415)
        assert "not gzip data" in error_of(post_bytes(client, bytes(40), headers={"Content-Encoding": "gzip"}), 400)


# --- The other endpoints


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_the_server_says_what_it_is(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.json()["name"] == "xent"
    assert response.json()["extensions"] == [
        "binary_tensor_data",
        "model_configuration",
        "model_repository",
        "parameters",
        "statistics",
    ]
    assert client.head(path).status_code == 200


def test_server_and_models_are_alive_and_ready(client: httpx.Client) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    for model in MODELS:
        for path in (f"/v2/models/{model}/ready", f"/v2/models/{model}/versions/1/ready"):
            assert client.get(path).json() == {"name": model, "ready": True}


def test_the_models_are_the_loss_types_and_auto(client: httpx.Client) -> None:
    assert client.get("/v2/models").json() == {"models": [*MODELS]}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ready":true}', b'{"ready":false}', b"rubbish"], ids=str)
def test_the_repository_lists_all_models_whatever_is_asked(client: httpx.Client, body: bytes) -> None:
    index = client.post("/v2/repository/index", content=body).json()
    assert index == [{"name": model, "version": "1", "state": "READY", "reason": ""} for model in MODELS]


TAKES = {
    "auto": ["logits", "labels", "weights", "pos_weight", "class_weights"],
    "sigmoid_cross_entropy": ["logits", "labels", "weights"],
    "weighted_cross_entropy": ["logits", "labels", "weights", "pos_weight"],
    "softmax_cross_entropy": ["logits", "labels", "weights", "class_weights"],
    "sparse_softmax_cross_entropy": ["logits", "labels", "weights", "class_weights"],
    "sigmoid_focal_cross_entropy": ["logits", "labels", "weights"],
    "softmax_focal_cross_entropy": ["logits", "labels", "weights", "class_weights"],
    "sparse_softmax_focal_cross_entropy": ["logits", "labels", "weights", "class_weights"],
    "generalized_cross_entropy": ["logits", "labels", "weights", "class_weights"],
    "poly_cross_entropy": ["logits", "labels", "weights", "class_weights"],
    "kl_divergence": ["logits", "labels", "weights"],
}


@pytest.mark.parametrize("model", MODELS)
def test_a_batch_of_the_form_that_a_model_tells_is_computed(client: httpx.Client, model: str) -> None:
    """A load generator knows no more: the inputs that are not optional, -1 filled in, random values as their type."""
    metadata = client.get(f"/v2/models/{model}").json()
    assert metadata == client.get(f"/v2/models/{model}/versions/1").json()
    assert [each["name"] for each in metadata["inputs"]] == TAKES[model]
    config = client.get(f"/v2/models/{model}/config").json()
    assert config == client.get(f"/v2/models/{model}/versions/1/config").json()
    assert [(each["name"], each["data_type"], each["dims"]) for each in config["input"] + config["output"]] == [
        (each["name"], f"TYPE_{each['datatype']}", each["shape"]) for each in metadata["inputs"] + metadata["outputs"]
    ]
    dtypes = {"FP32": np.float32, "FP64": np.float64, "INT64": np.int64}
    needed = {each["name"] for each in config["input"] if not each["optional"]}
    arrays = {
        each["name"]: ones(*(3 for _ in each["shape"])).astype(dtypes[each["datatype"]])
        for each in metadata["inputs"]
        if each["name"] in needed
    }
    asked = wanted(*(each["name"] for each in metadata["outputs"]))
    outputs = outputs_of(post(client, arrays, model=model, outputs=asked))
    for each in metadata["outputs"]:
        assert outputs[each["name"]].dtype == dtypes[each["datatype"]]
        assert len(each["shape"]) == outputs[each["name"]].ndim


def test_what_is_done_is_counted(client: httpx.Client) -> None:
    """Of each model for itself, and also while several are at work at once."""
    model = "weighted_cross_entropy"

    def counted() -> dict[str, Any]:
        (entry,) = client.get(f"/v2/models/{model}/stats").json()["model_stats"]
        assert entry in client.get("/v2/models/stats").json()["model_stats"]
        assert entry == client.get(f"/v2/models/{model}/versions/1/stats").json()["model_stats"][0]
        return entry  # type: ignore[no-any-return]

    before = counted()
    good = {"logits": np.zeros((200, 300)), "labels": ones(1), "pos_weight": ones(1)}
    with ThreadPoolExecutor(4) as pool:
        assert {response.status_code for response in pool.map(lambda _: post(client, good, model=model), range(8))} == {
            200
        }
    error_of(post(client, {"labels": ones(1)}, model=model), 400)
    error_of(post_bytes(client, b"rubbish", model=model), 400)
    after = counted()
    new = {
        name: after["inference_stats"][name]["count"] - before["inference_stats"][name]["count"]
        for name in after["inference_stats"]
    }
    assert new == {"success": 8, "fail": 2, "queue": 8, "compute_input": 8, "compute_infer": 8, "compute_output": 8}
    assert after["inference_count"] - before["inference_count"] == 8
    assert after["last_inference"] > before["last_inference"]
    stages = ("queue", "compute_input", "compute_infer", "compute_output")
    spent = sum(after["inference_stats"][stage]["ns"] for stage in stages)
    assert 0 < spent <= after["inference_stats"]["success"]["ns"]


def test_the_time_in_which_a_body_arrives_is_not_counted(client: httpx.Client) -> None:
    def spent() -> int:
        (entry,) = client.get("/v2/models/sigmoid_cross_entropy/stats").json()["model_stats"]
        nanoseconds: int = entry["inference_stats"]["success"]["ns"]
        return nanoseconds

    def slowly(body: bytes) -> Iterator[bytes]:
        yield body[:20]
        time.sleep(1)
        yield body[20:]

    request = post(client, {"labels": ONE_HOT}, model="sigmoid_cross_entropy").request
    before = spent()
    response = client.post(request.url, content=slowly(request.content), headers={LENGTH: request.headers[LENGTH]})
    assert response.status_code == 200
    assert 0 < spent() - before < 1_000_000_000


@pytest.mark.parametrize("length", [10**9, 10**15])
def test_a_length_beyond_all_memory_is_refused_before_any_is_taken(server: Server, length: int) -> None:
    host = server.address.removeprefix("http://").partition(":")[0]
    head = (
        f"POST /v2/models/auto/infer HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n"
        "Inference-Header-Content-Length: 10\r\n\r\n{"
    )
    with server.connection() as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
