"""What the container files repeat of the application's own facts, they repeat rightly."""

import re

import pytest
import yaml

import app
from app.settings import PREFIX, Settings
from tests.service import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
NGINX = (ROOT / "deploy/nginx/nginx.conf").read_text()
SETTINGS = Settings.model_construct()


def seconds(directive: str) -> int:
    """What it is set to in the proxy's configuration."""
    (found,) = re.findall(rf"^\s*{directive} (\d+)s;", NGINX, re.MULTILINE)
    return int(found)


def test_the_image_bears_the_version_of_the_application() -> None:
    assert f'image.version="{app.__version__}"' in DOCKERFILE


def test_the_image_exposes_the_port_that_is_listened_on() -> None:
    assert f"EXPOSE {SETTINGS.port}\n" in DOCKERFILE
    assert f"set $replicas xent:{SETTINGS.port};" in NGINX


def test_the_proxy_takes_bodies_as_large_as_the_application_does() -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(megabytes) * 1024 * 1024 == SETTINGS.max_body_bytes


def test_the_proxy_waits_longer_than_the_application_works() -> None:
    assert seconds("proxy_read_timeout") > SETTINGS.compute_seconds


def test_the_proxy_waits_no_longer_for_headers_than_the_application() -> None:
    assert seconds("client_header_timeout") == SETTINGS.header_seconds
    assert seconds("keepalive_timeout") == SETTINGS.idle_seconds


def test_what_a_stopping_replica_breaks_off_is_asked_of_the_other() -> None:
    assert SETTINGS.drain_seconds + SETTINGS.finish_seconds < seconds("proxy_next_upstream_timeout")


def test_a_replica_is_not_killed_before_it_ends_by_itself() -> None:
    grace = int(COMPOSE["services"]["xent"]["stop_grace_period"].removesuffix("s"))
    assert grace > SETTINGS.drain_seconds + SETTINGS.finish_seconds


def test_only_the_proxy_and_prometheus_get_to_a_replica() -> None:
    """For which reason replicas need no key for /metrics, and believe what the proxy says of clients."""
    assert {name for name, each in COMPOSE["services"].items() if "inside" in each["networks"]} == {
        "xent",
        "proxy",
        "prometheus",
    }
    assert COMPOSE["networks"]["inside"]["internal"]


def test_what_is_set_for_a_replica_is_a_setting() -> None:
    variables = [name for name in COMPOSE["services"]["xent"]["environment"] if name.startswith(PREFIX)]
    assert variables
    assert {name.removeprefix(PREFIX).lower() for name in variables} <= Settings.model_fields.keys()


def test_a_variable_that_is_not_set_is_not_passed_on_as_empty() -> None:
    """An empty list of keys stops the start. Without a value, compose passes a variable on only where it is set."""
    environment = COMPOSE["services"]["xent"]["environment"]
    assert environment["XENT_API_KEYS"] is None
    assert not [name for name, value in environment.items() if value and value.endswith(":-}")]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_is_hardened(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] == service["memswap_limit"]
    assert service["pids_limit"]
    assert service["cpus"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_is_reached_at_the_loopback_only_unless_said_otherwise(name: str) -> None:
    for port in COMPOSE["services"][name].get("ports", []):
        assert port.startswith("${PUBLISH_ADDRESS:-127.0.0.1}:")


def test_an_image_of_others_has_a_version() -> None:
    for service in COMPOSE["services"].values():
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"])
