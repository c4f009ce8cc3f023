"""Real models. Each function trains one kind and yields, without end, held-out rows with their logits.

Each yields (logits, labels): class indices with logits `[…, C]` where classes exclude each other (`CLASSES`), or a 0
or 1 for each logit (`QUESTIONS`). All stages of training are among them, and logits made overconfident by a factor.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from benchmarks.honesty import data
from benchmarks.honesty.batch import one_hot
from benchmarks.honesty.network import Network, convolution, perceptron

Array = NDArray[Any]
Raw = tuple[Array, Array]
Kind = Callable[[np.random.Generator], Iterator[Raw]]

ROWS = (1, 2, 3, 8, 32, 33, 100)
OVERCONFIDENT = 6.0


def rows_of(stages: list[Raw], random: np.random.Generator) -> Iterator[Raw]:
    """Batches of some size from one stage of a model; one in five is overconfident."""
    while True:
        logits, labels = stages[random.integers(len(stages))]
        rows = random.choice(len(logits), min(int(random.choice(ROWS)), len(logits)), replace=False)
        yield logits[rows] * (OVERCONFIDENT if random.random() < 0.2 else 1.0), labels[rows]


def _stages(network: Network, inputs: Array, targets: Array, loss: str, rest: Array, labels: Array) -> list[Raw]:
    """Untrained, after 20 steps, and trained."""
    stages = []
    for steps in (0, 20, 600):
        network.train(inputs, targets, loss, steps)
        stages.append((network(rest), labels))
    return stages


def convolutional(random: np.random.Generator) -> Iterator[Raw]:
    """Digits by a convolutional network."""
    split = data.digits()
    network = convolution(9, 10)
    inputs, rest = data.patches(split.train), data.patches(split.rest)
    targets = one_hot(split.train_labels, 10)
    yield from rows_of(_stages(network, inputs, targets, "softmax", rest, split.rest_labels), random)


def linear(random: np.random.Generator) -> Iterator[Raw]:
    """Iris, wine and digits by logistic regression, hardly and strongly fitted."""
    stages = []
    for split in (data.iris(), data.wine(), data.digits()):
        for regularisation in (1e-3, 1.0, 1e3):
            model = LogisticRegression(C=regularisation, solver="newton-cholesky").fit(split.train, split.train_labels)
            stages.append((model.decision_function(split.rest), split.rest_labels))
    yield from rows_of(stages, random)


def boosting(random: np.random.Generator) -> Iterator[Raw]:
    """Wine and digits by gradient boosting, after a few trees and many."""
    stages = []
    for split in (data.wine(), data.digits()):
        model = GradientBoostingClassifier(n_estimators=12, max_depth=2, random_state=0)
        model.fit(split.train, split.train_labels)
        scores = list(model.staged_decision_function(split.rest))
        stages += [(scores[trees], split.rest_labels) for trees in (0, 3, 11)]
    yield from rows_of(stages, random)


def bayes(random: np.random.Generator) -> Iterator[Raw]:
    """Iris and wine by naive Bayes: joint log-likelihoods, far below 0, and normalised ones."""
    stages = []
    for split in (data.iris(), data.wine()):
        model = GaussianNB().fit(split.train, split.train_labels)
        stages.append((model.predict_joint_log_proba(split.rest), split.rest_labels))
        stages.append((model.predict_log_proba(split.rest), split.rest_labels))
    yield from rows_of(stages, random)


def character_model(random: np.random.Generator) -> Iterator[Raw]:
    """The next character of English prose, by a network over the last three: sequences `[B, T, C]`."""
    tokens, alphabet = data.characters()
    classes, half = len(alphabet), len(tokens) // 2
    network = perceptron(data.CONTEXT * classes, classes, hidden=48)
    inputs, targets = data.contexts(tokens[:half], classes), one_hot(tokens[1 : half + 1], classes)
    rest = tokens[half : half + 6000]
    found = _stages(network, inputs, targets, "softmax", data.contexts(rest, classes)[:-1], rest[1:])
    while True:
        logits, labels = found[random.integers(len(found))]
        length = int(random.choice([1, 7, 24]))
        starts = random.integers(0, len(labels) - length, int(random.choice([1, 2, 5])))
        places = starts[:, np.newaxis] + np.arange(length)
        yield logits[places] * (OVERCONFIDENT if random.random() < 0.2 else 1.0), labels[places]


def word_model(random: np.random.Generator) -> Iterator[Raw]:
    """The next of 1500 words, by counted pairs: logits are log-probabilities, none of them positive."""
    words = data.text().lower().split()
    common = {word: place for place, word in enumerate(sorted(set(words), key=lambda w: (-words.count(w), w))[:1499])}
    tokens = np.array([common.get(word, 1499) for word in words])
    half = len(tokens) // 2
    singles = np.bincount(tokens[:half], minlength=1500) + 0.1
    pairs = np.zeros((1500, 1500))
    np.add.at(pairs, (tokens[: half - 1], tokens[1:half]), 1)
    backed_off = pairs + 5 * singles / singles.sum()
    logits = np.log(backed_off / backed_off.sum(axis=1, keepdims=True))
    while True:
        length = int(random.choice([4, 16]))
        starts = random.integers(half, len(tokens) - length - 1, int(random.choice([1, 3])))
        places = starts[:, np.newaxis] + np.arange(length)
        yield logits[tokens[places]], tokens[places + 1]


def segmentation(random: np.random.Generator) -> Iterator[Raw]:
    """How dark each pixel of a digit is, in four steps, from its noisy neighbourhood: `[B, 8, 8, 4]`."""
    noise = np.random.default_rng(0)
    split = data.digits()
    network = perceptron(9, 4, hidden=16)
    noisy = [data.patches(images + 0.3 * noise.standard_normal(images.shape)) for images in (split.train, split.rest)]
    darkness = [np.minimum(images * 4, 3).astype(int) for images in (split.train, split.rest)]
    inputs, targets = noisy[0].reshape(-1, 9), one_hot(darkness[0].reshape(-1), 4)
    labels = darkness[1].reshape(-1, 8, 8)
    stages = _stages(network, inputs, targets, "softmax", noisy[1], labels)
    stages = [(logits.reshape(-1, 8, 8, 4), labels) for logits, labels in stages]
    for logits, some in rows_of(stages, random):
        yield logits[:8], some[:8]


def several_segments(random: np.random.Generator) -> Iterator[Raw]:
    """Which segments of a seven-segment display a digit lights, by a network: multi-label."""
    split = data.digits()
    network = perceptron(64, 7)
    targets, labels = data.SEGMENTS[split.train_labels].astype(float), data.SEGMENTS[split.rest_labels]
    yield from rows_of(_stages(network, split.train, targets, "sigmoid", split.rest, labels), random)


def tags(random: np.random.Generator) -> Iterator[Raw]:
    """Twenty questions about a digit of which few hold, each by logistic regression: sparse multi-label."""
    split = data.digits()
    asked = [holds for holds in np.random.default_rng(0).random((20, 10)) < 0.12 if holds.any()]
    labels = np.stack([holds[split.rest_labels] for holds in asked], axis=1).astype(int)
    stages = []
    for strength in (0.01, 10.0):
        model = LogisticRegression(C=strength, solver="newton-cholesky")
        scores = [model.fit(split.train, holds[split.train_labels]).decision_function(split.rest) for holds in asked]
        stages.append((np.stack(scores, axis=1), labels))
    yield from rows_of(stages, random)


def imbalanced(random: np.random.Generator) -> Iterator[Raw]:
    """Is it an eight? One yes/no question with 10 % positives, and tumours with 63 %: boosting and regression."""
    split, other = data.digits(), data.tumours()
    labels = (split.rest_labels == 8).astype(int)
    regression = LogisticRegression(solver="newton-cholesky").fit(split.train, split.train_labels == 8)
    boosted = GradientBoostingClassifier(n_estimators=12, max_depth=2, random_state=0)
    boosted.fit(split.train, split.train_labels == 8)
    second = LogisticRegression(C=100.0, solver="newton-cholesky").fit(other.train, other.train_labels)
    stages = [
        (regression.decision_function(split.rest), labels),
        (boosted.decision_function(split.rest), labels),
        (second.decision_function(other.rest), other.rest_labels),
    ]
    yield from rows_of(stages, random)


def mask(random: np.random.Generator) -> Iterator[Raw]:
    """Which pixels of a digit are ink, from their noisy neighbourhoods: dense yes/no labels `[B, 8, 8]`."""
    noise = np.random.default_rng(1)
    split = data.digits()
    network = perceptron(9, 1, hidden=16)
    noisy = [data.patches(images + 0.3 * noise.standard_normal(images.shape)) for images in (split.train, split.rest)]
    inputs, targets = noisy[0].reshape(-1, 9), (split.train > 0.5).reshape(-1, 1).astype(float)
    labels = (split.rest > 0.5).reshape(-1, 8, 8).astype(int)
    stages = _stages(network, inputs, targets, "sigmoid", noisy[1], labels)
    stages = [(logits.reshape(-1, 8, 8), labels) for logits, labels in stages]
    for logits, some in rows_of(stages, random):
        yield logits[:8], some[:8]


CLASSES: tuple[Kind, ...] = (
    convolutional,
    linear,
    boosting,
    bayes,
    character_model,
    word_model,
    segmentation,
)
QUESTIONS: tuple[Kind, ...] = (several_segments, tags, imbalanced, mask)
