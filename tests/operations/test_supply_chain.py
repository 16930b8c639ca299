"""What the programs are made of is written down whole, and each check of `make check` finds what it is there for."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from development import supply

PARTS = ("auth_service", "appointment_service", "prescription_service", "portal", "development")


@pytest.fixture(scope="session")
def bills(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `make sbom` writes, by part; without its own check of each, which takes a while."""
    place = tmp_path_factory.mktemp("sbom")
    tools = Path(sys.executable).parent
    command = ["make", "--old-file=venv", "sbom", f"BIN={tools}", f"SBOM={place}", "SBOM_OPTIONS=--no-validate"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return {part: (place / f"{part}.cdx.json").read_text() for part in PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_the_bill_of_materials_names_every_locked_package(bills: dict[str, str], root: Path, part: str) -> None:
    locked = re.findall(r"^([\w.-]+)==([\w.!+-]+)", (root / part / "requirements.txt").read_text(), re.MULTILINE)

    named = {unquote(one["purl"]) for one in json.loads(bills[part])["components"]}

    assert {f"pkg:pypi/{name}@{version}" for name, version in locked} <= named
    assert len(locked) > 10


def test_the_bill_of_materials_is_valid_cyclonedx(bills: dict[str, str]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bills["auth_service"]) is None
    bill = json.loads(bills["auth_service"])
    bill["components"][0]["type"] = "medicine"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is not None


HARMFUL = {
    "bandit": ("harm.py", "import marshal\nmarshal.loads(b'')\n"),
    "detect-secrets-hook": ("settings.py", f"key = '{'AKIA'}{'IOSFODNN7'}{'EXAMPLF'}'\n"),
    "hadolint": ("Dockerfile", "FROM python\nRUN cd /tmp\n"),
    "shellcheck": ("clean", "#!/bin/sh\ncd /tmp/clinic\nrm -rf -- *\n"),
    "check-jsonschema": ("compose.yml", "name: clinic\nservices:\n  portal: {imagee: portal}\n"),
}


@pytest.mark.parametrize("tool", HARMFUL)
def test_each_check_finds_what_it_is_there_for(tmp_path: Path, root: Path, tool: str) -> None:
    name, content = HARMFUL[tool]
    file = tmp_path / name
    file.write_text(content)
    command = next(one for one in supply.checks([str(file)], tmp_path / "") if one[0] == tool)
    if tool == "bandit":
        command = [part for part in command if part not in supply.PACKAGES] + [str(file)]

    found = subprocess.run([supply.TOOLS / command[0], *command[1:]], cwd=root, capture_output=True, check=False)

    assert found.returncode == 1, found.stdout + found.stderr


def test_every_dockerfile_script_and_compose_file_is_read(root: Path) -> None:
    files = supply.tracked()
    read = {part for command in supply.checks(files, Path("/tmp")) for part in command}

    assert {name for name in files if name.endswith("Dockerfile")} <= read
    assert {"deploy/backup/clinic-backup", "deploy/gateway/start.sh"} <= read
    assert {"/tmp/docker-compose.microservices.yml", "/tmp/deploy-production.yml"} <= read


def test_workflows_may_do_little_and_run_what_nobody_can_exchange(root: Path) -> None:
    for file in (root / ".github/workflows").glob("*.yml"):
        told = yaml.safe_load(file.read_text())
        used = re.findall(r"uses: (\S+)(.*)", file.read_text())

        assert told["permissions"] in ({}, {"contents": "read"}), file.name
        assert told["concurrency"], file.name
        assert all(re.search(r"@[0-9a-f]{40}$", action) for action, _ in used), file.name
        assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", version) for _, version in used), file.name
        assert "secrets." not in file.read_text()
        assert all(job["timeout-minutes"] for job in told["jobs"].values()), file.name


def test_every_image_is_built_and_followed(root: Path) -> None:
    images = {name for name in supply.tracked() if name.endswith("Dockerfile")}
    (ci,) = [one for one in (root / ".github/workflows").glob("*.yml") if "docker build" in one.read_text()]

    built = yaml.safe_load(ci.read_text())["jobs"]["images"]["strategy"]["matrix"]["dockerfile"]
    followed = yaml.safe_load((root / ".github/dependabot.yml").read_text())["updates"]

    assert set(built) == images
    places = {place for one in followed if one["package-ecosystem"] == "docker" for place in one["directories"]}
    assert {f"/{Path(image).parent}" for image in images} == places
