"""Plans evaluate clean batches as `evaluate` does, to the last bit, and leave all others to it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xent_core import evaluate
from xent_core.accumulate import accumulate
from xent_core.advice import checks
from xent_core.advice.checks import BY_FORM, CHECKS, checks_for
from xent_core.advice.subject import Form, Subject
from xent_core.compute.layout import Array
from xent_core.compute.reduction import mean_loss
from xent_core.labels.clean import CLEAN_LABELS
from xent_core.plan import CONSTANT, Plan, _seen, is_clean, plan_for
from xent_core.prepare import Options, prepare
from xent_core.results import LabelKind

KINDS: tuple[LabelKind, ...] = ("class_indices", "one_hot", "distribution", "multi_hot", "binary")
LOGITS = np.array([[2.0, -3.5, 1.0], [0.1, 1.0, -3.0], [-0.3, 0.2, 1.1]])
LABELS = np.array([1, 2, 0])


def labels_of(kind: LabelKind, rows: int, classes: int, random: np.random.Generator) -> Array:
    match kind:
        case "class_indices":
            return random.integers(0, classes, rows)
        case "one_hot":
            return np.eye(classes)[random.integers(0, classes, rows)]
        case "distribution":
            return random.dirichlet(np.ones(classes), rows)
        case "multi_hot":
            return random.integers(0, 2, (rows, classes))
        case _:
            return random.integers(0, 2, rows)


def batch_of(kind: LabelKind, rows: int, random: np.random.Generator, dtype: type = np.float64) -> tuple[Array, Array]:
    logits = 2 * random.standard_normal(rows if kind == "binary" else (rows, 5))
    return logits.astype(dtype), labels_of(kind, rows, 5, random)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "weighted_mean", "mean_by_nonzero_weights"])
def test_a_plan_gives_the_numbers_of_evaluate(kind: LabelKind, dtype: type, reduction: Any) -> None:
    random = np.random.default_rng(7)
    logits, labels = batch_of(kind, 40, random, dtype)
    plan = plan_for(logits, labels, reduction=reduction)
    assert plan is not None
    planned = 0
    for _ in range(20):
        logits, labels = batch_of(kind, 40, random, dtype)
        found, result = plan.evaluate(logits, labels), evaluate(logits, labels, reduction=reduction)
        if found is not None:
            planned += 1
            assert is_clean(result)
            assert found.per_sample.dtype == result.per_sample.dtype
            assert found.per_sample.tobytes() == result.per_sample.tobytes()
            assert found.reduced == result.reduced
    assert planned >= 15


# --- what keeps a batch from having a plan


@pytest.mark.parametrize(
    "arguments",
    [
        {"weights": 1.0},
        {"weights": np.ones(3)},
        {"class_weights": [1.0, 2.0, 3.0]},
        {"label_smoothing": 0.1},
        {"ignore_index": -100},
        {"axis": 1},
        {"silence": ("identical_rows",)},
        {"include": ("gradient",)},
        {"from_logits": False},
        {"loss_type": "sparse_softmax_focal_cross_entropy"},
    ],
)
def test_only_the_usual_options_have_plans(arguments: dict[str, Any]) -> None:
    assert plan_for(LOGITS, LABELS) is not None
    assert plan_for(LOGITS, LABELS, **arguments) is None


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (LOGITS.astype(np.float16), LABELS),
        (LOGITS.astype(np.int64), LABELS),
        (np.zeros((600, 300)), np.zeros(600, np.int64)),
        (LOGITS, [[0.0, np.nan, 1.0]] * 3),
        (LOGITS, [[0.2, 0.3, 0.4]] * 3),
        (np.zeros((2, 4, 3)), np.zeros((2, 4), np.int64)),
    ],
    ids=["float16", "whole logits", "long", "missing", "soft", "sequences"],
)
def test_only_the_usual_batches_have_plans(logits: Array, labels: Any) -> None:
    assert plan_for(logits, np.asarray(labels)) is None


def test_a_single_sample_of_a_softmax_has_none() -> None:
    assert plan_for(LOGITS[0], np.asarray(1), loss_type="sparse_softmax_cross_entropy") is None


@pytest.mark.parametrize(
    "warned",
    [
        {"logits": np.abs(LOGITS) / 9 @ np.ones((3, 3)), "labels": LABELS, "weights": 2.0},
        {"logits": LOGITS, "labels": np.eye(3)},
    ],
)
def test_warnings_that_follow_from_the_form_are_clean(warned: dict[str, Any]) -> None:
    result = evaluate(**warned)
    codes = {warning.code for warning in result.warnings}
    assert codes
    assert is_clean(result) == (codes <= CONSTANT)


def test_a_suggestion_is_not_clean() -> None:
    assert not is_clean(evaluate(np.zeros((22, 2)), [0] * 20 + [1] * 2))


# --- checks and plans


def test_a_check_that_declares_nothing_prevents_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    *others, last = CHECKS
    checks_for.cache_clear()
    monkeypatch.setattr(checks, "CHECKS", (*others, replace(last, silent=None)))
    try:
        assert plan_for(LOGITS, LABELS) is None
        assert plan_for(LOGITS, LABELS, advice="none") is not None
    finally:
        checks_for.cache_clear()


def test_checks_that_apply_to_usual_batches_declare_when_they_are_silent() -> None:
    """All others apply only to batches with parameters, or in sequences."""
    undeclared = {check.code for check in CHECKS if check.silent is None}
    for logits, labels in (
        (LOGITS, LABELS),
        (LOGITS, np.eye(3)),
        (LOGITS, np.full((3, 3), 1 / 3)),
        (LOGITS, np.array([[1, 1, 0]] * 3)),
        (LOGITS[0], np.array([1, 0, 1])),
    ):
        assert undeclared.isdisjoint(evaluate(logits, labels).checked)


@settings(max_examples=500, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(KINDS),
    rows=st.sampled_from((1, 2, 19, 20, 40)),
    dtype=st.sampled_from((np.float32, np.float64)),
    form=st.sampled_from(
        ("as is", "non-negative", "within one", "same rows", "unit interval", "distribution", "far", "wrong")
    ),
    masked=st.booleans(),
)
def test_what_a_check_declares_holds(
    seed: int, kind: LabelKind, rows: int, dtype: type, form: str, masked: bool
) -> None:
    random = np.random.default_rng(seed)
    logits, labels = batch_of(kind, rows, random, dtype)
    logits = shaped(logits, labels, form)
    if masked:
        logits.reshape(-1)[seed % logits.size] = -np.inf
    batch = prepare(logits, logits.shape, labels, Options())
    facts = CLEAN_LABELS[batch.facts.kind](labels, batch.layout)
    if facts is None or (masked and logits.ndim > 1 and np.isneginf(logits).all(axis=1).any()):
        return
    with np.errstate(all="ignore"):
        accumulated = accumulate(batch.bind(logits, from_logits=True), None, ())
        matrix = logits.reshape(batch.layout.rows, batch.layout.classes)
        seen = _seen(matrix, batch.layout, facts, mean_loss(accumulated.totals))
        subject = Subject(batch, accumulated)
        for check in checks_for(Form.of(batch, losses=True), ()):
            if callable(check.silent) and check.silent(seen):
                assert check.look(subject) is None, check.code
            if check.silent == BY_FORM:
                first = first_of(batch.facts.kind, logits.shape, dtype)
                if first is not None:
                    assert check.look(subject) == check.look(first), check.code


def shaped(logits: Array, labels: Array, form: str) -> Array:
    result: Array = logits
    match form:
        case "non-negative":
            result = np.maximum(logits, 0)
        case "within one":
            result = np.tanh(3 * logits)
        case "same rows":
            result = np.broadcast_to(logits[:1], logits.shape).copy()
        case "unit interval":
            result = (1 / (1 + np.exp(-logits))).astype(logits.dtype)
        case "distribution":
            shares = np.exp(logits)
            result = shares / shares.sum(axis=-1, keepdims=True)
        case "far":
            result = logits * logits.dtype.type(1e30)
        case "wrong" if logits.ndim > 1 and labels.ndim == 1:
            result = logits.copy()
            result[np.arange(len(labels)), labels] = -30
    return result


def first_of(kind: LabelKind, shape: tuple[int, ...], dtype: type) -> Subject | None:
    """Another batch of this form and label kind."""
    random = np.random.default_rng(1)
    logits: Array = random.standard_normal(shape).astype(dtype)
    labels = labels_of(kind, shape[0], 5, random)
    batch = prepare(logits, shape, labels, Options())
    if batch.facts.kind != kind:
        return None
    return Subject(batch, accumulate(batch.bind(logits, from_logits=True), None, ()))


def test_evaluate_is_not_asked_for_what_a_plan_refuses() -> None:
    """What is no number, or a loss that is infinite, is found while it computes."""
    plan = plan_for(LOGITS, LABELS)
    assert isinstance(plan, Plan)
    for bad in (np.nan, np.inf):
        logits = LOGITS.copy()
        logits[1, 0] = bad
        assert plan.evaluate(logits, LABELS) is None
    masked = LOGITS.copy()
    masked[0, 1] = -np.inf
    assert plan.evaluate(masked, LABELS) is None


ROWS = np.arange(24) % 3
SPREAD = np.random.default_rng(0).standard_normal((24, 3))
ONE_HOT = np.eye(3)[ROWS]


@pytest.mark.parametrize(
    ("labels", "others"),
    [
        (ROWS, [ROWS - 1, ROWS + 1, np.array([0] * 20 + [1] * 4) * 3, np.array([0] * 22 + [1] * 2)]),
        (ONE_HOT, [ONE_HOT / 2, np.maximum(ONE_HOT, np.eye(3)[0]), ONE_HOT * 0]),
        (np.full((24, 3), 1 / 3), [np.full((24, 3), 0.3), np.full((24, 3), 0.4), ONE_HOT, ONE_HOT * 2 - 1 / 3]),
        (np.maximum(ONE_HOT, np.eye(3)[0]), [ONE_HOT, ONE_HOT * 0.5, np.concatenate([ONE_HOT[:9], ONE_HOT[9:] * 0])]),
    ],
    ids=["class_indices", "one_hot", "distribution", "multi_hot"],
)
def test_labels_of_another_kind_are_left_to_evaluate(labels: Array, others: list[Array]) -> None:
    plan = plan_for(SPREAD, labels)
    assert plan is not None
    assert plan.evaluate(SPREAD, labels) is not None
    for other in others:
        assert plan.evaluate(SPREAD, other) is None


def test_so_are_questions_that_are_not_answered_by_0_and_1() -> None:
    logits, labels = SPREAD[:, 0].copy(), np.arange(24) % 2
    plan = plan_for(logits, labels)
    assert plan is not None
    assert plan.evaluate(logits, labels) is not None
    assert plan.evaluate(logits, labels * 2) is None
    assert plan.evaluate(logits, labels - 1) is None


def test_a_mean_loss_that_is_far_above_a_guess_is_left_to_evaluate() -> None:
    plan = plan_for(SPREAD, ROWS)
    assert plan is not None
    assert plan.evaluate(-20 * ONE_HOT - SPREAD, ROWS) is None
