"""Advice on a batch whose loss is not computed: the same as in its evaluation, from logits or their shape alone."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pytest

import xent_core.equivalents
from xent_core import (
    AxisOutOfRange,
    Infinite,
    InvalidInput,
    LabelOutOfRange,
    MaskedRow,
    MissingParameter,
    NotANumber,
    NotAProbability,
    ParameterOutOfRange,
    UnclearLabels,
    UnexpectedParameter,
    WrongShape,
    evaluate,
    recommend,
)

LOGITS = np.array([[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]])
PROBABILITIES = np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
MULTI_HOT = [[0, 1, 1], [0, 0, 1]]
SOFTMAX, SPARSE = "softmax_cross_entropy", "sparse_softmax_cross_entropy"
OF_LOGITS = ("logits_", "probabilities_", "identical_")


BATCHES = pytest.mark.parametrize(
    ("logits", "labels", "options"),
    [
        (LOGITS, [1, 2], {}),
        (LOGITS, np.eye(3)[[1, 2]], {"class_weights": [1, 2, -3]}),
        (PROBABILITIES, [1, 2], {"weights": 2}),
        (PROBABILITIES, [1, 2], {"from_logits": False}),
        (PROBABILITIES, MULTI_HOT, {"from_logits": False}),
        (LOGITS, MULTI_HOT, {"loss_type": SOFTMAX}),
        (LOGITS, MULTI_HOT, {"pos_weight": [1, 2, -3], "weights": [0, 0]}),
        (LOGITS.T, [1, 2], {"axis": 0}),
        (np.full(20, 0.5), 1, {}),
        (np.full((11, 3), 0.5), [0] * 10 + [1], {}),
    ],
)


@BATCHES
def test_advice_says_what_the_evaluation_says(logits: Any, labels: Any, options: dict[str, Any]) -> None:
    advice, evaluation = recommend(labels, logits=logits, **options), evaluate(logits, labels, **options)
    assert advice.recommendation.loss_type == evaluation.recommendation.loss_type
    assert advice.recommendation.label_kind == evaluation.recommendation.label_kind
    assert advice.recommendation.reasons == evaluation.recommendation.reasons
    assert advice.recommendation.alternatives == evaluation.recommendation.alternatives
    assert [warning.code for warning in advice.warnings] == [warning.code for warning in evaluation.warnings]
    assert "infinite_loss" in set(evaluation.checked) - set(advice.checked) <= {"infinite_loss", "worse_than_uniform"}

    by_shape = recommend(labels, logits_shape=np.shape(logits), **options)
    assert by_shape.recommendation.reasons == advice.recommendation.reasons
    assert set(by_shape.checked) == {code for code in advice.checked if not code.startswith(OF_LOGITS)}
    assert [warning.code for warning in by_shape.warnings] == [
        warning.code for warning in advice.warnings if not warning.code.startswith(OF_LOGITS)
    ]


@BATCHES
def test_brief_advice_is_the_same_without_reasons_alternatives_and_calls(
    logits: Any, labels: Any, options: dict[str, Any]
) -> None:
    brief, full = (evaluate(logits, labels, advice=advice, **options) for advice in ("brief", "full"))
    assert (brief.equivalents, brief.recommendation[2:4], brief.recommendation.equivalents) == (None, ((), ()), None)
    assert brief.recommendation[:2] == full.recommendation[:2]
    for one, other in [(brief.recommendation.suggested, full.recommendation.suggested)]:
        assert (one and one.reason, one and one.pos_weight) == (other and other.reason, other and other.pos_weight)
        np.testing.assert_equal(one and one.class_weights, other and other.class_weights)
    assert brief.warnings == full.warnings
    advice = recommend(labels, logits=logits, advice="brief", **options)
    assert advice.recommendation[:4] == brief.recommendation[:4]
    assert advice.recommendation.equivalents is None


def files_called(work: Callable[[], object]) -> set[str]:
    """The files whose functions were called, as the profiler sees them."""
    files = set[str]()
    sys.setprofile(lambda frame, event, _: files.add(frame.f_code.co_filename) if event == "call" else None)
    try:
        work()
    finally:
        sys.setprofile(None)
    return files


@pytest.mark.parametrize("weights", [None, [1.0, 2.0]])
def test_no_call_is_written_for_brief_advice(weights: Any) -> None:
    evaluated: list[Callable[..., object]] = [
        lambda advice: evaluate(LOGITS, [1, 2], weights=weights, label_smoothing=0.0123, advice=advice),
        lambda advice: recommend([1, 2], logits=LOGITS, weights=weights, label_smoothing=0.0321, advice=advice),
    ]
    for each in evaluated:
        assert xent_core.equivalents.__file__ not in files_called(partial(each, "brief"))
        assert xent_core.equivalents.__file__ in files_called(partial(each, "full"))


@pytest.mark.parametrize(
    ("labels", "options", "error"),
    [
        ([1, 2], {}, MissingParameter),
        ([1, 2], {"logits": LOGITS, "logits_shape": (2, 3)}, UnexpectedParameter),
        ([1, 2], {"logits_shape": (2, 0)}, ParameterOutOfRange),
        ([1, 2], {"logits_shape": (-2, 3)}, ParameterOutOfRange),
        ([1, 2], {"logits_shape": (2**32, 2**32)}, ParameterOutOfRange),
        (1, {"logits_shape": ()}, WrongShape),
        ([1, 2], {"logits_shape": (2, 3), "axis": 2}, AxisOutOfRange),
        ([1, 2, 0], {"logits_shape": (2, 3)}, WrongShape),
        ([[1], [2]], {"logits_shape": (2, 3)}, WrongShape),
        ([1, 3], {"logits_shape": (2, 3)}, LabelOutOfRange),
        ([0.5, 1.5], {"logits_shape": (2, 3)}, UnclearLabels),
        ([1, np.inf], {"logits_shape": (2, 3)}, Infinite),
        ([1, 2], {"logits_shape": (2, 3), "weights": [1, 2, 3]}, WrongShape),
        ([1, 2], {"logits_shape": (2, 3), "class_weights": [1, 2]}, WrongShape),
        ([1, 2], {"logits_shape": (2, 3), "pos_weight": 2}, UnexpectedParameter),
        ([1, 2], {"logits_shape": (2, 3), "label_smoothing": 2}, ParameterOutOfRange),
        ([1, 2], {"logits_shape": (2, 3), "reduction": "average"}, ParameterOutOfRange),
        ([1, 2], {"logits": [[0, 1, np.nan], [0, 1, 2]]}, NotANumber),
        ([1, 2], {"logits": [[0, 1, 2], [0, 1, 2]], "from_logits": False}, NotAProbability),
        ([1, 2], {"logits": [[0, 1, 2], [-np.inf] * 3]}, MaskedRow),
        ([1, 2], {"logits": [[0, 1, 0], [0, 0, 0]], "from_logits": False}, NotAProbability),
    ],
)
def test_what_no_evaluation_takes_no_advice_is_given_on(
    labels: Any, options: dict[str, Any], error: type[InvalidInput]
) -> None:
    with pytest.raises(error):
        recommend(labels, **options)
    if "logits" in options and "logits_shape" not in options:
        with pytest.raises(error):
            evaluate(options.pop("logits"), labels, **options)


def test_a_masked_row_is_no_error_where_it_does_not_count() -> None:
    masked = [[0, 1, 2], [-np.inf] * 3]
    assert recommend([1, 2], logits=masked, weights=[1, 0]).recommendation.loss_type == SPARSE
    assert recommend([1, -1], logits=masked, ignore_index=-1).recommendation.loss_type == SPARSE


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (1, {"logits_shape": (2**58, 10), "weights": 0}),
        (1, {"logits_shape": (2**58, 10), "weights": [[0]]}),
        (1, {"logits_shape": (2**58, 10), "weights": [[0, *range(9)]]}),
        ([0] * 10 + [1], {"logits_shape": (11, 2**56)}),
    ],
)
def test_a_shape_alone_takes_no_memory_of_its_size(labels: Any, options: dict[str, Any]) -> None:
    with suppress(InvalidInput):
        recommend(labels, **options)
