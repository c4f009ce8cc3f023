"""Batches from bug reports get the right value and advice, or an error that names the cause.

null stands for NaN: a missing label, or padding.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from xent_core import Evaluation, InvalidInput, evaluate

ALL_CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
CASES = [case for case in ALL_CASES if "error" not in case]
ERRORS = [case for case in ALL_CASES if "error" in case]
SOFTMAX, SIGMOID = "softmax_cross_entropy", "sigmoid_cross_entropy"


@pytest.mark.parametrize("case", ERRORS, ids=[case["name"] for case in ERRORS])
def test_the_error_for_a_batch_from_a_bug_report_names_the_cause(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as error:
        evaluate(**case["request"])
    assert case["error"] in str(error.value)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_batch_from_a_bug_report_gets_the_right_numbers_and_advice(case: dict[str, Any]) -> None:
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
    assert case.get("fix") in [None, *(warning.fix for warning in result.warnings)]


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


def advice_of(result: Evaluation) -> tuple[Any, ...]:
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
    assert advice_of(padded) == advice_of(alone)
    assert_allclose(padded.per_sample[places], alone.per_sample, rtol=1e-12)
    assert not padded.per_sample[rest].any()
    assert padded.reduced is not None
    assert alone.reduced is not None
    assert_allclose(padded.reduced.value, alone.reduced.value, rtol=1e-12)
    assert padded.gradient is not None
    assert alone.gradient is not None
    assert not padded.gradient[rest].any()
    assert_allclose(padded.gradient[places], alone.gradient, rtol=1e-9, atol=1e-15)


def told_by(error: InvalidInput, pattern: str) -> tuple[str, ...]:
    """What the error says to do."""
    found = re.search(pattern, str(error))
    assert found is not None, str(error)
    return found.groups()


def error_of(logits: Any, labels: Any, **options: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as error:
        evaluate(logits, labels, **options)
    return error.value


@given(
    shape=st.lists(st.integers(2, 9), min_size=3, max_size=4, unique=True),
    where=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
    options=st.sampled_from([{}, {"loss_type": "sparse_softmax_cross_entropy"}, {"label_smoothing": 0.1}]),
)
@settings(max_examples=60, deadline=None)
def test_the_class_axis_that_an_error_names_is_the_right_one(
    shape: list[int], where: int, seed: int, options: dict[str, Any]
) -> None:
    random, axis = np.random.default_rng(seed), where % (len(shape) - 1)
    logits = random.standard_normal(shape)
    labels = random.integers(0, shape[axis], np.delete(shape, axis))
    (told,) = told_by(error_of(logits, labels, **options), r"fit as class indices with axis (\d)")
    assert int(told) == axis
    expected = evaluate(np.moveaxis(logits, axis, -1), labels, **options)
    assert_allclose(evaluate(logits, labels, axis=axis, **options).per_sample, expected.per_sample, rtol=1e-12)


@given(
    code=st.sampled_from([(-1, 1), (0, 255), (1, 2)]),
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(7,), (20,), (6, 1), (5, 3)]),
    dtype=st.sampled_from([np.int64, np.float64]),
)
@settings(max_examples=60, deadline=None)
def test_labels_in_another_code_are_told_how_to_be_mapped(
    code: tuple[int, int], seed: int, shape: tuple[int, ...], dtype: Any
) -> None:
    random = np.random.default_rng(seed)
    logits, yes = random.standard_normal(shape), random.integers(0, 2, shape)
    yes.flat[:2] = 0, 1
    labels = np.where(yes, code[1], code[0]).astype(dtype)
    (told,) = told_by(error_of(logits, labels), "for two classes, send (.+)")
    mapped = eval(told, {"labels": labels})  # noqa: S307  what the error says
    assert_allclose(mapped, yes)
    named = evaluate(logits, labels, loss_type=SIGMOID)
    (warning,) = (each for each in named.warnings if each.code == "labels_outside_unit_interval")
    assert told in warning.fix
    expected = evaluate(logits, yes, loss_type=SIGMOID)
    assert_allclose(evaluate(logits, mapped, loss_type=SIGMOID).per_sample, expected.per_sample, rtol=1e-12)


@given(classes=st.integers(3, 40), rows=st.integers(1, 50), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_labels_that_count_from_1_are_told_so(classes: int, rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(1, classes + 1, rows)
    labels[-1] = classes
    told_by(error_of(random.standard_normal((rows, classes)), labels), "do they count from 1[?] subtract (1)")


@given(
    mark=st.sampled_from([-100, -1, 255]),
    rows=st.integers(1, 50),
    marked=st.integers(1, 20),
    classes=st.integers(3, 40),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_the_ignore_index_that_an_error_names_leaves_out_what_is_marked(
    mark: int, rows: int, marked: int, classes: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    labels = random.permutation([*random.integers(0, classes, rows), *[mark] * marked])
    logits = random.standard_normal((rows + marked, classes))
    (told,) = told_by(error_of(logits, labels), r"set ignore_index to (-?\d+)")
    result, rest = evaluate(logits, labels, ignore_index=int(told)), labels != mark
    expected = evaluate(logits[rest], labels[rest])
    assert result.reduced is not None
    assert expected.reduced is not None
    assert_allclose(result.reduced.value, expected.reduced.value, rtol=1e-12)
    assert not result.per_sample[~rest].any()


@given(batch=st.integers(1, 4), steps=st.integers(3, 20), classes=st.integers(2, 9), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_labels_one_step_shorter_are_told_which_logits_to_leave_out(
    batch: int, steps: int, classes: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    logits, tokens = random.standard_normal((batch, steps, classes)), random.integers(0, classes, (batch, steps))
    (told,) = told_by(error_of(logits, tokens[:, 1:]), r"leave out the last logits of each sequence, (logits\[.+?\])")
    rest = eval(told, {"logits": logits})  # noqa: S307  what the error says
    probabilities = np.exp(rest) / np.exp(rest).sum(axis=-1, keepdims=True)
    expected = -np.log(np.take_along_axis(probabilities, tokens[:, 1:, np.newaxis], axis=-1)[..., 0])
    assert_allclose(evaluate(rest, tokens[:, 1:]).per_sample, expected, rtol=1e-9)
