"""What the models did is counted, and all of the time is accounted for."""

import time

import pytest

from app.statistics import STAGES, Statistics, Stopwatch


def test_nothing_is_counted_before_something_was_done() -> None:
    counted = Statistics(["a"]).of("a")
    assert counted["last_inference"] == counted["inference_count"] == counted["execution_count"] == 0
    assert {total["count"] for total in counted["inference_stats"].values()} == {0}
    assert counted["batch_stats"] == []


def test_time_goes_to_the_stage_whose_lap_ends() -> None:
    watch = Stopwatch()
    time.sleep(0.02)
    watch.lap("compute_input")
    watch.lap("compute_infer")
    assert watch.stages["compute_input"] >= 20_000_000 > watch.stages["compute_infer"]


def test_the_stages_together_are_the_whole() -> None:
    watch = Stopwatch()
    for stage in (*STAGES, "queue"):
        watch.lap(stage)
    assert 0 < sum(watch.stages.values()) <= watch.elapsed() < sum(watch.stages.values()) + 100_000_000


def test_a_watch_that_is_started_again_forgets_what_was_before() -> None:
    watch = Stopwatch()
    time.sleep(0.02)
    watch.start()
    watch.lap("queue")
    assert watch.stages["queue"] < 20_000_000


def test_each_model_is_counted_by_itself() -> None:
    statistics, watch = Statistics(["a", "b"]), Stopwatch()
    watch.lap("compute_infer")
    before = time.time_ns() // 1_000_000
    statistics.succeeded("a", watch)
    statistics.succeeded("a", watch)
    statistics.failed("b", watch)
    a, b = statistics.of("a"), statistics.of("b")
    assert (a["inference_count"], b["inference_count"]) == (2, 0)
    assert a["last_inference"] >= before > b["last_inference"] == 0
    assert a["inference_stats"]["compute_infer"] == {"count": 2, "ns": 2 * watch.stages["compute_infer"]}
    assert (a["inference_stats"]["fail"]["count"], b["inference_stats"]["fail"]["count"]) == (0, 1)
    assert b["inference_stats"]["success"] == {"count": 0, "ns": 0}
    (of_size_1,) = a["batch_stats"]
    assert of_size_1["batch_size"] == 1
    assert of_size_1["compute_infer"] == a["inference_stats"]["compute_infer"]


def test_a_model_that_is_none_is_not_counted() -> None:
    with pytest.raises(KeyError):
        Statistics(["a"]).succeeded("b", Stopwatch())
