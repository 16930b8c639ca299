"""Migrations beside running programs: one at a time, and nobody waits long for the one that waits for a lock."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
import psycopg2
import pytest
from flask import Flask
from flask_migrate import Migrate
from psycopg2 import errors
from psycopg2.extensions import connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from auth_service.settings import AuthSettings
from chassis import migrations
from chassis.database import ENGINE_OPTIONS, make_database
from chassis.provision import provision
from tests import thorough
from tests.servers import ROOT

SOON = 30.0
UPGRADE = """
import flask_migrate
from auth_service import create_app
{mistake}
with create_app().app_context():
    flask_migrate.upgrade()
"""
SHARED_LOCK = """
from chassis import migrations
right = migrations.text
migrations.text = lambda said: right(said.replace("pg_advisory_lock(", "pg_advisory_lock_shared("))
"""


@pytest.fixture
def empty(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The settings of programs whose database is new, on the same server."""
    url = make_url(environment["AUTH_DATABASE_URL"]).set(database="migrating").render_as_string(hide_password=False)
    admin = make_url(environment["ADMIN_URL"])
    provision(environment["ADMIN_URL"], [url])
    yield {
        **environment,
        "AUTH_DATABASE_URL": url,
        "ADMIN_URL": str(admin.set(database="migrating").render_as_string(hide_password=False)),
    }
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute("DROP DATABASE migrating WITH (FORCE)")


def until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# One at a time


def two_at_once(empty: dict[str, str], mistake: str = "") -> list[int]:
    """How two processes end that begin to migrate at the same moment: they wait for a lock that is let go for both."""
    with contextlib.closing(psycopg2.connect(empty["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        admin.autocommit = True
        cursor.execute(f"SELECT pg_advisory_lock({migrations.ONE_AT_A_TIME})")
        both = [
            subprocess.Popen(
                [sys.executable, "-c", UPGRADE.format(mistake=mistake)],
                cwd=ROOT, env={**empty, "PATH": ""}, stderr=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]  # fmt: skip

        def waiting() -> int:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return int((cursor.fetchone() or (0,))[0])

        until(lambda: waiting() == 2)
        cursor.execute(f"SELECT pg_advisory_unlock({migrations.ONE_AT_A_TIME})")
        return [one.wait(SOON) for one in both]


def test_of_two_that_migrate_at_once_one_does_and_both_go_on(empty: dict[str, str]) -> None:
    from auth_service import create_app

    assert two_at_once(empty) == [0, 0]

    app = create_app(AuthSettings(**empty))
    with app.app_context():
        flask_migrate.check()
        app.extensions["sqlalchemy"].engine.dispose()


def test_without_the_lock_they_would_trip_over_each_other(empty: dict[str, str]) -> None:
    assert any(two_at_once(empty, SHARED_LOCK))


# A table that somebody uses

FIRST = "def upgrade(): op.execute('CREATE TABLE visit (id int)')"
SECOND = "def upgrade(): op.execute('ALTER TABLE visit ADD COLUMN note text')"


@pytest.fixture
def small(empty: dict[str, str], tmp_path: Path) -> Iterator[Flask]:
    """A service of one table, and a migration that adds a column to it."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text("from chassis.migrations import run\nrun()\n")
    (versions.parent / "alembic.ini").write_text((ROOT / "auth_service/migrations/alembic.ini").read_text())
    for revision, before, what in (("0001", None, FIRST), ("0002", "0001", SECOND)):
        head = f"from alembic import op\nrevision, down_revision = {revision!r}, {before!r}\n"
        (versions / f"{revision}.py").write_text(head + what + "\n")
    app = Flask("small")
    app.config["SQLALCHEMY_DATABASE_URI"] = make_url(empty["AUTH_DATABASE_URL"]).set(drivername="postgresql+psycopg2")
    db = make_database()
    db.init_app(app)
    Migrate(app, db, directory=str(versions.parent))
    migrate(app, "0001")
    yield app
    with app.app_context():
        db.engine.dispose()


def migrate(app: Flask, to: str = "head") -> None:
    with app.app_context():
        flask_migrate.upgrade(revision=to)


@contextlib.contextmanager
def somebody_reads(empty: dict[str, str]) -> Iterator[connection]:
    """A transaction that has read the table and is not over: the table cannot be changed meanwhile."""
    with contextlib.closing(psycopg2.connect(empty["AUTH_DATABASE_URL"])) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM visit")
        yield reader


def read(empty: dict[str, str]) -> bool:
    """Whether a program, with the limits that all have, can read the table."""
    limits = ENGINE_OPTIONS["connect_args"]["options"]
    with (
        contextlib.closing(psycopg2.connect(empty["AUTH_DATABASE_URL"], options=limits)) as one,
        one.cursor() as cursor,
    ):
        try:
            cursor.execute("SELECT count(*) FROM visit")
        except (errors.LockNotAvailable, errors.QueryCanceled):
            return False
        return True


def columns(empty: dict[str, str]) -> int:
    with contextlib.closing(psycopg2.connect(empty["AUTH_DATABASE_URL"])) as one, one.cursor() as cursor:
        cursor.execute("SELECT * FROM visit")
        return len(cursor.description or ())


def test_a_migration_that_gets_no_lock_gives_up_and_changes_nothing(
    small: Flask, empty: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "TRIES", 2)
    monkeypatch.setattr(migrations, "PAUSE", (0.0, 0.0))

    with somebody_reads(empty), pytest.raises(OperationalError, match="lock timeout"):
        migrate(small)

    assert columns(empty) == 1
    migrate(small)
    assert columns(empty) == 2


def reads_while_it_waits(small: Flask, empty: dict[str, str]) -> list[bool]:
    """How programs fare that read a table while a migration waits for it; at last it gets it."""
    migrating = threading.Thread(target=migrate, args=(small,))
    with somebody_reads(empty):
        migrating.start()
        until(lambda: waits_for_a_table(empty))
        fared = [read(empty) for _ in range(thorough.times(4, 20))]
    migrating.join(SOON)
    assert columns(empty) == 2
    return fared


def waits_for_a_table(empty: dict[str, str]) -> bool:
    with contextlib.closing(psycopg2.connect(empty["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted")
        return cursor.fetchone() != (0,)


def test_programs_read_on_while_a_migration_waits_for_their_table_and_it_gets_it_at_last(
    small: Flask, empty: dict[str, str]
) -> None:
    assert all(reads_while_it_waits(small, empty))


def test_a_migration_that_waited_longer_would_stop_everybody_behind_it(
    small: Flask, empty: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "WAIT_FOR_TABLE", "60s")

    assert not any(reads_while_it_waits(small, empty))


def test_a_migration_waits_less_for_a_table_than_programs_do() -> None:
    assert migrations.WAIT_FOR_TABLE == "1s"
    assert "lock_timeout=1500" in ENGINE_OPTIONS["connect_args"]["options"]
