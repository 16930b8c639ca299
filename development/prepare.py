"""Databases, tables and demo people, for all services in one process: `python -m development.prepare`.

One process because importing Flask, SQLAlchemy and the drivers costs more than all the work on most starts.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import psycopg2

from development.checkout import ROOT, SERVICES, VAR, Program
from development.settings import ADMIN_URL

DONE = VAR / "prepared.json"


def is_done(urls: Mapping[str, str]) -> bool:
    """Whether these databases were prepared by this very code. Everything else is asked of the databases."""
    try:
        done = json.loads(DONE.read_text())
    except (OSError, ValueError):
        return False
    return bool(done["code"] == _code(urls) and done["revisions"] == _revisions(urls))


def main(environment: Mapping[str, str]) -> None:
    """Do what is missing, and remember that it is done."""
    import flask_migrate

    if environment.get(ADMIN_URL):
        import_module("chassis.provision").main(environment)
    for service in SERVICES:
        app = import_module(service.package).create_app()
        with app.app_context():
            flask_migrate.upgrade()
            # The lock that lets one migrate at a time belongs to the connection; the next service waits for it.
            app.extensions["migrate"].db.engine.dispose()
        for command in service.preparing:
            _run(app, service, command)
    urls = {name: url for name, url in environment.items() if name in _names()}
    half = DONE.with_suffix(".new")
    half.write_text(json.dumps({"code": _code(urls), "revisions": _revisions(urls)}))
    half.rename(DONE)


def _run(app: object, service: Program, command: str) -> None:
    result = app.test_cli_runner().invoke(args=[command], catch_exceptions=False)  # type: ignore[attr-defined]
    print(result.output)
    if result.exit_code:
        raise SystemExit(f"{service.name} could not be prepared: {command} failed.")


def _names() -> list[str]:
    return [f"{service.name.upper()}_DATABASE_URL" for service in SERVICES]


def _code(urls: Mapping[str, str]) -> str:
    """Fingerprint of everything that could change what is prepared."""
    digest = hashlib.sha256(json.dumps(sorted(urls.items())).encode())
    for file in _sources():
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for package in ("chassis", *(service.package for service in SERVICES)):
        yield from sorted(file for kind in ("*.py", "*.csv") for file in (ROOT / package).rglob(kind))


def _revisions(urls: Mapping[str, str]) -> dict[str, str] | None:
    """The migration each database stands at, or None when one does not answer as its service."""
    revisions = {}
    try:
        for name, url in sorted(urls.items()):
            connection = psycopg2.connect(url, connect_timeout=5)
            with connection.cursor() as cursor:
                cursor.execute("SELECT version_num FROM alembic_version")
                revisions[name] = str(cursor.fetchall())
            connection.close()
    except psycopg2.Error:
        return None
    return revisions


if __name__ == "__main__":
    main(os.environ)
