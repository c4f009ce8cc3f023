"""The application, put together."""

import pytest

import app
from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.unmeasured


def test_it_bears_the_packages_version() -> None:
    assert create_app(Settings()).openapi()["info"]["version"] == app.__version__


def test_the_document_is_made_once() -> None:
    application = create_app(Settings())
    assert application.openapi() is application.openapi()


def test_applications_share_nothing() -> None:
    first, second = create_app(Settings()), create_app(Settings())
    assert first.openapi() is not second.openapi()
    assert first.openapi() == second.openapi()
