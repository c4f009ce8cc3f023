"""Batches of logits and labels that can be computed, in each of the ways in which they can be sent."""

import base64
import math
import struct
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any, NamedTuple

REDUCTIONS = ["none", "sum", "mean", "weighted_mean", "mean_by_nonzero_weights"]
OUTPUTS = ["elements", "gradient", "probabilities"]
SIGMOIDS = ("sigmoid_cross_entropy", "weighted_cross_entropy")
LOSS_TYPES = (*SIGMOIDS, "softmax_cross_entropy", "sparse_softmax_cross_entropy")
# The dtypes of tensor objects with their names in the Open Inference Protocol and in `struct`.
FLOATS = {"float16": ("FP16", "e"), "bfloat16": ("BF16", "f"), "float32": ("FP32", "f"), "float64": ("FP64", "d")}
WHOLES = {
    **{f"int{bits}": (f"INT{bits}", code) for bits, code in zip((8, 16, 32, 64), "bhiq", strict=True)},
    **{f"uint{bits}": (f"UINT{bits}", code) for bits, code in zip((8, 16, 32, 64), "BHIQ", strict=True)},
}
DTYPES = FLOATS | WHOLES | {"bool": ("BOOL", "?")}


class Array(NamedTuple):
    """Numbers that its dtype holds exactly, in C order."""

    dtype: str
    shape: tuple[int, ...]
    values: list[float]

    @property
    def bytes(self) -> bytes:
        code = DTYPES[self.dtype][1]
        packed = struct.pack(f"<{len(self.values)}{code}", *self.values)
        return b"".join(packed[at + 2 : at + 4] for at in range(0, len(packed), 4)) if self.is_bfloat16 else packed

    @property
    def is_bfloat16(self) -> bool:
        return self.dtype == "bfloat16"

    @property
    def nested(self) -> Any:
        level: list[Any] = [_in_json(value) for value in self.values]
        for length in self.shape[:0:-1]:
            level = [level[at : at + length] for at in range(0, len(level), length)]
        return level if self.shape else level[0]

    @property
    def tensor_object(self) -> dict[str, Any]:
        return {"dtype": self.dtype, "shape": self.shape, "data": base64.b64encode(self.bytes).decode()}

    def input(self, name: str, *, binary: bool) -> dict[str, Any]:
        """As the Open Inference Protocol has it, where a single number has the shape [1]."""
        about = {"name": name, "shape": self.shape or (1,), "datatype": DTYPES[self.dtype][0]}
        if binary:
            return about | {"parameters": {"binary_data_size": len(self.bytes)}}
        return about | {"data": self.values}


def _in_json(value: float) -> float | str:
    """JSON has no infinities, and no bool is a number."""
    if isinstance(value, bool):
        return int(value)
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def array(random: Random, dtype: str, shape: tuple[int, ...], least: float, most: float) -> Array:
    """Numbers from `least` to `most`, as far as the dtype holds them."""
    count = math.prod(shape)
    if dtype not in FLOATS:
        low, high = math.ceil(least), math.floor(most)
        if dtype.startswith("uint") or dtype == "bool":
            low = max(low, 0)
        if dtype == "bool":
            high = min(high, 1)
        return Array(dtype, shape, [random.randint(low, high) for _ in range(count)])
    return rounded(dtype, shape, [random.uniform(least, most) for _ in range(count)])


def rounded(dtype: str, shape: tuple[int, ...], values: list[float]) -> Array:
    """The values as the dtype has them; towards 0, where that is bfloat16."""
    code = FLOATS[dtype][1]
    packed = struct.pack(f"<{len(values)}{code}", *values)
    if dtype == "bfloat16":
        packed = b"".join(b"\0\0" + packed[at + 2 : at + 4] for at in range(0, len(packed), 4))
    return Array(dtype, shape, [*struct.unpack(f"<{len(values)}{code}", packed)])


@dataclass(frozen=True)
class Batch:
    """A batch with all that `POST /v1/loss` takes beside it."""

    arrays: dict[str, Array]
    loss_type: str
    options: dict[str, Any] = field(default_factory=dict)
    include: tuple[str, ...] = ()

    @cached_property
    def as_lists(self) -> dict[str, Any]:
        return self._request({name: array.nested for name, array in self.arrays.items()})

    @cached_property
    def as_tensors(self) -> dict[str, Any]:
        return self._request({name: array.tensor_object for name, array in self.arrays.items()})

    def _request(self, arrays: dict[str, Any]) -> dict[str, Any]:
        return {**arrays, "loss_type": self.loss_type, **self.options, "include": self.include}

    def document(self, *, binary: bool) -> dict[str, Any]:
        """The request's document in the Open Inference Protocol."""
        names = ["per_sample", *([] if self.options.get("reduction") == "none" else ["loss"]), *self.include]
        return {
            "parameters": {**self.options, **({"binary_data_output": True} if binary else {})},
            "inputs": [array.input(name, binary=binary) for name, array in self.arrays.items()],
            "outputs": [{"name": name} for name in names],
        }

    @property
    def tail(self) -> bytes:
        """What stands behind the document of a binary request."""
        return b"".join(array.bytes for array in self.arrays.values())


def batch(random: Random) -> Batch:
    """A batch that fits: whatever may be combined is, in small."""
    loss_type = random.choice(LOSS_TYPES)
    sigmoid = loss_type in SIGMOIDS
    shape = tuple(random.randint(1, 4) for _ in range(random.randint(1, 4)))
    axis = random.randrange(-len(shape), len(shape))
    classes = shape[axis]
    samples = tuple(length for index, length in enumerate(shape) if index != axis % len(shape))
    from_logits = random.random() < 0.8
    logits = _logits(random, shape, axis, from_logits=from_logits)
    options: dict[str, Any] = {"axis": axis, "from_logits": from_logits, "reduction": random.choice(REDUCTIONS)}
    if random.random() < 0.3:
        options["label_smoothing"] = random.choice([0.0, 0.1, 1.0])
    arrays = {"logits": logits, "labels": _labels(random, loss_type, shape, axis)}
    if loss_type == "sparse_softmax_cross_entropy" and random.random() < 0.3:
        options["ignore_index"] = random.choice([0, -100])
    if random.random() < 0.4:
        arrays["weights"] = _weights(random, shape if sigmoid else samples, samples)
    if loss_type == "weighted_cross_entropy":
        one = random.random() < 0.5 or len(shape) == 1
        arrays["pos_weight"] = array(random, random.choice([*FLOATS]), () if one else (classes,), 0.25, 8)
    elif not sigmoid and random.random() < 0.3:
        arrays["class_weights"] = array(random, random.choice([*FLOATS]), (classes,), 0, 4)
    include = tuple(random.sample(OUTPUTS, random.randint(0, 3)))
    return Batch(arrays, loss_type, options, include)


def _logits(random: Random, shape: tuple[int, ...], axis: int, *, from_logits: bool) -> Array:
    dtype = random.choice([*FLOATS, *FLOATS, "int8", "int64", "uint16"] if from_logits else [*FLOATS])
    if not from_logits:
        return array(random, dtype, shape, 0.05, 1)
    spread = random.choice([1, 8, 100])
    logits = array(random, dtype, shape, -spread, spread)
    # A mask, but never of all classes.
    if dtype in FLOATS and shape[axis] > 1 and random.random() < 0.15:
        logits.values[random.randrange(len(logits.values))] = -math.inf
    return logits


def _labels(random: Random, loss_type: str, shape: tuple[int, ...], axis: int) -> Array:
    classes = shape[axis]
    samples = tuple(length for index, length in enumerate(shape) if index != axis % len(shape))
    if loss_type == "sparse_softmax_cross_entropy":
        indices = array(random, random.choice([*WHOLES]), samples, 0, classes - 1)
        return indices if random.random() < 0.7 else rounded(random.choice([*FLOATS]), samples, indices.values)
    if loss_type in SIGMOIDS:
        one = random.random() < 0.2
        return array(random, random.choice([*FLOATS, "bool", "uint8", "int64"]), () if one else shape, 0, 1)
    # Each row is one-hot, and the class axis need not be the last.
    at = axis % len(shape)
    inner = math.prod(shape[at + 1 :])
    right = [random.randrange(classes) for _ in range(math.prod(samples))]
    values = [
        float(right[index // (inner * classes) * inner + index % inner] == index // inner % classes)
        for index in range(math.prod(shape))
    ]
    return rounded(random.choice([*FLOATS]), shape, values)


def _weights(random: Random, elements: tuple[int, ...], samples: tuple[int, ...]) -> Array:
    dtype = random.choice([*FLOATS, "int64", "uint8"])
    broadcast = tuple(random.choice([1, length]) for length in elements)
    return array(random, dtype, random.choice([(), samples, broadcast]), 0, 3)


def recommend_request(random: Random) -> dict[str, Any]:
    """What `POST /v1/recommend` takes: a batch, or its labels with no more than the logits' shape."""
    whole = batch(random)
    request = {name: value for name, value in whole.as_tensors.items() if name != "include"}
    if random.random() < 0.5:
        del request["logits"]
        request["logits_shape"] = whole.arrays["logits"].shape
    return request


def sampled_request(random: Random) -> dict[str, Any]:
    """What `POST /v1/sampled-softmax` takes."""
    classes, inputs, depth = random.randint(2, 9), random.randint(1, 4), random.randint(1, 5)
    dtype = random.choice([*FLOATS])
    labels = random.choice([(inputs,), (inputs, random.randint(1, 3))])
    arrays = {
        "weights": array(random, dtype, (classes, depth), -2, 2),
        "biases": array(random, dtype, (classes,), -1, 1),
        "inputs": array(random, dtype, (inputs, depth), -3, 3),
        "labels": array(random, "int64", labels, 0, classes - 1),
    }
    if random.random() < 0.3:
        arrays["sample_weights"] = array(random, dtype, random.choice([(), (inputs,)]), 0, 2)
    as_tensors = random.random() < 0.5
    return {
        **{name: array.tensor_object if as_tensors else array.nested for name, array in arrays.items()},
        "num_sampled": random.randint(1, classes),
        "sampler": random.choice(["uniform", "log_uniform"]),
        "seed": random.choice([0, 7, 2**32 - 1]),
        "remove_accidental_hits": random.random() < 0.5,
        "subtract_log_q": random.random() < 0.5,
        "reduction": random.choice([each for each in REDUCTIONS if each != "weighted_mean"]),
        "encoding": random.choice(["list", "base64"]),
    }
