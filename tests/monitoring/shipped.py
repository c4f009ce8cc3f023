"""What is shipped for monitoring, as far as it can be read off its files."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "deploy/prometheus/prometheus.yml"
RULES = ROOT / "deploy/prometheus/rules.yml"
RULES_TEST = ROOT / "deploy/prometheus/rules_test.yml"
GRAFANA = ROOT / "deploy/grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "xent.json").read_text())

# As Grafana would put them in: all replicas, and a few scrapes of the tests' Prometheus.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}

# Prometheus' own. All others are the service's.
OF_PROMETHEUS = {"up", "ALERTS"}


def yaml_of(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def alerts() -> dict[str, dict[str, Any]]:
    """The alerting rules by name."""
    return {rule["alert"]: rule for group in yaml_of(RULES)["groups"] for rule in group["rules"]}


def title(panel: dict[str, Any]) -> str:
    return str(panel["title"])


def panels() -> list[dict[str, Any]]:
    """The dashboard's panels that show something, which rows don't."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def asked_by(panel: dict[str, Any]) -> list[str]:
    """What Prometheus is asked for a panel."""
    return [asked(target["expr"]) for target in panel["targets"]]


def asked_for_annotations() -> list[str]:
    return [asked(each["target"]["expr"]) for each in DASHBOARD["annotations"]["list"]]


def asked(expression: str) -> str:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def all_expressions() -> list[str]:
    """All that Prometheus is asked for, by rules and dashboard."""
    return [
        *(rule["expr"] for rule in alerts().values()),
        *(expression for panel in panels() for expression in asked_by(panel)),
        *asked_for_annotations(),
    ]


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression names."""
    without_strings = re.sub(r'"[^"]*"', '""', expression)
    return set(re.findall(r"\bxent_\w+|\b[a-zA-Z_]\w*(?=\{)", without_strings))


def selectors_in(expression: str) -> set[str]:
    """The selectors of the service's metrics in an expression, with what stands in their braces."""
    return set(re.findall(r"\bxent_\w+(?:\{[^}]*\})?", expression))


def reasons_in(expression: str) -> set[str]:
    """The reasons of refusals that an expression names."""
    return {each for found in re.findall(r'\breason[=!]~?"([^"]+)"', expression) for each in found.split("|")}
