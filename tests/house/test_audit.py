"""`make audit` never says that all is well where it could not look."""

from typing import Any

from scripts.audit import NOT_RUN, verdict

WELL = {"name": "numpy", "version": "2.4.6", "vulns": []}
NOT_LOOKED_UP = {"name": "orjson", "skip_reason": "Dependency not found on PyPI and could not be audited"}
BROKEN = {
    "name": "h11",
    "version": "0.14.0",
    "vulns": [{"id": "PYSEC-2025-1", "fix_versions": ["0.16.0"], "aliases": [], "description": "lenient"}],
}


def said_of(*packages: dict[str, Any]) -> tuple[int, str]:
    """Of a report in pip-audit's own form, as it was recorded."""
    return verdict({"dependencies": list(packages), "fixes": []})


def test_a_known_vulnerability_is_named_with_what_mends_it() -> None:
    assert said_of(WELL, BROKEN) == (1, "known vulnerabilities:\n  h11 0.14.0: PYSEC-2025-1, mended in 0.16.0")


def test_a_package_that_was_not_looked_up_does_not_count_as_well() -> None:
    assert said_of(WELL, NOT_LOOKED_UP) == (NOT_RUN, "1 of 2 packages are not known there")


def test_a_vulnerability_weighs_more_than_what_is_not_known() -> None:
    assert said_of(BROKEN, NOT_LOOKED_UP)[0] == 1


def test_nothing_looked_up_is_not_well() -> None:
    assert said_of()[0] == NOT_RUN


def test_all_looked_up_and_nothing_found_is_well() -> None:
    assert said_of(WELL) == (0, "none of 1 packages has a known vulnerability")
