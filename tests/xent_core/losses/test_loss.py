"""What the catalogue says of each loss is what the loss does."""

import inspect
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import xent_core
from xent_core import UnexpectedParameter, evaluate
from xent_core.advice.recommend import equivalents_of_example
from xent_core.losses import CATALOGUE, LOSS_TYPES, LOSSES

X = np.array([0.5, -1.25, 2.0, 0.0])
LABELS: dict[str, Any] = {
    "sigmoid_cross_entropy": np.array([0, 1, 0.25, 1]),
    "weighted_cross_entropy": np.array([0, 1, 0.25, 1]),
    "softmax_cross_entropy": np.array([0.1, 0.2, 0.3, 0.4]),
    "sparse_softmax_cross_entropy": 2,
    "sigmoid_focal_cross_entropy": np.array([0, 1, 0.25, 1]),
    "softmax_focal_cross_entropy": np.array([0.1, 0.2, 0.3, 0.4]),
    "sparse_softmax_focal_cross_entropy": 2,
    "generalized_cross_entropy": 2,
    "poly_cross_entropy": np.array([0.1, 0.2, 0.3, 0.4]),
    "kl_divergence": np.array([0.1, 0.2, 0.3, 0.4]),
}
OPTIONS: dict[str, Any] = {
    "weighted_cross_entropy": {"pos_weight": 3.0},
    "sigmoid_focal_cross_entropy": {"gamma": 1.5},
    "softmax_focal_cross_entropy": {"gamma": 1.5},
    "sparse_softmax_focal_cross_entropy": {"gamma": 1.5},
    "generalized_cross_entropy": {"q": 0.7},
    "poly_cross_entropy": {"epsilon": -0.5},
}


def names_in_formulas(loss_type: str) -> dict[str, Any]:
    labels, options = LABELS[loss_type], OPTIONS.get(loss_type, {})
    return {"np": np, "x": X, "y": labels, "k": labels, "q": options.get("pos_weight"), "C": len(X)} | options


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_the_formula_gives_the_loss(loss_type: str) -> None:
    losses = getattr(xent_core, loss_type)(X, LABELS[loss_type], **OPTIONS.get(loss_type, {}))
    assert_allclose(eval(CATALOGUE[loss_type].numpy, names_in_formulas(loss_type)), losses, rtol=1e-14)  # type: ignore[index]  # noqa: S307 - our own text


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_the_formula_of_the_gradient_gives_the_gradient(loss_type: str) -> None:
    gradient = getattr(xent_core, f"{loss_type}_gradient")(X, LABELS[loss_type], **OPTIONS.get(loss_type, {}))
    said = eval(CATALOGUE[loss_type].gradient_numpy, names_in_formulas(loss_type))  # type: ignore[index]  # noqa: S307 - our own text
    assert_allclose(said, gradient, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_the_example_runs_and_computes_this_loss(loss_type: Any) -> None:
    assert evaluate(**CATALOGUE[loss_type].example).loss_type == loss_type


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=list(CATALOGUE))
def test_the_example_has_a_call_in_every_framework(entry: Any) -> None:
    calls = equivalents_of_example(entry)
    assert set(calls) == {"tensorflow1", "tensorflow2", "keras", "pytorch", "optax"}
    assert all(calls.values())


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_the_parameters_listed_are_those_that_evaluate_takes_for_this_loss(loss_type: Any) -> None:
    values: dict[str, Any] = {
        "weights": 1.0,
        "pos_weight": 2.0,
        "class_weights": [1.0, 2.0, 3.0],
        "label_smoothing": 0.1,
        "ignore_index": -1,
        "from_logits": False,
        "clip": 1e-9,
        "axis": 1,
        "reduction": "sum",
        "temperature": 2.0,
        "gamma": 1.0,
        "alpha": 0.5,
        "q": 0.25,
        "epsilon": 1.0,
        "labels_are_logits": True,
    }
    entry = CATALOGUE[loss_type]
    taken = set()
    for name, value in values.items():
        example = entry.example | {"logits": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]], "loss_type": loss_type}
        if name == "from_logits":
            example.pop("temperature", None)
        if name == "ignore_index" and LOSSES[loss_type].takes_class_indices:
            example["labels"] = [1, 2]
        example[name] = value
        with suppress(UnexpectedParameter):
            evaluate(**example)
            taken.add(name)
    with suppress(UnexpectedParameter):
        own = {name: value for name, value in entry.example.items() if name not in ("logits", "labels", "loss_type")}
        evaluate(np.zeros((1, 2, 3)), np.zeros((1, 2), int), loss_type=loss_type, shift=1, **own)
        taken.add("shift")
    assert taken == {parameter.name for parameter in entry.parameters}
    assert taken == {name for name in (*values, "shift") if LOSSES[loss_type].takes(name)}


def test_every_parameter_of_evaluate_is_in_the_catalogue() -> None:
    listed = {parameter.name for loss_type in LOSS_TYPES for parameter in CATALOGUE[loss_type].parameters}
    parameters = set(inspect.signature(evaluate).parameters)
    assert parameters - listed == {"logits", "labels", "loss_type", "include", "advice", "silence", "fit_temperature"}


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_entry_says_all_there_is_to_say(entry: Any) -> None:
    for field in entry.__slots__:
        assert getattr(entry, field) or field in ("called_for_by", "names_elsewhere"), field
    for source in entry.sources:
        assert source.where.startswith("https://")
