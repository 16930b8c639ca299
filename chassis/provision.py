"""Prepare one PostgreSQL for all services: `python -m chassis.provision`, safe to run again at any time.

Reads `DATABASE_ADMIN_URL` and every `*_DATABASE_URL` in the environment. Makes the database, and for each URL its role
with its password and a schema of the role's name that only the role can use.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection
from sqlalchemy.engine import URL, make_url

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
    provision(admin, services)


if __name__ == "__main__":
    main(os.environ)
