"""The contract's formulas once more, written down plainly in extended precision.

make_vectors.py compares every framework with it, so that a call which means something else than its options
is found when the vectors are made.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
EXTENDED = np.longdouble


def evaluate(logits: Array, labels: Array, options: dict[str, Any]) -> dict[str, Array]:
    """All outputs by name. `options` are those of xent_core.evaluate, `loss_type` and `reduction` given."""
    axis = options.get("axis", -1)
    x = np.moveaxis(logits.astype(EXTENDED), axis, -1)
    from_logits = options.get("from_logits", True)
    dtype = np.float64 if logits.dtype == np.float64 else np.float32
    bounds = np.array([1e-7, 1 - 1e-7], dtype).astype(EXTENDED)
    is_softmax = "sigmoid" not in options["loss_type"] and options["loss_type"] != "weighted_cross_entropy"
    x = x / EXTENDED(options.get("temperature", 1))
    losses = _softmax if is_softmax else _sigmoid
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ell, gradient, probabilities, label_weight, ignored = losses(
            x, labels, options, axis, None if from_logits else bounds
        )

    weights = _onto(np.asarray(options.get("weights", 1.0), EXTENDED), ell.shape, axis, is_softmax)
    elements = weights * np.where(weights == 0, 0, ell)
    denominator_weights = np.where(ignored, 0, weights * label_weight)
    denominator = {
        "none": 1,
        "sum": 1,
        "mean": np.sum(~ignored),
        "weighted_mean": denominator_weights.sum(),
        "mean_by_nonzero_weights": np.count_nonzero(denominator_weights),
    }[options["reduction"]]
    share = 1 / EXTENDED(denominator) if denominator else EXTENDED(0)
    gradient = gradient * (weights[..., None] if is_softmax else weights) * share / options.get("temperature", 1)
    return {
        "elements": elements if is_softmax else np.moveaxis(elements, -1, axis),
        "per_sample": elements if is_softmax or elements.ndim == 1 else elements.mean(-1),
        "value": elements.sum() * share,
        "gradient": np.moveaxis(gradient, -1, axis),
        "probabilities": np.moveaxis(probabilities, -1, axis),
    }


def _softmax(
    x: Array, labels: Array, options: dict[str, Any], axis: int, bounds: Array | None
) -> tuple[Array, Array, Array, Array, Array]:
    classes = x.shape[-1]
    if labels.ndim < x.ndim:
        ignored = np.asarray(labels == options.get("ignore_index"))
        y = np.eye(classes, dtype=EXTENDED)[np.where(ignored, 0, labels)]
    else:
        y = np.moveaxis(labels.astype(EXTENDED), axis, -1)
        ignored = np.zeros(x.shape[:-1], bool)
    if options.get("labels_are_logits"):
        y = np.exp(y / EXTENDED(options.get("temperature", 1)))
        y /= y.sum(-1, keepdims=True)
    smoothing = options.get("label_smoothing", 0.0)
    class_weights = np.asarray(options.get("class_weights", 1.0), EXTENDED)
    a = class_weights * (y * (1 - smoothing) + EXTENDED(smoothing) / classes) * ~ignored[..., None]

    if bounds is None:
        shifted = x - x.max(-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
        p = np.exp(log_p)
        value, slope = _of_class(log_p, options)
        gradient = p * (a * slope).sum(-1, keepdims=True) - a * slope
    else:
        total = x.sum(-1, keepdims=True)
        p = x / total
        log_p = np.log(np.clip(p, *bounds))
        value, slope = _of_class(log_p, options)
        by_p = np.where((p < bounds[0]) | (p > bounds[1]), 0, -a * slope / p)
        gradient = (by_p - (by_p * p).sum(-1, keepdims=True)) / total
    ell = np.where(a == 0, 0, a * value).sum(-1)
    if options["loss_type"] == "kl_divergence":
        ell += np.where(y == 0, 0, y * np.log(y)).sum(-1)
    return ell, gradient, p, (class_weights * y).sum(-1), ignored


def _of_class(log_p: Array, options: dict[str, Any]) -> tuple[Array, Array]:
    """What a class whose label is 1 costs, and its derivative by −log p."""
    gamma, alpha = EXTENDED(options.get("gamma", 2)), EXTENDED(options.get("alpha", 1))
    q, epsilon = EXTENDED(options.get("q", 0.5)), EXTENDED(options.get("epsilon", 2))
    p, rest = np.exp(log_p), -np.expm1(log_p)
    match options["loss_type"]:
        case "softmax_focal_cross_entropy" | "sparse_softmax_focal_cross_entropy":
            slope = rest**gamma - gamma * p * rest ** (gamma - 1) * log_p
            return alpha * rest**gamma * -log_p, alpha * slope
        case "generalized_cross_entropy":
            return (1 - p**q) / q, p**q
        case "poly_cross_entropy":
            return epsilon * rest - log_p, 1 + epsilon * p
    return -log_p, np.ones_like(log_p)


def _sigmoid(
    x: Array, labels: Array, options: dict[str, Any], axis: int, bounds: Array | None
) -> tuple[Array, Array, Array, Array, Array]:
    y = labels.astype(EXTENDED)
    if y.ndim == x.ndim:
        y = np.moveaxis(y, axis, -1)
    elif y.ndim:
        y = y[..., None]
    y = y + np.zeros_like(x)
    smoothing = options.get("label_smoothing", 0.0)
    positive = y * (1 - smoothing) + EXTENDED(smoothing) / 2
    negative = 1 - positive
    positive = positive * np.asarray(options.get("pos_weight", 1.0), EXTENDED)

    if bounds is None:
        log_p, log_q = -np.logaddexp(0, -x), -np.logaddexp(0, x)
        p = np.exp(log_p)
        gradient = negative * p - positive * np.exp(log_q)
    else:
        p = np.clip(x, *bounds)
        log_p, log_q = np.log(p), np.log1p(-p)
        gradient = np.where(x == p, negative / (1 - p) - positive / p, 0)
    ell = np.where(positive == 0, 0, -positive * log_p) + np.where(negative == 0, 0, -negative * log_q)
    if options["loss_type"] == "sigmoid_focal_cross_entropy":
        gamma, alpha = EXTENDED(options.get("gamma", 2)), options.get("alpha")
        rest = positive * np.exp(log_q) + negative * np.exp(log_p)
        factor = rest**gamma * (1 if alpha is None else positive * alpha + negative * (1 - EXTENDED(alpha)))
        of_rest = gamma * (1 - 2 * positive) * ell / rest
        if bounds is None:
            gradient = factor * (gradient + of_rest * p * np.exp(log_q))
        else:
            gradient = np.where(x == p, factor * (gradient + of_rest), 0)
        ell = factor * ell
    return ell, gradient, p, np.ones_like(x), np.zeros(x.shape, bool)


def _onto(weights: Array, shape: tuple[int, ...], axis: int, is_softmax: bool) -> Array:
    if not is_softmax and weights.ndim == len(shape):
        weights = np.moveaxis(weights, axis, -1)
    elif not is_softmax and weights.ndim:
        weights = weights[..., None]
    return np.broadcast_to(weights, shape)
