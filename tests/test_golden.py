"""xent_core.evaluate gives the frameworks' numbers. golden/make_vectors.py says how they came about."""

import json
from pathlib import Path
from typing import Any

import ml_dtypes  # noqa: F401 - teaches NumPy the name bfloat16
import numpy as np
import pytest
from numpy.typing import NDArray

import xent_core
from xent_core.losses import LOSSES

pytestmark = pytest.mark.unmeasured

VECTORS = Path(__file__).parent / "golden" / "vectors.jsonl"
CASES = [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]


def computed_in(case: dict[str, Any]) -> np.dtype[Any]:
    return np.dtype("float64" if case["dtype"] == "float64" else "float32")


def tolerance(case: dict[str, Any], output: str, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """4 ε · (the terms that a framework adds up + the number): what its rounding may amount to.

    The terms of a loss are x, max and log Σ exp, at most its row's largest finite |x| or 1, times weights;
    those of a sum are the losses' together, those of a mean at most the largest loss's. Those of a gradient
    are p and y, at most 1 (y/p by probabilities, which exceeds the gradient itself by little), times weights,
    divided as the loss is. A probability is the exponential of x − max, which makes x's absolute error a
    relative one. What is smaller than the dtype's normal numbers may be lost.
    """
    options = case["options"]
    logits = np.array(case["logits"], np.float64)
    magnitudes = np.maximum(np.abs(logits, where=np.isfinite(logits), out=np.zeros_like(logits)), 1)
    if not LOSSES[options["loss_type"]].is_elementwise:
        magnitudes = magnitudes.max(options.get("axis", -1), keepdims=True)
    is_mean = options["reduction"] not in ("none", "sum")

    if output == "elements":
        terms = magnitudes.reshape(expected.shape)
    elif output == "gradient":
        terms = np.array(1 / magnitudes.size if is_mean else 1)
    elif output == "probabilities":
        terms = magnitudes * expected
    elif output == "value" and options["reduction"] == "sum":
        terms = magnitudes.sum()
    else:
        terms = magnitudes.max()
    for weights in ("weights", "class_weights", "pos_weight"):
        terms = terms * max(1, np.abs(options.get(weights, 1)).max())
    precision = np.finfo(computed_in(case))
    return 4 * precision.eps * (terms + np.abs(expected)) + precision.tiny


FUNCTIONS = sorted({case["name"].split()[0] for case in CASES})
"""Those of the frameworks that the numbers are from."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_equals_the_framework(function: str) -> None:
    """Every case of the function is looked at, and all that are wrong are named."""
    cases = [case for case in CASES if case["name"].split()[0] == function]
    assert [f"{case['name']}: {wrong}" for case in cases if (wrong := difference(case))] == []


def difference(case: dict[str, Any]) -> str | None:
    """What is wrong with the evaluation of a case."""
    logits = np.array(case["logits"], np.float64).astype(case["dtype"])
    labels = np.array(case["labels"], case["label_dtype"])
    include = [name for name in ("elements", "gradient", "probabilities") if name in case["expected"]]
    evaluation = xent_core.evaluate(logits, labels, **case["options"], include=include)

    for output, values in case["expected"].items():
        expected = np.array(values, np.float64)
        if output == "value":
            actual = np.array(evaluation.reduced.value)
        else:
            actual = np.asarray(getattr(evaluation, output))
            if actual.dtype != computed_in(case):
                return f"{output} is {actual.dtype}"
        if actual.shape != expected.shape:
            return f"{output} has shape {actual.shape}, and not {expected.shape}"
        finite = np.isfinite(expected)
        if (actual != expected)[~finite].any():
            return f"{output} is {actual}, and not {expected}"
        error = np.abs(actual - np.where(finite, expected, 0))[finite]
        allowed = np.broadcast_to(tolerance(case, output, expected), expected.shape)[finite]
        if not (error <= allowed).all():
            return f"{output} is off by {(error / allowed).max():.3g} times what is allowed"
    return None
