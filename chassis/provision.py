"""Prepare one PostgreSQL for all services: `python -m chassis.provision`, safe to run again at any time.

Reads `DATABASE_ADMIN_URL` and every `*_DATABASE_URL` in the environment or below `/run/secrets`. Makes the
database and, for each URL, its role with its password and a schema of the role's name that only the role can use.

`DATABASE_CONNECTIONS` is how many connections all programs may hold at once. A server that takes fewer is refused here:
under load some instance would find no place, and nobody would know why.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection
from sqlalchemy.engine import URL, make_url

from chassis.settings import SECRETS_DIR

QUIET = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}


def provision(admin_url: str, service_urls: Iterable[str]) -> None:
    """Make or correct the database, roles and schemas of `service_urls`, all of one server and one database."""
    admin, services = make_url(admin_url), [make_url(url) for url in service_urls]
    _make_database(admin, services[0].database or "clinic")
    with _connect(admin.set(database=services[0].database)) as database, database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7283640)")  # two of us at once would trip over each other
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(_name(services[0].database)))
        cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in services:
            _make_role(cursor, service)


def require_room(admin_url: str, connections: int) -> None:
    """Exit unless this server takes so many connections beside those that it keeps for administrators."""
    server = _connect(make_url(admin_url))
    with server.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
        (room,) = cursor.fetchone() or (0,)
    server.close()
    if room < connections:
        sys.exit(
            f"PostgreSQL takes {room} connections, and the programs may hold {connections}: raise max_connections."
        )


def _name(name: str | None) -> sql.Identifier:
    if not name:
        raise SystemExit("Every database URL names a role and a database.")
    return sql.Identifier(name)


def _connect(url: URL) -> connection:
    return psycopg2.connect(url.set(drivername="postgresql").render_as_string(hide_password=False), connect_timeout=5)


def _make_database(admin: URL, name: str) -> None:
    server = _connect(admin)
    server.autocommit = True  # CREATE DATABASE runs in no transaction
    with server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if not cursor.fetchone():
            # another one of us may be faster
            with suppress(psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
                cursor.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(_name(name)))
    server.close()


def _make_role(cursor: "psycopg2.extensions.cursor", service: URL) -> None:
    role = _name(service.username)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (service.username,))
    verb = "ALTER" if cursor.fetchone() else "CREATE"
    cursor.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.SQL(verb), role, sql.Literal(service.password)
        )
    )
    cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(_name(service.database), role))
    cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {0} AUTHORIZATION {0}").format(role))
    cursor.execute(sql.SQL("ALTER ROLE {0} SET search_path = {0}").format(role))
    _keep_quiet(cursor, role)


def _keep_quiet(cursor: "psycopg2.extensions.cursor", role: sql.Identifier) -> None:
    """Let PostgreSQL log that a statement failed, and not the statement with its values: people wrote those.

    Only superusers may say so. Where the administrator is none, README.md says what to ask for.
    """
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if (cursor.fetchone() or (False,))[0]:
        for setting, value in QUIET.items():
            name = sql.Identifier(setting)
            cursor.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(role, name, sql.Literal(value)))


def main(environment: Mapping[str, str]) -> None:
    """Read the environment and provision; say what is missing."""
    admin = environment.get("DATABASE_ADMIN_URL")
    services = [value for key, value in sorted(environment.items()) if key.endswith("_DATABASE_URL") and value]
    if not admin or not services:
        sys.exit("Set DATABASE_ADMIN_URL and at least one *_DATABASE_URL.")
    if connections := environment.get("DATABASE_CONNECTIONS"):
        require_room(admin, int(connections))
    provision(admin, services)


def with_secrets(environment: Mapping[str, str], folder: str = SECRETS_DIR) -> dict[str, str]:
    """The environment, and the files of this folder as settings of their names in upper case where it has none."""
    files = [path for path in Path(folder).glob("*") if path.is_file()] if os.path.isdir(folder) else []
    return {path.name.upper(): path.read_text().strip() for path in files} | dict(environment)


if __name__ == "__main__":
    main(with_secrets(os.environ))
