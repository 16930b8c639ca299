"""The backup service on top of the compose file, beside a running clinic."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.compose import ROOT, Compose, missing_command, until
from tests.containers.production import prepared

pytestmark = pytest.mark.timeout(900)  # the first test here may wait for the images

ON_TOP = ("-f", str(ROOT / "deploy" / "backup" / "compose.yml"))


@pytest.fixture
def backed_up(containers: Compose) -> Iterator[Compose]:
    yield containers
    containers.run(*ON_TOP, "rm", "--stop", "--force", "--volumes", "backup")
    subprocess.run(["docker", "volume", "rm", f"{containers.project}_backups"], check=True, capture_output=True)


def test_a_copy_is_taken_of_the_running_clinic_and_can_be_restored(backed_up: Compose) -> None:
    taken = backed_up.run(*ON_TOP, "run", "--rm", "backup", "take").stdout
    verified = backed_up.run(*ON_TOP, "run", "--rm", "backup", "verify").stdout
    refused = backed_up.run(*ON_TOP, "run", "--rm", "backup", "restore", taken.split("Taken: ")[1].strip(), check=False)

    assert "can be restored" in verified
    assert "auth.person" in verified
    assert refused.returncode == 1
    assert "overwrites nothing" in refused.stderr + refused.stdout


def test_the_schedule_takes_the_first_copy_at_once(backed_up: Compose) -> None:
    backed_up.run(*ON_TOP, "--profile", "backup", "up", "-d", "--no-recreate", "backup")

    def young_enough() -> bool:
        asked = backed_up.run(*ON_TOP, "exec", "-T", "backup", "clinic-backup", "check", check=False)
        return asked.returncode == 0

    assert until(young_enough)


@pytest.mark.skipif(bool(missing_command()), reason=f"containers: {missing_command()}")
def test_in_production_the_password_is_a_file(tmp_path: Path) -> None:
    """And PostgreSQL is reached on the network that only those share who have to."""
    on_top = (*ON_TOP, "-f", str(ROOT / "deploy" / "backup" / "production.yml"))

    clinic = prepared(tmp_path, "10.231.99")
    told = json.loads(clinic.run(*on_top, "--profile", "backup", "config", "--format", "json").stdout)
    backup, postgres = told["services"]["backup"], told["services"]["postgres"]

    assert "PGPASSWORD" not in backup["environment"]
    assert [secret["source"] for secret in backup["secrets"]] == ["postgres_password"]
    assert backup["networks"].keys() <= postgres["networks"].keys()
