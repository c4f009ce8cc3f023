"""How often the probability warnings are wrong: `.venv-dev/bin/python -m benchmarks.false_alarms [--write]`.

A wrong alarm is a warning about real logits, a miss is silence about probabilities. Real logits come from classifiers
trained on scikit-learn's data sets, random ones from distributions of many scales; probabilities are theirs, as they
are and as printed with few decimals. Each batch is one call; the figures are shares of batches.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.classifiers import digits, questions, tumours
from xent_core import recommend

Array = NDArray[Any]

BATCHES = 200
ROWS = (1, 8, 64)
CLASSES = (2, 10, 100, 1000)
SCALES = (0.01, 0.1, 1.0, 5.0, 20.0)
DECIMALS = (2, 3, 4, 6)
REPORT = Path(__file__).with_suffix(".md")


def softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-logits))


def warned(batches: Iterator[Array], code: str) -> tuple[float, int]:
    """The share of the batches that were checked which set the warning off, and how many were checked."""
    softmax_loss = code == "logits_look_like_probabilities"
    answers = []
    for logits in batches:
        labels: Any = np.zeros(len(logits), int) if softmax_loss else np.zeros(logits.shape)
        loss_type: Any = "sparse_softmax_cross_entropy" if softmax_loss else "sigmoid_cross_entropy"
        found = recommend(labels, logits=logits, loss_type=loss_type)
        if code in found.checked:
            answers.append(code in [warning.code for warning in found.warnings])
    return sum(answers) / len(answers), len(answers)


def pieces(values: Array) -> Iterator[Array]:
    """Batches of held-out samples, drawn with a fixed seed."""
    random = np.random.default_rng(0)
    for rows in ROWS:
        for _ in range(BATCHES):
            yield values[random.choice(len(values), rows)]


def random_logits(shape: str, scale: float) -> Iterator[Array]:
    random = np.random.default_rng(0)
    for classes in CLASSES:
        for rows in ROWS:
            for _ in range(BATCHES // 10):
                logits = scale * random.standard_normal((rows, classes))
                yield np.maximum(logits, 0) if shape == "ReLU" else np.abs(logits) if shape == "positive" else logits


def measure() -> Iterator[tuple[str, str, str, float, int]]:
    """What was sent, the warning, whether it would be wrong or right, and the share of batches that it came with."""
    twice, may = "logits_look_like_probabilities", "logits_may_be_probabilities"
    network, regression, three = digits(), tumours(), questions()
    yield "logits of the digits network", twice, "wrong", *warned(pieces(network.logits), twice)
    yield "logits of the digits network, float32", twice, "wrong", *warned(pieces(network.logits.astype("f4")), twice)
    yield "logits of three questions", may, "wrong", *warned(pieces(three.logits), may)
    yield "logits of the tumours regression", may, "wrong", *warned(pieces(regression.logits), may)
    for shape in ("normal", "positive", "ReLU"):
        for scale in SCALES:
            kind = f"random logits, {shape}, scale {scale:g}"
            yield kind, twice, "wrong", *warned(random_logits(shape, scale), twice)
            yield kind, may, "wrong", *warned(random_logits(shape, scale), may)
    for decimals in (None, *DECIMALS):
        printed = "as they are" if decimals is None else f"with {decimals} decimals"
        cut = (lambda p: p) if decimals is None else (lambda p, d=decimals: np.round(p, d))
        yield (
            f"the network's probabilities, {printed}",
            twice,
            "right",
            *warned(pieces(cut(network.probabilities)), twice),
        )
        yield f"answers to three questions, {printed}", may, "right", *warned(pieces(cut(three.probabilities)), may)
        for scale in (0.1, 1.0, 5.0):
            soft = (cut(softmax(logits)) for logits in random_logits("normal", scale))
            yield f"softmax of scale {scale:g}, {printed}", twice, "right", *warned(soft, twice)
            answers = (cut(sigmoid(logits)) for logits in random_logits("normal", scale))
            yield f"sigmoid of scale {scale:g}, {printed}", may, "right", *warned(answers, may)


def table() -> str:
    lines = ["| sent | warning | batches | wrong alarms | misses |", "| --- | --- | --- | --- | --- |"]
    for sent, code, verdict, share, count in measure():
        wrong = f"{100 * share:.2f} %" if verdict == "wrong" else ""
        missed = f"{100 * (1 - share):.2f} %" if verdict == "right" else ""
        lines.append(f"| {sent} | `{code}` | {count} | {wrong} | {missed} |")
    return "\n".join(lines)


if __name__ == "__main__":
    result = table()
    print(result)
    if "--write" in sys.argv:
        REPORT.write_text(f"""# How often the probability warnings are wrong

A wrong alarm is a warning about logits, a miss is silence about probabilities. Made by
`.venv-dev/bin/python -m benchmarks.false_alarms --write`; each batch is one call of 1, 8 or 64 rows.

Batches that a check does not look at don't count: `logits_may_be_probabilities` needs at least 20 values, and where
there are fewer, `checked` leaves it out.

{result}

What this does not prove: that your logits are like these. A network whose last layer is cut at 0, and whose scores stay
below 1, looks like probabilities to anybody.
""")
