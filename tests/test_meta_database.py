"""The tables are what the models say, and no service can look into another's."""

import contextlib

import flask_migrate
import psycopg2
import pytest
from flask import Flask
from psycopg2 import errors, sql
from sqlalchemy import text

SERVICES = ("auth", "appointment", "prescription")


@pytest.mark.parametrize("name", SERVICES)
def test_the_migrations_make_what_the_models_say(request: pytest.FixtureRequest, name: str) -> None:
    app: Flask = request.getfixturevalue(name)

    with app.app_context():
        flask_migrate.check()


@pytest.mark.parametrize(
    "drift",
    ["ALTER TABLE {} ADD COLUMN drift text", "ALTER TABLE {} ALTER COLUMN created_at DROP NOT NULL"],
)
def test_a_model_that_drifts_from_its_table_would_be_noticed(auth: Flask, drift: str) -> None:
    engine = auth.extensions["sqlalchemy"]
    with auth.app_context():
        with engine.engine.begin() as connection:
            connection.execute(text(drift.format("person")))
        try:
            with pytest.raises(SystemExit):
                flask_migrate.check()
        finally:
            with engine.engine.begin() as connection:
                connection.execute(text("ALTER TABLE person DROP COLUMN IF EXISTS drift"))
                connection.execute(text("ALTER TABLE person ALTER COLUMN created_at SET NOT NULL"))
        flask_migrate.check()


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_can_look_into_anothers_tables(environment: dict[str, str], migrated: None, name: str) -> None:
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", (list(SERVICES),))
        tables = cursor.fetchall()
    assert {schema for schema, _ in tables} == set(SERVICES)

    refused, allowed = set(), set()
    with contextlib.closing(psycopg2.connect(environment[f"{name.upper()}_DATABASE_URL"])) as own:
        for schema, table in tables:
            for statement in ("SELECT 1 FROM {}.{} LIMIT 1", "DELETE FROM {}.{} WHERE false", "LOCK TABLE {}.{}"):
                with own.cursor() as cursor:
                    try:
                        cursor.execute(sql.SQL(statement).format(sql.Identifier(schema), sql.Identifier(table)))
                        allowed.add(schema)
                    except errors.InsufficientPrivilege:
                        refused.add(schema)
                    own.rollback()

    assert allowed == {name}
    assert refused - {name} == set(SERVICES) - {name}  # a service may deny itself something too


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    "wish",
    [
        "CREATE TABLE public.mine (id int)",
        "CREATE TABLE {other}.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE ROLE mine",
        "SET ROLE {other}",
        "SET ROLE postgres",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT rolpassword FROM pg_authid",
        "GRANT {other} TO {own}",
        "ALTER SCHEMA {other} OWNER TO {own}",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{other}' OR usename = 'postgres'",
        "CREATE FUNCTION {other}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EXTENSION plpython3u",
    ],
)
def test_a_services_role_can_do_nothing_beyond_its_schema(environment: dict[str, str], name: str, wish: str) -> None:
    other = SERVICES[(SERVICES.index(name) + 1) % 3]
    url = environment[f"{name.upper()}_DATABASE_URL"]
    with (
        contextlib.closing(psycopg2.connect(environment[f"{other.upper()}_DATABASE_URL"])),  # somebody to disturb
        contextlib.closing(psycopg2.connect(url)) as own,
        own.cursor() as cursor,
    ):
        with pytest.raises((errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.UndefinedFile)):
            cursor.execute(wish.format(own=name, other=other))
        own.rollback()
        cursor.execute(f"CREATE TABLE {name}.mine (id int)")  # the control
        own.rollback()
