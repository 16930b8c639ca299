"""Every migration runs beside the release before it: none takes away, locks or rewrites what that still uses.

`squawk` reads the statements that each migration truly executes on a new database. What it finds is refused unless
docs/operations/migrations.md names it with its reason.
"""

import contextlib
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg2
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import make_url

from chassis.provision import provision

SERVICES = ("auth", "appointment", "prescription")
NOT_OURS = {"require-lock-timeout", "require-statement-timeout"}
"""`chassis/migrations.py` sets the one for all, and an index may take its time."""
STYLE = re.compile("prefer-.*")
STATEMENT = re.compile(r"\s*(CREATE|ALTER|DROP|TRUNCATE|RENAME|UPDATE|DELETE|INSERT|DO)\b", re.IGNORECASE)
VERSION = re.compile(r"(?:INSERT INTO alembic_version .*|UPDATE alembic_version SET version_num=)'(\d+)'")
LINE = re.compile(r"^\| (\w+) (\d{4}) \| (.+?) \| (.+?) \|$", re.MULTILINE)

Finding = tuple[str, str]
"""A migration, like `auth 0002`, and the rule that it breaks."""


@pytest.fixture(scope="module")
def executed(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file for each migration with the statements that it executed, from nothing on."""
    urls = {name: make_url(environment[f"{name.upper()}_DATABASE_URL"]).set(database="linted") for name in SERVICES}
    given = {f"{name.upper()}_DATABASE_URL": url.render_as_string(hide_password=False) for name, url in urls.items()}
    provision(environment["ADMIN_URL"], given.values())
    folder = tmp_path_factory.mktemp("executed")
    for name in SERVICES:
        settings = getattr(importlib.import_module(f"{name}_service.settings"), f"{name.capitalize()}Settings")
        app = importlib.import_module(f"{name}_service").create_app(settings(**environment | given))
        write(folder, name, statements(app))
    yield folder
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute("DROP DATABASE linted WITH (FORCE)")


def statements(app: Flask) -> list[str]:
    found: list[str] = []

    def note(_: Any, __: Any, statement: str, *more: Any) -> None:
        found.append(statement)

    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        event.listen(engine, "before_cursor_execute", note)
        flask_migrate.upgrade()
        event.remove(engine, "before_cursor_execute", note)
        engine.dispose()
    return found


def write(folder: Path, name: str, found: list[str]) -> None:
    migration: list[str] = []
    for statement in found:
        if version := VERSION.match(statement):
            (folder / f"{name}-{version[1]}.sql").write_text(
                "".join(f"{one.strip().rstrip(';')};\n" for one in migration)
            )
            migration = []
        elif STATEMENT.match(statement) and "alembic_version" not in statement:
            migration.append(statement)


def findings(*files: Path) -> set[Finding]:
    squawk = Path(sys.executable).with_name("squawk")
    if not squawk.exists():
        pytest.skip("squawk is not installed")
    said = subprocess.run(
        [str(squawk), "--assume-in-transaction", "--pg-version", "17", "--reporter", "Json", *map(str, files)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {
        (Path(one["file"]).stem.replace("-", " "), one["rule_name"])
        for one in json.loads(said.stdout)
        if one["rule_name"] not in NOT_OURS and not STYLE.fullmatch(one["rule_name"])
    }


def allowed(root: Path) -> dict[Finding, str]:
    page = (root / "docs/operations/migrations.md").read_text()
    return {
        (f"{name} {revision}", rule.strip("`")): why
        for name, revision, rules, why in LINE.findall(page)
        for rule in rules.split(", ")
    }


def test_every_migration_was_read(executed: Path, root: Path) -> None:
    there = {
        f"{name}-{path.name[:4]}.sql"
        for name in SERVICES
        for path in (root / f"{name}_service/migrations/versions").glob("[0-9]*.py")
    }

    assert {path.name for path in executed.iterdir()} == there


def test_no_migration_breaks_the_release_before_it_unless_the_page_says_why(executed: Path, root: Path) -> None:
    found, named = findings(*executed.iterdir()), allowed(root)

    assert found - named.keys() == set(), (
        "split it into expand and contract, or name it in docs/operations/migrations.md"
    )
    assert named.keys() - found == set(), "these lines of docs/operations/migrations.md name nothing"
    assert all(named.values())


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE doctor DROP COLUMN visit_minutes", "ban-drop-column"),
        ("DROP TABLE doctor", "ban-drop-table"),
        ("ALTER TABLE doctor RENAME COLUMN name TO full_name", "renaming-column"),
        ("ALTER TABLE doctor RENAME TO practitioner", "renaming-table"),
        ("ALTER TABLE doctor ALTER COLUMN name TYPE int USING 1", "changing-column-type"),
        ("ALTER TABLE doctor ALTER COLUMN name SET NOT NULL", "adding-not-nullable-field"),
        ("ALTER TABLE doctor ADD COLUMN title text NOT NULL", "adding-required-field"),
        ("CREATE INDEX i ON doctor (name)", "require-concurrent-index-creation"),
        ("ALTER TABLE doctor ADD CONSTRAINT c CHECK (name <> '')", "constraint-missing-not-valid"),
        ("ALTER TABLE doctor ADD CONSTRAINT u UNIQUE (name)", "disallowed-unique-constraint"),
    ],
)
def test_what_would_break_it_would_be_found(tmp_path: Path, statement: str, rule: str) -> None:
    (tmp_path / "auth-9999.sql").write_text(statement + ";\n")

    assert ("auth 9999", rule) in findings(tmp_path / "auth-9999.sql")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE doctor ADD COLUMN title text",
        "ALTER TABLE doctor ADD COLUMN title text NOT NULL DEFAULT ''",
        "ALTER TABLE doctor ADD CONSTRAINT c CHECK (name <> '') NOT VALID",
        "CREATE TABLE IF NOT EXISTS room (id uuid PRIMARY KEY); CREATE INDEX i ON room (id)",
    ],
)
def test_what_only_expands_is_fine(tmp_path: Path, statement: str) -> None:
    (tmp_path / "auth-9999.sql").write_text(statement + ";\n")

    assert findings(tmp_path / "auth-9999.sql") == set()
