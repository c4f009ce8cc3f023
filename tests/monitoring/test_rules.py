"""The alerting rules, by promtool: they are right, and each is held by a test that would not pass without it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring import shipped

SEVERITIES = {"critical", "warning", "info"}
ALERTS = shipped.alerts()


def run(promtool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *arguments], capture_output=True, text=True)


def test_the_configuration_is_right_with_all_that_it_names(promtool: str) -> None:
    outcome = run(promtool, "check", "config", shipped.CONFIGURATION)
    assert outcome.returncode == 0, outcome.stderr
    assert f"SUCCESS: {len(ALERTS)} rules found" in outcome.stdout


def test_the_rules_are_right(promtool: str) -> None:
    outcome = run(promtool, "check", "rules", shipped.RULES)
    assert outcome.returncode == 0, outcome.stderr


def test_each_alert_fires_when_it_should_and_only_then(promtool: str) -> None:
    outcome = run(promtool, "test", "rules", shipped.RULES_TEST)
    assert outcome.returncode == 0, outcome.stderr


def test_a_broken_expression_would_be_found(promtool: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(
        shipped.RULES.read_text().replace("resets(xent_sent_bytes_total[1h])", "resets(xent_sent_bytes_total)")
    )
    outcome = run(promtool, "check", "rules", rules)
    assert outcome.returncode != 0
    assert "expected type range vector" in outcome.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_no_alert_could_be_changed_unseen(name: str, promtool: str, tmp_path: Path) -> None:
    tests = shipped.yaml_of(shipped.RULES_TEST)
    tests["tests"] = [test for test in tests["tests"] if test["name"].split()[0] == name]
    (tmp_path / "rules_test.yml").write_text(yaml.safe_dump(tests))
    changes: dict[str, dict[str, Any]] = {
        "always": {"expr": "vector(1)"},
        "never": {"expr": "vector(1) > 1"},
    }
    if "for" in ALERTS[name]:
        changes["at once"] = {"for": "0s"}
    for change in changes.values():
        rules = shipped.yaml_of(shipped.RULES)
        (rule,) = (rule for group in rules["groups"] for rule in group["rules"] if rule["alert"] == name)
        rule.update(change)
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
        outcome = run(promtool, "test", "rules", tmp_path / "rules_test.yml")
        assert "FAILED" in outcome.stderr, change


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_grave_it_is_what_it_means_and_what_to_do(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["annotations"].keys() == {"summary", "description"}
    assert all(text.endswith(".") for text in rule["annotations"].values())


def test_what_alerts_advise_exists() -> None:
    text = shipped.RULES.read_text()
    settings = (shipped.ROOT / "app/settings.py").read_text()
    for variable in re.findall(r"XENT_(\w+)", text):
        assert f"    {variable.lower()}: " in settings, variable
    code = "".join(path.read_text() for path in (shipped.ROOT / "app").rglob("*.py"))
    messages = re.findall(r'"([a-z][a-z\']* [^"{]+)"', " ".join(text.split()))
    assert messages
    for message in messages:
        assert f'"message": "{message}"' in code, message
