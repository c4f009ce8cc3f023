"""Makes sampled_softmax.jsonl, TensorFlow's own numbers for sampled softmax, for tests/xent_core/test_sampled.py.

    .venv-golden/bin/python tests/golden/make_sampled_softmax.py

The environment is that of make_vectors.py. The same version on the same kind of processor gives the same bytes.

A line is one case: a layer, its inputs and labels, what one of TensorFlow's samplers drew for them, and the losses.
`num_tries` is how many tries the sampler must have taken, found from its expected counts. Only draws in which some
class came up twice are taken: for the others TensorFlow writes n · p, by contract it is −expm1(n · log1p(−p)).

tf.nn.sampled_softmax_loss always subtracts log q. Without, the losses come from the function that it is made of.
TensorFlow's samplers know float32 only: for float64 their expected counts are converted.

Every case is compared with the formula in extended precision first.
"""

import json
import os
from collections.abc import Iterator
from itertools import count, product
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.ops.nn_impl import _compute_sampled_logits

HERE = Path(__file__).parent
SAMPLERS = {"log_uniform": tf.random.log_uniform_candidate_sampler, "uniform": tf.random.uniform_candidate_sampler}
ROWS, WIDTH = 5, 3
# (classes, candidates): a few of many, and all that there are.
SIZES = ((40, 12), (6, 6))
MOST_TRIES = 2000

Array = NDArray[Any]


def probabilities(sampler: str, classes: int) -> Array:
    if sampler == "uniform":
        return np.full(classes, 1 / classes)
    return np.log1p(1 / (np.arange(classes) + 1.0)) / np.log(classes + 1)


def num_tries(counts: Array, probability: Array, num_sampled: int) -> int | None:
    """The one number of tries that gives these expected counts; None where it is that of the candidates."""
    tries = np.arange(num_sampled, MOST_TRIES)
    expected = -np.expm1(tries[:, None] * np.log1p(-probability.ravel()))
    fits = tries[(np.abs(expected / counts.ravel() - 1) < 2e-6).all(axis=1)]
    assert len(fits) <= 1, fits
    return int(fits[0]) if len(fits) else None


def draw(sampler: str, labels: Array, num_sampled: int, classes: int) -> tuple[list[Array], int]:
    """Candidates and expected counts with some label among the candidates, and the number of tries they took."""
    probability = probabilities(sampler, classes)
    for seed in count(1):
        tf.random.set_seed(seed)
        drawn = SAMPLERS[sampler](labels, labels.shape[1], num_sampled, True, classes, seed=seed)
        candidates, true_count, sampled_count = (tensor.numpy() for tensor in drawn)
        tries = num_tries(
            np.concatenate([true_count.ravel(), sampled_count]),
            np.concatenate([probability[labels].ravel(), probability[candidates]]),
            num_sampled,
        )
        if tries is not None and np.isin(labels, candidates).any():
            return [candidates, true_count, sampled_count], tries
    raise AssertionError


def losses(
    layer: tuple[Array, Array, Array], labels: Array, values: list[Array], classes: int, options: dict[str, bool]
) -> Array:
    weights, biases, inputs = map(tf.constant, layer)
    candidates, *counts = values
    sampled_values = (tf.constant(candidates), *(tf.constant(each.astype(inputs.dtype.name)) for each in counts))
    arguments = {
        "weights": weights,
        "biases": biases,
        "labels": tf.constant(labels),
        "inputs": inputs,
        "num_sampled": len(candidates),
        "num_classes": classes,
        "num_true": labels.shape[1],
        "sampled_values": sampled_values,
        "remove_accidental_hits": options["remove_accidental_hits"],
    }
    if options["subtract_log_q"]:
        return tf.nn.sampled_softmax_loss(**arguments).numpy()
    logits, targets = _compute_sampled_logits(**arguments, subtract_log_q=False)
    return tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits).numpy()


def reference(layer: tuple[Array, Array, Array], labels: Array, values: list[Array], options: dict[str, bool]) -> Array:
    weights, biases, inputs = (array.astype(np.longdouble) for array in layer)
    candidates, true_count, sampled_count = values
    logits = inputs @ weights.T + biases
    of_labels, of_candidates = np.take_along_axis(logits, labels, axis=1), logits[:, candidates]
    if options["subtract_log_q"]:
        of_labels = of_labels - np.log(true_count.astype(np.longdouble))
        of_candidates = of_candidates - np.log(sampled_count.astype(np.longdouble))
    if options["remove_accidental_hits"]:
        hit = (labels[:, :, None] == candidates).any(axis=1)
        of_candidates = np.where(hit, -np.inf, of_candidates)
    sums = np.exp(of_labels).sum(axis=1) + np.exp(of_candidates).sum(axis=1)
    return np.log(sums) - of_labels.mean(axis=1)


def cases() -> Iterator[dict[str, Any]]:
    forms = product(SAMPLERS, SIZES, (1, 3), (True, False), (True, False), ("float32", "float64"))
    for sampler, (classes, num_sampled), true, remove, subtract, dtype in forms:
        random = np.random.default_rng([classes, true])
        layer = tuple(
            random.standard_normal(shape).astype(dtype) for shape in ((classes, WIDTH), classes, (ROWS, WIDTH))
        )
        labels = random.permuted(np.tile(np.arange(classes), (ROWS, 1)), axis=1)[:, :true]
        values, tries = draw(sampler, labels, num_sampled, classes)
        options = {"remove_accidental_hits": remove, "subtract_log_q": subtract}
        expected = losses(layer, labels, values, classes, options)
        precision = 1e-13 if dtype == "float64" else 2e-6
        np.testing.assert_allclose(expected, reference(layer, labels, values, options).astype(float), rtol=precision)
        marks = [name for name, is_set in options.items() if is_set]
        weights, biases, inputs = (array.astype(float).tolist() for array in layer)
        yield {
            "name": " ".join([sampler, f"{num_sampled} of {classes}", f"{true} true", dtype, *marks]),
            "dtype": dtype,
            "weights": weights,
            "biases": biases,
            "inputs": inputs,
            "labels": labels.tolist(),
            "sampler": sampler,
            "num_tries": tries,
            "candidates": values[0].tolist(),
            "true_expected_count": values[1].astype(float).tolist(),
            "sampled_expected_count": values[2].astype(float).tolist(),
            "options": options,
            "expected": expected.astype(float).tolist(),
        }


def main() -> None:
    lines = [json.dumps(case, allow_nan=False) + "\n" for case in cases()]
    (HERE / "sampled_softmax.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
