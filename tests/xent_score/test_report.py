"""The report: sound HTML that needs nothing else, and says what the summary says."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.xent_score.conftest import Data, fixed_lists, table_of, write_parquet
from xent_score.comparing import compare
from xent_score.drawing import Axes, ticks_of
from xent_score.report import score_report
from xent_score.scoring import score


class Page(HTMLParser):
    """Reads a page, and finds tags that don't match and whatever would be loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]
        assert tag != "script"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(out: Path) -> Page:
    text = (out / "report.html").read_text("utf-8")
    assert "http" not in text.replace("http-equiv", "")
    page = Page(text)
    assert page.loaded == []
    return page


def test_a_report_of_losses_has_all_its_parts(data: Data, tmp_path: Path) -> None:
    table = table_of(data).set_column(2, "id", pa.array([f"<b>{row}&" for row in range(len(data.labels))]))
    write_parquet(table, tmp_path / "d.parquet")
    summary = score(str(tmp_path / "d.parquet"), tmp_path / "out", id="id", include=("margin",))
    page = page_of(tmp_path / "out")
    for heading in ("Summary", "Losses", "Calibration", "Classes", "Hardest rows", "Doubtful labels"):
        assert heading in page.texts
    assert f"mean: {summary['reduced']['value']:.6g}" in page.texts
    assert summary["hardest"][0]["id"] in page.texts, "ids of the user's are text, whatever is in them"
    assert sum(summary["histogram"]["counts"]) == len(data.labels)


def test_sequences_warnings_and_bad_rows_are_shown(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    logits = random.random((40, 6, 3)).astype(np.float32)
    logits[3, 0, 0] = np.nan
    np.savez(tmp_path / "d.npz", logits=logits / logits.sum(-1, keepdims=True), labels=random.integers(0, 3, (40, 6)))
    summary = score(str(tmp_path / "d.npz"), tmp_path / "out", skip_bad=True)
    page = page_of(tmp_path / "out")
    for heading in ("Positions", "Warnings", "Rows that can't be computed: 1"):
        assert heading in page.texts
    assert "logits_look_like_probabilities" in page.texts
    assert len(summary["by_position"]) == 6


def test_a_comparison_has_all_its_parts(data: Data, tmp_path: Path) -> None:
    table = pa.table(
        {"logits": fixed_lists(data.logits), "other_logits": fixed_lists(data.logits[:, ::-1]), "labels": data.labels}
    )
    write_parquet(table, tmp_path / "d.parquet")
    compare(str(tmp_path / "d.parquet"), tmp_path / "out")
    page = page_of(tmp_path / "out")
    for heading in ("Both models", "Difference", "Losses of both", "Divergence", "Rows that differ most"):
        assert heading in page.texts


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    logits = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    np.savez(tmp_path / "d.npz", logits=logits, other_logits=logits, labels=[1, 1])
    summary = score(str(tmp_path / "d.npz"), tmp_path / "out", parameters={"reduction": "none"})
    assert summary["reduced"] is None
    assert summary["histogram"] == {"edges": [], "counts": []}
    texts = page_of(tmp_path / "out").texts
    assert "Losses" not in texts
    assert "Classes" not in texts
    compare(str(tmp_path / "d.npz"), tmp_path / "compared")
    assert "Losses of both" not in page_of(tmp_path / "compared").texts


def test_a_data_set_in_which_nothing_counts(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", logits=np.zeros((3, 2)), labels=np.full(3, -100))
    summary = score(str(tmp_path / "d.npz"), tmp_path / "out", parameters={"ignore_index": -100})
    assert summary["summary"]["mean"] is None
    assert summary["summary"]["q50"] is None
    assert summary["doubtful"] == []
    assert "Calibration" not in page_of(tmp_path / "out").texts


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.13, 5.4, [2, 4]), (-3, 3, [-2, 0, 2]), (0, 44, [0, 10, 20, 30, 40]),
     (0, 3e-5, [0, 1e-5, 2e-5, 3e-5]), (0, 1_234_567, [0, 500_000, 1_000_000])],
)  # fmt: skip
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert ticks_of(low, high) == pytest.approx(expected)


def test_a_picture_keeps_what_is_drawn_inside() -> None:
    axes = Axes("title", (1, 1), (0, 2), ("x", "y"))
    assert axes.at(0, -5) == axes.at(1, 0)
    axes.points([(1, 1)])
    assert "circle" in axes.svg()
    numbers: Any = re.findall(r'c[xy]="([\d.]+)"', axes.svg())
    assert len(numbers) == 2


def test_all_classes_present_but_infinite_are_named_so() -> None:
    per_class = {"count": [1, 2], "mean": ["Infinity", 1.0], "accuracy": [0.0, 1.0]}
    summary = {
        "rows": 3, "files": 1, "loss_type": "x", "reduced": None, "warnings": [], "by_position": None,
        "recommendation": {"loss_type": "x", "reasons": [], "equivalents": None},
        "histogram": {"edges": [], "counts": []},
        "summary": {"per_class": per_class}, "calibration": None, "hardest": [], "doubtful": [],
        "set_aside": {"rows": 0, "first": []},
    }  # fmt: skip
    assert "The 1 hardest of 2 classes." in score_report(summary, "t")
