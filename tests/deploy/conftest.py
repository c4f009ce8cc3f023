"""Renderings that many tests look at."""

import pytest

from tests.deploy.rendered import Rendered


@pytest.fixture(scope="session")
def plain() -> Rendered:
    return Rendered()


@pytest.fixture(scope="session")
def everything() -> Rendered:
    return Rendered(sample="everything")
