"""Sampled softmax equals TensorFlow's, its samplers draw as they should, and every mistake has its own message.

golden/make_sampled_softmax.py says how TensorFlow's numbers came about.
"""

import itertools
import json
import math
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from xent_core import (
    Empty,
    Infinite,
    InvalidInput,
    LabelNotWhole,
    LabelOutOfRange,
    MissingParameter,
    NotANumber,
    NotNumeric,
    ParameterOutOfRange,
    UnexpectedParameter,
    WrongShape,
    sparse_softmax_cross_entropy,
)
from xent_core.losses import samplers
from xent_core.losses.sampled_softmax import evaluate_sampled_softmax, sampled_softmax
from xent_core.losses.samplers import SAMPLERS, SampledValues, draw_candidates, expected_count

Array = NDArray[Any]

VECTORS = Path(__file__).parents[2] / "golden" / "sampled_softmax.jsonl"
CASES = [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]


def values_of(case: dict[str, Any]) -> SampledValues:
    return SampledValues(
        np.array(case["candidates"]), np.array(case["true_expected_count"]), np.array(case["sampled_expected_count"])
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_equals_tensorflow(case: dict[str, Any]) -> None:
    weights, biases, inputs = (np.array(case[name], case["dtype"]) for name in ("weights", "biases", "inputs"))
    losses = sampled_softmax(weights, biases, inputs, case["labels"], values_of(case), **case["options"])
    assert losses.dtype == case["dtype"]
    # Where each term that a logit or its logarithm is the sum of is rounded a few times.
    terms = (np.abs(inputs) @ np.abs(weights).T + np.abs(biases)).max(axis=1) - math.log(
        min(case["sampled_expected_count"])
    )
    assert (np.abs(losses - case["expected"]) <= 4 * np.finfo(case["dtype"]).eps * terms).all()


@pytest.mark.parametrize("case", CASES[::8], ids=[case["name"] for case in CASES[::8]])
def test_expected_counts_are_tensorflows(case: dict[str, Any]) -> None:
    law, classes = samplers.LAWS[case["sampler"]], len(case["weights"])
    for ids, name in (("labels", "true_expected_count"), ("candidates", "sampled_expected_count")):
        counts = expected_count(law.probability(np.array(case[ids]), classes), case["num_tries"])
        assert_allclose(counts, case[name], rtol=1e-6)


# Drawing.

STORED = {
    ("log_uniform", 8, 10**6, 0): ([6632, 40, 0, 75790, 299593, 4362, 23821, 1826], 0.37077480832747517),
    ("log_uniform", 6, 6, 1): ([2, 0, 4, 5, 1, 3], 0.9996390639736065),
    ("log_uniform", 5, 100, 2**63 - 1): ([1, 7, 44, 3, 8], 0.55679163188811),
    ("uniform", 8, 10**6, 0): ([636961, 269786, 40973, 16527, 813270, 912755, 606635, 729496], 7.999972000056e-06),
    ("uniform", 6, 6, 1): ([2, 4, 5, 0, 3, 1], 0.9221134341773506),
    ("uniform", 5, 100, 2**63 - 1): ([17, 46, 82, 30, 47], 0.049009950100000005),
}


@pytest.mark.parametrize(("sampler", "num_sampled", "num_classes", "seed"), STORED)
def test_a_seed_gives_the_stored_draw(sampler: Any, num_sampled: int, num_classes: int, seed: int) -> None:
    drawn = draw_candidates(sampler, num_sampled, num_classes, np.array([[0]]), seed)
    candidates, label_count = STORED[sampler, num_sampled, num_classes, seed]
    assert drawn.candidates.tolist() == candidates
    assert drawn.candidates.dtype == np.int64
    assert_allclose(drawn.true_expected_count, [[label_count]], rtol=1e-12)


@pytest.mark.parametrize("direction", [-np.inf, np.inf])
@pytest.mark.parametrize("num_classes", [3, 1000, 10**9])
def test_a_machine_that_rounds_differently_draws_the_same(
    monkeypatch: pytest.MonkeyPatch, direction: float, num_classes: int
) -> None:
    numbers = np.concatenate([np.random.default_rng(0).random(10_000), [0.0, 0.5, 1 - 2.0**-53]])
    here = samplers.LAWS["log_uniform"].class_at(numbers, num_classes)
    exponential = np.exp
    monkeypatch.setattr(samplers.np, "exp", lambda x: np.maximum(np.nextafter(exponential(x), direction), 1))
    assert_array_equal(samplers.LAWS["log_uniform"].class_at(numbers, num_classes), here)


@pytest.mark.parametrize("num_classes", [1, 2, 3, 7, 1000, 10**6])
def test_log_uniform_classes_are_those_of_the_formula(num_classes: int) -> None:
    """Beside the boundary of each class, and at the ends of [0, 1)."""
    random = np.random.default_rng(num_classes)
    classes = np.unique(np.concatenate([[0, num_classes - 1], random.integers(0, num_classes, 50)]))
    boundaries = np.log(classes + 1.0) / np.log(num_classes + 1)
    assert_array_equal(samplers.LAWS["log_uniform"].class_at(boundaries * (1 + 1e-12) + 1e-300, num_classes), classes)
    below = np.append(boundaries[1:] * (1 - 1e-12), 1 - 2.0**-53)
    found = samplers.LAWS["log_uniform"].class_at(below, num_classes)
    assert_array_equal(found, np.append(classes[1:] - 1, num_classes - 1))


def test_the_logarithm_is_right_and_the_same_everywhere() -> None:
    random = np.random.default_rng(0)
    x = np.concatenate(
        [random.uniform(0, 2, 500), 1 + random.uniform(-1e-8, 1e-8, 500), 2.0 ** random.integers(-60, 60, 50)]
    )
    for own, shift in ((samplers._log(x), 0), (samplers._log1p(x[:1000] - 1), 1)):
        given = x if not shift else x[:1000] - 1
        exact = [mpmath.log(mpmath.mpf(float(each)) + shift) for each in given]
        errors = [abs(mpmath.mpf(float(a)) - b) for a, b in zip(own, exact, strict=True)]
        assert all(error <= 8 * 2.0**-53 * abs(b) for error, b in zip(errors, exact, strict=True))
    assert [each.hex() for each in samplers._log(np.array([0.1, 3.0, 1e9])).tolist()] == [
        "-0x1.26bb1bbb55515p+1",
        "0x1.193ea7aad030ap+0",
        "0x1.4b927f32bffb8p+4",
    ]


def sequences(probability: Array, num_sampled: int) -> dict[tuple[int, ...], float]:
    """How probable each order of distinct classes is."""
    found = {}
    for sequence in itertools.permutations(range(len(probability)), num_sampled):
        left, product = 1.0, 1.0
        for k in sequence:
            product *= probability[k] / left
            left -= probability[k]
        found[sequence] = product
    return found


def tries_distribution(probability: Array, num_sampled: int, most: int) -> Array:
    """P(number of tries = n) for n = 0 … most, by the classes that are there after each try."""
    state = {frozenset[int](): 1.0}
    done = np.zeros(most + 1)
    for n in range(1, most + 1):
        following: Counter[frozenset[int]] = Counter()
        for there, chance in state.items():
            for k, p in enumerate(probability):
                following[there | {k}] += chance * p
        state = {}
        for there, chance in following.items():
            if len(there) == num_sampled:
                done[n] += chance
            else:
                state[there] = chance
    return done


def chi_square_is_plausible(observed: Array, expected: Array) -> bool:
    """Within 4 standard deviations of what chance gives."""
    assert expected.min() >= 5
    statistic, freedom = ((observed - expected) ** 2 / expected).sum(), len(expected) - 1
    return bool(abs(statistic - freedom) < 4 * math.sqrt(2 * freedom))


@pytest.mark.parametrize("draw", [samplers._try_in_turn, samplers._race])
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(("num_sampled", "num_classes"), [(2, 4), (3, 3)])
def test_both_ways_of_drawing_follow_the_law(
    draw: Callable[..., tuple[Array, int]], sampler: Any, num_sampled: int, num_classes: int
) -> None:
    law, draws = samplers.LAWS[sampler], 4000
    probability = law.probability(np.arange(num_classes), num_classes)
    drawn = [draw(law, num_sampled, num_classes, samplers._uniform_numbers(seed)) for seed in range(draws)]

    orders = sequences(probability, num_sampled)
    counts = Counter(tuple(candidates.tolist()) for candidates, _ in drawn)
    assert chi_square_is_plausible(
        np.array([counts[order] for order in orders]), draws * np.array(list(orders.values()))
    )

    by_tries = draws * tries_distribution(probability, num_sampled, 60)
    common = np.flatnonzero(by_tries >= 20)
    observed = np.bincount([tries for _, tries in drawn], minlength=61)
    assert chi_square_is_plausible(
        np.append(observed[common], draws - observed[common].sum()),
        np.append(by_tries[common], draws - by_tries[common].sum()),
    )


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("num_sampled", [20, 400])
def test_each_class_is_drawn_as_often_as_expected(sampler: Any, num_sampled: int) -> None:
    """The expected count is that of classes among the candidates, but for its own approximation of n as fixed."""
    draws, classes = 1500, 1000
    found, expected = np.zeros(classes), np.zeros(classes)
    for seed in range(draws):
        values = draw_candidates(sampler, num_sampled, classes, np.arange(classes), seed)
        found[values.candidates] += 1
        expected += values.true_expected_count
    deviation = np.sqrt(expected * (1 - expected / draws)) + 1
    assert np.abs((found - expected) / deviation).max() < 5
    assert_allclose(found.sum(), expected.sum(), rtol=0.01)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_classes_can_be_drawn(sampler: Any) -> None:
    values = draw_candidates(sampler, 10_000, 10_000, np.arange(10_000), seed=3)
    assert_array_equal(np.sort(values.candidates), np.arange(10_000))
    assert values.true_expected_count.min() > 0.9
    assert values.true_expected_count.max() <= 1


def test_the_only_class_is_drawn_for_sure() -> None:
    values = draw_candidates("log_uniform", 1, 1, np.array([[0]]), seed=0)
    assert values.candidates.tolist() == [0]
    assert values.true_expected_count.tolist() == [[1.0]]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_drawing_from_more_classes_than_memory_holds(sampler: Any) -> None:
    values = draw_candidates(sampler, 1000, 10**12, np.array([[0]]), seed=0)
    assert len(np.unique(values.candidates)) == 1000
    assert 0 <= values.candidates.min() < values.candidates.max() < 10**12


# The loss.

RANDOM = np.random.default_rng(5)
WEIGHTS, BIASES, INPUTS = RANDOM.standard_normal((9, 4)), RANDOM.standard_normal(9), RANDOM.standard_normal((3, 4))
LABELS = np.array([2, 0, 7])
VALUES = SampledValues(np.array([0, 3, 7, 8]), np.full((3, 1), 0.25), np.array([0.9, 0.5, 0.2, 0.1]))


def plain_losses(labels: Array, values: SampledValues, remove: bool, subtract: bool, inputs: Array = INPUTS) -> Array:
    """The formula, row by row."""
    losses = []
    for x, row, counts in zip(inputs, labels, values.true_expected_count, strict=True):
        classes = [(k, q, k in row) for k, q in zip(values.candidates, values.sampled_expected_count, strict=True)]
        terms = [*zip(row, counts, strict=True), *((k, q) for k, q, hit in classes if not (hit and remove))]
        logits = np.array([x @ WEIGHTS[k] + BIASES[k] - (math.log(q) if subtract else 0) for k, q in terms])
        losses.append(np.log(np.exp(logits).sum()) - logits[: len(row)].mean())
    return np.array(losses)


@pytest.mark.parametrize("remove", [True, False])
@pytest.mark.parametrize("subtract", [True, False])
def test_candidates_may_come_up_twice_and_labels_too(remove: bool, subtract: bool) -> None:
    labels = np.array([[3, 3], [0, 5], [1, 7]])
    values = SampledValues(np.array([3, 7, 3, 0, 3]), np.full((3, 2), 0.5), np.array([0.5, 1.5, 0.5, 2.0, 0.5]))
    losses = sampled_softmax(
        WEIGHTS, BIASES, INPUTS, labels, values, remove_accidental_hits=remove, subtract_log_q=subtract
    )
    assert_allclose(losses, plain_losses(labels, values, remove, subtract), rtol=1e-13)


def test_a_batch_of_many_tiles_is_computed_as_one_row_is() -> None:
    inputs = np.random.default_rng(1).standard_normal((70_000, 4))
    labels = np.arange(70_000)[:, None] % 9
    values = SampledValues(VALUES.candidates, np.full((70_000, 1), 0.25), VALUES.sampled_expected_count)
    losses = sampled_softmax(WEIGHTS, BIASES, inputs, labels, values)
    some = np.array([0, 1, 26_213, 26_214, 40_000, 69_999])
    few = SampledValues(VALUES.candidates, np.full((6, 1), 0.25), VALUES.sampled_expected_count)
    assert_allclose(losses[some], plain_losses(labels[some], few, True, True, inputs[some]), rtol=1e-12)


def test_labels_of_one_class_need_no_second_dimension() -> None:
    column = sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS[:, None], VALUES)
    assert column.shape == (3,)
    assert_array_equal(sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, VALUES), column)
    flat = SampledValues(VALUES.candidates, np.full(3, 0.25), VALUES.sampled_expected_count)
    assert_array_equal(sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, flat), column)


@pytest.mark.parametrize(
    ("weights", "inputs", "computed"),
    [
        ("float16", "float32", "float32"),
        (ml_dtypes.bfloat16, "float16", "float32"),
        ("float32", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("float64", "float32", "float64"),
        ("int8", "float32", "float64"),
    ],
)
def test_the_dtype_follows_weights_and_inputs(weights: Any, inputs: Any, computed: str) -> None:
    arguments = WEIGHTS.astype(weights), BIASES, INPUTS.astype(inputs), LABELS
    losses = sampled_softmax(*arguments, VALUES)
    assert losses.dtype == computed
    in_full = sampled_softmax(arguments[0].astype(float), BIASES, arguments[2].astype(float), LABELS, VALUES)
    assert_allclose(losses, in_full, rtol=1e-5)
    assert evaluate_sampled_softmax(*arguments, sampled_values=VALUES).per_sample.dtype == computed


@pytest.mark.parametrize("scale", [1e4, 1e300])
def test_huge_logits_do_no_harm(scale: float) -> None:
    values = SampledValues(np.array([1, 2]), np.ones((2, 1)), np.ones(2))
    losses = sampled_softmax([[1.0], [0.5], [0.0]], np.zeros(3), [[scale], [-scale]], [0, 0], values)
    assert_allclose(losses, [0.0, scale], rtol=1e-15)


def test_a_loss_too_large_for_float32_is_infinite() -> None:
    values = SampledValues(np.array([1]), np.ones((1, 1)), np.ones(1))
    layer = np.array([[-1.0], [1.0]], np.float32), np.zeros(2), np.array([[3e38]], np.float32)
    assert sampled_softmax(*layer, [0], values).tolist() == [np.inf]
    assert evaluate_sampled_softmax(*layer, [0], sampled_values=values).per_sample.tolist() == [np.inf]


def test_a_tiny_loss_keeps_its_digits() -> None:
    values = SampledValues(np.array([1]), np.ones((1, 1)), np.ones(1))
    loss = sampled_softmax([[50.0], [0.0]], np.zeros(2), [[1.0]], [0], values)
    assert_allclose(loss, [math.exp(-50)], rtol=1e-13)


def test_where_the_only_candidate_is_the_label_nothing_is_left_to_lose() -> None:
    values = SampledValues(np.array([4]), np.full((1, 1), 0.3), np.array([0.3]))
    assert sampled_softmax(WEIGHTS, BIASES, INPUTS[:1], [4], values).tolist() == [0.0]


def test_only_the_classes_that_take_part_are_looked_at() -> None:
    weights, biases = np.full((9, 4), np.nan), np.full(9, np.inf)
    part = [0, 2, 3, 7, 8]
    weights[part], biases[part] = WEIGHTS[part], BIASES[part]
    losses = sampled_softmax(weights, biases, INPUTS, LABELS, VALUES)
    assert_array_equal(losses, sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, VALUES))


def test_memory_does_not_grow_with_the_classes() -> None:
    weights, biases = np.ones((10**6, 8), np.float32), np.zeros(10**6, np.float32)
    tracemalloc.start()
    evaluate_sampled_softmax(weights, biases, weights[:64], np.arange(64), num_sampled=100, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


# What it is good for.


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_loss_tends_to_the_full_softmax_as_the_sample_grows(sampler: Any) -> None:
    random = np.random.default_rng(2)
    layer = random.standard_normal((200, 4)), random.standard_normal(200), random.standard_normal((20, 4))
    labels = random.integers(0, 200, 20)
    full = sparse_softmax_cross_entropy(layer[2] @ layer[0].T + layer[1], labels).mean()
    errors = []
    for num_sampled in (5, 20, 80, 160, 200):
        losses = [
            evaluate_sampled_softmax(
                *layer, labels, num_sampled=num_sampled, sampler=sampler, seed=seed
            ).per_sample.mean()
            for seed in range(50)
        ]
        errors.append(abs(np.mean(losses) - full))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01 * full < errors[0]


@pytest.mark.parametrize(("subtract", "learnt"), [(True, 0.0), (False, -1.0)])
def test_what_is_learnt_is_p_and_without_log_q_p_over_q(subtract: bool, learnt: float) -> None:
    """Of logits log p + t · log q, those with the least expected loss are the ones that training leads to."""
    classes = 60
    p = np.random.default_rng(4).dirichlet(np.ones(classes))
    q = samplers.LAWS["log_uniform"].probability(np.arange(classes), classes)
    shifts = [-1.5, -1.0, -0.5, 0.0, 0.5]
    expected = [
        np.mean(
            [
                evaluate_sampled_softmax(
                    np.zeros((classes, 1)),
                    np.log(p) + shift * np.log(q),
                    np.ones((classes, 1)),
                    np.arange(classes),
                    num_sampled=6,
                    seed=seed,
                    subtract_log_q=subtract,
                    sample_weights=p,
                    reduction="sum",
                ).reduced.value
                for seed in range(200)
            ]
        )
        for shift in shifts
    ]
    assert shifts[int(np.argmin(expected))] == learnt


# Evaluating a batch.


def test_the_reported_seed_gives_the_draw_again() -> None:
    first, second = (evaluate_sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, num_sampled=4) for _ in range(2))
    assert first.sampler == "log_uniform"
    assert first.seed != second.seed
    assert first.seed is not None
    assert 0 <= first.seed < 2**53
    again = evaluate_sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, num_sampled=4, seed=first.seed)
    assert_array_equal(again.per_sample, first.per_sample)
    assert_array_equal(again.sampled_values.candidates, first.sampled_values.candidates)
    given = evaluate_sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, sampled_values=first.sampled_values)
    assert_array_equal(given.per_sample, first.per_sample)
    assert (given.sampler, given.seed) == (None, None)


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_outermost_seeds_are_good(seed: int) -> None:
    assert evaluate_sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, num_sampled=9, seed=seed).seed == seed


@pytest.mark.parametrize("sample_weights", [None, 2.0, [1.0, 0.0, 3.0], [0, 0, 0]])
def test_reductions(sample_weights: Any) -> None:
    losses = sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, VALUES)
    w = np.broadcast_to(1.0 if sample_weights is None else np.array(sample_weights, float), 3)
    denominators = {"sum": 1, "mean": 3, "weighted_mean": w.sum(), "mean_by_nonzero_weights": np.count_nonzero(w)}
    for reduction in ("none", *denominators):
        result = evaluate_sampled_softmax(
            WEIGHTS,
            BIASES,
            INPUTS,
            LABELS,
            sampled_values=VALUES,
            sample_weights=sample_weights,
            reduction=reduction,  # type: ignore[arg-type]
        )
        assert_array_equal(result.per_sample, losses * w)
        if reduction == "none":
            assert result.reduced is None
            continue
        assert result.reduced is not None
        assert result.reduced.reduction == reduction
        assert result.reduced.denominator == denominators[reduction]
        assert_allclose(result.reduced.numerator, (losses * w).sum(), rtol=1e-15)
        value = result.reduced.numerator / result.reduced.denominator if result.reduced.denominator else 0
        assert result.reduced.value == value


def test_mean_is_the_default_and_reductions_are_in_float64() -> None:
    arguments = (
        *(each.astype(np.float32) for each in (WEIGHTS, BIASES, np.tile(INPUTS, (2000, 1)))),
        np.tile(LABELS, 2000),
    )
    result = evaluate_sampled_softmax(*arguments, num_sampled=5, seed=1)
    assert result.reduced is not None
    assert result.reduced.reduction == "mean"
    assert_allclose(result.reduced.numerator, 2000 * result.per_sample[:3].astype(float).sum(), rtol=1e-6)


def test_the_answer_warns_that_it_is_for_training_only() -> None:
    result = evaluate_sampled_softmax(WEIGHTS, BIASES, INPUTS, LABELS, sampled_values=VALUES)
    (warning,) = result.warnings
    assert result.checked == ("train_only",)
    assert warning.code == "train_only"
    assert warning.evidence == {"num_sampled": 4, "num_classes": 9}
    assert "4 of 9 classes" in warning.message
    assert "POST /v1/loss" in warning.fix


# Mistakes.

DRAWN: dict[str, Any] = {"num_sampled": 4, "seed": 0}


def with_values(**changed: Any) -> dict[str, Any]:
    fields = {name: getattr(VALUES, name) for name in ("candidates", "true_expected_count", "sampled_expected_count")}
    return {"sampled_values": SampledValues(**{name: np.asarray(each) for name, each in (fields | changed).items()})}


def changed(array: Array, position: Any, value: float) -> Array:
    copy = array.astype(float)
    copy[position] = value
    return copy


MISTAKES: list[tuple[dict[str, Any], type[InvalidInput], str, tuple[int, ...], str]] = [
    # what is drawn
    (DRAWN | {"num_sampled": 0}, ParameterOutOfRange, "num_sampled", (), "is 0; of 9 classes 1 to 9 can be drawn"),
    (DRAWN | {"num_sampled": 10}, ParameterOutOfRange, "num_sampled", (), "is 10; of 9 classes 1 to 9 can be drawn"),
    (DRAWN | {"seed": -1}, ParameterOutOfRange, "seed", (), "is -1; a whole number from 0 to 2^63 - 1 was expected"),
    (DRAWN | {"seed": 2**63}, ParameterOutOfRange, "seed", (), "is 9223372036854775808; a whole number"),
    (DRAWN | {"sampler": "zipf"}, ParameterOutOfRange, "sampler", (), "is 'zipf'; one of log_uniform, uniform was"),
    ({}, MissingParameter, "num_sampled", (), "is absent; give it, or sampled_values"),
    ({"seed": 1}, MissingParameter, "num_sampled", (), "is absent"),
    (with_values() | {"num_sampled": 4}, UnexpectedParameter, "num_sampled", (), "is for drawing"),
    (with_values() | {"sampler": "uniform"}, UnexpectedParameter, "sampler", (), "is for drawing"),
    (with_values() | {"seed": 0}, UnexpectedParameter, "seed", (), "is for drawing"),
    # what is given in place of drawing
    (with_values(candidates=[0, 3, 9, 8]), LabelOutOfRange, "sampled_values.candidates", (2,), "is 9; a class index"),
    (with_values(candidates=[-1, 3, 7, 8]), LabelOutOfRange, "sampled_values.candidates", (0,), "is -1; a class"),
    (with_values(candidates=[0, 0.5, 7, 8]), LabelNotWhole, "sampled_values.candidates", (1,), "is 0.5; a class"),
    (with_values(candidates=[[0, 3, 7, 8]]), WrongShape, "sampled_values.candidates", (), "have shape [1, 4]; a list"),
    (with_values(candidates=[]), Empty, "sampled_values.candidates", (), "is empty"),
    (
        with_values(true_expected_count=np.ones((1, 3))),
        WrongShape,
        "sampled_values.true_expected_count",
        (),
        "has shape [1, 3]; [3, 1] was expected",
    ),
    (
        with_values(true_expected_count=[[1.0], [0.0], [1.0]]),
        ParameterOutOfRange,
        "sampled_values.true_expected_count",
        (1, 0),
        "is 0; a number above 0 was expected",
    ),
    (
        with_values(sampled_expected_count=np.ones(3)),
        WrongShape,
        "sampled_values.sampled_expected_count",
        (),
        "has shape [3]; [4] was expected",
    ),
    (
        with_values(sampled_expected_count=[1, 1, 1, -0.5]),
        ParameterOutOfRange,
        "sampled_values.sampled_expected_count",
        (3,),
        "is -0.5; a number above 0 was expected",
    ),
    (
        with_values(sampled_expected_count=[1, np.nan, 1, 1]),
        NotANumber,
        "sampled_values.sampled_expected_count",
        (1,),
        "is NaN",
    ),
    (
        with_values(true_expected_count=[[1.0], [1.0], [np.inf]]),
        Infinite,
        "sampled_values.true_expected_count",
        (2, 0),
        "is Infinity",
    ),
    # the batch
    (DRAWN | {"weights": WEIGHTS[0]}, WrongShape, "weights", (), "have shape [4]; one row for each class"),
    (DRAWN | {"biases": BIASES[:8]}, WrongShape, "biases", (), "have shape [8]; one for each row of weights was"),
    (DRAWN | {"biases": BIASES[:, None]}, WrongShape, "biases", (), "have shape [9, 1]; one for each row"),
    (DRAWN | {"inputs": INPUTS[:, :3]}, WrongShape, "inputs", (), "have shape [3, 3]; rows as long as those of"),
    (DRAWN | {"inputs": INPUTS[0]}, WrongShape, "inputs", (), "have shape [4]; rows as long"),
    (DRAWN | {"labels": LABELS[:2]}, WrongShape, "labels", (), "have shape [2]; class ids for 3 inputs were expected"),
    (DRAWN | {"labels": 2}, WrongShape, "labels", (), "have shape []; class ids"),
    (DRAWN | {"labels": np.zeros((3, 1, 1))}, WrongShape, "labels", (), "have shape [3, 1, 1]; class ids"),
    (DRAWN | {"labels": [2, 9, 0]}, LabelOutOfRange, "labels", (1,), "is 9; a class index from 0 to 8 was expected"),
    (DRAWN | {"labels": [[2, 1], [0, -1], [0, 0]]}, LabelOutOfRange, "labels", (1, 1), "is -1; a class index"),
    (DRAWN | {"labels": [2, 1.5, 0]}, LabelNotWhole, "labels", (1,), "is 1.5; a class index is a whole number"),
    (DRAWN | {"labels": [2, np.nan, 0]}, NotANumber, "labels", (1,), "is NaN"),
    (DRAWN | {"inputs": changed(INPUTS, (2, 1), np.nan)}, NotANumber, "inputs", (2, 1), "is NaN"),
    (with_values() | {"weights": changed(WEIGHTS, (7, 2), np.nan)}, NotANumber, "weights", (7, 2), "is NaN"),
    (with_values() | {"weights": changed(WEIGHTS, (2, 0), -np.inf)}, Infinite, "weights", (2, 0), "is -Infinity"),
    (with_values() | {"biases": changed(BIASES, 8, np.inf)}, Infinite, "biases", (8,), "is Infinity"),
    (with_values() | {"biases": changed(BIASES, 2, np.nan)}, NotANumber, "biases", (2,), "is NaN"),
    (
        with_values() | {"weights": changed(WEIGHTS, (7, 2), 1e300), "inputs": changed(INPUTS, (1, 2), 1e300)},
        Infinite,
        "inputs",
        (1,),
        "lead to a logit too large for float64",
    ),
    (DRAWN | {"weights": [["a"]]}, NotNumeric, "weights", (), "holds values of type"),
    # the reduction
    (DRAWN | {"reduction": "median"}, ParameterOutOfRange, "reduction", (), "is 'median'; one of none, sum"),
    (DRAWN | {"sample_weights": [1, 1]}, WrongShape, "sample_weights", (), "have shape [2]; a single number or one"),
    (DRAWN | {"sample_weights": [1, np.inf, 1]}, Infinite, "sample_weights", (1,), "is Infinity"),
]


@pytest.mark.parametrize(("arguments", "error", "argument", "position", "message"), MISTAKES)
def test_each_mistake_has_its_own_message(
    arguments: dict[str, Any], error: type[InvalidInput], argument: str, position: tuple[int, ...], message: str
) -> None:
    batch = {"weights": WEIGHTS, "biases": BIASES, "inputs": INPUTS, "labels": LABELS}
    with pytest.raises(InvalidInput) as caught:
        evaluate_sampled_softmax(**(batch | arguments))
    assert type(caught.value) is error
    assert (caught.value.argument, caught.value.position) == (argument, position)
    assert caught.value.message.startswith(message)
