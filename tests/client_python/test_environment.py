"""Where the service is, and which key it takes, may stand in the environment; a blank is an error, never no key."""

import certifi
import pytest

from tests.client_python.misbehaving import Misbehaving, respond
from xent_client import Xent
from xent_client.xent import _http_options


def test_the_address_and_key_are_those_of_the_environment(
    client_class: type[Xent], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Misbehaving(respond(200, {"losses": []})) as server:
        monkeypatch.setenv("XENT_URL", server.address)
        monkeypatch.setenv("XENT_API_KEY", "secret")
        with client_class() as xent:
            assert xent.losses() == []
    assert b"\r\nAuthorization: Bearer secret\r\n" in server.requests[0]


def test_arguments_win_over_the_environment(client_class: type[Xent], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("XENT_API_KEY", " ")
    with (
        Misbehaving(respond(200, {"losses": []})) as server,
        client_class(server.address, api_key="mine") as xent,
    ):
        xent.losses()
    assert b"\r\nAuthorization: Bearer mine\r\n" in server.requests[0]


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_is_refused(client_class: type[Xent], monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    for arguments, message in [((blank, "key"), "^base_url is blank"), (("http://localhost", blank), "^api_key is")]:
        with pytest.raises(ValueError, match=message), client_class(arguments[0], api_key=arguments[1]) as xent:
            xent.losses()
    monkeypatch.setenv("XENT_API_KEY", blank)
    with pytest.raises(ValueError, match=r"^XENT_API_KEY is blank"), client_class("http://localhost") as xent:
        xent.losses()
    monkeypatch.setenv("XENT_URL", blank)
    with pytest.raises(ValueError, match=r"^XENT_URL is blank"), client_class(api_key="key") as xent:
        xent.losses()


def test_no_address_at_all_is_refused(client_class: type[Xent]) -> None:
    with pytest.raises(ValueError, match=r"^base_url is missing: pass it, or set the environment variable XENT_URL$"):
        client_class().losses()


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "nul\0"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(client_class: type[Xent], key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII was expected") as raised:
        client_class("http://localhost", api_key=key).losses()
    assert key not in str(raised.value)


def test_clients_share_the_settings_of_tls_while_the_variables_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take tens of milliseconds to make, and some programs make a client for each thread."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    first, second = (_http_options(None, seconds)["verify"] for seconds in (1.0, 2.0))
    assert first is second
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert _http_options(None, 1.0)["verify"] is not first
