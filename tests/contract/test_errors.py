"""What the service can't compute it refuses as RFC 9457 has it: briefly, with place, value found and value expected."""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.service import MOST_ENTRIES, Server, problem

JSON = {"Content-Type": "application/json"}
A_FEW_SECONDS = 20

SECRET = 7654321.125  # stands in the clients' arrays, and in no response
BATCH = {"logits": [[SECRET, 0.5, 1], [0.25, SECRET, 3]], "labels": [1, 2]}
SPARSE = {"loss_type": "sparse_softmax_cross_entropy"}
SIGMOID = {"loss_type": "sigmoid_cross_entropy"}
SOFTMAX = {"loss_type": "softmax_cross_entropy"}


# --- 422: what can't be computed

# Place and message make a sentence: labels[1] is 3; …
VERBS = {"is", "are", "has", "have", "holds", "hold", "sums", "lead"}
INVALID: dict[str, tuple[dict[str, Any], list[Any], str, list[str]]] = {
    # name: the batch's changed fields, place, code, what the message says
    "rows of two lengths": ({"logits": [[SECRET, 2], [3]]}, ["logits", 1], "ragged", ["length 1", "length 2"]),
    "an empty row among others": ({"logits": [[SECRET, 2], []]}, ["logits", 1], "ragged", ["length 0", "length 2"]),
    "a list for a number": ({"logits": [[SECRET, [2]], [3, 4]]}, ["logits", 0, 1], "ragged", ["a list", "a number"]),
    "a number for a row": ({"logits": [[SECRET, 2], 3, [4, 5]]}, ["logits", 1], "ragged", ["3", "list"]),
    "a null for a row": ({"logits": [[SECRET, 2], None, [4, 5]]}, ["logits", 1], "ragged", ["null", "list"]),
    "a string for a row": ({"logits": [[SECRET, 2], "x", [4, 5]]}, ["logits", 1], "ragged", ['"x"', "list"]),
    "an empty batch": ({"logits": []}, ["logits"], "empty", ["[0]", "at least one"]),
    "a batch of empty rows": ({"logits": [[], []]}, ["logits"], "empty", ["[2, 0]"]),
    "no labels at all": ({"labels": []}, ["labels"], "empty", ["[0]"]),
    "logits without a class axis": ({"logits": 1.5}, ["logits"], "wrong_shape", ["single number", "dimension"]),
    "33 dimensions": ({"logits": json.loads("[" * 33 + "1" + "]" * 33)}, ["logits"], "wrong_shape", ["32 dimensions"]),
    "labels of a rank too many": ({"labels": [[[1], [2]]]}, ["labels"], "wrong_shape", ["[1, 2, 1]", "[2, 3]"]),
    "labels for another batch": ({"labels": [0, 1, 2]}, ["labels"], "wrong_shape", ["[3]", "[2, 3]"]),
    "indices for another batch": ({"labels": [0, 1, 2], **SPARSE}, ["labels"], "wrong_shape", ["[3]", "[2]"]),
    "labels [B, 1]": ({"labels": [[1], [2]]}, ["labels"], "wrong_shape", ["[2, 1]", "np.squeeze(labels, axis=1)"]),
    "indices [B, 1]": ({"labels": [[1], [2]], **SPARSE}, ["labels"], "wrong_shape", ["np.squeeze(labels, axis=1)"]),
    "weights for another batch": ({"weights": [1, 2, 3]}, ["weights"], "wrong_shape", ["[3]", "[2]"]),
    "weights that NumPy would broadcast": ({"weights": [[1], [2]]}, ["weights"], "wrong_shape", ["[2, 1]", "[2]"]),
    "class weights for another task": ({"class_weights": [1, 2]}, ["class_weights"], "wrong_shape", ["[2]", "[3]"]),
    "one class weight": ({"class_weights": 2}, ["class_weights"], "wrong_shape", ["[3]"]),
    "pos_weight for another task": (
        {"labels": 1, "pos_weight": [1, 2]},
        ["pos_weight"],
        "wrong_shape",
        ["[2]", "[3]"],
    ),
    "a label past the end": ({"labels": [1, 3]}, ["labels", 1], "label_out_of_range", ["labels[1] is 3", "0 to 2"]),
    "a label below 0": ({"labels": [-1, 2]}, ["labels", 0], "label_out_of_range", ["labels[0] is -1", "0 to 2"]),
    "a label neither in range nor ignored": (
        {"labels": [-1, 3], "ignore_index": -1},
        ["labels", 1],
        "label_out_of_range",
        ["labels[1] is 3", "0 to 2", "-1"],
    ),
    "a label far past the end": ({"labels": [1, 2**63]}, ["labels", 1], "label_out_of_range", ["0 to 2"]),
    "half a label": ({"labels": [1, 1.5], **SPARSE}, ["labels", 1], "label_not_whole", ["labels[1] is 1.5", "whole"]),
    "labels that auto does not know": ({"labels": [0.5, 1.5]}, ["labels"], "unclear_labels", ["0.5 to 1.5", "[2, 3]"]),
    "NaN by name in logits": (
        {"logits": [[SECRET, 2, 3], [4, 5, "NaN"]]},
        ["logits", 1, 2],
        "nan",
        ["is NaN", "number"],
    ),
    "NaN by name in labels": ({"labels": ["NaN", 2]}, ["labels", 0], "nan", ["labels[0] is NaN"]),
    "NaN by name in weights": ({"weights": [1, "NaN"]}, ["weights", 1], "nan", ["weights[1] is NaN"]),
    "NaN by name as a weight": ({"weights": "NaN"}, ["weights"], "nan", ["weights is NaN"]),
    "NaN by name in class weights": ({"class_weights": [1, "NaN", 2]}, ["class_weights", 1], "nan", ["NaN"]),
    "Infinity in logits": (
        {"logits": [[SECRET, 2, 3], [4, 5, "Infinity"]]},
        ["logits", 1, 2],
        "infinite",
        ["is Infinity", "only -Infinity"],
    ),
    "infinite labels": ({"labels": ["-Infinity", 2]}, ["labels", 0], "infinite", ["-Infinity", "finite"]),
    "infinite weights": ({"weights": ["Infinity", 2]}, ["weights", 0], "infinite", ["Infinity", "finite"]),
    "an infinite pos_weight": ({"labels": 1, "pos_weight": "Infinity"}, ["pos_weight"], "infinite", ["finite"]),
    "true in an array": ({"labels": [True, 2]}, ["labels", 0], "not_numeric", ["labels[0] is true", "number"]),
    "a string in an array": ({"labels": ["cat", 2]}, ["labels", 0], "not_numeric", ['the string "cat"', "number"]),
    "a number in quotes": ({"labels": ["1", 2]}, ["labels", 0], "not_numeric", ['the string "1"', "number"]),
    "a long string in an array": ({"labels": ["cat" * 50, 2]}, ["labels", 0], "not_numeric", ["is a string;"]),
    "null in an array": ({"weights": [None, 2]}, ["weights", 0], "not_numeric", ["weights[0] is null", "number"]),
    "an object in an array": ({"labels": [{}, 2]}, ["labels", 0], "not_numeric", ["an object", "number"]),
    "an object for an array": (
        {"labels": {"a": SECRET}},
        ["labels", "dtype"],
        "invalid_tensor",
        ["absent", "tensor object"],
    ),
    "a string for an array": ({"labels": "cat"}, ["labels"], "not_numeric", ['the string "cat"', "nested list"]),
    "true for an array": ({"weights": True}, ["weights"], "not_numeric", ["true", "number"]),
    "a row masked whole": (
        {"logits": [[SECRET, 2], ["-Infinity", "-Infinity"]], "labels": [0, 1]},
        ["logits", 1],
        "masked_row",
        ["-Infinity", "weight 0"],
    ),
    "a probability above 1": (
        {"logits": [[0.5, 0.5], [0.5, 1.5]], "labels": [0, 1], "from_logits": False},
        ["logits", 1, 1],
        "not_a_probability",
        ["logits[1][1] is 1.5", "from 0 to 1"],
    ),
    "probabilities that sum to 0": (
        {"logits": [[0.5, 0.5], [0, 0]], "labels": [0, 1], "from_logits": False},
        ["logits", 1],
        "not_a_probability",
        ["sums to 0"],
    ),
    "a loss of ∞ − ∞": (
        {"logits": [["-Infinity", 2], ["-Infinity", 4]], "labels": [0, 0], "weights": [1, -1]},
        ["labels"],
        "undefined_loss",
        ["Infinity and -Infinity", "reduction"],
    ),
    "a misspelt field": ({"wieghts": SECRET}, ["wieghts"], "unknown_field", ["did you mean weights?"]),
    "a field of Keras": ({"sample_weight": SECRET}, ["sample_weight"], "unknown_field", ["it is weights here"]),
    "a field of PyTorch": (
        {"weight": [SECRET, 1]},
        ["weight"],
        "unknown_field",
        ["weights here for sigmoid losses", "class_weights for softmax losses"],
    ),
    "a loss of Keras": (
        {"loss_type": "categorical_crossentropy"},
        ["loss_type"],
        "unknown_value",
        ['"categorical_crossentropy"', "it is softmax_cross_entropy here (from_logits false)"],
    ),
    "a loss of PyTorch": (
        {"loss_type": "BCEWithLogitsLoss"},
        ["loss_type"],
        "unknown_value",
        ["sigmoid_cross_entropy here without pos_weight", "weighted_cross_entropy with pos_weight"],
    ),
    "a misspelt loss": (
        {"loss_type": "softmax_cros_entropy"},
        ["loss_type"],
        "unknown_value",
        ["did you mean softmax_cross_entropy?"],
    ),
    "a reduction of PyTorch": (
        {"reduction": "batchmean"},
        ["reduction"],
        "unknown_value",
        ["it is mean here"],
    ),
    "a misspelt output": ({"include": ["gradeint"]}, ["include", 0], "unknown_value", ["did you mean gradient?"]),
    "labels of another axis": (
        {"logits": [[[SECRET, 1]] * 3] * 4, "labels": [[0, 1]] * 4},
        ["labels"],
        "wrong_shape",
        ["[4, 2]", "[4, 3, 2]", "these labels fit as class indices with axis 1"],
    ),
    "labels that count from 1": (
        {"logits": [[SECRET, 2, 3]] * 4, "labels": [2, 3, 1, 3]},
        ["labels", 1],
        "label_out_of_range",
        ["labels[1] is 3", "labels run from 1 to 3 for 3 classes: do they count from 1? subtract 1"],
    ),
    "a mark for padding": (
        {"labels": [1, -100]},
        ["labels", 1],
        "label_out_of_range",
        ["labels[1] is -100", "if -100 marks what is to be left out, set ignore_index to -100"],
    ),
    "labels in another code": (
        {"logits": [SECRET, -2, 0.5, 3], "labels": [1, -1, 1, -1]},
        ["labels"],
        "unclear_labels",
        ["values from -1 to 1", "only -1 and 1 occur", "send (labels + 1) / 2"],
    ),
    "names of classes": (
        {"labels": ["cat", "dog"]},
        ["labels", 0],
        "not_numeric",
        ['the string "cat"', "names of classes", "[names.index(label) for label in labels]"],
    ),
    "a field of some other service": ({"zzz": SECRET}, ["zzz"], "unknown_field", ["zzz is not a field"]),
    "an axis that is not there": ({"axis": 2}, ["axis"], "axis_out_of_range", ["axis is 2", "[2, 3]", "-2 to 1"]),
    "an axis far away": ({"axis": -(10**15)}, ["axis"], "axis_out_of_range", ["-2 to 1"]),
    "half an axis": ({"axis": 0.5}, ["axis"], "wrong_type", ["axis is 0.5", "whole number"]),
    "true for an axis": ({"axis": True}, ["axis"], "wrong_type", ["axis is true", "whole number"]),
    "a string for an axis": ({"axis": "1"}, ["axis"], "wrong_type", ['the string "1"', "whole number"]),
    "half an ignore_index": ({"ignore_index": 0.5}, ["ignore_index"], "wrong_type", ["0.5", "whole number"]),
    "an ignore_index of 65 bits": ({"ignore_index": 2**63}, ["ignore_index"], "wrong_type", ["64 bits"]),
    "1 for true": ({"from_logits": 1}, ["from_logits"], "wrong_type", ["from_logits is 1", "true or false"]),
    "a string for smoothing": ({"label_smoothing": "0.1"}, ["label_smoothing"], "wrong_type", ["a number"]),
    "true for smoothing": ({"label_smoothing": True}, ["label_smoothing"], "wrong_type", ["is true", "a number"]),
    "too much smoothing": ({"label_smoothing": 1.5}, ["label_smoothing"], "parameter_out_of_range", ["1.5", "0 to 1"]),
    "negative smoothing": (
        {"label_smoothing": -0.1},
        ["label_smoothing"],
        "parameter_out_of_range",
        ["-0.1", "0 to 1"],
    ),
    "a loss that is none": (
        {"loss_type": "hinge"},
        ["loss_type"],
        "unknown_value",
        ['"hinge"', "auto", "softmax_cross_entropy"],
    ),
    "a list for a loss": ({"loss_type": ["auto"]}, ["loss_type"], "unknown_value", ["a list", "auto"]),
    "a reduction that is none": (
        {"reduction": "average"},
        ["reduction"],
        "unknown_value",
        ['"average"', "weighted_mean"],
    ),
    "a string for a list": ({"include": "gradient"}, ["include"], "wrong_type", ['"gradient"', "list"]),
    "an output that is none": (
        {"include": ["gradients"]},
        ["include", 0],
        "unknown_value",
        ['"gradients"', "gradient"],
    ),
    "eleven of ten outputs": ({"include": ["gradient"] * 11}, ["include"], "wrong_type", ["once"]),
    "pos_weight for classes": ({"pos_weight": 2}, ["pos_weight"], "unexpected_parameter", ["class_weights"]),
    "class weights for questions": (
        {"labels": 1, "class_weights": [1, 2, 3]},
        ["class_weights"],
        "unexpected_parameter",
        ["pos_weight"],
    ),
    "pos_weight for a plain sigmoid": (
        {"labels": 1, "pos_weight": 2, **SIGMOID},
        ["pos_weight"],
        "unexpected_parameter",
        ["weighted_cross_entropy"],
    ),
    "ignore_index for distributions": (
        {"labels": [[0, 1, 0], [0, 0, 1]], "ignore_index": 1, **SOFTMAX},
        ["ignore_index"],
        "unexpected_parameter",
        ["sparse_softmax_cross_entropy"],
    ),
    "a weighted loss without pos_weight": (
        {"labels": 1, "loss_type": "weighted_cross_entropy"},
        ["pos_weight"],
        "missing_parameter",
        ["weighted_cross_entropy"],
    ),
}


@pytest.mark.parametrize(("changes", "place", "code", "words"), INVALID.values(), ids=[*INVALID])
def test_what_cannot_be_computed_is_refused_with_its_place_and_reason(
    client: httpx.Client, changes: dict[str, Any], place: list[Any], code: str, words: list[str]
) -> None:
    content = problem(client.post("/v1/loss", json=BATCH | changes), 422)
    (error,) = content["errors"]
    assert error["loc"] == ["body", *place]
    assert error["code"] == code
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    assert content["detail"] == f"{path} {error['message']}"
    assert error["message"].split()[0] in VERBS
    assert [word for word in words if word not in content["detail"]] == []


@pytest.mark.parametrize("field", ["logits", "labels"])
@pytest.mark.parametrize("absent", ["left out", "null"])
def test_a_required_field_is_named_when_absent(client: httpx.Client, field: str, absent: str) -> None:
    body = {name: value for name, value in BATCH.items() if name != field or absent == "null"}
    content = problem(client.post("/v1/loss", json=body | ({field: None} if absent == "null" else {})), 422)
    assert content["errors"] == [{"loc": ["body", field], "code": "missing", "message": "is absent; it is required"}]
    assert content["detail"] == f"{field} is absent; it is required"


def test_everything_that_is_wrong_with_the_form_is_said_at_once(client: httpx.Client) -> None:
    body = {"logits": [[SECRET, 1], [2]], "axis": "last", "from_logits": None, "wieghts": [SECRET]}
    content = problem(client.post("/v1/loss", json=body), 422)
    places = {(error["loc"][1], error["code"]) for error in content["errors"]}
    assert places == {("logits", "ragged"), ("labels", "missing"), ("axis", "wrong_type"), ("wieghts", "unknown_field")}
    assert content["detail"].endswith("(and 3 more)")


def test_the_detail_is_of_the_most_useful_error_not_the_first(client: httpx.Client) -> None:
    """A required field that has another name elsewhere is absent because of its name."""
    content = problem(client.post("/v1/loss", json={"y_true": [SECRET], "y_pred": [[SECRET]]}), 422)
    assert content["detail"] == "y_true is not a field of this request; it is labels here (and 3 more)"
    assert [error["code"] for error in content["errors"]] == ["unknown_field"] * 2 + ["missing"] * 2


@pytest.mark.parametrize("count", [5_000, 50_000], ids=["in a short body", "in a long one"])
def test_thousands_of_fields_are_refused_in_one_error(client: httpx.Client, count: int) -> None:
    content = problem(client.post("/v1/loss", json=BATCH | {"other": {f"field{i}": SECRET for i in range(count)}}), 422)
    message = "has more than 4096 fields in total, the maximum"
    assert content["errors"] == [{"loc": ["body"], "code": "unknown_field", "message": message}]


def test_a_name_that_helps_is_named_though_twenty_other_things_are_wrong(client: httpx.Client) -> None:
    fields = {"logits": SECRET, "axis": "x"} | {f"field{i}": SECRET for i in range(19)}
    content = problem(client.post("/v1/loss", json=fields | {"reduction": "batchmean"}), 422)
    assert content["detail"].startswith('reduction is the string "batchmean"; ')
    assert "it is mean here" in content["detail"]


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/losses/BCELoss", 404), ("/v2/models/BCELoss", 404), ("/v2/models/BCELoss/infer", 404)]
)
def test_a_loss_that_has_another_name_elsewhere_is_told_ours(client: httpx.Client, path: str, status: int) -> None:
    response = client.post(path, json={}) if path.endswith("infer") else client.get(path)
    assert response.status_code == status
    assert "it is sigmoid_cross_entropy here (from_logits false)" in response.text


@pytest.mark.parametrize(
    ("inputs", "parameters", "error"),
    [
        ({"y_pred": [1, 2], "labels": [1]}, {}, "it is logits here with from_logits false"),
        ({"logits": [1, 2], "target": [1]}, {}, "it is labels here"),
        ({"logits": [1, 2], "labels": [1], "wieghts": [1]}, {}, "did you mean weights?"),
        ({"logits": [1, 2], "labels": [1], "zzz": [1]}, {}, "is no input of this model; there are logits, labels"),
        ({"logits": [1, 2], "labels": [1]}, {"reduction": "sum_over_batch_size"}, "it is mean here"),
        ({"logits": [1, 2], "labels": [1]}, {"ignore_class": 1}, "it is ignore_index here"),
    ],
)
def test_the_open_inference_protocol_is_told_our_names_too(
    client: httpx.Client, inputs: dict[str, list[int]], parameters: dict[str, Any], error: str
) -> None:
    tensors = [
        {"name": name, "shape": [1, len(data)][-1 if len(data) == 1 else 0 :], "datatype": "FP64", "data": data}
        for name, data in inputs.items()
    ]
    response = client.post("/v2/models/auto/infer", json={"inputs": tensors, "parameters": parameters})
    assert response.status_code == 400
    assert error in response.json()["error"]


def test_no_more_than_twenty_things_are_named(client: httpx.Client) -> None:
    content = problem(client.post("/v1/loss", json={f"field{i}": SECRET for i in range(30)}), 422)
    assert len(content["errors"]) == MOST_ENTRIES
    assert [error["code"] for error in content["errors"][:3]] == ["missing", "missing", "unknown_field"]


@pytest.mark.parametrize(
    ("body", "found"), [("null", "null"), ("[]", "a list"), ('"x"', '"x"'), ("5", "5"), ("true", "true")]
)
def test_json_that_is_no_object_is_refused(client: httpx.Client, body: str, found: str) -> None:
    content = problem(client.post("/v1/loss", content=body, headers=JSON), 422)
    assert content["errors"][0]["loc"] == ["body"]
    assert found in content["detail"]
    assert "a JSON object was expected" in content["detail"]


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ('{"logits": [[1, 2], [3, NaN]], "labels": [0, 1]}', ["body", "logits", 1, 1], "nan"),
        ('{"logits": [[1, 2], [3, 4]], "labels": [0, NaN]}', ["body", "labels", 1], "nan"),
        ('{"logits": [[1, 2], [3, 4]], "labels": [0, 1], "weights": NaN}', ["body", "weights"], "nan"),
        ('{"logits": [1], "labels": 1, "label_smoothing": NaN}', ["body", "label_smoothing"], "parameter_out_of_range"),
        ('{"logits": [1], "labels": 1, "axis": NaN}', ["body", "axis"], "wrong_type"),
    ],
    ids=["logits", "labels", "weights", "label_smoothing", "axis"],
)
def test_a_bare_nan_is_found_where_it_stands(client: httpx.Client, body: str, place: list[Any], code: str) -> None:
    """No JSON, but what Python's json writes: so it is read, and refused where it stands."""
    (error,) = problem(client.post("/v1/loss", content=body, headers=JSON), 422)["errors"]
    assert (error["loc"], error["code"]) == (place, code)


@pytest.mark.parametrize("number", ["1" + "0" * 400, "9" * 4000, "9" * 5000], ids=["400", "4000", "5000"])
@pytest.mark.parametrize("field", ["logits", "labels", "axis", "ignore_index", "label_smoothing"])
def test_a_number_of_very_many_digits_is_refused_beside_a_nan_too(
    client: httpx.Client, field: str, number: str
) -> None:
    value = f"[1, {number}, NaN]" if field in ("logits", "labels") else number
    fields = {"logits": "[1, 2, NaN]", "labels": "[1, 0, 1]", field: value}
    body = "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"
    response = client.post("/v1/loss", content=body, headers=JSON)
    problem(response, 400 if response.status_code == 400 else 422)


# --- 400: what is no JSON

NO_JSON: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n ", "empty"),
    "text": (b"logits=1", "line 1, column 1"),
    "an end too soon": (b'{"logits": [[7654321.125, 2],', "line 1"),
    "an end too late": (b'{"logits": [1], "labels": 1} }', "line 1, column 30"),
    "a trailing comma": (b'{"logits": [1, 2,]}', "line 1"),
    "single quotes": (b"{'logits': [1]}", "line 1, column 2"),
    "bytes of no encoding": (b'{"logits": "\xff\xfe"}', "UTF-8"),
    "an encoding of its own": ('{"logits": [1]}'.encode("utf-16"), "UTF-8"),
    "a lone surrogate": (b'{"logits": "\\ud800"}', "surrogate"),
    "a bare Infinity": (b'{"logits": [7654321.125, Infinity], "labels": 1}', 'the string "Infinity"'),
    "a bare -Infinity": (b'{"logits": [7654321.125, -Infinity], "labels": 1}', 'the string "-Infinity"'),
    "a bare Infinity after a NaN": (b'{"logits": [NaN, Infinity], "labels": 1}', 'the string "Infinity"'),
    "a NaN and rubbish": (b'{"logits": [NaN, 7654321.125 rubbish', "NaN"),
    "a number beyond float64": (b'{"logits": [1e999], "labels": 1}', "line 1"),
    "too deep": (b"[" * 5000 + b"]" * 5000, "more than 64 deep"),
    "too deep with a NaN": (b"[NaN, " + b"[" * 5000 + b"]" * 5001, "more than 64 deep"),
}


@pytest.mark.parametrize(("body", "words"), NO_JSON.values(), ids=[*NO_JSON])
def test_what_is_no_json_is_refused_with_its_place(client: httpx.Client, body: bytes, words: str) -> None:
    content = problem(client.post("/v1/loss", content=body, headers=JSON), 400)
    (error,) = content["errors"]
    assert (error["loc"], error["code"]) == (["body"], "not_json")
    assert words in content["detail"]


# --- 404, 405, 413, 415: HTTP's own


@pytest.mark.parametrize("path", ["/v1", "/v1/los", "/v1/loss/", "/docs/..%2Fsettings.py", "/%00", "/" + "x" * 5000])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_not_found(client: httpx.Client, method: str, path: str) -> None:
    assert "/docs" in problem(client.request(method, path), 404)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/loss", "POST"),
        ("HEAD", "/v1/loss", "POST"),
        ("OPTIONS", "/v1/loss", "POST"),
        ("DELETE", "/v1/loss", "POST"),
        ("POST", "/livez", "GET"),
        ("POST", "/docs", "GET"),
        ("PUT", "/openapi.json", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert allowed in response.headers["allow"].split(", ")
    if method == "HEAD":
        assert response.content == b""
    else:
        assert "Allow" in problem(response, 405)["detail"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/openapi.json"])
def test_head_works_wherever_get_does(client: httpx.Client, path: str) -> None:
    """RFC 9110: all general-purpose servers support GET and HEAD. Load balancers count on it."""
    response = client.head(path)
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["content-type"] == client.get(path).headers["content-type"]


MEDIA_TYPES = {
    "none": None,
    "empty": b"",
    "text": b"text/plain",
    "a form": b"application/x-www-form-urlencoded",
    "several": b"application/json, text/plain",
    "text that says it is JSON": b"text/x+json",
    "not even ASCII": b"\xe9\xff/;;;",
    "very long": b"x/" + b"y" * 10_000,
}


@pytest.mark.parametrize("media_type", MEDIA_TYPES.values(), ids=[*MEDIA_TYPES])
def test_a_body_of_another_media_type_is_refused(client: httpx.Client, media_type: bytes | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    response = client.post("/v1/loss", content=b'{"logits": [1], "labels": 1}', headers=headers)
    assert "application/json was expected" in problem(response, 415)["detail"]
    assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.batch+json"]
)
def test_json_may_be_called_by_its_other_names(client: httpx.Client, media_type: str) -> None:
    body = b'{"logits": [1], "labels": 1}'
    assert client.post("/v1/loss", content=body, headers={"Content-Type": media_type}).status_code == 200


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that takes a hundred bytes."""
    with Server(tmp_path_factory.mktemp("narrow") / "log", XENT_MAX_BODY_BYTES="100") as running:
        yield running
    assert running.complaints == []


def in_pieces(body: bytes, size: int = 30) -> Iterator[bytes]:
    """A body whose length is not announced."""
    yield from (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("sent", [bytes, in_pieces], ids=["whole", "chunked"])
def test_a_body_is_taken_up_to_the_limit_and_refused_beyond(narrow: Server, sent: Callable[[bytes], Any]) -> None:
    body = b'{"logits": [1], "labels": 1}'
    with narrow.client(headers=JSON) as client:
        assert client.post("/v1/loss", content=sent(body.ljust(100))).status_code == 200
        content = problem(client.post("/v1/loss", content=sent(body.ljust(101))), 413)
        assert "100 bytes" in content["detail"]
        assert "XENT_MAX_BODY_BYTES" in content["detail"]


HEAD = b"POST /v1/loss HTTP/1.1\r\nHost: xent\r\nContent-Type: application/json\r\n"


def test_an_announced_length_over_the_limit_is_refused_before_the_body_comes(server: Server) -> None:
    with server.connection() as wire:
        wire.sendall(HEAD + b"Content-Length: 1000000000000\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 413 ")


# --- However broken the body is


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that reads what the default limit would refuse."""
    with Server(tmp_path_factory.mktemp("roomy") / "log", XENT_MAX_BODY_BYTES="200000000") as running:
        yield running
    assert running.complaints == []


def hundred_megabytes_of_rubbish() -> bytes:
    return os.urandom(1_000_000) * 100


# 413 where reading it would take more than a body's share: then no field is to blame, and no code is there.
COLOSSAL: dict[str, tuple[Callable[[], bytes], int, str | None]] = {
    "100 MB of rubbish": (hundred_megabytes_of_rubbish, 413, None),
    "100 MB of brackets": (lambda: b"[" * 100_000_000, 413, None),
    "100 MB of blanks": (lambda: b" " * 100_000_000, 400, "not_json"),
    "a string of 100 MB": (lambda: b'"' + b"7654321" * 14_000_000 + b'"', 413, None),
    "logits that are a string of 100 MB": (
        lambda: b'{"labels": 1, "logits": "' + b"7654321" * 14_000_000 + b'"}',
        413,
        None,
    ),
    "a loss type of 100 MB": (
        lambda: b'{"labels": 1, "logits": [1], "loss_type": "' + b"7654321" * 14_000_000 + b'"}',
        413,
        None,
    ),
    "a key of 100 MB": (
        lambda: b'{"labels": 1, "logits": [1], "' + b"k" * 100_000_000 + b'": 1}',
        413,
        None,
    ),
    "a number of 100 MB": (lambda: b'{"labels": 1, "logits": [' + b"7" * 100_000_000 + b"]}", 422, "not_numeric"),
    "10 million strings for logits": (
        lambda: b'{"labels": 1, "logits": [' + b'"abcdefg",' * 10_000_000 + b"1]}",
        422,
        "not_numeric",
    ),
    "a million strings to include": (
        lambda: b'{"labels": 1, "logits": [1], "include": [' + b'"abcdefg",' * 1_000_000 + b'"x"]}',
        413,
        None,
    ),
    "a million unknown fields": (
        lambda: b'{"labels": 1, "logits": [1], ' + b",".join(b'"%x": 7654321' % i for i in range(1_000_000)) + b"}",
        422,
        "unknown_field",
    ),
    "30 unknown fields of control characters": (
        lambda: (
            b'{"labels": 1, "logits": [1], ' + b",".join(b'"%d%s": 1' % (i, rb"\u0001" * 200) for i in range(30)) + b"}"
        ),
        422,
        "unknown_field",
    ),
    "a million empty rows": (lambda: b'{"labels": 1, "logits": [' + b"[]," * 1_000_000 + b"[]]}", 422, "empty"),
    "a million rows, the last of another length": (
        lambda: b'{"labels": 1, "logits": [' + b"[7654321]," * 1_000_000 + b"[1, 2]]}",
        422,
        "ragged",
    ),
    "depth 1000 and 10 million numbers": (
        lambda: b'{"labels": 1, "logits": ' + b"[" * 1000 + b"7654321," * 10_000_000 + b"1" + b"]" * 1000 + b"}",
        422,
        "wrong_shape",
    ),
}


@pytest.mark.parametrize(("make", "status", "code"), COLOSSAL.values(), ids=[*COLOSSAL])
def test_the_response_is_short_and_quick_however_broken_the_body(
    roomy: Server, make: Callable[[], bytes], status: int, code: str | None
) -> None:
    body = make()
    with roomy.client(headers=JSON) as client:
        before = roomy.cpu_seconds
        response = client.post("/v1/loss", content=body)
        assert roomy.cpu_seconds - before < A_FEW_SECONDS
        assert [error["code"] for error in problem(response, status)["errors"]][:1] == ([code] if code else [])
        assert client.get("/livez").status_code == 200


@pytest.mark.parametrize("sent", [bytes, in_pieces], ids=["whole", "chunked"])
def test_by_default_a_hundred_megabytes_are_refused_unread(
    server: Server, client: httpx.Client, sent: Callable[..., Any]
) -> None:
    body = hundred_megabytes_of_rubbish()
    before = server.cpu_seconds
    pieces = body if sent is bytes else sent(body, 1 << 20)
    problem(client.post("/v1/loss", content=pieces, headers=JSON), 413)
    assert server.cpu_seconds - before < A_FEW_SECONDS


@pytest.mark.parametrize(("rows", "columns"), [(40_000, 100), (1_000_000, 1)], ids=["wide rows", "rows of one"])
def test_the_service_responds_while_a_large_batch_is_computed(roomy: Server, rows: int, columns: int) -> None:
    """A large batch's decoding, computing and encoding leave the event loop: nobody waits for all of it."""
    row = b"[" + b",".join([b"0.25"] * columns) + b"]"
    body = b'{"labels": 1, "include": ["gradient", "elements"], "logits": [' + b",".join([row] * rows) + b"]}"
    took: list[float] = []

    def post() -> None:
        start = time.monotonic()
        with roomy.client(headers=JSON) as client:
            assert client.post("/v1/loss", content=body).status_code == 200
        took.append(time.monotonic() - start)

    large = threading.Thread(target=post)
    large.start()
    waits = []
    with roomy.client() as client:
        while large.is_alive():
            start = time.monotonic()
            assert client.get("/livez").status_code == 200
            waits.append(time.monotonic() - start)
            time.sleep(0.01)
    assert took, "the large batch got no response"
    assert len(waits) > 5
    assert max(waits) < took[0] / 2


# --- Clients that disconnect


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 1000\r\n\r\n",
        HEAD + b'Content-Length: 1000\r\n\r\n{"logits": [',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"logits": [\r\n',
        HEAD + b'Content-Length: 28\r\n\r\n{"logits": [1], "labels": 1}',
    ],
    ids=["before the body", "in mid-body", "in a chunked body", "before the response"],
)
@pytest.mark.parametrize("rudely", [False, True], ids=["closing", "resetting"])
def test_a_client_that_disconnects_leaves_no_trace(
    client: httpx.Client, server: Server, sent: bytes, rudely: bool
) -> None:
    reported = server.complaints
    with server.connection() as wire:
        wire.sendall(sent)
        if rudely:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert client.get("/livez").status_code == 200
    assert server.complaints == reported


def test_a_client_that_disconnects_while_a_batch_is_computed_leaves_no_trace(server: Server) -> None:
    reported = server.complaints
    body = b'{"labels": 1, "logits": [' + b"0.5," * 1_000_000 + b"1]}"
    with server.connection() as wire:
        wire.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    # By the time that two more like it got their responses, its own has met the closed connection.
    with server.client(headers=JSON) as plain:
        for _ in range(2):
            assert plain.post("/v1/loss", content=body).status_code == 200
    assert server.complaints == reported


def test_after_all_this_the_service_responds_and_has_nothing_to_report(
    client: httpx.Client, server: Server, roomy: Server, narrow: Server
) -> None:
    assert client.post("/v1/loss", json={"logits": [1], "labels": 1}).status_code == 200
    for each in (server, roomy, narrow):
        assert each.process.poll() is None
        assert each.complaints == []
