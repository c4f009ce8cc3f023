"""Allocations and writes that fail, each in turn, for all forms of requests: no response is wrong."""

from pathlib import Path

import pytest

from tests.hostile.running import Service
from tests.torture import ALLOCATION, REQUESTS, WRITE, Torture


@pytest.mark.parametrize("kind", [ALLOCATION, WRITE], ids=["allocation", "write"])
@pytest.mark.parametrize("name", REQUESTS)
def test_whatever_fails_no_response_is_wrong_and_nothing_stays_reserved(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, kind: int
) -> None:
    torture = Torture(tmp_path)
    service = Service(request.config.getoption("--serve-with"), tmp_path / "log", **torture.environment)
    try:
        outcome = torture.play(service.address, name, kind)
        assert outcome.wrong == []
        assert outcome.faults > 1 or (name, kind) == ("small", ALLOCATION)
        assert service.process.poll() is None
        assert service.stop() == 0
    finally:
        service.process.kill()
        service.process.wait()
