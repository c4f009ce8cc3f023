"""`compare`: against SciPy's paired test and divergences, and identities."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import special, stats

from tests.xent_score.conftest import ROWS, Data, fixed_lists, rows_in, write_parquet, xent
from xent_core import evaluate
from xent_score import plan as planning
from xent_score.compare import apart
from xent_score.comparing import compare
from xent_score.errors import DataError


@pytest.fixture(scope="module")
def pair(data: Data, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A file with two models' logits, and the second's."""
    other = data.logits + np.random.default_rng(5).normal(0, 0.3, data.logits.shape).astype(np.float32)
    table = pa.table(
        {"logits": fixed_lists(data.logits), "other_logits": fixed_lists(other), "labels": data.labels,
         "id": np.arange(ROWS) + 7}
    )  # fmt: skip
    return write_parquet(table, tmp_path_factory.mktemp("pair") / "d.parquet"), other


@pytest.fixture(scope="module")
def summary(pair: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "PARTS", 1)
        patch.setattr(planning, "PART_BYTES", 200 * 40)
        patch.setattr(planning, "BLOCK_BYTES", 90 * 40)
        return compare(str(pair[0]), tmp_path_factory.mktemp("compared") / "out", id="id")


def test_the_difference_is_that_of_a_paired_t_test(data: Data, pair: tuple[Path, Any], summary: Any) -> None:
    first, second = (evaluate(logits, data.labels) for logits in (data.logits, pair[1]))
    difference = second.per_sample.astype(float) - first.per_sample
    test = stats.ttest_rel(second.per_sample.astype(float), first.per_sample.astype(float))
    found = summary["difference"]
    assert found["mean"] == pytest.approx(difference.mean(), rel=1e-12)
    assert found["standard_error"] == pytest.approx(stats.sem(difference), rel=1e-12)
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-9)
    assert found["interval"] == pytest.approx(test.confidence_interval(), rel=1e-9)
    assert found["share_better"] == np.mean(difference < 0)
    assert found["share_worse"] == np.mean(difference > 0)
    assert found["perplexity_ratio"] == pytest.approx(np.exp(second.reduced.value - first.reduced.value))  # type: ignore[union-attr]
    assert summary["first"]["reduced"]["value"] == pytest.approx(first.reduced.value)  # type: ignore[union-attr]
    assert summary["second"]["reduced"]["value"] == pytest.approx(second.reduced.value)  # type: ignore[union-attr]
    furthest = np.argsort(-np.abs(difference))[:100]
    assert [row["row"] for row in summary["most_different"]] == furthest.tolist()
    assert summary["most_different"][0]["id"] == furthest[0] + 7


def in_float64(first: Any, second: Any) -> dict[str, Any]:
    """By SciPy, from logarithms of probabilities."""
    log_p, log_q = (special.log_softmax(np.asarray(each, float), axis=1) for each in (first, second))
    p, q = np.exp(log_p), np.exp(log_q)
    mean = (p + q) / 2
    return {
        "kl": special.rel_entr(p, q).sum(1),
        "reverse_kl": special.rel_entr(q, p).sum(1),
        "jensen_shannon": (special.rel_entr(p, mean) + special.rel_entr(q, mean)).sum(1) / 2,
    }


def test_divergences_and_their_quantiles_are_scipys(data: Data, pair: tuple[Path, Any], summary: Any) -> None:
    for name, values in in_float64(data.logits, pair[1]).items():
        found = summary["divergence"][name]
        assert found["mean"] == pytest.approx(values.mean(), rel=1e-5)
        assert found["standard_error"] == pytest.approx(stats.sem(values), rel=1e-5)
        for quantile, share in (("q50", 0.5), ("q90", 0.9), ("q99", 0.99), ("q999", 0.999), ("maximum", 1.0)):
            assert found[quantile] == pytest.approx(np.quantile(values, share), rel=1e-4), (name, quantile)
    agree = data.logits.argmax(1) == pair[1].argmax(1)
    assert summary["same_top1"] == agree.mean()
    assert summary["same_top5"] == 1


def test_a_model_is_as_itself(data: Data, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", data.logits)
    np.save(tmp_path / "y.npy", data.labels)
    x = str(tmp_path / "x.npy")
    summary = compare(x, tmp_path / "out", other_data=x, labels_data=str(tmp_path / "y.npy"))
    assert summary["difference"] == {
        "mean": 0, "share_better": 0, "share_worse": 0, "standard_error": 0, "interval": [0, 0], "p_value": 1,
        "perplexity_ratio": 1,
    }  # fmt: skip
    assert {each["maximum"] for each in summary["divergence"].values()} == {0}
    assert (summary["same_top1"], summary["same_top5"]) == (1, 1)


def test_divergences_are_those_at_the_temperature() -> None:
    random = np.random.default_rng(2)
    first, second = random.normal(0, 3, (2, 20, 30))
    found = apart(first, second, 2.5)
    for name, values in in_float64(first / 2.5, second / 2.5).items():
        np.testing.assert_allclose(getattr(found, name), values, rtol=1e-12)


def test_masked_classes_count_for_nothing_or_make_kl_infinite() -> None:
    inf = np.inf
    first = np.array([[0.0, -inf, 1.0], [0.0, 1.0, 2.0], [1.0, -inf, 0.0]])
    second = np.array([[0.0, -inf, 2.0], [0.0, -inf, 2.0], [0.0, 3.0, 1.0]])
    found, expected = apart(first, second), in_float64(first, second)
    for name, values in expected.items():
        np.testing.assert_allclose(getattr(found, name), values, rtol=1e-12)
    assert found.kl[1] == inf
    assert found.reverse_kl[2] == inf


def test_the_top_five_are_compared_as_sets() -> None:
    first = np.arange(7.0)[None].repeat(3, 0)
    second = first.copy()
    second[1, [5, 6]] = 6, 5  # other order
    second[2, 0] = 9  # another class
    found = apart(first, second)
    assert found.same_top1.tolist() == [True, False, False]
    assert found.same_top5.tolist() == [True, True, False]


def test_sigmoid_losses_have_a_difference_and_no_divergence(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    logits, other = random.standard_normal((2, 50, 3), np.float32)
    np.savez(tmp_path / "d.npz", logits=logits, other_logits=other, labels=random.integers(0, 2, (50, 3)))
    summary = compare(str(tmp_path / "d.npz"), tmp_path / "out")
    assert (summary["divergence"], summary["same_top1"]) == (None, None)
    assert "perplexity_ratio" not in summary["difference"]
    assert "kl" not in rows_in(tmp_path / "out").column_names


def test_infinite_losses_are_compared(tmp_path: Path) -> None:
    logits = np.array([[0, -np.inf], [0, 1], [-np.inf, 0], [0, 1]], np.float32)
    other = np.array([[0, -np.inf], [0, -np.inf], [0, 1], [0, 1]], np.float32)
    np.savez(tmp_path / "d.npz", logits=logits, other_logits=other, labels=[1, 1, 0, 0])
    summary = compare(str(tmp_path / "d.npz"), tmp_path / "out")
    assert summary["difference"] is None
    assert summary["divergence"]["kl"]["mean"] == "Infinity"
    assert summary["divergence"]["kl"]["standard_error"] is None
    differences = [row["difference"] for row in summary["most_different"]]
    assert differences == ["Infinity", "-Infinity", 0, 0]


def test_one_row_has_no_standard_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", logits=[[0.0, 1]], other_logits=[[0.0, 2]], labels=[1])
    difference = compare(str(tmp_path / "d.npz"), tmp_path / "out")["difference"]
    assert (difference["standard_error"], difference["interval"], difference["p_value"]) == (None, None, None)


def test_sequences_have_positions(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    logits, other = random.standard_normal((2, 6, 4, 3), np.float32)
    np.savez(tmp_path / "d.npz", logits=logits, other_logits=other, labels=random.integers(0, 3, (6, 4)))
    summary = compare(str(tmp_path / "d.npz"), tmp_path / "out")
    rows = rows_in(tmp_path / "out")
    assert rows["position"].to_pylist() == [0, 1, 2, 3] * 6
    np.testing.assert_allclose(
        rows["kl"].to_numpy(), in_float64(logits.reshape(-1, 3), other.reshape(-1, 3))["kl"], rtol=1e-4
    )
    assert {row["position"] for row in summary["most_different"]} == {0, 1, 2, 3}


class TestRefusals:
    def said(self, folder: Path, parameters: dict[str, Any] | None = None, **arrays: Any) -> str:
        np.savez(folder / "d.npz", **arrays)
        with pytest.raises(DataError) as raised:
            compare(str(folder / "d.npz"), folder / "out", parameters=parameters)
        return str(raised.value)

    def test_other_shapes(self, tmp_path: Path) -> None:
        found = self.said(tmp_path, logits=np.zeros((4, 2)), other_logits=np.zeros((4, 3)), labels=[0, 1, 0, 1])
        assert "other_logits: has shape [4, 3]; that of logits is [4, 2]" in found

    def test_rows_that_are_no_samples(self, tmp_path: Path) -> None:
        one = np.zeros((4, 2))
        parameters = {"axis": 0, "loss_type": "softmax_cross_entropy"}
        found = self.said(tmp_path, parameters, logits=one, other_logits=one, labels=one)
        assert "the rows of logits are no samples of softmax_cross_entropy" in found

    def test_classes_on_another_axis(self, tmp_path: Path) -> None:
        found = self.said(
            tmp_path, {"axis": 1}, logits=np.zeros((4, 2, 3)), other_logits=np.zeros((4, 2, 3)),
            labels=np.zeros((4, 3), int),
        )  # fmt: skip
        assert "axis: is 1; to compare, the classes are on the last axis" in found


def test_the_command_says_what_differs_and_sets_rows_aside(data: Data, pair: tuple[Path, Any], tmp_path: Path) -> None:
    run = xent("compare", pair[0], "--out", tmp_path / "out", "--id", "id")
    assert (run.returncode, run.stderr) == (0, "")
    for word in ("difference", "p = ", "kl", "agreement", "most different", "id "):
        assert word in run.stdout
    again = xent("compare", pair[0], "--out", tmp_path / "out", "--id", "id", "--json")
    assert '"most_different"' in again.stdout
    labels = data.labels.copy()
    labels[5] = 99
    for name, array in (("a", data.logits), ("b", pair[1]), ("y", labels)):
        np.save(tmp_path / f"{name}.npy", array)
    arguments = (tmp_path / "a.npy", tmp_path / "b.npy", "--labels-data", tmp_path / "y.npy", "--bad-rows", "skip")
    run = xent("compare", *arguments, "--out", tmp_path / "bad")
    assert run.returncode == 3
    assert rows_in(tmp_path / "bad")["loss"][5].as_py() is None
    run = xent("compare", tmp_path / "no.npy", "--out", tmp_path / "none")
    assert (run.returncode, run.stderr) == (1, f"xent: there is no file {tmp_path}/no.npy\n")
