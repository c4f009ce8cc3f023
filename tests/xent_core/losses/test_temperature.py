"""A temperature is a division of the logits: in losses, gradients, probabilities, checks and calls of frameworks."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import xent_core
from xent_core import Infinite, ParameterOutOfRange, UnexpectedParameter, evaluate
from xent_core.losses import LOSS_TYPES, LOSSES

RANDOM = np.random.default_rng(9)
LOGITS = 4 * RANDOM.standard_normal((30, 5))
WITH_A_SOFTMAX = [name for name in LOSS_TYPES if not LOSSES[name].is_elementwise]


def labels_for(loss_type: str) -> Any:
    indices = RANDOM.integers(0, 5, 30)
    return indices if LOSSES[loss_type].takes_class_indices else RANDOM.dirichlet(np.ones(5), 30)


@pytest.mark.parametrize("loss_type", WITH_A_SOFTMAX)
@pytest.mark.parametrize("temperature", [0.5, 3.0, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_a_division_of_the_logits(loss_type: str, temperature: float, dtype: Any) -> None:
    logits, labels = LOGITS.astype(dtype), labels_for(loss_type)
    options: Any = {"loss_type": loss_type, "include": ["gradient", "probabilities"], "reduction": "sum"}
    at = evaluate(logits, labels, temperature=temperature, **options)
    divided = evaluate(logits / dtype(temperature), labels, **options)
    assert_array_equal(at.per_sample, divided.per_sample)
    assert_array_equal(at.probabilities, divided.probabilities)
    assert_array_equal(at.gradient, divided.gradient / dtype(temperature))
    assert_array_equal(getattr(xent_core, loss_type)(logits, labels, temperature=temperature), at.per_sample)


def test_the_loss_of_a_temperature_has_the_slope_of_the_gradient() -> None:
    gradient = evaluate([[1.0, 0.0]], [0], temperature=2.0, include=["gradient"]).gradient
    above, below = (evaluate([[1.0 + step, 0.0]], [0], temperature=2.0).reduced.value for step in (1e-6, -1e-6))
    assert_allclose(gradient[0, 0], (above - below) / 2e-6, rtol=1e-8)


@pytest.mark.parametrize("axis", [0, 1])
def test_any_class_axis_and_masks_are_divided(axis: int) -> None:
    logits = LOGITS.copy()
    logits[3, 1] = -np.inf
    given = np.ascontiguousarray(np.moveaxis(logits, 1, axis))
    found = evaluate(given, [0] * 30, axis=axis, temperature=2.0, weights=[0] + [1] * 29, include=["probabilities"])
    expected = evaluate(logits / 2, [0] * 30, weights=[0] + [1] * 29, include=["probabilities"])
    assert_array_equal(found.per_sample, expected.per_sample)
    assert_array_equal(np.moveaxis(found.probabilities, axis, 1), expected.probabilities)


@pytest.mark.parametrize(
    ("temperature", "message"),
    [
        (0, "is 0; a number above 0 was expected"),
        (-1.0, "is -1.0; a number above 0 was expected"),
        (np.inf, "is inf; a number above 0 was expected"),
        (np.nan, "is nan; a number above 0 was expected"),
        (1e-60, "is 1e-60, which float32 can't hold, in which this batch is computed"),
        (1e60, r"is 1e\+60, which float32 can't hold"),
    ],
)
def test_a_temperature_is_above_0_in_the_dtype_too(temperature: float, message: str) -> None:
    with pytest.raises(ParameterOutOfRange, match=f"^temperature: {message}"):
        evaluate(LOGITS.astype(np.float32), [0] * 30, temperature=temperature)


@pytest.mark.parametrize("loss_type", ["sigmoid_cross_entropy", "sigmoid_focal_cross_entropy", "auto"])
def test_a_sigmoid_has_none(loss_type: str) -> None:
    with pytest.raises(UnexpectedParameter, match=r"^temperature: is not a parameter of sigmoid_"):
        evaluate([[1.0, 2.0]], [[1, 1]], loss_type=loss_type, temperature=2.0)


def test_probabilities_have_none() -> None:
    with pytest.raises(UnexpectedParameter, match=r"^temperature: is 2\.0 beside from_logits false"):
        evaluate([[0.5, 0.5]], [0], from_logits=False, temperature=2.0)


@pytest.mark.parametrize("labels", [[1, 0], [[0.5, 0.5], [0.5, 0.5]]], ids=["indices", "rows"])
def test_a_logit_that_the_division_makes_infinite_is_no_mask(labels: Any) -> None:
    logits = np.array([[1, 2], [-3e38, 1]], np.float32)
    with pytest.raises(Infinite, match=r"^logits\[1, 0\]: is -3\S*e\+38, too large for float32 once divided"):
        evaluate(logits, labels, temperature=0.1)


def test_warnings_go_with_the_temperature() -> None:
    probabilities = RANDOM.dirichlet(np.ones(4), 30)
    warnings = evaluate(probabilities, [0] * 30, temperature=2.0).warnings
    change = {warning.code: warning.change for warning in warnings}["logits_look_like_probabilities"]
    assert change == {"from_logits": False, "temperature": 1.0}
    evaluate(probabilities, [0] * 30, **change)

    unit = RANDOM.random((30, 4))
    warning = {each.code: each for each in evaluate(unit, [0] * 30, temperature=0.5).warnings}[
        "logits_may_be_probabilities"
    ]
    least = evaluate([[1.0, 0, 0, 0]], [0], temperature=0.5).reduced.value
    assert f"can fall below {least:.4g}" in warning.message
    focal = evaluate(unit, [0] * 30, loss_type="sparse_softmax_focal_cross_entropy").warnings
    assert "can fall below" not in {each.code: each.message for each in focal}["logits_may_be_probabilities"]

    multi_hot = evaluate(LOGITS, [[1, 1, 0, 0, 0]] * 30, loss_type="softmax_cross_entropy", temperature=2.0).warnings
    change = {warning.code: warning.change for warning in multi_hot}["multi_hot_labels_with_softmax"]
    assert change == {"loss_type": "sigmoid_cross_entropy", "temperature": 1.0}
    evaluate(LOGITS, [[1, 1, 0, 0, 0]] * 30, **change)


def test_calls_of_frameworks_divide_first() -> None:
    calls = evaluate([[1.0, 2.0]], [0], temperature=2.0).equivalents
    assert calls["pytorch"] == 'logits = logits / 2.0\nloss = F.cross_entropy(logits, labels, reduction="mean")'
