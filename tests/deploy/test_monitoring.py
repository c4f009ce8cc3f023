"""Prometheus and Grafana get what is in deploy/prometheus and deploy/grafana, for this release."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.rendered import CHART, ROOT, Rendered, refusal

RULES = ROOT / "deploy/prometheus/rules.yml"
RULES_TEST = ROOT / "deploy/prometheus/rules_test.yml"
DASHBOARD = ROOT / "deploy/grafana/xent.json"
JOB = "losses/xent"
SEEN: dict[str, Any] = {
    "serviceMonitor": {"enabled": True, "apiKey": {"secretName": "prometheus"}},
    "prometheusRule": {"enabled": True},
}


@pytest.fixture(scope="module")
def seen() -> Rendered:
    return Rendered(SEEN)


def rules_of(groups: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def without_job(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule about all jobs."""
    expression = re.sub(rf'\{{job="(?:xent|{JOB})"(?:, )?', "{", rule["expr"])
    return {**rule, "expr": expression.replace("{}", "")}


def promtool(*arguments: str | Path) -> str:
    program = shutil.which("promtool")
    assert program, "needs promtool (on Debian: apt-get install prometheus)"
    run = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_nothing_needs_an_operator_unless_asked_for(plain: Rendered) -> None:
    assert plain.all("ServiceMonitor") == plain.all("PrometheusRule") == plain.all("ConfigMap") == []


def test_prometheus_asks_the_port_of_the_service(seen: Rendered) -> None:
    monitor = seen.the("ServiceMonitor")["spec"]
    (endpoint,) = monitor["endpoints"]
    service = seen.the("Service")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"


def test_prometheus_sends_a_key_where_one_is_needed(seen: Rendered) -> None:
    (endpoint,) = seen.the("ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["authorization"] == {"credentials": {"name": "prometheus", "key": "key"}}


@pytest.mark.parametrize(
    "changes", [{"settings": {"open_metrics": True}}, {"apiKeys": {"existingSecret": "", "open": True}}]
)
def test_prometheus_sends_no_key_where_none_is_needed(changes: dict[str, Any]) -> None:
    (endpoint,) = Rendered({"serviceMonitor": {"enabled": True}, **changes}).the("ServiceMonitor")["spec"]["endpoints"]
    assert "authorization" not in endpoint


def test_metrics_that_need_a_key_which_prometheus_lacks_are_refused() -> None:
    assert "/metrics needs an API key" in refusal({"serviceMonitor": {"enabled": True}})


def test_alerts_without_a_monitor_are_refused() -> None:
    assert "serviceMonitor.enabled is false" in refusal({"prometheusRule": {"enabled": True}})


def test_labels_by_which_prometheus_selects_are_there(everything: Rendered) -> None:
    assert everything.the("ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"
    assert everything.the("PrometheusRule")["metadata"]["labels"]["release"] == "prometheus"


def test_the_alerts_are_the_ones_that_are_tested(seen: Rendered) -> None:
    """But for the job, and for selecting it."""
    rendered = rules_of(seen.the("PrometheusRule")["spec"]["groups"])
    source = rules_of(yaml.safe_load(RULES.read_text())["groups"])
    assert [without_job(rule) for rule in rendered.values()] == [without_job(rule) for rule in source.values()]


def test_every_metric_of_an_alert_is_that_of_this_release(seen: Rendered) -> None:
    for name, rule in rules_of(seen.the("PrometheusRule")["spec"]["groups"]).items():
        selectors = re.findall(r"\b(?:xent_\w+|up)\b(?:\{[^}]*\})?", rule["expr"])
        assert selectors, name
        assert all(f'{{job="{JOB}"' in selector for selector in selectors), name


def test_the_alerts_as_rendered_fire_when_they_should_and_only_then(seen: Rendered, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(seen.the("PrometheusRule")["spec"]))
    promtool("check", "rules", tmp_path / "rules.yml")
    tests = RULES_TEST.read_text().replace('job="xent"', f'job="{JOB}"')
    (tmp_path / "rules_test.yml").write_text(tests)
    assert "SUCCESS" in promtool("test", "rules", tmp_path / "rules_test.yml")


def test_pods_that_come_and_go_with_the_load_alarm_nobody() -> None:
    scaled = Rendered({**SEEN, "autoscaling": {"enabled": True}})
    fixed = rules_of(yaml.safe_load(RULES.read_text())["groups"])
    assert fixed.keys() - rules_of(scaled.the("PrometheusRule")["spec"]["groups"]).keys() == {"XentReplicaMissing"}


def test_prometheus_calls_the_service_as_the_alerts_do(seen: Rendered) -> None:
    (endpoint,) = seen.the("ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": JOB}]


def test_alerts_of_two_releases_do_not_mix() -> None:
    expressions = [
        {
            rule["expr"]
            for rule in rules_of(Rendered(SEEN, release=name).the("PrometheusRule")["spec"]["groups"]).values()
        }
        for name in ("one", "two")
    ]
    assert not expressions[0] & expressions[1]


def test_the_dashboard_is_the_one_that_is_tested_but_for_the_job(everything: Rendered) -> None:
    dashboard = everything.the("ConfigMap")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    source = DASHBOARD.read_text()
    assert r"job=\"xent\"" in source
    assert json.loads(dashboard["data"]["xent.json"]) == json.loads(source.replace(r"job=\"xent\"", rf"job=\"{JOB}\""))


def test_a_packaged_chart_has_the_alerts_and_the_dashboard(tmp_path: Path) -> None:
    """Which are links in the repository."""
    helm = ROOT / ".helm/helm"
    subprocess.run([helm, "package", CHART, "--destination", tmp_path], check=True, capture_output=True)
    (package,) = tmp_path.glob("*.tgz")
    shutil.unpack_archive(package, tmp_path, filter="data")
    assert (tmp_path / "xent/files/rules.yml").read_text() == RULES.read_text()
    assert (tmp_path / "xent/files/dashboard.json").read_text() == DASHBOARD.read_text()
