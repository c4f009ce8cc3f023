"""The raw surface: whatever comes over a connection is answered in HTTP or hung up on, and harms nobody else."""

import pytest

from tests.hostile import noise
from tests.hostile.conftest import Start
from tests.hostile.running import Service
from tests.hostile.talk import Report, play

CASES = 4000
CASES_WHERE_ALL_IS_SHORT = 1500
# So that a case that leaves something out does not take long.
HASTY = {f"XENT_{name}_SECONDS": "1.5" for name in ("HEADER", "BODY", "IDLE")}
SMALL = {"XENT_MAX_BODY_BYTES": "1000000", "XENT_MAX_INFLATED_BYTES": "2000000"}
SHORT = {
    "XENT_MAX_REQUESTS_IN_FLIGHT": "2",
    "XENT_MAX_BYTES_IN_FLIGHT": "50000",
    "XENT_MAX_ELEMENTS": "30",
    "XENT_MAX_RANK": "2",
    "XENT_MAX_JSON_DEPTH": "8",
    "XENT_MAX_JSON_VALUES": "20",
    "XENT_COMPUTE_SECONDS": "0.01",
}
REFUSED = {413, 503}
# Else the cases have become harmless, and prove nothing.
EXPECTED = {100, 200, 400, 404, 405, 408, 413, 414, 415, 422, 431}


@pytest.fixture(scope="module")
def hasty(start: Start) -> Service:
    """A service with room for all that are here at once, who need not wait long for it to lose patience."""
    return start(**HASTY, **SMALL, XENT_MAX_REQUESTS_IN_FLIGHT="1000")


@pytest.fixture(scope="module")
def short(start: Start) -> Service:
    """Likewise, but it has hardly room for one, and time for none."""
    return start(**HASTY, **SMALL, **SHORT)


def shown(report: Report) -> str:
    return "\n\n".join([f"{len(report.faults)} faults", *report.faults[:20]]) if report.faults else ""


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_sent_is_answered_in_http_or_hung_up_on(hasty: Service, seed: int) -> None:
    report = play(hasty.address, noise.cases(seed, CASES), seed)
    assert not shown(report)
    assert set(report.statuses) >= EXPECTED
    assert len(report.kinds) == len(noise.KINDS)


def test_a_service_that_is_short_of_all_answers_in_http_too(short: Service) -> None:
    report = play(short.address, noise.cases(3, CASES_WHERE_ALL_IS_SHORT), 3, REFUSED)
    assert not shown(report)
    assert set(report.statuses) >= {200, 400, *REFUSED}
