"""Settings come from the environment, and a mistake in it is said."""

import os
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from app.settings import Settings, UnfitSetting, UnknownSetting, first_reason, read_settings


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


# --- Files and secrets


def test_keys_come_from_the_environment_and_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("third\n\n  fourth \n")
    monkeypatch.setenv("XENT_API_KEYS", "first, second,")
    monkeypatch.setenv("XENT_API_KEYS_FILE", str(file))
    assert read_settings().keys == ["first", "second", "third", "fourth"]


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENT_API_KEYS", "swordfish")
    assert "swordfish" not in repr(read_settings())
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"api_keys": 5})
    assert first_reason(caught.value).startswith("XENT_API_KEYS is not shown: ")


@pytest.mark.parametrize("name", ["XENT_API_KEYS_FILE", "XENT_TLS_CERTIFICATE_FILE", "XENT_TLS_KEY_FILE"])
def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv(name, str(tmp_path / "nothing"))
    with pytest.raises(UnfitSetting, match=f"{name} is .*nothing: No such file"):
        read_settings()
    (tmp_path / "nothing").write_bytes(b"\xff\xfe")
    with pytest.raises(UnfitSetting, match=f"{name} is .*nothing, which is no text"):
        read_settings()


def certificate(folder: Path) -> tuple[Path, Path]:
    issued = trustme.CA().issue_cert("localhost")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(issued.cert_chain_pems[0].bytes())
    issued.private_key_pem.write_to_path(key)
    return certificate, key


def test_https_needs_a_certificate_and_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (file, key), (_, other) = certificate(tmp_path), certificate(tmp_path / "other")
    monkeypatch.setenv("XENT_TLS_CERTIFICATE_FILE", str(file))
    with pytest.raises(UnfitSetting, match="TLS_CERTIFICATE_FILE is set, but XENT_TLS_KEY_FILE is not; https needs"):
        read_settings()
    monkeypatch.setenv("XENT_TLS_KEY_FILE", str(key))
    assert read_settings().tls_key_file == key
    monkeypatch.setenv("XENT_TLS_KEY_FILE", str(other))
    with pytest.raises(UnfitSetting, match="can't be used together: key values mismatch"):
        read_settings()
    monkeypatch.delenv("XENT_TLS_CERTIFICATE_FILE")
    with pytest.raises(UnfitSetting, match="TLS_KEY_FILE is set, but XENT_TLS_CERTIFICATE_FILE is not"):
        read_settings()


def test_traces_need_their_packages_and_a_place_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XENT_TRACING", "true")
    with pytest.raises(UnfitSetting, match="OTEL_EXPORTER_OTLP_ENDPOINT does not say where"):
        read_settings()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/v1/traces")
    assert read_settings().tracing
    monkeypatch.setattr("app.settings.find_spec", lambda _: None)
    with pytest.raises(UnfitSetting, match=r"pip install 'xent\[tracing\]'"):
        read_settings()
