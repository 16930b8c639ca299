"""The compose file and the Dockerfiles as files; nothing is started."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chassis.database import ENGINE_OPTIONS
from tests.containers.compose import EXAMPLE, FILE, ROOT, SECRETS, SETTINGS, Compose, make_env_file, missing_command

DOCKERFILES = sorted(ROOT.glob("*/Dockerfile"))


@pytest.fixture
def example(tmp_path: Path) -> Compose:
    if reason := missing_command():
        pytest.skip(f"compose file: {reason}")
    return Compose(make_env_file(tmp_path), {})


def test_the_compose_file_keeps_to_the_specification() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_the_dockerfiles_are_clean(dockerfile: Path) -> None:
    beside = Path(sys.executable).with_name("hadolint")
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    if not hadolint:
        pytest.skip("Dockerfiles: no hadolint here")

    checked = subprocess.run([hadolint, str(dockerfile)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_every_program_has_its_dockerfile() -> None:
    named = set(re.findall(r"dockerfile: (\S+?)}", FILE.read_text()))

    assert {str(path.relative_to(ROOT)) for path in DOCKERFILES} == named
    assert len(named) == 4


def test_the_example_names_every_setting_of_the_compose_file() -> None:
    text = FILE.read_text()
    read = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(r"^ +([A-Z_]+):$", text, re.MULTILINE))

    assert read == SETTINGS


def merged(example: Compose, over: str) -> dict[str, Any]:
    """What compose makes of the plain file with another one over it."""
    example.files = (FILE, ROOT / "deploy" / over)
    example.settings = {"TRUSTED_HOSTS": "clinic.example.com"}
    services: dict[str, Any] = json.loads(example.run("config", "--format", "json").stdout)["services"]
    return services


def test_in_production_all_pools_together_stay_within_what_postgresql_takes(example: Compose) -> None:
    services = merged(example, "production.yml")
    said = int(services["provision"]["environment"]["DATABASE_CONNECTIONS"])
    (most,) = [int(word.split("=")[1]) for word in services["postgres"]["command"] if word.startswith("max_conn")]
    programs = [services[f"{name}-service"] for name in ("auth", "appointment", "prescription")]
    pool = ENGINE_OPTIONS["pool_size"] + ENGINE_OPTIONS["max_overflow"]
    workers = [each["deploy"]["replicas"] * int(each["environment"]["WEB_CONCURRENCY"]) for each in programs]

    one_more_while_replacing, worker, migrations = 2 * pool, pool + 4, 3
    assert sum(workers) * pool + one_more_while_replacing + worker + migrations <= said
    assert said + 3 <= most  # PostgreSQL keeps three for administrators


def test_for_developers_every_program_reloads_its_mounted_code_on_the_plain_ports(example: Compose) -> None:
    services = merged(example, "development.yml")

    for name in ("auth-service", "appointment-service", "prescription-service", "portal"):
        targets = {each["target"] for each in services[name]["volumes"]}
        assert {"/app/chassis", "/app/deploy/reloading.py"} < targets
        assert all(each["read_only"] for each in services[name]["volumes"])
        assert services[name]["environment"]["LOG_LEVEL"] == "DEBUG"
        assert services[name]["ports"]


def test_secrets_are_made_once_and_taken_over_from_an_env_file(tmp_path: Path) -> None:
    env_file = make_env_file(tmp_path)
    before = dict(line.split("=", 1) for line in env_file.read_text().splitlines() if re.match(r"\w+=", line))

    def prepare() -> dict[str, str]:
        command = [str(ROOT / "deploy" / "prepare"), "clinic.example.com", str(tmp_path / "secrets")]
        environment = {**os.environ, "ENV_FILE": str(env_file)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    made = prepare()

    assert {name: made[name.lower()] for name in SECRETS if not name.endswith("_DATABASE_PASSWORD")} == {
        name: before[name] for name in SECRETS if not name.endswith("_DATABASE_PASSWORD")
    }
    assert before["AUTH_DATABASE_PASSWORD"] in made["auth_database_url"]
    assert prepare() == made
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_services_can_be_scaled() -> None:
    assert "container_name" not in FILE.read_text()


def test_an_env_file_is_made_once_with_secrets_of_its_own(tmp_path: Path) -> None:
    made = make_env_file(tmp_path)
    found = dict(line.split("=", 1) for line in made.read_text().splitlines() if re.match(r"\w+=", line))

    assert len({found[name] for name in SECRETS}) == len(SECRETS) == 9
    assert all(re.fullmatch(r"[0-9a-f]{64}", found[name]) for name in SECRETS)
    assert made.stat().st_mode & 0o077 == 0
    before = made.read_text()
    with pytest.raises(subprocess.CalledProcessError):
        make_env_file(tmp_path)
    assert made.read_text() == before


def without(example: Compose, name: str) -> None:
    text = example.env_file.read_text()
    example.env_file.write_text(re.sub(rf"^{name}=.*$", "", text, flags=re.MULTILINE))


def test_an_env_file_from_before_there_was_a_service_key_still_works(example: Compose) -> None:
    without(example, "SERVICE_KEY")

    assert example.run("config").returncode == 0


@pytest.mark.parametrize("name", [name for name in SECRETS if name != "SERVICE_KEY"])
def test_a_missing_secret_is_refused_by_name(example: Compose, name: str) -> None:
    without(example, name)

    refused = example.run("config", check=False)

    assert refused.returncode != 0
    assert f"{name} is not set" in refused.stderr
    assert EXAMPLE.name in refused.stderr


def test_without_an_environment_it_is_production(example: Compose) -> None:
    text = example.env_file.read_text()
    example.env_file.write_text(text.replace("ENVIRONMENT=demo", ""))

    assert "ENVIRONMENT: production" in example.run("config").stdout
