"""Backups of the clinic of `make run`: `python -m development.backup take`, or rather `make backup` and `make restore`.

The work is done by deploy/backup/clinic-backup, as everywhere; this says where the database is, and starts it when it
is not up. With other databases in the environment it is theirs, and `DATABASE_ADMIN_URL` says who may read them all.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from chassis.provision import provision
from development.account import StartError
from development.checkout import AUTH, ROOT
from development.installation import Installation, choose
from development.ports import POSTGRES, ports
from development.postgres import serve
from development.run import only_one
from development.settings import ADMIN_URL, own_cluster, service_urls

SCRIPT = ROOT / "deploy" / "backup" / "clinic-backup"
BACKUPS = ROOT / "backups"
SECRETS = "Without the secrets in var/secrets.json no seal can be checked: keep a copy of that file too, elsewhere."


def main(arguments: list[str]) -> int:
    """Do what the script is asked for; the answer is its exit status."""
    try:
        if arguments[:1] == ["restore"]:
            return _restore(*arguments[1:])
        with _server() as (admin_url, installation):
            status = _script(arguments, admin_url, installation)
    except StartError as error:
        print(error)
        return 1
    if arguments[:1] == ["take"] and status == 0:
        print(SECRETS)
    return status


def _restore(file: str, aside: str = "") -> int:
    """Restore into this checkout's database, while nothing runs. `aside`: the one that is there gets another name."""
    with only_one(), _server() as (admin_url, installation):
        if aside and (status := _script(["set-aside"], admin_url, installation)):
            return status
        provision(admin_url, service_urls(ports()).values())
        return _script(["restore", file], admin_url, installation)


@contextmanager
def _server() -> Iterator[tuple[str, Installation]]:
    """The administrator's URL of a server that is up, and the tools of its version."""
    cluster = own_cluster()
    if cluster is None:
        if not (admin_url := os.environ.get(ADMIN_URL)):
            raise StartError(f"{ADMIN_URL} is not set: it names who may read and write all of the databases.")
        yield admin_url, choose()
        return
    server = serve(cluster, ports()[POSTGRES], {})
    try:
        yield server.admin_url, cluster.installation
    finally:
        server.stop()


def _script(arguments: list[str], admin_url: str, installation: Installation) -> int:
    admin, database = make_url(admin_url), make_url(service_urls(ports())[f"{AUTH.name.upper()}_DATABASE_URL"]).database
    environment = {
        "BACKUP_DIRECTORY": str(BACKUPS),
        **os.environ,
        "PATH": f"{installation.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PGHOST": admin.host or "127.0.0.1",
        "PGPORT": str(admin.port or 5432),
        "PGUSER": admin.username or "",
        "PGPASSWORD": str(admin.password or ""),
        "PGDATABASE": database or "clinic",
    }
    return subprocess.run([str(SCRIPT), *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
