"""THIRD_PARTY.md is right and whole, and nothing ships under a licence that nobody has looked at."""

from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution, distribution
from pathlib import Path

import pytest

from scripts.licenses import (
    DOCUMENT,
    LOCKS,
    LOOKED_AT,
    LicenseUnknown,
    check,
    document,
    license_of,
    packages,
    parts,
    texts,
)

LISTED = DOCUMENT.read_text()


def made(folder: Path, metadata: str) -> Distribution:
    """A package that says this of itself."""
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: some\nVersion: 1.0\n{metadata}")
    return PathDistribution(folder)


def test_what_is_listed_is_what_the_packages_say() -> None:
    assert document() == LISTED, "make generate"


@pytest.mark.parametrize("name", packages("requirements-tracing.txt"))
def test_a_package_that_ships_is_listed_with_a_licence_and_brings_its_text(name: str) -> None:
    mark = "" if name in packages("requirements.txt") else " (tracing)"
    (row,) = (line for line in LISTED.splitlines() if line.startswith(f"| {name}{mark} |"))
    try:
        package = distribution(name)
    except PackageNotFoundError:
        pytest.skip("not for this Python")
    assert license_of(package) in row
    assert any(len(text) > 500 for text in texts(package))


def test_all_locks_of_what_ships_are_read() -> None:
    assert set(packages("requirements.txt")) < set(packages("requirements-tracing.txt"))
    assert [len(packages(lock)) > 20 for lock in LOCKS] == [True, True]


def test_the_libraries_within_numpy_are_listed() -> None:
    assert {part.name for part in parts(distribution("numpy"))} >= {"OpenBLAS", "libquadmath"}


@pytest.mark.parametrize(
    "expression",
    [
        "GPL-3.0-only",
        "MIT AND GPL-2.0-or-later",
        "MIT OR AGPL-3.0-only",
        "LicenseRef-Own",
        "MPL-2.0",
        "Apache Software",
    ],
)
def test_a_licence_that_nobody_has_looked_at_is_refused(expression: str) -> None:
    with pytest.raises(LicenseUnknown, match="some is under"):
        check("some", expression)


@pytest.mark.parametrize("expression", ["MIT", "MIT AND (Apache-2.0 OR BSD-3-Clause)"])
def test_a_free_licence_is_taken(expression: str) -> None:
    check("some", expression)


@pytest.mark.parametrize(("name", "license_"), LOOKED_AT)
def test_what_was_looked_at_is_still_there(name: str, license_: str) -> None:
    package = distribution(name)
    assert license_ in license_of(package) or license_ in {part.license for part in parts(package)}


def test_a_package_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LicenseUnknown, match="some does not say its licence"):
        license_of(made(tmp_path, ""))


def test_an_expression_goes_before_free_words(tmp_path: Path) -> None:
    assert license_of(made(tmp_path, "License: as you like\nLicense-Expression: MIT\n")) == "MIT"
    assert license_of(made(tmp_path, "License: MIT License\n")) == "MIT"
