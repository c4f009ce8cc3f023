"""The recommendation for a data set in many blocks is that of all its rows at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xent_core import recommend
from xent_score import plan as planning
from xent_score.scoring import score

RANDOM = np.random.default_rng(4)
# The second half has classes that the first has not.
RARE = np.concatenate([np.zeros(200, int), RANDOM.integers(0, 2, 180), np.full(20, 2)])
MULTI = (RANDOM.random((400, 3)) < 0.05).astype(np.int8)
MULTI[:3] = np.eye(3)

LABELS: dict[str, Any] = {
    "class indices": RARE,
    "one-hot": np.eye(3, dtype=np.int8)[RARE],
    "multi-hot": MULTI,
    "distributions": RANDOM.dirichlet([1, 1, 1], 400),
    "one-hot rows, then distributions": np.concatenate([np.eye(3)[RARE[:200]], RANDOM.dirichlet([1, 1, 1], 200)]),
}


@pytest.mark.parametrize("labels", LABELS)
def test_it_is_that_of_all_rows(labels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PART_BYTES", 90 * 12)
    monkeypatch.setattr(planning, "BLOCK_BYTES", 45 * 12)
    logits = RANDOM.standard_normal((400, 3)).astype(np.float32)
    np.savez(tmp_path / "d.npz", logits=logits, labels=LABELS[labels])
    found = score(str(tmp_path / "d.npz"), tmp_path / "out")["recommendation"]
    expected = recommend(LABELS[labels], logits=logits).recommendation
    assert found["loss_type"] == expected.loss_type
    assert found["label_kind"] == expected.label_kind
    assert [reason["code"] for reason in found["reasons"]] == [reason.code for reason in expected.reasons]
    assert [reason["message"] for reason in found["reasons"]] == [reason.message for reason in expected.reasons]
    assert found["equivalents"] == expected.equivalents
    if expected.suggested is None:
        assert found["suggested"] is None
    else:
        assert found["suggested"]["pos_weight"] == expected.suggested.pos_weight
        assert found["suggested"]["class_weights"] == pytest.approx(expected.suggested.class_weights)


def test_for_yes_no_questions_in_one_column(tmp_path: Path) -> None:
    labels = (RANDOM.random(400) < 0.05).astype(int)
    np.savez(tmp_path / "d.npz", logits=RANDOM.standard_normal(400), labels=labels)
    found = score(str(tmp_path / "d.npz"), tmp_path / "out")["recommendation"]
    expected = recommend(labels, logits_shape=(400,)).recommendation
    assert found["loss_type"] == expected.loss_type
    assert found["suggested"]["pos_weight"] == expected.suggested.pos_weight  # type: ignore[union-attr]


def test_with_many_classes_nothing_is_suggested(tmp_path: Path) -> None:
    labels = np.zeros(60, int)
    labels[:3] = 1
    np.savez(tmp_path / "d.npz", logits=np.zeros((60, 1001), np.float32), labels=labels)
    assert score(str(tmp_path / "d.npz"), tmp_path / "out")["recommendation"]["suggested"] is None
