"""Alerts and dashboard ask for what the programs really tell, by the labels that they really have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests import make
from tests.monitoring.promtool import promtool, reason
from tests.scraped import Scrape, scrape
from tests.servers import ROOT, Clinic

FOLDER = ROOT / "deploy" / "monitoring"
BY_PROMETHEUS = {"job", "instance"}
OF_OTHERS = {"up": set[str](), "clinic_backup_last_success_timestamp_seconds": set[str]()}
"""What Prometheus itself knows, and what a backup job tells a node exporter."""
WORDS = re.compile(
    r"^(by|and|or|unless|on|ignoring|without|bool|sum|max|min|count|rate|increase|time|absent|topk|vector"
    r"|histogram_quantile|clamp_max)$"
)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> list[str]:
    panels = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def asked(query: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of a query with the labels it is asked by, those of an enclosing `by` included."""
    plain = re.sub(r'"[^"]*"', '""', query)
    grouped = {name.strip() for names in re.findall(r"\bby \(([^)]*)\)", plain) for name in names.split(",")}
    plain = re.sub(r"\bby \([^)]*\)", "", plain)
    for name, matchers in re.findall(r"(?<![\w$:.])([a-z_:][\w:]*)(?:\{([^}]*)\})?(?!\w)(?!\s*\()", plain):
        if not WORDS.match(name) and f"[{name}]" not in plain:
            yield name, {match.strip() for match in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)} | grouped


@pytest.fixture(scope="module")
def told(clinic: Clinic) -> dict[str, set[str]]:
    """Every metric that one of the four programs tells, with its labels, after something has happened."""
    account = {"email": "nobody@example.com", "password": make.PASSWORD}
    assert requests.post(f"{clinic.auth.url}/auth/login", json=account, timeout=10).status_code == 401
    found: list[Scrape] = [
        scrape(program.url) for program in (clinic.portal, clinic.auth, clinic.appointment, clinic.prescription)
    ]
    return {
        name: {label for one in found for row in one.labels(name) for label in row}
        for one in found
        for name in one.names
    }


def test_every_query_asks_for_something_that_is_told(told: dict[str, set[str]]) -> None:
    recorded = {rule["record"]: {"job"} for rule in rules() if "record" in rule}
    known = told | recorded | OF_OTHERS

    for query in [rule["expr"] for rule in rules()] + dashboard():
        found = list(asked(query))
        assert found, query
        for name, labels in found:
            assert name in known, (name, query)
            assert labels <= known[name] | BY_PROMETHEUS, (name, labels, query)


def test_what_is_told_is_described(told: dict[str, set[str]]) -> None:
    page = (ROOT / "docs" / "operations" / "monitoring.md").read_text()

    for name in {
        re.sub(r"_(count|sum|bucket|created)$", "", name) if "request_duration" in name else name for name in told
    }:
        assert f"`{name}`" in page, name


def test_a_query_for_what_nobody_tells_would_be_seen() -> None:
    (found,) = asked('sum by (job) (rate(no_such_total{action="a", outcome!="b"}[5m]))')

    assert found == ("no_such_total", {"action", "outcome", "job"})


def test_the_queries_of_the_dashboard_are_valid(tmp_path: Path) -> None:
    if why := reason():
        pytest.skip(why)
    named = [
        {"record": f"checked:{n}", "expr": query.replace("$__rate_interval", "5m")}
        for n, query in enumerate(dashboard())
    ]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": named}]}))
    tmp_path.chmod(0o755)

    promtool(tmp_path, "check", "rules", "--lint-fatal", "rules.yml")
