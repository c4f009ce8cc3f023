"""Candidate classes for sampled softmax, drawn without replacement.

As TensorFlow has it: one class after the other is drawn, each try from the same distribution, until `num_sampled`
distinct ones are there. With n tries, a class of probability p is then expected among them 1 − (1 − p)ⁿ times.

A seed gives the same candidates on every machine. Two things would stand in the way, and are not used: NumPy's
generators, whose methods may change (the raw bits of PCG64 don't), and the machine's own logarithm, whose last digit
differs from one to another. `_log` consists of operations that IEEE 754 defines to the last bit.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from xent_core.compute.layout import Array
from xent_core.errors import ParameterOutOfRange

Sampler = Literal["log_uniform", "uniform"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)

SEEDS = 2**63
# Such a seed survives JSON in languages that know floating-point numbers only.
FRESH_SEED_BITS = 53
# From one candidate in so many classes up, drawing until they are there takes too many tries, and they race.
RACING_SHARE = 8

LOG_2 = 0.6931471805599453
LOG_TERMS = 11


@dataclass(frozen=True, slots=True)
class SampledValues:
    """What a sampler gives, as in TensorFlow.

    candidates              the classes drawn, int64 [S]
    true_expected_count     how often each label is expected among them, [B, T]
    sampled_expected_count  how often each candidate is, [S]
    """

    candidates: Array
    true_expected_count: Array
    sampled_expected_count: Array


def draw_candidates(sampler: Sampler, num_sampled: int, num_classes: int, labels: Array, seed: int) -> SampledValues:
    """Draw `num_sampled` distinct classes out of `num_classes`.

    sampler: "log_uniform", P(k) = log((k + 2) / (k + 1)) / log(C + 1), for ids in order of falling frequency; or
    "uniform", P(k) = 1 / C.
    labels: class ids of any shape, which only decide the shape and values of `true_expected_count`.
    seed: 0 … 2⁶³ − 1. The same seed gives the same candidates after the same number of tries n on every machine.
    Expected counts are −expm1(n · log1p(−p)), float64; where no class came up twice, TensorFlow has n · p instead, of
    which this is the more exact form. Time and memory grow with `num_sampled`, not with `num_classes`.
    Raises ParameterOutOfRange.

    >>> draw_candidates("log_uniform", 4, 1000, np.array([[0], [999]]), seed=7).candidates
    array([ 74, 491, 211,   3])

    As tf.random.log_uniform_candidate_sampler and tf.random.uniform_candidate_sampler with unique=True.
    """
    if sampler not in SAMPLERS:
        raise ParameterOutOfRange("sampler", f"is {sampler!r:.80}; one of {', '.join(SAMPLERS)} was expected")
    if not 1 <= num_sampled <= num_classes:
        raise ParameterOutOfRange(
            "num_sampled", f"is {num_sampled}; of {num_classes} classes 1 to {num_classes} can be drawn"
        )
    if not 0 <= seed < SEEDS:
        raise ParameterOutOfRange("seed", f"is {seed}; a whole number from 0 to 2^63 - 1 was expected")
    law = LAWS[sampler]
    draw = _race if num_sampled * RACING_SHARE > num_classes else _try_in_turn
    candidates, tries = draw(law, num_sampled, num_classes, _uniform_numbers(seed))
    return SampledValues(
        candidates,
        expected_count(law.probability(labels, num_classes), tries),
        expected_count(law.probability(candidates, num_classes), tries),
    )


def fresh_seed() -> int:
    """A seed from the operating system, below 2⁵³."""
    return secrets.randbits(FRESH_SEED_BITS)


def expected_count(probability: Array, tries: int) -> Array:
    """1 − (1 − p)ⁿ, exact for small p too."""
    with np.errstate(divide="ignore"):
        count: Array = -np.expm1(tries * np.log1p(-probability))
    return count


class _Law(NamedTuple):
    """How classes are distributed. Both take the number of classes as well.

    probability  of class ids
    class_at     the class that numbers from [0, 1) stand for, by the inverse of the cumulated probabilities
    """

    probability: Callable[[Array, int], Array]
    class_at: Callable[[Array, int], Array]


def _log_uniform_probability(classes: Array, num_classes: int) -> Array:
    probability: Array = _log1p(1 / (classes + 1.0)) / _log(np.float64(num_classes + 1))
    return probability


def _log_uniform_class(numbers: Array, num_classes: int) -> Array:
    """The largest k with log(k + 1) <= x · log(C + 1)."""
    target = numbers * _log(np.float64(num_classes + 1))
    # The machine's exponential only guesses: what it misses by rounding is put right.
    successor: Array = np.exp(target).astype(np.int64)
    successor -= _log(successor) > target
    successor += _log(successor + 1) <= target
    successor -= 1
    return successor


def _uniform_probability(classes: Array, num_classes: int) -> Array:
    return np.full(classes.shape, 1 / num_classes)


def _uniform_class(numbers: Array, num_classes: int) -> Array:
    return (numbers * num_classes).astype(np.int64)


LAWS: dict[Sampler, _Law] = {
    "log_uniform": _Law(_log_uniform_probability, _log_uniform_class),
    "uniform": _Law(_uniform_probability, _uniform_class),
}

UniformNumbers = Callable[[int], Array]
"""The next so many numbers from [0, 1), multiples of 2⁻⁵³."""


def _uniform_numbers(seed: int) -> UniformNumbers:
    # Few programs draw, and others should not wait for the import.
    from numpy.random import PCG64

    bits = PCG64(seed)

    def numbers(count: int) -> Array:
        drawn: Array = (bits.random_raw(count) >> np.uint64(11)) * 2.0**-53
        return drawn

    return numbers


def _try_in_turn(law: _Law, num_sampled: int, num_classes: int, numbers: UniformNumbers) -> tuple[Array, int]:
    """The first distinct classes, in the order in which they came up, and the number of tries until the last."""
    tries = law.class_at(numbers(2 * num_sampled), num_classes)
    while True:
        firsts = np.sort(np.unique(tries, return_index=True)[1])
        if len(firsts) >= num_sampled:
            firsts = firsts[:num_sampled]
            return tries[firsts], int(firsts[-1]) + 1
        tries = np.concatenate([tries, law.class_at(numbers(len(tries)), num_classes)])


def _race(law: _Law, num_sampled: int, num_classes: int, numbers: UniformNumbers) -> tuple[Array, int]:
    """The same by another way, whose time does not depend on the number of tries.

    If tries come at random moments, one per unit of time on average, each class first comes up after an exponential
    time of rate p, independently of the others. Where classes of probability r are still to come, the next try
    repeats one with probability 1 − r: how many do in a row is geometric.
    """
    probability = law.probability(np.arange(num_classes), num_classes)
    order = np.argsort(-_log(1 - numbers(num_classes)) / probability, kind="stable")
    still_to_come = np.cumsum(probability[order][::-1])[::-1][1:num_sampled]
    repeats = np.floor(_log(1 - numbers(num_sampled - 1)) / _log1p(-still_to_come))
    return order[:num_sampled], num_sampled + int(repeats.sum())


def _log(x: Array | np.float64) -> Array:
    """The natural logarithm of positive numbers, the same on every machine; with a relative error below 4 · 2⁻⁵³.

    x = m · 2ᵉ with m close to 1, and log m = 2 · artanh((m − 1) / (m + 1)), a short series.
    """
    mantissa, exponent = np.frexp(x)
    small = mantissa < np.sqrt(0.5)
    mantissa, exponent = np.where(small, 2 * mantissa, mantissa), exponent - small
    z = (mantissa - 1) / (mantissa + 1)
    series = np.zeros_like(z)
    for term in reversed(range(LOG_TERMS)):
        series = series * (z * z) + 1 / (2 * term + 1)
    logarithm: Array = exponent * LOG_2 + 2 * z * series
    return logarithm


def _log1p(x: Array) -> Array:
    """log(1 + x), for x close to 0 as well: what 1 + x loses by rounding is added again."""
    rounded = 1 + x
    logarithm: Array = _log(rounded) + (x - (rounded - 1)) / rounded
    return logarithm
