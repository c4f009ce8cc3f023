"""Settings come from the environment, and a mistake in it is said."""

import os

import pytest
from pydantic import ValidationError

from app.settings import Settings, UnknownSetting, read_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("XENT_"):
            monkeypatch.delenv(name)


def test_without_variables_the_defaults_hold() -> None:
    settings = read_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("name", ["XENT_PORT", "xent_port", "Xent_Port"])
def test_a_variable_sets_its_field_however_its_name_is_cased(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "9000")
    assert read_settings().port == 9000


@pytest.mark.parametrize(
    ("name", "meant"),
    [("XENT_PROT", "XENT_PORT"), ("XENT_HOSTS", "XENT_HOST"), ("xent_max_body_byte", "XENT_MAX_BODY_BYTES")],
)
def test_a_misspelt_variable_is_refused_with_what_it_may_mean(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(UnknownSetting, match=f"{name} is no setting of xent; did you mean {meant}"):
        read_settings()


@pytest.mark.parametrize("name", ["XENT_QUUX", "XENT_FOO"])
def test_a_variable_like_no_setting_is_refused_with_those_there_are(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(UnknownSetting, match=f"{name} is no setting of xent; there are .*XENT_HOST.*XENT_PORT"):
        read_settings()


def test_variables_of_other_programs_are_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENTIQUE", "1")
    monkeypatch.setenv("PORT", "1")
    assert read_settings() == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XENT_PORT", "abc"),
        ("XENT_PORT", ""),
        ("XENT_PORT", "-1"),
        ("XENT_PORT", "65536"),
        ("XENT_MAX_BODY_BYTES", "0"),
        ("XENT_MAX_BODY_BYTES", "64MB"),
        ("XENT_HOST", ""),  # to a socket this means every address there is
    ],
)
def test_a_value_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        read_settings()


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError):
        read_settings().port = 9000  # type: ignore[misc]
