"""What is known of one request: where its time went, and the forms of its arrays."""

import time

import numpy as np

from app.telemetry.request_record import PHASES, RequestRecord


def test_time_goes_to_the_phase_whose_lap_ends() -> None:
    record = RequestRecord()
    time.sleep(0.02)
    record.lap("decode")
    record.lap("compute")
    assert record.phases["decode"] >= 20_000_000 > record.phases["compute"]


def test_the_phases_together_are_the_whole() -> None:
    record = RequestRecord()
    for phase in (*PHASES, "queue"):
        record.lap(phase)
    assert 0 < sum(record.phases.values()) <= time.perf_counter_ns() - record.began


def test_what_the_caller_took_to_send_is_not_the_services_own_work() -> None:
    record = RequestRecord()
    time.sleep(0.02)
    record.lap("receive")
    record.lap("decode")
    assert record.worked() == record.phases["decode"] < 20_000_000


def test_of_arrays_the_forms_are_kept_and_nothing_else() -> None:
    record = RequestRecord()
    record.took({"logits": np.zeros((2, 3), np.float32), "weights": np.array(2.0)})
    assert record.arrays == {"logits": "float32[2, 3]", "weights": "float64[]"}


def test_a_request_is_computed_once_there_is_something_to_tell_of() -> None:
    record = RequestRecord()
    assert not record.is_computed
    record.computed("sigmoid_cross_entropy", 2, 6, ["negative_weight"])
    assert record.is_computed
    assert (record.loss_type, record.samples, record.elements) == ("sigmoid_cross_entropy", 2, 6)
    assert record.warnings == ("negative_weight",)
