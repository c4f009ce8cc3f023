"""The options of `xent score` are the parameters of `xent_core.evaluate`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.api.loss import LossRequest
from tests.xent_score.conftest import Data, refusal, summary_in, table_of, write_parquet, xent
from xent_core import evaluate
from xent_score.errors import DataError
from xent_score.parameters import OF_DATA, PARAMETERS, parse


def test_every_parameter_of_a_request_is_an_option() -> None:
    assert LossRequest.model_fields.keys() - OF_DATA - {"encoding"} == PARAMETERS.keys()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("label_smoothing", "0.1", 0.1),
        ("from_logits", "False", False),
        ("ignore_index", "-100", -100),
        ("loss_type", "auto", "auto"),
        ("reduction", "sum", "sum"),
        ("pos_weight", "2.5", 2.5),
        ("class_weights", "1,2,0.5", [1, 2, 0.5]),
        ("class_weights", "[1]", [1]),
    ],
)
def test_a_value_is_read_by_its_type(name: str, text: str, value: Any) -> None:
    assert parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("label_smoothing", "x", "--label-smoothing is 'x'; a number was expected"),
        ("from_logits", "1", "--from-logits is '1'; true or false was expected"),
        ("ignore_index", "1.5", "--ignore-index is '1.5'; a whole number was expected"),
        (
            "class_weights",
            "1;2",
            "--class-weights is '1;2'; a number, or numbers with commas between them, was expected",
        ),
    ],
)
def test_a_value_that_is_none_is_refused(name: str, text: str, expected: str) -> None:
    with pytest.raises(DataError) as raised:
        parse(name, text)
    assert str(raised.value) == expected


def test_parameters_and_by_products_reach_the_loss(data: Data, tmp_path: Path) -> None:
    path = write_parquet(table_of(data), tmp_path / "d.parquet")
    weights = "1,2,3,1,0.5"
    run = xent(
        "score", path, "--out", tmp_path / "out", "--label-smoothing", "0.1", "--class-weights", weights,
        "--reduction", "weighted_mean", "--silence", "worse_than_uniform,infinite_loss", "--processes", "1",
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    expected = evaluate(
        data.logits, data.labels, label_smoothing=0.1, class_weights=[1, 2, 3, 1, 0.5], reduction="weighted_mean"
    )
    summary = summary_in(tmp_path / "out")
    assert summary["reduced"]["value"] == pytest.approx(expected.reduced.value, rel=1e-12)  # type: ignore[union-attr]
    assert not {"worse_than_uniform", "infinite_loss"} & {*summary["checked"]}


def test_what_the_loss_refuses_is_one_line(data: Data, tmp_path: Path) -> None:
    path = write_parquet(table_of(data), tmp_path / "d.parquet")
    line = refusal(path, "--out", tmp_path / "out", "--label-smoothing", "2")
    assert "label_smoothing: is 2" in line


def test_the_number_of_processes_is_whole(tmp_path: Path) -> None:
    run = xent("score", "x.npy", "--out", tmp_path / "out", "--processes", "-1")
    assert run.returncode == 2
    assert "argument --processes: invalid _whole value" in run.stderr


class TestByProducts:
    NAMES = "entropy,predictions,label_rank,margin,logsumexp,probabilities,self_confidence,normalized_margin"

    def test_they_are_columns(self, data: Data, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        from xent_score.scoring import score

        path = write_parquet(table_of(data), tmp_path / "d.parquet")
        score(str(path), tmp_path / "out", include=tuple(self.NAMES.split(",")), id="id")
        rows = pq.read_table(tmp_path / "out/rows")
        expected = evaluate(data.logits, data.labels, include=["entropy", "margin", "probabilities"])
        np.testing.assert_allclose(rows["entropy"].to_numpy(), expected.entropy)  # type: ignore[arg-type]
        probabilities = np.array(rows["probabilities"].to_pylist())
        np.testing.assert_allclose(probabilities, expected.probabilities, rtol=1e-6)  # type: ignore[arg-type]
        of_label = np.take_along_axis(probabilities, data.labels[:, None], 1)[:, 0]
        np.testing.assert_allclose(rows["self_confidence"].to_numpy(), of_label, rtol=1e-5)
        np.testing.assert_allclose(rows["normalized_margin"].to_numpy(), (expected.margin + 1) / 2, rtol=1e-6)  # type: ignore[operator]

    def test_quality_of_one_hot_weighted_and_ignored_labels(self, data: Data, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        from xent_score.scoring import score

        labels = data.labels.copy()
        labels[:10] = -100
        weights = np.ones(len(labels))
        weights[10:20] = 0
        one_hot = np.eye(data.logits.shape[1], dtype=np.int8)[data.labels]
        np.savez(tmp_path / "d.npz", logits=data.logits, labels=labels, one_hot=one_hot, weights=weights)
        include = ("self_confidence", "normalized_margin")
        ignoring = {"ignore_index": -100}
        summary = score(
            str(tmp_path / "d.npz"), tmp_path / "a", include=include, weights="weights", parameters=ignoring
        )
        score(str(tmp_path / "d.npz"), tmp_path / "b", include=include, labels="one_hot")
        a, b = (pq.read_table(tmp_path / name / "rows")["self_confidence"].to_numpy() for name in "ab")
        assert (a[:20] == 1).all()
        np.testing.assert_array_equal(a[20:], b[20:])
        assert min(row["row"] for row in summary["doubtful"]) >= 20
        assert summary["summary"]["counted"] == len(labels) - 20
        counted = evaluate(data.logits[20:], data.labels[20:], include=["summary"]).summary
        for name in ("q50", "q90", "q99", "mean", "minimum", "maximum"):
            assert summary["summary"][name] == pytest.approx(getattr(counted, name)), name


def test_next_tokens_of_sequences(tmp_path: Path) -> None:
    from tests.xent_score.conftest import rows_in
    from xent_score.comparing import compare
    from xent_score.scoring import score

    random = np.random.default_rng(0)
    logits, labels = random.standard_normal((20, 6, 4)).astype(np.float32), random.integers(0, 4, (20, 6))
    np.savez(tmp_path / "d.npz", logits=logits, other_logits=logits[::-1], labels=labels)
    parameters = {"shift": 1}
    summary = score(str(tmp_path / "d.npz"), tmp_path / "out", parameters=parameters, include=("self_confidence",))
    expected = evaluate(logits, labels, shift=1).per_sample
    rows = rows_in(tmp_path / "out")
    np.testing.assert_array_equal(rows["loss"].to_numpy(), expected.reshape(-1))
    np.testing.assert_allclose(rows["self_confidence"].to_numpy(), np.exp(-expected.reshape(-1)), rtol=1e-6)
    assert len(summary["by_position"]) == 5
    for row in summary["hardest"]:
        assert row["label"] == labels[row["row"], row["position"] + 1]
        assert row["prediction"] == logits[row["row"], row["position"]].argmax()
    compare(str(tmp_path / "d.npz"), tmp_path / "compared", parameters=parameters)
    assert len(rows_in(tmp_path / "compared")) == 100
