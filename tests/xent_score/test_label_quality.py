"""Label-quality scores against cleanlab's, from which tests/golden/make_label_quality.py recorded them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service import ROOT
from tests.xent_score.conftest import rows_in
from xent_score.scoring import score

VERSIONS, *CASES = [
    json.loads(line) for line in (ROOT / "tests/golden/label_quality.jsonl").read_text(encoding="utf-8").splitlines()
]
SCORES = ("self_confidence", "normalized_margin")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
@pytest.mark.parametrize("one_hot", [False, True], ids=["class indices", "one-hot"])
def test_scores_of_labels_are_cleanlabs(case: dict[str, Any], one_hot: bool, tmp_path: Path) -> None:
    logits, labels = np.array(case["logits"], np.float32), np.array(case["labels"])
    np.savez(tmp_path / "d.npz", logits=logits, labels=np.eye(logits.shape[1])[labels] if one_hot else labels)
    score(str(tmp_path / "d.npz"), tmp_path / "out", include=SCORES)
    rows = rows_in(tmp_path / "out")
    for name in SCORES:
        np.testing.assert_allclose(rows[name].to_numpy(), case[name], rtol=2e-6, atol=2e-7)


def test_the_doubtful_labels_are_those_that_cleanlab_ranks_first(tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case["name"] == "10 classes, spread 2")
    np.savez(tmp_path / "d.npz", logits=np.array(case["logits"], np.float32), labels=case["labels"])
    summary = score(str(tmp_path / "d.npz"), tmp_path / "out", include=("normalized_margin",))
    first = np.argsort(case["normalized_margin"], kind="stable")
    assert [row["row"] for row in summary["doubtful"]] == first.tolist()
