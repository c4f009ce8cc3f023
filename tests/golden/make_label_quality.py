"""Makes label_quality.jsonl, cleanlab's own label-quality scores, for tests/xent_score/test_label_quality.py.

    python tests/golden/make_label_quality.py

in an environment of cleanlab==2.9.0 alone, which brings NumPy. A line is one case: logits of float32, labels, and
cleanlab's scores from the probabilities of their softmax in float64. The first line has the versions.
"""

import json
from pathlib import Path
from typing import Any

import cleanlab
import numpy as np
from cleanlab.rank import get_label_quality_scores

TO = Path(__file__).with_name("label_quality.jsonl")
METHODS = ("self_confidence", "normalized_margin")


def case(name: str, logits: Any, labels: Any) -> dict[str, Any]:
    logits = np.asarray(logits, np.float32)
    below = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(below) / np.exp(below).sum(axis=1, keepdims=True)
    labels = np.asarray(labels)
    scores = {method: get_label_quality_scores(labels, probabilities, method=method).tolist() for method in METHODS}
    return {"name": name, "logits": logits.tolist(), "labels": labels.tolist(), **scores}


def main() -> None:
    random = np.random.default_rng(0)
    cases = []
    for classes in (2, 3, 10):
        for spread in (0.1, 2, 20):
            # Every class has a label, as cleanlab demands.
            labels = random.permutation(np.arange(3 * classes) % classes)
            logits = spread * random.standard_normal((3 * classes, classes))
            cases.append(case(f"{classes} classes, spread {spread}", logits, labels))
    cases.append(case("ties", [[1, 1, 0], [0, 0, 0], [2, 2, 2.5]], [0, 1, 2]))
    lines = [{"cleanlab": cleanlab.__version__, "numpy": np.__version__}, *cases]
    TO.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
