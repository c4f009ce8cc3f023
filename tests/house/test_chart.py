"""What the Helm chart repeats of the application's own facts, it repeats rightly. `make test-deploy` renders it."""

import json
from typing import Any

import pytest
import yaml
from starlette.routing import Route

import app
from app.main import create_app
from app.settings import Settings
from scripts.chart import NOT_IN_VALUES, README, SCHEMA, readme, schema
from tests.service import ROOT

CHART = ROOT / "deploy/helm/xent"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
DEPLOYMENT = (CHART / "templates/deployment.yaml").read_text()
SETTINGS = Settings.model_construct()
# They are for the cluster.
HIDDEN = {"/metrics", "/livez", "/readyz"}
PATHS = sorted({each.path for each in create_app(Settings()).routes if isinstance(each, Route)})


def is_let_through(path: str) -> bool:
    """`/` is that path alone, any other all paths below it."""
    return (path == "/" and "/" in VALUES["paths"]) or any(
        f"{path}/".startswith(f"{prefix.rstrip('/')}/") for prefix in VALUES["paths"] if prefix != "/"
    )


def test_it_is_for_this_version() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == app.__version__


def test_a_pod_listens_where_the_image_does() -> None:
    assert f"containerPort: {SETTINGS.port}," in DEPLOYMENT
    assert f'{{name: XENT_PORT, value: "{SETTINGS.port}"}}' in DEPLOYMENT


@pytest.mark.parametrize("name", VALUES["settings"])
def test_a_setting_among_the_values_has_its_default(name: str) -> None:
    """But for the workers: one, as a pod has one core."""
    assert VALUES["settings"][name] == (1 if name == "workers" else getattr(SETTINGS, name))


def test_every_setting_can_be_set() -> None:
    settings = json.loads(SCHEMA.read_text())["properties"]["settings"]["properties"]
    assert settings.keys() == Settings.model_fields.keys() - NOT_IN_VALUES


def test_what_is_made_from_the_settings_and_the_values_is_as_they_are() -> None:
    assert SCHEMA.read_text() == schema()
    assert README.read_text() == readme()


@pytest.mark.parametrize("path", PATHS)
def test_what_is_for_clients_is_let_through_and_what_is_for_the_cluster_is_not(path: str) -> None:
    assert is_let_through(path) == (path not in HIDDEN)


def test_every_value_is_in_the_schema_and_has_a_meaning() -> None:
    explained = readme()

    def check(values: dict[str, Any], properties: dict[str, Any], path: str) -> None:
        assert values.keys() <= properties.keys(), path
        for name, value in values.items():
            full = f"{path}{name}"
            if "properties" in properties[name] and name != "settings":
                check(value, properties[name]["properties"], f"{full}.")
            else:
                assert f"| `{full}` |" in explained, full

    check(VALUES, json.loads(SCHEMA.read_text())["properties"], "")
