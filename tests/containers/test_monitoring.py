"""Prometheus beside the clinic as it runs in production: it finds and reads every instance of every program."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from tests.containers.compose import ROOT, Compose, free_ports, until
from tests.containers.production import Production
from tests.monitoring.promtool import IMAGE
from tests.monitoring.test_alerts import alerts

pytestmark = pytest.mark.timeout(900)  # the first test here may wait for the images
INSTANCES = {"portal": 2, "auth": 1, "appointment": 3, "prescription": 2}


@pytest.fixture(scope="module")
def prometheus(production: Production) -> Iterator[str]:
    """Where it answers. It goes before the clinic does."""
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"containers: no image {IMAGE}")
    (port,) = free_ports(1)
    files = (*production.files, ROOT / "deploy" / "monitoring" / "compose.yml")
    settings = {**production.settings, "PROMETHEUS_PORT": str(port)}
    watching: Compose = replace(production, files=files, settings=settings)
    watching.up("prometheus")
    yield f"http://127.0.0.1:{port}"
    watching.run("rm", "--stop", "--force", "prometheus")
    subprocess.run(["docker", "volume", "rm", f"{watching.project}_prometheus-data"], check=True, capture_output=True)


def up(prometheus: str) -> Counter[str]:
    """How many instances of each program answer."""
    try:
        found = requests.get(f"{prometheus}/api/v1/targets", timeout=5).json()["data"]["activeTargets"]
    except requests.RequestException:  # it is starting, and says so in words
        return Counter()
    return Counter(one["labels"]["job"] for one in found if one["health"] == "up")


def test_every_instance_is_found_and_read(prometheus: str) -> None:
    until(lambda: up(prometheus) == INSTANCES, 60)

    query = {"query": "count by (job) (clinic_build_info)"}
    found = requests.get(f"{prometheus}/api/v1/query", params=query, timeout=5).json()["data"]["result"]
    assert {row["metric"]["job"]: int(row["value"][1]) for row in found} == INSTANCES


def test_the_alerts_are_watched_for(prometheus: str) -> None:
    until(lambda: up(prometheus), 60)
    groups = requests.get(f"{prometheus}/api/v1/rules", timeout=5).json()["data"]["groups"]

    watched = {rule["name"] for group in groups for rule in group["rules"] if rule["type"] == "alerting"}
    assert watched == {alert["alert"] for alert in alerts()}


@pytest.mark.parametrize("path", ["/metrics", "/api/auth/metrics", "/metrics/", "//metrics", "/%6detrics"])
def test_nobody_outside_reads_them(production: Production, path: str) -> None:
    answer = production.get(path)

    assert answer.status_code in {301, 302, 303, 308, 404}
    assert "http_server_request" not in answer.text
