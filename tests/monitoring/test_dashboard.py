"""The dashboard, and the files by which Grafana and Prometheus come by what is shipped."""

from collections import Counter
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.settings import Settings
from tests.monitoring import shipped

COLUMNS = 24
PANELS = shipped.DASHBOARD["panels"]
SERVICES = shipped.yaml_of(shipped.ROOT / "docker-compose.yml")["services"]


def folders_of(service: str) -> dict[str, str]:
    """Where the folders of the repository are found in a container."""
    volumes = (volume.split(":") for volume in SERVICES[service]["volumes"])
    return {inside: outside for outside, inside, *_ in volumes if outside.startswith("./")}


def shipped_as(service: str, path: str) -> bool:
    """Whether this path in a container is a file or folder of the repository."""
    return any(
        PurePosixPath(path).is_relative_to(inside)
        and (shipped.ROOT / outside / PurePosixPath(path).relative_to(inside)).exists()
        for inside, outside in folders_of(service).items()
    )


def test_each_panel_has_an_id_and_a_title_of_its_own() -> None:
    assert Counter(panel["id"] for panel in PANELS).most_common(1)[0][1] == 1
    assert Counter(map(shipped.title, PANELS)).most_common(1)[0][1] == 1


def test_panels_lie_side_by_side_and_not_on_each_other() -> None:
    cells = Counter(
        (column, line)
        for place in (panel["gridPos"] for panel in PANELS)
        for column in range(place["x"], place["x"] + place["w"])
        for line in range(place["y"], place["y"] + place["h"])
    )
    assert set(cells.values()) == {1}
    lines = max(line for _, line in cells) + 1
    assert cells.keys() == {(column, line) for column in range(COLUMNS) for line in range(lines)}


@pytest.mark.parametrize("panel", shipped.panels(), ids=shipped.title)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("panel", shipped.panels(), ids=shipped.title)
def test_a_panel_asks_the_prometheus_that_was_chosen(panel: dict[str, Any]) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert panel["datasource"] == chosen
    assert [target["datasource"] for target in panel["targets"]] == [chosen] * len(panel["targets"])
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


def test_which_prometheus_is_chosen_among_those_there_are() -> None:
    variables = {variable["name"]: variable for variable in shipped.DASHBOARD["templating"]["list"]}
    assert variables.keys() == {"datasource", "instance"}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")


def test_no_variable_is_left_when_prometheus_is_asked() -> None:
    assert not [expression for expression in shipped.all_expressions() if "$" in expression]


def test_links_to_the_dashboard_stay() -> None:
    assert shipped.DASHBOARD["uid"] == "xent"
    assert "id" not in shipped.DASHBOARD


def test_grafana_finds_the_dashboard() -> None:
    (provider,) = shipped.yaml_of(shipped.GRAFANA / "provisioning/dashboards/xent.yml")["providers"]
    assert folders_of("grafana")[provider["options"]["path"]] == "./deploy/grafana"
    assert shipped_as("grafana", "/etc/grafana/provisioning/dashboards/xent.yml")
    assert shipped_as("grafana", SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert [path.name for path in shipped.GRAFANA.rglob("*.json")] == ["xent.json"]


def test_grafana_finds_prometheus() -> None:
    (source,) = shipped.yaml_of(shipped.GRAFANA / "provisioning/datasources/prometheus.yml")["datasources"]
    assert shipped_as("grafana", "/etc/grafana/provisioning/datasources/prometheus.yml")
    assert source["type"] == "prometheus"
    assert source["isDefault"]
    address = urlsplit(source["url"])
    assert address.hostname in SERVICES
    own = shipped.yaml_of(shipped.CONFIGURATION)["scrape_configs"][1]["static_configs"][0]["targets"]
    assert own == [f"127.0.0.1:{address.port}"]
    assert source["jsonData"]["timeInterval"] == shipped.yaml_of(shipped.CONFIGURATION)["global"]["scrape_interval"]


def test_prometheus_finds_its_configuration_and_every_replica() -> None:
    (option,) = (each for each in SERVICES["prometheus"]["command"] if each.startswith("--config.file="))
    assert shipped_as("prometheus", option.removeprefix("--config.file="))
    jobs = {job["job_name"]: job for job in shipped.yaml_of(shipped.CONFIGURATION)["scrape_configs"]}
    (lookup,) = jobs["xent"]["dns_sd_configs"]
    assert lookup["type"] == "A"
    assert lookup["port"] == Settings.model_fields["port"].default
    (name,) = lookup["names"]
    assert SERVICES[name]["environment"]["XENT_OPEN_METRICS"] == "true"
    assert set(SERVICES[name]["networks"]) & set(SERVICES["prometheus"]["networks"])
