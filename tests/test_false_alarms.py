"""The probability warnings, over real logits and real probabilities. The shares are in benchmarks/false_alarms.md."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from examples.classifiers import Predictions, digits, questions
from xent_core import recommend

pytestmark = pytest.mark.unmeasured

SOFTMAX, SIGMOID = "logits_look_like_probabilities", "logits_may_be_probabilities"


@cache
def network() -> Predictions:
    return digits()


@cache
def three_questions() -> Predictions:
    return questions()


def warnings(predictions: Predictions, values: NDArray[np.floating]) -> set[str]:
    return {warning.code for warning in recommend(predictions.labels, logits=values).warnings}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_the_logits_of_a_confident_network_set_off_nothing(dtype: type) -> None:
    assert not warnings(network(), network().logits.astype(dtype)) & {SOFTMAX, SIGMOID}
    assert not warnings(three_questions(), three_questions().logits.astype(dtype)) & {SOFTMAX, SIGMOID}


@pytest.mark.parametrize("decimals", [3, 4, 5, 6, 7, 17])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_probabilities_printed_with_three_or_more_decimals_are_recognised(decimals: int, dtype: type) -> None:
    assert SOFTMAX in warnings(network(), np.round(network().probabilities, decimals).astype(dtype))
    assert SIGMOID in warnings(three_questions(), np.round(three_questions().probabilities, decimals).astype(dtype))


@pytest.mark.parametrize("classes", [2, 10, 1000, 10_000])
@pytest.mark.parametrize("decimals", [3, 4, 6])
def test_rounding_hides_no_softmax_over_many_classes(classes: int, decimals: int) -> None:
    logits = 3 * np.random.default_rng(0).standard_normal((64, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = recommend(np.zeros(64, int), logits=np.round(probabilities, decimals))
    assert [warning.code for warning in found.warnings] == [SOFTMAX]


def test_logits_of_zero_are_no_probabilities_however_many_classes_there_are() -> None:
    assert recommend(np.zeros(8, int), logits=np.zeros((8, 5000))).warnings == ()
