"""What a new loss costs: one file and one line, by the steps of ARCHITECTURE.md. A forgotten step fails at import."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]

PLANTED = '''
"""Squared error of a probability."""

import numpy as np

from xent_core.compute.layout import Array
from xent_core.losses.loss import AXIS, REDUCTION, WEIGHTS, Entry, FrameworkText, Parameters, Source
from xent_core.losses.sigmoid_family import FROM_LOGITS, LABEL_SMOOTHING, SigmoidFamily, Terms


class SquaredError(SigmoidFamily):
    """The Brier score of each logit."""

    entry = Entry(
        loss_type="squared_error",
        title="Squared error of the probability",
        endpoint="/v1/loss",
        formula="(σ(x) − y)²",
        latex="(\\\\sigma(x) - y)^2",
        numpy="(1 / (1 + np.exp(-x)) - y) ** 2",
        gradient="2 (σ(x) − y) σ(x) (1 − σ(x))",
        gradient_latex="2 (\\\\sigma(x) - y) \\\\sigma(x) (1 - \\\\sigma(x))",
        gradient_numpy="2 * (1 / (1 + np.exp(-x)) - y) / (1 + np.exp(-x)) / (1 + np.exp(x))",
        use_when="Outliers must not dominate.",
        avoid_when=("Gradients must not vanish.",),
        label_form="0 to 1, in the logits' shape",
        called_for_by=(),
        example={"logits": [[2.0, 0.5]], "labels": [[1, 0]], "loss_type": "squared_error"},
        parameters=(WEIGHTS, LABEL_SMOOTHING, FROM_LOGITS, AXIS, REDUCTION),
        stability="Bounded.",
        same_as=("sklearn.metrics.brier_score_loss",),
        sources=(Source("Brier, 1950", "https://journals.ametsoc.org"),),
    )

    def losses(self, x: Array, z: Array, parameters: Parameters, terms: Terms) -> Array:
        return (1 / (1 + np.exp(-x)) - z) ** 2

    def gradient(self, x: Array, z: Array, parameters: Parameters, out: Array) -> None:
        out[...] = 2 * (1 / (1 + np.exp(-x)) - z) / (1 + np.exp(-x)) / (1 + np.exp(x))

    def elements(self, framework: FrameworkText) -> str:
        probabilities = f"1 / (1 + {framework.exp}(-logits))" if framework.from_logits else "logits"
        return f"({probabilities} - {framework.named_targets()}) ** 2"
'''

USED = """
import json
import numpy as np
from fastapi.testclient import TestClient
from app.main import create_app
from app.settings import Settings
from xent_core import evaluate

x, y = np.array([[2.0, -1.0, 40.0]]), np.array([[1.0, 0.0, 0.5]])
p = 1 / (1 + np.exp(-x))
squares, slopes = (p - y) ** 2, 2 * (p - y) * p * (1 - p)
for given, chain in ((x, 1), (np.clip(p, 0.1, 0.9), None)):
    logits = given if chain else np.log(given) - np.log1p(-given)
    q = 1 / (1 + np.exp(-logits))
    result = evaluate(
        given, y, loss_type="squared_error", from_logits=bool(chain), reduction="sum", include=["elements", "gradient"]
    )
    np.testing.assert_allclose(result.elements, (q - y) ** 2, rtol=1e-9)
    np.testing.assert_allclose(result.gradient, 2 * (q - y) * (q * (1 - q) if chain else 1), rtol=1e-9, atol=1e-15)

client = TestClient(create_app(Settings()))
entry = client.get("/v1/losses/squared_error").json()
assert entry["formula"] == "(σ(x) − y)²"
namespace = {"np": np, "logits": np.array([[2.0, 0.5]]), "labels": np.array([[1.0, 0.0]])}
text = entry["equivalents"]["optax"].replace("jnp.", "np.").replace(".astype(logits.dtype)", "")
example = client.post("/v1/loss", json=entry["example"]).json()
assert example["loss_type"] == "squared_error"
exec(text, namespace)
np.testing.assert_allclose(namespace["loss"], example["reduced"]["value"])
assert "cross_entropy" not in "".join(entry["equivalents"].values())

fields = {"logits": x.tolist(), "labels": y.tolist(), "loss_type": "squared_error"}
response = client.post("/v1/loss", json=fields).json()
np.testing.assert_allclose(response["per_sample"], squares.mean(1))

tensors = [
    {"name": name, "shape": [1, 3], "datatype": "FP64", "data": values.ravel().tolist()}
    for name, values in (("logits", x), ("labels", y))
]
assert "squared_error" in client.get("/v2/models").json()["models"]
inferred = client.post("/v2/models/squared_error/infer", json={"inputs": tensors}).json()
np.testing.assert_allclose(inferred["outputs"][0]["data"], squares.mean(1))

assert "squared_error" in json.dumps(client.get("/openapi.json").json()["components"]["schemas"]["LossRequest"])
page = client.get("/learn/squared_error?lang=zh-Hans").text
assert "Outliers must not dominate." in page
assert 'data-curve="curve.per_sample"' in page
print("found everywhere")
"""


def plant(tree: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Follow the steps in a copy of the packages, and use the loss."""
    for package in ("xent_core", "app"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "xent_core/losses/squared_error.py").write_text(source, encoding="utf-8")
    listed = tree / "xent_core/losses/__init__.py"
    text = listed.read_text(encoding="utf-8")
    text = text.replace(
        "from xent_core.losses.weighted", "from xent_core.losses.squared_error import SquaredError\n\\g"
    )
    text = text.replace("\\g", "from xent_core.losses.weighted")
    listed.write_text(
        text.replace(
            "        SPARSE_SOFTMAX_CROSS_ENTROPY,\n",
            "        SPARSE_SOFTMAX_CROSS_ENTROPY,\n        SquaredError(),\n",
        )
    )
    return subprocess.run([sys.executable, "-B", "-c", USED], cwd=tree, capture_output=True, text=True)


def test_one_file_and_one_line_bring_a_loss_everywhere(tmp_path: Path) -> None:
    run = plant(tmp_path, PLANTED)
    assert run.stdout.endswith("found everywhere\n"), run.stderr


@pytest.mark.parametrize("step", ["entry = Entry", "def losses", "def gradient", "def elements"])
def test_a_step_left_out_fails_at_import(tmp_path: Path, step: str) -> None:
    assert step in PLANTED
    run = plant(tmp_path, PLANTED.replace(step, step.replace("entry", "left_out").replace("def ", "def left_out_")))
    left_out = step.removeprefix("def ").split(" ")[0]
    assert "TypeError: Can't instantiate abstract class SquaredError" in run.stderr, run.stderr
    assert left_out in run.stderr


def test_a_field_of_the_catalogue_left_out_fails_at_import(tmp_path: Path) -> None:
    run = plant(tmp_path, PLANTED.replace('        formula="(σ(x) − y)²",\n', ""))
    assert "TypeError" in run.stderr
    assert "formula" in run.stderr
