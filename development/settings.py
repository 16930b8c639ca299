"""What each part is told through its environment. Secrets are made once; no part is told another one's."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from development.account import StartError
from development.checkout import APPOINTMENT, AUTH, MAIL, PORTAL, PROGRAMS, SERVICES, VAR, Program
from development.cluster import Cluster, open_cluster
from development.ports import POSTGRES

ADMIN_URL = "DATABASE_ADMIN_URL"
MAIL_URL = "MAIL_URL"
SERVICE_KEY = "SERVICE_KEY"
SEND_MAIL = (AUTH, APPOINTMENT)
DATABASE = "clinic"
CLUSTER = VAR / "postgres"


def kept_secrets() -> dict[str, str]:
    """Keys and database passwords of this checkout, each made once. Readable by its owner only."""
    file = VAR / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    names = [*map(_key, PROGRAMS), SERVICE_KEY, *map(_password, SERVICES)]
    if missing := [name for name in names if name not in kept]:  # all the first time, and what a newer version added
        kept |= {name: secrets.token_urlsafe(48 if name.endswith("_KEY") else 24) for name in missing}
        half = VAR / f"secrets.json.{os.getpid()}"
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(kept, handle, indent=2)
        half.rename(file)
    return kept


def own_cluster() -> Cluster | None:
    """The cluster of this checkout, or None when the environment names databases to use instead."""
    given = [url for service in SERVICES if os.environ.get(url := _url(service))]
    if not given:
        return open_cluster(CLUSTER)
    missing = [url for service in SERVICES if (url := _url(service)) not in given]
    if missing:
        raise StartError(f"{' and '.join(given)} set, but not {' and '.join(missing)}: set all three, or none.")
    return None


def service_urls(ports: Mapping[str, int]) -> dict[str, str]:
    """URL of each service's role, from the environment or for the own cluster."""
    kept = kept_secrets()
    made = {
        _url(service): f"postgresql://{service.name}:{kept[_password(service)]}@127.0.0.1:{ports[POSTGRES]}/{DATABASE}"
        for service in SERVICES
    }
    return {name: os.environ.get(name) or url for name, url in made.items()}


def environment_of(program: Program, ports: Mapping[str, int]) -> dict[str, str]:
    """The whole environment of one program."""
    environment = _shared(ports)
    environment[_key(program)] = os.environ.get(_key(program)) or kept_secrets()[_key(program)]
    if program.has_database:
        environment[_url(program)] = service_urls(ports)[_url(program)]
        environment[SERVICE_KEY] = os.environ.get(SERVICE_KEY) or kept_secrets()[SERVICE_KEY]
    if program in SEND_MAIL:
        environment |= _mail(ports)
    return environment


def mail_directory() -> Path | None:
    """Where letters are written as files, or None when they go to the mail server named in the environment."""
    return None if os.environ.get(MAIL_URL) else Path(os.environ.get("MAIL_DIRECTORY") or MAIL)


def environment_for_preparing(cluster: Cluster | None, ports: Mapping[str, int]) -> dict[str, str]:
    """The environment of the one short process that stands in for all three services."""
    environment = _shared(ports)
    for service in SERVICES:
        environment |= environment_of(service, ports)
    admin = cluster.url(ports[POSTGRES]) if cluster else os.environ.get(ADMIN_URL)
    return environment | ({ADMIN_URL: admin} if admin else {})


def _mail(ports: Mapping[str, int]) -> dict[str, str]:
    """Where letters go, and what the links in them begin with."""
    portal = os.environ.get("PORTAL_URL") or f"http://127.0.0.1:{ports[PORTAL.port_setting]}"
    given = {MAIL_URL: os.environ.get(MAIL_URL, ""), "MAIL_DIRECTORY": str(mail_directory() or "")}
    return {**given, "PORTAL_URL": portal}


def _shared(ports: Mapping[str, int]) -> dict[str, str]:
    secret = {ADMIN_URL, MAIL_URL, SERVICE_KEY, *map(_key, PROGRAMS), *map(_url, SERVICES)}
    environment = {name: value for name, value in os.environ.items() if name not in secret}
    neighbours = {f"{s.name.upper()}_URL": f"http://127.0.0.1:{ports[s.port_setting]}" for s in SERVICES}
    own_hosts = {"TRUSTED_HOSTS": os.environ.get("TRUSTED_HOSTS", "127.0.0.1,localhost")}
    return environment | neighbours | own_hosts | {"ENVIRONMENT": "demo", "PYTHONUNBUFFERED": "1"}


def _key(program: Program) -> str:
    return f"{program.name.upper()}_SECRET_KEY"


def _url(service: Program) -> str:
    return f"{service.name.upper()}_DATABASE_URL"


def _password(service: Program) -> str:
    return f"{service.name}_database_password"
