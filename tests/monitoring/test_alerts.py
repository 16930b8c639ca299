"""The alerts are valid, fire when they should, and each has a line that says what to do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.promtool import promtool, reason
from tests.servers import ROOT

FOLDER = ROOT / "deploy" / "monitoring"
PAGE = ROOT / "docs" / "operations" / "monitoring.md"


@pytest.fixture
def folder() -> Path:
    if why := reason():
        pytest.skip(why)
    return FOLDER


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_prometheus_takes_the_settings(folder: Path) -> None:
    promtool(folder, "check", "config", "--lint-fatal", "prometheus.yml")


def test_every_alert_fires_when_it_should_and_not_before(folder: Path) -> None:
    promtool(folder, "test", "rules", "alerts_test.yml")


def test_every_alert_is_tested(root: Path) -> None:
    tested = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tested for case in test["alert_rule_test"] if case["exp_alerts"]}

    assert fired == {alert["alert"] for alert in alerts()}


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    runbook = PAGE.read_text()

    for alert in alerts():
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert f"\n### {alert['alert']}\n" in runbook
    assert runbook.count("\n### ") == len(alerts())
