"""Data sets that scikit-learn ships, cut into a part to train on and the held-out rest."""

from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

Array = NDArray[Any]

SEGMENTS = np.array(
    [[int(lit) for lit in digit] for digit in
     ("1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011")]
)  # fmt: skip
"""Which of the seven segments of a display are lit for each digit: labels of several classes at once."""


class Split(NamedTuple):
    train: Array
    train_labels: Array
    rest: Array
    rest_labels: Array


def _split(inputs: Array, labels: Array, share: float = 0.5) -> Split:
    train, rest, train_labels, rest_labels = train_test_split(inputs, labels, test_size=share, random_state=0)
    return Split(train, train_labels, rest, rest_labels)


@cache
def digits() -> Split:
    data = load_digits()
    return _split(data.data / 16, data.target)


def _scaled(data: Any) -> Split:
    return _split(StandardScaler().fit_transform(data.data), data.target)


@cache
def iris() -> Split:
    return _scaled(load_iris())


@cache
def wine() -> Split:
    return _scaled(load_wine())


@cache
def tumours() -> Split:
    """Two classes, 63 % of them 1."""
    return _scaled(load_breast_cancer())


def patches(images: Array) -> Array:
    """The 3×3 neighbourhoods of each pixel of 8×8 images: [N, 64] → [N, 64, 9]."""
    padded = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return windows.reshape(-1, 64, 9)


@cache
def text() -> str:
    """English prose: scikit-learn's descriptions of its data sets."""
    folder = resources.files("sklearn.datasets.descr")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".rst")), key=lambda file: file.name)
    return " ".join(" ".join(file.read_text(encoding="utf-8").split()) for file in files)


@cache
def characters() -> tuple[Array, str]:
    """The text as class indices, and the characters they stand for."""
    alphabet = "".join(sorted(set(text())))
    return np.array([alphabet.index(character) for character in text()]), alphabet


CONTEXT = 3


def contexts(tokens: Array, alphabet: int) -> Array:
    """The CONTEXT tokens up to each place, one-hot and side by side: [T] → [T, CONTEXT · alphabet]."""
    before = np.concatenate([np.zeros(CONTEXT - 1, int), tokens])
    windows = np.lib.stride_tricks.sliding_window_view(before, CONTEXT)
    return np.eye(alphabet, dtype=np.float32)[windows].reshape(len(tokens), -1)
