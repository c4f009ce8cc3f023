"""What the advice says of sound batches, and which published faults it names. Figures are in benchmarks/honesty.md."""

from functools import cache

import pytest

from benchmarks.honesty.false_alarms import Sent, bound, sample
from benchmarks.honesty.models import CLASSES, QUESTIONS
from benchmarks.honesty.recall import Verdict, half, verdicts

pytestmark = pytest.mark.unmeasured

KNOWN_FALSE_ALARMS: set[str] = set()
"""What is wrongly said of some sound batch today, hints aside. It may only shrink."""

LEAST_RECALL = 0.96
"""Of each half of the programs. It may only grow."""


@cache
def small_sample() -> list[Sent]:
    return sample(20)


@cache
def all_verdicts() -> list[Verdict]:
    return verdicts()


def test_sound_batches_set_off_hints_and_the_known_false_alarms_only() -> None:
    said = {name for one in small_sample() for name, severity in one.said.items() if severity != "hint"}
    assert said == KNOWN_FALSE_ALARMS


def test_sound_batches_without_padding_and_rounding_are_not_refused() -> None:
    plain = [one for one in small_sample() if "no padding" in one.form and "two decimals" not in one.form]
    assert len(plain) > 50
    assert not [one for one in plain if any(name.startswith("refused") for name in one.said)]


def test_the_sample_is_the_same_each_time_and_of_every_kind() -> None:
    assert sample(20) == small_sample()
    assert {one.kind for one in small_sample()} == {kind.__name__ for kind in (*CLASSES, *QUESTIONS)}


def test_mended_programs_raise_no_alarm() -> None:
    assert {one.program.name: one.alarmed for one in all_verdicts() if one.alarmed} == {}


@pytest.mark.parametrize("name", ["first", "second"])
def test_faults_of_published_programs_are_named(name: str) -> None:
    some = [one for one in all_verdicts() if half(one.program.name) == name]
    missed = sorted(one.program.name for one in some if not one.recognised)
    assert len(some) >= 25
    assert 1 - len(missed) / len(some) >= LEAST_RECALL - 0.005, missed


def test_the_bound_is_the_rule_of_three_where_nothing_was_said() -> None:
    assert bound(0, 3000) == pytest.approx(3 / 3000, rel=2e-3)
    assert bound(0, 3000) < 0.001
    assert bound(5, 5) == 1
