"""The README stays true: its settings table and its commands."""

import re
import subprocess
from pathlib import Path

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from appointment_service.settings import AppointmentSettings
from auth_service.settings import AuthSettings
from chassis.settings import Settings
from development.ports import DEFAULTS
from portal.settings import PortalSettings
from prescription_service.settings import PrescriptionSettings

PROGRAMS = {
    "auth": AuthSettings,
    "appointment": AppointmentSettings,
    "prescription": PrescriptionSettings,
    "portal": PortalSettings,
}
READ_BY_OTHERS = {"WEB_CONCURRENCY", "DRAIN_SECONDS", "DATABASE_ADMIN_URL", "DATABASE_CONNECTIONS"}
COMPOSE = "docker-compose.microservices.yml"


def rows(readme: str) -> dict[str, tuple[str, str]]:
    """The settings table: who reads a setting, and its default."""
    table = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.*?) ?\| .+ \|$", readme, re.MULTILINE)
    return {name: (readers.strip(), default.strip().strip("`")) for name, readers, default in table}


def variable(name: str, field: FieldInfo) -> str:
    assert not isinstance(field.validation_alias, AliasChoices)
    return str(field.validation_alias or name).upper()


def read(program: type[Settings]) -> dict[str, FieldInfo]:
    return {variable(name, field): field for name, field in program.model_fields.items()}


def test_every_setting_is_in_the_table_and_nothing_else(root: Path) -> None:
    described = rows((root / "README.md").read_text())

    known = {name for program in PROGRAMS.values() for name in read(program)}
    of_compose = set(re.findall(r"\$\{([A-Z_]+)[:}]", (root / COMPOSE).read_text()))
    assert described.keys() == known | READ_BY_OTHERS | set(DEFAULTS) | of_compose


def test_the_table_says_who_reads_a_setting_and_its_default(root: Path) -> None:
    described = rows((root / "README.md").read_text())

    for name in {name for program in PROGRAMS.values() for name in read(program)}:
        readers = [which for which, program in PROGRAMS.items() if name in read(program)]
        assert described[name][0] == ("all" if len(readers) == len(PROGRAMS) else ", ".join(readers)), name
        field = next(read(program)[name] for program in PROGRAMS.values() if name in read(program))
        said = described[name][1]
        if field.is_required():
            assert said == "", name
        elif said not in {"any", "none", "the demo's"}:
            assert str(field.get_default(call_default_factory=True)) == said, name


def test_every_make_command_exists(root: Path) -> None:
    readme = (root / "README.md").read_text() + (root / "CONTRIBUTING.md").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", (root / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"^make ([a-z]+)$|`make ([a-z]+)`", readme, re.MULTILINE)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }
    listed = subprocess.run(["make", "-s"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert targets == set(re.findall(r"make ([a-z]+)", listed))


def test_every_flask_command_exists(root: Path) -> None:
    readme = (root / "README.md").read_text()

    for service, command in re.findall(r"flask --app (\w+) ([a-z-]+)", readme):
        source = (root / service / "commands.py").read_text()
        source += (root / "chassis" / "purge.py").read_text()  # where every service's `purge` is
        assert command == "db" or f'command("{command}")' in source, (service, command)


def test_every_link_leads_somewhere(root: Path) -> None:
    pages = [root / "README.md", root / "CONTRIBUTING.md", *(root / "docs").rglob("*.md")]

    for page in pages:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), (page.name, link)
