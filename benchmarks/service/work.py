"""The work that every server is given: bodies of each form, and the losses that must come back."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson
import torch
from numpy.typing import NDArray
from torch.nn import functional

Array = NDArray[Any]
Form = Literal["JSON", "V2 JSON", "tensor object", "V2 binary"]

# Of losses up to about 25, computed in float32 by most.
TOLERANCE = 1e-5
LENGTH_OF_HEADER = "Inference-Header-Content-Length"


class WrongAnswer(Exception):
    """A server that must not be measured: the message says why."""


class Size(NamedTuple):
    """Rows and classes."""

    rows: int
    classes: int

    def __str__(self) -> str:
        return f"{self.rows}×{self.classes}"

    @property
    def connections(self) -> int:
        """Many small requests arrive at once; of the large ones each connection holds a whole body."""
        logits = self.rows * self.classes
        return 16 if logits < 1000 else 4 if logits < 1_000_000 else 2


SIZES = (Size(32, 10), Size(256, 1000), Size(1024, 1000), Size(32, 32_000))


class Batch(NamedTuple):
    """Logits in float32, as a model gives them that is mostly right, class indices, and PyTorch's losses in float64.

    Of logits that know nothing of the labels xent says so, which is more work.
    """

    logits: Array
    labels: Array
    losses: Array


@lru_cache(maxsize=2)
def make_batch(size: Size) -> Batch:
    random = np.random.default_rng(size)
    logits = random.standard_normal(size, np.float32)
    logits *= 3
    labels = random.integers(0, size.classes, size.rows)
    logits[np.arange(size.rows), labels] += 5
    losses = functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels), reduction="none")
    return Batch(logits, labels, losses.numpy())


@dataclass(frozen=True)
class Body:
    """One request's body, in a file."""

    form: Form
    size: Size
    path: Path
    length: int
    headers: Mapping[str, str]


def write_body(form: Form, size: Size, folder: Path) -> Body:
    logits, labels, _ = make_batch(size)
    path = folder / f"{size.rows}x{size.classes}-{form.replace(' ', '-')}"
    content_type, pieces = "application/json", []
    headers = {}
    if form == "JSON":
        pieces = [to_json({"logits": logits, "labels": labels})]
    elif form == "V2 JSON":
        inputs = [v2_input("logits", logits, data=logits.ravel()), v2_input("labels", labels, data=labels)]
        pieces = [to_json({"inputs": inputs})]
    elif form == "tensor object":
        pieces = [to_json({"logits": tensor_object(logits), "labels": tensor_object(labels)})]
    else:
        named = {"logits": logits, "labels": labels}
        inputs = [v2_input(name, a, parameters={"binary_data_size": a.nbytes}) for name, a in named.items()]
        pieces = [to_json({"inputs": inputs, "parameters": {"binary_data_output": True}})]
        headers[LENGTH_OF_HEADER] = str(len(pieces[0]))
        content_type = "application/octet-stream"
        pieces += [array.tobytes() for array in named.values()]
    path.write_bytes(b"".join(pieces))
    return Body(form, size, path, sum(map(len, pieces)), {"Content-Type": content_type} | headers)


def to_json(document: object) -> bytes:
    """Numbers as short as their float32 allows."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def tensor_object(array: Array) -> dict[str, object]:
    return {"dtype": array.dtype.name, "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}


def v2_input(name: str, array: Array, **fields: object) -> dict[str, object]:
    datatype = {"float32": "FP32", "int64": "INT64"}[array.dtype.name]
    return {"name": name, "shape": array.shape, "datatype": datatype} | fields


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check(answer: Answer, body: Body) -> None:
    """Raises WrongAnswer, unless these are the body's losses and their mean."""
    if answer.status != 200:
        raise WrongAnswer(f"answers {answer.status}, {reason(answer.body)}")
    if answer.headers.get("content-type", "").startswith("text/plain"):
        if answer.body != b"%d" % body.length:
            raise WrongAnswer(f"read {answer.body[:20]!r} of {body.length} bytes")
        return
    try:
        losses, mean = read_losses(answer)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise WrongAnswer(f"answers in an unknown form ({type(error).__name__}: {error})") from error
    expected = make_batch(body.size).losses
    if losses.shape != expected.shape:
        raise WrongAnswer(f"answers losses of shape {losses.shape}, not {expected.shape}")
    if not np.allclose(losses, expected, rtol=TOLERANCE, atol=TOLERANCE):
        raise WrongAnswer(f"its losses are wrong by up to {np.abs(losses - expected).max():.3g}")
    if not np.isclose(mean, expected.mean(), rtol=TOLERANCE):
        raise WrongAnswer(f"its mean is {mean}, not {expected.mean()}")


def reason(body: bytes) -> str:
    """What an error says, as far as its form is known."""
    try:
        document = json.loads(body)
        text = document.get("detail") or document.get("error") or document
    except (ValueError, AttributeError):
        text = body.decode(errors="replace")
    return str(text)[:80]


def read_losses(answer: Answer) -> tuple[Array, float]:
    length = answer.headers.get(LENGTH_OF_HEADER.lower())
    end = len(answer.body) if length is None else int(length)
    document = json.loads(answer.body[:end])
    if "outputs" in document:
        named = {}
        for output in document["outputs"]:
            size = (output.get("parameters") or {}).get("binary_data_size")
            dtype = {"FP32": np.float32, "FP64": np.float64}[output["datatype"]]
            if size is None:
                array = np.array(output["data"], dtype)
            else:
                array, end = np.frombuffer(answer.body[end : end + size], dtype), end + size
            named[output["name"]] = array.ravel()
        return named["per_sample"], float(named["loss"][0])
    if "per_sample" in document:
        if not document["recommendation"]["reasons"] or "warnings" not in document:
            raise WrongAnswer("leaves out the recommendation or the warnings")
        return np.array(document["per_sample"]), document["reduced"]["value"]
    return np.array(document["losses"]), document["mean"]
