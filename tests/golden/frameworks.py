"""Runs a framework's call, given as its users write it, and lets the framework differentiate it."""

import os
import re
from types import SimpleNamespace
from typing import Any

os.environ |= {
    "JAX_PLATFORMS": "cpu",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}

import jax
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
from numpy.typing import NDArray

jax.config.update("jax_enable_x64", True)

Array = NDArray[Any]
NAMES = {"tf": "tensorflow", "keras": "keras", "torch": "pytorch", "torchvision": "pytorch", "optax": "optax"}


def framework(call: str) -> str:
    """The framework that a call belongs to: the first module it names."""
    return next(NAMES[module] for module in re.findall(r"\b(\w+)\.", call) if module in NAMES)


def run(call: str, logits: Array, arrays: dict[str, Array]) -> tuple[Array, Array]:
    """The call's result, and d(sum of the result)/d(logits)."""
    return {"tensorflow": _tensorflow, "keras": _tensorflow, "pytorch": _pytorch, "optax": _optax}[framework(call)](
        call, logits, arrays
    )


def _tensorflow(call: str, logits: Array, arrays: dict[str, Array]) -> tuple[Array, Array]:
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    variable = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        result = _evaluate(call, tf=tf, keras=keras, logits=variable, **tensors)
        total = tf.reduce_sum(result)
    return np.asarray(result), tape.gradient(total, variable).numpy()


def _pytorch(call: str, logits: Array, arrays: dict[str, Array]) -> tuple[Array, Array]:
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    variable = torch.tensor(logits, requires_grad=True)
    torchvision = SimpleNamespace(ops=SimpleNamespace(sigmoid_focal_loss=_torchvision_sigmoid_focal_loss))
    result = _evaluate(call, torch=torch, torchvision=torchvision, logits=variable, **tensors)
    result.sum().backward()
    return result.detach().numpy(), variable.grad.numpy()


def _torchvision_sigmoid_focal_loss(inputs: Any, targets: Any, alpha: float, gamma: float) -> Any:
    """The formula of torchvision 0.28, torchvision/ops/focal_loss.py, so that its package is not needed."""
    p = torch.sigmoid(inputs)
    ce_loss = torch.nn.functional.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = ce_loss * ((1 - p_t) ** gamma)
    return loss if alpha < 0 else (alpha * targets + (1 - alpha) * (1 - targets)) * loss


def _optax(call: str, logits: Array, arrays: dict[str, Array]) -> tuple[Array, Array]:
    def result(logits: jax.Array) -> jax.Array:
        return _evaluate(call, optax=optax, logits=logits, **arrays)

    variable = jax.numpy.asarray(logits)
    gradient = jax.grad(lambda logits: result(logits).sum())(variable)
    return np.asarray(result(variable)), np.asarray(gradient)


def _evaluate(call: str, **names: Any) -> Any:
    return eval(call, names)  # noqa: S307 - the calls stand in make_vectors.py
