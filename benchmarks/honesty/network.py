"""A small neural network in NumPy whose last activation and loss can be the wrong ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.honesty.batch import sigmoid, softmax

Array = NDArray[Any]
Backward = Callable[[Array], Array]


class Dense:
    """A linear layer over the last axis, trained with Adam."""

    def __init__(self, inputs: int, outputs: int, random: np.random.Generator, scale: float = 1.0) -> None:
        deviation = scale * np.sqrt(2 / inputs)
        self.parameters = [deviation * random.standard_normal((inputs, outputs)), np.zeros(outputs)]
        self.means: list[Any] = [0.0, 0.0]
        self.squares: list[Any] = [0.0, 0.0]
        self.steps = 0

    def forward(self, inputs: Array, rate: float) -> tuple[Array, Backward]:
        weights, biases = self.parameters

        def backward(gradient: Array) -> Array:
            flat = gradient.reshape(-1, gradient.shape[-1])
            below = gradient @ weights.T
            self._step([inputs.reshape(-1, inputs.shape[-1]).T @ flat, flat.sum(axis=0)], rate)
            return below

        return inputs @ weights + biases, backward

    def _step(self, gradients: list[Array], rate: float) -> None:
        self.steps += 1
        for place, gradient in enumerate(gradients):
            self.means[place] = 0.9 * self.means[place] + 0.1 * gradient
            self.squares[place] = 0.999 * self.squares[place] + 0.001 * gradient**2
            mean = self.means[place] / (1 - 0.9**self.steps)
            square = self.squares[place] / (1 - 0.999**self.steps)
            self.parameters[place] = self.parameters[place] - rate * mean / (np.sqrt(square) + 1e-8)


class Activation:
    def __init__(self, function: Callable[[Array], Array], pull_back: Callable[[Array, Array], Array]) -> None:
        self.function, self.pull_back = function, pull_back

    def forward(self, inputs: Array, rate: float) -> tuple[Array, Backward]:  # noqa: ARG002  as Dense has it
        outputs = self.function(inputs)
        return outputs, lambda gradient: self.pull_back(outputs, gradient)


ACTIVATIONS = {
    "relu": Activation(lambda x: np.maximum(x, 0), lambda y, g: g * (y > 0)),
    "tanh": Activation(np.tanh, lambda y, g: g * (1 - y * y)),
    "sigmoid": Activation(sigmoid, lambda y, g: g * y * (1 - y)),
    "softmax": Activation(softmax, lambda y, g: y * (g - (g * y).sum(axis=-1, keepdims=True))),
}


class Quarters:
    """The mean over each quarter of a square of patches: [N, side², F] → [N, 4·F]."""

    def forward(self, inputs: Array, rate: float) -> tuple[Array, Backward]:  # noqa: ARG002  as Dense has it
        count, patches, features = inputs.shape
        half = int(np.sqrt(patches)) // 2
        squares = inputs.reshape(count, 2, half, 2, half, features)

        def backward(gradient: Array) -> Array:
            spread = gradient.reshape(count, 2, 1, 2, 1, features) / half**2
            return np.broadcast_to(spread, squares.shape).reshape(inputs.shape)

        return squares.mean(axis=(2, 4)).reshape(count, 4 * features), backward


LOSSES: dict[str, Callable[[Array, Array], Array]] = {
    "softmax": lambda o, y: softmax(o) - y,
    "sigmoid": lambda o, y: sigmoid(o) - y,
    # on probabilities; as in Keras, those that are clipped have no gradient
    "categorical": lambda o, y: y.sum(-1, keepdims=True) / o.sum(-1, keepdims=True).clip(1e-7) - y / o.clip(1e-7, 1),
    "binary": lambda o, y: np.where((o > 1e-7) & (o < 1 - 1e-7), (o - y) / (o * (1 - o)).clip(1e-7), 0),
}
"""The gradient of each loss by the network's outputs o, for targets y."""


class Network:
    def __init__(self, *layers: Any) -> None:
        self.layers = layers

    def __call__(self, inputs: Array) -> Array:
        return self._forward(inputs, 0.0)[0]

    def _forward(self, inputs: Array, rate: float) -> tuple[Array, list[Backward]]:
        steps = []
        for layer in self.layers:
            inputs, backward = layer.forward(inputs, rate)
            steps.append(backward)
        return inputs, steps

    def train(self, inputs: Array, targets: Array, loss: str, steps: int, *, seed: int = 0, rate: float = 0.01) -> None:
        """`steps` steps of Adam on random batches of 64."""
        random = np.random.default_rng(seed)
        for _ in range(steps):
            rows = random.integers(0, len(inputs), 64)
            outputs, backwards = self._forward(inputs[rows], rate)
            gradient = LOSSES[loss](outputs, targets[rows]) / len(rows)
            for backward in reversed(backwards):
                gradient = backward(gradient)


def perceptron(inputs: int, outputs: int, last: str = "", *, hidden: int = 32, seed: int = 0) -> Network:
    """One hidden layer, and the last activation, if any."""
    random = np.random.default_rng(seed)
    layers = [Dense(inputs, hidden, random), ACTIVATIONS["relu"], Dense(hidden, outputs, random)]
    return Network(*layers, *([ACTIVATIONS[last]] if last else []))


def convolution(patch: int, outputs: int, *, filters: int = 12, seed: int = 0) -> Network:
    """A convolution over patches, ReLU, mean pooling over quarters, and a linear layer."""
    random = np.random.default_rng(seed)
    return Network(Dense(patch, filters, random), ACTIVATIONS["relu"], Quarters(), Dense(4 * filters, outputs, random))
