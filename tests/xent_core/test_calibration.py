"""Calibrations against scikit-learn and SciPy."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from xent_core import evaluate
from xent_core.calibrate import MAX_PASSES, fit_temperature
from xent_core.results import Calibration

RANDOM = np.random.default_rng(0)
LOGITS, LABELS = 3 * RANDOM.normal(size=(800, 5)), RANDOM.integers(0, 5, 800)
LOGITS[np.arange(800), LABELS] += 2
WEIGHTS = RANDOM.random(800) * (RANDOM.random(800) < 0.8)


def calibration(logits: Any, labels: Any, **options: Any) -> Calibration:
    found = evaluate(logits, labels, include=["calibration"], **options).calibration
    assert found is not None
    return found


def test_the_bins_of_a_softmax_are_those_of_scikit_learn() -> None:
    p = np.exp(log_softmax(LOGITS, axis=1))
    confidence, right = p.max(axis=1), p.argmax(axis=1) == LABELS
    found = calibration(LOGITS, LABELS)
    accuracy, mean_confidence = calibration_curve(right, confidence, n_bins=15)
    full = found.count > 0
    assert_allclose(found.accuracy[full], accuracy)
    assert_allclose(found.mean_confidence[full], mean_confidence)
    weights = found.count[full] / 800
    assert found.expected_error == pytest.approx((weights * abs(accuracy - mean_confidence)).sum())
    assert found.brier_score == pytest.approx(((p - np.eye(5)[LABELS]) ** 2).sum(axis=1).mean(), rel=1e-12)
    assert found.brier_score == pytest.approx(brier_score_loss(LABELS, p, labels=range(5), scale_by_half=False))


def test_the_bins_of_yes_or_no_are_those_of_scikit_learn() -> None:
    logits, labels = 2 * RANDOM.normal(size=900), RANDOM.integers(0, 2, 900)
    found = calibration(logits, labels, loss_type="sigmoid_cross_entropy")
    accuracy, mean_confidence = calibration_curve(labels, expit(logits), n_bins=15)
    full = found.count > 0
    assert_allclose(found.accuracy[full], accuracy)
    assert_allclose(found.mean_confidence[full], mean_confidence)
    assert found.brier_score == pytest.approx(brier_score_loss(labels, expit(logits)))


@pytest.mark.parametrize("form", ["indices", "smoothed", "distributions", "weighted", "ignored", "probabilities"])
def test_the_fitted_temperature_is_where_the_loss_is_least(form: str) -> None:
    options: dict[str, Any] = {"reduction": "weighted_mean"}
    logits, labels = LOGITS, LABELS
    match form:
        case "smoothed":
            options |= {"label_smoothing": 0.1, "class_weights": np.arange(1.0, 6.0)}
        case "distributions":
            labels = RANDOM.dirichlet(np.ones(5), 800)
            labels[:400] = np.eye(5)[LABELS[:400]]
            options |= {"loss_type": "softmax_cross_entropy"}
        case "weighted":
            options |= {"weights": WEIGHTS, "class_weights": np.arange(1.0, 6.0)}
        case "ignored":
            labels = np.where(RANDOM.random(800) < 0.3, -1, LABELS)
            options |= {"ignore_index": -1}
        case "probabilities":
            options |= {"from_logits": False, "clip": 0.0}
            logits = np.exp(log_softmax(LOGITS, axis=1))
        case _:
            pass

    plain = {name: value for name, value in options.items() if name not in ("from_logits", "clip")}

    def loss(log_temperature: float) -> float:
        reduced = evaluate(LOGITS / np.exp(log_temperature), labels, **plain).reduced
        assert reduced is not None
        return reduced.value

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    fitted = calibration(logits, labels, **options).fitted
    assert fitted is not None
    assert fitted.temperature == pytest.approx(np.exp(best.x), rel=1e-5)
    assert fitted.loss_after == pytest.approx(best.fun, rel=1e-10)
    assert fitted.loss_before == pytest.approx(loss(0.0), rel=1e-5)


def test_so_is_that_of_a_sigmoid() -> None:
    labels = (RANDOM.random((800, 5)) < expit(LOGITS / 2)) * 1
    options: dict[str, Any] = {
        "loss_type": "weighted_cross_entropy",
        "pos_weight": np.arange(1.0, 6.0),
        "weights": WEIGHTS[:, None],
        "label_smoothing": 0.05,
        "reduction": "weighted_mean",
    }

    def loss(log_temperature: float) -> float:
        reduced = evaluate(LOGITS / np.exp(log_temperature), labels, **options).reduced
        assert reduced is not None
        return reduced.value

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    fitted = calibration(LOGITS, labels, **options).fitted
    assert fitted is not None
    assert fitted.temperature == pytest.approx(np.exp(best.x), rel=1e-5)
    assert fitted.loss_after == pytest.approx(best.fun, rel=1e-10)


def test_it_is_the_parameter_of_the_request() -> None:
    fitted, again = calibration(LOGITS, LABELS).fitted, calibration(LOGITS, LABELS, temperature=1.5).fitted
    assert fitted is not None
    assert again is not None
    assert again.temperature == pytest.approx(fitted.temperature, rel=1e-6)
    at_best = calibration(LOGITS, LABELS, temperature=fitted.temperature).fitted
    assert at_best is not None
    assert at_best.loss_before == pytest.approx(at_best.loss_after)


def test_where_all_predictions_are_right_it_ends_where_the_loss_is_0() -> None:
    fitted = calibration([[2.0, 0.0], [0.0, 2.0]], [0, 1]).fitted
    assert fitted is not None
    assert (fitted.temperature < 0.1, fitted.loss_after) == (True, 0)


def test_where_all_predictions_are_wrong_it_is_as_large_as_it_may_be() -> None:
    fitted = calibration([[2.0, 0.0], [0.0, 2.0]], [1, 0]).fitted
    assert fitted is not None
    assert fitted.temperature == 100


def test_a_loss_flat_about_its_least_is_fitted_in_a_bounded_number_of_passes() -> None:
    """Of (β − 2)¹⁰, Newton's method takes off a ninth of the distance at each step."""
    passes = 0

    def slopes(beta: float) -> tuple[float, float, float]:
        nonlocal passes
        passes += 1
        return (beta - 2) ** 10, 10 * (beta - 2) ** 9, 90 * (beta - 2) ** 8

    fitted = fit_temperature(slopes, 1.0)
    assert fitted is not None
    assert passes == MAX_PASSES + 1
    assert fitted.temperature == pytest.approx(0.5, rel=0.01)
    assert fitted.loss_after < 1e-20


def test_there_is_none_of_an_infinite_loss_or_of_what_is_no_cross_entropy() -> None:
    assert calibration([[0.0, -np.inf]], [1]).fitted is None
    assert calibration(LOGITS, LABELS, loss_type="sparse_softmax_focal_cross_entropy").fitted is None


def test_masks_are_left_out_of_the_fit() -> None:
    masked = np.concatenate([LOGITS, np.full((800, 2), -np.inf)], axis=1)
    fitted, plain = calibration(masked, LABELS).fitted, calibration(LOGITS, LABELS).fitted
    assert fitted is not None
    assert plain is not None
    assert fitted.temperature == pytest.approx(plain.temperature, rel=1e-9)


def test_where_nothing_counts_there_are_no_figures() -> None:
    for options in ({}, {"loss_type": "sigmoid_cross_entropy"}):
        labels: Any = [[1, 0]] if options else [0]
        found = calibration([[1.0, 2.0]], labels, weights=[0.0], **options)
        assert (found.expected_error, found.brier_score, found.fitted) == (None, None, None)
        assert found.count.sum() == 0
