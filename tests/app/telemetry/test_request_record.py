"""What is known of one request: where its time went, and the forms of its arrays."""

import time

import numpy as np

from app.telemetry.request_record import PHASES, Observation


def test_time_goes_to_the_phase_whose_lap_ends() -> None:
    observation = Observation()
    time.sleep(0.02)
    observation.lap("decode")
    observation.lap("compute")
    assert observation.phases["decode"] >= 20_000_000 > observation.phases["compute"]


def test_the_phases_together_are_the_whole() -> None:
    observation = Observation()
    for phase in (*PHASES, "queue"):
        observation.lap(phase)
    assert 0 < sum(observation.phases.values()) <= time.perf_counter_ns() - observation.began


def test_what_the_caller_took_to_send_is_not_the_services_own_work() -> None:
    observation = Observation()
    time.sleep(0.02)
    observation.lap("receive")
    observation.lap("decode")
    assert observation.worked() == observation.phases["decode"] < 20_000_000


def test_of_arrays_the_forms_are_kept_and_nothing_else() -> None:
    observation = Observation()
    observation.took({"logits": np.zeros((2, 3), np.float32), "weights": np.array(2.0)})
    assert observation.arrays == {"logits": (np.dtype("f4"), (2, 3)), "weights": (np.dtype("f8"), ())}


def test_a_request_is_computed_once_there_is_something_to_tell_of() -> None:
    observation = Observation()
    assert not observation.is_computed
    observation.computed("sigmoid_cross_entropy", 2, 6, ["negative_weight"])
    assert observation.is_computed
    assert (observation.loss_type, observation.samples, observation.elements) == ("sigmoid_cross_entropy", 2, 6)
    assert observation.warnings == ("negative_weight",)
