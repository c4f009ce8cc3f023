"""Settings come from the environment, and a mistake in it is said."""

import os
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from app.settings import (
    GROUPS,
    Settings,
    UnfitSetting,
    UnknownSetting,
    first_reason,
    kubernetes_variables,
    read_api_keys,
    read_settings,
    tls_context,
)


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
        ("XENT_SHARED_MEMORY", "psm"),
        ("XENT_SHARED_MEMORY", " "),
        ("XENT_SHARED_MEMORY", "/xent-"),
        ("XENT_SHARED_MEMORY", "..xent"),
        ("XENT_SHARED_MEMORY", "xent-\n"),
        ("XENT_SHARED_MEMORY", "x" * 65),
        ("XENT_UDS", ""),
        ("XENT_UDS", " "),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        read_settings()


@pytest.mark.parametrize("prefix", ["", "xent", "xent-", "7.z_", "x" * 64])
def test_shared_memory_is_a_prefix_or_off(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setenv("XENT_SHARED_MEMORY", prefix)
    assert read_settings().shared_memory == prefix


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError):
        read_settings().port = 9000  # type: ignore[misc]


def test_every_group_begins_at_a_setting() -> None:
    assert [field for field in Settings.model_fields if field in GROUPS] == list(GROUPS)


# --- What Kubernetes injects

INJECTED = {
    "XENT_SERVICE_HOST": "10.0.0.11",
    "XENT_SERVICE_PORT": "8000",
    "XENT_SERVICE_PORT_HTTP": "8000",
    "XENT_PORT": "tcp://10.0.0.11:8000",
    "XENT_PORT_8000_TCP": "tcp://10.0.0.11:8000",
    "XENT_PORT_8000_TCP_PROTO": "tcp",
    "XENT_PORT_8000_TCP_PORT": "8000",
    "XENT_PORT_8000_TCP_ADDR": "10.0.0.11",
    # Of another Service, xent-proxy.
    "XENT_PROXY_SERVICE_HOST": "10.0.0.12",
    "XENT_PROXY_SERVICE_PORT": "80",
    "XENT_PROXY_PORT": "tcp://10.0.0.12:80",
    "XENT_PROXY_PORT_80_TCP": "tcp://10.0.0.12:80",
    "XENT_PROXY_PORT_53_UDP_ADDR": "10.0.0.12",
}


def test_what_kubernetes_injects_for_a_service_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in INJECTED.items():
        monkeypatch.setenv(name, value)
    assert read_settings() == Settings.model_construct()
    assert sorted(kubernetes_variables()) == sorted(INJECTED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XENT_SERVICE_HOSTS", "10.0.0.11"),
        ("XENT_SERVICE", "xent"),
        ("XENT_PROXY_PORT", "80"),
        ("XENT_PORT_HTTP", "8000"),
        ("XENT_PORT_8000_TCP_HOST", "10.0.0.11"),
        ("XENT_HOST_", "tcp://10.0.0.11:8000"),
    ],
)
def test_what_kubernetes_does_not_inject_is_still_unknown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UnknownSetting, match=f"{name} is no setting"):
        read_settings()


# --- Files and secrets


def keys_of(**settings: object) -> list[str]:
    return read_api_keys(Settings.model_validate(settings))


def test_keys_come_from_the_environment_and_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("third\n\n  fourth \n")
    monkeypatch.setenv("XENT_API_KEYS", "first, second,")
    monkeypatch.setenv("XENT_API_KEYS_FILE", str(file))
    settings = read_settings()
    assert read_api_keys(settings) == ["first", "second", "third", "fourth"]
    assert settings.requires_key


def test_without_a_setting_for_keys_none_is_required() -> None:
    settings = read_settings()
    assert not settings.requires_key
    assert read_api_keys(settings) == []


@pytest.mark.parametrize("value", ["", " ", ",", " , ,", "\ufeff", "\n"])
def test_a_list_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("XENT_API_KEYS", value)
    with pytest.raises(UnfitSetting, match=r"^XENT_API_KEYS holds no key; unset the variable if clients need none$"):
        read_api_keys(read_settings())


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("content", [b"", b"\n  \n", BOM, BOM + b"\r\n", BOM + BOM])
def test_a_file_without_a_key_is_refused_whatever_else_there_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    for others in ({}, {"api_keys": "first"}):
        with pytest.raises(UnfitSetting, match=r"^XENT_API_KEYS_FILE is .*/keys, which holds no key; unset"):
            keys_of(api_keys_file=str(file), **others)


def test_a_list_without_a_key_is_refused_beside_a_file_with_one(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("first")
    with pytest.raises(UnfitSetting, match=r"^XENT_API_KEYS holds no key"):
        keys_of(api_keys_file=str(tmp_path / "keys"), api_keys="")


@pytest.mark.parametrize(
    "content", [BOM + b"first\nsecond\n", BOM + b"first\r\n" + BOM + b"second", b"first\n\n \tsecond \n"]
)
def test_a_byte_order_mark_is_not_part_of_a_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys").write_bytes(content)
    assert keys_of(api_keys_file=str(tmp_path / "keys")) == ["first", "second"]


@pytest.mark.parametrize("content", [b"first\n" + bytes(16), "first\nse\u200bcond".encode(), b"first\nse\tcond"])
def test_a_key_that_holds_what_cannot_be_seen_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is full of zeros after a crash, or a character that came along with a copy."""
    (tmp_path / "keys").write_bytes(content)
    with pytest.raises(UnfitSetting, match=r"holds a control character or an invisible one in key 2$"):
        keys_of(api_keys_file=str(tmp_path / "keys"))


@pytest.mark.parametrize("name", ["XENT_API_KEYS_FILE", "XENT_TLS_CERTIFICATE_FILE", "XENT_TLS_KEY_FILE"])
@pytest.mark.parametrize("value", ["", " "])
def test_a_blank_path_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        read_settings()
    assert first_reason(caught.value) == f"{name} is {value!r}: name a file, or leave the variable unset"


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENT_API_KEYS", "swordfish")
    assert "swordfish" not in repr(read_settings())
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"api_keys": 5})
    assert first_reason(caught.value).startswith("XENT_API_KEYS is not shown: ")


@pytest.mark.parametrize("name", ["XENT_API_KEYS_FILE", "XENT_TLS_CERTIFICATE_FILE", "XENT_TLS_KEY_FILE"])
def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    file = tmp_path / "nothing"
    monkeypatch.setenv(name, str(file))
    settings = read_settings()
    with pytest.raises(UnfitSetting, match=f"{name} is .*nothing: No such file"):
        read_files(settings)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UnfitSetting, match=f"{name} is .*nothing, which is no text"):
        read_files(settings)
    file.write_bytes(bytes(1024 * 1024 + 1))
    with pytest.raises(UnfitSetting, match=f"{name} is .*nothing, which has 1048577 bytes, more than 1048576"):
        read_files(settings)
    file.unlink()
    file.mkdir()
    with pytest.raises(UnfitSetting, match=f"{name} is .*nothing, which is no regular file"):
        read_files(settings)


def read_files(settings: Settings) -> None:
    read_api_keys(settings)
    tls_context(settings)


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
        tls_context(read_settings())
    monkeypatch.setenv("XENT_TLS_KEY_FILE", str(key))
    assert tls_context(read_settings())
    monkeypatch.setenv("XENT_TLS_KEY_FILE", str(other))
    with pytest.raises(UnfitSetting, match="can't be used together: key values mismatch"):
        tls_context(read_settings())
    monkeypatch.delenv("XENT_TLS_CERTIFICATE_FILE")
    with pytest.raises(UnfitSetting, match="TLS_KEY_FILE is set, but XENT_TLS_CERTIFICATE_FILE is not"):
        tls_context(read_settings())


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
