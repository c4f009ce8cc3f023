"""Good requests, and whether what comes back is right to the last bit."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from backports import zstd
from numpy.typing import NDArray

from benchmarks.faults.wire import Answer, Request
from xent_core import evaluate
from xent_core.results import Evaluation

Array = NDArray[Any]
JSON = {"Content-Type": "application/json"}
LENGTH = "Inference-Header-Content-Length"


class Good(NamedTuple):
    """A request, and what is wrong with an answer to it: nothing, where that is empty."""

    name: str
    request: Request
    fault: Callable[[Answer], str]


def good_requests(seed: int) -> list[Good]:
    """Of each form and size, small ones more than once. Another seed gives other numbers in all of them."""
    random = np.random.default_rng(seed)
    small = [make(random) for make in (sparse_lists, sigmoid_lists, soft_labels_lists, small_binary) for _ in range(5)]
    return small + [make(random) for make in (weighted_gzip, soft_labels_zstd, deflated, tensors, gradients, binary)]


def sparse_lists(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((32, 10)) * 3, random.integers(0, 10, 32)
    return in_json("JSON lists, 32×10", {"logits": logits, "labels": labels})


def sigmoid_lists(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((16, 7)), random.integers(0, 2, (16, 7))
    fields = {"loss_type": "sigmoid_cross_entropy", "reduction": "sum", "include": ["probabilities"]}
    return in_json("JSON lists, 16×7, sigmoid", {"logits": logits, "labels": labels}, fields)


def soft_labels_lists(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((40, 20)), random.dirichlet(np.ones(20), 40)
    fields = {"loss_type": "softmax_cross_entropy", "label_smoothing": 0.1, "include": ["gradient"]}
    return in_json("JSON lists, 40×20, soft labels, gradient", {"logits": logits, "labels": labels}, fields)


def weighted_gzip(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((200, 100)), random.integers(0, 2, (200, 100))
    fields = {"loss_type": "weighted_cross_entropy", "pos_weight": 3.5}
    good = in_json("JSON lists, 200×100, pos_weight, gzip", {"logits": logits, "labels": labels}, fields)
    return compressed(good, "gzip", gzip.compress)


def deflated(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((256, 100)), random.integers(0, 100, 256)
    good = in_json("JSON lists, 256×100, deflate", {"logits": logits, "labels": labels})
    return compressed(good, "deflate", zlib.compress)


def soft_labels_zstd(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((128, 50)), random.dirichlet(np.ones(50), 128)
    good = in_json("JSON lists, 128×50, soft labels, zstd", {"logits": logits, "labels": labels})
    return compressed(good, "zstd", zstd.compress)


def tensors(random: np.random.Generator) -> Good:
    logits, labels = random.standard_normal((256, 1000), np.float32), random.integers(0, 1000, 256)
    return in_tensors("base64, 256×1000", {"logits": logits, "labels": labels})


def gradients(random: np.random.Generator) -> Good:
    logits = random.standard_normal((128, 1000)).astype(np.float16)
    fields = {"include": ["gradient", "elements"]}
    labels = random.integers(0, 1000, 128)
    return in_tensors("base64, 128×1000, float16, gradient", {"logits": logits, "labels": labels}, fields)


def binary(random: np.random.Generator) -> Good:
    return in_frame("V2 binary, 256×1000", random.standard_normal((256, 1000), np.float32), random)


def small_binary(random: np.random.Generator) -> Good:
    return in_frame("V2 binary, 32×10", random.standard_normal((32, 10), np.float32), random)


def in_json(name: str, arrays: Mapping[str, Array], fields: Mapping[str, Any] | None = None) -> Good:
    lists = {key: array.tolist() for key, array in arrays.items()}
    body = json.dumps({**lists, **(fields or {})}).encode()
    return Good(name, Request("/v1/loss", JSON, body), expecting(computed(arrays, fields), from_list))


def in_tensors(name: str, arrays: Mapping[str, Array], fields: Mapping[str, Any] | None = None) -> Good:
    objects = {key: tensor(array) for key, array in arrays.items()}
    body = json.dumps({**objects, **(fields or {}), "encoding": "base64"}).encode()
    return Good(name, Request("/v1/loss", JSON, body), expecting(computed(arrays, fields), from_tensor))


def computed(arrays: Mapping[str, Array], fields: Mapping[str, Any] | None) -> Evaluation:
    arguments: dict[str, Any] = {**arrays, **(fields or {})}
    return evaluate(**arguments)


def tensor(array: Array) -> dict[str, Any]:
    return {"dtype": array.dtype.name, "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}


def compressed(good: Good, coding: str, compress: Callable[[bytes], bytes]) -> Good:
    headers = {**good.request.headers, "Content-Encoding": coding}
    return good._replace(request=good.request._replace(headers=headers, body=compress(good.request.body)))


def from_list(value: Any) -> bytes:
    return np.array(value, np.float64).tobytes()


def from_tensor(value: Any) -> bytes:
    return base64.b64decode(value["data"])


def expecting(result: Evaluation, to_bytes: Callable[[Any], bytes]) -> Callable[[Answer], str]:
    """What is wrong with an answer of /v1/loss that should hold this result."""
    named = ("per_sample", "elements", "gradient", "probabilities")
    arrays = {name: array.tobytes() for name in named if (array := getattr(result, name)) is not None}

    def fault(answer: Answer) -> str:
        document = answer.document()
        if document["loss_type"] != result.loss_type:
            return f"loss_type is {document['loss_type']}"
        if document["reduced"] != (result.reduced and {"reduction": result.reduced.reduction, **sums(result)}):
            return f"reduced is {document['reduced']}, not {result.reduced}"
        if document["recommendation"]["loss_type"] != result.recommendation.loss_type:
            return "another loss is recommended"
        if [warning["code"] for warning in document["warnings"]] != [warning.code for warning in result.warnings]:
            return "there are other warnings"
        return ", ".join(f"{name} differs" for name, array in arrays.items() if to_bytes(document[name]) != array)

    return fault


def sums(result: Evaluation) -> dict[str, Any]:
    reduced = result.reduced
    return {name: getattr(reduced, name) for name in ("value", "numerator", "denominator")} if reduced else {}


def in_frame(name: str, logits: Array, random: np.random.Generator) -> Good:
    """In the Open Inference Protocol, with the bytes of its tensors behind the JSON."""
    labels = random.integers(0, logits.shape[1], logits.shape[0])
    inputs = [frame_input("logits", "FP32", logits), frame_input("labels", "INT64", labels)]
    document = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    headers = {"Content-Type": "application/octet-stream", LENGTH: str(len(document))}
    body = document + logits.tobytes() + labels.tobytes()
    request = Request("/v2/models/sparse_softmax_cross_entropy/infer", headers, body)
    return Good(name, request, expecting_frame(evaluate(logits, labels)))


def frame_input(name: str, datatype: str, array: Array) -> dict[str, Any]:
    size = {"binary_data_size": array.nbytes}
    return {"name": name, "datatype": datatype, "shape": array.shape, "parameters": size}


def expecting_frame(result: Evaluation) -> Callable[[Answer], str]:
    def fault(answer: Answer) -> str:
        document, at = answer.document(), answer.length_of_document
        found = {}
        for output in document["outputs"]:
            size = output["parameters"]["binary_data_size"]
            found[output["name"]] = answer.body[at : at + size]
            at += size
        expected = {"per_sample": result.per_sample.tobytes(), "loss": np.float64(sums(result)["value"]).tobytes()}
        if at != len(answer.body) or document["parameters"]["loss_type"] != result.loss_type:
            return "the frame is another"
        return ", ".join(f"{name} differs" for name, array in expected.items() if found.get(name) != array)

    return fault
