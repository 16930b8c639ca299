"""The house that is measured: a PostgreSQL of its own, the real programs under gunicorn, and the rival beside them.

Programs start when a case first asks for them, and all end with the run.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2
from flask import Flask
from flask_migrate import upgrade
from psycopg2.extensions import connection

from auth_service import access_tokens
from auth_service.models import Person, Session
from auth_service.models import db as auth_database
from chassis import logs
from chassis.provision import provision
from development.postgres import Server, ensure_server
from tests.servers import Program, free_port

RIVALS = ("benchmarks.bare", "benchmarks.monolith")
SERVICES = ("auth", "appointment", "prescription")
TOKENS_FOR = 120
"""Seconds that a token is used: they live for five minutes."""


def config_of(package: str) -> str:
    """How gunicorn serves a program: a rival as ours, without what ours do beside."""
    return "python:benchmarks.bare" if package in RIVALS else "python:chassis.gunicorn"


@dataclass
class Somebody:
    """A person with an account and a session."""

    row: Person
    session: Session
    token: str = ""
    signed_at: float = 0.0

    @property
    def id(self) -> UUID:
        """Theirs everywhere."""
        return self.row.id


class House:
    """What there is to measure."""

    def __init__(self, stack: ExitStack, place: Path) -> None:
        self._stack, self.place = stack, place
        self._programs: dict[str, Program] = {}
        self._databases: dict[str, dict[str, str]] = {}
        self._connections: dict[str, connection] = {}
        self.kept: dict[str, Any] = {}
        """What one case leaves for the others."""
        secrets = {f"{name.upper()}_SECRET_KEY": name.ljust(32, "-") for name in (*SERVICES, "portal")}
        self.ports = {name: free_port() for name in (*SERVICES, "portal")}
        urls = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in self.ports.items()}
        shared = {"ENVIRONMENT": "demo", "SERVICE_KEY": "the-key-that-our-own-programs-share", "WEB_CONCURRENCY": "2"}
        self.environment = {**shared, **secrets, **urls, **self.database_urls()}

    @cached_property
    def server(self) -> Server:
        """PostgreSQL."""
        found = ensure_server(self.place / "postgres", free_port())
        self._stack.callback(found.stop)
        return found

    @property
    def database(self) -> int:
        """PostgreSQL's first process."""
        assert self.server.process  # noqa: S101 - it is ours
        return self.server.process.pid

    def database_urls(self, name: str = "clinic") -> dict[str, str]:
        """The services' settings for a database of this name, which is made, with roles and schemas."""
        if name not in self._databases:
            place = self.server.admin_url.rsplit("@", 1)[1].split("/")[0]
            urls = {f"{one.upper()}_DATABASE_URL": f"postgresql://{one}:{one}-pw@{place}/{name}" for one in SERVICES}
            provision(self.server.admin_url, urls.values())
            self._databases[name] = urls
        return self._databases[name]

    def connect(self, role: str = "appointment", name: str = "clinic") -> connection:
        """A connection of a service's role, that commits each statement."""
        url = self.database_urls(name)[f"{role.upper()}_DATABASE_URL"]
        if url not in self._connections:
            self._connections[url] = psycopg2.connect(url)
            self._connections[url].autocommit = True
            self._stack.callback(self._connections[url].close)
        return self._connections[url]

    def program(self, package: str, name: str = "", **environment: str) -> Program:
        """A program by its package (`appointment_service`, `benchmarks.bare`), running with two workers.

        Another `name` is another process of it, with an environment of its own.
        """
        name = name or package
        if name not in self._programs:
            port = self.ports.get(package.removesuffix("_service")) if name == package else None
            given = {**self.environment, **environment}
            log = self.place / f"{name}.log"
            found = Program(package, given, log, port or free_port(), config=config_of(package))
            found.start()
            self._stack.callback(found.stop)
            found.wait()
            self._programs[name] = found
        return self._programs[name]

    @cached_property
    def auth(self) -> Flask:
        """The auth service in this process, which signs tokens, and beside it as one that others ask."""
        app = self.migrated("auth")
        self.program("auth_service", WEB_CONCURRENCY="1")
        return app

    def migrated(self, service: str, **environment: str) -> Flask:
        """A service in this process, its tables made."""
        given = {**self.environment, **environment}
        if service == "auth":
            from auth_service import create_app as create_auth
            from auth_service.settings import AuthSettings

            app = create_auth(AuthSettings(**given))
        elif service == "appointment":
            from appointment_service import create_app as create_appointment
            from appointment_service.settings import AppointmentSettings

            app = create_appointment(AppointmentSettings(**given))
        else:
            from prescription_service import create_app as create_prescription
            from prescription_service.settings import PrescriptionSettings

            app = create_prescription(PrescriptionSettings(**given))
        with app.app_context():
            upgrade()
        logs.logger.disabled = True
        return app

    def people(self, role: str, number: int, **given: Any) -> list[Somebody]:
        """So many people with accounts; doctors are verified."""
        common = {"role": role, "password_hash": "-", "version": 0, "first_name": "First"}
        if role == "doctor":
            common |= {"licence_state": "verified", "licence_register": "GMC"}
        with self.auth.app_context():
            rows = [Person(id=uuid4(), last_name=f"Last{n}", **(common | given)) for n in range(number)]
            for row in rows:
                row.email = f"{row.id}@example.com"
                row.licence_number = row.id.hex if role == "doctor" else None
            now = datetime.now(UTC)
            times = {"created_at": now, "proved_at": now, "expires_at": now + timedelta(hours=12)}
            auth_database.session.add_all(rows)
            auth_database.session.flush()
            sessions = [Session(id=uuid4(), person_id=row.id, **times) for row in rows]
            auth_database.session.add_all(sessions)
            auth_database.session.commit()
            for one in (*rows, *sessions):
                auth_database.session.refresh(one)
            auth_database.session.expunge_all()
        return [Somebody(row, session) for row, session in zip(rows, sessions, strict=True)]

    def bearer(self, who: Somebody) -> dict[str, str]:
        """The header with a token that holds for a while."""
        if time.monotonic() - who.signed_at > TOKENS_FOR:
            with self.auth.app_context():
                who.token = access_tokens.sign(who.row, who.session, self.auth.config["AUTH_SECRET_KEY"])
            who.signed_at = time.monotonic()
        return {"Authorization": f"Bearer {who.token}"}
