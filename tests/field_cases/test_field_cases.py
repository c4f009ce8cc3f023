"""Batches from bug reports get the right value and advice. null stands for NaN: a missing label, or padding."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from xent_core import Evaluation, evaluate

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
SOFTMAX, SIGMOID = "softmax_cross_entropy", "sigmoid_cross_entropy"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_batch_from_a_bug_report_is_computed_and_judged_right(case: dict[str, Any]) -> None:
    request = dict(case["request"])
    logits, labels = (np.array(request.pop(name), np.float64) for name in ("logits", "labels"))
    result = evaluate(logits, labels, **request)
    assert result.loss_type == case["loss_type"]
    assert result.recommendation is not None
    assert result.reduced is not None
    if "value" in case:
        assert_allclose(result.reduced.value, case["value"], rtol=case.get("tolerance", 1e-5), atol=1e-12)
    if "per_sample" in case:
        assert_allclose(result.per_sample, case["per_sample"], rtol=1e-9)
    assert result.recommendation.label_kind == case.get("kind", result.recommendation.label_kind)
    assert result.recommendation.loss_type == case.get("recommended", result.recommendation.loss_type)
    assert (result.recommendation.suggested is not None) == case.get(
        "suggests", result.recommendation.suggested is not None
    )
    codes = {warning.code for warning in result.warnings}
    assert set(case.get("warns", [])) <= codes
    assert not set(case.get("silent", [])) & codes


def test_nothing_is_suggested_where_each_class_occurs_once_among_what_counts() -> None:
    labels, weights = np.zeros((1, 40), int), np.zeros((1, 40))
    labels[0, :4], weights[0, :4] = range(4), 1
    result = evaluate(np.zeros((1, 40, 4)), labels, weights=weights, reduction="weighted_mean")
    assert result.recommendation is not None
    assert result.recommendation.suggested is None


Form = tuple[str, dict[str, Any]]
FORMS: list[Form] = [
    ("indices", {}),
    ("one_hot", {}),
    ("distribution", {}),
    ("multi_hot", {"loss_type": SIGMOID}),
    ("soft", {"loss_type": SIGMOID}),
    ("indices", {"loss_type": "sparse_softmax_cross_entropy", "class_weights": [1.0, 2.0, 3.0]}),
    ("multi_hot", {"pos_weight": 2.0}),
]


def labels_of(form: str, random: np.random.Generator, rows: int) -> Any:
    indices = random.integers(0, 3, rows)
    match form:
        case "indices":
            return indices.astype(float)
        case "one_hot":
            return np.eye(3)[indices]
        case "distribution":
            return np.round(random.dirichlet([1, 1, 1], rows), 2)
        case "multi_hot":
            return random.integers(0, 2, (rows, 3)).astype(float)
        case _:
            return random.random((rows, 3))


def judged(result: Evaluation) -> tuple[Any, ...]:
    found = result.recommendation
    assert found is not None
    suggested = found.suggested
    weights = (
        None
        if suggested is None
        else (suggested.pos_weight, None if suggested.class_weights is None else suggested.class_weights.tolist())
    )
    return result.loss_type, found.loss_type, found.label_kind, weights, {warning.code for warning in result.warnings}


@given(
    form=st.sampled_from(FORMS),
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 40),
    padding=st.integers(1, 60),
    over=st.sampled_from([0.0, 1e300, np.nan, np.inf, -np.inf]),
    mark=st.sampled_from(["weight", "ignored", "missing"]),
    filler=st.sampled_from([0.0, -7.0, 0.5, 1e30, np.nan]),
    from_logits=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_padding_changes_neither_the_losses_of_the_rest_nor_what_is_said(
    form: Form, seed: int, rows: int, padding: int, over: float, mark: str, filler: float, from_logits: bool
) -> None:
    random = np.random.default_rng(seed)
    name, options = form
    options = options | {"reduction": "weighted_mean", "from_logits": from_logits}
    logits, labels = random.standard_normal((rows, 3)), labels_of(name, random, rows)
    if not from_logits:
        logits = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    alone = evaluate(logits, labels, **options, include=["gradient"])
    places = np.sort(random.permutation(rows + padding)[:rows])
    padded_logits = np.full((rows + padding, 3), over)
    padded_labels = np.full((rows + padding, *labels.shape[1:]), filler)
    padded_logits[places], padded_labels[places] = logits, labels
    rest = np.ones(rows + padding, bool)
    rest[places] = False
    if mark == "weight":
        options["weights"] = np.where(rest, 0.0, 1.0)
    elif mark == "ignored" and name in ("indices", "multi_hot"):
        options["ignore_index"] = -7
        padded_labels[rest] = -7
    else:
        padded_labels[rest] = np.nan
    padded = evaluate(padded_logits, padded_labels, **options, include=["gradient"])
    assert judged(padded) == judged(alone)
    assert_allclose(padded.per_sample[places], alone.per_sample, rtol=1e-12)
    assert not padded.per_sample[rest].any()
    assert padded.reduced is not None
    assert alone.reduced is not None
    assert_allclose(padded.reduced.value, alone.reduced.value, rtol=1e-12)
    assert padded.gradient is not None
    assert alone.gradient is not None
    assert not padded.gradient[rest].any()
    assert_allclose(padded.gradient[places], alone.gradient, rtol=1e-9, atol=1e-15)
