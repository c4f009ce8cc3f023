"""Real classifiers, and what xent says of them.

Trains three on data sets that scikit-learn ships, sends the logits of samples they have not seen to a running service,
and prints their losses, the samples whose labels look most suspicious, what xent recommends and what it warns of.
scikit-learn comes with the environment that `make test` makes:

    make serve                                            # in one terminal
    .venv-dev/bin/python examples/classifiers.py [URL]    # in another; URL is http://127.0.0.1:8000 unless given
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Array = NDArray[Any]

MOST_SUSPICIOUS = 3


@dataclass(frozen=True)
class Predictions:
    """What a classifier makes of held-out samples, and what they are labelled.

    rows            [N], the samples' places in the data set
    labels          [N] class indices or yes/no; [N, C] where the C questions don't exclude each other
    logits          [N, C], or [N] where there is one question
    probabilities   of the logits, as scikit-learn gives them
    names           the classes' or questions' names
    """

    title: str
    rows: Array
    labels: Array
    logits: Array
    probabilities: Array
    names: Sequence[str]

    def label_of(self, sample: int) -> str:
        label = self.labels[sample]
        if np.ndim(label) == 0:
            return self.names[label]
        return " and ".join(name for name, holds in zip(self.names, label, strict=True) if holds) or "nothing"


def digits() -> Predictions:
    """Ten classes, and a small neural network that is very sure of itself."""
    data = load_digits()
    train, rest = _split(len(data.target))
    images = data.data / 16
    network = MLPClassifier((32,), learning_rate_init=0.01, random_state=0).fit(images[train], data.target[train])
    hidden = np.maximum(images[rest] @ network.coefs_[0] + network.intercepts_[0], 0)
    return Predictions(
        title="handwritten digits, by a neural network",
        rows=rest,
        labels=data.target[rest],
        logits=hidden @ network.coefs_[1] + network.intercepts_[1],
        probabilities=network.predict_proba(images[rest]),
        names=[str(digit) for digit in range(10)],
    )


def tumours() -> Predictions:
    """One yes/no question, 63 % yes."""
    data = load_breast_cancer()
    train, rest = _split(len(data.target))
    model = make_pipeline(StandardScaler(), _exact_regression()).fit(data.data[train], data.target[train])
    return Predictions(
        title="tumours, by logistic regression",
        rows=rest,
        labels=data.target[rest],
        logits=model.decision_function(data.data[rest]),
        probabilities=model.predict_proba(data.data[rest])[:, 1],
        names=[str(name) for name in data.target_names],
    )


def questions() -> Predictions:
    """Three yes/no questions about each digit: any number of them may hold."""
    data = load_digits()
    train, rest = _split(len(data.target))
    images = data.data / 16
    answers = np.stack([data.target % 2 == 0, data.target > 4, np.isin(data.target, [2, 3, 5, 7])], axis=1).astype(int)
    model = OneVsRestClassifier(_exact_regression()).fit(images[train], answers[train])
    return Predictions(
        title="three questions about each digit, by logistic regression",
        rows=rest,
        labels=answers[rest],
        logits=model.decision_function(images[rest]),
        probabilities=model.predict_proba(images[rest]),
        names=["even", "above four", "prime"],
    )


def _split(size: int) -> tuple[Array, Array]:
    train, rest = train_test_split(np.arange(size), test_size=0.25, random_state=0)
    return train, rest


def _exact_regression() -> LogisticRegression:
    """Solved so far that every machine finds the same minimum."""
    return LogisticRegression(solver="newton-cholesky", tol=1e-10)


def ask(client: httpx.Client, labels: Array, logits: Array) -> dict[str, Any]:
    """xent's answer, the loss type left to it."""
    response = client.post("/v1/loss", json={"logits": logits.tolist(), "labels": labels.tolist()})
    answer: dict[str, Any] = response.raise_for_status().json()
    return answer


def scikit_learns_loss(predictions: Predictions) -> float:
    """sklearn.metrics.log_loss; of several questions, their mean."""
    labels, probabilities = predictions.labels, predictions.probabilities
    if labels.ndim == 1:
        return float(log_loss(labels, probabilities))
    return float(np.mean([log_loss(*pair) for pair in zip(labels.T, probabilities.T, strict=True)]))


def report(predictions: Predictions, answer: dict[str, Any], answer_to_probabilities: dict[str, Any]) -> str:
    recommendation = answer["recommendation"]
    lines = [
        f"{predictions.title}: {len(predictions.rows)} samples",
        f"  loss            {answer['reduced']['value']:.12f} ({answer['loss_type']})",
        f"  scikit-learn's  {scikit_learns_loss(predictions):.12f}",
        f"  recommended     {recommendation['loss_type']}: {recommendation['reasons'][0]['message']}",
        f"  warnings        {', '.join(warning['code'] for warning in answer['warnings']) or 'none'}",
        "  labels to look at first",
    ]
    suspicious = np.argsort(answer["per_sample"])[: -MOST_SUSPICIOUS - 1 : -1]
    for sample in suspicious:
        loss = answer["per_sample"][sample]
        lines.append(f"    row {predictions.rows[sample]}, labelled {predictions.label_of(sample)}: {loss:.3f}")
    lines.append(f"  probabilities sent in the logits' place: {answer_to_probabilities['reduced']['value']:.12f}")
    lines += [f"    {warning['code']}: {warning['fix']}" for warning in answer_to_probabilities["warnings"]]
    return "\n".join(lines)


def main(url: str = "http://127.0.0.1:8000") -> None:
    with httpx.Client(base_url=url) as client:
        for predict in (digits, tumours, questions):
            predictions = predict()
            answer = ask(client, predictions.labels, predictions.logits)
            answer_to_probabilities = ask(client, predictions.labels, predictions.probabilities)
            sys.stdout.write(report(predictions, answer, answer_to_probabilities) + "\n\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except httpx.ConnectError as error:
        sys.exit(f"no service to ask ({error}): start one with `make serve`, or name its URL")
