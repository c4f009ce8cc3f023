"""Requests with variables, and the places that show what is answered."""

import math

import pytest

from app.learn.live import Live, decimals, first_finite, grid, resolved, shown
from app.learn.plot import even_high
from xent_core import softmax_cross_entropy


def test_a_template_becomes_a_request() -> None:
    template = {
        "logits": [{"var": "z"}, {"var": "z", "times": 0.5}, 0],
        "labels": {"fill": {"log": {"var": "z"}}, "count": 2},
        "weights": {"of": "first.per_sample"},
        "loss_type": "auto",
    }
    assert resolved(template, {"z": 2.0}, {"first": {"per_sample": [7]}}) == {
        "logits": [2.0, 1.0, 0],
        "labels": [math.log(2), math.log(2)],
        "weights": [7],
        "loss_type": "auto",
    }


def test_a_request_may_be_made_of_an_earlier_answer() -> None:
    once = {"logits": [[{"var": "z"}, 0, 0]], "labels": [0], "include": ["probabilities"]}
    live = Live({"z": 2.0}, {"once": once, "twice": once | {"logits": {"of": "once.probabilities"}}})
    probabilities = live.at("once.probabilities.0")
    assert probabilities == pytest.approx([math.exp(2) / (math.exp(2) + 2)] + [1 / (math.exp(2) + 2)] * 2)
    expected = softmax_cross_entropy([probabilities], [[1, 0, 0]])
    assert live.at("twice.reduced.value") == pytest.approx(float(expected[0]))


def test_without_a_reduction_there_is_no_reduced_loss() -> None:
    live = Live({}, {"each": {"logits": [0.0], "labels": 1, "reduction": "none"}})
    assert live.at("each.reduced") is None


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.25, 3, "0.250"),
        (-1.5, 1, "−1.5"),
        (-1e-9, 4, "0.0000"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
    ],
)
def test_a_number_is_shown_with_its_decimals_and_a_minus_sign(value: float, digits: int, text: str) -> None:
    assert shown(value, digits) == text


def test_a_grid_is_written_short() -> None:
    assert grid(-0.4, 0.4, 0.2) == [-0.4, -0.2, 0.0, 0.2, 0.4]
    assert [decimals(step) for step in (1, 0.5, 0.1, 0.05, 0.01)] == [0, 1, 1, 2, 2]


def test_infinities_of_json_are_numbers_again() -> None:
    assert first_finite([1, "Infinity", "-Infinity"]) == [1.0, math.inf, -math.inf]


@pytest.mark.parametrize(("most", "high"), [(8.0, 8), (24.0, 24), (8.7, 10), (0.3, 0.32), (1.1, 1.2)])
def test_an_axis_ends_at_a_round_number(most: float, high: float) -> None:
    assert even_high([0.0, most, math.inf]) == pytest.approx(high)
