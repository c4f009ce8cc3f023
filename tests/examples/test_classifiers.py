"""Real classifiers' losses, over HTTP, are scikit-learn's."""

import importlib
import subprocess
import sys
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pytest
from scipy.special import log_expit, logsumexp

from tests.service import ROOT, Server

pytestmark = pytest.mark.unmeasured

SPARSE, SIGMOID = "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"
TASKS = ["digits", "tumours", "questions"]
CALLED_FOR = {"digits": SPARSE, "tumours": SIGMOID, "questions": SIGMOID}
KINDS = {"digits": "class_indices", "tumours": "binary", "questions": "multi_hot"}
WARNINGS = {
    "digits": "logits_look_like_probabilities",
    "tumours": "logits_may_be_probabilities",
    "questions": "logits_may_be_probabilities",
}


@pytest.fixture(scope="module")
def classifiers() -> ModuleType:
    """scikit-learn takes seconds to import, and each process of pytest-xdist imports this file."""
    return importlib.import_module("examples.classifiers")


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def predictions(classifiers: ModuleType, task: str) -> Any:
    return getattr(classifiers, task)()


@pytest.fixture(scope="module")
def response(client: httpx.Client, classifiers: ModuleType, predictions: Any) -> Any:
    return classifiers.ask(client, predictions.labels, predictions.logits)


def independent_losses(task: str, predictions: Any) -> Any:
    """Per sample, from the logits, by SciPy."""
    logits, labels = predictions.logits, predictions.labels
    if task == "digits":
        return logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
    elements = -(labels * log_expit(logits) + (1 - labels) * log_expit(-logits))
    return elements.mean(axis=1) if elements.ndim == 2 else elements


def test_the_loss_is_scikit_learns(classifiers: ModuleType, predictions: Any, response: dict[str, Any]) -> None:
    """scikit-learn clips probabilities at 2e-16; none of these labels has one so small."""
    assert response["reduced"]["value"] == pytest.approx(classifiers.scikit_learns_loss(predictions), rel=1e-12)


def test_every_samples_loss_is_scipys(task: str, predictions: Any, response: dict[str, Any]) -> None:
    """To 1e-12 of it, or of 1: SciPy's log-sum-exp less the label's logit cancels where the model is sure."""
    np.testing.assert_allclose(response["per_sample"], independent_losses(task, predictions), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("task", "loss"), [("tumours", 0.0985742588), ("questions", 0.2172615245)], indirect=["task"])
def test_the_loss_of_an_exact_fit_stays_what_it_was(response: dict[str, Any], loss: float) -> None:
    """Logistic regression has one minimum, found to 1e-10, and 1e-6 is room for any machine. A network has many."""
    assert response["reduced"]["value"] == pytest.approx(loss, rel=1e-6)


def test_the_labels_call_for_the_right_loss(task: str, response: dict[str, Any]) -> None:
    assert response["loss_type"] == CALLED_FOR[task]
    assert response["recommendation"]["loss_type"] == CALLED_FOR[task]
    assert response["recommendation"]["label_kind"] == KINDS[task]
    assert response["recommendation"]["suggested"] is None


def test_logits_of_sure_models_set_off_no_warning(task: str, response: dict[str, Any]) -> None:
    assert WARNINGS[task] in response["checked"]
    assert response["warnings"] == []


def test_their_probabilities_do(client: httpx.Client, classifiers: ModuleType, task: str, predictions: Any) -> None:
    response = classifiers.ask(client, predictions.labels, predictions.probabilities)
    assert [warning["code"] for warning in response["warnings"]] == [WARNINGS[task]]


def test_probabilities_sent_as_such_give_the_same_loss(
    client: httpx.Client, predictions: Any, response: dict[str, Any]
) -> None:
    """But for the clipping at 1e-7, which shifts a loss by at most that where the model is right and sure."""
    body = {"logits": predictions.probabilities.tolist(), "labels": predictions.labels.tolist(), "from_logits": False}
    value = client.post("/v1/loss", json=body).json()["reduced"]["value"]
    assert value == pytest.approx(response["reduced"]["value"], abs=1e-7)


@pytest.mark.parametrize("task", ["digits"], indirect=True)
def test_wrong_labels_are_the_most_suspicious(
    client: httpx.Client, classifiers: ModuleType, predictions: Any, response: dict[str, Any]
) -> None:
    surest = np.argsort(response["per_sample"])[:5]
    labels = predictions.labels.copy()
    labels[surest] = (labels[surest] + 1) % 10
    losses = classifiers.ask(client, labels, predictions.logits)["per_sample"]
    assert set(np.argsort(losses)[-5:]) == set(surest)


def run_example(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "examples/classifiers.py", url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_example_reports_each_task(server: Server) -> None:
    run = run_example(server.address)
    assert (run.returncode, run.stderr) == (0, "")
    paragraphs = run.stdout.strip().split("\n\n")
    assert len(paragraphs) == len(TASKS)
    for task, paragraph in zip(TASKS, paragraphs, strict=True):
        ours, sklearns = (line.split()[1] for line in paragraph.splitlines()[1:3])
        assert ours == sklearns
        assert f"recommended     {CALLED_FOR[task]}" in paragraph
        assert "warnings        none" in paragraph
        assert paragraph.count("    row ") == 3
        assert f"    {WARNINGS[task]}: " in paragraph


def test_without_a_service_the_example_says_how_to_start_one() -> None:
    run = run_example("http://127.0.0.1:1")
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert "make serve" in line
