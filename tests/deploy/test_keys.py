"""API keys: from a Secret, and changed without a restart."""

from base64 import b64decode
from typing import Any

import pytest

from tests.deploy.rendered import Rendered, notes, refusal


def keys_volume(rendered: Rendered) -> dict[str, Any]:
    (volume,) = (volume for volume in rendered.pod["volumes"] if volume["name"] == "keys")
    secret: dict[str, Any] = volume["secret"]
    return secret


def test_the_keys_are_those_of_the_secret_that_is_named(plain: Rendered) -> None:
    secret = keys_volume(plain)
    assert secret["secretName"] == "xent-keys"
    assert secret["items"] == [{"key": "keys", "path": "keys"}]
    assert plain.environment["XENT_API_KEYS_FILE"] == "/etc/xent/keys"
    assert plain.all("Secret") == []


def test_the_keys_are_mounted_as_a_folder_because_a_file_by_subpath_never_changes(plain: Rendered) -> None:
    (mount,) = (mount for mount in plain.container["volumeMounts"] if mount["name"] == "keys")
    assert mount == {"name": "keys", "mountPath": "/etc/xent", "readOnly": True}


def test_the_keys_can_be_read_by_the_service_and_by_nobody_else(plain: Rendered) -> None:
    assert keys_volume(plain)["defaultMode"] == 0o440
    assert plain.pod["securityContext"]["fsGroup"] == plain.pod["securityContext"]["runAsGroup"]


def test_another_key_of_the_secret_can_hold_them() -> None:
    rendered = Rendered({"apiKeys": {"secretKey": "xent.txt"}})
    assert keys_volume(rendered)["items"] == [{"key": "xent.txt", "path": "keys"}]


def test_keys_among_the_values_become_a_secret_with_one_per_line(everything: Rendered) -> None:
    secret = everything.the("Secret")
    assert b64decode(secret["data"]["keys"]).decode() == "first key\nsecond key\n"
    assert keys_volume(everything)["secretName"] == secret["metadata"]["name"]
    assert keys_volume(everything)["items"] == [{"key": "keys", "path": "keys"}]


def test_a_change_of_keys_changes_nothing_of_the_deployment() -> None:
    """Otherwise it would replace all pods."""
    own = {"existingSecret": ""}
    before = Rendered({"apiKeys": {**own, "values": ["old"]}})
    after = Rendered({"apiKeys": {**own, "values": ["old", "new"]}})
    assert before.the("Secret") != after.the("Secret")
    assert before.the("Deployment") == after.the("Deployment")


def test_no_key_is_in_the_environment_or_the_deployment(everything: Rendered) -> None:
    assert "first key" not in str(everything.the("Deployment"))
    assert "XENT_API_KEYS" not in everything.environment


def test_a_service_without_keys_has_to_be_asked_for() -> None:
    assert "there are no API keys" in refusal({"apiKeys": {"existingSecret": ""}})
    rendered = Rendered(sample="open")
    assert "XENT_API_KEYS_FILE" not in rendered.environment
    assert [volume["name"] for volume in rendered.pod["volumes"]] == ["tmp"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"open": True}, "apiKeys.open is true, but there are API keys"),
        ({"values": ["key"]}, "apiKeys.existingSecret and apiKeys.values are both set"),
        ({"existingSecret": "", "values": [" "]}, "/apiKeys/values/0"),
        ({"existingSecret": "", "values": ["one\ntwo"]}, "/apiKeys/values/0"),
        ({"secret": "xent-keys"}, "'secret' not allowed"),
    ],
)
def test_contradictions_are_refused(keys: dict[str, Any], message: str) -> None:
    assert message in refusal({"apiKeys": keys})


def test_the_notes_say_how_to_rotate_and_warn_where_there_are_no_keys() -> None:
    with_keys, without = notes(), notes(sample="open")
    assert "the Secret xent-keys" in with_keys
    assert "without a\nrestart" in with_keys
    assert "WITHOUT API KEYS" not in with_keys
    assert "WITHOUT API KEYS" in without
    assert "X-API-Key" not in without
