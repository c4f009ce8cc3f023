"""Results are one line as text, and HTML without scripts in a notebook."""

import math
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.client_python.misbehaving import Misbehaving, respond
from xent_client import LossResult, Xent
from xent_client.notebook import html
from xent_client.tensors import to_array

LOGITS = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
LABELS = np.arange(500) % 3


def parsed(result: Any) -> ElementTree.Element:
    """The HTML of a result, which is well-formed, and loads and runs nothing."""
    root = ElementTree.fromstring(result._repr_html_())  # noqa: S314  our own
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        assert name in {"div", "p", "b", "i", "ul", "li", "code", "svg", "title", "rect"}
        assert not any(each.startswith("on") or each in {"href", "src", "style"} for each in element.attrib)
    return root


def text_of(result: Any) -> str:
    return "".join(parsed(result).itertext())


def bars(result: Any) -> list[float]:
    return [float(each.attrib["height"]) for each in parsed(result).iter("{http://www.w3.org/2000/svg}rect")]


def test_a_loss_is_shown_in_a_line(xent: Xent) -> None:
    result = xent.loss(LOGITS, LABELS, include=["gradient"])
    assert result.reduced
    value = f"mean {result.reduced.value:.6g} nats"
    assert repr(result) == f"<LossResult sparse_softmax_cross_entropy, {value}, per_sample (500,) float32>"
    assert text_of(result).startswith(f"LossResult: sparse_softmax_cross_entropy, {value}, per_sample (500,) float32")


def test_what_is_recommended_is_shown_where_it_differs(xent: Xent) -> None:
    result = xent.loss(LOGITS, np.eye(3)[LABELS], reduction="none")
    assert repr(result) == (
        "<LossResult softmax_cross_entropy, not reduced, per_sample (500,) float32, "
        "recommended: sparse_softmax_cross_entropy; warnings: one_hot_labels_could_be_indices>"
    )
    (warning,) = result.warnings
    assert f"{warning.code} ({warning.severity}): {warning.message} {warning.fix}" in text_of(result)


def test_the_histogram_counts_the_finite_losses(xent: Xent) -> None:
    logits = LOGITS.copy()
    logits[:3, 2] = -np.inf
    labels = np.where(np.arange(500) < 3, 2, LABELS)
    result = xent.loss(logits, labels)
    finite = result.per_sample[np.isfinite(result.per_sample)]
    counts, _ = np.histogram(finite, 24)
    assert bars(result) == pytest.approx([60 * count / counts.max() for count in counts if count], abs=0.06)
    low, high = f"{finite.min():.4g}", f"{finite.max():.4g}"
    assert (
        text_of(result).count(f"497 losses from {low} to {high} nats; 3 infinite") == 2
    )  # the image's title, and below


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        ([], 0),
        ([1.0], 0),
        ([math.inf, 1.0], 0),
        ([0.0, 0.0], 1),
        ([2.0, 2.0, 2.0], 1),
        ([-1.7e308, 1.7e308], 2),
        ([0.0, 5e-324], 2),
        ([[0.0, 1.0], [2.0, 3.0]], 4),
    ],
)
def test_losses_of_any_size_have_a_histogram(losses: Any, count: int) -> None:
    shown = html("LossResult", [], [], np.array(losses))
    assert len(re.findall("<rect ", shown)) == count
    assert "nan" not in shown


def test_a_single_loss_has_none(xent: Xent) -> None:
    assert bars(xent.loss([2.0, 0.5, 1.0], 1, loss_type="sparse_softmax_cross_entropy")) == []


def test_a_recommendation_is_shown(xent: Xent) -> None:
    result = xent.recommend([[1, 0, 1], [0, 0, 1]], logits_shape=(2, 3))
    assert repr(result) == "<RecommendResult sigmoid_cross_entropy, labels: multi_hot>"
    assert text_of(result) == "RecommendResult: sigmoid_cross_entropy, labels: multi_hot"


def test_a_sampled_loss_is_shown(xent: Xent) -> None:
    result = xent.sampled_softmax(np.eye(3), [0.0] * 3, np.ones((2, 3)), [0, 1], num_sampled=2, seed=7)
    assert result.reduced
    head = f"sampled_softmax, mean {result.reduced.value:.6g} nats, per_sample (2,) float64, seed 7"
    assert repr(result) == f"<SampledResult {head}; warnings: train_only>"
    assert text_of(result).startswith(f"SampledResult: {head}train_only (certain): ")


def test_an_evaluation_is_shown(xent: Xent) -> None:
    batches = [(LOGITS[:9], LABELS[:9], 2.0)] * 3
    result = xent.evaluate(batches)
    head = f"sparse_softmax_cross_entropy, mean {result.reduced.value:.6g} nats, 3 batches"
    assert repr(result) == f"<Evaluation {head}; warnings: scalar_weight_only_rescales>"
    assert text_of(result) == f"Evaluation: {head}scalar_weight_only_rescales in 3 batches"
    assert bars(result) == []
    with_losses = xent.evaluate(batches, per_sample=True)
    assert f"{head}, per_sample (27,) float32" in repr(with_losses)
    assert bars(with_losses)


def result_of(xent: Xent, **changes: Any) -> LossResult:
    """A result of another service, or a newer one: as of the real one, but for these changes to its warning."""
    warning = {"code": "code", "severity": "hint", "message": "message", "evidence": {}, "fix": "fix", "change": None}
    recommendation = xent.loss(LOGITS[:2], LABELS[:2]).recommendation.to_dict()
    body = {
        "loss_type": "softmax_cross_entropy",
        "per_sample": {"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="},
        "reduced": None,
        "recommendation": recommendation,
        "warnings": [warning | changes],
        "checked": [],
    }
    with Misbehaving(respond(200, body)) as server, type(xent)(server.address, python_warnings=False) as other:
        return other.loss(LOGITS[:2], LABELS[:2])


def test_all_text_is_escaped(xent: Xent) -> None:
    script = "<script>alert('1')</script>&"
    result = result_of(xent, code=script, message=script, fix=script)
    assert "<script" not in result._repr_html_()
    assert text_of(result).count(script) == 3
    np.testing.assert_array_equal(
        result.per_sample, to_array({"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="})
    )


def test_a_warning_has_its_severity_and_the_change_that_mends_it(xent: Xent) -> None:
    result = result_of(xent, severity="likely", change={"from_logits": False})
    (warning,) = result.warnings
    assert warning.severity == "likely"
    assert warning.change.to_dict() == {"from_logits": False}
    assert "code (likely): message fix" in text_of(result)


def test_a_later_services_code_of_a_warning_is_accepted(xent: Xent) -> None:
    (warning,) = result_of(xent, code="of_a_later_version").warnings
    assert warning.code == "of_a_later_version"
